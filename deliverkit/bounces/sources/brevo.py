"""Brevo, once Sendinblue: transactional and marketing webhooks, and the events of its API.

Fields: "Transactional webhooks" and "Get all your transactional email activity" of Brevo's developer documentation,
2026-11.
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

NAME = "brevo"
UNIT = Unit.JSON
_MARKS = re.compile(
    rb'"(?:X-Mailin-custom|ts_epoch|ts_event|date_event|sender_email)"\s*:|'
    rb'"event"\s*:\s*"(?:hard_bounce|soft_bounce|invalid_email|hardBounces?|softBounces?|unique_opened|list_addition)"'
)
_NAMES = {
    "hardbounce": "hard_bounce",
    "softbounce": "soft_bounce",
    "bounce": "soft_bounce",
    "invalid": "invalid_email",
    "invalidemail": "invalid_email",
    "complaint": "spam",
    "unsubscribe": "unsubscribed",
}
"""Spellings of the API and of older webhooks, in small letters, without underscores and plural."""
_KINDS = {
    "hard_bounce": Kind.BOUNCE,
    "soft_bounce": Kind.BOUNCE,
    "invalid_email": Kind.BOUNCE,
    "blocked": Kind.BOUNCE,
    "error": Kind.BOUNCE,
    "deferred": Kind.DELAYED,
    "delivered": Kind.DELIVERED,
    "spam": Kind.COMPLAINT,
    "unsubscribed": Kind.UNSUBSCRIBE,
}
_OWN = frozenset({"invalid_email", "blocked", "error"})
"""Events for which Brevo may have asked no server; words without a code are its own."""


def recognises(head: bytes) -> bool:
    """Is this Brevo's JSON? By field names and event names of its own."""
    return _MARKS.search(head) is not None


class Reader(EventReader):
    """Reads Brevo events, one value after the other."""

    def __init__(self, about: About) -> None:
        """Nothing is needed but the path."""
        super().__init__(about, events, ("events",))


def events(record: Record) -> Iterator[Found]:
    """What one event says. Raises FieldError."""
    written = text(record, "event")
    if not written:
        raise FieldError("field-event")
    name = _NAMES.get(written.lower().replace("_", "").removesuffix("s"), written.lower())
    kind = _KINDS.get(name)
    if kind is None:
        return
    reply = _reply(text(record, "reason"), name, kind)
    yield event(
        deferred(reply) if kind is Kind.DELAYED else kind,
        Bounce(
            reply=reply,
            recipient=recipient(record, "email"),
            sender=sender(text(record, "sender_email", "from")),
            ip=named(text(record, "sending_ip", "ip")),
            at=moment(record, "ts_epoch", "ts_event", "ts", "date_event", "date"),
            source=NAME,
        ),
        theirs=written,
        message_id=text(record, "message-id", "messageId", "id"),
        feedback_type="abuse" if kind is Kind.COMPLAINT else "",
    )


def _reply(words: str, name: str, kind: Kind) -> Reply:
    if kind in (Kind.COMPLAINT, Kind.UNSUBSCRIBE):
        return Reply(None, None, name, name)
    own = f"Brevo {name}"
    if kind is Kind.DELIVERED:
        return said(words if words[:1].isdigit() else "", instead=own)
    reply = said(words, instead=own) if words else said(own)
    if name in _OWN and words and reply.code is None and reply.enhanced_code is None:
        return said(f"{own}: {words}")
    return reply
