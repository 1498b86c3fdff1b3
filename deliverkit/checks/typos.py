"""Which well-known domain a mistyped one was meant to be."""

from __future__ import annotations

from collections.abc import Iterable

LONG = 9
"""Known domains of this many characters or more may differ in two places, shorter ones in one."""


def nearest(domain: str, known: Iterable[str]) -> str | None:
    """The known domain that is a slip of the fingers away, or None.

    One letter missing, added, replaced, or two swapped count as one difference. A known domain is nobody's typo.
    """
    best: tuple[int, str] | None = None
    for candidate in known:
        limit = 2 if len(candidate) >= LONG else 1
        if abs(len(candidate) - len(domain)) > limit:
            continue
        differences = distance(domain, candidate)
        if differences == 0:
            return None
        if differences <= limit and (best is None or differences < best[0]):
            best = (differences, candidate)
    return best[1] if best else None


def distance(one: str, other: str) -> int:
    """Optimal string alignment distance; time is the product of the two lengths."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]
