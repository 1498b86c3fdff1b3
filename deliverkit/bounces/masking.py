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
_DATE = re.compile(
    r"\b(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},? )?"
    rf"(?:\d{{1,2}} {_MONTH} \d{{4}}|{_MONTH} +\d{{1,2}},? \d{{4}})\b"
    r"|\b\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?",
    re.IGNORECASE,
)
_DATED = re.compile(r"(?:19|20)\d\d")
_TOKEN = re.compile(r"[^\s\d@/:.]*[\d@/:.]\S*")
_MASK = re.compile(
    r"(?P<url>\b(?:https?|ftp)://[^\s<>\"')\]]+|\bwww\.[\w-]+\.[^\s<>\"')\]]+)"
    r"|(?P<address><?[\w.!#$%&'*+/=?^`{|}~-]{1,128}@(?:(?:[\w-]{1,63}\.){0,10}[\w-]{1,63}|\[[\d.a-f:]+\])>?)"
    r"|(?P<time>(?<![\w:])\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?![\w:])(?: ?[ap]m\b)?(?: [+-]\d{4}\b)?)"
    r"|(?P<ip>(?:ipv6:)?(?<![\w.:])(?:\d{1,3}\.){3}\d{1,3}(?![\w.-]*\.\w|\w)(?:[:/]\d{1,5})?"
    rf"|(?:ipv6:)?(?<![\w:])(?:{_HEX4}:){{2,7}}(?::?{_HEX4}|:)(?:(?::{_HEX4}){{0,6}})(?![\w:]))"
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
    if _DATED.search(body):
        body = _DATE.sub("<date>", body)
    # Four words in five hold nothing that could be masked; asking for that first takes a third of the time.
    return (text[:start] + _TOKEN.sub(_mask_token, body))[:MAX_MASKED].rstrip()


def _mask_token(match: re.Match[str]) -> str:
    return _MASK.sub(_mask, match[0])


def _without_name(body: str, name: str) -> str:
    """A name alone is masked first: ``<jdoe>: mailbox is full``. By hand, for a pattern a name costs too much."""
    if len(name) < 3:
        return body
    start = body.find(name)
    while start >= 0:
        end = start + len(name)
        after = body[end : end + 2]
        alone = not _is_word(body[start - 1 : start]) and not _is_word(after[:1])
        if alone and not (after[:1] == "." and after[1:].isalnum()):
            body = f"{body[:start]}<name>{body[end:]}"
            end = start + 6
        start = body.find(name, end)
    return body


def _is_word(char: str) -> bool:
    return char.isalnum() or char in ("_", "@", "-")


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
