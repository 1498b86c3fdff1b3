"""One piece of evidence: what panels and pages of evidence are made of."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of evidence."""

    content: Content
    indent: int = 0
    whole: bool = True
    """Wrapped; else cut at the edge with an ellipsis."""
    gap: bool = False
    """An empty line before it."""
    command: str = ""
    """A command that ``c`` copies."""
