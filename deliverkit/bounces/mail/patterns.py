"""Patterns of many phrases, searched in one linear pass.

The standard engine tries each alternative at each character: 137 microseconds for the phrases that announce a reply
in a text of 900 characters. RE2 takes 3 for the same, and its time is bounded whatever a hostile mail holds.
"""

from __future__ import annotations

import re

import re2

from deliverkit.knowledge import load

_MAX_MEMORY = 16 << 20


def phrases(pattern: str, *, lines: bool = False) -> re.Pattern[str]:
    """Compile ``pattern`` (RE2 syntax, any case) to something with the methods of ``re.Pattern``.

    ``lines``: ``^`` and ``$`` also stand for the ends of lines.
    """
    options = re2.Options()
    options.case_sensitive = False
    options.max_mem = _MAX_MEMORY
    options.log_errors = False
    compiled: re.Pattern[str] = re2.compile(f"(?m){pattern}" if lines else pattern, options)  # type: ignore[no-untyped-call]
    return compiled


def known(id_: str, *, before: str = "", after: str = "", lines: bool = False) -> re.Pattern[str]:
    """The phrases of this id in the knowledge, any of them, between ``before`` and ``after``.

    Raises KeyError for an id that is not there.
    """
    return phrases(before + "|".join(load().phrases[id_].patterns) + after, lines=lines)
