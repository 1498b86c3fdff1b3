"""Which number is the code, and what is left of the noise."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.bounces.pasted import MAX_BOUNCES, read_bounces
from deliverkit.bounces.reply import MAX_REPLY, MAX_TEXT, _read, parse_reply

EXIM_LINE = (
    "SMTP error from remote mail server after RCPT TO:<a@example.com>: host mx.example.com [192.0.2.1]: 550 5.1.1 no"
)
POSTFIX_LINE = (
    "Nov 22 04:00:00 mx postfix/smtp[550]: AB: to=<a@example.com>, relay=mx.example.com[192.0.2.5]:25, dsn=5.1.1, "
    "status=bounced (host mx.example.com[192.0.2.5] said: 550 5.1.1 <a@example.com>: gone "
    "(in reply to RCPT TO command))"
)

CASES = [
    ("550", 550, None, "550"),
    ("5.7.1", None, "5.7.1", "5.7.1"),
    ("#5.1.1", None, "5.1.1", "5.1.1"),
    ("421 4.7.28", 421, "4.7.28", "421 4.7.28"),
    ("550 5.1.1 User unknown", 550, "5.1.1", "550 5.1.1 User unknown"),
    ("550-5.7.26 one\n550-5.7.26 two\n550 5.7.26 three", 550, "5.7.26", "550 5.7.26 one two three"),
    ("> 550-5.7.26 one\n> 550 5.7.26 two", 550, "5.7.26", "550 5.7.26 one two"),
    ("421-4.7.0 one 421-4.7.0 two 421 4.7.0 three", 421, "4.7.0", "421 4.7.0 one two three"),
    ("smtp; 550 5.1.1 no", 550, "5.1.1", "550 5.1.1 no"),
    ("smtp;550 no", 550, None, "550 no"),
    ("Remote host said: 550 no", 550, None, "550 no"),
    ("<<< 550 5.1.1 no", 550, "5.1.1", "550 5.1.1 no"),
    ("#< #5.1.1 SMTP; 550 5.1.1 User unknown>", 550, "5.1.1", "550 5.1.1 User unknown"),
    ("5505.1.1 User unknown", 550, "5.1.1", "550 5.1.1 User unknown"),
    ("550#5.1.1 x", 550, "5.1.1", "550 5.1.1 x"),
    ("550 #5.1.0 Address rejected.", 550, "5.1.0", "550 5.1.0 Address rejected."),
    ("550 sorry, no mailbox (#5.1.1)", 550, "5.1.1", "550 5.1.1 sorry, no mailbox (#5.1.1)"),
    ("550 4.7.1 odd", 550, "4.7.1", "550 4.7.1 odd"),
    ("220 ready\n250 ok\n550 5.7.1 no", 550, "5.7.1", "550 5.7.1 no"),
    ("550 no such user (Exim 4.9.2)", 550, None, "550 no such user (Exim 4.9.2)"),
    (
        '{"reason":"550 5.1.1 &lt;a@example.com&gt; gone\\r\\n550 5.1.1 now"}',
        550,
        "5.1.1",
        "550 5.1.1 <a@example.com> gone now",
    ),
    (
        POSTFIX_LINE,
        550,
        "5.1.1",
        "550 5.1.1 <a@example.com>: gone",
    ),
    (
        EXIM_LINE,
        550,
        "5.1.1",
        "550 5.1.1 no",
    ),
    ("connect to mx.example.com[192.0.2.1]:25: Connection timed out", None, None, None),
    ("The limit is 550 messages per hour", None, None, None),
    ("host 4.5.6.7 port 587 size 550 KB", None, None, None),
    ("Call 555 1234 before 2026", None, None, None),
    ("", None, None, ""),
]


@pytest.mark.parametrize(("text", "code", "enhanced", "read"), CASES)
def test_codes_and_text(text: str, code: int | None, enhanced: str | None, read: str | None) -> None:
    reply = parse_reply(text)
    assert (reply.code, reply.enhanced_code) == (code, enhanced)
    assert read is None or reply.text == read


@pytest.mark.parametrize("text", [case[0] for case in CASES])
def test_the_short_way_reads_as_the_long_way(text: str) -> None:
    assert parse_reply(text) == _read(text)


@given(st.text(max_size=400))
def test_any_text_is_read_without_control_characters(text: str) -> None:
    reply = parse_reply(text)
    assert len(reply.raw) <= MAX_REPLY
    assert len(reply.text) <= MAX_TEXT
    assert not [c for c in reply.text if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
    assert not set(reply.text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u200b")
    assert reply.code is None or 200 <= reply.code <= 599


@given(st.text(alphabet='0123456789 .-#\n>:;()<[]smtpdaSMTP=\\"&', max_size=200))
def test_text_near_replies_is_read_and_cut(text: str) -> None:
    parse_reply(text)
    for bounce in read_bounces(text):
        assert bounce.reply.code is None or 200 <= bounce.reply.code <= 599


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=120))
def test_both_ways_agree_on_plain_lines(words: str) -> None:
    for head in ("550 ", "421 4.7.0 ", ""):
        assert parse_reply(head + words) == _read(head + words)


@pytest.mark.parametrize("noise", ["> ", ">> ", "smtp; ", "<<< ", "Remote host said: ", '"', "  ", "said: ", "| "])
@pytest.mark.parametrize(("code", "enhanced"), [(550, "5.1.1"), (421, "4.7.28"), (552, "5.2.2")])
def test_noise_before_a_reply_keeps_its_codes(noise: str, code: int, enhanced: str) -> None:
    reply = parse_reply(f"{noise}{code} {enhanced} some words here")
    assert (reply.code, reply.enhanced_code) == (code, enhanced)


@pytest.mark.parametrize(
    "text",
    ["550 " * 300_000, "5.1.1 " * 200_000, "> " * 500_000, "a" * 2_000_000, "550-" * 300_000, "\n" * 1_500_000,
     "(in reply to " * 80_000, "status=bounced (" * 60_000, "said: " * 200_000, "<" * 1_200_000, "a@" * 500_000,
     "to=<" * 250_000, "\x00" * 1_000_001, "\u202e" * 1_000_001, "550 x\n" * 200_000],
)  # fmt: skip
def test_hostile_size_is_bounded(text: str) -> None:
    assert len(parse_reply(text).text) <= MAX_TEXT
    assert len(read_bounces(text)) <= MAX_BOUNCES


def test_what_could_fool_a_terminal_is_gone() -> None:
    reply = parse_reply("550 \x1b[31mred\x1b[0m \u202etxt\u2066 a\x00b\x07c\ud800")
    assert reply.text == "550 red txt abc"


LOG = """\
2026-11-22T04:00:00+00:00 mx postfix/smtp[9]: A1: to=<a@example.com>, relay=mx.example.com[192.0.2.5]:25, dsn=5.1.1, \
status=bounced (host mx.example.com[192.0.2.5] said: 550 5.1.1 <a@example.com>: gone (in reply to RCPT TO command))
2026-11-22T04:00:01+00:00 mx postfix/smtp[9]: A2: to=<b@example.net>, relay=none, dsn=4.4.1, \
status=deferred (connect to mx.example.net[192.0.2.6]:25: Connection timed out)
"""


def test_log_lines_become_one_bounce_each() -> None:
    first, second = read_bounces(LOG)
    assert (first.recipient, first.mx, first.phase) == ("a@example.com", "mx.example.com", "rcpt")
    assert (first.at, first.source) == ("2026-11-22T04:00:00+00:00", "line 1")
    assert first.reply.text == "550 5.1.1 <a@example.com>: gone"
    assert (second.recipient, second.mx, second.phase) == ("b@example.net", "mx.example.net", "connect")
    assert second.reply.code is None


def test_a_transcript_gives_the_failure_its_command() -> None:
    (bounce,) = read_bounces(
        ">>> MAIL FROM:<a@example.com>\n<<< 250 ok\n>>> RCPT TO:<b@example.net>\n<<< 550 5.1.1 no\n"
    )
    assert (bounce.reply.code, bounce.phase) == (550, "rcpt")


def test_replies_of_several_lines_stay_whole() -> None:
    bounces = read_bounces("550-5.7.26 one\n550 5.7.26 two\n\n421 4.7.0 three\n452 4.2.2 four\n")
    assert [b.reply.text for b in bounces] == ["550 5.7.26 one two", "421 4.7.0 three", "452 4.2.2 four"]


def test_nothing_is_invented() -> None:
    (bounce,) = read_bounces("550 no")
    assert (bounce.recipient, bounce.sender, bounce.mx, bounce.ip, bounce.phase, bounce.at) == (None,) * 6
    assert read_bounces(" \n\t ") == ()
    assert read_bounces("no code at all")[0].reply.text == "no code at all"


def test_our_own_ip_is_taken_where_it_is_named() -> None:
    (bounce,) = read_bounces("554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using bl.example.org")
    assert bounce.ip == "192.0.2.7"


@pytest.mark.parametrize(
    ("text", "code", "enhanced"),
    [
        ("(550, b'5.7.1 Relaying denied')", 550, "5.7.1"),
        ("SMTPRecipientsRefused: {'jane@example.com': (550, b'5.1.1 User unknown')}", 550, "5.1.1"),
        ("[550] 5.1.1 User unknown", 550, "5.1.1"),
        ("10:22:33 550 user unknown", 550, None),
        ("5.1.1 550 user unknown", 550, "5.1.1"),
        ("connect to mx.example.com[192.0.2.1]:550: Connection refused", None, None),
        ("delivery 72: failure: 192.0.2.8_does_not_like_recipient./Remote_host_said:_550_5.1.1_No_user/", 550, "5.1.1"),
    ],
)
def test_what_programs_put_around_a_reply(text: str, code: int | None, enhanced: str | None) -> None:
    reply = parse_reply(text)
    assert (reply.code, reply.enhanced_code) == (code, enhanced)


def test_the_address_above_a_reply_is_its_recipient() -> None:
    text = """
  jane@example.com
    host mx.example.com [192.0.2.1]
    SMTP error from remote mail server after end of data:
    550 5.7.1 Message rejected as spam
