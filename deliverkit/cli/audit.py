"""``deliverkit audit``: every check of one sending domain, of a few, or of a list of any length."""

from __future__ import annotations

from typing import Any

import click

from deliverkit.audit import ALL
from deliverkit.checks.run import OF_A_DOMAIN
from deliverkit.cli.auditing import Request, audit_all
from deliverkit.cli.options import authoritative_option, fail_on_option, language, network_options, output_options
from deliverkit.cli.reading import check_names
from deliverkit.session import Network, target

FORMATS = ("text", "json", "jsonl", "csv", "markdown", "html", "junit", "sarif", "github", "openmetrics")

EPILOG = """\b
Examples:
  deliverkit audit example.com
  deliverkit audit example.com --checks spf,dmarc --ip 192.0.2.10 --format json
  deliverkit audit -i domains.txt --fail-on warning
  deliverkit audit -i clients.csv --column website -f jsonl -o today.jsonl --state today.state
  deliverkit audit -i domains.txt --baseline yesterday.jsonl -f html -o audit.html
  deliverkit audit -i domains.txt --scheduler tcp://192.0.2.1:8786 -f jsonl
"""


@click.command("audit", epilog=EPILOG)
@click.argument("domain", nargs=-1)
@click.option(
    "-i", "--input", "files", multiple=True, metavar="FILE", help="Domains, one a line, or a CSV table; '-' is stdin."
)
@click.option("--column", metavar="NAME", help="Column of the table with the domains; 'domain' and the like are found.")
@click.option("--ip", "ips", multiple=True, help="A sending IP; default: those that SPF names.")
@click.option("-s", "--selector", "selectors", multiple=True, help="A DKIM selector; may be repeated.")
@click.option("--mail-from", metavar="DOMAIN", help="Domain of the Return-Path, where it is another.")
@click.option("--helo", metavar="NAME", help="Name your server greets with.")
@click.option("--checks", metavar="NAMES", help="Only these, comma-separated.")
@click.option("--evidence", is_flag=True, help="Show the records and the dig line behind every finding.")
@click.option("-j", "--jobs", type=click.IntRange(1, 10_000), default=32, show_default=True, help="Domains at a time.")
@click.option(
    "--processes", type=click.IntRange(1, 256), default=None, help="Default: one, for long lists one for each core."
)
@click.option(
    "--per-server",
    type=click.IntRange(1, 10_000),
    default=200,
    show_default=True,
    help="Questions at once to one.",
)
@click.option(
    "--rate",
    type=click.FloatRange(0.1),
    default=None,
    metavar="NUMBER",
    help="Questions a second to one server. Default: 500 on the Internet, no bound in your own network.",
)
@click.option("--unordered", is_flag=True, help="Write each result when it is there, not in the order of the input.")
@click.option("--state", metavar="FILE", help="Keep account there; the same command goes on after a crash or Ctrl-C.")
@click.option("--baseline", metavar="FILE", help="An earlier result (json, jsonl): only new findings fail.")
@click.option("--scheduler", metavar="ADDRESS", help="Run on a Dask cluster (pip install 'deliverkit[dask]').")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever was found.")
@click.option("--allow-unknown", is_flag=True, help="Exit with 0, not 3, for what could not be asked.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no summary on stderr.")
@fail_on_option
@network_options
@authoritative_option
@output_options(*FORMATS)
def command(
    domain: tuple[str, ...],
    files: tuple[str, ...],
    column: str | None,
    ips: tuple[str, ...],
    selectors: tuple[str, ...],
    mail_from: str | None,
    helo: str | None,
    checks: str | None,
    network: Network,
    lang: str | None,
    **rest: Any,
) -> int:
    """Check sending domains: SPF, DKIM, DMARC, MX, reverse DNS, blocklists and what receivers ask for.

    DOMAIN may be a domain, a URL or an address. The time of --deadline is for each domain.
    """
    request = Request(
        arguments=domain,
        files=files,
        column=column,
        common=target(network, ips=ips, selectors=selectors, mail_from=mail_from, helo=helo),
        checks=check_names(checks, ALL, OF_A_DOMAIN),
        network=network,
        lang=language(lang),
        **rest,
    )
    return audit_all(request)
