"""Signatures made by dkimpy, then tampered with, with their keys taken away or replaced."""

import dkim
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from message_world import (
    BODY,
    ED,
    FIELDS,
    HEAD,
    PLAIN,
    delivered,
    ed_record,
    ids,
    look,
    private,
    public,
    shop,
    signed,
)

from deliverkit.checks._dkimpy import headers_verify
from deliverkit.checks.message_auth import Verdict
from deliverkit.message.mail import Header, canonical_body, read_message
from deliverkit.message.signature import Signature, read_signature
from deliverkit.model import Outcome


def verdicts(result):
    return [signature.verdict for signature in result.facts.signatures]


@pytest.mark.parametrize("head", [b"simple", b"relaxed"])
@pytest.mark.parametrize("body", [b"simple", b"relaxed"])
async def test_a_good_signature_passes_in_every_form(head, body):
    result = await look("message-dkim", delivered(signed(forms=(head, body))))
    assert verdicts(result) == [Verdict.PASS]
    assert ids(result) == ["message-dkim-pass", "message-dkim-key-short"]
    assert result.outcome is Outcome.PASS


CHANGES = {
    "message-dkim-body-changed": lambda m: m.replace(b"Hello", b"Hullo"),
    "message-dkim-headers-changed": lambda m: m.replace(b"Your order", b"Your prize"),
}


@pytest.mark.parametrize("finding", CHANGES)
async def test_a_changed_body_and_changed_headers_are_told_apart(finding):
    result = await look("message-dkim", delivered(CHANGES[finding](signed())))
    assert ids(result) == [finding]


async def test_headers_and_body_changed_count_as_changed_headers():
    both = signed().replace(b"Hello", b"Hullo").replace(b"Your order", b"Your prize")
    assert verdicts(await look("message-dkim", both)) == [Verdict.HEADERS_CHANGED]


async def test_white_space_may_change_in_relaxed_form_and_not_in_simple():
    change = lambda m: m.replace(b"order  is", b"order is")  # noqa: E731
    assert verdicts(await look("message-dkim", change(signed()))) == [Verdict.PASS]
    assert verdicts(await look("message-dkim", change(signed(forms=(b"simple", b"simple"))))) == [Verdict.BODY_CHANGED]


@pytest.mark.parametrize(
    ("record", "finding"),
    [
        ({"TXT": [public("other")]}, "message-dkim-other-key"),
        ({"TXT": ["v=DKIM1; p="]}, "message-dkim-key-revoked"),
        ({"TXT": ["v=DKIM1; p=!!"]}, "message-dkim-key-unusable"),
        ({"TXT": [public("s1") + "; h=sha1"]}, "message-dkim-key-unusable"),
        ({"TXT": [public("s1").replace("k=rsa", "s=tlsrpt")]}, "message-dkim-key-unusable"),
        ({"TXT": ["v=spf1 -all"]}, "message-dkim-key-missing"),
        (None, "message-dkim-key-missing"),
        ({"status": "servfail"}, "message-dkim-key-unanswered"),
        ({"status": "timeout"}, "message-dkim-key-unanswered"),
    ],
)
async def test_what_stands_in_dns_decides(record, finding):
    result = await look("message-dkim", delivered(signed()), shop(s1__domainkey=record))
    assert ids(result) == [finding]
    unknown = finding == "message-dkim-key-unanswered"
    assert result.outcome is (Outcome.UNKNOWN if unknown else Outcome.WARN)


async def test_one_of_several_keys_is_enough():
    zones = shop(s1__domainkey={"TXT": [public("other"), public("s1")]})
    assert verdicts(await look("message-dkim", signed(), zones)) == [Verdict.PASS]


async def test_every_signature_is_judged_by_itself():
    twice = signed(signed(), domain=b"esp.example", selector=b"e", key="e")
    zones = {**shop(), "esp.example": {"e._domainkey": {"TXT": [public("other")]}}}
    result = await look("message-dkim", twice, zones)
    found = {s.domain: s.verdict for s in result.facts.signatures}
    assert found == {"shop.example": Verdict.PASS, "esp.example": Verdict.OTHER_KEY}


async def test_an_unsigned_message():
    assert ids(await look("message-dkim", PLAIN)) == ["message-dkim-none"]


async def test_sha1_counts_for_nothing():
    result = await look("message-dkim", signed(algorithm=b"rsa-sha1"))
    assert ids(result) == ["message-dkim-sha1"]


async def test_a_short_key_counts_for_nothing():
    zones = shop(s1__domainkey={"TXT": [public("short", 768)]})
    result = await look("message-dkim", signed(key="short", bits=768), zones)
    assert ids(result) == ["message-dkim-key-weak"]


async def test_a_partial_signature_is_told_and_holds_when_text_is_added():
    result = await look("message-dkim", signed(length=True) + b"buy now\r\n")
    assert verdicts(result) == [Verdict.PASS]
    assert "message-dkim-length" in ids(result)


async def test_fields_left_open_are_told():
    result = await look("message-dkim", signed(fields=[b"from", b"to"]))
    assert {"message-dkim-fields-open", "message-dkim-from-open"} <= set(ids(result))


async def test_a_key_in_test_mode_is_told():
    zones = shop(s1__domainkey={"TXT": [public("s1") + "; t=y"]})
    assert "message-dkim-testing" in ids(await look("message-dkim", signed(), zones))


