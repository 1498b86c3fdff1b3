"""What each server writes into its log comes out as what happened, with the words of the remote server."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverkit.bounces.classify import default_classifier
from deliverkit.bounces.event import Event, Fault, Kind
from deliverkit.bounces.reply import parse_reply
from deliverkit.bounces.sources import SOURCES, About, Unit, detect, source
from deliverkit.knowledge import load
from tests.bounces.made_logs import NOISE, NOW, WRITERS, Attempt, Message, postfix, stamped, write

UNKNOWN_USER = "550 5.1.1 <kim@example.net>: Recipient address rejected: User unknown"
_AMBIGUOUS = {"qmail": 0.99}
"""qmail writes spaces and underscores alike."""


def read(name: str, lines: list[bytes], now: datetime = NOW) -> list[Event | Fault]:
    about = About("log", now, b"\n".join(lines)[:65_536])
    return list(source(name).Reader(about).read(enumerate(lines, 1)))


def events(name: str, *lines: str) -> list[Event]:
    found = read(name, [line.encode() for line in lines])
    assert not [item for item in found if isinstance(item, Fault)]
    return [item for item in found if isinstance(item, Event)]


def one(name: str, line: str) -> Event:
    (event,) = events(name, line)
    return event


@pytest.mark.parametrize("name", WRITERS)
def test_every_reply_keeps_its_reason_and_its_recipient(name: str) -> None:
    classifier = default_classifier()
    same = total = 0
    for number, example in enumerate(e for info in load().rule_info.values() for e in info.examples):
        reply = parse_reply(example)
        flat = " ".join(example.split())
        if reply.code is None or reply.code < 400 or not flat.startswith(str(reply.code)):
            continue
        outcome = "bounced" if reply.code >= 500 else "deferred"
        found = read(name, write(name, [Message([Attempt("kim@example.net", flat, outcome)], number)]))
        assert len(found) == 1, found
        assert isinstance(found[0], Event)
        assert found[0].bounce.recipient == "kim@example.net"
        total += 1
        same += classifier.classify(found[0].bounce.reply).reason == classifier.classify(parse_reply(flat)).reason
    assert total > 500
    assert same >= total * _AMBIGUOUS.get(name, 1)


@pytest.mark.parametrize("name", WRITERS)
def test_each_log_is_told_from_all_others(name: str) -> None:
    message = Message([Attempt("kim@example.net"), Attempt("a@example.org", "250 2.0.0 OK", "sent")], 5)
    head = b"\n".join(write(name, [message]))
    assert detect(head) == name
    assert detect(b"\xef\xbb\xbf" * (name == "kumomta") + head[: head.rfind(b"\n")]) == name


def test_what_is_no_source_is_none() -> None:
    for head in (
        b"",
        b"words\n",
        b"\x00\x01\x02",
        b"{}",
        b"[]",
        b'{"a": 1}',
        b"Nov 20 08:00:00 h dovecot: imap\n",
        b"a,b\n1,2\n",
    ):
        assert detect(head) is None, head


def test_every_source_is_what_it_is_called() -> None:
    for name in SOURCES:
        assert name == source(name).NAME
        assert source(name).UNIT in Unit
        assert not source(name).recognises(b"")


@pytest.mark.parametrize("phase", ["rcpt", "mail", "data", "eod", "ehlo", "connect"])
@pytest.mark.parametrize("name", ["postfix", "exim", "qmail"])
def test_the_phase_is_read(name: str, phase: str) -> None:
    (event,) = read(name, write(name, [Message([Attempt("kim@example.net", UNKNOWN_USER, phase=phase)])]))
    assert isinstance(event, Event)
    assert event.bounce.phase == phase
    assert event.bounce.reply.text == UNKNOWN_USER


@pytest.mark.parametrize("name", ["exim", "opensmtpd", "powermta", "kumomta"])
def test_our_address_is_read_where_it_is_logged(name: str) -> None:
    (event,) = read(name, write(name, [Message([Attempt("kim@example.net")])]))
    assert isinstance(event, Event)
    assert event.bounce.ip == "198.51.100.7"
    assert event.bounce.mx == "mx.example.net"


@pytest.mark.parametrize("form", ["syslog", "iso", "rfc5424"])
def test_postfix_in_every_form_of_syslog(form: str) -> None:
    (event,) = read("postfix", stamped(postfix(Message([Attempt("kim@example.net", original="k@example.com")])), form))
    assert isinstance(event, Event)
    bounce = event.bounce
    assert (bounce.recipient, bounce.original_recipient, bounce.mx) == (
        "kim@example.net",
        "k@example.com",
        "mx.example.net",
    )
    assert (bounce.sender, event.message_id, event.theirs) == ("news@example.com", "1.abc@example.com", "bounced")
    assert bounce.at is not None
    assert bounce.at.startswith("2026-11-20T08:00:05")


def test_postfix_instances_and_long_queue_ids() -> None:
    lines = stamped(postfix(Message([Attempt("kim@example.net")], 2), "postfix-out/slow"))
    assert detect(b"\n".join(lines)) == "postfix"
    (event,) = read("postfix", lines)
    assert isinstance(event, Event)
    assert event.queue_id == "4X0002yz0062bQm"


def test_postfix_lines_that_are_no_bounces_of_our_mail() -> None:
    assert read("postfix", stamped(NOISE)) == []


def test_postfix_its_own_words_take_the_status() -> None:
    line = (
        "Nov 20 08:00:00 mx1 postfix/{}[7]: 4A1B2C3D4E: to=<kim@example.net>, relay={}, delay=30, delays=0/0/30/0, "
        "dsn={}, status={} ({})"
    )
    event = one(
        "postfix",
        line.format(
            "smtp", "none", "4.4.1", "deferred", "connect to mx.example.net[192.0.2.1]:25: Connection timed out"
        ),
    )
    assert (event.bounce.phase, event.bounce.mx, event.bounce.reply.enhanced_code) == (
        "connect",
        "mx.example.net",
        "4.4.1",
    )
    event = one("postfix", line.format("local", "local", "5.1.1", "bounced", 'unknown user: "kim"'))
    assert (event.kind, event.bounce.mx, event.bounce.reply.enhanced_code) == (Kind.BOUNCE, None, "5.1.1")
    words = "delivery temporarily suspended: host mx.example.net[192.0.2.1] refused to talk to me: 421 4.7.0 Try later"
    event = one("postfix", line.format("error", "none", "4.7.0", "deferred", words))
    assert (event.bounce.reply.text, event.bounce.phase, event.bounce.mx) == (
        "421 4.7.0 Try later",
        "connect",
        "mx.example.net",
    )
    event = one(
        "postfix", line.format("smtp", "127.0.0.1[127.0.0.1]:10024", "2.0.0", "sent", "250 2.0.0 from MTA: 250 queued")
    )
    assert (event.kind, event.bounce.mx) == (Kind.RELAYED, None)
    event = one(
        "postfix", line.format("lmtp", "dc.example.net[private/dovecot-lmtp]", "2.0.0", "sent", "250 2.0.0 Saved")
    )
    assert event.kind is Kind.DELIVERED


def test_the_year_of_a_stamp_is_the_newest_that_is_not_in_the_future() -> None:
    line = (
        "{} mx1 postfix/smtp[7]: 4A1B2C3D4E: to=<k@example.net>, relay=none, delay=1, dsn=4.0.0, status=deferred (no)"
    )
    now = datetime(2027, 1, 3, tzinfo=UTC)
    for stamp, at in (
        ("Dec 31 23:59:59", "2026-12-31T23:59:59"),
        ("Jan  2 00:00:00", "2027-01-02T00:00:00"),
        ("Feb 29 10:00:00", "2024-02-29T10:00:00"),
        ("2026-11-20T08:00:00.5+01:00", "2026-11-20T08:00:00.5+01:00"),
        ("Foo 99 10:00:00", None),
    ):
        (event,) = read("postfix", [line.format(stamp).encode()], now)
        assert isinstance(event, Event)
        assert event.bounce.at == at


def test_exim_gives_up_with_the_cause() -> None:
    start = "2026-11-20 08:00:00 1tEabc-000123-4X "
    where = "kim@example.net R=dnslookup T=remote_smtp"
    found = events(
        "exim",
        start + "<= news@example.com H=app.example.com [192.0.2.9] P=esmtp S=99 id=1@example.com",
        start + f"== {where} defer (-44) H=mx.example.net [192.0.2.1]: SMTP error from remote mail server after RCPT "
        "TO:<kim@example.net>: 451 4.7.1 Greylisted: come back",
        start + f"== {where} defer (-53): retry time not reached for any host for 'example.net'",
        start + f"** {where}: retry timeout exceeded",
        start + "Completed",
    )
    assert [event.theirs for event in found] == ["==", "**"]
    assert found[1].last is not None
    assert found[1].last.text == "451 4.7.1 Greylisted: come back"


def test_exim_forms() -> None:
    event = one("exim", "2026-11-20 08:00:00.123 [77] 1tEabc-00000000123-4XyZ ** kim@example.net <k@example.com> F=<> "
                "R=dnslookup T=remote_smtp: SMTP error from remote mail server after initial connection: host "
                "mx.example.net [192.0.2.1]: 554 5.7.1 Blocked")  # fmt: skip
    bounce = event.bounce
    assert (bounce.original_recipient, bounce.phase, bounce.mx) == ("k@example.com", "connect", "mx.example.net")
    assert bounce.reply.text == "554 5.7.1 Blocked"
    event = one("exim", "Nov 20 08:00:00 mx1 exim[9]: 1tEabc-000123-4X ** nobody@nowhere.example: Unrouteable address")
    assert (event.bounce.recipient, event.bounce.at) == ("nobody@nowhere.example", "2026-11-20T08:00:00")
    assert (
        read("exim", [b"2026-11-20 08:00:00 H=(x) [192.0.2.9] F=<a@example.com> rejected RCPT <b@example.net>: no"])
        == []
    )


def test_exim_as_4_96_writes_it_with_all_selectors() -> None:
    start = "2026-11-22 07:47:48.313 [19041] 1xV2Ic-0004x1-2H "
    found = events(
        "exim",
        start
        + '<= news@example.com U=root P=local S=261 M8S=0 RT=0.000s id=m1@example.com T="x" from <news@example.com> '
        "for hard@example.net soft@example.org",
        start + "** hard@example.net F=<news@example.com> P=<news@example.com> R=r T=t H=mx.example.net [192.0.2.1]:25 "
        "I=[198.51.100.7]:35410: SMTP error from remote mail server after RCPT TO:<hard@example.net>: 550-5.1.1 The "
        "email account that you tried to reach does\\n550 5.1.1 not exist. DT=0.000s",
        start + "Process failed (127) when writing error message to news@example.com",
        start + "Completed QT=4.823s",
    )
    (event,) = found
    bounce = event.bounce
    assert bounce.reply.text == "550 5.1.1 The email account that you tried to reach does not exist."
    assert (bounce.ip, bounce.phase, bounce.sender, event.message_id) == (
        "198.51.100.7", "rcpt", "news@example.com", "m1@example.com",
    )  # fmt: skip


def test_sendmail_forms() -> None:
    start = "Nov 20 08:00:00 mx1 sm-mta[9]: [ID 801593 mail.info] 4AK800x0123456: "
    found = events(
        "sendmail",
        start + "from=<news@example.com>, size=5, class=0, nrcpts=2, msgid=<1@example.com>, relay=x",
        start
        + "to=<a@example.net>,<b@example.net>, delay=00:00:01, mailer=esmtp, pri=1, relay=mx.example.net. [192.0.2.1], "
        "dsn=5.1.1, stat=User unknown",
        start + "to=c@example.net, delay=00:00:01, mailer=esmtp, relay=mx.example.net. [192.0.2.1], dsn=4.0.0, "
        "stat=Deferred: Connection refused by mx.example.net.",
        start + "4AK800x0123499: sender notify: Cannot send message for 5 days",
    )
    assert [event.bounce.recipient for event in found] == [f"{who}@example.net" for who in "abcc"]
    assert found[0].bounce.reply.text == "5.1.1 User unknown"
    assert found[3].last is not None
    assert found[3].theirs == "expired"
    assert {event.message_id for event in found} == {"1@example.com"}


def test_qmail_forms() -> None:
    found = events(
        "qmail",
        "new msg 7",
        "info msg 7: bytes 5 from <> qp 8 uid 9",
        "starting delivery 3: msg 7 to remote kim@example.net",
        "delivery 3: failure: CNAME_lookup_failed_temporarily._(#4.4.3)/I'm_not_going_to_try_again;_this_message_has_"
        "been_in_the_queue_too_long./",
        "end msg 7",
    )
    (event,) = found
    assert (event.bounce.sender, event.bounce.recipient, event.queue_id) == ("", "kim@example.net", "7")
    assert event.last is not None
    assert event.last.enhanced_code == "4.4.3"
    assert default_classifier().classify(event.bounce).reason == "recipient_error.expired"


def test_opensmtpd_old_form_and_delivery_programs() -> None:
    start = "Nov 20 08:00:00 mx1 smtpd[9]: "
    event = one("opensmtpd", start + "relay: PermFail for c534b8c7f5ad4a41: session=a6ee64ec089bf84f, "
                "from=<n@example.com>, to=<kim@example.net>, rcpt=<k@example.com>, source=198.51.100.7, "
                "relay=192.0.2.1 (mx.example.net), delay=6s, stat=550 5.1.1 No such user")  # fmt: skip
    bounce = event.bounce
    assert (bounce.original_recipient, bounce.ip, bounce.mx) == ("k@example.com", "198.51.100.7", "mx.example.net")
    event = one("opensmtpd", start + "1e722991167e2b80 mda delivery evpid=f9293a5cb336a379 from=<a@example.com> "
                "to=<b@example.com> rcpt=<b@example.com> user=b delay=40s result=TempFail stat=Error "
                '(temporary failure: "mail.lmtp: LMTP server error: 452 4.2.2 Mailbox full")')  # fmt: skip
    assert (event.bounce.reply.text, event.bounce.original_recipient) == ("452 4.2.2 Mailbox full", None)


def test_powermta_columns_are_the_operators_own() -> None:
    head = "type,timeLogged,rcpt,bounceCat,dsnDiag"
    found = events("powermta", head, "b,1178807915,kim@example.net,bad-mailbox,\"smtp;550 5.1.1 no, \"\"really\"\"\"",
                   "r,1,,,", "type,rcpt,dsnStatus", "rb,kim@example.net,5.1.1 (bad destination)")  # fmt: skip
    assert [event.theirs for event in found] == ["bad-mailbox", "rb"]
    assert found[0].bounce.reply.text == '550 5.1.1 no, "really"'
    assert found[0].bounce.at == "2007-05-10T14:38:35+00:00"
    assert found[1].bounce.reply.enhanced_code == "5.1.1"
    (fault,) = read("powermta", [head.encode(), b'b,1,"kim'])[-1:]
    assert fault == Fault("log", 2, "columns")


@pytest.mark.parametrize("name", ["powermta", "kumomta"])
def test_complaints(name: str) -> None:
    if name == "powermta":
        lines = [b"type,timeLogged,rcpt,feedbackType,bounceCat", b"f,1178807915,kim@example.net,abuse,"]
    else:
        report = b'{"feedback_type": "abuse", "original_rcpt_to": ["kim@example.net"]}'
        lines = [b'{"type": "Feedback", "id": "1", "timestamp": 1, "feedback_report": ' + report + b"}"]
    (event,) = read(name, lines)
    assert isinstance(event, Event)
    assert (event.kind, event.feedback_type, event.bounce.recipient) == (Kind.COMPLAINT, "abuse", "kim@example.net")


LINES = [line for name in WRITERS for line in write(name, [Message([Attempt("kim@example.net")] * 2, 3, expired=True)])]


@pytest.mark.parametrize("name", [*WRITERS, "mail"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_line_however_damaged_raises(name: str, data: st.DataObject) -> None:
    line = data.draw(st.sampled_from(LINES))
    start = data.draw(st.integers(0, len(line)))
    end = data.draw(st.integers(start, min(len(line), start + 40)))
    torn = line[:start] + data.draw(st.binary(max_size=30)) + line[end:]
    detect(torn)
    for item in source(name).Reader(About("log", NOW, torn)).read([(1, LINES[0]), (2, torn), (3, torn[::-1])]):
        assert isinstance(item, Event | Fault)
