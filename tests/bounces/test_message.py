"""Status fields, what is no bounce, and mails that nothing should break."""

from __future__ import annotations

import base64
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deliverkit.bounces.classify import default_classifier
from deliverkit.bounces.event import Event
from deliverkit.bounces.message import Kind, Message, judge, looks_like_mail, read_message, read_messages
from deliverkit.bounces.sources import About
from deliverkit.bounces.sources import mail as mail_source
from deliverkit.model import AddressAction, Confidence

DATA = Path(__file__).parent.parent / "data" / "bounces"
_CASES = tomllib.loads((DATA / "forms.toml").read_text(encoding="utf-8"))
HEAD = (
    "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.net\nTo: news@shop.example\n"
    "Subject: Undelivered Mail Returned to Sender\n"
)
ONE = (
    "Final-Recipient: rfc822; gone@dest.example\nAction: failed\nStatus: 5.1.1\n"
    "Diagnostic-Code: smtp; 550 5.1.1 No such user\n"
)


def dsn(
    fields: str, text: str = "It failed.\n", *, head: str = HEAD, part: str = "", kind: str = "delivery-status"
) -> bytes:
    """A report of RFC 6522 with these status fields."""
    return (
        f'{head}MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary="=_b"\n\n'
        f"--=_b\nContent-Type: text/plain; charset=utf-8\n\n{text}\n--=_b\nContent-Type: message/{kind}\n{part}\n"
        f"Reporting-MTA: dns; mx.example.net\nArrival-Date: Sun, 22 Nov 2026 04:00:00 +0000\n\n{fields}\n"
        "--=_b\nContent-Type: text/rfc822-headers\n\nFrom: Shop <news@shop.example>\nTo: gone@dest.example\n"
        "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nMessage-ID: <42@shop.example>\n"
        "Date: Sun, 22 Nov 2026 03:59:00 +0000\n\n--=_b--\n"
    ).encode()


def told(message: Message) -> list[tuple[str | None, str]]:
    """(recipient, reason) of every bounce."""
    return [(bounce.recipient, verdict.reason) for bounce, verdict in judge(message, default_classifier())]


def test_one_recipient_with_all_fields() -> None:
    message = read_message(
        dsn(ONE + "Remote-MTA: dns; mx.dest.example\nLast-Attempt-Date: Sun, 22 Nov 2026 05:00:00 +0000\n")
    )
    [bounce] = message.bounces
    assert message.kind is Kind.BOUNCE
    assert (bounce.recipient, bounce.mx, bounce.sender) == ("gone@dest.example", "mx.dest.example", "news@shop.example")
    assert bounce.at == "2026-11-22T05:00:00+00:00"
    assert (bounce.reply.code, bounce.reply.enhanced_code) == (550, "5.1.1")
    assert message.original is not None
    assert (message.original.message_id, message.original.subject) == ("42@shop.example", "Grüße")


FIELDS = _CASES["fields"]


@pytest.mark.parametrize("case", FIELDS)
def test_fields(case: str) -> None:
    found = [list(pair) for pair in told(read_message(dsn(FIELDS[case]["fields"])))]
    assert found == FIELDS[case]["expected"]


def test_the_address_as_the_sender_gave_it_is_kept() -> None:
    [bounce] = read_message(dsn("Original-Recipient: rfc822;list@dest.example\n" + ONE)).bounces
    assert (bounce.recipient, bounce.original_recipient) == ("gone@dest.example", "list@dest.example")
    [bounce] = read_message(dsn("Original-Recipient: rfc822;GONE@dest.example\n" + ONE)).bounces
    assert bounce.original_recipient is None


def test_fields_that_were_encoded() -> None:
    packed = base64.encodebytes(("Reporting-MTA: dns; mx.example.net\n\n" + ONE).encode()).decode()
    data = dsn("", part="Content-Transfer-Encoding: base64\n").decode()
    start = data.index("Reporting-MTA")
    data = data[:start] + packed + data[data.index("\n--=_b\nContent-Type: text/rfc822-headers") :]
    assert told(read_message(data.encode())) == [("gone@dest.example", "invalid_address.unknown_user")]


def test_an_address_beyond_ascii() -> None:
    fields = ONE.replace("rfc822; gone@dest.example", "utf-8; gr\\x{FC}n@dest.example")
    message = read_message(dsn(fields, kind="global-delivery-status"))
    assert [b.recipient for b in message.bounces] == ["grün@dest.example"]