async def test_headers_alone_prove_half():
    alone = signed().partition(b"\r\n\r\n")[0] + b"\r\n"
    result = await look("message-dkim", alone)
    assert ids(result) == ["message-dkim-body-absent"]
    assert result.outcome is Outcome.UNKNOWN


def with_times(**tags):
    """A message signed with ``t=`` and ``x=`` of one's own."""
    signer = dkim.DKIM(PLAIN)
    own = [(name.encode(), str(value).encode()) for name, value in tags.items()]
    made = signer.gen_header

    def gen_header(fields, *args, **more):
        place = [name for name, _ in fields].index(b"t")
        return made([*fields[:place], *own, *fields[place + 1 :]], *args, **more)

    signer.gen_header = gen_header
    forms = (b"relaxed", b"relaxed")
    return (
        signer.sign(b"s1", b"shop.example", private("s1", 1024), canonicalize=forms, include_headers=list(FIELDS))
        + PLAIN
    )


@pytest.mark.parametrize(("expires", "verdict"), [(1_795_330_000, Verdict.EXPIRED), (1_795_331_000, Verdict.PASS)])
async def test_expiry_is_judged_by_the_time_of_delivery(expires, verdict):
    # The delivery was at 1795330800. Long after it, an expired signature was still good when it arrived.
    result = await look("message-dkim", delivered(with_times(t=1_795_320_000, x=expires)))
    assert verdicts(result) == [verdict]


async def test_a_signature_from_the_future_is_told():
    assert "message-dkim-future" in ids(await look("message-dkim", delivered(with_times(t=9_999_999_999))))


def ed_signed(message=PLAIN):
    """What dkimpy would sign with Ed25519, had it its own library."""
    import base64
    import hashlib

    digest = base64.b64encode(hashlib.sha256(canonical_body(BODY, relaxed=True)).digest()).decode()
    field = f" v=1; a=ed25519-sha256; c=relaxed/relaxed; d=shop.example; s=e1; h=from:to:subject; bh={digest}; b="
    relaxed = "".join(
        f"{name}:{value}\r\n"
        for name, value in (
            ("from", "Shop <news@shop.example>"),
            ("to", "anna@example.org"),
            ("subject", "Your order"),
        )
    )
    text = (relaxed + "dkim-signature:" + " ".join(field.split())).encode()
    value = base64.b64encode(ED.sign(hashlib.sha256(text).digest())).decode()
    return f"DKIM-Signature:{field}{value}\r\n".encode() + message


async def test_ed25519_needs_no_further_library():
    zones = shop(e1__domainkey={"TXT": [ed_record()]})
    assert verdicts(await look("message-dkim", ed_signed(), zones)) == [Verdict.PASS]
    changed = ed_signed().replace(b"Your order", b"Your prize")
    assert ids(await look("message-dkim", changed, zones)) == ["message-dkim-not-matching"]


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("v", "2"),
        ("v", ""),
        ("a", "rsa-md5"),
        ("a", ""),
        ("c", "other"),
        ("h", "to"),
        ("q", "http"),
        ("i", "@other.example"),
        ("l", "-1"),
        ("t", "now"),
        ("x", "1x"),
        ("b", "!"),
        ("b", ""),
        ("bh", "?"),
        ("d", "a b"),
        ("s", "a b"),
        ("s", "x;s=y"),
    ],
)
async def test_malformed_signatures_are_told(tag, value):
    fields = {"v": "1", "a": "rsa-sha256", "d": "shop.example", "s": "s1", "h": "from", "bh": "YQ==", "b": "YQ=="}
    text = "; ".join(f"{name}={each}" for name, each in {**fields, tag: value}.items())
    result = await look("message-dkim", f"DKIM-Signature: {text}\r\n".encode() + PLAIN)
    assert ids(result) == ["message-dkim-malformed"]


@given(st.binary(max_size=200))
def test_no_signature_field_raises(value):
    read_signature(Header(b"DKIM-Signature", value))


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300).map(lambda b: b.replace(b"\r", b"")))
def test_bodies_are_hashed_as_dkimpy_does(text):
    from dkim.canonicalization import Relaxed, Simple

    body = text.replace(b"\n", b"\r\n") + b"\r\n"
    assert canonical_body(body, relaxed=True) == Relaxed.canonicalize_body(body)
    assert canonical_body(body, relaxed=False) == Simple.canonicalize_body(body)


_LINE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_LINE, max_size=6), _LINE, st.sampled_from([b"simple", b"relaxed"]), st.booleans())
def test_agrees_with_dkimpy_on_what_dkimpy_signs(lines, subject, form, tampered):
    body = "\r\n".join(lines).encode() + b"\r\n"
    message = HEAD.replace(b"Your order", f"x{subject}".encode()) + b"\r\n" + body
    data = signed(message, forms=(form, form))
    if tampered:
        data = data.replace(b"To: anna", b"To: otto")
    theirs = dkim.verify(data, dnsfunc=lambda name, timeout=5: public("s1").encode())
    read = read_message(data)
    signature = read_signature(read.headers[0])
    assert isinstance(signature, Signature)
    body_fits = read.body_hash("sha256", relaxed=form == b"relaxed") == signature.body_hash
    assert (headers_verify(read, signature, public("s1")) and body_fits) is theirs is not tampered


def test_every_verdict_has_a_word(knowledge):
    assert set(knowledge.text("message")["signature"]) == set(Verdict)
