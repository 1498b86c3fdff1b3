"""Which of many patterns match a text: first by their needles, then by the few patterns that these leave.

One automaton for all patterns looks simpler and is slower by far: patterns with gaps (``mail .* refused``) multiply
its states until it does nothing but build them. Needles are plain words, so their automaton is small and quickly
warm; of several hundred patterns a handful is left, and each is tried alone, linear in the text as RE2 is.
For the first texts the needles are looked for one by one, because making their automaton takes longer than that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import re2

FEW = 40
"""Texts until the automaton of the needles pays."""

_NEEDLE_MEMORY = 64 << 20
"""Bytes for the automaton of all needles. With the library's 8 MB it throws its states away: six times slower."""

_Search = Callable[[bytes], list[int] | None]


def rule_options() -> re2.Options:
    """How every pattern is compiled: case-insensitive, on UTF-8 bytes, silent.

    Latin-1 mode halves the automata, and only means that letters beyond ASCII are matched in the case in which a
    pattern has them.
    """
    options = re2.Options()
    options.case_sensitive = False
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    return options


def compile_pattern(pattern: str) -> Any:
    """One pattern, to be searched in UTF-8 bytes. Raises re2.error for what is not RE2."""
    return re2.compile(pattern.encode(), rule_options())  # type: ignore[no-untyped-call]


def tester(pattern: str) -> Callable[[bytes], object]:
    """Yes (something true) or no to one pattern, for those who need neither words nor groups: five times as fast."""
    return _search([pattern.encode()], rule_options())


class Matcher:
    """Patterns by number. Making one costs little; it can be used from several threads."""

    def __init__(self, patterns: Sequence[str], needles: Mapping[str, Sequence[str]]) -> None:
        """``needles`` are known needles by pattern; those of other patterns are worked out here."""
        self._patterns = patterns
        self._always: list[int] = []
        by_word: dict[bytes, list[int]] = {}
        for i, pattern in enumerate(patterns):
            known = needles.get(pattern)
            words = _worked_out(pattern) if known is None else known
            if not words:
                self._always.append(i)
            for word in words:
                by_word.setdefault(word.encode(), []).append(i)
        self._needles = list(by_word.items())
        self._users = list(by_word.values())
        self._searches: list[_Search | None] = [None] * len(patterns)
        self._find: _Search | None = None
        self._left = FEW

    def search(self, line: bytes) -> tuple[int, ...]:
        """Numbers of the patterns that match somewhere in ``line`` (UTF-8), in no order that means anything."""
        low = line.lower()
        searches = self._searches
        matched = [i for i in self._always if (searches[i] or self._compiled(i))(line)]
        if self._find is None:
            hits = [users for word, users in self._needles if word in low]
            self._count_down()
        else:
            users_of = self._users
            hits = [users_of[n] for n in self._find(low) or ()]
        for users in hits:
            matched += [i for i in users if (searches[i] or self._compiled(i))(line)]
        # A pattern with several needles may have been found by each of them.
        return tuple(matched) if len(matched) < 2 else tuple(dict.fromkeys(matched))

    def _count_down(self) -> None:
        self._left -= 1
        if self._left <= 0:
            options = rule_options()
            options.case_sensitive = True
            options.max_mem = _NEEDLE_MEMORY
            words = [re2.escape(word) for word, _ in self._needles]  # type: ignore[no-untyped-call]
            self._find = _search(words, options)

    def _compiled(self, i: int) -> _Search:
        search = self._searches[i] = _search([self._patterns[i].encode()], rule_options())
        return search


def _worked_out(pattern: str) -> Sequence[str]:
    # Only for patterns of the user's own.
    from deliverkit.knowledge.needles import needles_of

    return sorted(needles_of(pattern))


def _search(patterns: Sequence[bytes], options: re2.Options) -> _Search:
    # A set of one is the cheapest way to ask RE2 for yes or no.
    automaton = re2.Set.SearchSet(options)  # type: ignore[no-untyped-call]
    for pattern in patterns:
        automaton.Add(pattern)
    automaton.Compile()
    search: _Search = automaton.Match
    return search
