"""PowerMTA's accounting files: CSV whose first row names the columns, which the operator chooses.

Read: ``d`` delivered, ``b`` bounced, ``t`` transient, ``rb`` remote bounce (one that came back as a mail), ``f``
feedback. All other records are no events. ``bounceCat`` is kept as their word.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from deliverkit.bounces.event import Event, Fault, Kind, Pending
from deliverkit.bounces.memory import Memory
from deliverkit.bounces.said import host_name, said, taken, with_status
from deliverkit.bounces.sources import About, Numbered, Unit
from deliverkit.model import Bounce, Reply

NAME = "powermta"
UNIT = Unit.LINE

_KINDS = {
    "d": Kind.DELIVERED, "delivery": Kind.DELIVERED, "b": Kind.BOUNCE, "bounce": Kind.BOUNCE, "t": Kind.BOUNCE,
    "transient": Kind.BOUNCE, "rb": Kind.BOUNCE, "f": Kind.COMPLAINT, "feedback-loop": Kind.COMPLAINT,
}  # fmt: skip
_OTHERS = frozenset({"r", "tq", "rs", "receipt", "transient-queue", "remote-status", "s"})
_OURS = frozenset({"timelogged", "timequeued", "dsndiag", "dsnstatus", "bouncecat", "orig", "rcpt", "feedbacktype"})


def recognises(head: bytes) -> bool:
    """A header row that begins with ``type`` and names columns that only these files have."""
    names = _columns(head.partition(b"\n")[0])
    return names[:1] == ["type"] and len(_OURS.intersection(names)) >= 2


def _columns(line: bytes) -> list[str]:
    text = line.decode("utf-8", "replace").lstrip("\ufeff").strip()
    return [name.strip('" ').lower() for name in text.split(",")]


class Reader:
    """One pass over one piece of a file."""

    def __init__(self, about: About) -> None:
        self.memory = Memory()
        self._path = about.path
        # A piece from the middle has no header row of its own.
        self._columns = _columns(about.head.partition(b"\n")[0])

    def read(self, lines: Iterable[Numbered]) -> Iterator[Event | Fault]:
        """Events and faults of all rows, in their order."""
        for number, line in lines:
            if not line.strip():
                continue
            if line[:5].lower() in (b"type,", b'"type') or line[:3] == b"\xef\xbb\xbf":
                self._columns = _columns(line)
                continue
            kind = _KINDS.get(line.partition(b",")[0].decode("ascii", "replace").strip('"').lower())
            if kind is None:
                if line.partition(b",")[0].decode("ascii", "replace").strip('"').lower() not in _OTHERS:
                    yield Fault(self._path, number, "columns")
                continue
            fields = self._fields(line)
            if fields is None:
                yield Fault(self._path, number, "columns")
                continue
            yield self._complaint(number, fields) if kind is Kind.COMPLAINT else self._attempt(number, kind, fields)

    def _fields(self, line: bytes) -> dict[str, str] | None:
        try:
            row = next(csv.reader([line.decode("utf-8", "replace")], strict=True))
        except (csv.Error, StopIteration):
            return None
        if "type" not in self._columns or abs(len(row) - len(self._columns)) > 1:
            return None
        return dict(zip(self._columns, row, strict=False))

    def _attempt(self, number: int, kind: Kind, fields: dict[str, str]) -> Event:
        get = fields.get
        status = (get("dsnstatus") or "").partition(" ")[0]
        words = (get("dsndiag") or "").removeprefix("smtp;").strip() or (get("dsnstatus") or "")
        if kind is Kind.BOUNCE:
            spoke = said(words)
            reply, host, ip = with_status(spoke.reply, status), spoke.host, spoke.ip
        else:
            reply, host, ip = taken(words, status), None, None
        bounce = Bounce(
            reply,
            get("rcpt") or None,
            get("orig"),
            host_name((get("dsnmta") or "").partition(" ")[0]) or host,
            get("dlvsourceip") or get("srcip") or ip,
            None,
            _time(get("timelogged") or ""),
            NAME,
            _original(get("orcpt"), get("rcpt")),
        )
        event = Event(
            kind, bounce, self._path, number, get("envid") or None, _message_id(fields),
            get("bouncecat") or get("dsnaction") or get("type"),
        )  # fmt: skip
        key = "\0".join((get("orig") or "", get("rcpt") or "", get("timequeued") or "")).encode("utf-8", "replace")
        if fields["type"] in ("t", "transient"):
            self.memory.defer(self.memory.of(key), bounce)
        elif "expired" in (get("bouncecat") or ""):
            event = self._expired(event, key)
            self.memory.forget(key)
        elif get("timequeued"):
            self.memory.forget(key)
        return event

    def _expired(self, event: Event, key: bytes) -> Event:
        note = self.memory.get(key)
        if note is None:
            return event._replace(pending=Pending(key, last=True) if self.memory.pending(key, None) else None)
        deferral = note.waiting.get(event.bounce.recipient or "")
        return event._replace(last=deferral.reply) if deferral else event

    def _complaint(self, number: int, fields: dict[str, str]) -> Event:
        kind_of = (fields.get("feedbacktype") or "abuse").lower()
        bounce = Bounce(
            Reply(None, None, kind_of, kind_of),
            fields.get("originalrcptto") or fields.get("rcpt") or None,
            fields.get("originalmailfrom") or fields.get("orig") or None,
            None,
            fields.get("sourceip") or None,
            None,
            _time(fields.get("timelogged") or ""),
            NAME,
        )
        kind = Kind.UNSUBSCRIBE if kind_of.startswith("opt-out") else Kind.COMPLAINT
        return Event(kind, bounce, self._path, number, None, _message_id(fields), kind_of, feedback_type=kind_of)


def _original(orcpt: str | None, rcpt: str | None) -> str | None:
    address = (orcpt or "").rpartition(";")[2]
    return address if address and address != rcpt else None


def _message_id(fields: dict[str, str]) -> str | None:
    return (fields.get("header_message-id") or "").strip("<> ") or None


def _time(text: str) -> str | None:
    try:
        if text.isdigit():
            return datetime.fromtimestamp(int(text), UTC).isoformat()
        return datetime.fromisoformat(text).isoformat()
    except (ValueError, OverflowError, OSError):
        return None
