"""Public keys of any size, without waiting for a key generator: verifiers measure a modulus, they do not factor it."""

from __future__ import annotations

import base64


def _der(tag: int, body: bytes) -> bytes:
    size = len(body)
    length = bytes([size]) if size < 128 else bytes([0x80 | (size.bit_length() + 7) // 8])
    if size >= 128:
        length += size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag]) + length + body


def _integer(value: int) -> bytes:
    return _der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def rsa_public_key(bits: int) -> bytes:
    """A bare RSAPublicKey (RFC 8017 appendix A.1.1) with a modulus of this many bits."""
    modulus = (1 << (bits - 1)) | (1 << (bits // 2)) | 7
    return _der(0x30, _integer(modulus) + _integer(65537))


def subject_public_key_info(bits: int) -> bytes:
    """The same, wrapped (RFC 5280 section 4.1)."""
    return _der(0x30, bytes.fromhex("300d06092a864886f70d0101010500") + _der(3, b"\0" + rsa_public_key(bits)))


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def record(bits: int = 2048, *, tags: str = "k=rsa; ") -> str:
    """A key record as platforms print it."""
    return f"v=DKIM1; {tags}p={b64(subject_public_key_info(bits))}"
