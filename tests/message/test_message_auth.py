"""SPF of the right hop, alignment and DMARC, ARC chains, and what the receiver said."""

import authres
import dkim
import pytest
import spf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from message_world import BODY, HEAD, PLAIN, RECEIVED, delivered, ids, look, private, public, shop, signed

from deliverkit.checks.message_auth import Choice, Dmarc
from deliverkit.checks.message_said import read_results
from deliverkit.message.hops import hops
from deliverkit.message.mail import Header, read_message
from deliverkit.model import Outcome

LOCAL = b"Received: by 10.0.0.7 with SMTP; Sun, 22 Nov 2026 07:00:02 +0000\r\n"
INSIDE = b"Received: from in.example.org ([198.51.100.2]) by store.example.org; Sun, 22 Nov 2026 07:00:01 +0000\r\n"
OWN = b"Received: from pc.shop.example ([203.0.113.77]) by mail.shop.example; Sun, 22 Nov 2026 06:59:59 +0000\r\n"


@pytest.mark.parametrize(
    ("top", "choice", "ip", "passed_over"),
    [
        (RECEIVED, Choice.BOUNDARY, "192.0.2.10", 0),
        (LOCAL + RECEIVED, Choice.BOUNDARY, "192.0.2.10", 1),
        (LOCAL + INSIDE + RECEIVED + OWN, Choice.BOUNDARY, "192.0.2.10", 2),
        (b"Received-SPF: pass client-ip=198.51.100.9;\r\n" + RECEIVED, Choice.RECEIVED_SPF, "198.51.100.9", 0),
        (LOCAL, Choice.NONE, None, 0),
        (b"", Choice.NONE, None, 0),
    ],
)
async def test_the_delivering_host_is_the_first_from_outside(top, choice, ip, passed_over):
    delivery = (await look("message-spf", b"Return-Path: <a@shop.example>\r\n" + top + PLAIN)).facts.delivery
    assert (delivery.choice, delivery.ip, delivery.passed_over) == (choice, ip, passed_over)


async def test_the_host_that_the_user_names_comes_first():
    result = await look("message-spf", delivered(PLAIN), ips=("198.51.100.1",))
    assert result.facts.delivery.choice is Choice.GIVEN
    assert "message-spf-fail" in ids(result)


@pytest.mark.parametrize(
    ("line", "helo", "ip"),
    [
        ("from a.example (b.example [192.0.2.1]) by mx.example.org", "a.example", "192.0.2.1"),
        ("from b.example ([192.0.2.1] helo=a.example) by mx.example.org", "a.example", "192.0.2.1"),
        ("from unknown (HELO a.example) (192.0.2.1) by mx.example.org", "a.example", "192.0.2.1"),
        ("from a.example ([IPv6:2001:db8::1]) by mx.example.org", "a.example", "2001:db8::1"),
        ("from [192.0.2.1] by mx.example.org", "[192.0.2.1]", "192.0.2.1"),
        ("by mx.example.org with LMTP id 10.0.0.1", None, None),
    ],
)
def test_received_lines_of_many_servers(line, helo, ip):
    found = hops(read_message(f"Received: {line}; Sun, 22 Nov 2026 07:00:00 +0000\r\n\r\n".encode()))[0]
    assert (found.helo, found.ip) == (helo, ip)


SPF = {
    "v=spf1 ip4:192.0.2.10 -all": "message-spf-pass",
    "v=spf1 -all": "message-spf-fail",
    "v=spf1 ~all": "message-spf-softfail",
    "v=spf1 ?all": "message-spf-neutral",
    "v=spf1 foo:bar -all": "message-spf-permerror",
    "none": "message-spf-none",
}


@pytest.mark.parametrize("record", SPF)
async def test_spf_agrees_with_pyspf(record, monkeypatch):
    zones = shop(**{"@": {"TXT": [record]}})
    result = await look("message-spf", delivered(PLAIN), zones)
    assert SPF[record] in ids(result)
    asked = {("shop.example", "TXT"): [record]} if record != "none" else {}
    monkeypatch.setattr(spf, "DNSLookup", lambda name, qtype, *a, **k: [
        ((name, qtype), (text.encode(),)) for text in asked.get((name, qtype), [])
    ])  # fmt: skip
    assert SPF[record] == f"message-spf-{spf.check2('192.0.2.10', 'news@shop.example', 'mail.shop.example')[0]}"


