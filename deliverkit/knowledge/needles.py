"""Words that a text must hold for a pattern to match it, so that most patterns need not be tried on most texts.

A pattern's needles are literals of which at least one stands in every text that it matches; none can be told for
a pattern that is all character classes. They are worked out when the rules are compiled, not when a reply is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

SHORTEST = 2
"""Characters; a single one stands in nearly every text."""

Score = Callable[[frozenset[str]], float]

_TOKEN = re.compile(
    r"(?P<open>\((?:\?(?:P?<\w+>|[a-zA-Z]*:))?)|(?P<close>\))|(?P<bar>\|)|(?P<set>\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\])|"
    r"(?P<width0>\\[bBAz]|[\^$])|(?P<class>\\[a-zA-Z0-9](?:\{\w+\})?|\.)|(?P<repeat>(?:[*+?]|\{\d+(?:,\d*)?\})\??)|"
    r"(?P<char>\\?.)",
    re.DOTALL,
)


@dataclass(slots=True)
class _Branch:
    """One alternative of a group while it is read."""

    choices: list[frozenset[str]] = field(default_factory=list)
    """Each is enough: one of its literals must stand in the text."""
    run: str = ""

    def end_run(self) -> None:
        if len(self.run) >= SHORTEST:
            self.choices.append(frozenset({lower_ascii(self.run)}))
        self.run = ""


def longest(choice: frozenset[str]) -> float:
    """The plain score: the shortest of the literals, the longer the better."""
    return min(map(len, choice)) - 0.05 * len(choice)


def needles_of(pattern: str, score: Score = longest) -> frozenset[str]:
    """The needles of an RE2 pattern, ASCII letters in lower case; empty where none can be told.

    Of several choices the one with the highest ``score`` is taken.
    """
    if "(?i)" in pattern or "(?s)" in pattern:
        return frozenset()
    tokens = [(m.lastgroup, m[0]) for m in _TOKEN.finditer(pattern)]
    groups: list[list[_Branch]] = [[_Branch()]]
    for at, (kind, text) in enumerate(tokens):
        branch = groups[-1][-1]
        repeat = tokens[at + 1][1] if at + 1 < len(tokens) and tokens[at + 1][0] == "repeat" else ""
        optional = repeat[:1] in ("*", "?") or repeat.startswith(("{0,", "{0}"))
        if kind == "char":
            if not optional:
                branch.run += text[-1]
            if repeat:
                branch.end_run()
        elif kind in ("set", "class", "open", "bar"):
            branch.end_run()
            if kind == "open":
                groups.append([_Branch()])
            elif kind == "bar":
                groups[-1].append(_Branch())
        elif kind == "close" and len(groups) > 1:
            branch.end_run()
            choice = _of_group(groups.pop(), score)
            if choice and not optional:
                groups[-1][-1].choices.append(choice)
    for branch in groups[0]:
        branch.end_run()
    return _of_group(groups[0], score) or frozenset()


def _of_group(branches: list[_Branch], score: Score) -> frozenset[str] | None:
    """One literal for each alternative, or nothing if one alternative has none."""
    best = [max(branch.choices, key=score, default=None) for branch in branches]
    if not all(best):
        return None
    words = frozenset().union(*(b for b in best if b))
    # Where "reject" is looked for, "rejected" tells nothing more.
    return frozenset(w for w in words if not any(other != w and other in w for other in words))


def lower_ascii(text: str) -> str:
    """``text`` with A to Z in lower case and nothing else changed: as patterns are matched."""
    return text.translate(_LOWER)


_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