"""
    [bounce] = read_bounces(text)
    assert (bounce.recipient, bounce.mx, bounce.phase) == ("jane@example.com", "mx.example.com", "eod")


def test_the_lines_of_one_diagnostic_code_are_one_reply() -> None:
    text = "Diagnostic-Code: smtp; 550-5.1.1 The account does not exist. Please try\n 550-5.1.1 again\n 550 5.1.1 bye"
    assert len(read_bounces(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "421-4.7.28 [198.51.100.7      15] Our system has detected an unusual rate of mail",
        "450 4.7.25 Client host rejected: cannot find your reverse hostname, [198.51.100.7]",
        "NOQUEUE: reject: RCPT from unknown[198.51.100.7]: 450 4.7.25 Client host rejected: no",
    ],
)
def test_the_refused_ip_is_read_where_servers_write_it(text: str) -> None:
    assert read_bounces(text)[0].ip == "198.51.100.7"


def test_an_event_names_its_recipient() -> None:
    text = '{"event":"bounce","email":"jane@example.com","reason":"550 5.1.1 User unknown"}'
    assert read_bounces(text)[0].recipient == "jane@example.com"


@pytest.mark.parametrize(
    ("text", "recipient"),
    [
        ("554 5.7.1 <u@x.example>: Relay access denied", "u@x.example"),
        ("552 5.2.2 <u@x.example>: user is over quota", "u@x.example"),
        ("550 5.1.1 <u@x.example>... No such user", "u@x.example"),
        ("550 5.1.8 <u@x.example>: Sender address rejected: Domain not found", None),
    ],
)
def test_the_address_that_a_refusal_begins_with(text: str, recipient: str | None) -> None:
    assert read_bounces(text)[0].recipient == recipient


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("host mx.example.net[192.0.2.1] refused to talk to me: 554 Denied", 554, "554 Denied"),
        ("host mx.example.net[192.0.2.1] refused to talk to me: 421-mx.example.net 421 Too many", 421,
         "421 mx.example.net Too many"),
    ],
)  # fmt: skip
def test_words_of_a_server_that_refused_to_talk(text: str, code: int, words: str) -> None:
    assert (parse_reply(text).code, parse_reply(text).text) == (code, words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("550-Local mailbox 550 user@example.org is unavailable", "550 Local mailbox user@example.org is unavailable"),
        ("554-<a@b.example>: No.\n554-Not allowed to\n take 554 part\nin it",
         "554 <a@b.example>: No. Not allowed to take part in it"),
        ("550-5.7.1 blocked, see 550\nhttp://example.com", "550 5.7.1 blocked, see http://example.com"),
        ("550-The limit of this server is 550 messages", "550 The limit of this server is 550 messages"),
        ("550 5.7.26 This mail fails to5.7.26 pass SPF", "550 5.7.26 This mail fails to pass SPF"),
        ("552 La bo\\303\\256te est pleine", "552 La boîte est pleine"),
        ("550 C:\\300 \\377\\376 stays", "550 C:\\300 \\377\\376 stays"),
    ],
)  # fmt: skip
def test_lines_that_real_servers_write_into_one(text: str, words: str) -> None:
    assert parse_reply(text).text == words
