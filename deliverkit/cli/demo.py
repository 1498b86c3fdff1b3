"""``deliverkit demo``: three cases on the recorded world, through the same code as the real thing."""

from __future__ import annotations

import tomllib
from typing import Any

import click

from deliverkit.bounces.classify import default_classifier
from deliverkit.bounces.pasted import read_bounces
from deliverkit.checks import World
from deliverkit.cli.diagnostics import ExitCode
from deliverkit.cli.options import language, output_options
from deliverkit.cli.output import paint, width, write
from deliverkit.diagnosis import diagnose
from deliverkit.knowledge import load
from deliverkit.language import _
from deliverkit.model import Diagnosis, Proof
from deliverkit.report.data import bounce_result, document, dumps
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.bounce import diagnosis_text
from deliverkit.report.text.layout import Page
from deliverkit.session import DEMO, Network, in_world, target

NEXT = (
    ("14 look-ups where SPF allows 10", "deliverkit audit lookups.example --replay demo"),
    ("two SPF records, and the one to publish", "deliverkit audit twospf.example --replay demo"),
    ("an honest unknown: nobody answers", "deliverkit audit silent.example --replay demo"),
    ("a policy listing is no accusation", "deliverkit blocklists 203.0.113.77 --replay demo"),
    ("your own reply", 'deliverkit explain "PASTE WHAT THE SERVER SAID"'),
    ("your own domain", "deliverkit audit YOUR-DOMAIN"),
)


@click.command("demo")
@output_options("text", "json")
def command(fmt: str, output: str | None, lang: str | None, color: str) -> int:
    """Walk through three bounces on a recorded world: no network, nothing to set up.

    Every other command opens the same world with --replay demo.
    """
    network = Network(replay="demo")
    cases: list[dict[str, Any]] = tomllib.loads((DEMO / "cases.toml").read_text(encoding="utf-8"))["case"]

    async def job(world: World) -> list[Diagnosis]:
        found = []
        for case in cases:
            given = target(
                network,
                domain=case.get("domain"),
                ips=[case["ip"]] if "ip" in case else [],
                recipient=case.get("recipient"),
            )
            [bounce] = read_bounces(case["reply"])
            found.append(await diagnose(bounce, default_classifier(), given, world))
        return found

    found = in_world(network, job)
    say = Sentences(load(), language(lang))
    if fmt == "json":
        write(dumps(document("demo", results=[bounce_result(d, say) for d in found])), output)
    else:
        write(_walk(cases, found, say, color, output), output)
    proven = any(c.proof is Proof.PROVEN for d in found for c in d.causes)
    return ExitCode.CLEAN if proven else ExitCode.BUG


def _walk(cases: list[dict[str, Any]], found: list[Diagnosis], say: Sentences, color: str, output: str | None) -> str:
    columns, colour = width(), paint(color, output)
    page = Page(columns, colour)
    for number, (case, diagnosis) in enumerate(zip(cases, found, strict=True), 1):
        count = _("{number} of {total}").format(number=number, total=len(cases))
        page.line(f"── {count} · {_(case['title'])} ".ljust(page.width, "─"), "strong")
        page.blank()
        for line in case["reply"].strip().splitlines():
            page.para(f"> {line}", hang=2, role="dim")
        page.line(f"$ deliverkit diagnose - {_flags(case)}--replay demo", "code")
        page.blank()
        page.lines += diagnosis_text(diagnosis, say, width=columns, paint=colour, full=1).splitlines()
        page.blank()
    page.line(f"── {_('Try next')} ".ljust(page.width, "─"), "strong")
    for what, how in NEXT:
        page.para(_(what), indent=2, role="dim")
        page.command(how, indent=4)
    return str(page)


def _flags(case: dict[str, Any]) -> str:
    names = ("domain", "ip", "recipient")
    return "".join(f"--{name} {case[name]} " for name in names if name in case)
