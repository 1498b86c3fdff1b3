"""The only module that imports checkdmarc: it judges the values of a record; it never asks DNS.

The library is good at what a record's tags may hold. What it may not do here, and how that is kept from it:

* Its look-ups go through a cache of the whole process, report a timeout as "no record" and, for report
  addresses, are part of parsing. So it gets the text of a record without ``rua`` and ``ruf``, which leaves it
  nothing to ask, and each address by itself through a function that only parses.
* Its exceptions carry English sentences and no tag name. So each tag is judged alone: the type of the exception
  and the name we handed in say all we need.
* Several of its warnings are sentences only. What they speak of (removed and unknown tags, policy ``none``) we
  read from the tags ourselves.

Importing all of it takes 0.3 s, more than a walk of the tree takes on the wire. So only the part that is used is
imported, ``preload`` does it in a thread, so that the questions in flight overlap, and nobody pays who finds no record.
"""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType

from deliverkit.checks.dmarc_record import KNOWN_TAGS, DmarcRecord

_PACKAGE = "checkdmarc"

MAX_ADDRESSES = 16
"""Report addresses that are read from one tag; a record needs one or two."""
MAX_JUDGED = 2048
"""Characters that the library's grammar is given; what is longer is faulty syntax without asking it."""

_REPORT_TAGS = ("rua", "ruf")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}", re.IGNORECASE)


class UriFault(StrEnum):
    """What is wrong with a report address."""

    INVALID = "invalid"
    """No URI, no scheme, or no mail address behind ``mailto:``."""
    NOT_MAIL = "not_mail"
    """A valid URI of another scheme: allowed, but receivers need not support any but ``mailto``."""


@dataclass(frozen=True, slots=True)
class ReportUri:
    """One address of ``rua`` or ``ruf``."""

    tag: str
    text: str
    """As written."""
    address: str | None
    """The mail address; None when there is a fault."""
    domain: str | None
    """The part behind ``@``, lower case."""
    size_limit: str | None = None
    """The ``!10m`` of RFC 7489; reporters must ignore it now."""
    fault: UriFault | None = None


@dataclass(frozen=True, slots=True)
class DmarcReading:
    """What the library makes of a record."""

    syntax: bool
    """The record follows the grammar of RFC 9989 section 4.8."""
    bad_values: tuple[str, ...]
    """Known tags whose value is not allowed; receivers use the default instead. The policy tags are among them."""
    reports: tuple[ReportUri, ...]


async def preload() -> None:
    """Import the library in a thread, once; awaiting it again costs nothing."""
    await asyncio.to_thread(_dmarc)


@cache
def _dmarc() -> ModuleType:
    if _PACKAGE not in sys.modules and (spec := find_spec(_PACKAGE)) is not None:
        package = module_from_spec(spec)
        package.__class__ = _Later
        sys.modules[_PACKAGE] = package
    return import_module(f"{_PACKAGE}.dmarc")


class _Later(ModuleType):
    """The package before its own file has run.

    That file imports every check the library has, with an HTTP client, certificates and images: a third of the time,
    for nothing that is used here. Whoever wants something of the package itself gets it, a moment later.
    """

    def __getattr__(self, name: str) -> object:
        self.__class__ = ModuleType  # type: ignore[assignment]  # from now on it is what it was made from
        spec = self.__spec__
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module(self)
        return getattr(self, name)


def read_record(record: DmarcRecord) -> DmarcReading:
    """Judge a record's syntax, values and report addresses. Asks nothing; takes well under a millisecond."""
    bad = tuple(tag for tag in record.tags if tag in KNOWN_TAGS and not _value_allowed(tag, record.tags[tag]))
    reports = tuple(
        read_uri(tag, text)
        for tag in _REPORT_TAGS
        if tag in record.tags
        for text in record.tags[tag].split(",", MAX_ADDRESSES)[:MAX_ADDRESSES]
    )
    return DmarcReading(_syntax_allowed(record), bad, reports)


def _syntax_allowed(record: DmarcRecord) -> bool:
    if record.faulty or len(record.text) > MAX_JUDGED:
        return False
    asked = ";".join(
        piece for piece in record.text.split(";") if _tag_name(piece) not in (*_REPORT_TAGS, *record.doubled)
    )
    try:
        _dmarc().parse_dmarc_record(asked, record.domain)
    except _dmarc().InvalidDMARCTagValue:
        # A value that is not allowed is no fault of the grammar; it is judged tag by tag.
        return True
    except _dmarc().DMARCError:
        return False
    return True


def _tag_name(piece: str) -> str:
    return piece.partition("=")[0].strip().lower()


def _value_allowed(tag: str, value: str) -> bool:
    if tag in _REPORT_TAGS or tag == "v":
        return True
    try:
        tags = _dmarc().parse_dmarc_record(f"v=DMARC1; {tag}={value[:MAX_JUDGED]}", "example.com")["tags"]
    except _dmarc().DMARCError:
        return False
    # For adkim, aspf and fo the library puts the default in the place of a bad value and says so in a sentence;
    # that the tag is no longer explicit says the same.
    return bool(tags[tag]["explicit"])


def read_uri(tag: str, text: str) -> ReportUri:
    """Judge one report address."""
    text = text.strip()
    bad = ReportUri(tag, text, None, None, fault=UriFault.INVALID)
    if len(text) > MAX_JUDGED:
        return bad
    try:
        parsed = _dmarc().parse_dmarc_report_uri(text)
    except _dmarc().DMARCError:
        return bad
    if parsed["scheme"] != "mailto":
        return ReportUri(tag, text, None, None, fault=UriFault.NOT_MAIL)
    address = str(parsed["address"])
    limit = parsed["size_limit"]
    # The library takes the longest beginning that is an address; what follows may only be a limit or a query.
    rest = text[len("mailto:") + len(address) :].removeprefix(f"!{limit}" if limit else "")
    domain = address.rpartition("@")[2].lower().rstrip(".")
    if (rest and not rest.startswith("?")) or not _DOMAIN.fullmatch(domain):
        return bad
    return ReportUri(tag, text, address, domain, limit)
