"""The few shapes that all text output is made of.

``Page`` collects lines. Colour is a function handed in, so that the words carry the meaning alone and
tests read plain text.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable

from deliverkit.model import Outcome
from deliverkit.report.clean import clean, one_line

Paint = Callable[[str, str], str]
"""``paint(text, role)``; roles: good, bad, warn, unknown, dim, strong, code."""

SYMBOLS = {
    Outcome.PASS: "✓",
    Outcome.WARN: "!",
    Outcome.FAIL: "✗",
    Outcome.UNKNOWN: "?",
    Outcome.NOT_APPLICABLE: "–",
}
ROLES = {
    Outcome.PASS: "good",
    Outcome.WARN: "warn",
    Outcome.FAIL: "bad",
    Outcome.UNKNOWN: "unknown",
    Outcome.NOT_APPLICABLE: "dim",
}


def no_paint(text: str, role: str) -> str:
    """Leave the text as it is."""
    return text


class Page:
    """Lines of output, wrapped to a width."""

    def __init__(self, width: int = 80, paint: Paint = no_paint) -> None:
        self.width = max(40, min(width, 120))
        self.paint = paint
        self.lines: list[str] = []

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def line(self, text: str = "", role: str = "") -> None:
        """One line as it is: for commands, which must not be broken."""
        self.lines.append(self.paint(text, role) if role else text)

    def blank(self) -> None:
        """An empty line, never two."""
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def banner(self, left: str, right: str, role: str) -> None:
        """Left and right on one line where they fit, else under each other."""
        left = " " * (len(left) - len(left.lstrip())) + one_line(left, 300)
        right = one_line(right, 300)
        if len(left) + len(right) + 2 <= self.width:
            gap = " " * (self.width - len(left) - len(right))
            self.lines.append(self.paint(left, role) + gap + self.paint(right, "dim"))
            return
        indent = len(left) - len(left.lstrip())
        self.para(left.lstrip(), indent=indent, hang=2, role=role)
        if right:
            self.para(right, indent=indent + 2, role="dim")

    def para(self, text: str, *, indent: int = 0, hang: int = 0, role: str = "") -> None:
        """Text wrapped at spaces; lines after the first are indented by ``hang`` more."""
        self.lines += [self.paint(part, role) if role else part for part in self._wrapped(text, indent, hang)]

    def field(
        self, label: str, text: str, *, indent: int = 2, pad: int = 15, role: str = "", label_role: str = "dim"
    ) -> None:
        """``label   text`` with the text wrapped under itself."""
        head = " " * indent + label.ljust(pad)
        if label and not head.endswith(" "):
            head += " "
        parts = self._wrapped(text, len(head), 0) or [""]
        for i, part in enumerate(parts):
            body = part.strip()
            lead = self.paint(head, label_role) if i == 0 else " " * len(head)
            self.lines.append(lead + (self.paint(body, role) if role else body))

    def value(self, label: str, text: str, *, indent: int = 5, pad: int = 9, role: str = "code") -> None:
        """A record or command under a label. A command stays on its line; a record wraps under itself."""
        self.field(label, text, indent=indent, pad=pad, role=role)

    def command(self, text: str, *, indent: int = 5, label: str = "") -> None:
        """A command on a line of its own, never broken; ``label`` in front of it."""
        lead = " " * indent + (self.paint(f"{label:<8} ", "dim") if label else "")
        self.lines.append(lead + self.paint(one_line(text), "code"))

    def _wrapped(self, text: str, indent: int, hang: int) -> list[str]:
        return [
            line
            for paragraph in clean(text).splitlines()
            for line in textwrap.wrap(
                paragraph,
                self.width,
                initial_indent=" " * indent,
                subsequent_indent=" " * (indent + hang),
                break_long_words=True,
                break_on_hyphens=False,
            )
        ]


def join(parts: Iterable[str | None], mark: str = " · ") -> str:
    """Non-empty parts, joined."""
    return mark.join(part for part in parts if part)
