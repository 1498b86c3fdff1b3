"""What sending platforms report comes out as what the receiving server said to them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from deliverkit.bounces.classify import default_classifier
from deliverkit.bounces.event import Event, Fault, Kind
from deliverkit.bounces.reply import parse_reply
from deliverkit.bounces.sources import About, detect, source
from deliverkit.knowledge import load
from deliverkit.model import AddressAction, Bounce

RCPT = "kim@example.net"


def read(name: str, *values: object) -> list[Event | Fault]:
    units = [(n, v if isinstance(v, bytes) else json.dumps(v).encode()) for n, v in enumerate(values, 1)]
    return list(source(name).Reader(About("events.json")).read(units))


def one(name: str, value: object) -> Event:
    (found,) = read(name, value)
    assert isinstance(found, Event), found
    return found


def ses(words: str | None = None, **more: Any) -> dict[str, Any]:
    who = {"emailAddress": RCPT, "action": "failed", "status": "5.0.0"} | (
        {"diagnosticCode": f"smtp; {words}"} if words else {}
    )
    return {
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [who],
            "timestamp": "2026-11-20T10:00:00.000Z",
            "reportingMTA": "dns; a8-70.smtp-out.example",
        }
        | more,
        "mail": {
            "source": "News <news@example.com>",
            "messageId": "0100",
            "destination": [RCPT],
            "tags": {"ses:outgoing-ip": ["192.0.2.7"]},
        },
    }


def sendgrid(words: str) -> dict[str, Any]:
    return {"event": "bounce", "type": "bounce", "email": RCPT, "reason": words, "status": "5.0.0", "sg_event_id": "q"}


def mailgun(words: str) -> dict[str, Any]:
    """Codes in fields of their own, the words without the reply code."""
    reply = parse_reply(words)
    return {
        "signature": {"token": "t"},
        "event-data": {
            "event": "failed",
            "severity": "permanent",
            "reason": "bounce",
            "recipient": RCPT,
            "timestamp": 1795168800.25,
            "delivery-status": {
                "code": reply.code or "",
                "enhanced-code": reply.enhanced_code or "",
                "message": reply.text.removeprefix(str(reply.code or "")).strip(),
                "description": None,
            },
        },
    }


def postmark(words: str) -> dict[str, Any]:
    return {
        "RecordType": "Bounce",
        "Type": "HardBounce",
        "TypeCode": 1,
        "Email": RCPT,
        "From": "news@example.com",
        "Details": f"smtp;{words}",
        "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
        "BouncedAt": "2026-11-20T10:00:00.1234567Z",
    }


def sparkpost(words: str) -> dict[str, Any]:
    return {
        "msys": {
            "message_event": {
                "type": "bounce",
                "bounce_class": "10",
                "raw_reason": words,
                "error_code": words[:3],
                "raw_rcpt_to": RCPT,
                "sending_ip": "192.0.2.7",
                "timestamp": "1795168800",
            }
        }
    }


def brevo(words: str) -> dict[str, Any]:
    return {"event": "hard_bounce", "email": RCPT, "reason": words, "ts_epoch": 1795168800000}


def mailjet(words: str) -> dict[str, Any]:
    return {
        "event": "bounce",
        "email": RCPT,
        "hard_bounce": True,
        "error_related_to": "recipient",
        "error": "user unknown",
        "comment": words,
        "time": 1795168800,
        "mj_campaign_id": 1,
    }


FORMS: dict[str, Callable[[str], dict[str, Any]]] = {
    "ses": ses,
    "sendgrid": sendgrid,
    "mailgun": mailgun,
    "postmark": postmark,
    "sparkpost": sparkpost,
    "brevo": brevo,
    "mailjet": mailjet,
}


@pytest.mark.parametrize("name", FORMS)
def test_a_file_is_recognised_in_every_shape_of_json(name: str) -> None:
    value = FORMS[name]("550 5.1.1 User unknown")
    for shape in (
        json.dumps(value),
        json.dumps([value, value]),
        json.dumps(value) + "\n" + json.dumps(value),
        json.dumps(value, indent=2),
        json.dumps(value) * 2,
        "\ufeff" + json.dumps(value, indent=1),
    ):
        assert detect(shape.encode()) == name, shape


@pytest.mark.parametrize("name", FORMS)
def test_the_reason_is_that_of_the_bare_reply(name: str) -> None:
    classifier = default_classifier()
    wrong = []
    for rule in load().rules:
        for example in load().rule_info[rule.id].examples:
            bare = parse_reply(example)
            if bare.code is None or bare.code < 400 or not bare.enhanced_code:
                continue
            bounce = one(name, FORMS[name](bare.text)).bounce
            ours, theirs = classifier.classify(bare), classifier.classify(bounce)
            if theirs.reason != ours.reason or bounce.recipient != RCPT:
                wrong.append((rule.id, example, ours.reason, bounce.reply.text, theirs.reason))
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "theirs", "at", "ip"),
    [
        ("ses", "Permanent/General", "2026-11-20T10:00:00+00:00", "192.0.2.7"),
        ("sendgrid", "bounce", None, None),
        ("mailgun", "permanent/bounce", "2026-11-20T10:00:00+00:00", None),
        ("postmark", "HardBounce", "2026-11-20T10:00:00+00:00", None),
        ("sparkpost", "10", "2026-11-20T10:00:00+00:00", "192.0.2.7"),
        ("brevo", "hard_bounce", "2026-11-20T10:00:00+00:00", None),
        ("mailjet", "recipient/user unknown", "2026-11-20T10:00:00+00:00", None),
    ],
)
def test_what_the_platform_says_of_it_is_kept(name: str, theirs: str, at: str | None, ip: str | None) -> None:
    event = one(name, FORMS[name]("550 5.7.1 Blocked"))
    assert (event.kind, event.theirs, event.bounce.at, event.bounce.ip) == (Kind.BOUNCE, theirs, at, ip)
    assert (event.path, event.number, event.bounce.source) == ("events.json", 1, name)


def verdict(event: Event) -> tuple[str, AddressAction]:
    found = default_classifier().classify(event.bounce)
    return found.reason, found.address_action


OWN_WORDS = [
    (
        "ses",
        ses("Amazon SES has suppressed sending to this address because it has a recent history of bouncing."),
        "mailbox_unavailable.suppressed",
    ),
    ("ses", ses(bounceSubType="OnAccountSuppressionList"), "mailbox_unavailable.suppressed"),
    ("ses", ses(bounceType="Undetermined", bounceSubType="Undetermined"), "unknown.unclassified"),
    ("ses", ses(bounceType="Transient", bounceSubType="MailboxFull"), "mailbox_full.over_quota"),
    (
        "sendgrid",
        {"event": "dropped", "email": RCPT, "reason": "Bounced Address"},
        "mailbox_unavailable.suppressed",
    ),
    ("sendgrid", {"event": "dropped", "email": RCPT, "reason": "Invalid"}, "invalid_address.bad_syntax"),
    ("sendgrid", {"event": "dropped", "email": RCPT}, "unknown.unclassified"),
    (
        "sendgrid",
        {"event": "bounce", "type": "blocked", "email": RCPT, "bounce_classification": "Unclassified"},
        "unknown.unclassified",
    ),
    (
        "mailgun",
        {
            "event": "failed",
            "severity": "permanent",
            "reason": "suppress-bounce",
            "recipient": RCPT,
            "delivery-status": {"code": 605, "description": "Not delivering to previously bounced address"},
        },
        "mailbox_unavailable.suppressed",
    ),
    (
        "mailgun",
        {
            "event": "failed",
            "severity": "permanent",
            "recipient": RCPT,
            "delivery-status": {"code": 498, "message": "No MX for example.net"},
        },
        "invalid_address.no_mx",
    ),
    ("postmark", {"Type": "ManuallyDeactivated", "Email": RCPT, "BouncedAt": ""}, "mailbox_unavailable.suppressed"),
    ("postmark", {"Type": "HardBounce", "Email": RCPT, "BouncedAt": ""}, "unknown.unclassified"),
    ("sparkpost", {"type": "bounce", "bounce_class": "22", "rcpt_to": RCPT}, "mailbox_full.over_quota"),
    ("sparkpost", {"type": "bounce", "bounce_class": 1, "rcpt_to": RCPT}, "unknown.unclassified"),
    ("sparkpost", {"type": "out_of_band", "bounce_class": "100", "rcpt_to": RCPT}, None),
    ("brevo", {"event": "invalid_email", "email": RCPT}, "invalid_address.bad_syntax"),
    ("brevo", {"event": "hardBounces", "email": RCPT}, "unknown.unclassified"),
    (
        "brevo",
        {"event": "blocked", "email": RCPT, "reason": "blocked : due to blacklist user"},
        "mailbox_unavailable.suppressed",
    ),
    (
        "mailjet",
        {"event": "blocked", "email": RCPT, "error_related_to": "mailjet", "error": "preblocked"},
        "mailbox_unavailable.suppressed",
    ),
    (
        "mailjet",
        {"event": "bounce", "email": RCPT, "error_related_to": "domain", "error": "no mail host", "comment": "x"},
        "invalid_address.no_mx",
    ),
]


@pytest.mark.parametrize(("name", "value", "reason"), OWN_WORDS)
def test_the_platform_s_own_words_lead_to_an_honest_verdict(name: str, value: object, reason: str | None) -> None:
    event = one(name, value)
    if reason is None:
        assert event.kind is Kind.CHALLENGE
        return
    assert verdict(event)[0] == reason
    if reason == "unknown.unclassified":
        assert verdict(event)[1] is not AddressAction.SUPPRESS


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("sendgrid", {"event": "delivered", "email": RCPT, "response": "250 OK"}, Kind.DELIVERED),
        ("sendgrid", {"event": "spamreport", "email": RCPT}, Kind.COMPLAINT),
        ("sendgrid", {"event": "group_unsubscribe", "email": RCPT}, Kind.UNSUBSCRIBE),
        ("sendgrid", {"event": "deferred", "email": RCPT, "response": "451 4.7.1 Greylisted"}, Kind.BOUNCE),
        ("sendgrid", {"event": "deferred", "email": RCPT, "response": "Connection timed out"}, Kind.DELAYED),
        ("mailgun", {"event": "complained", "recipient": RCPT}, Kind.COMPLAINT),
        ("mailgun", {"event": "unsubscribed", "recipient": RCPT}, Kind.UNSUBSCRIBE),
        ("mailgun", {"event": "failed", "severity": "temporary", "recipient": RCPT}, Kind.DELAYED),
        ("postmark", {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "Email": RCPT}, Kind.COMPLAINT),
        ("postmark", {"RecordType": "Delivery", "Recipient": RCPT, "Details": "250 OK"}, Kind.DELIVERED),
        (
            "postmark",
            {
                "RecordType": "SubscriptionChange",
                "Recipient": RCPT,
                "SuppressSending": True,
                "SuppressionReason": "ManualSuppression",
                "Origin": "Recipient",
            },
            Kind.UNSUBSCRIBE,
        ),
        ("postmark", {"RecordType": "Bounce", "Type": "AutoResponder", "Email": RCPT}, Kind.AUTO_REPLY),
        ("sparkpost", {"type": "spam_complaint", "fbtype": "abuse", "rcpt_to": RCPT}, Kind.COMPLAINT),
        ("sparkpost", {"type": "link_unsubscribe", "rcpt_to": RCPT}, Kind.UNSUBSCRIBE),
        ("sparkpost", {"type": "delay", "raw_reason": "421 4.7.0 later", "rcpt_to": RCPT}, Kind.BOUNCE),
        ("brevo", {"event": "complaint", "email": RCPT}, Kind.COMPLAINT),
        ("brevo", {"event": "unsubscribed", "email": RCPT}, Kind.UNSUBSCRIBE),
        ("mailjet", {"event": "spam", "email": RCPT, "source": "JMRPP"}, Kind.COMPLAINT),
        ("mailjet", {"event": "sent", "email": RCPT, "smtp_reply": "sent (250 2.0.0 OK)"}, Kind.DELIVERED),
    ],
)
def test_what_is_no_bounce_has_its_kind(name: str, value: object, kind: Kind) -> None:
    assert one(name, value).kind is kind


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ses", {"eventType": "Open", "mail": {}, "open": {}}),
        ("ses", {"Type": "Notification", "Message": "Successfully validated SNS topic for Amazon SES."}),
        ("sendgrid", {"event": "click", "email": RCPT}),
        ("mailgun", {"event-data": {"event": "opened", "recipient": RCPT}}),
        ("mailgun", {"items": [], "paging": {}}),
        ("postmark", {"RecordType": "Open", "Recipient": RCPT}),
        ("postmark", {"RecordType": "SubscriptionChange", "Recipient": RCPT, "SuppressSending": False}),
        ("sparkpost", [{"msys": {}}, {"msys": {"track_event": {"type": "open", "rcpt_to": RCPT}}}]),
        ("brevo", {"event": "unique_opened", "email": RCPT}),
        ("mailjet", {"event": "open", "email": RCPT}),
    ],
)
def test_what_is_neither_failure_nor_wish_is_no_event(name: str, value: object) -> None:
    assert read(name, value) == []


def test_every_wrapping_of_ses_gives_the_same_event() -> None:
    plain = ses("550 5.1.1 User unknown")
    published = {("eventType" if key == "notificationType" else key): value for key, value in plain.items()}
    words = json.dumps(plain)
    for wrapped in (
        published,
        {"Type": "Notification", "MessageId": "x", "Message": words},
        {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": words}}]},
        {"Records": [{"body": json.dumps({"Type": "Notification", "Message": words})}]},
        {"source": "aws.ses", "detail-type": "Email Bounced", "detail": published},
    ):
        assert one("ses", wrapped) == one("ses", plain)


def test_the_pages_of_the_apis_are_read() -> None:
    assert one("mailgun", {"items": [mailgun("550 5.1.1 no")["event-data"]], "paging": {}}).bounce.recipient == RCPT
    assert one("postmark", {"TotalCount": 1, "Bounces": [postmark("550 5.1.1 no")]}).theirs == "HardBounce"
    event = sparkpost("550 5.1.1 no")["msys"]["message_event"]
    assert one("sparkpost", {"results": [event], "total_count": 1}).theirs == "10"
    assert (
        one("brevo", {"events": [{"email": RCPT, "event": "softBounces", "reason": "452 4.2.2 full"}]}).bounce.at
        is None
    )


def test_each_recipient_of_an_event_is_one() -> None:
    value = ses(
        bouncedRecipients=[
            {"emailAddress": "a@example.net", "diagnosticCode": "smtp; 550 5.1.1 User unknown"},
            {"emailAddress": "b@example.net", "diagnosticCode": "smtp; 552 5.2.2 Mailbox full"},
        ]
    )
    found = [event for event in read("ses", value) if isinstance(event, Event)]
    assert [(e.bounce.recipient, verdict(e)[0]) for e in found] == [
        ("a@example.net", "invalid_address.unknown_user"),
        ("b@example.net", "mailbox_full.over_quota"),
    ]


def test_a_complaint_says_what_it_complains_of() -> None:
    value = {
        "eventType": "Complaint",
        "complaint": {"complainedRecipients": [{"emailAddress": RCPT}], "complaintFeedbackType": "not-spam"},
        "mail": {"messageId": "1"},
    }
    assert (one("ses", value).kind, one("ses", value).feedback_type) == (Kind.COMPLAINT, "not-spam")


def test_a_known_server_in_the_event_names_the_provider() -> None:
    value = mailgun("550 5.1.1 The email account that you tried to reach does not exist")
    value["event-data"]["delivery-status"]["mx-host"] = "gmail-smtp-in.l.google.com"
    bounce: Bounce = one("mailgun", value).bounce
    assert default_classifier().classify(bounce).provider == "gmail"


@pytest.mark.parametrize(
    ("name", "words", "last"),
    [
        (
            "ses",
            "554 4.4.7 Message expired: unable to deliver in 840 minutes.<421 4.4.2 Connection timed out>",
            "recipient_error.connection",
        ),
        (
            "sparkpost",
            "554 5.4.7 [internal] message timeout (last transfail: 451 4.7.1 Greylisted, please try again)",
            "rate_limit.greylisted",
        ),
    ],
)
def test_the_cause_behind_an_expiry_is_kept(name: str, words: str, last: str) -> None:
    event = one(name, FORMS[name](words))
    assert verdict(event)[0] == "recipient_error.expired"
    assert event.last is not None
    assert default_classifier().classify(event.last).reason == last
    assert one(name, FORMS[name]("550 5.1.1 User unknown")).last is None
