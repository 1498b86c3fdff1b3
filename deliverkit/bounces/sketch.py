"""How many different addresses, without keeping them: the smallest hashes stand for all (k minimum values).

Exact up to ``SIZE`` addresses, within some 12 % above (one over the root of ``SIZE``). Merging two sketches gives the
sketch of both, so pieces of a file can be counted apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Self

SIZE = 64
_SPACE = 1 << 48
"""Hashes are of 48 bits: two addresses in a billion share one."""


class Sketch:
    """The smallest hashes of all that was added."""

    __slots__ = ("_hashes",)

    def __init__(self, hashes: Iterable[int] = ()) -> None:
        """``hashes`` are those of another sketch, as ``data`` gave them."""
        self._hashes = set(hashes)

    def add(self, text: str) -> None:
        """Count ``text`` once, however often it comes."""
        self._hashes.add(int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=6).digest(), "big"))
        if len(self._hashes) > 4 * SIZE:
            self._shrink()

    def merge(self, other: Self) -> None:
        """Add all that ``other`` has seen."""
        self._hashes |= other._hashes
        if len(self._hashes) > 4 * SIZE:
            self._shrink()

    def _shrink(self) -> None:
        self._hashes = set(sorted(self._hashes)[:SIZE])

    @property
    def is_exact(self) -> bool:
        """Is ``count`` exact?"""
        return len(self._hashes) < SIZE

    @property
    def count(self) -> int:
        """How many different texts: exact below ``SIZE``, an estimate above."""
        if len(self._hashes) < SIZE:
            return len(self._hashes)
        largest = sorted(self._hashes)[SIZE - 1]
        return max(SIZE, round((SIZE - 1) * _SPACE / largest)) if largest else SIZE

    def data(self) -> list[int]:
        """All that is known, as JSON takes it."""
        return sorted(self._hashes)[:SIZE]
