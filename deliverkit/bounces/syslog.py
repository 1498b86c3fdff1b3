"""The beginning of a log line: when and on which host. The forms of RFC 3164 and RFC 5424, with or without priority."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_MONTHS = {name: number for number, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_PRIORITY = re.compile(rb"<\d{1,3}>")
_RFC5424 = re.compile(
    rb"<\d{1,3}>1 (\S{1,40}) (\S{1,255}) (\S{1,60}) (\S{1,128}) \S{1,32} (?:-|(?:\[(?:[^\]\\]|\\.){0,2000}\]){1,8})"
    rb" ?(?:\xef\xbb\xbf)?"
)
_DAY = timedelta(days=1)


def plain(line: bytes) -> bytes:
    """A line that begins with a priority, in the form that files have: time, host, program[pid]: text."""
    match = _RFC5424.match(line)
    if match:
        return b"%b %b %b[%b]: %b" % (match[1], match[2], match[3], match[4], line[match.end() :])
    match = _PRIORITY.match(line)
    return line[match.end() :] if match else line


def stamp_and_host(line: bytes) -> tuple[bytes, bytes]:
    """The time stamp as written, and the host behind it."""
    if line[4:5] == b"-":
        end = line.find(b" ", 12)
    elif line[7:8] == b" " and line[12:13] == b" ":
        end = 21  # "Nov 22 2026 07:00:01": some writers put the year
    else:
        end = 15
    start = end + 1
    return line[:end], line[start : line.find(b" ", start)]


def is_stamped(line: bytes) -> bool:
    """Does a line begin with a time, as every line of a log does?"""
    return (line[:3] in _MONTHS and line[3:4] == b" ") or (line[4:5] == b"-" and line[:4].isdigit())


class Clock:
    """Time stamps as ISO 8601.

    A stamp without a year is of the newest year that does not lie in the future; without a zone it stays without one,
    for the log does not say which.
    """

    def __init__(self, now: datetime) -> None:
        self._now = now.astimezone(UTC).replace(tzinfo=None) + _DAY
        self._stamp = b""
        self._iso: str | None = None

    def iso(self, stamp: bytes) -> str | None:
        """None for what is no time."""
        if stamp != self._stamp:
            self._stamp = stamp
            self._iso = self._read(stamp)
        return self._iso

    def _read(self, stamp: bytes) -> str | None:
        try:
            if stamp[4:5] == b"-":
                text = stamp.decode("ascii").replace(",", ".")
                datetime.fromisoformat(text)
                return text[:10] + "T" + text[11:].replace(" ", "")
            month, rest = _MONTHS[stamp[:3]], stamp[4:].split()
            year = int(rest[1]) if len(rest) == 3 else 0
            hour, minute, second = rest[-1].decode("ascii").split(":")
            parts = month, int(rest[0]), int(hour), int(minute), int(float(second))
            return self._in_year(year, parts).isoformat()
        except (ValueError, KeyError, IndexError):
            return None

    def _in_year(self, year: int, parts: tuple[int, int, int, int, int]) -> datetime:
        if year:
            return datetime(year, *parts)
        # Leap days are up to eight years apart.
        for year in range(self._now.year, self._now.year - 9, -1):
            try:
                at = datetime(year, *parts)
            except ValueError:
                continue
            if at <= self._now:
                return at
        raise ValueError