def test_the_transcript_completes_the_first_line_of_a_reply() -> None:
    text = (
        "   ----- Transcript of session follows -----\n... while talking to mx.dest.example.:\n>>> DATA\n"
        "<<< 550-5.7.1 The first line says little\n<<< 550 5.7.1 blocked using zen.spamhaus.org\n"
    )
    fields = ONE.replace("550 5.1.1 No such user", "550-5.7.1 The first line says little").replace("5.1.1", "5.7.1")
    assert told(read_message(dsn(fields, text))) == [("gone@dest.example", "blocked.ip_listed")]


EXPIRED = "554 4.4.7 Message expired: unable to deliver in 840 minutes"
CAUSES = {
    f"{EXPIRED}.<452 4.2.2 Mailbox full>": "mailbox_full.over_quota",
    "550 5.4.300 Message expired -> 451 4.7.500 Greylisted, please try again later": "rate_limit.greylisted",
    "550 4.4.7 QUEUE.Expired; message expired in unreachable destination queue. Reason: "
    "{LED=450 4.4.312 DNS query failed};{MSG=}": "recipient_error.dns_temporary",
}


def expired(diagnostic: str) -> bytes:
    return dsn(ONE.replace("550 5.1.1 No such user", diagnostic).replace("5.1.1", "4.4.7"))


@pytest.mark.parametrize(("diagnostic", "reason"), CAUSES.items())
def test_the_cause_behind_an_expiry_is_told_beside_it(diagnostic: str, reason: str) -> None:
    [(bounce, verdict)] = judge(read_message(expired(diagnostic)), default_classifier())
    assert verdict.reason == "recipient_error.expired"
    assert verdict.also_possible[0].reason == reason
    [event] = mail_source.Reader(About("x.eml")).read([(1, expired(diagnostic))])
    assert isinstance(event, Event)
    assert event.last is not None
    assert default_classifier().classify(event.last).reason == reason
    assert event.bounce == bounce


def test_an_expiry_without_a_cause() -> None:
    assert told(read_message(expired(EXPIRED))) == [("gone@dest.example", "recipient_error.expired")]
    [event] = mail_source.Reader(About("x.eml")).read([(1, expired(EXPIRED))])
    assert isinstance(event, Event)
    assert event.last is None


OTHERS = _CASES["other"]


@pytest.mark.parametrize("case", OTHERS)
def test_what_is_no_bounce_is_said_to_be_none(case: str) -> None:
    kind = Kind(OTHERS[case]["kind"])
    message = read_message(OTHERS[case]["mail"].encode())
    assert message.kind is kind
    assert not message.is_bounce
    [(_, verdict)] = judge(message, default_classifier())
    assert verdict.bounce_type is None or kind is Kind.DELAYED
    if kind is Kind.ORDINARY:
        assert (verdict.reason, verdict.confidence) == ("unknown.unclassified", Confidence.NONE)
        assert verdict.address_action is AddressAction.KEEP
    else:
        assert verdict.category == "not_a_bounce"


def test_an_answer_is_about_the_one_who_wrote_it() -> None:
    message = read_message(OTHERS["out-of-office"]["mail"].encode())
    assert [b.recipient for b in message.bounces] == ["a@dest.example"]


def test_a_delay_keeps_its_cause_beside_it() -> None:
    [(bounce, verdict)] = judge(read_message(OTHERS["warning"]["mail"].encode()), default_classifier())
    assert bounce.recipient == "gone@dest.example"
    assert [a.reason for a in verdict.also_possible] == ["rate_limit.greylisted"]


@pytest.mark.parametrize(
    ("type_", "action"),
    [("abuse", AddressAction.SUPPRESS), ("auth-failure", AddressAction.KEEP), ("not-spam", AddressAction.KEEP)],
)
def test_only_a_wish_of_the_recipient_suppresses(type_: str, action: AddressAction) -> None:
    data = (
        "From: fbl@dest.example\nTo: abuse@shop.example\nSubject: FW: Sale\n"
        "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n"
        f"--b\n\nA complaint.\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: {type_}\nUser-Agent: "
        f"x/1\nVersion: 1\n"
        "Original-Rcpt-To: gone@dest.example\nSource-IP: 192.0.2.1\n--b\nContent-Type: message/rfc822\n\n"
        "From: news@shop.example\n\nSale\n--b--\n"
    )
    message = read_message(data.encode())
    [(bounce, verdict)] = judge(message, default_classifier())
    assert (message.kind, message.feedback_type) == (Kind.COMPLAINT, type_)
    assert (bounce.recipient, bounce.ip) == ("gone@dest.example", "192.0.2.1")
    assert verdict.address_action is action


