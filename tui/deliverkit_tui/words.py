"""Literal, styled text. What comes from DNS, mail or files is cleaned here and never read as markup.

Roles are those of the text output (``good bad warn unknown dim strong code``), mapped to theme variables, so that
every theme and NO_COLOR work. Symbols and words carry the meaning alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content

from deliverkit.errors import DeliverkitError
from deliverkit.report.clean import clean, one_line

STYLES = {
    "": "",
    "good": "$text-success",
    "bad": "$text-error bold",
    "warn": "$text-warning",
    "unknown": "$text-secondary",
    "dim": "$foreground-muted",
    "strong": "bold",
    "code": "$text-primary",
}
"""A style for each role: theme variables only."""

# By the values of ``model.Outcome``, which are strings: the first paint does not wait for the model.
SYMBOLS: dict[str, str] = {"pass": "✓", "warn": "!", "fail": "✗", "unknown": "?", "not_applicable": "–"}
ROLES: dict[str, str] = {"pass": "good", "warn": "warn", "fail": "bad", "unknown": "unknown", "not_applicable": "dim"}
WAITING = "·"
ASKING = "…"


def text(value: str, role: str = "", limit: int = 4096) -> Content:
    """Text of several lines, cleaned and literal."""
    return Content.styled(clean(value, limit), STYLES[role])


def line(value: str, role: str = "", limit: int = 500) -> Content:
    """Text on one line, cleaned and literal."""
    return Content.styled(one_line(value, limit), STYLES[role])


def row(*parts: str | tuple[str, str] | Content) -> Content:
    """Parts put together on one line: our own words, ``(text, role)`` pairs (cleaned), or Content."""
    return Content("").join(
        part if isinstance(part, Content) else Content(part) if isinstance(part, str) else _part(*part)
        for part in parts
    )


def _part(value: str, role: str) -> Content:
    # Spaces at the ends are layout: they must survive the cleaning.
    return Content.styled(clean(value, 500).replace("\n", " ").replace("\t", " "), STYLES[role])


def folded(parts: Sequence[tuple[str, str]], width: int) -> Content:
    """``(text, role)`` parts side by side, as many on a line as fit; no part is broken."""
    lines: list[list[tuple[str, str]]] = [[]]
    for part in parts:
        used = sum(cell_len(text) + 3 for text, _role in lines[-1])
        if lines[-1] and used + cell_len(part[0]) > width:
            lines.append([])
        lines[-1].append(part)
    return Content("\n").join(Content("   ").join(_part(*part) for part in line) for line in lines)


def complaint(error: DeliverkitError) -> str:
    """An error and what to do about it, as two sentences."""
    return f"{str(error).rstrip('.')}. {error.advice}".strip()
