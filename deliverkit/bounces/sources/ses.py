"""Amazon SES: feedback notifications and event publishing, plain or as SNS, SQS, Lambda, EventBridge and Firehose
wrap them.

Fields: "Contents of event data that Amazon SES publishes", and "Amazon SNS notification contents", 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

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
    parse,
    recipient,
    said,
    sender,
    table,
    tables,
    text,
    texts,
)
from deliverkit.model import Bounce, Reply

NAME = "ses"
UNIT = Unit.JSON
_MARKS = re.compile(
    rb'\\?"(?:notificationType|eventType)\\?"\s*:\s*\\?"(?:Bounce|Complaint|Delivery|DeliveryDelay|Reject|Send|Open|Click|'
    rb'Rendering Failure|Subscription|AmazonSnsSubscriptionSucceeded)\\?"|"aws\.ses"|arn:aws[\w-]*:ses:'
)
_MAX_WRAPPED = 4


def recognises(head: bytes) -> bool:
    """Is this SES's JSON? By the names of its event types, also inside an SNS message."""
    return _MARKS.search(head) is not None


class Reader(EventReader):
    """Reads SES events, one value after the other."""

    def __init__(self, about: About) -> None:
        """Nothing is needed but the path."""
        super().__init__(about, events, ("Records",))


def events(record: Record, depth: int = 0) -> Iterator[Found]:
    """What one notification or event says, one event a recipient. Raises FieldError."""
    wrapped = _unwrapped(record)
    if wrapped is not None:
        if depth >= _MAX_WRAPPED:
            raise FieldError("depth")
        yield from events(wrapped, depth + 1)
        return
    kind = text(record, "eventType", "notificationType")
    read = _KINDS.get(kind)
    if read is not None:
        yield from read(record, table(record, "mail"))
    elif not kind and "mail" in record:
        raise FieldError("field-eventType")


def _unwrapped(record: Record) -> Record | None:
    """What SNS, SQS, Lambda or EventBridge carries; None where ``record`` is SES's own."""
    for outer in ("Sns", "detail"):
        if outer in record:
            return table(record, outer)
    for inner in ("Message", "body"):
        if inner in record and "mail" not in record:
            words = text(record, inner)
            if not words.lstrip().startswith("{"):
                return {}  # "Successfully validated SNS topic …", a subscription to be confirmed
            value = parse(words)
            if not isinstance(value, dict):
                raise FieldError(f"field-{inner}")
            return value
    return None


def _about(mail: Record, who: Record, reply: Reply, at: str | None) -> Bounce:
    tags = table(mail, "tags")
    return Bounce(
        reply=reply,
        recipient=recipient(who, "emailAddress"),
        sender=sender(text(mail, "source")),
        ip=named(next(texts(tags, "ses:outgoing-ip"), "")),
        at=at or moment(mail, "timestamp"),
        source=NAME,
    )


def _message_id(mail: Record) -> str:
    return text(table(mail, "commonHeaders"), "messageId") or text(mail, "messageId")


def _bounce(record: Record, mail: Record) -> Iterator[Found]:
    bounce = table(record, "bounce")
    theirs = f"{text(bounce, 'bounceType')}/{text(bounce, 'bounceSubType')}".strip("/")
    for who in tables(bounce, "bouncedRecipients"):
        reply = said(text(who, "diagnosticCode"), status=text(who, "status"), instead=f"Amazon SES bounce {theirs}")
        yield event(
            Kind.BOUNCE,
            _about(mail, who, reply, moment(bounce, "timestamp")),
            theirs=theirs,
            message_id=_message_id(mail),
        )


def _delay(record: Record, mail: Record) -> Iterator[Found]:
    delay = table(record, "deliveryDelay")
    theirs = f"DeliveryDelay/{text(delay, 'delayType')}".strip("/")
    for who in tables(delay, "delayedRecipients"):
        reply = said(text(who, "diagnosticCode"), status=text(who, "status"), instead=f"Amazon SES {theirs}")
        yield event(
            deferred(reply),
            _about(mail, who, reply, moment(delay, "timestamp")),
            theirs=theirs,
            message_id=_message_id(mail),
        )


def _complaint(record: Record, mail: Record) -> Iterator[Found]:
    complaint = table(record, "complaint")
    kind = text(complaint, "complaintFeedbackType")
    held_back = text(complaint, "complaintSubType")
    words = f"Amazon SES complaint {held_back}".strip() if held_back else kind or "abuse"
    for who in tables(complaint, "complainedRecipients"):
        # With a sub-type nobody complained now: SES refused to send to one who did before.
        yield event(
            Kind.BOUNCE if held_back else Kind.COMPLAINT,
            _about(mail, who, Reply(None, None, words, words), moment(complaint, "timestamp", "arrivalDate")),
            theirs="/".join(part for part in ("Complaint", held_back or kind) if part),
            message_id=_message_id(mail),
            feedback_type="" if held_back else kind or "abuse",
        )


def _delivery(record: Record, mail: Record) -> Iterator[Found]:
    delivery = table(record, "delivery")
    reply = said(text(delivery, "smtpResponse"), instead="Amazon SES Delivery")
    for who in texts(delivery, "recipients"):
        yield event(
            Kind.DELIVERED,
            _about(mail, {"emailAddress": who}, reply, moment(delivery, "timestamp")),
            theirs="Delivery",
            message_id=_message_id(mail),
        )


def _reject(record: Record, mail: Record) -> Iterator[Found]:
    words = f"Amazon SES Reject: {text(table(record, 'reject'), 'reason')}"
    for who in texts(mail, "destination"):
        yield event(
            Kind.BOUNCE,
            _about(mail, {"emailAddress": who}, said(words), None),
            theirs="Reject",
            message_id=_message_id(mail),
        )


_KINDS: dict[str, Callable[[Record, Record], Iterator[Found]]] = {
    "Bounce": _bounce,
    "Complaint": _complaint,
    "Delivery": _delivery,
    "DeliveryDelay": _delay,
    "Reject": _reject,
}
