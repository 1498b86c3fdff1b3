"""Reading a DMARC Policy Record as text: the tags that the tree walk and the policy need (RFC 9989 section 4.7, 4.8).

Small on purpose. What is wrong with a record's values is judged in ``_checkdmarc``; here a record is only
recognised, taken apart, and told from texts that merely look like one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

MAX_RECORD = 8192
"""Characters of a TXT record that are read; a longer one is cut (64 KB fit in a TXT record, no policy needs 1 KB)."""
MAX_TAGS = 64
"""Tags that are read; the rest is reported as faulty syntax."""

KNOWN_TAGS = frozenset({"v", "p", "sp", "np", "rua", "ruf", "fo", "adkim", "aspf", "psd", "t"})
REMOVED_TAGS = ("pct", "rf", "ri")
"""Defined in RFC 7489, gone in RFC 9989; older receivers still honour them."""

_WSP = " \t"
_VERSION = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)")
_TAG = re.compile(r"([A-Za-z]+)[ \t]*=[ \t]*([\x20-\x3a\x3c-\x7e]+)\Z")
# What people type for "v=DMARC1;": another case, a leading quote or blank, a missing semicolon or version.
_LOOKS_LIKE = re.compile(r"dmarc[ \t]*1|\bp[ \t]*=[ \t]*(?:none|quarantine|reject)\b|\bru[af][ \t]*=", re.IGNORECASE)


class Policy(StrEnum):
    """What a Domain Owner asks receivers to do with mail that fails DMARC, weakest first."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"

    @property
    def rank(self) -> int:
        """0 for ``none``, 2 for ``reject``."""
        return list(Policy).index(self)

    @property
    def one_less(self) -> Policy:
        """What ``t=y`` turns it into (RFC 9989 section 4.7)."""
        return list(Policy)[max(self.rank - 1, 0)]


@dataclass(frozen=True, slots=True)
class DmarcRecord:
    """One valid DMARC Policy Record and where it stands."""

    domain: str
    """The name it is published for, without ``_dmarc.``."""
    text: str
    """As published, cut to ``MAX_RECORD`` characters."""
    tags: Mapping[str, str]
    """Values by lower-case tag name, as written, blanks around them gone; the first of a doubled tag counts."""
    doubled: tuple[str, ...] = ()
    """Tags that stand more than once."""
    faulty: tuple[str, ...] = ()
    """Pieces between semicolons that are no ``tag=value``."""

    def policy(self, tag: str) -> Policy | None:
        """The policy of ``p``, ``sp`` or ``np``; None when the tag is missing or has no valid value."""
        value = self.tags.get(tag, "").lower()
        return Policy(value) if value in set(Policy) else None

    def flag(self, tag: str, default: str, values: str) -> str:
        """A one-letter value, lower case; ``default`` when missing or not one of ``values`` (RFC 9989 section 4.7)."""
        value = self.tags.get(tag, default).lower()
        return value if value and value in values else default

    @property
    def psd(self) -> str:
        """``y``, ``n`` or ``u``."""
        return self.flag("psd", "u", "ynu")

    @property
    def testing(self) -> bool:
        """``t=y``: one level less is to be applied."""
        return self.flag("t", "n", "yn") == "y"


def is_dmarc(text: str) -> bool:
    """Does the text start with the version tag, so that it counts as a DMARC record at all? (RFC 9989 section 4.8)"""
    return _VERSION.match(text) is not None


def looks_like_dmarc(text: str) -> bool:
    """Was the text meant as a DMARC record, though receivers discard it?"""
    text = text[:MAX_RECORD]
    return not is_dmarc(text) and not text.lower().startswith("v=spf1") and _LOOKS_LIKE.search(text) is not None


def parse_record(domain: str, text: str) -> DmarcRecord | None:
    """Take a record apart; None when it does not start with the version tag and so is discarded."""
    text = text[:MAX_RECORD]
    if not is_dmarc(text):
        return None
    pieces = text.split(";")
    if not pieces[-1].strip(_WSP):
        # One semicolon may end the record; two are a fault.
        pieces.pop()
    tags: dict[str, str] = {}
    doubled: dict[str, None] = {}
    faulty = list(pieces[MAX_TAGS : MAX_TAGS + 1])
    for piece in pieces[:MAX_TAGS]:
        match = _TAG.match(piece.strip(_WSP))
        if match is None:
            faulty.append(piece)
            continue
        name, value = match[1].lower(), match[2].strip(_WSP)
        if name in tags:
            doubled[name] = None
        else:
            tags[name] = value
    return DmarcRecord(domain, text, tags, tuple(doubled), tuple(piece.strip() for piece in faulty))
