"""How wide the columns of a grid are: pure arithmetic, so that it can be tested at every width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a grid."""

    key: str
    label: str
    width: int
    """Cells where there is room."""
    small: int = 0
    """Cells where there is not; 0 for a column that keeps its width."""
    shrink: int = 1
    """Who gives way first: 1 before 2."""
    flex: int = 0
    """Of the columns shown, those with the highest number take what is left over, and give up what is missing."""
    drop: int = 0
    """Grid width below which it is left out."""
    short: str = ""
    """The label where the long one does not fit."""
    symbol: bool = False
    """Where the column is small, the first character stands for the text."""
    right: bool = False
    """Numbers: they end where the column ends."""

    @property
    def least(self) -> int:
        """The narrowest it gets by rule."""
        return self.small or self.width


MIN_FLEX = 8
"""Cells that a flexible column keeps even where the grid has to be cut."""


def widths(columns: Sequence[Column], available: int) -> list[int]:
    """Cells for each column in ``available`` cells, 0 for one that is left out; a gap of two stands between columns,
    of one where it is narrow (see ``gap``)."""
    shown = [c.drop <= available for c in columns]
    found = [c.width if show else 0 for c, show in zip(columns, shown, strict=True)]
    for level in sorted({c.shrink for c in columns}):
        if _missing(found, available) <= 0:
            break
        found = [min(w, c.least) if c.shrink == level else w for c, w in zip(columns, found, strict=True)]
    rest = -_missing(found, available)
    most = max((c.flex for c, show in zip(columns, shown, strict=True) if show), default=0)
    flexible = [i for i, c in enumerate(columns) if most and shown[i] and c.flex == most]
    if flexible and rest > 0:
        each, more = divmod(rest, len(flexible))
        for n, i in enumerate(flexible):
            found[i] += each + (n < more)
    elif flexible and rest < 0:
        first = flexible[0]
        found[first] = max(MIN_FLEX, found[first] + rest)
    return found


def gap(available: int) -> int:
    """Cells between two columns."""
    return 2 if available >= 70 else 1


def _missing(found: Sequence[int], available: int) -> int:
    shown = [w for w in found if w]
    return sum(shown) + gap(available) * max(0, len(shown) - 1) - available
