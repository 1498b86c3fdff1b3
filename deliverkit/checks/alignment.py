"""Identifier alignment: does what SPF or DKIM authenticated belong to the Author Domain? (RFC 9989 section 4.4)

Relaxed alignment compares Organizational Domains, found by the tree walk and not from a list of suffixes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from deliverkit.checks.dmarc_walk import Walk, WalkStep, walk
from deliverkit.net.resolver import Resolver


class Mode(StrEnum):
    """``aspf`` and ``adkim``."""

    RELAXED = "r"
    STRICT = "s"


@dataclass(frozen=True, slots=True)
class Alignment:
    """One authenticated domain beside the Author Domain."""

    author: str
    identifier: str
    """MAIL FROM domain for SPF, ``d=`` for DKIM."""
    mode: Mode
    aligned: bool | None
    """None when a name of a walk could not be asked."""
    author_organizational: str | None
    identifier_organizational: str | None
    """None when it was not needed or is open."""
    failed: tuple[WalkStep, ...] = ()
    """The names that could not be asked."""


async def align(author: Walk, identifier: str, mode: Mode, resolver: Resolver) -> Alignment:
    """Compare ``identifier`` with the domain of ``author``. Equal names and strict mode need no question."""
    organizational = author.organizational_domain
    same = identifier == author.domain
    if same or mode is Mode.STRICT:
        return Alignment(author.domain, identifier, mode, same, organizational, organizational if same else None)
    other = await walk(identifier, resolver)
    theirs = other.organizational_domain
    failed = tuple(step for found in (author, other) for step in found.steps if step.answer.failed)
    aligned = None if organizational is None or theirs is None else organizational == theirs
    return Alignment(
        author.domain, identifier, mode, aligned, organizational, theirs, failed if aligned is None else ()
    )
