"""Messages signed for real, and zones with the keys that belong to them."""

from __future__ import annotations

from functools import cache

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from dkim_keys import _der as der
from dkim_keys import _integer as integer
from dkim_keys import b64

from deliverkit.checks import Target, World, check
from deliverkit.knowledge import load
from deliverkit.message.mail import read_message
from deliverkit.model import CheckResult
from deliverkit.net.replay import ReplayResolver

RECEIVED = (
    b"Received: from mail.shop.example (mail.shop.example [192.0.2.10])\r\n"
    b"\tby mx.example.org with ESMTPS; Sun, 22 Nov 2026 07:00:00 +0000\r\n"
)
HEAD = (
    b"From: Shop <news@shop.example>\r\nTo: anna@example.org\r\nSubject: Your order\r\n"
    b"Date: Sun, 22 Nov 2026 06:59:58 +0000\r\nMessage-ID: <1@shop.example>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
)
BODY = b"Hello Anna,\r\n\r\nyour order  is on its way.\r\n"
PLAIN = HEAD + b"\r\n" + BODY
FIELDS = [b"from", b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type"]


def _prime_after(number: int) -> int:
    number |= 1
    while any(pow(base, number - 1, number) != 1 for base in (2, 3, 5)):
        number += 2
    return number


@cache
def short_key() -> tuple[bytes, str]:
    """A private key of 768 bits, which no key generator makes any more, and its record."""
    p, q = _prime_after(3 << 382), _prime_after((3 << 382) + (1 << 300))
    d = pow(65537, -1, (p - 1) * (q - 1))
    numbers = [0, p * q, 65537, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p)]
    public_part = b64(der(0x30, integer(p * q) + integer(65537)))
    body = b64(der(0x30, b"".join(map(integer, numbers))))
    return f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----\n".encode(), public_part


@cache
def private(name: str, bits: int = 1024) -> bytes:
    """A private key for each name, PEM."""
    if bits == 768:
        return short_key()[0]
    key = rsa.generate_private_key(65537, bits)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def public(name: str, bits: int = 1024) -> str:
    """The record of its public half."""
    if bits == 768:
        return f"v=DKIM1; k=rsa; p={short_key()[1]}"
    key = serialization.load_pem_private_key(private(name, bits), None)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return f"v=DKIM1; k=rsa; p={b64(key.public_key().public_bytes(serialization.Encoding.DER, form))}"


ED = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def ed_record() -> str:
    raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
    return f"v=DKIM1; k=ed25519; p={b64(ED.public_key().public_bytes(*raw))}"


def signed(
    message: bytes = PLAIN,
    *,
    domain: bytes = b"shop.example",
    selector: bytes = b"s1",
    key: str = "s1",
    bits: int = 1024,
    fields: list[bytes] | None = None,
    forms: tuple[bytes, bytes] = (b"relaxed", b"relaxed"),
    algorithm: bytes = b"rsa-sha256",
    length: bool = False,
) -> bytes:
    """``message`` with a DKIM-Signature in front."""
    return (
        dkim.sign(
            message, selector, domain, private(key, bits), canonicalize=forms, signature_algorithm=algorithm,
            include_headers=fields or FIELDS, length=length,
        )
        + message
    )  # fmt: skip


def delivered(message: bytes, sender: bytes = b"news@shop.example") -> bytes:
    """``message`` as the receiver stores it."""
    return b"Return-Path: <" + sender + b">\r\n" + RECEIVED + message


SHOP = {
    "@": {"TXT": ["v=spf1 ip4:192.0.2.10 -all"], "MX": ["10 mail.shop.example"], "A": ["192.0.2.10"]},
    "_dmarc": {"TXT": ["v=DMARC1; p=reject; rua=mailto:d@shop.example"]},
}


def shop(**more: object) -> dict[str, dict[str, object]]:
    """The zone of the shop with its key, or with other records laid over it."""
    zone: dict[str, object] = {**SHOP, "s1._domainkey": {"TXT": [public("s1")]}}
    zone.update({name.replace("__", "._"): value for name, value in more.items()})
    return {"shop.example": {name: value for name, value in zone.items() if value is not None}}


async def look(name: str, data: bytes, zones: object = None, **known: object) -> CheckResult:
    """Run one check of a message in a world of these zones; names outside them do not exist."""
    zones = shop() if zones is None else zones
    resolver = ReplayResolver.from_zones({"zone": zones, "root": {"default": "nxdomain"}})
    return await check(name)(Target(message=read_message(data), **known), World(resolver, load()))


def ids(result: CheckResult) -> list[str]:
    return [finding.id for finding in result.findings]
