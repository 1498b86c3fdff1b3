"""``deliverkit reasons``: part of the catalogue."""

from __future__ import annotations

import click

from deliverkit.cli.catalogue import Shelf, show
from deliverkit.cli.options import language, output_options
from deliverkit.knowledge import load
from deliverkit.knowledge.schema import Reason
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.catalogue import reason_text


@click.command("reasons")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@output_options("text", "json")
def command(ids: tuple[str, ...], fmt: str, output: str | None, lang: str | None, color: str) -> int:
    """List the reasons why mail is refused, or show one whole: meaning, policy, proof, fixes."""
    knowledge = load()
    say = Sentences(knowledge, language(lang))
    shelf: Shelf[Reason] = Shelf(
        "reasons",
        knowledge.reasons,
        lambda entry: say.reason(entry.id),
        lambda entry, width, paint: reason_text(entry, say, width=width, paint=paint),
    )
    return show(shelf, ids, fmt, output, color)
