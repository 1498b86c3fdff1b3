"""Mailgun: webhooks (``event-data`` beside a signature) and the pages of its events API.

Fields: "Event structure" and "Webhook payloads" of Mailgun's documentation, 2026-11. Codes of its own (498, 499, 6xx)
are no reply codes and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from deliverkit.bounces.event import Kind
from deliverkit.bounces.sources import About, Unit
from deliverkit.bounces.sources.json_events import (
    EventReader,
    FieldError,
    Found,
    Record,
    deferred,
    event,
    moment,
    named,
    recipient,
    said,
    sender,
    table,
    text,
)
from deliverkit.model import Bounce, Reply

NAME = "mailgun"
UNIT = Unit.JSON
_MARKS = re.compile(rb'"(?:event-data|delivery-status|user-variables|recipient-provider)"\s*:\s*\{|"log-level"\s*:')
_KINDS = {
    "failed": Kind.BOUNCE,
    "rejected": Kind.BOUNCE,
    "complained": Kind.COMPLAINT,
    "unsubscribed": Kind.UNSUBSCRIBE,
    "delivered": Kind.DELIVERED,
}
_OWN_CODES = frozenset({"498", "499"})


def recognises(head: bytes) -> bool:
    """Is this Mailgun's JSON? By names with hyphens that it alone uses."""
    return _MARKS.search(head) is not None


class Reader(EventReader):
    """Reads Mailgun events, one value after the other."""

    def __init__(self, about: About) -> None:
        """Nothing is needed but the path."""
        super().__init__(about, events, ("items",))


def events(record: Record) -> Iterator[Found]:
    """What one webhook or event says. Raises FieldError."""
    record = table(record, "event-data") if "event-data" in record else record
    name = text(record, "event")
    if not name:
        if record.get("items") == []:
            return
        raise FieldError("field-event")
    kind = _KINDS.get(name)
    if kind is None:
        return
    envelope, status = table(record, "envelope"), table(record, "delivery-status")
    headers = table(table(record, "message"), "headers")
    severity, reason = text(record, "severity"), text(record, "reason")
    reply = _reply(record, name, kind, status)
    yield event(
        deferred(reply) if kind is Kind.BOUNCE and severity == "temporary" else kind,
        Bounce(
            reply=reply,
            recipient=recipient(record, "recipient"),
            sender=sender(text(envelope, "sender")) or sender(text(headers, "from")),
            mx=named(text(status, "mx-host")),
            ip=named(text(envelope, "sending-ip")),
            at=moment(record, "timestamp"),
            source=NAME,
        ),
        theirs="/".join(part for part in (severity, reason) if part) or name,
        message_id=text(headers, "message-id") or text(record, "id"),
        feedback_type="abuse" if kind is Kind.COMPLAINT else "",
    )


def _reply(record: Record, name: str, kind: Kind, status: Record) -> Reply:
    if kind in (Kind.COMPLAINT, Kind.UNSUBSCRIBE):
        return Reply(None, None, name, name)
    if name == "rejected":
        reject = table(record, "reject")
        return said(f"Mailgun rejected: {text(reject, 'reason')} {text(reject, 'description')}".rstrip(": "))
    code = text(status, "code")
    words = text(status, "message", "description")
    instead = f"Mailgun {name}: {text(record, 'reason')}".rstrip(": ")
    return said(words, "" if code in _OWN_CODES else code, text(status, "enhanced-code"), instead)
