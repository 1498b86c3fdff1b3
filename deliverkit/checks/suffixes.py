"""Where the registrable part of a name begins, by the installed Public Suffix List (https://publicsuffix.org/list/).

Reading the whole list takes 40 ms, mostly for names in other scripts under other top-level domains. Rules of one
top-level domain never speak of another, so only those that can matter are given to the library.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_KEPT = 64
"""Top-level domains whose rules are kept; an audit meets a handful."""


def registrable(domain: str) -> str | None:
    """The registrable domain of ``domain`` (A-labels, lower case); None for a public suffix and for no name.

    A top-level domain that the list lacks is taken for a public suffix.
    """
    top = domain.removesuffix(".").rpartition(".")[2]
    if not top:
        return None
    found = _rules(top).privatesuffix(domain)
    return str(found) if found else None


@cache
def _list() -> str:
    from publicsuffixlist import PSLFILE

    return Path(PSLFILE).read_text(encoding="utf-8")


_rules_kept: dict[str, PublicSuffixList] = {}


def _rules(top: str) -> PublicSuffixList:
    """The list's rules for names below ``top``, in the script of the list and as A-labels."""
    kept = _rules_kept.get(top)
    if kept is None:
        from publicsuffixlist import PublicSuffixList

        endings = "|".join(re.escape(ending) for ending in {top, _in_its_script(top)})
        lines = re.findall(rf"^(?!//)(?:\S*\.)?(?:{endings})(?=\s|\Z)", _list(), re.MULTILINE)
        if len(_rules_kept) >= _KEPT:
            _rules_kept.clear()
        kept = _rules_kept[top] = PublicSuffixList(source=lines)
    return kept


def _in_its_script(label: str) -> str:
    try:
        return label.encode("ascii").decode("idna")
    except UnicodeError:
        return label
