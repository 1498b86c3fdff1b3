"""Received fields: which hosts the message passed, newest first (RFC 5321 section 4.4)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from deliverkit.message.mail import Message

MAX_HOPS = 100
_LOOK = 2_000
_BY = re.compile(r"(?:^|\s)by\s+([^\s;()]{1,255})", re.IGNORECASE)
_FROM = re.compile(r"^\s*from\s+([^\s;()]{1,255})", re.IGNORECASE)
_HELO = re.compile(r"\b(?:helo|ehlo)[=\s]+([^\s()\]]{1,255})", re.IGNORECASE)
_IP = re.compile(r"(?<![\w.:-])(?:IPv6:)?((?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{0,4}:[0-9a-f:.]{2,43})(?![\w.:-])", re.I)
_CLIENT = re.compile(r"\bclient-ip=\"?([0-9a-f.:]{3,45})", re.IGNORECASE)
_ENVELOPE = re.compile(r"\benvelope-from=\"?<?([^\s;\">]{1,320})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class HopLine:
    """One Received field."""

    helo: str | None
    """What the client called itself, as the server wrote it down."""
    ip: str | None
    """The client's address, in its canonical form."""
    by: str | None
    """The server that wrote the line."""
    at: datetime | None
    """When, as that server says; always with a time zone."""
    text: str


def hops(message: Message) -> tuple[HopLine, ...]:
    """The Received fields, topmost (newest) first, at most ``MAX_HOPS``."""
    return tuple(_hop(header.text[:_LOOK]) for header in message.all("received")[:MAX_HOPS])


def client_ip_said(message: Message) -> str | None:
    """The client's address that the topmost Received-SPF field names (RFC 7208 section 9.1)."""
    return _said(message, _CLIENT)


def envelope_from_said(message: Message) -> str | None:
    """The MAIL FROM address that the topmost Received-SPF field names."""
    return _said(message, _ENVELOPE)


def _said(message: Message, pattern: re.Pattern[str]) -> str | None:
    text = message.text("received-spf")
    found = pattern.search(text[:_LOOK]) if text else None
    if found is None:
        return None
    return _canonical(found[1]) if pattern is _CLIENT else found[1]


def _hop(text: str) -> HopLine:
    by = _BY.search(text)
    before = text[: by.start()] if by else text.partition(";")[0]
    # Postfix writes "from HELO (name [IP])", Exim "from name ([IP] helo=HELO)", qmail "(HELO x)".
    spoken, named = _HELO.search(before), _FROM.match(text)
    helo = spoken[1] if spoken else named[1] if named else None
    ips = (ip for match in _IP.findall(before) if (ip := _canonical(match)))
    return HopLine(helo, next(ips, None), by[1].lower() if by else None, date_of(text.rpartition(";")[2]), text)


def date_of(text: str) -> datetime | None:
    """A date as RFC 5322 section 3.3 writes it, with a time zone; None for what is none."""
    try:
        parsed = parsedate_to_datetime(text.strip()[:100])
        # -0000 is UTC of which the local time is not said.
        return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError, IndexError, OSError):
        return None


def _canonical(text: str) -> str | None:
    try:
        ip = ipaddress.ip_address(text.strip("."))
    except ValueError:
        return None
    return str(ip.ipv4_mapped or ip) if isinstance(ip, ipaddress.IPv6Address) else str(ip)
