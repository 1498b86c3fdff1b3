"""Mailjet: the Event API's webhooks.

Fields: "Event API" of Mailjet's developer documentation, with its table of errors, 2026-11.
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
    event,
    flag,
    moment,
    recipient,
    said,
    text,
)
from deliverkit.model import Bounce, Reply

NAME = "mailjet"
UNIT = Unit.JSON
_MARKS = re.compile(rb'"(?:mj_campaign_id|mj_contact_id|mj_message_id|error_related_to|Message_GUID)"\s*:')
_KINDS = {
    "bounce": Kind.BOUNCE,
    "blocked": Kind.BOUNCE,
    "sent": Kind.DELIVERED,
    "spam": Kind.COMPLAINT,
    "unsub": Kind.UNSUBSCRIBE,
}


def recognises(head: bytes) -> bool:
    """Is this Mailjet's JSON? By field names of its own."""
    return _MARKS.search(head) is not None


class Reader(EventReader):
    """Reads Mailjet events, one value after the other."""

    def __init__(self, about: About) -> None:
        """Nothing is needed but the path."""
        super().__init__(about, events)


def events(record: Record) -> Iterator[Found]:
    """What one event says. Raises FieldError."""
    name = text(record, "event")
    if not name:
        raise FieldError("field-event")
    kind = _KINDS.get(name)
    if kind is None:
        return
    reply = _reply(record, name, kind)
    hard = "hard_bounce" in record and flag(record, "hard_bounce")
    yield event(
        kind,
        Bounce(reply=reply, recipient=recipient(record, "email"), at=moment(record, "time"), source=NAME),
        theirs=_theirs(record) or ("hard_bounce" if hard else name),
        message_id=text(record, "Message_GUID", "MessageID", "mj_message_id"),
        feedback_type="abuse" if kind is Kind.COMPLAINT else "",
    )


def _theirs(record: Record) -> str:
    return "/".join(part for part in (text(record, "error_related_to"), text(record, "error")) if part)


def _reply(record: Record, name: str, kind: Kind) -> Reply:
    if kind in (Kind.COMPLAINT, Kind.UNSUBSCRIBE):
        return Reply(None, None, name, name)
    if kind is Kind.DELIVERED:
        return said(text(record, "smtp_reply"), instead="Mailjet sent")
    comment = text(record, "comment")
    reply = said(comment) if comment else None
    if reply is not None and (reply.code or reply.enhanced_code):
        return reply
    own = f"Mailjet {name}: {_theirs(record)}".rstrip(": ")
    return said(f"{own} ({comment})" if comment else own)