async def test_spf_that_could_not_be_asked_is_unknown():
    result = await look("message-spf", delivered(PLAIN), shop(**{"@": {"status": "timeout"}}))
    assert "message-spf-temperror" in ids(result)
    assert result.outcome is Outcome.UNKNOWN


async def test_the_null_sender_is_judged_by_its_greeting():
    zones = {
        **shop(),
        "shop.example": {**shop()["shop.example"], "mail": {"TXT": ["v=spf1 a -all"], "A": ["192.0.2.10"]}},
    }
    result = await look("message-spf", delivered(PLAIN, b""), zones)
    assert result.facts.domain == "mail.shop.example"
    assert "message-spf-pass" in ids(result)


async def test_without_return_path_nothing_is_guessed():
    assert "message-spf-sender-unknown" in ids(await look("message-spf", RECEIVED + PLAIN))
    missing = b"Return-Path: <a@localhost>\r\n" + RECEIVED + PLAIN
    assert "message-spf-no-domain" in ids(await look("message-spf", missing))


def foreign(data, domain="esp.example"):
    zones = {**shop(), domain: {"e._domainkey": {"TXT": [public("e")]}, "@": {"TXT": ["v=spf1 ip4:192.0.2.10 -all"]}}}
    return delivered(data, f"b@{domain}".encode()), zones


DMARC = [
    (delivered(signed()), shop(), Dmarc.PASS, {"message-dmarc-pass-dkim", "message-dmarc-pass-spf"}),
    (delivered(PLAIN), shop(), Dmarc.PASS, {"message-dmarc-pass-spf", "message-dmarc-spf-alone"}),
    (
        *foreign(signed(domain=b"esp.example", selector=b"e", key="e")),
        Dmarc.FAIL,
        {"message-dmarc-fail", "message-dmarc-dkim-unaligned", "message-dmarc-spf-unaligned"},
    ),
    (*foreign(signed()), Dmarc.PASS, {"message-dmarc-pass-dkim"}),
    (delivered(signed()), shop(_dmarc=None), Dmarc.NONE, {"message-dmarc-no-record"}),
    (
        delivered(PLAIN),
        shop(_dmarc=None, **{"@": {"TXT": ["x"]}}),
        Dmarc.NONE,
        {"message-dmarc-no-record", "message-dmarc-unauthenticated"},
    ),
    (
        delivered(PLAIN),
        shop(_dmarc={"TXT": ["v=DMARC1; p=none"]}, **{"@": {"TXT": ["v=spf1 -all"]}}),
        Dmarc.FAIL,
        {"message-dmarc-fail-watched", "message-dmarc-unauthenticated"},
    ),
    (delivered(signed()), shop(_dmarc={"TXT": ["v=DMARC1; p=none"]}), Dmarc.PASS, {"message-dmarc-policy-none"}),
    (delivered(signed()), shop(_dmarc={"status": "servfail"}), Dmarc.UNKNOWN, {"message-dmarc-unknown"}),
    (PLAIN, shop(), Dmarc.UNKNOWN, {"message-dmarc-unknown"}),
    (
        delivered(signed()),
        shop(s1__domainkey={"status": "timeout"}, **{"@": {"TXT": ["v=spf1 -all"]}}),
        Dmarc.UNKNOWN,
        {"message-dmarc-unknown"},
    ),
    (b"Subject: x\r\n\r\n", shop(), Dmarc.IMPOSSIBLE, {"message-dmarc-no-author"}),
    (b"From: a@shop.example, b@other.example\r\n\r\n", shop(), Dmarc.IMPOSSIBLE, {"message-dmarc-no-author"}),
    (b"From: a@shop.example\r\nFrom: b@shop.example\r\n\r\n", shop(), Dmarc.IMPOSSIBLE, {"message-dmarc-no-author"}),
]


@pytest.mark.parametrize(("data", "zones", "dmarc", "findings"), DMARC)
async def test_dmarc(data, zones, dmarc, findings):
    result = await look("message-dmarc", data, zones)
    assert result.facts.result is dmarc
    assert findings <= set(ids(result))


