"""The quick reader says what the careful one says, or nothing."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverkit.net.packets import Question, question, read, read_carefully
from deliverkit.net.quick import quick, section
from deliverkit.net.resolver import Status

NAMES = ["shop.example", "mail.shop.example", "Shop.Example", "example", "other.test", "x._domainkey.shop.example"]
RECORDS = {
    "A": ["192.0.2.1", "192.0.2.2"],
    "AAAA": ["2001:db8::1", "::ffff:192.0.2.1", "2001:db8:0:0:1::"],
    "MX": ["10 mail.shop.example.", "0 .", "20 MAIL.other.test."],
    "TXT": ['"v=spf1 -all"', '"a" "b"', '""', r'"\195\188\255"'],
    "PTR": ["mail.shop.example."],
    "NS": ["ns.shop.example."],
    "CNAME": ["mail.shop.example."],
}
SOA = "ns.shop.example. hostmaster.shop.example. 1 3600 600 604800 60"

names = st.sampled_from(NAMES)
types = st.sampled_from(sorted(RECORDS))


@st.composite
def packets(draw: st.DrawFn) -> tuple[Question, bytes]:
    rdtype = draw(types)
    asked = question(draw(names), rdtype)
    message = dns.message.make_response(dns.message.from_wire(asked.wire))
    message.set_rcode(draw(st.sampled_from([dns.rcode.NOERROR, dns.rcode.NXDOMAIN, dns.rcode.SERVFAIL])))
    if draw(st.booleans()):
        message.flags |= dns.flags.AD
    if draw(st.booleans()):
        message.flags |= dns.flags.AA
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.one_of(st.just(rdtype), types))
        owner = draw(st.one_of(st.just(asked.text), names))
        message.answer.append(
            dns.rrset.from_text(
                f"{owner}.", draw(st.integers(0, 400)), "IN", kind, draw(st.sampled_from(RECORDS[kind]))
            )
        )
    for zone in draw(st.lists(st.sampled_from(["shop.example.", "example.", ".", "other.test."]), max_size=2)):
        kind, text = draw(st.sampled_from([("SOA", SOA), ("NS", "ns.shop.example.")]))
        message.authority.append(dns.rrset.from_text(zone, 300, "IN", kind, text))
    if draw(st.booleans()):
        message.additional.append(dns.rrset.from_text("mail.shop.example.", 300, "IN", "A", "192.0.2.1"))
    data = bytearray(message.to_wire())
    for place, value in draw(st.lists(st.tuples(st.integers(12, 400), st.integers(0, 255)), max_size=2)):
        if place < len(data):
            data[place] = value
    return asked, bytes(data[: draw(st.integers(12, len(data)))] if draw(st.booleans()) else data)


@settings(max_examples=120)
@given(packets())
def test_it_says_the_same_or_nothing(case: tuple[Question, bytes]) -> None:
    asked, data = case
    if asked.matches(data) and quick(asked.asked, data) is not None:
        assert read(asked, data) == read_carefully(asked, data)


@pytest.mark.parametrize("rdtype", ["A", "AAAA", "MX", "TXT", "PTR", "NS"])
def test_plain_answers_are_read_by_it(rdtype: str) -> None:
    asked = question("shop.example", rdtype)
    message = dns.message.make_response(dns.message.from_wire(asked.wire))
    message.answer.append(dns.rrset.from_text("shop.example.", 300, "IN", rdtype, *RECORDS[rdtype][:2]))
    data = message.to_wire()
    found = quick(asked.asked, data)
    assert found is not None
    assert found[0] is Status.NOERROR
    assert read(asked, data) == read_carefully(asked, data)


@given(st.one_of(names, st.text(max_size=80)), types)
def test_question_sections_are_those_of_the_library(name: str, rdtype: str) -> None:
    made = section(name, rdtype)
    if made is not None:
        wire = dns.name.from_text(name).to_wire() or b""
        assert made == wire + int(dns.rdatatype.from_text(rdtype)).to_bytes(2, "big") + b"\x00\x01"
