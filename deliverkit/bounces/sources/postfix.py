"""Postfix's log: any syslog form, any instance name, short and long queue ids.

Every delivery attempt is an event, one a recipient: taken, deferred or bounced. What passes through a content filter
on this machine is ``relayed``, for the filter hands it back as a new message. A message that expires is one event for
each recipient that was still waiting, with the last deferral beside it.

No events are: address probes (``deliverable``, ``undeliverable``), which no mail was sent for; and what our own
server refused from others (``NOQUEUE: reject``), which are no bounces of our mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from deliverkit.bounces.event import Event, Fault, Kind
from deliverkit.bounces.memory import Memory, Note
from deliverkit.bounces.said import host_name, said, taken, with_status
from deliverkit.bounces.sources import About, Numbered, Unit
from deliverkit.bounces.syslog import Clock, is_stamped, plain, stamp_and_host
from deliverkit.model import Bounce, Reply

NAME = "postfix"
UNIT = Unit.LINE

_SEEN = re.compile(
    rb"/(?:smtp|lmtp|local|virtual|pipe|error|discard|bounce|qmgr|cleanup|smtpd|pickup|postscreen|anvil|scache|"
    rb"trivial-rewrite|tlsmgr|master|postfix-script|submission/smtpd|smtps/smtpd)(?:\[\d{1,10}\]: | \d{1,10} )|"
    rb"\]: [0-9A-Za-z]{5,20}: to=<[^>\n]{1,320}>, (?:orig_to=<[^>\n]{0,320}>, )?relay=[^\s,]{1,320}, "
    rb"(?:conn_use=\d+, )?delay="
)
_DELIVERY = re.compile(
    r"to=<(.*?)>, (?:orig_to=<([^>]*)>, )?relay=([^,\[\s]*)(\[[^\]]*\])?\S*, (?:conn_use=\d+, )?delay=[^,]*, "
    r"(?:delays=[^,]*, )?(?:dsn=([\d.]*), )?status=([\w-]+)(?: \((.*))?",
    re.DOTALL,
)
_FROM = re.compile(rb"from=<([^>]*)>")
_MESSAGE_ID = re.compile(rb"<?([^\s>]*)")
_PROBES = frozenset({"deliverable", "undeliverable"})
_FAILED = frozenset({"bounced", "deferred", "SOFTBOUNCE", "softbounce", "expired"})
_HERE = frozenset({"127.0.0.1", "localhost", "::1", "localhost.localdomain"})
_MAX_REASON = 8_000
_MAX_LINE = 16_000


def recognises(head: bytes) -> bool:
    """Postfix's programs, whatever the instance is called, or one of its delivery lines."""
    return bool(_SEEN.search(head))


class Reader:
    """One pass over one piece of a log."""

    def __init__(self, about: About) -> None:
        self.memory = Memory()
        self._path = about.path
        self._clock = Clock(about.now)

    def read(self, lines: Iterable[Numbered]) -> Iterator[Event | Fault]:
        """Events and faults of all lines, in their order."""
        memory, delivered = self.memory, self._delivered
        for number, line in lines:
            start = line.find(b"]: ")
            if start < 0 or line[:1] == b"<":
                line = plain(line)
                start = line.find(b"]: ")
                if start < 0:
                    if line.strip() and not is_stamped(line):
                        yield Fault(self._path, number, "no-time")
                    continue
            start += 3
            if line[start : start + 4] == b"[ID ":
                start = line.find(b"] ", start) + 2
            end = line.find(b": ", start, start + 24)
            if end < 0:
                continue
            # What a line is stands in its first letters, so most lines cost four steps.
            word = line[end + 2 : end + 6]
            if word == b"to=<":
                yield from delivered(line, start, end, number)
            elif word == b"from":
                yield from self._queued(line, start, end, number)
            elif word == b"mess":
                if line.startswith(b"message-id=", end + 2):
                    self._named(self._key(line, start, end), line[end + 13 :])
            elif word == b"clie" or word == b"uid=":
                memory.begin(self._key(line, start, end))
            elif word == b"remo" and line.startswith(b"removed", end + 2):
                memory.forget(self._key(line, start, end))

    def _key(self, line: bytes, start: int, end: int) -> bytes:
        return stamp_and_host(line)[1] + b" " + line[start:end]

    def _named(self, key: bytes, value: bytes) -> None:
        note = self.memory.get(key)
        if note is None or not note.born or note.message_id is not None:
            # What local delivery and bounces put into the queue begins with this line.
            note = self.memory.begin(key)
        match = _MESSAGE_ID.match(value)
        note.message_id = match[1].decode("utf-8", "replace")[:998] if match else ""

    def _queued(self, line: bytes, start: int, end: int, number: int) -> Iterator[Event | Fault]:
        match = _FROM.match(line, end + 2)
        if not match:
            return
        key = self._key(line, start, end)
        note = self.memory.of(key)
        note.sender = match[1].decode("utf-8", "replace")
        if b"expired, returned" not in line[match.end() :]:
            return
        words = line[match.end() + 2 :].decode("utf-8", "replace")
        stamp = stamp_and_host(line)[0]
        bounce = Bounce(Reply(None, None, words, words), None, note.sender, at=self._clock.iso(stamp), source=NAME)
        queue_id = line[start:end].decode("ascii", "replace")
        event = Event(Kind.BOUNCE, bounce, self._path, number, queue_id, theirs="expired")
        yield from self.memory.expire(key, event)

    def _delivered(self, line: bytes, start: int, end: int, number: int) -> Iterator[Event | Fault]:
        match = _DELIVERY.match(line[end + 2 : end + _MAX_LINE].decode("utf-8", "replace"))
        if not match:
            if b"postfix" in line[:start]:
                yield Fault(self._path, number, "cut-off" if b"status=" not in line else "columns")
            return
        recipient, original, relay, address, dsn, status, words = match.groups()
        if status in _PROBES:
            return
        stamp, host = stamp_and_host(line)
        key = host + b" " + line[start:end]
        note = self.memory.get(key)
        words = (words or "")[:_MAX_REASON]
        if words[-1:] == ")":
            words = words[:-1]
        filtered = relay in _HERE
        ip = None
        if status in _FAILED:
            kind = Kind.BOUNCE
            reply, phase, spoke, ip = said(words)
            reply = with_status(reply, dsn)
        else:
            kind = Kind.RELAYED if filtered else Kind.DELIVERED
            reply, phase, spoke = taken(words, dsn), None, None
        bounce = Bounce(
            reply,
            recipient,
            note.sender if note is not None else None,
            (host_name(relay) if address and not filtered else None) or spoke,
            ip,
            phase,
            self._clock.iso(stamp),
            NAME,
            original,
        )
        pending = self.memory.pending(key, note)
        message_id = note.message_id or None if note is not None else None
        queue_id = line[start:end].decode("ascii", "replace")
        yield Event(
            kind, bounce, self._path, number, queue_id, message_id, status if kind is not Kind.RELAYED else "sent",
            None, None, pending,
        )  # fmt: skip
        self._remember(key, note, bounce, status)

    def _remember(self, key: bytes, note: Note | None, bounce: Bounce, status: str) -> None:
        if status in ("deferred", "SOFTBOUNCE", "softbounce"):
            self.memory.defer(self.memory.of(key), bounce)
        elif note is None or note.waiting or not note.born:
            self.memory.settle(self.memory.of(key), bounce.recipient or "")
