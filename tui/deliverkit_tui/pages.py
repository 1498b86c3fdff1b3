"""Pages of the text reports as lines of spans, so that a widget can colour them and follow their links.

``mark`` is the ``Paint`` that the reports are given: it sets a role between control characters, which no report
lets through from outside (``report.clean`` writes them out). ``parse`` turns them into spans.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len

from deliverkit.report.clean import clean

Target = Callable[[str], str | None]
"""Where a word leads: the id of an entry, or None for a word that is only a word."""

MAX_LINES = 5000
"""Lines shown of one page."""

LINK = "\x1e"
"""Stands between the text of a marked link and the entry that it leads to."""

_MARKED = re.compile("\x02([a-z]+)\x1f([^\x02\x03]*)\x03")
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*[A-Za-z0-9_]")


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line."""

    text: str
    role: str = ""
    """good, bad, warn, unknown, dim, strong, code, or none."""
    link: str | None = None
    """The entry that it leads to."""


Line = tuple[Span, ...]


def mark(text: str, role: str) -> str:
    """``text`` with its role, for ``parse``."""
    return f"\x02{role}\x1f{text}\x03"


def parse(text: str, target: Target | None = None) -> list[Line]:
    """The lines of a page; words for which ``target`` knows an entry become links."""
    lines = [_spans(line) for line in text.split("\n")[:MAX_LINES]]
    return [_linked(line, target) for line in lines] if target else lines


def fold(lines: Sequence[Line], width: int) -> list[Line]:
    """Lines that are too long, such as commands, go on below themselves, two cells further in."""
    found: list[Line] = []
    for line in lines:
        text = "".join(span.text for span in line)
        indent = min(len(text) - len(text.lstrip()) + 2, max(0, width - 10))
        while cell_len("".join(span.text for span in line)) > max(width, 10):
            head, line = _cut(line, max(width, 10))
            line = (Span(" " * indent), *line)
            found.append(head)
        found.append(line)
    return found


def _cut(line: Line, width: int) -> tuple[Line, Line]:
    """A line in two, after the last space that fits, else after the last character that does."""
    text = "".join(span.text for span in line)
    fits, cells = 0, 0
    for char in text:
        cells += cell_len(char)
        if cells > width:
            break
        fits += 1
    space = text.rfind(" ", 0, fits + 1)
    at = min(space + 1, fits) if space > len(text) - len(text.lstrip()) + 1 else fits
    head: list[Span] = []
    rest: list[Span] = []
    for span in line:
        room = max(0, at - sum(len(s.text) for s in head)) if not rest else 0
        if room:
            head.append(replace(span, text=span.text[:room]))
        if len(span.text) > room:
            rest.append(replace(span, text=span.text[room:]))
    return tuple(head), tuple(rest)


def plain(lines: Sequence[Line]) -> str:
    """The page as text."""
    return "\n".join("".join(span.text for span in line) for line in lines)


def links(lines: Sequence[Line]) -> list[tuple[int, int]]:
    """The places of all links as (line, span), top to bottom."""
    return [(y, i) for y, line in enumerate(lines) for i, span in enumerate(line) if span.link]


def _spans(line: str) -> Line:
    spans, end = [], 0
    for match in _MARKED.finditer(line):
        if match.start() > end:
            spans.append(Span(_safe(line[end : match.start()])))
        text, _, link = match[2].partition(LINK)
        spans.append(Span(_safe(text), match[1], link or None))
        end = match.end()
    if end < len(line):
        spans.append(Span(_safe(line[end:])))
    return tuple(spans)


def _safe(text: str) -> str:
    """The last gate before the screen: a page that forgot to clean something does no harm."""
    return clean(text.replace("\t", " "))


def _linked(line: Line, target: Target) -> Line:
    spans: list[Span] = []
    for span in line:
        if span.link:
            spans.append(span)
            continue
        end = 0
        for match in _WORD.finditer(span.text):
            if link := target(match[0]):
                if match.start() > end:
                    spans.append(Span(span.text[end : match.start()], span.role))
                spans.append(Span(match[0], span.role, link))
                end = match.end()
        if end < len(span.text):
            spans.append(Span(span.text[end:], span.role))
    return tuple(spans)
