"""Hostile events: a fault with its word, never an exception."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverkit.bounces.classify import default_classifier
from deliverkit.bounces.event import Event, Fault
from deliverkit.bounces.sources import About, detect, source
from deliverkit.bounces.sources.json_events import MAX_VALUE

NAMES = ("ses", "sendgrid", "mailgun", "postmark", "sparkpost", "brevo", "mailjet")
FIELDS = (
    "event", "eventType", "notificationType", "mail", "bounce", "bouncedRecipients", "emailAddress", "diagnosticCode",
    "complaint", "complainedRecipients", "deliveryDelay", "delayedRecipients", "delivery", "recipients", "reject",
    "destination", "tags", "Message", "Records", "Sns", "body", "detail", "email", "reason", "response", "status",
    "timestamp", "event-data", "delivery-status", "code", "message", "headers", "envelope", "recipient", "severity",
    "RecordType", "Type", "Details", "Email", "Recipient", "BouncedAt", "SuppressSending", "Bounces", "items",
    "results", "events", "msys", "message_event", "type", "bounce_class", "raw_reason", "error_code", "rcpt_to",
    "ts_epoch", "time", "comment", "error", "error_related_to", "hard_bounce", "MessageID",
)  # fmt: skip
WORDS = (
    "Bounce", "Complaint", "Delivery", "DeliveryDelay", "Reject", "bounce", "dropped", "deferred", "failed", "rejected",
    "complained", "SubscriptionChange", "SpamComplaint", "delay", "out_of_band", "hard_bounce", "blocked", "error",
    "spam", "sent", "a@example.net", "550 5.1.1 no", "\ud800", "{}", '{"mail": {}}', "1e999", "9" * 400, "",
)  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(10**300, 10**301),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(WORDS), st.text(max_size=20),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(FIELDS), inner, min_size=1, max_size=6)
    ),
    max_leaves=25,
)


def read(name: str, data: bytes) -> list[Event | Fault]:
    found = list(source(name).Reader(About("x")).read([(1, data)]))
    for event in found:
        if isinstance(event, Event):
            default_classifier().classify(event.bounce)
            event.bounce.reply.text.encode()
            assert event.bounce.recipient
    return found


@given(VALUES, st.sampled_from(NAMES))
@settings(max_examples=120, deadline=None)
def test_wrong_types_in_any_field_never_raise(value: Any, name: str) -> None:
    data = json.dumps(value).encode()
    detect(data)
    read(name, data)


@given(st.binary(max_size=200), st.sampled_from((*NAMES, "csv")))
@settings(max_examples=100, deadline=None)
def test_any_bytes_never_raise(data: bytes, name: str) -> None:
    detect(data)
    source(name).recognises(data)
    read(name, data)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b'{"event": NaN}', "json"),
        (b'{"event": -Infinity}', "json"),
        (b'{"event": "bounce"', "json"),
        (b'{"event": "bounce", "event": "open"}', "duplicate-key"),
        (b'{"a":' * 100_000, "depth"),
        (b"[" * 10 + b"]" * 10, "depth"),
        (b'"bounce"', "record"),
        (b'{"event": "\xff"}', "encoding"),
        (b"9" * 5000, "json"),
        (b" " * MAX_VALUE + b"{}", "too-long"),
    ],
)
def test_what_cannot_be_read_is_a_fault(name: str, data: bytes, why: str) -> None:
    assert read(name, data) == [Fault("x", 1, why)]


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("sendgrid", {"event": ["bounce"], "email": "a@example.net"}, "field-event"),
        ("sendgrid", {"event": "bounce", "email": {}}, "field-email"),
        ("sendgrid", {"event": "bounce", "email": "nobody"}, "recipient"),
        ("sendgrid", {"event": "bounce", "email": "a@example.net", "reason": {"x": 1}}, "field-reason"),
        ("ses", {"eventType": "Bounce", "bounce": "x", "mail": {}}, "field-bounce"),
        ("ses", {"Type": "Notification", "Message": {"x": 1}}, "field-Message"),
        ("ses", {"Type": "Notification", "Message": "{not json"}, "json"),
        ("mailgun", {"event-data": [1]}, "field-event-data"),
        ("postmark", {"RecordType": "Bounce", "Type": "HardBounce"}, "recipient"),
        ("sparkpost", {"msys": {"message_event": 5}}, "field-msys"),
        ("brevo", {"event": True}, "field-event"),
        ("mailjet", {"event": "bounce", "email": "a@example.net", "time": []}, "field-time"),
    ],
)
def test_a_field_of_the_wrong_type_is_named(name: str, value: object, why: str) -> None:
    assert read(name, json.dumps(value).encode()) == [Fault("x", 1, why)]


def test_the_records_after_a_bad_one_are_read() -> None:
    good = {"event": "bounce", "email": "a@example.net", "reason": "550 5.1.1 no"}
    found = read("sendgrid", json.dumps([good, {"event": {}, "email": []}, good]).encode())
    assert [type(each) for each in found] == [Event, Fault, Event]


def test_deep_wrappings_end() -> None:
    words = json.dumps({"eventType": "Bounce", "mail": {}})
    for _ in range(8):
        words = json.dumps({"Message": words})
    assert read("ses", words.encode()) == [Fault("x", 1, "depth")]
    assert sys.getrecursionlimit() >= 1000


FULL: dict[str, dict[str, Any]] = {
    "ses": {
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {"emailAddress": "a@example.net", "status": "5.1.1", "diagnosticCode": "smtp; 550 no"}
            ],
            "timestamp": "2026-11-20T10:00:00Z",
        },
        "mail": {
            "source": "n@example.com",
            "messageId": "1",
            "timestamp": "2026-11-20T10:00:00Z",
            "commonHeaders": {"messageId": "<1@example.com>"},
            "tags": {"ses:outgoing-ip": ["192.0.2.1"]},
        },
    },
    "sendgrid": {
        "event": "bounce",
        "email": "a@example.net",
        "type": "bounce",
        "bounce_classification": "Invalid Address",
        "reason": "550 no",
        "status": "5.1.1",
        "ip": "192.0.2.1",
        "smtp-id": "<1@example.com>",
        "timestamp": 1795168800,
    },
    "mailgun": {
        "event-data": {
            "event": "failed",
            "severity": "permanent",
            "reason": "bounce",
            "recipient": "a@example.net",
            "timestamp": 1795168800.5,
            "delivery-status": {"code": 550, "message": "no", "enhanced-code": "5.1.1", "mx-host": "mx.example.net"},
            "envelope": {"sender": "n@example.com", "sending-ip": "192.0.2.1"},
            "message": {"headers": {"message-id": "1", "from": "n@example.com"}},
        }
    },
    "postmark": {
        "RecordType": "Bounce",
        "Type": "HardBounce",
        "Email": "a@example.net",
        "Details": "550 no",
        "From": "n@example.com",
        "BouncedAt": "2026-11-20T10:00:00Z",
        "MessageID": "1",
    },
    "sparkpost": {
        "msys": {
            "message_event": {
                "type": "bounce",
                "bounce_class": "10",
                "raw_reason": "550 no",
                "error_code": "550",
                "rcpt_to": "a@example.net",
                "friendly_from": "n@example.com",
                "sending_ip": "192.0.2.1",
                "timestamp": "1795168800",
                "message_id": "1",
            }
        }
    },
    "brevo": {
        "event": "blocked",
        "email": "a@example.net",
        "reason": "no",
        "ts_epoch": 1795168800000,
        "sending_ip": "192.0.2.1",
        "message-id": "1",
    },
    "mailjet": {
        "event": "bounce",
        "email": "a@example.net",
        "time": 1795168800,
        "hard_bounce": True,
        "error_related_to": "recipient",
        "error": "user unknown",
        "comment": "no",
        "MessageID": 1,
    },
}
HOSTILE: tuple[object, ...] = (
    None,
    True,
    5,
    -1,
    1e308,
    10**400,
    [],
    {},
    "",
    "x" * 70_000,
    ["x"],
    {"a": 1},
    [[]],
    "\ud800",
    "\x1b[31m\0",
    "9" * 99,
)


def _with(value: Any, hostile: object) -> list[Any]:
    """``value`` with ``hostile`` in the place of each of its parts, one after the other."""
    made: list[Any] = [hostile]
    if isinstance(value, dict):
        for key, inner in value.items():
            made += [{**value, key: other} for other in _with(inner, hostile)]
            made.append({k: v for k, v in value.items() if k != key})
    elif isinstance(value, list):
        made += [[other] for other in _with(value[0], hostile)]
    return made


@pytest.mark.parametrize("name", NAMES)
def test_every_field_may_be_anything(name: str) -> None:
    assert [type(found) for found in read(name, json.dumps(FULL[name]).encode())] == [Event]
    for hostile in HOSTILE:
        for value in _with(FULL[name], hostile):
            for found in read(name, json.dumps(value).encode()):
                if isinstance(found, Event):
                    said = (found.theirs, found.message_id, found.bounce.ip, found.bounce.mx)
                    assert all(each is None or (len(each) < 1000 and each.isprintable()) for each in said)
                else:
                    assert re.fullmatch(r"[A-Za-z][\w:-]{1,40}", found.why)
