"""A stream of bytes into what readers are fed: lines, CSV rows, JSON values, mails. Memory stays constant.

What cannot be fed is told through a ``Feed``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import IO

from deliverkit.bounces.containers import first_bytes

Numbered = tuple[int, bytes]


class Feed:
    """What is told beside the units themselves."""

    def __init__(self) -> None:
        self.count = 0
        """Units so far; final at the end."""
        self.faults: list[tuple[int, str]] = []
        """What could not be fed, by number; emptied by whoever takes the units."""


MAX_LINE = 1 << 20
"""Bytes of a line; a longer one is left out and told."""
MAX_VALUE = 16 << 20
"""Bytes of one JSON value."""
MAX_MAIL = 16 << 20
"""Bytes of a mail that are kept whole; of a larger one the beginning, and the parts of a report behind it."""
_KEPT = 1 << 20
_BLOCK = 1 << 20
_MAX_ROW_LINES = 1_000

MBOX_NEXT = re.compile(rb"\n\r?\n(?=From [^\r\n]{0,200} \d\d:\d\d(?::\d\d)?[^\r\n]{0,40}\r?\n)")
_LONGEST_FROM = 320
_REPORT = re.compile(rb"content-type:[ \t]*message/(?:global-)?(?:delivery-status|feedback-report)", re.IGNORECASE)
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["{}\[\]]', re.DOTALL)


def lines(stream: IO[bytes], feed: Feed) -> Iterator[Numbered]:
    """Lines without their ends. A line that is too long (by less than a block, it may pass) is told and left out."""
    number, tail, too_long = 1, b"", False
    while block := first_bytes(stream, _BLOCK):
        parts = (tail + block).split(b"\n")
        tail = parts.pop()
        if parts and too_long:
            feed.faults.append((number, "too-long"))
            parts, number, too_long = parts[1:], number + 1, False
        if b"\r" in block:
            parts = [part[:-1] if part[-1:] == b"\r" else part for part in parts]
        feed.count = number + len(parts) - 1
        yield from enumerate(parts, number)
        number += len(parts)
        if len(tail) > MAX_LINE:
            tail, too_long = b"", True
    if too_long:
        feed.faults.append((number, "too-long"))
        feed.count = number
    elif tail:
        feed.count = number
        yield number, tail.removesuffix(b"\r")


def rows(numbered: Iterable[Numbered], feed: Feed) -> Iterator[Numbered]:
    """CSV rows: lines, joined where a quote is still open. The number is that of the first line."""
    held: list[Numbered] = []
    size, quotes = 0, 0
    for number, line in numbered:
        held.append((number, line))
        size += len(line)
        quotes += line.count(b'"')
        if quotes % 2 == 0:
            yield held[0][0], b"\n".join(part for _, part in held)
        elif size <= MAX_LINE and len(held) < _MAX_ROW_LINES:
            continue
        else:
            # A quote that nobody closed: the row that holds it is lost, not all that follow.
            feed.faults.append((held[0][0], "quotes"))
            yield from (entry for entry in held[1:] if entry[1].count(b'"') % 2 == 0)
        held, size, quotes = [], 0, 0
    if held:
        feed.faults.append((held[0][0], "quotes"))
        yield from (entry for entry in held[1:] if entry[1].count(b'"') % 2 == 0)


def is_json_lines(head: bytes) -> bool:
    """Does each line hold a whole value? Told by the first one. One array on one line is not lines."""
    import json

    first, _, rest = head.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")
    if first[:1] == b"[" and not rest.strip():
        return False
    try:
        return isinstance(json.loads(first), dict | list)
    except (ValueError, RecursionError):
        return False


def json_lines(numbered: Iterable[Numbered]) -> Iterator[Numbered]:
    """Values of JSON lines; what stands in an array on one line has the number of the line."""
    for number, line in numbered:
        bare = line.strip(b" \t\r\n\xef\xbb\xbf\x1e,")
        if bare[:1] == b"[" and bare != b"[":
            found = list(_elements(bare))
            yield from ((number, value) for value in found or [bare])
        elif bare not in (b"", b"[", b"]"):
            yield number, bare


def _elements(text: bytes) -> Iterator[bytes]:
    depth = start = 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in (b"{", b"["):
            depth += 1
            if depth == 2:
                start = match.start()
        elif token in (b"}", b"]"):
            depth -= 1
            if depth == 1:
                yield text[start : match.end()]


def json_values(stream: IO[bytes], feed: Feed) -> Iterator[Numbered]:
    """Values that span lines, one after the other, or the elements of one array."""
    number = depth = position = base = 0
    start = -1
    buffer = b""
    while block := first_bytes(stream, _BLOCK):
        buffer += block
        for match in _TOKEN.finditer(buffer, position):
            token = match[0]
            if token == b'"':
                position = match.start()
                break
            position = match.end()
            if token in (b"{", b"["):
                if depth == 0 and token == b"[" and start < 0:
                    base = 1
                elif depth == base and start < 0:
                    start = match.start()
                depth += 1
            elif token in (b"}", b"]"):
                depth = max(0, depth - 1)
                if depth == base and start >= 0:
                    number += 1
                    feed.count = number
                    yield number, buffer[start:position]
                    start = -1
                elif depth == 0:
                    base = 0
        else:
            position = len(buffer)
        cut = start if start >= 0 else position
        buffer, position = buffer[cut:], position - cut
        start = 0 if start >= 0 else -1
        if len(buffer) > MAX_VALUE:
            feed.faults.append((number + 1, "too-long"))
            return
    if start >= 0:
        feed.faults.append((number + 1, "cut-off"))


def mails(stream: IO[bytes], is_mbox: bool, feed: Feed) -> Iterator[Numbered]:
    """The mails of an mbox, or the one mail that the stream is."""
    number = 1
    mail = _Mail()
    rest = b""
    while block := first_bytes(stream, _BLOCK):
        rest += block
        start = 0
        if is_mbox:
            for match in MBOX_NEXT.finditer(rest):
                mail.add(rest[start : match.end()])
                feed.count = number
                yield number, mail.take()
                number += 1
                start = match.end()
        # The beginning of a boundary may stand at the end of the block.
        keep = max(start, len(rest) - _LONGEST_FROM) if is_mbox else len(rest)
        mail.add(rest[start:keep])
        rest = rest[keep:]
    mail.add(rest)
    if mail.size:
        feed.count = number
        yield number, mail.take()


class _Mail:
    """A mail that is being collected."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0
        self._behind = 0

    def add(self, data: bytes) -> None:
        """The next bytes of it."""
        self.size += len(data)
        if self.size > MAX_MAIL:
            if not self._behind:
                whole = b"".join(self._parts)
                found = _REPORT.search(whole, _KEPT)
                self._parts = [whole[:_KEPT], _part(whole, found)] if found else [whole[:_KEPT]]
                self._behind = 1
            found = _REPORT.search(data)
            if not found or self._behind > 4:
                return
            data = _part(data, found)
            self._behind += 1
        self._parts.append(data)

    def take(self) -> bytes:
        """The mail; the next one begins."""
        whole = b"".join(self._parts)
        self._parts, self.size, self._behind = [], 0, 0
        return whole


def _part(data: bytes, found: re.Match[bytes]) -> bytes:
    start = data.rfind(b"\n--", 0, found.start())
    return data[max(start, found.start() - 2_000) : found.start() + _KEPT]
