"""Sendmail's log: one line an attempt, for one or several recipients.

``reply=`` holds the server's own words where it was written (8.16 and later); else ``stat=`` with ``dsn=`` must do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from deliverkit.bounces.event import Event, Fault, Kind
from deliverkit.bounces.memory import Memory
from deliverkit.bounces.said import host_name, said, taken, with_status
from deliverkit.bounces.sources import About, Numbered, Unit
from deliverkit.bounces.syslog import Clock, is_stamped, plain, stamp_and_host
from deliverkit.model import Bounce

NAME = "sendmail"
UNIT = Unit.LINE

_LINE = re.compile(rb"\]: (?:\[ID [^\]]{1,60}\] )?([0-9A-Za-z]{8,20}): (to=|from=|done[;,]|[0-9A-Za-z]{8,20}: )")
_FROM = re.compile(r"from=(?:<([^>]*)>|([^,]*)),")
_MESSAGE_ID = re.compile(r", msgid=<?([^\s>,]*)")
_TO = re.compile(r"to=(.*?), (?:ctladdr|delay|xdelay|mailer|pri|relay|dsn|stat)=", re.DOTALL)
_ADDRESS = re.compile(r"<([^>]*)>|([^\s,<>]+)")
_NAMES = "mailer|pri|relay|dsn|reply|stat|x?delay|ctladdr|daemon|quarantine|tls_verify|verify|intvl|scheduled"
_FIELD = re.compile(rf", (mailer|relay|dsn|reply)=((?:(?!, (?:{_NAMES})=).)*)")
_STAT = re.compile(r", stat=(.*)$", re.DOTALL)
_DEFERRED = re.compile(r"Deferred(?::\s*|$)|I/O error")
_NOT_YET = ("queued", "Sent (queued", "Expanded")
_GAVE_UP = b"Cannot send message for"
_MAX_RECIPIENTS = 1_000


def recognises(head: bytes) -> bool:
    """Lines with ``to=…, delay=…, stat=…``, or with the ``class=`` that only its ``from=`` lines have."""
    return any(_is_ours(line[:4_000]) for line in head.split(b"\n") if b"]: " in line)


def _is_ours(line: bytes) -> bool:
    match = _LINE.search(line, 0, 400)
    if match is None:
        return False
    if match[2] == b"to=":
        return b", stat=" in line and (b"delay=" in line or b", mailer=" in line)
    return match[2] == b"from=" and b", class=" in line


class Reader:
    """One pass over one piece of a log."""

    def __init__(self, about: About) -> None:
        self.memory = Memory()
        self._path = about.path
        self._clock = Clock(about.now)

    def read(self, lines: Iterable[Numbered]) -> Iterator[Event | Fault]:
        """Events and faults of all lines, in their order."""
        for number, line in lines:
            if line[:1] == b"<":
                line = plain(line)
            match = _LINE.search(line, 0, 400)
            if match is None:
                if line.strip() and not is_stamped(line):
                    yield Fault(self._path, number, "no-time")
                continue
            stamp, host = stamp_and_host(line)
            key, word = host + b" " + match[1], match[2]
            if word == b"to=":
                yield from self._attempt(number, key, line[match.start(2) :].decode("utf-8", "replace"), stamp)
            elif word == b"from=":
                self._taken_in(key, line[match.start(2) :].decode("utf-8", "replace"))
            elif word.startswith(b"done"):
                self.memory.forget(key)
            elif _GAVE_UP in line:
                yield from self._gave_up(number, key, line[match.end() :].decode("utf-8", "replace"), stamp)

    def _taken_in(self, key: bytes, words: str) -> None:
        note = self.memory.begin(key)
        sender, named = _FROM.match(words), _MESSAGE_ID.search(words)
        note.sender = (sender[1] or sender[2] or "") if sender else ""
        note.message_id = named[1] if named else ""

    def _attempt(self, number: int, key: bytes, words: str, stamp: bytes) -> Iterator[Event | Fault]:
        to, stat = _TO.match(words), _STAT.search(words)
        if to is None or stat is None:
            yield Fault(self._path, number, "cut-off" if stat is None else "columns")
            return
        status = stat[1]
        if status.startswith(_NOT_YET):
            return
        fields = dict(_FIELD.findall(words[: stat.start()]))
        delivered, deferred = status.startswith("Sent"), bool(_DEFERRED.match(status))
        note = self.memory.get(key)
        bounce = replace(
            _bounce(fields, status, delivered),
            sender=note.sender if note is not None else None,
            at=self._clock.iso(stamp),
        )
        pending = self.memory.pending(key, note)
        for count, found in enumerate(_ADDRESS.finditer(to[1])):
            if count >= _MAX_RECIPIENTS:
                break
            told = replace(bounce, recipient=found[1] or found[2])
            yield Event(
                Kind.DELIVERED if delivered else Kind.BOUNCE, told, self._path, number,
                key.rpartition(b" ")[2].decode("ascii"), (note.message_id or None) if note is not None else None,
                status.partition(":")[0].partition(" (")[0], None, None, pending,
            )  # fmt: skip
            if deferred:
                self.memory.defer(self.memory.of(key), told)
            elif note is None or note.waiting or not note.born:
                self.memory.settle(self.memory.of(key), told.recipient or "")

    def _gave_up(self, number: int, key: bytes, words: str, stamp: bytes) -> Iterator[Event]:
        # "4AMxx: return to sender: Cannot send message for 5 days"; the first id is the new message's.
        text = words.rpartition(": ")[2]
        bounce = Bounce(said(text).reply, at=self._clock.iso(stamp), source=NAME)
        queue_id = key.rpartition(b" ")[2].decode("ascii")
        yield from self.memory.expire(key, Event(Kind.BOUNCE, bounce, self._path, number, queue_id, theirs="expired"))


def _bounce(fields: dict[str, str], status: str, delivered: bool) -> Bounce:
    relay = fields.get("relay", "").partition(" ")[0]
    if delivered:
        text = status.removeprefix("Sent").strip(" ()") or "delivered"
        return Bounce(taken(text, fields.get("dsn")), mx=host_name(relay), source=NAME)
    deferred = _DEFERRED.match(status)
    words = fields.get("reply") or (status[deferred.end() :] if deferred else status) or status
    found = said(words)
    return Bounce(
        with_status(found.reply, fields.get("dsn")), None, None, host_name(relay) or found.host, found.ip,
        found.phase, source=NAME,
    )  # fmt: skip
