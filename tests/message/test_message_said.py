"""What the receiver itself wrote down decides about a signature whose key is gone; what others wrote does not."""

from __future__ import annotations

import pytest
from message_world import PLAIN, RECEIVED, ids, look, public, shop, signed

from deliverkit.model import Outcome

GONE = shop(s1__domainkey={"TXT": [public("new")]})
PASSED = b"dkim=pass header.d=shop.example header.s=s1"
GMAIL = b"Received: by 2002:a05:6359:1b8f:b0:1f0:aaaa:bbbb with SMTP id x; Sun, 22 Nov 2026 07:00:01 +0000\r\n"
UNSUBSCRIBE = b"List-Unsubscribe: <https://shop.example/u>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


def forwarded(results: bytes, message: bytes = PLAIN, above: bytes = b"", **more: object) -> bytes:
    """Delivered from a MAIL FROM of another domain, so that all rests on the signature."""
    return above + b"Return-Path: <x@list.example>\r\n" + RECEIVED + results + signed(message, **more)  # type: ignore[arg-type]


def results(words: bytes, server: bytes = b"mx.example.org; ") -> bytes:
    return b"Authentication-Results: " + server + words + b"\r\n"


@pytest.mark.parametrize(
    "data",
    [
        forwarded(results(PASSED)),
        forwarded(results(PASSED, b"")),
        forwarded(results(b"dkim=pass header.i=@shop.example")),
        forwarded(results(PASSED), above=GMAIL),
    ],
    ids=["named", "nameless", "no-selector", "gmail"],
)
async def test_a_key_replaced_since_makes_no_message_fail(data: bytes) -> None:
    assert ids(await look("message-dmarc", data, GONE)) == ["message-dmarc-unknown"]
    assert "message-results-key-rotated" in ids(await look("message-results", data, GONE))


@pytest.mark.parametrize(
    "data",
    [
        forwarded(b""),
        forwarded(results(PASSED, b"mx.evil.example; ")),
        forwarded(results(b"dkim=fail header.d=shop.example header.s=s1")),
        forwarded(results(b"dkim=pass header.d=other.example header.s=s1")),
    ],
    ids=["nobody", "another", "failed", "other-signature"],
)
async def test_only_the_receiver_vouches_for_a_signature(data: bytes) -> None:
    assert "message-dmarc-fail" in ids(await look("message-dmarc", data, GONE))


async def test_a_changed_body_fails_whatever_the_receiver_said() -> None:
    data = forwarded(results(PASSED)) + b"footer\r\n"
    assert "message-dmarc-fail" in ids(await look("message-dmarc", data, shop()))


async def test_unsubscribing_is_not_called_unsigned_when_the_key_was_replaced() -> None:
    fields = [b"from", b"list-unsubscribe", b"list-unsubscribe-post"]
    data = forwarded(results(PASSED), UNSUBSCRIBE + PLAIN, fields=fields)
    found = await look("message-unsubscribe", data, GONE)
    assert (found.outcome, ids(found)) == (Outcome.UNKNOWN, ["message-unsubscribe-unverified"])


async def test_what_others_wrote_is_not_called_the_receivers_word() -> None:
    data = forwarded(results(PASSED, b"mx.list.example; ")) + b"footer\r\n"
    assert ids(await look("message-results", data, shop())) == ["message-results-foreign"]


async def test_gmails_inner_hosts_are_not_another_receiver() -> None:
    found = await look("message-results", forwarded(results(PASSED), above=GMAIL), shop())
    assert ids(found) == ["message-results-agree"]
