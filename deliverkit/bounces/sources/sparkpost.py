"""SparkPost, now Bird: webhook batches (``msys``) and the pages of its events API.

Fields: "Webhooks" and "Events" of SparkPost's API documentation, 2026-11.
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

NAME = "sparkpost"
UNIT = Unit.JSON
_MARKS = re.compile(rb'"(?:msys"\s*:\s*\{|bounce_class"\s*:|raw_rcpt_to"\s*:|routing_domain"\s*:)')
_KINDS = {
    "bounce": Kind.BOUNCE,
    "out_of_band": Kind.BOUNCE,
    "policy_rejection": Kind.BOUNCE,
    "generation_failure": Kind.BOUNCE,
    "generation_rejection": Kind.BOUNCE,
    "delay": Kind.DELAYED,
    "delivery": Kind.DELIVERED,
    "spam_complaint": Kind.COMPLAINT,
    "list_unsubscribe": Kind.UNSUBSCRIBE,
    "link_unsubscribe": Kind.UNSUBSCRIBE,
}
_KIND_OF_CLASS = {"60": Kind.AUTO_REPLY, "90": Kind.UNSUBSCRIBE, "100": Kind.CHALLENGE}
_SUBSCRIBE = "80"


def recognises(head: bytes) -> bool:
    """Is this SparkPost's JSON? By its envelope, or by field names of its own."""
    return _MARKS.search(head) is not None


class Reader(EventReader):
    """Reads SparkPost events, one value after the other."""

    def __init__(self, about: About) -> None:
        """Nothing is needed but the path."""
        super().__init__(about, events, ("results",))


def events(record: Record) -> Iterator[Found]:
    """What one event says. Raises FieldError."""
    if "msys" in record:
        for inner in table(record, "msys").values():
            yield from _event(table({"msys": inner}, "msys"))
    elif "results" not in record:
        yield from _event(record)


def _event(record: Record) -> Iterator[Found]:
    if not record:
        return  # the empty batch that tests a new webhook
    name = text(record, "type")
    if not name:
        raise FieldError("field-type")
    kind = _KINDS.get(name)
    their_class = text(record, "bounce_class")
    if kind is None or their_class == _SUBSCRIBE:
        return
    reply = _reply(record, name, kind, their_class)
    if kind is Kind.BOUNCE:
        kind = _KIND_OF_CLASS.get(their_class, kind)
    feedback = text(record, "fbtype") if kind is Kind.COMPLAINT else ""
    yield event(
        deferred(reply) if kind is Kind.DELAYED else kind,
        Bounce(
            reply=reply,
            recipient=recipient(record, "raw_rcpt_to", "rcpt_to"),
            sender=sender(text(record, "friendly_from")) or sender(text(record, "msg_from")),
            ip=named(text(record, "sending_ip")),
            at=moment(record, "timestamp"),
            source=NAME,
        ),
        theirs=their_class or name,
        message_id=text(record, "message_id"),
        feedback_type=feedback or ("abuse" if kind is Kind.COMPLAINT else ""),
    )


def _reply(record: Record, name: str, kind: Kind, their_class: str) -> Reply:
    if kind in (Kind.COMPLAINT, Kind.UNSUBSCRIBE):
        return Reply(None, None, name, name)
    words = text(record, "raw_reason", "reason")
    own = f"SparkPost bounce class {their_class}" if their_class else f"SparkPost {name}"
    if not words:
        # The code beside a bare class is SparkPost's as well.
        return said(own)
    return said(words, text(record, "error_code"), instead=own)
