"""``deliverkit codes``: reply codes and enhanced status codes."""

from __future__ import annotations

import re

import click

from deliverkit.cli.catalogue import Shelf, show
from deliverkit.cli.options import language, output_options
from deliverkit.knowledge import load
from deliverkit.knowledge.schema import BasicCode, EnhancedCode
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.catalogue import code_text

_ENHANCED = re.compile(r"[245Xx](\.\d{1,3}\.\d{1,3})")


@click.command("codes")
@click.argument("code", nargs=-1)
@output_options("text", "json")
def command(code: tuple[str, ...], fmt: str, output: str | None, lang: str | None, color: str) -> int:
    """List the codes, or show what one means: 550, 5.7.26, X.2.2.

    Tells the registry's meaning, how providers use it against the registry, and where guides read it otherwise.
    """
    knowledge = load()
    say = Sentences(knowledge, language(lang))
    asked = {_key(text): text for text in code}
    shelf: Shelf[EnhancedCode | BasicCode] = Shelf(
        "codes",
        {**knowledge.enhanced_codes, **knowledge.basic_codes},
        lambda entry: entry.name if isinstance(entry, EnhancedCode) else say.code(entry.id, "meaning"),
        lambda entry, width, paint: code_text(entry, asked.get(entry.id, entry.id), say, width=width, paint=paint),
        lambda entry: {part: say.code(entry.id, part) for part in ("meaning", "usual", "guide")},
    )
    return show(shelf, tuple(asked), fmt, output, color)


def _key(text: str) -> str:
    """The id of the entry that speaks for a code as typed: its own, or that of the private range it falls in."""
    match = _ENHANCED.fullmatch(text.strip())
    entry = load().enhanced_code("X" + match[1]) if match else None
    return entry.id if entry else text.strip()
