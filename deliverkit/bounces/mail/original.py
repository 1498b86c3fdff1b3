"""The message that came back: the headers by which its sender knows it again."""

from __future__ import annotations

import re
from datetime import datetime
from email.errors import MessageError
from email.header import decode_header, make_header
from email.utils import parsedate_to_datetime

from deliverkit.bounces.mail.address import addresses, first_address
from deliverkit.bounces.mail.parts import WANTED, Head, Mail, original_head, read_head
from deliverkit.bounces.mail.result import Original
from deliverkit.bounces.mail.words import Words

# Nearly every date has this form; the standard parser takes ten times as long for it.
_DATE = re.compile(r"(?:\w{3},[ ]*)?(\d{1,2}) (\w{3}) (\d{4}) (\d\d:\d\d:\d\d) ([+-]\d{4})\b")
_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # noqa: SIM905 shorter than twelve strings
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}


def read_original(mail: Mail, words: Words) -> Original | None:
    """What is known of it; None where neither it nor its headers came back."""
    head: Head = {}
    if mail.returned is not None:
        head = original_head(mail.returned)
    if not head and words.copy:
        head = read_head(WANTED, words.copy[:20_000].encode("utf-8", "replace"))
    if not head:
        return None
    message_id = head.get("message-id")
    if message_id:
        message_id = message_id.strip("<> ")[:1000] or None
    return Original(
        message_id=message_id,
        sender=first_address(head.get("from")) or first_address(head.get("return-path")),
        subject=decoded(head["subject"]) if "subject" in head else None,
        date=iso_date(head.get("date")),
        to=tuple(addresses(head.get("to", "") + "," + head.get("cc", ""))[:50]) if "to" in head or "cc" in head else (),
    )


def decoded(value: str) -> str:
    """A header field with its encoded words (RFC 2047) read, as written where they cannot be."""
    value = value[:2000]
    if not value.isascii():
        value = value.encode("latin-1", "replace").decode("utf-8", "replace")
    if "=?" not in value:
        return value
    try:
        return str(make_header(decode_header(value))).encode("utf-8", "replace").decode()
    except (ValueError, LookupError, TypeError, AssertionError, MessageError):
        return value


def iso_date(value: str | None) -> str | None:
    """A Date field as ISO 8601, as written where it cannot be read."""
    if not value:
        return None
    match = _DATE.match(value)
    try:
        if match and match[2].lower() in _MONTHS:
            day, month, year, time, zone = match.groups()
            iso = f"{year}-{_MONTHS[month.lower()]:02}-{day:0>2}T{time}{zone[:3]}:{zone[3:]}"
            return datetime.fromisoformat(iso).isoformat()
        return parsedate_to_datetime(value[:100]).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return value[:100]
