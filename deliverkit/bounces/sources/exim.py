"""Exim's main log, as a file of its own or through syslog, with whatever fields ``log_selector`` adds.

Every attempt is an event: taken (``=>``, ``->``), failed (``**``), deferred (``==``). "Retry time not reached" was no
attempt and is none. Where the retry time is over, the last deferral of that address stands beside it. What our own
server refused from others (``rejected RCPT``) is no bounce of our mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from deliverkit.bounces.event import Event, Fault, Kind, Pending
from deliverkit.bounces.memory import Memory
from deliverkit.bounces.said import Said, host_name, phase_of, said
from deliverkit.bounces.sources import About, Numbered, Unit
from deliverkit.bounces.syslog import Clock, is_stamped, stamp_and_host
from deliverkit.model import Bounce

NAME = "exim"
UNIT = Unit.LINE

_ID = rb"[0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})"
_SEEN = re.compile(
    rb"(?m:^)(?:\S[^\n]{0,80}\]: )?(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?: [+-]\d{4})? )?(?:\[\d+\] )?"
    + _ID
    + rb" (?:<=|=>|->|\*\*|==|Completed)"
)
_LINE = re.compile(
    rb"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?: [+-]\d{4})? )?(?:\[\d+\] )?("
    + _ID
    + rb") (<=|=>|->|>>|\*>|\*\*|==|Completed|cancelled|removed)(?: |$)(.*)",
    re.DOTALL,
)
_HEAD = re.compile(r"(.*?)(?: <([^>]*)>)?(?= (?:[A-Z][A-Za-z]{0,2}=|defer |routing |DKIM)|$)", re.DOTALL)
_HOST = re.compile(r" H=(\S+) \[")
_OUR_IP = re.compile(r" I=\[([^\]]{3,45})\]")
_SENDER = re.compile(r" (?:F|P)=<([^>]*)>")
_CONFIRMED = re.compile(r' C="((?:[^"\\]|\\.)*)"')
_AFTER = re.compile(
    r"(?:SMTP|LMTP) (?:error|timeout) from remote (?:mail server|mailer) after (.{2,600}?): "
    r"(?:host (\S{1,255}) \[[^\]]{1,60}\](?::\d{1,5})?: )?(.*)",
    re.DOTALL,
)
_MESSAGE_ID = re.compile(rb" id=(\S+)")
_TOOK = re.compile(r"(?: [DQ]T=[\d.wdhms]{1,20})+$")
"""How long it took stands in front of the words, or behind them."""
_GAVE_UP = re.compile(
    r"^(?:(.*): )?(retry timeout exceeded)$|^()(all hosts for .* have been failing for a long time.*)$", re.S
)
_NO_ATTEMPT = "retry time not reached"


def recognises(head: bytes) -> bool:
    """A message id of Exim's form with one of its arrows behind it."""
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
            start = 0
            if not line[:1].isdigit() or line[10:11] == b"T":
                start = line.find(b"]: ") + 3
            match = _LINE.match(line, start)
            if match is None:
                if line.strip() and not is_stamped(line):
                    yield Fault(self._path, number, "no-time")
                continue
            stamp, key, arrow, rest = match.groups()
            if arrow == b"<=":
                self._taken_in(key, rest)
            elif arrow in (b"Completed", b"cancelled", b"removed"):
                self.memory.forget(key)
            else:
                at = self._clock.iso((stamp or stamp_and_host(line)[0]).strip())
                yield from self._attempt(number, key, arrow.decode(), rest.decode("utf-8", "replace"), at)

    def _taken_in(self, key: bytes, rest: bytes) -> None:
        note = self.memory.begin(key)
        sender = rest.partition(b" ")[0].decode("utf-8", "replace")
        note.sender = "" if sender == "<>" else sender
        found = _MESSAGE_ID.search(rest)
        note.message_id = found[1].decode("utf-8", "replace") if found else ""

    def _attempt(self, number: int, key: bytes, arrow: str, rest: str, at: str | None) -> Iterator[Event | Fault]:
        failed = arrow in ("**", "==")
        fields, _, words = rest.partition(": ") if failed else (rest, "", "")
        words = _TOOK.sub("", words)
        if failed and not words:
            yield Fault(self._path, number, "cut-off")
            return
        if arrow == "==" and words.startswith(_NO_ATTEMPT):
            return
        head = _HEAD.match(fields)
        recipient, original = (head[1], head[2]) if head else (fields, None)
        if "@" not in recipient and original and "@" in original:
            recipient, original = original, None
        spoke = _words(words) if failed else _confirmed(fields)
        note = self.memory.get(key)
        host, ours, sender = _HOST.search(fields), _OUR_IP.search(fields), _SENDER.search(fields)
        known_sender = note.sender if note is not None else None
        bounce = Bounce(
            spoke.reply,
            recipient,
            known_sender if known_sender is not None or sender is None else sender[1],
            (host_name(host[1]) if host else None) or spoke.host,
            ours[1] if ours else spoke.ip,
            spoke.phase,
            at,
            NAME,
            original,
        )
        pending = self.memory.pending(key, note)
        event = Event(
            Kind.BOUNCE if failed else Kind.DELIVERED, bounce, self._path, number, key.decode("ascii"),
            (note.message_id or None) if note is not None else None, arrow, None, None, pending,
        )  # fmt: skip
        if arrow == "**" and (over := _GAVE_UP.match(words)):
            event = self._gave_up(event, key, over[1])
        yield event
        if arrow == "==":
            self.memory.defer(self.memory.of(key), bounce)
        elif note is None or note.waiting or not note.born:
            self.memory.settle(self.memory.of(key), recipient)

    def _gave_up(self, event: Event, key: bytes, cause: str | None) -> Event:
        if cause:
            return event._replace(last=_words(cause).reply)
        note = self.memory.get(key)
        recipient = event.bounce.recipient or ""
        if note is not None and (deferral := note.waiting.get(recipient)):
            return event._replace(last=deferral.reply)
        if note is not None and (note.born or recipient in note.waiting):
            return event
        return event if key in self.memory.known.gone else event._replace(pending=Pending(key, last=True))


def _words(words: str) -> Said:
    match = _AFTER.match(words)
    if match is None:
        return said(words)
    found = said(match[3])
    return Said(found.reply, phase_of(match[1]), host_name(match[2]) or found.host, found.ip)


def _confirmed(fields: str) -> Said:
    found = _CONFIRMED.search(fields)
    return said(found[1]) if found else Said(said("delivered").reply)
