"""Which of very many names were there before, in sixteen bytes a name instead of two hundred."""

from __future__ import annotations

from array import array
from hashlib import blake2b

_EMPTY = 0
_FIRST = 1024
"""Places at the start; a power of two."""


class Seen:
    """A set of texts of which only 64 bits each are kept.

    Two of a million different names share them once in some thirty million runs; the second would pass for a
    repetition. Texts cannot be read back.
    """

    def __init__(self) -> None:
        self._table = array("Q", bytes(8 * _FIRST))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, text: str) -> bool:
        mark = _mark(text)
        return self._table[_place(self._table, mark)] == mark

    def add(self, text: str) -> bool:
        """Take a text; whether it is new."""
        if self._count * 2 >= len(self._table):
            self._grow()
        mark = _mark(text)
        place = _place(self._table, mark)
        if self._table[place] == mark:
            return False
        self._table[place] = mark
        self._count += 1
        return True

    def _grow(self) -> None:
        larger = array("Q", bytes(16 * len(self._table)))
        for mark in self._table:
            if mark != _EMPTY:
                larger[_place(larger, mark)] = mark
        self._table = larger


def _mark(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") or 1


def _place(table: array[int], mark: int) -> int:
    """Where a mark stands, or the free place where it would."""
    last = len(table) - 1
    place = mark & last
    while table[place] not in (_EMPTY, mark):
        place = (place + 1) & last
    return place
