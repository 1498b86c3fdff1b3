"""Which address a field, a sentence or an envelope names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.bounces.mail.address import addresses, clean_address, first_address, verp_address

FIELDS = [
    ("rfc822; gone@dest.example", "gone@dest.example"),
    ("RFC822;<gone@dest.example>", "gone@dest.example"),
    ("<gone@dest.example>", "gone@dest.example"),
    ("utf-8; gr\\x{FC}n@dest.example", "grün@dest.example"),
    ("utf-8; a\\x{D800}@dest.example", "a\ufffd@dest.example"),
    ("rfc822;gone+40dest.example", "gone@dest.example"),
    ("rfc822; |/usr/bin/filter a@dest.example", None),
    ("x400; /c=us/a=x", None),
    ("gone@[192.0.2.1]", "gone@[192.0.2.1]"),
    ("", None),
]


@pytest.mark.parametrize(("field", "expected"), FIELDS)
def test_an_address_in_a_field(field: str, expected: str | None) -> None:
    assert clean_address(field) == expected


ENVELOPES = [
    ("bounces+gone=dest.example@shop.example", "gone@dest.example"),
    ("bounces+123456-ab12-gone=dest.example@em.shop.example", "gone@dest.example"),
    ("news-return-12-gone=dest.example@lists.example", "gone@dest.example"),
    ("bounces+a.b+c=dest.example@shop.example", "a.b+c@dest.example"),
    ("prvs=1234567890=news@shop.example", None),
    ("SRS0=ab=cd=orig.example=news@forward.example", None),
    ("a=b@shop.example", None),
    ("news@shop.example", None),
    (None, None),
]


@pytest.mark.parametrize(("envelope", "expected"), ENVELOPES)
def test_a_recipient_in_our_own_envelope(envelope: str | None, expected: str | None) -> None:
    assert verp_address(envelope) == expected


def test_quoted_names_and_comments_are_not_the_address() -> None:
    assert first_address('"a@name.example" <b@shop.example>') == "b@shop.example"
    assert first_address("b@shop.example (Mail Delivery System)") == "b@shop.example"


def test_wide_punctuation_ends_an_address() -> None:
    assert addresses("邮件地址（gone@dest.example）不存在") == ["gone@dest.example"]


@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    for found in addresses(text):
        assert "@" in found
    verp_address(text)
    first_address(text)
