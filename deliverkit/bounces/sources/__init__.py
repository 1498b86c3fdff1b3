"""Where bounces are read from: one module an input format.

A source is a module here that offers

``NAME``
    what ``--source`` calls it, and what stands in ``Bounce.source``;
``UNIT``
    what its reader is fed: lines, JSON values, rows of a CSV file, or mails (``Unit``);
``recognises(head)``
    does this file hold what I read? Asked with its first 64 KB at most, unpacked; by content, never by name;
``Reader``
    made once for each piece of a file, as ``Reader(about)``, and used once.

A reader only reads: it opens nothing, prints nothing, raises nothing for what a file says. What it cannot read is a
``Fault``, and the rest goes on. What its format says of other things (logins, clicks, other programs) is no event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from importlib import import_module
from typing import Protocol, cast

from deliverkit.bounces.event import Event, Fault

MAX_HEAD = 65_536
"""Bytes of a file, unpacked, that ``recognises`` and ``About.head`` get to see at most."""


class Unit(StrEnum):
    """What a reader is fed. Whatever it is, it comes as ``(number, bytes)``, numbered from 1."""

    LINE = "line"
    """One line, without its end. A file of lines is cut anywhere between two of them."""
    JSON = "json"
    """One JSON value, not parsed: a line of JSON lines, an element of an array that is the whole file, or a value that
    spans lines. An envelope (``{"items": […]}``, SNS) is one value; its reader looks into it."""
    ROW = "row"
    """One row of a CSV file, as written, quoted line ends included; the header is the first row. Such a file is never
    cut, so the reader sees the header."""
    MAIL = "mail"
    """One whole mail, as stored; of a very large one, its head and the parts of a report."""


Numbered = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class About:
    """What a reader is told before it begins."""

    path: str
    """For ``Event.path`` and ``Fault.path``."""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    """The clock that time stamps without a year are read by; with a zone."""
    head: bytes = b""
    """The beginning of the file, also where the piece to read stands further behind: a header row is found here."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Of a CSV file of the user's own: which column holds what (``recipient``, ``reply``, ``code``, …)."""


class Reader(Protocol):
    """One pass over one piece of a file. A reader whose lines speak of earlier ones has ``memory`` besides
    (``bounces.memory``); all others just read."""

    def read(self, units: Iterable[Numbered]) -> Iterator[Event | Fault]:
        """What ``units`` say, in their order. Takes as many as come, keeps a bounded amount."""
        ...


class Source(Protocol):
    """A module in this package."""

    NAME: str
    UNIT: Unit

    def recognises(self, head: bytes) -> bool:
        """Does a file that begins with ``head`` hold what this source reads?"""
        ...

    def Reader(self, about: About) -> Reader:  # noqa: N802 a class, seen from outside
        """A reader for one piece of a file."""
        ...


_PACKAGE = "deliverkit.bounces.sources."

SOURCES: Mapping[str, str] = {
    name: _PACKAGE + name
    for name in (
        # JSON: each looks for names that only its own events have
        "ses", "kumomta", "sendgrid", "mailgun", "postmark", "sparkpost", "brevo", "mailjet",
        # mails and mboxes begin with headers
        "mail",
        # logs, from the most peculiar line to the least
        "powermta", "postfix", "opensmtpd", "sendmail", "exim", "qmail",
        # any other table
        "csv",
    )
}  # fmt: skip
"""Module of each source by its name, in the order of asking: the first that recognises a file reads it."""


def source(name: str) -> Source:
    """The source of this name. Raises KeyError for a name that none has."""
    return cast("Source", import_module(SOURCES[name]))


def detect(head: bytes) -> str | None:
    """Name of the source that reads a file with this beginning (unpacked); None where none does. Never raises."""
    # Nobody's expressions have to cope with a file that begins with thousands of empty lines.
    head = head[:MAX_HEAD].lstrip()
    if not head:
        return None
    return next((name for name in SOURCES if _is_there(name) and source(name).recognises(head)), None)


def _is_there(name: str) -> bool:
    try:
        import_module(SOURCES[name])
    except ModuleNotFoundError as error:
        if error.name == SOURCES[name]:
            return False
        raise
    return True