async def test_relaxed_alignment_takes_subdomains_and_strict_does_not():
    data, zones = foreign(signed(domain=b"mail.shop.example", selector=b"e", key="e"))
    zones["shop.example"]["e._domainkey.mail"] = {"TXT": [public("e")]}
    assert (await look("message-dmarc", data, zones)).facts.result is Dmarc.PASS
    zones["shop.example"]["_dmarc"] = {"TXT": ["v=DMARC1; p=reject; adkim=s"]}
    assert (await look("message-dmarc", data, zones)).facts.result is Dmarc.FAIL


ARC_ZONE = {"list.example": {"a._domainkey": {"TXT": [public("a")]}}}


def sealed(message, results=b"dkim=pass header.d=shop.example; spf=pass; arc=none", server=b"list.example"):
    """``message`` with an ARC set on top, sealed with the key of list.example."""
    data = b"Authentication-Results: " + server + b"; " + results + b"\r\n" + message
    fields = [b"from", b"to", b"subject", b"date"]
    chain = dkim.arc_sign(data, b"a", b"list.example", private("a", 1024), server, include_headers=fields)
    return b"".join(chain) + data


async def test_a_whole_chain():
    result = await look("message-arc", sealed(signed()), ARC_ZONE)
    assert ids(result) == ["message-arc-pass"]
    assert [seal.domain for seal in result.facts.seals] == ["list.example"]
    twice = await look("message-arc", sealed(sealed(signed()), b"arc=pass", b"two.example"), ARC_ZONE)
    assert (ids(twice), [s.cv for s in twice.facts.seals]) == (["message-arc-pass"], ["pass", "none"])


@pytest.mark.parametrize(
    ("data", "zones", "finding"),
    [
        (sealed(signed()).replace(b"Hello", b"Hullo"), ARC_ZONE, "message-arc-fail"),
        (sealed(signed()).replace(b"cv=none", b"cv=pass"), ARC_ZONE, "message-arc-fail"),
        (sealed(signed()), {}, "message-arc-fail"),
        (sealed(signed()), {"list.example": {"a._domainkey": {"status": "timeout"}}}, "message-arc-key-unanswered"),
        (sealed(signed()).partition(b"\r\n\r\n")[0] + b"\r\n", ARC_ZONE, "message-arc-body-absent"),
        (sealed(sealed(signed()), b"arc=fail", b"two.example"), ARC_ZONE, "message-arc-ended"),
        (PLAIN, {}, "message-arc-none"),
        (b"ARC-Seal: i=9999999999999; a=x\r\n" + PLAIN, {}, "message-arc-fail"),
    ],
)
async def test_chains_that_do_not_hold(data, zones, finding):
    assert ids(await look("message-arc", data, zones)) == [finding]


async def test_arc_agrees_with_dkimpy():
    def dnsfunc(name, timeout=5):
        return public("a").encode() if name.startswith(b"a.") else None

    for data in (sealed(signed()), sealed(signed()).replace(b"Hello", b"Hullo")):
        theirs = dkim.arc_verify(data, dnsfunc=dnsfunc)[0]
        assert (await look("message-arc", data, ARC_ZONE)).facts.result == theirs.decode()


def said(words, message=None):
    return b"Authentication-Results: mx.example.org; " + words + b"\r\n" + (message or delivered(signed()))


DKIM_PASS = b"dkim=pass header.d=shop.example header.s=s1"


@pytest.mark.parametrize(
    ("data", "zones", "finding"),
    [
        (said(DKIM_PASS + b"; spf=pass smtp.mailfrom=shop.example"), shop(), "message-results-agree"),
        (said(DKIM_PASS), shop(s1__domainkey={"TXT": [public("new")]}), "message-results-key-rotated"),
        (said(DKIM_PASS), shop(s1__domainkey=None), "message-results-key-rotated"),
        (said(DKIM_PASS, delivered(signed().replace(b"Hello", b"Hullo"))), shop(), "message-results-worse"),
        (said(b"spf=fail smtp.mailfrom=shop.example"), shop(), "message-results-better"),
        (said(b"dmarc=fail header.from=shop.example"), shop(), "message-results-dmarc-fail"),
        (said(b"spf=pass").replace(b"mx.example.org;", b"evil.example;"), shop(), "message-results-foreign"),
        (b"Authentication-Results: mx; spf=\r\n" + PLAIN, shop(), "message-results-unreadable"),
        (b"Authentication-Results: mx.example.org; none\r\n" + PLAIN, shop(), "message-results-none"),
        (PLAIN, shop(), "message-results-none"),
    ],
)
async def test_what_the_receiver_said_beside_what_is_true_now(data, zones, finding):
    assert finding in ids(await look("message-results", data, zones))


