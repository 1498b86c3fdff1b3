"""A reply without what differs from one delivery to the next: addresses, hosts, IPs, ids, times, numbers.

Two replies that are equal after it are the same incident. Codes at the head stay, and so do the short names that
providers give their refusals (``S3150``, ``AUP#1310``, ``TSS04``): these are what tells one incident from another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

MAX_MASKED = 300
"""Characters of a masked reply; what tells incidents apart stands at the front."""
_MAX_READ = 1200

SAMPLES: Mapping[str, str] = {
    "url": "https://example.net/help",
    "address": "user@example.com",
    "ip": "192.0.2.10",
    "time": "12:34:56",
    "date": "22 Nov 2026",
    "host": "mx.example.net",
    "id": "4Kq7Tz1mXw9",
    "n": "42",
    "name": "user",
}
"""What may stand in the place of each mask: an example that belongs to nobody."""

_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_HEX4 = "[0-9a-f]{1,4}"
_MASK = re.compile(
    r"(?P<url>\b(?:https?|ftp)://[^\s<>\"')\]]+|\bwww\.[\w-]+\.[^\s<>\"')\]]+)"
    r"|(?P<address><?[\w.!#$%&'*+/=?^`{|}~-]{1,128}@(?:(?:[\w-]{1,63}\.){0,10}[\w-]{1,63}|\[[\d.a-f:]+\])>?)"
    r"|(?P<time>(?<![\w:])\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?![\w:])(?: ?[ap]m\b)?(?: [+-]\d{4}\b)?)"
    r"|(?P<ip>(?:ipv6:)?(?<![\w.:])(?:\d{1,3}\.){3}\d{1,3}(?![\w.-]*\.\w|\w)(?:[:/]\d{1,5})?"
    rf"|(?:ipv6:)?(?<![\w:])(?:{_HEX4}:){{2,7}}(?::?{_HEX4}|:)(?:(?::{_HEX4}){{0,6}})(?![\w:]))"
    r"|(?P<date>\b(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},? )?"
    rf"(?:\d{{1,2}} {_MONTH} \d{{4}}|{_MONTH} +\d{{1,2}},? \d{{4}})\b"
    r"|\b\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?)"
    r"|(?P<id>\b(?=[\w=/+.-]{0,40}\d)(?=[\w=/+.-]{0,40}[a-z])(?=(?:[a-z=/+_.-]{0,40}\d){2})[\w=/+.-]{9,}\b=*|\b\d{8,}\b)"
    r"|(?P<host>\b(?:[a-z0-9_](?:[\w-]{0,61}\w)?\.){1,8}(?!\d)[a-z][a-z0-9-]{0,20}[a-z0-9]\b)"
    r"|(?P<n>(?<![\w#.\-])\d+(?:[.,]\d+)*(?![\w#]))",
    re.IGNORECASE,
)
_CODES = re.compile(r"(?:[2-5]\d\d(?:[ -]|$))?(?:[245]\.\d{1,3}\.\d{1,3}(?:[ :]|$))?")
_REPEATED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
MASKED = re.compile(r"<(url|address|ip|date|time|id|host|n|name)>")
"""A mask in a masked text."""


def masked(text: str, recipient: str | None = None) -> str:
    """``text`` (``Reply.text``: codes first, one line) with its masks, cut at ``MAX_MASKED``.

    The local part of ``recipient``, where it stands in the text alone, is masked as ``<name>``.
    """
    text = text[:_MAX_READ]
    head = _CODES.match(text)
    start = head.end() if head else 0
    body = text[start:]
    if recipient:
        body = _without_name(body, recipient.partition("@")[0])
    return (text[:start] + _MASK.sub(_mask, body))[:MAX_MASKED].rstrip()


def _without_name(body: str, name: str) -> str:
    """A name alone is masked first: ``<jdoe>: mailbox is full``."""
    if len(name) < 3 or name not in body:
        return body
    return re.sub(rf"(?<![\w@.-]){re.escape(name)}(?![\w@-]|\.\w)", "<name>", body)


def _mask(match: re.Match[str]) -> str:
    kind = match.lastgroup or "n"
    words = match[0]
    # An enhanced code inside the text is a word, not a number.
    if kind in ("n", "id", "host") and _REPEATED.fullmatch(words):
        return words
    return f"<{kind}>"


def sampled(text: str) -> str:
    """A masked text with a sample in the place of each mask: a reply that belongs to nobody."""
    return MASKED.sub(lambda match: SAMPLES[match[1]], text)
