"""``deliverkit requirements``: what mailbox providers demand of senders, and how a domain stands to it."""

from __future__ import annotations

from dataclasses import replace

import click

from deliverkit.checks import World
from deliverkit.cli.diagnostics import ExitCode, exit_code
from deliverkit.cli.options import language, network_options, output_options
from deliverkit.cli.output import paint, width, write
from deliverkit.errors import InputError
from deliverkit.knowledge import load
from deliverkit.knowledge.schema_dns import RequirementSpec
from deliverkit.language import _
from deliverkit.model import Audit, Requirement, RequirementState
from deliverkit.report.data import document, dumps
from deliverkit.report.requirements import catalogue_data, requirements_data, requirements_markdown
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.requirements import catalogue_text, requirements_text
from deliverkit.requirements import checks_needed, chosen
from deliverkit.session import Network, author_domain, in_world, nobody_answered, target

EPILOG = """\b
Examples:
  deliverkit requirements
  deliverkit requirements example.com --bulk --ip 192.0.2.10 -s mail2024
  deliverkit requirements example.com --provider gmail --format json
"""


@click.command("requirements", epilog=EPILOG)
@click.argument("domain", nargs=-1)
@click.option("--bulk/--personal", default=None, help="A sender of bulk mail, or of personal mail only. Default: both.")
@click.option("--provider", "providers", multiple=True, metavar="ID", help="Only this one's demands; may be repeated.")
@click.option("--ip", "ips", multiple=True, help="A sending IP; default: those that SPF names.")
@click.option("-s", "--selector", "selectors", multiple=True, help="A DKIM selector; may be repeated.")
@click.option("--mail-from", metavar="DOMAIN", help="Domain of the Return-Path, where it is another.")
@network_options
@output_options("text", "json", "markdown")
def command(
    domain: tuple[str, ...],
    bulk: bool | None,
    providers: tuple[str, ...],
    ips: tuple[str, ...],
    selectors: tuple[str, ...],
    mail_from: str | None,
    network: Network,
    fmt: str,
    output: str | None,
    lang: str | None,
    color: str,
) -> int:
    """Compare sending domains with what Gmail, Yahoo, Outlook.com, Apple and others demand today.

    Without DOMAIN, list the demands with their dates and sources. Exit code 1: a demand is not met; 3: one could
    not be asked. What cannot be seen from outside is named and counts for nothing.
    """
    knowledge = load()
    say = Sentences(knowledge, language(lang))
    _known(providers)
    if not domain:
        specs = [
            spec
            for spec in knowledge.requirements.values()
            if (bulk is not False or not spec.bulk) and (not providers or spec.provider in providers)
        ]
        write(_catalogue(specs, say, fmt, color, output), output)
        return ExitCode.CLEAN
    common = target(network, ips=ips, selectors=selectors, mail_from=mail_from)
    named = dict.fromkeys(author_domain(text) for text in domain)

    async def job(world: World) -> tuple[list[Audit], bool]:
        from deliverkit.audit import audit

        audits = []
        for name, own in named:
            each = replace(common, domain=name, selectors=(*common.selectors, *own))
            audits.append(await audit(each, world, checks=checks_needed(knowledge)))
        return audits, nobody_answered(world)

    audits, silent = in_world(network, job)
    judged = [(audit, chosen(audit.requirements, bulk=bulk, providers=providers)) for audit in audits]
    write(_render(judged, say, fmt, color, output), output)
    return _end([r for _audit, found in judged for r in found], silent=silent)


def _known(providers: tuple[str, ...]) -> None:
    known = dict.fromkeys(spec.provider for spec in load().requirements.values())
    for provider in providers:
        if provider not in known:
            raise InputError(
                _("--provider: nothing is known of '{name}'").format(name=provider[:80]),
                advice=_("Known are {names}.").format(names=", ".join(known)),
            )


def _catalogue(specs: list[RequirementSpec], say: Sentences, fmt: str, color: str, output: str | None) -> str:
    if fmt == "json":
        return dumps(document("requirements", requirements=[catalogue_data(spec, say) for spec in specs]))
    if fmt == "markdown":
        rows = [f"- **{say.provider(s.provider)}**: {say.requirement(s.id, 'sentence')} <{s.source}>" for s in specs]
        return "\n".join(rows)
    return catalogue_text(specs, say, width=width(), paint=paint(color, output))


def _render(
    judged: list[tuple[Audit, tuple[Requirement, ...]]], say: Sentences, fmt: str, color: str, output: str | None
) -> str:
    if fmt == "json":
        return dumps(document("requirements", domains=[requirements_data(a, found, say) for a, found in judged]))
    if fmt == "markdown":
        return "\n\n".join(requirements_markdown(a, found, say) for a, found in judged)
    columns, colour = width(), paint(color, output)
    return "\n\n".join(requirements_text(a, found, say, width=columns, paint=colour) for a, found in judged)


def _end(requirements: list[Requirement], *, silent: bool) -> ExitCode:
    """4 over 1 over 3 over 0, as for findings."""
    if silent:
        return exit_code([], "never", silent=True)
    states = {requirement.state for requirement in requirements}
    if RequirementState.NOT_MET in states:
        return ExitCode.FINDINGS
    return ExitCode.INCOMPLETE if RequirementState.UNKNOWN in states else ExitCode.CLEAN
