"""Twilio SendGrid: the Event Webhook, and the bounces and blocks of its API.

Fields: "Event Webhook Reference" of Twilio SendGrid's documentation, 2026-11.
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
    text,
)
from deliverkit.model import Bounce, Reply

NAME = "sendgrid"
UNIT = Unit.JSON
_MARKS = re.compile(rb'"(?:sg_event_id|sg_message_id|sg_machine_open|smtp-id)"')
_OF_ITS_API = re.compile(rb'^\s*\[?\s*\{\s*"created"\s*:\s*\d+\s*,\s*"email"\s*:')
_KINDS = {
    "bounce": Kind.BOUNCE,
    "blocked": Kind.BOUNCE,
    "dropped": Kind.BOUNCE,
    "deferred": Kind.DELAYED,
    "delivered": Kind.DELIVERED,
    "spamreport": Kind.COMPLAINT,
    "unsubscribe": Kind.UNSUBSCRIBE,
    "group_unsubscribe": Kind.UNSUBSCRIBE,
}


def recognises(head: bytes) -> bool:
    """Is this SendGrid's JSON? By the ids that it alone gives its events."""
    return _MARKS.search(head) is not None or _OF_ITS_API.match(head) is not None


class Reader(EventReader):
    """Reads SendGrid events, one value after the other."""

    def __init__(self, about: About) -> None:
        """Nothing is needed but the path."""
        super().__init__(about, events)


def events(record: Record) -> Iterator[Found]:
    """What one event says. Raises FieldError."""
    name = text(record, "event")
    if not name:
        if "created" not in record:
            raise FieldError("field-event")
        name = "bounce"
    kind = _KINDS.get(name)
    if kind is None:
        return
    reply = _reply(record, name, kind)
    yield event(
        deferred(reply) if name == "deferred" else kind,
        Bounce(
            reply=reply,
            recipient=recipient(record, "email"),
            sender=sender(text(record, "from")),
            ip=named(text(record, "ip")) if kind in (Kind.BOUNCE, Kind.DELAYED, Kind.DELIVERED) else None,
            at=moment(record, "timestamp", "created"),
            source=NAME,
        ),
        theirs=text(record, "bounce_classification") or text(record, "type") or name,
        message_id=text(record, "smtp-id", "sg_message_id"),
        feedback_type="abuse" if kind is Kind.COMPLAINT else "",
    )


def _reply(record: Record, name: str, kind: Kind) -> Reply:
    if kind in (Kind.COMPLAINT, Kind.UNSUBSCRIBE):
        return Reply(None, None, name, name)
    words = text(record, "reason", "response")
    if name == "dropped":
        # SendGrid's own words: the message never left it.
        return said(words if words[:1].isdigit() else f"SendGrid dropped: {words}".rstrip(": "))
    theirs = f"SendGrid {name}: {text(record, 'bounce_classification', 'type')}".rstrip(": ")
    return said(words, status=text(record, "status"), instead=theirs)
