"""``deliverkit fix``: the steps against one cause."""

from __future__ import annotations

import click

from deliverkit.cli.catalogue import Shelf, show
from deliverkit.cli.options import language, output_options
from deliverkit.fixes import Case, Wanted, steps
from deliverkit.knowledge import load
from deliverkit.knowledge.schema import FixSpec
from deliverkit.report.data import step_data
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.catalogue import fix_text


@click.command("fix")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@output_options("text", "json")
def command(ids: tuple[str, ...], fmt: str, output: str | None, lang: str | None, color: str) -> int:
    """List the fixes, or show one: its steps, the record or command, who acts, and how it is verified."""
    knowledge = load()
    say = Sentences(knowledge, language(lang))
    shelf: Shelf[FixSpec] = Shelf(
        "fixes",
        knowledge.fixes,
        lambda entry: say.fix(entry.id),
        lambda entry, width, paint: fix_text(entry.id, say, width=width, paint=paint),
        lambda entry: {
            "title": say.fix(entry.id),
            "steps": [step_data(s, say) for s in steps([Wanted(entry.id, entry.id)], Case(), knowledge)],
        },
    )
    return show(shelf, ids, fmt, output, color)
