"""The log of qmail-send and its heirs (netqmail, notqmail, s/qmail): multilog with TAI64N stamps, or through syslog.

A line of a delivery names neither recipient nor message; those stand in the line that started it. The words are one
word: spaces are underscores, line ends are slashes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from deliverkit.bounces.event import Event, Fault, Kind, Pending
from deliverkit.bounces.memory import Memory, Note
from deliverkit.bounces.said import Said, said
from deliverkit.bounces.sources import About, Numbered, Unit
from deliverkit.bounces.syslog import Clock, plain, stamp_and_host
from deliverkit.model import Bounce

NAME = "qmail"
UNIT = Unit.LINE

_WORDS = (
    rb"starting delivery \d+: msg \d+ to |delivery \d+: (?:success|failure|deferral): |info msg \d+: bytes |"
    rb"end msg \d+|new msg \d+|bounce msg \d+|status: local \d+/\d+ remote "
)
_SEEN = re.compile(rb"(?m:^)(?:@[0-9a-f]{24} |\S[^\n]{0,60}qmail[^\n:]{0,20}: (?:\d+\.\d+ )?)?(?:" + _WORDS + rb")")
_LINE = re.compile(rb"(starting delivery|delivery|info msg|end msg|new msg) (\d{1,12})(?:: )?(.*)", re.DOTALL)
_STARTING = re.compile(rb"msg (\d{1,12}) to (?:remote|local) (\S+)")
_SENDER = re.compile(rb"from <([^>]*)>")
_OUTCOME = re.compile(r"(success|failure|deferral): (.*)", re.DOTALL)
_SAID = re.compile(
    r"(?:^|/)(?:Remote[_ ]host[_ ]said|.{0,60}?said):[_ ](.*?)(?:/(?:Giving_up_on_.*|I'm_not_going.*)?)?$", re.DOTALL
)
_UNDERSCORE = re.compile(
    r"(?<![A-Za-z])(?!SMTP|RCPT|DATA|MAIL|ERROR|CODE|REPLY|STATUS|DSN|RFC)[A-Z]{3,8}\d{0,4}_\d{1,4}(?!\d|\.\d)|"
    r"/(?:mail|security)_[a-z]+(?=[.#/])|(?<![a-z])dns_rbl\b"
)
"""Providers' own codes, in which an underscore is one; qmail writes spaces as the same."""
_NEXT_LINE = re.compile(r"/(?=[245]\d\d[ -])")
_GAVE_UP = "I'm_not_going_to_try_again"
_PHASES = (
    ("does_not_like_recipient", "rcpt"), ("sender_was_rejected", "mail"), ("failed_on_DATA", "data"),
    ("failed_after_I_sent_the_message", "eod"), ("my_name_was_rejected", "ehlo"), ("greeting_failed", "connect"),
    ("wasn't_able_to_establish_an_SMTP", "connect"),
)  # fmt: skip
_KINDS = {"success": Kind.DELIVERED, "failure": Kind.BOUNCE, "deferral": Kind.BOUNCE}
_TAI = 4_611_686_018_427_387_914
"""The second that TAI64 calls 1970-01-01 00:00:00 UTC, as daemontools counts it."""


def recognises(head: bytes) -> bool:
    """Lines that begin as qmail-send's do."""
    return bool(_SEEN.search(head))


class Reader:
    """One pass over one piece of a log."""

    def __init__(self, about: About) -> None:
        self.memory = Memory()
        self._path = about.path
        self._clock = Clock(about.now)

    def read(self, lines: Iterable[Numbered]) -> Iterator[Event | Fault]:
        """Events and faults of all lines, in their order."""
        for number, line in lines:
            at, host, text = self._begun(line)
            match = _LINE.match(text)
            if match is None:
                continue
            word, name, rest = match.groups()
            message = host + b" m" + name
            if word == b"new msg":
                self.memory.begin(message)
            elif word == b"info msg":
                note = self.memory.get(message) or self.memory.begin(message)
                found = _SENDER.search(rest)
                note.sender, note.message_id = (found[1].decode("utf-8", "replace") if found else ""), ""
            elif word == b"end msg":
                self.memory.forget(message)
            elif word == b"starting delivery":
                self._started(host, name, rest)
            else:
                yield from self._ended(number, host + b" d" + name, rest.decode("utf-8", "replace"), at)

    def _begun(self, line: bytes) -> tuple[str | None, bytes, bytes]:
        if line[:1] == b"@":
            return _tai(line[1:17]), b"", line[26:]
        if line[:1].isalpha() and line[3:4] != b" ":
            return None, b"", line
        line = plain(line)
        stamp, host = stamp_and_host(line)
        start = line.find(b": ", len(stamp) + len(host)) + 2
        first, _, rest = line[start:].partition(b" ")
        text = rest if first.replace(b".", b"").isdigit() else line[start:]
        return self._clock.iso(stamp), host, text

    def _started(self, host: bytes, name: bytes, rest: bytes) -> None:
        found = _STARTING.match(rest)
        if found:
            note = self.memory.begin(host + b" d" + name)
            note.queue_id = found[1].decode("ascii")
            note.of, note.recipient = host + b" m" + found[1], found[2].decode("utf-8", "replace")

    def _ended(self, number: int, key: bytes, rest: str, at: str | None) -> Iterator[Event | Fault]:
        match = _OUTCOME.match(rest)
        if match is None:
            yield Fault(self._path, number, "cut-off")
            return
        outcome, words = match.groups()
        delivery = self.memory.get(key)
        message = self.memory.get(delivery.of) if delivery is not None and delivery.of else None
        spoke = _words(words)
        bounce = Bounce(
            spoke.reply,
            delivery.recipient if delivery is not None else None,
            message.sender if message is not None else None,
            spoke.host,
            spoke.ip,
            spoke.phase,
            at,
            NAME,
        )
        last = None
        if _GAVE_UP in words:
            cause, _, over = words.partition(_GAVE_UP)
            last = spoke.reply if cause else None
            bounce = replace(bounce, reply=said((_GAVE_UP + over).replace("_", " ").rstrip("/")).reply, phase=None)
        named = delivery.queue_id if delivery is not None else None
        pending = self._pending(key, delivery, message)
        self.memory.forget(key)
        yield Event(_KINDS[outcome], bounce, self._path, number, named, None, outcome, last, None, pending)

    def _pending(self, key: bytes, delivery: Note | None, message: Note | None) -> Pending | None:
        if delivery is None or delivery.of is None:
            return self.memory.pending(key, None)
        return None if message is not None and message.sender is not None else self.memory.pending(delivery.of, None)


def _words(words: str) -> Said:
    cause = words.partition("/" + _GAVE_UP)[0]
    match = _SAID.search(cause)
    text = match[1] if match else cause
    text = _UNDERSCORE.sub(lambda code: code[0].replace("_", "\0"), text).replace("_", " ").replace("\0", "_")
    text = _NEXT_LINE.sub(" ", text).rstrip("/ ")
    found = said(text)
    phase = next((phase for mark, phase in _PHASES if mark in words), None)
    return Said(found.reply, phase, found.host, found.ip)


def _tai(label: bytes) -> str | None:
    try:
        return datetime.fromtimestamp(int(label, 16) - _TAI, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return None
