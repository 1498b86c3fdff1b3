"""``deliverkit blocklists``: an IP or a domain against the lists, refusals told apart from listings."""

from __future__ import annotations

import dataclasses

import click

from deliverkit.audit import conclude
from deliverkit.checks import Target, World
from deliverkit.checks.blocklist_findings import BlocklistReport
from deliverkit.checks.names import domain_name, ip_address, is_ip
from deliverkit.checks.run import run_checks
from deliverkit.cli.diagnostics import exit_code
from deliverkit.cli.options import fail_on_option, language, network_options, output_options
from deliverkit.cli.output import paint, width, write
from deliverkit.errors import InputError
from deliverkit.knowledge import load
from deliverkit.language import _
from deliverkit.model import CheckResult
from deliverkit.report.data import check_data, document, dumps, step_data
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.blocklists import blocklists_text
from deliverkit.report.text.layout import Page
from deliverkit.report.text.steps import write_steps
from deliverkit.session import Network, in_world, nobody_answered

EPILOG = """\b
Examples:
  deliverkit blocklists 192.0.2.10
  deliverkit blocklists example.com --all
  DELIVERKIT_KEY_SPAMHAUS_DQS=... deliverkit blocklists 192.0.2.10 --list spamhaus-dqs
"""


@click.command("blocklists", epilog=EPILOG)
@click.argument("subject", nargs=-1, required=True, metavar="IP_OR_DOMAIN...")
@click.option("--list", "lists", multiple=True, metavar="ID", help="Ask this list too (see: deliverkit lists).")
@click.option("--all", "every", is_flag=True, help="Name every list, the clean and the unasked ones too.")
@fail_on_option
@network_options
@output_options("text", "json")
def command(
    subject: tuple[str, ...],
    lists: tuple[str, ...],
    every: bool,
    fail_on: str,
    network: Network,
    fmt: str,
    output: str | None,
    lang: str | None,
    color: str,
) -> int:
    """Ask the blocklists about IPs and domains: listings, policy entries, refusals, removal routes.

    A list that refuses the question, does not answer or answers nonsense is told apart from one that does
    not list. Account keys are read from DELIVERKIT_KEY_<NAME>.
    """
    knowledge = load()
    targets = [_target(text, network) for text in subject]
    also = _known(lists)

    async def job(world: World) -> tuple[list[CheckResult], bool]:
        world = dataclasses.replace(world, also_lists=also)
        found = []
        for target in targets:
            name = "ip-blocklists" if target.ips else "domain-blocklists"
            found += [result async for result in run_checks([name], target, world)]
        return found, nobody_answered(world)

    results, silent = in_world(network, job)
    say = Sentences(knowledge, language(lang))
    write(_json(targets, results, say) if fmt == "json" else _text(targets, results, say, color, output, every), output)
    return exit_code(results, fail_on, silent=silent)


def _target(text: str, network: Network) -> Target:
    if is_ip(text.strip()):
        return Target(ips=(ip_address(text, allow_documentation=network.replay is not None),))
    return Target(domain=domain_name(text))


def _known(lists: tuple[str, ...]) -> tuple[str, ...]:
    known = load().blocklists
    for name in lists:
        if name not in known:
            import difflib

            near = difflib.get_close_matches(name, known, 1)
            raise InputError(
                _("--list: no list '{name}'").format(name=name[:80]),
                advice=_("Did you mean '{near}'?").format(near=near[0])
                if near
                else _("See: {command}").format(command="deliverkit lists"),
            )
    return lists


def _json(targets: list[Target], results: list[CheckResult], say: Sentences) -> str:
    subjects = []
    for target, result in zip(targets, results, strict=True):
        steps = conclude(target, [result], say.knowledge).steps
        subjects.append({**check_data(result, say), "steps": [step_data(step, say) for step in steps]})
    return dumps(document("blocklists", subjects=subjects))


def _text(
    targets: list[Target], results: list[CheckResult], say: Sentences, color: str, output: str | None, every: bool
) -> str:
    columns, colour = width(), paint(color, output)
    parts = []
    for target, result in zip(targets, results, strict=True):
        report: BlocklistReport = result.facts
        parts += [
            blocklists_text(result, facts, say, width=columns, paint=colour, every=every) for facts in report.subjects
        ]
        page = Page(columns, colour)
        write_steps(page, conclude(target, [result], say.knowledge).steps, say, full=2)
        parts += [str(page)] if page.lines else []
    return "\n\n".join(parts)
