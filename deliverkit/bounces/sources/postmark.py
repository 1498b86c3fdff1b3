"""Postmark: bounce, spam complaint, subscription change and delivery webhooks, and the lists of its bounce API.

Fields: "Bounce API" and "Webhooks" of Postmark's developer documentation, 2026-11.
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
    flag,
    moment,
    recipient,
    said,
    sender,
    text,
)
from deliverkit.model import Bounce, Reply

NAME = "postmark"
UNIT = Unit.JSON
_MARKS = re.compile(
    rb'"RecordType"\s*:\s*"(?:Bounce|SpamComplaint|SubscriptionChange|Delivery|Open|Click|Inbound)"|'
    rb'"(?:TypeCode"\s*:\s*\d|BouncedAt"\s*:|DumpAvailable"\s*:|InactiveMails"\s*:)'
)
_OWN = frozenset({"ManuallyDeactivated", "BadEmailAddress", "SMTPApiError", "InboundError", "TemplateRenderingFailed"})
"""Types for which no server was asked: what stands beside them are Postmark's words."""
_KIND_OF_TYPE = {
    "AutoResponder": Kind.AUTO_REPLY,
    "ChallengeVerification": Kind.CHALLENGE,
    "SpamComplaint": Kind.COMPLAINT,
    "Unsubscribe": Kind.UNSUBSCRIBE,
}


def recognises(head: bytes) -> bool:
    """Is this Postmark's JSON? By the names of its records and bounces."""
    return _MARKS.search(head) is not None


class Reader(EventReader):
    """Reads Postmark records, one value after the other."""

    def __init__(self, about: About) -> None:
        """Nothing is needed but the path."""
        super().__init__(about, events, ("Bounces",))


def events(record: Record) -> Iterator[Found]:
    """What one webhook or bounce says. Raises FieldError."""
    kind = text(record, "RecordType")
    if kind in ("Bounce", "SpamComplaint") or (not kind and "BouncedAt" in record):
        yield from _bounce(record)
    elif kind == "Delivery":
        reply = said(text(record, "Details"), instead="Postmark Delivery")
        yield event(
            Kind.DELIVERED,
            _about(record, "Recipient", reply, "DeliveredAt"),
            theirs=kind,
            message_id=text(record, "MessageID"),
        )
    elif kind == "SubscriptionChange":
        yield from _subscription(record)
    elif not kind and "Type" in record:
        raise FieldError("field-RecordType")


def _bounce(record: Record) -> Iterator[Found]:
    theirs = text(record, "Type") or text(record, "RecordType")
    if theirs == "Subscribe":
        return
    kind = _KIND_OF_TYPE.get(theirs, Kind.BOUNCE)
    details = text(record, "Details")
    own = f"Postmark bounce {theirs}"
    if theirs in _OWN and details:
        reply = said(f"{own}: {details}")
    elif kind is Kind.COMPLAINT:
        reply = Reply(None, None, theirs, theirs)
    else:
        reply = said(details, instead=own)
    if theirs == "Transient" and kind is Kind.BOUNCE:
        kind = deferred(reply)
    yield event(
        kind,
        _about(record, "Email", reply, "BouncedAt"),
        theirs=theirs,
        message_id=text(record, "MessageID"),
        feedback_type="abuse" if kind is Kind.COMPLAINT else "",
    )


def _subscription(record: Record) -> Iterator[Found]:
    """An address was taken off the stream, or put back (which is no event)."""
    if not flag(record, "SuppressSending"):
        return
    why = text(record, "SuppressionReason")
    kind = {"SpamComplaint": Kind.COMPLAINT, "HardBounce": Kind.BOUNCE}.get(why, Kind.UNSUBSCRIBE)
    words = f"Postmark suppression {why}".rstrip()
    yield event(
        kind,
        _about(record, "Recipient", Reply(None, None, words, words), "ChangedAt"),
        theirs="/".join(part for part in (why, text(record, "Origin")) if part),
        message_id=text(record, "MessageID"),
        feedback_type="abuse" if kind is Kind.COMPLAINT else "",
    )


def _about(record: Record, who: str, reply: Reply, when: str) -> Bounce:
    return Bounce(
        reply=reply,
        recipient=recipient(record, who),
        sender=sender(text(record, "From")),
        at=moment(record, when),
        source=NAME,
    )
