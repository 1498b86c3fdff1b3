"""KumoMTA's JSON log: one record a line (docs.kumomta.com, "Log Record").

``Reception``, ``Rejection``, ``Delayed`` and their like are no events: nothing was tried. Its bounce classification is
kept as their word. ``Expiration`` carries no refusal of its own; the last ``TransientFailure`` stands beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from deliverkit.bounces.event import Event, Fault, Kind, Pending
from deliverkit.bounces.memory import Memory
from deliverkit.bounces.said import host_name, phase_of, said
from deliverkit.bounces.sources import About, Numbered, Unit
from deliverkit.model import Bounce, Reply

NAME = "kumomta"
UNIT = Unit.JSON

_KINDS = {
    "Bounce": Kind.BOUNCE, "TransientFailure": Kind.BOUNCE, "Expiration": Kind.BOUNCE, "AdminBounce": Kind.BOUNCE,
    "OOB": Kind.BOUNCE, "Delivery": Kind.DELIVERED, "Feedback": Kind.COMPLAINT,
}  # fmt: skip
_MARKS = (b'"bounce_classification"', b'"egress_source"', b'"egress_pool"', b'"num_attempts"', b'"peer_address"')

Json = dict[str, object]


def recognises(head: bytes) -> bool:
    """Records with fields that only this server has."""
    return head.lstrip(b"\xef\xbb\xbf \r\n\t[")[:1] == b"{" and sum(mark in head for mark in _MARKS) >= 2


class Reader:
    """One pass over one piece of a log."""

    def __init__(self, about: About) -> None:
        self.memory = Memory()
        self._path = about.path

    def read(self, records: Iterable[Numbered]) -> Iterator[Event | Fault]:
        """Events and faults of all records, in their order."""
        for number, data in records:
            try:
                record = json.loads(data)
            except (ValueError, RecursionError):
                yield Fault(self._path, number, "json")
                continue
            if not isinstance(record, dict) or not isinstance(record.get("type"), str):
                yield Fault(self._path, number, "columns")
                continue
            kind = _KINDS.get(record["type"])
            if kind is Kind.COMPLAINT:
                yield from self._complaint(number, record)
            elif kind is not None:
                yield from self._attempt(number, kind, record)

    def _attempt(self, number: int, kind: Kind, record: Json) -> Iterator[Event]:
        type_, name = str(record["type"]), _text(record.get("id"))
        reply, phase = _reply(_dict(record.get("response")))
        peer, source = _dict(record.get("peer_address")), _dict(record.get("source_address"))
        at = _time(record.get("event_time", record.get("timestamp")))
        classified = _text(record.get("bounce_classification"))
        theirs = classified if classified and classified != "Uncategorized" else type_
        for recipient in _texts(record.get("recipient")):
            bounce = Bounce(
                reply,
                recipient,
                _text(record.get("sender")),
                host_name(_text(peer.get("name"))),
                _address(_text(source.get("address"))),
                phase if kind is Kind.BOUNCE else None,
                at,
                NAME,
            )
            event = Event(kind, bounce, self._path, number, name, _message_id(record), theirs)
            yield self._remembered(event, type_, f"{name} {recipient}".encode("utf-8", "replace"))

    def _remembered(self, event: Event, type_: str, key: bytes) -> Event:
        if type_ == "TransientFailure":
            self.memory.defer(self.memory.of(key), event.bounce)
        elif type_ == "Expiration":
            note = self.memory.get(key)
            if note is None and self.memory.pending(key, None):
                event = event._replace(pending=Pending(key, last=True))
            elif note is not None and (deferral := note.waiting.get(event.bounce.recipient or "")):
                event = event._replace(last=deferral.reply)
            self.memory.forget(key)
        elif type_ != "OOB":
            self.memory.forget(key)
        return event

    def _complaint(self, number: int, record: Json) -> Iterator[Event]:
        report = _dict(record.get("feedback_report"))
        kind_of = (_text(report.get("feedback_type")) or "abuse").lower()
        kind = Kind.UNSUBSCRIBE if kind_of.startswith("opt-out") else Kind.COMPLAINT
        recipients: list[str | None] = [*_texts(report.get("original_rcpt_to"))] or [None]
        for recipient in recipients:
            bounce = Bounce(
                Reply(None, None, kind_of, kind_of),
                recipient.strip("<> ") if recipient else None,
                (_text(report.get("original_mail_from")) or "").strip("<> ") or None,
                None,
                _text(report.get("source_ip")),
                None,
                _time(record.get("event_time", record.get("timestamp"))),
                NAME,
            )
            yield Event(
                kind, bounce, self._path, number, _text(record.get("id")), _message_id(record), "Feedback",
                None, kind_of,
            )  # fmt: skip


def _reply(response: Json) -> tuple[Reply, str | None]:
    code, content = response.get("code"), _text(response.get("content")) or ""
    status = _dict(response.get("enhanced_code"))
    parts = [str(code) if isinstance(code, int) and 200 <= code <= 599 else ""]
    if status:
        parts.append(".".join(str(status.get(part)) for part in ("class", "subject", "detail")))
    words = " ".join(part for part in (*parts, content) if part)
    found = said(words)
    return found.reply, phase_of(_text(response.get("command")) or "") or found.phase


def _dict(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for text in values if isinstance(text, str) and text]


def _address(text: str | None) -> str | None:
    """``192.0.2.1:40000`` and ``[2001:db8::1]:40000`` without their ports."""
    if text is None:
        return None
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def _message_id(record: Json) -> str | None:
    headers = {str(name).lower(): value for name, value in _dict(record.get("headers")).items()}
    return (_text(headers.get("message-id")) or "").strip("<> ") or None


def _time(value: object) -> str | None:
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC).isoformat()
        return datetime.fromisoformat(value).isoformat() if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None