def _variants(data: bytes) -> dict[str, bytes]:
    boundary = b"=_b"
    return {
        "crlf": data.replace(b"\n", b"\r\n"),
        "cr": data.replace(b"\n", b"\r"),
        "nul": data.replace(b"e", b"e\0"),
        "bom": b"\xef\xbb\xbf" + data,
        "mbox-line": b"From MAILER-DAEMON Sun Nov 22 04:00:00 2026\n" + data,
        "no-from": data.replace(b"From: MAILER-DAEMON@mx.example.net\n", b""),
        "no-boundary": data.replace(b'; boundary="=_b"', b"", 1),
        "wrong-charset": data.replace(b"charset=utf-8", b"charset=x-klingon"),
        "cut-off": data[: data.index(b"\n--" + boundary + b"\nContent-Type: text/rfc822")],
        "huge-copy": data[: -len(b"--=_b--\n") - 1] + b"\n" + b"QUJD\n" * 400_000,
        "misspelt-type": data.replace(b"multipart/report", b"multipart/rep0rt", 1),
    }


@pytest.mark.parametrize("variant", _variants(dsn(ONE)))
def test_broken_mails_say_the_same(variant: str) -> None:
    assert told(read_message(_variants(dsn(ONE))[variant])) == [("gone@dest.example", "invalid_address.unknown_user")]


def test_fields_behind_megabytes() -> None:
    data = dsn(ONE).replace(
        b"\n--=_b\nContent-Type: message/delivery",
        b"\n--=_b\nContent-Type: image/png\n\n" + b"QUJD" * 300_000 + b"\n--=_b\nContent-Type: message/delivery",
    )
    assert told(read_message(data)) == [("gone@dest.example", "invalid_address.unknown_user")]


def test_two_mails_in_one_file() -> None:
    mbox = (
        b"From MAILER-DAEMON Sun Nov 22 04:00:00 2026\n"
        + dsn(ONE)
        + b"\n\nFrom MAILER-DAEMON Sun Nov 22 04:00:01 2026\n"
        + dsn(ONE.replace("gone", "away"))
    )
    assert [b.recipient for m in read_messages(mbox) for b in m.bounces] == ["gone@dest.example", "away@dest.example"]


def test_a_thousand_nested_parts_come_to_an_end() -> None:
    parts = "".join(f"--b{i}\nContent-Type: multipart/mixed; boundary=b{i + 1}\n\n" for i in range(1000))
    data = f"{HEAD}Content-Type: multipart/mixed; boundary=b0\n\n{parts}--b1000\n\nno\n"
    assert read_message(data.encode()).kind is Kind.BOUNCE


def test_many_recipients_are_bounded() -> None:
    fields = "".join(ONE.replace("gone", f"u{i}") + "\n" for i in range(6000))
    bounces = read_message(dsn(fields)).bounces
    assert 500 < len(bounces) <= 5000
    assert len({b.recipient for b in bounces}) == len(bounces)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=3000))
def test_no_bytes_raise(data: bytes) -> None:
    assert read_message(data).kind in Kind


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(DATA.glob("*.eml"))),
    st.lists(st.tuples(st.integers(0, 6000), st.binary(max_size=30)), max_size=6),
)
def test_no_broken_report_raises(path: Path, edits: list[tuple[int, bytes]]) -> None:
    data = path.read_bytes()
    for at, piece in edits:
        data = data[:at] + piece + data[at + len(piece) // 2 :]
    for message in read_messages(data):
        assert len(judge(message, default_classifier())) == len(message.bounces)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD + "\nx", True),
        (HEAD.replace("\n", "\r\n") + "\r\nx", True),
        ("From x Sun Nov 22 04:00:00 2026\n" + HEAD + "\nx", True),
        ("550 5.1.1 From: To: Subject: no", False),
        ("From: a@dest.example\n550 5.1.1 no", False),
        ("Final-Recipient: rfc822; a@dest.example\nAction: failed\nStatus: 5.1.1", False),
        ("Nov 22 04:00:00 mx postfix/smtp[1]: A: to=<a@dest.example>, status=bounced (no)", False),
        ("", False),
    ],
)
def test_a_whole_mail_is_told_from_a_reply(text: str, expected: bool) -> None:
    assert looks_like_mail(text) is expected
