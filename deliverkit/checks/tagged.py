"""Records of the form ``v=STSv1; id=20260101; …``, as MTA-STS, TLS reporting and BIMI have them.

A record is only recognised and taken apart here; each check judges its own tags. (DMARC has a grammar of its own.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MAX_RECORD = 4096
"""Characters of a record that are read."""
MAX_TAGS = 32
MAX_RECORDS = 20
"""Records at one name that are looked at."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """One record."""

    text: str
    """As published, cut to ``MAX_RECORD`` characters."""
    tags: Mapping[str, str]
    """Values by lower-case tag name, blanks around them gone; the first of a doubled tag counts."""
    doubled: tuple[str, ...] = ()
    faulty: tuple[str, ...] = ()
    """Pieces between semicolons that are no ``tag=value``."""


def with_version(records: Iterable[str], version: str) -> tuple[Tagged, ...]:
    """The records that begin with ``v=<version>`` and so count at all."""
    found = (read(text) for text in list(records)[:MAX_RECORDS] if _begins(text, version))
    return tuple(found)


def meant(records: Iterable[str], version: str) -> tuple[str, ...]:
    """Texts that speak of the version somewhere, but do not begin with it: receivers pass them over."""
    texts = (text[:MAX_RECORD] for text in list(records)[:MAX_RECORDS])
    return tuple(text for text in texts if version.lower() in text.lower() and not _begins(text, version))


def _begins(text: str, version: str) -> bool:
    name, equals, rest = text.partition("=")
    return name.strip(" \t") == "v" and bool(equals) and rest.partition(";")[0].strip(" \t") == version


def read(text: str) -> Tagged:
    """Take a record apart; it may end in a semicolon."""
    text = text[:MAX_RECORD]
    pieces = text.split(";")
    if not pieces[-1].strip():
        pieces.pop()
    tags: dict[str, str] = {}
    doubled: dict[str, None] = {}
    faulty = [piece.strip() for piece in pieces[MAX_TAGS : MAX_TAGS + 1]]
    for piece in pieces[:MAX_TAGS]:
        name, equals, value = piece.partition("=")
        name = name.strip(" \t").lower()
        if not equals or not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
            faulty.append(piece.strip())
        elif name in tags:
            doubled[name] = None
        else:
            tags[name] = value.strip(" \t")
    return Tagged(text, tags, tuple(doubled), tuple(faulty))
