"""``deliverkit audit``: every check of a few sending domains."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import click

from deliverkit.audit import ALL, audit
from deliverkit.checks import Target, World
from deliverkit.checks.names import domain_name
from deliverkit.cli.diagnostics import exit_code, note
from deliverkit.cli.options import fail_on_option, language, network_options, output_options
from deliverkit.cli.output import paint, width, write
from deliverkit.cli.reading import check_names, read_file
from deliverkit.errors import InputError
from deliverkit.knowledge import load
from deliverkit.model import Audit
from deliverkit.report.data import audit_data, document, dumps
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.audit import audit_text, summary_line
from deliverkit.session import Network, author_domain, in_world, nobody_answered, target

TOGETHER = 4
"""Domains audited at the same time."""

EPILOG = """\b
Examples:
  deliverkit audit example.com
  deliverkit audit example.com --checks spf,dmarc --ip 192.0.2.10 --format json
  deliverkit audit -i domains.txt --fail-on warning
"""


@click.command("audit", epilog=EPILOG)
@click.argument("domain", nargs=-1)
@click.option("-i", "--input", "files", multiple=True, metavar="FILE", help="Domains, one a line; '-' is stdin.")
@click.option("--ip", "ips", multiple=True, help="A sending IP; default: those that SPF names.")
@click.option("-s", "--selector", "selectors", multiple=True, help="A DKIM selector; may be repeated.")
@click.option("--mail-from", metavar="DOMAIN", help="Domain of the Return-Path, where it is another.")
@click.option("--helo", metavar="NAME", help="Name your server greets with.")
@click.option("--checks", metavar="NAMES", help="Only these, comma-separated.")
@click.option("--evidence", is_flag=True, help="Show the records and the dig line behind every finding.")
@fail_on_option
@network_options
@output_options("text", "json", "jsonl", "markdown")
def command(
    domain: tuple[str, ...],
    files: tuple[str, ...],
    ips: tuple[str, ...],
    selectors: tuple[str, ...],
    mail_from: str | None,
    helo: str | None,
    checks: str | None,
    evidence: bool,
    fail_on: str,
    network: Network,
    fmt: str,
    output: str | None,
    lang: str | None,
    color: str,
) -> int:
    """Check sending domains: SPF, DKIM, DMARC, MX, reverse DNS and blocklists.

    DOMAIN may be a domain, a URL or an address.
    """
    names = _domains(domain, files)
    common = target(network, ips=ips, selectors=selectors, mail_from=mail_from, helo=helo)
    wanted = check_names(checks, ALL)
    meant = dict.fromkeys(author_domain(name) for name in names)
    targets = [replace(common, domain=name, selectors=(*common.selectors, *named)) for name, named in meant]

    async def job(world: World) -> tuple[list[Audit], bool]:
        slots = asyncio.Semaphore(TOGETHER)

        async def one(each: Target) -> Audit:
            async with slots:
                return await audit(each, world, checks=wanted)

        return list(await asyncio.gather(*(one(each) for each in targets))), nobody_answered(world)

    audits, silent = in_world(network, job)
    say = Sentences(load(), language(lang))
    write(_render(audits, say, fmt, color, output, evidence), output)
    if len(audits) > 1:
        note(summary_line(audits, say))
    return exit_code([check for each in audits for check in each.checks], fail_on, silent=silent)


def _domains(given: tuple[str, ...], files: tuple[str, ...]) -> list[str]:
    """Domains from arguments and files, each once. A line that is none is told with its number and left out;
    an argument that is none is an error. Raises InputError."""
    names = [domain_name(text) for text in given]
    for path in files:
        for number, line in enumerate(read_file(path).splitlines(), 1):
            text = line.partition("#")[0].strip()
            if not text:
                continue
            try:
                names.append(domain_name(text))
            except InputError as error:
                note(f"{path}:{number}: left out: {error}")
    if not names:
        raise InputError("no domain to audit", advice="Name one, or give a file with -i.")
    return list(dict.fromkeys(names))


def _render(audits: list[Audit], say: Sentences, fmt: str, color: str, output: str | None, evidence: bool) -> str:
    if fmt == "json":
        return dumps(document("audit", audits=[audit_data(a, say) for a in audits]))
    if fmt == "jsonl":
        return "\n".join(dumps(document("audit", **audit_data(a, say)), indent=None) for a in audits)
    if fmt == "markdown":
        from deliverkit.report.markdown import audit_markdown

        return "\n\n".join(audit_markdown(a, say) for a in audits)
    columns, colour = width(), paint(color, output)
    return "\n\n".join(audit_text(a, say, width=columns, paint=colour, evidence=evidence) for a in audits)
