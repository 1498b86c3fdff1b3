"""``deliverkit findings``: part of the catalogue."""

from __future__ import annotations

import click

from deliverkit.cli.catalogue import Shelf, show
from deliverkit.cli.options import language, output_options
from deliverkit.knowledge import load
from deliverkit.knowledge.schema import FindingSpec
from deliverkit.model import Finding
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.catalogue import finding_text


@click.command("findings")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@output_options("text", "json")
def command(ids: tuple[str, ...], fmt: str, output: str | None, lang: str | None, color: str) -> int:
    """List what the checks can notice, or show one: why it matters, when it does not, what mends it."""
    knowledge = load()
    say = Sentences(knowledge, language(lang))
    shelf: Shelf[FindingSpec] = Shelf(
        "findings",
        knowledge.findings,
        lambda entry: say.finding(Finding(entry.id, entry.severity, {a: f"<{a}>" for a in entry.args}), "title"),
        lambda entry, width, paint: finding_text(entry, say, width=width, paint=paint),
    )
    return show(shelf, ids, fmt, output, color)
