"""``deliverkit lists``: part of the catalogue."""

from __future__ import annotations

import click

from deliverkit.cli.catalogue import Shelf, show
from deliverkit.cli.options import language, output_options
from deliverkit.knowledge import load
from deliverkit.knowledge.schema_dns import Blocklist
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.catalogue import list_text


@click.command("lists")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@output_options("text", "json")
def command(ids: tuple[str, ...], fmt: str, output: str | None, lang: str | None, color: str) -> int:
    """List the blocklists we know, or show one: what it answers and the way off it."""
    knowledge = load()
    say = Sentences(knowledge, language(lang))
    shelf: Shelf[Blocklist] = Shelf(
        "lists",
        knowledge.blocklists,
        lambda entry: f"{entry.status.replace('_', ' ')}: {entry.name}",
        lambda entry, width, paint: list_text(entry, say, width=width, paint=paint),
    )
    return show(shelf, ids, fmt, output, color)
