"""``deliverkit diagnose``: the reply, the checks that prove or refute it, and the steps."""

from __future__ import annotations

import click

from deliverkit.checks import World
from deliverkit.cli.diagnostics import ExitCode, exit_code, note
from deliverkit.cli.explain import render, with_rules
from deliverkit.cli.options import authoritative_option, fail_on_option, language, network_options, output_options
from deliverkit.cli.output import write
from deliverkit.cli.reading import bounces, check_names
from deliverkit.diagnosis import checks_for, diagnose
from deliverkit.knowledge import load
from deliverkit.language import _
from deliverkit.model import Confidence, Diagnosis, Proof
from deliverkit.report.sentences import Sentences
from deliverkit.session import Network, in_world, nobody_answered, target

EPILOG = """\b
Examples:
  deliverkit diagnose "550-5.7.26 ..." --domain example.com --ip 192.0.2.10
  deliverkit diagnose - --domain example.com -s mail2024 < reply.txt
"""


@click.command("diagnose", epilog=EPILOG)
@click.argument("text", nargs=-1)
@click.option("-i", "--input", "files", multiple=True, metavar="FILE", help="Read the text from a file.")
@click.option("-d", "--domain", help="Your sending domain: the one in From.")
@click.option("--ip", "ips", multiple=True, help="Your sending IP; may be repeated.")
@click.option("-s", "--selector", "selectors", multiple=True, help="A DKIM selector of yours; may be repeated.")
@click.option("--mail-from", metavar="DOMAIN", help="Domain of the Return-Path, where it is another.")
@click.option("--helo", metavar="NAME", help="Name your server greets with.")
@click.option("--recipient", metavar="ADDRESS", help="The address (or its domain) that refused.")
@click.option(
    "--checks", metavar="NAMES", help="Run these (comma-separated, or 'all') instead of those the reason calls for."
)
@click.option("--rules", "rule_files", multiple=True, metavar="FILE", help="Your own reply rules; they win over ours.")
@fail_on_option
@network_options
@authoritative_option
@output_options("text", "json", "jsonl", "markdown")
def command(
    text: tuple[str, ...],
    files: tuple[str, ...],
    domain: str | None,
    ips: tuple[str, ...],
    selectors: tuple[str, ...],
    mail_from: str | None,
    helo: str | None,
    recipient: str | None,
    checks: str | None,
    rule_files: tuple[str, ...],
    fail_on: str,
    network: Network,
    fmt: str,
    output: str | None,
    lang: str | None,
    color: str,
) -> int:
    """Explain a reply and run the checks that prove or refute its cause.

    Only the checks that the reason calls for are run. Give what you know of the sending side; what the
    reply itself names (the refused IP, the recipient) is taken from it.
    """
    given = target(
        network, domain=domain, ips=ips, selectors=selectors, mail_from=mail_from, helo=helo, recipient=recipient
    )
    asked = check_names(checks, ())
    found_bounces, classifier = bounces(text, files, with_rules(rule_files))

    async def job(world: World) -> tuple[list[Diagnosis], bool]:
        done = [await diagnose(bounce, classifier, given, world, asked=asked) for bounce in found_bounces]
        return done, nobody_answered(world)

    found, silent = in_world(network, job)
    say = Sentences(load(), language(lang))
    write(render(found, say, fmt, color, output, "diagnose"), output)
    results = [check for diagnosis in found for check in diagnosis.checks]
    if not results:
        return _unchecked(found)
    if not given.ips and any(_wants_ip(diagnosis) for diagnosis in found):
        note(_("no cause is proven; give --ip with the sending IP: whether SPF allows it is not known without it"))
    return exit_code(results, fail_on, silent=silent)


def _wants_ip(diagnosis: Diagnosis) -> bool:
    """Everything published is right, and nobody said from where the mail was sent: the usual cause stays open."""
    proven = any(cause.proof is Proof.PROVEN for cause in diagnosis.causes)
    asked = any(check.check == "spf" for check in diagnosis.checks)
    return asked and not proven and diagnosis.verdict.category == "dmarc" and diagnosis.bounce.ip is None


def _unchecked(found: list[Diagnosis]) -> ExitCode:
    """No check ran: because DNS has no say in such a cause, or because nobody said whom to ask about."""
    if any(checks_for(diagnosis.verdict, load()) for diagnosis in found):
        note(_("no check could run: give --domain, --ip or --recipient to prove the cause"))
        return ExitCode.INCOMPLETE
    note(_("no check can prove or refute this cause: DNS has no say in it"))
    known = all(diagnosis.verdict.confidence is not Confidence.NONE for diagnosis in found)
    return ExitCode.CLEAN if known else ExitCode.INCOMPLETE