@pytest.mark.parametrize(
    ("text", "results"),
    [
        (
            (
                "mx.google.com; dkim=pass header.i=@a.example header.s=s1 header.b=AbC/+=; "
                "spf=pass (google.com: domain of x@a.example designates 192.0.2.1 as permitted sender) "
                "smtp.mailfrom=x@a.example; dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=a.example"
            ),
            ["mx.google.com dkim=pass", "mx.google.com spf=pass", "mx.google.com dmarc=pass"],
        ),
        (
            (
                "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=a.example; dkim=pass (signature was verified) "
                "header.d=a.example;dmarc=pass action=none header.from=a.example;compauth=pass reason=100"
            ),
            [" spf=pass", " dkim=pass", " dmarc=pass", " compauth=pass"],
        ),
        (
            "atlas.example.net; dkim=pass header.i=@a.example; dmarc=pass(p=reject) header.from=a.example;",
            ["atlas.example.net dkim=pass", "atlas.example.net dmarc=pass"],
        ),
        ("mx.example.org 1; x; dkim=fail (a; b) header.d=a.example", ["mx.example.org dkim=fail"]),
        ("mx.example.org; none", []),
    ],
)
def test_results_as_providers_write_them(text, results):
    found = read_results(Header(b"Authentication-Results", text.encode()))
    assert [f"{each.server} {each.method}={each.result}" for each in found] == results


@given(st.text('abc=;() "\\.@1', max_size=80))
def test_no_results_raise(text):
    read_results(Header(b"Authentication-Results", text.encode()))


async def test_a_failed_question_is_no_difference():
    zones = shop(s1__domainkey={"status": "timeout"})
    result = await look("message-results", said(DKIM_PASS), zones)
    assert ids(result) == ["message-results-agree"]
    assert result.facts.said[0].now is None


def test_every_usual_word_is_explained(knowledge):
    known = knowledge.text("authres")
    words = {"spf": "pass fail softfail neutral none temperror permerror policy"}
    words |= {
        "dkim": "pass fail none neutral policy temperror permerror",
        "dmarc": "pass fail none temperror permerror",
    }
    words |= {"arc": "pass fail none", "iprev": "pass fail temperror permerror"}
    assert {f"{m}.{w}" for m, each in words.items() for w in each.split()} - set(known) == set()
    assert authres.AuthResError is not None


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(["Received", "From", "Authentication-Results", "Return-Path", "ARC-Seal",
    "ARC-Message-Signature", "DKIM-Signature", "Received-SPF", "Date", "List-Unsubscribe"]), st.binary(max_size=80)),
    max_size=8), st.binary(max_size=120))  # fmt: skip
async def test_no_message_raises(fields, body):
    data = b"".join(name.encode() + b": " + value.replace(b"\n", b" ") + b"\n" for name, value in fields) + b"\n" + body
    for name in ("dkim", "spf", "dmarc", "arc", "results", "unsubscribe", "headers", "content"):
        result = await look(f"message-{name}", data)
        assert result.outcome in Outcome


def test_header_values_are_bounded():
    assert len(Header(b"X", b"a" * 1_000_000).text) == 20_000
    assert read_message(HEAD + b"\r\n" + BODY).body == BODY


def test_a_message_is_checked_from_python():
    import deliverkit

    found = deliverkit.check_message(delivered(PLAIN), network=deliverkit.Network(replay="demo"))
    assert found.author == "shop.example"
    assert found.dmarc is not None
    assert found.dmarc.result is Dmarc.FAIL
    assert found.audit.outcome is Outcome.FAIL
