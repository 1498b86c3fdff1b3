"""What the readers of webhooks share: hostile JSON into typed values, and an ESP's words into an ``Event``.

A field of a type that its ESP never writes is a ``FieldError``; ``EventReader`` turns it, and JSON that cannot be
read, into a ``Fault`` and goes on. An ESP gives the server's words in one field and codes in others, sometimes its own
words in place of both: ``said`` joins them into the reply that a log of the same delivery would show.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import NoReturn, cast

from deliverkit.bounces.clean import clean
from deliverkit.bounces.event import Event, Fault, Kind
from deliverkit.bounces.mail.address import clean_address
from deliverkit.bounces.reply import parse_reply
from deliverkit.bounces.sources import About, Numbered
from deliverkit.model import Bounce, Reply

Record = Mapping[str, object]
"""One JSON object."""
Found = Event | Fault

MAX_VALUE = 16_000_000
"""Bytes of one JSON value. Amazon's notifications have at most 256 KB, the APIs' pages some megabytes."""
MAX_RECORDS = 100_000
"""Records of one envelope, recipients of one record."""
_MAX_WORDS = 65_536
_MAX_ID = 998
_MAX_NESTED = 4
_NOTHING: Record = {}


class FieldError(ValueError):
    """A record cannot be read; ``str(error)`` is the word for ``Fault.why``."""


class EventReader:
    """Reads JSON values and asks ``events`` what each record in them says."""

    def __init__(
        self, about: About, events: Callable[[Record], Iterator[Found]], envelopes: tuple[str, ...] = ()
    ) -> None:
        """``envelopes`` are the keys below which an API puts the list of its records."""
        self._path = about.path
        self._events = events
        self._envelopes = envelopes

    def read(self, units: Iterable[Numbered]) -> Iterator[Found]:
        """Events and faults of every value, in order. Never raises for what they say."""
        for number, data in units:
            if not data.strip():
                continue
            try:
                for record in self._records(parse(data)):
                    yield from self._placed(record, number)
            except FieldError as error:
                yield Fault(self._path, number, str(error))

    def _placed(self, record: Record, number: int) -> Iterator[Found]:
        try:
            for found in self._events(record):
                yield found._replace(path=self._path, number=number)
        except FieldError as error:
            yield Fault(self._path, number, str(error))

    def _records(self, value: object, depth: int = 0) -> Iterator[Record]:
        if depth > _MAX_NESTED:
            raise FieldError("depth")
        if isinstance(value, list):
            for item in bounded(value):
                yield from self._records(item, depth + 1)
        elif isinstance(value, dict):
            inner = next((value[key] for key in self._envelopes if isinstance(value.get(key), list)), None)
            if inner is None:
                yield value
            else:
                yield from self._records(inner, depth + 1)
        else:
            raise FieldError("record")


def parse(data: bytes | str) -> object:
    """One JSON value, strictly.

    Raises FieldError: ``too-long``, ``encoding``, ``depth``, ``duplicate-key``, ``json``.
    """
    if len(data) > MAX_VALUE:
        raise FieldError("too-long")
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
        return _DECODE(text)
    except UnicodeDecodeError as error:
        raise FieldError("encoding") from error
    except RecursionError as error:
        raise FieldError("depth") from error
    except FieldError:
        raise
    except ValueError as error:
        raise FieldError("json") from error


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # Readers differ in which of two they believe; a sender of events writes none.
    found = dict(pairs)
    if len(found) != len(pairs):
        raise FieldError("duplicate-key")
    return found


def _no_constant(word: str) -> NoReturn:
    raise FieldError("json")


_DECODE = partial(json.loads, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)


def bounded(items: list[object]) -> list[object]:
    """``items``, unless they are more than anybody sends. Raises FieldError."""
    if len(items) > MAX_RECORDS:
        raise FieldError("too-many")
    return items


def table(record: Record, name: str) -> Record:
    """The object under ``name``; empty where there is none. Raises FieldError for another type."""
    value = record.get(name)
    if value is None:
        return _NOTHING
    if not isinstance(value, dict):
        raise FieldError(f"field-{name}")
    return cast("Record", value)


def tables(record: Record, name: str) -> Iterator[Record]:
    """The objects of the list under ``name``. Raises FieldError for another type."""
    for item in _list(record, name):
        if not isinstance(item, dict):
            raise FieldError(f"field-{name}")
        yield item


def texts(record: Record, name: str) -> Iterator[str]:
    """The texts of the list under ``name``. Raises FieldError for another type."""
    for item in _list(record, name):
        if not isinstance(item, str):
            raise FieldError(f"field-{name}")
        yield item[:_MAX_WORDS]


def _list(record: Record, name: str) -> list[object]:
    value = record.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise FieldError(f"field-{name}")
    return bounded(value)


def text(record: Record, *names: str) -> str:
    """The first text (or number, as text) that is not empty under one of ``names``; "" where there is none.

    Raises FieldError for another type.
    """
    for name in names:
        value = record.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise FieldError(f"field-{name}")
        found = _number(value, name) if not isinstance(value, str) else value[:_MAX_WORDS].strip()
        if found:
            return _encodable(found)
    return ""


def flag(record: Record, name: str) -> bool:
    """A yes or no; no where it is missing. Raises FieldError for another type."""
    value = record.get(name)
    if value is None:
        return False
    if not isinstance(value, (bool, int)):
        raise FieldError(f"field-{name}")
    return bool(value)


def _number(value: float, name: str) -> str:
    if isinstance(value, int) and value.bit_length() > 128:
        raise FieldError(f"field-{name}")
    return str(value)


def _encodable(words: str) -> str:
    """Without the lone surrogates that JSON may spell and no encoding takes."""
    return words if words.isascii() else words.encode("utf-8", "replace").decode()


def recipient(record: Record, *names: str) -> str:
    """The address under one of ``names``. Raises FieldError where there is none: an event is about somebody."""
    found = clean_address(text(record, *names)[:1000])
    if not found:
        raise FieldError("recipient")
    return found


def sender(words: str) -> str | None:
    """The address in a From field, if any."""
    return clean_address(words[:1000]) if words else None


def named(words: str, limit: int = 255) -> str | None:
    """A host, an address of one, an id, a class: one short line without control characters; None where empty."""
    return " ".join(clean(words, limit).split()) or None


def moment(record: Record, *names: str) -> str | None:
    """When, as ISO 8601: from seconds or milliseconds since 1970, or from a date as written; None where unreadable."""
    words = text(record, *names)
    if not words:
        return None
    try:
        seconds = float(words)
    except ValueError:
        return _date(words)
    if seconds > 100_000_000_000:
        seconds /= 1000
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return None


def _date(words: str) -> str | None:
    from email.utils import parsedate_to_datetime

    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return read(words[:100].removesuffix(" UTC")).isoformat(timespec="seconds")
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def said(words: str, code: str = "", status: str = "", instead: str = "") -> Reply:
    """The reply in ``words``, with the reply code and the enhanced code of other fields where the words lack them.

    ``instead`` is the ESP's own name for the case; it stands for the words where there are none.
    """
    own = code if len(code) == 3 and code.isascii() and code.isdigit() and "400" <= code < "600" else ""
    reply = parse_reply(words) if words else None
    if reply is not None and reply.code is not None and (not own or str(reply.code) == own or _CODE.match(words)):
        return reply
    head = [own] if own else []
    enhanced = reply.enhanced_code if reply and reply.code is None else None
    if enhanced is None and _STATUS.fullmatch(status) and not _STATUS.match(words):
        head.append(status)
    if not head and reply is not None:
        return reply
    # Words that quote another code further on ("Message expired -> 421 …") keep all that stands before it.
    rest = reply.text if reply and reply.code is None else words or instead
    return parse_reply(" ".join([*head, rest]))


_CODE = re.compile(r"\W*[245]\d\d\b")
_STATUS = re.compile(r"[45]\.\d{1,3}\.\d{1,3}")


def deferred(reply: Reply) -> Kind:
    """What a message that is still tried is: refused for now (4xx), or delayed without the server's word for it."""
    temporary = reply.code // 100 == 4 if reply.code else (reply.enhanced_code or "").startswith("4.")
    return Kind.BOUNCE if temporary else Kind.DELAYED


def _last_refusal(reply: Reply) -> Reply | None:
    """What a platform that gave up waiting quotes as the last temporary refusal."""
    found = _QUOTED.search(reply.text)
    return parse_reply(next(filter(None, found.groups()), "")) if found else None


_QUOTED = re.compile(r"Message expired: [^<]{1,80}<([45].{2,2000})>\.?$|\(last transfail: ([45].{2,2000})\)\.?$")
"""Amazon SES and SparkPost."""


def event(
    kind: Kind,
    bounce: Bounce,
    *,
    theirs: str = "",
    message_id: str = "",
    feedback_type: str = "",
) -> Event:
    """An event; the reader adds where it stood."""
    return Event(
        kind,
        bounce,
        path="",
        number=0,
        message_id=named(message_id, _MAX_ID),
        last=_last_refusal(bounce.reply) if kind is Kind.BOUNCE else None,
        theirs=named(theirs),
        feedback_type=named(feedback_type.lower()),
    )
