"""The systemd journal as ``journalctl -o export`` and ``-o json`` write it, turned into the lines of a log.

(``-o short`` and its kin are log lines already.) Format: systemd.io, "Journal Export Formats".
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO

from deliverkit.bounces.units import MAX_LINE, Feed, Numbered

_WANTED = (
    b"__REALTIME_TIMESTAMP", b"_HOSTNAME", b"SYSLOG_IDENTIFIER", b"_COMM", b"SYSLOG_PID", b"_PID", b"MESSAGE",
)  # fmt: skip
_Fields = dict[bytes, bytes]


def is_journal(head: bytes) -> bool:
    """Is this the beginning of an exported journal?"""
    if head.startswith(b"__CURSOR="):
        return True
    return head.startswith(b"{") and b'"__REALTIME_TIMESTAMP"' in head and b'"__CURSOR"' in head


def head_lines(head: bytes) -> bytes:
    """The log lines at the beginning of an exported journal."""
    return b"\n".join(line for _, line in journal_lines(io.BytesIO(head), Feed()))


def journal_lines(stream: IO[bytes], feed: Feed) -> Iterator[tuple[int, bytes]]:
    """One log line an entry, numbered by the line that the entry begins with."""
    number, begins = 0, 1
    fields: _Fields = {}
    while line := stream.readline(MAX_LINE):
        number += 1
        feed.count = number
        if line[:1] == b"{":
            yield from _from_json(number, line, feed)
            continue
        line = line.rstrip(b"\n")
        name, equals, value = line.partition(b"=")
        if not line:
            yield from _line(begins, fields)
            fields, begins = {}, number + 1
        elif equals:
            if name in _WANTED:
                fields[name] = value
        elif name.replace(b"_", b"").isalnum():
            # A value that is not plain text stands behind its length.
            size = int.from_bytes(stream.read(8), "little")
            if size > MAX_LINE:
                feed.faults.append((number, "too-long"))
                return
            value = stream.read(size)
            stream.read(1)
            number += value.count(b"\n") + 1
            if name in _WANTED:
                fields[name] = value
        else:
            feed.faults.append((number, "journal"))
    yield from _line(begins, fields)


def _from_json(number: int, line: bytes, feed: Feed) -> Iterator[Numbered]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        feed.faults.append((number, "json"))
        return
    fields: _Fields = {}
    for name in _WANTED:
        value = entry.get(name.decode())
        if isinstance(value, list) and all(isinstance(byte, int) and 0 <= byte < 256 for byte in value):
            fields[name] = bytes(value)
        elif isinstance(value, str):
            fields[name] = value.encode("utf-8", "replace")
    yield from _line(number, fields)


def _line(number: int, fields: _Fields) -> Iterator[Numbered]:
    message = fields.get(b"MESSAGE")
    if message is None:
        return
    try:
        at = datetime.fromtimestamp(int(fields.get(b"__REALTIME_TIMESTAMP", b"0")) / 1e6, UTC)
    except (ValueError, OverflowError, OSError):
        at = datetime.fromtimestamp(0, UTC)
    program = fields.get(b"SYSLOG_IDENTIFIER") or fields.get(b"_COMM") or b"-"
    pid = fields.get(b"SYSLOG_PID") or fields.get(b"_PID") or b"0"
    stamp = at.isoformat(timespec="microseconds").encode()
    yield (
        number,
        b"%b %b %b[%b]: %b" % (stamp, fields.get(b"_HOSTNAME", b"-"), program, pid, b" ".join(message.split(b"\n"))),
    )
