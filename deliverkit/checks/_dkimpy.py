"""Signatures and ARC chains by dkimpy, the only module that imports it.

Keys are fetched beforehand through our resolver and handed to dkimpy, so that a replay verifies as the live
network does. Four things are done here and not there: the body is hashed in time that grows with its size only; a
changed body and changed headers are told apart; Ed25519 needs no further library; a time that has passed since the
delivery voids nothing.
"""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dkim
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from dkim.crypto import HASH_ALGORITHMS

from deliverkit.message.mail import Message
from deliverkit.message.signature import Signature

_dkimpy: Any = dkim  # which has no types
_SILENT = logging.Logger("deliverkit.dkimpy")
_SILENT.addHandler(logging.NullHandler())
_HASHES: Mapping[str, hashes.HashAlgorithm] = {"sha256": hashes.SHA256(), "sha1": hashes.SHA1()}  # noqa: S303 (judged)
# What dkimpy raises for input that it did not expect, beside its own exceptions.
_STUMBLES = (dkim.DKIMException, ValueError, KeyError, IndexError, AssertionError, TypeError, binascii.Error)

Keys = Mapping[str, str]
"""Key records by the name they stand at."""


@dataclass(frozen=True, slots=True)
class Seal:
    """One instance of an ARC chain (RFC 8617 section 5.2)."""

    instance: int
    domain: str
    """``d=`` of its seal."""
    cv: str
    """What the sealer said of the chain before it: ``none``, ``pass`` or ``fail``."""
    seal_valid: bool
    message_valid: bool
    results: str
    """Its ARC-Authentication-Results; hostile text."""


@dataclass(frozen=True, slots=True)
class Chain:
    """What verifying an ARC chain came to."""

    result: str
    """``none``, ``pass`` or ``fail``."""
    reason: str
    """dkimpy's words for it: shown as evidence, never read by code."""
    seals: tuple[Seal, ...]
    """Newest first; ends where the verification ended."""


def headers_verify(message: Message, signature: Signature, record: str) -> bool:
    """Whether the key in ``record`` made this signature over the headers as they are now."""
    signer = _Dkim(message)
    # dkimpy changes the list that it is given.
    names = [name.encode("ascii", "replace") for name in signature.signed]
    field = (signature.header.name, signature.header.value)
    sig = {b"a": f"{signature.algorithm}-{signature.digest}".encode(), b"b": base64.b64encode(signature.value)}
    forms = [b"relaxed" if relaxed else b"simple" for relaxed in (signature.header_relaxed, signature.body_relaxed)]
    try:
        return signer.headers_verify({**sig, b"c": b"/".join(forms)}, names, field, record.encode())
    except _STUMBLES:
        return False


def made_by(signature: Signature, record: str) -> bool | None:
    """Whether the key in ``record`` is the one that made the signature, whatever was signed.

    An RSA signature shows it without the text. None for Ed25519, where it cannot be told.
    """
    if signature.algorithm != "rsa":
        return None
    try:
        key = load_der_public_key(_der(record))
        if not isinstance(key, RSAPublicKey):
            return None
        key.recover_data_from_signature(signature.value, padding.PKCS1v15(), _HASHES[signature.digest])
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def verify_chain(message: Message, keys: Keys) -> Chain:
    """Verify the ARC chain of ``message``; keys that are not in ``keys`` count as missing."""
    signer = _Arc(message)
    try:
        cv, rows, reason = signer.verify(dnsfunc=lambda name, timeout=5: _text(keys, name))
    except _STUMBLES as error:
        return Chain("fail", str(error)[:200], ())
    word = {b"pass": "pass", b"none": "none"}.get(cv, "fail")
    return Chain(word, str(reason)[:200], tuple(_seal(row) for row in rows))


def _seal(row: Mapping[str, Any]) -> Seal:
    texts = {name: row[name].decode("utf-8", "replace") for name in ("as-domain", "cv", "aar-value")}
    return Seal(
        row["instance"], texts["as-domain"].lower(), texts["cv"], bool(row["as-valid"]), bool(row["ams-valid"]),
        texts["aar-value"][:2000],
    )  # fmt: skip


def _text(keys: Keys, name: bytes | str) -> bytes | None:
    asked = name.decode("ascii", "replace") if isinstance(name, bytes) else name
    found = keys.get(asked.lower().removesuffix("."))
    return None if found is None else found.encode()


def _tags(record: str) -> dict[str, str]:
    pairs = (piece.partition("=") for piece in record.split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _der(record: str) -> bytes:
    text = "".join(_tags(record).get("p", "").split()).rstrip("=")
    # A bare RSAPublicKey (RFC 8017) is used as well as a SubjectPublicKeyInfo; the loader takes both.
    return base64.b64decode(text + "=" * (-len(text) % 4))


class _Ed25519:
    """A key as dkimpy takes it; it notes the result, because dkimpy can catch only its own library's exception."""

    def __init__(self, data: bytes) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(data)
        self.good = False

    def verify(self, digest: bytes, signature: bytes) -> None:
        try:
            self._key.verify(signature, digest)
            self.good = True
        except InvalidSignature:
            self.good = False


class _Signer(_dkimpy.DomainSigner):  # type: ignore[misc]
    """dkimpy over a message that is read already."""

    def __init__(self, message: Message, minkey: int = 0) -> None:
        super().__init__(None, logger=_SILENT, minkey=minkey)
        self.message = message
        self.headers = [[header.name, header.value] for header in message.headers]
        self.body = b""

    def headers_verify(
        self, sig: dict[bytes, bytes], names: Sequence[bytes], field: tuple[bytes, bytes], record: bytes
    ) -> bool:
        """dkimpy's verification without the body."""
        tags = _tags(record.decode("utf-8", "replace"))
        if tags.get("k", "rsa").lower() == "ed25519":
            text = "".join(tags.get("p", "").split())
            self.pk, self.keysize, self.ktag, self.seqtlsrpt = _Ed25519(base64.b64decode(text)), 256, b"ed25519", False
        else:
            self.pk, self.keysize, self.ktag, _ = _dkimpy.evaluate_pk(field[0], record)
            self.seqtlsrpt = False
        bare = {name: value for name, value in sig.items() if name != b"bh"}
        good = bool(self.verify_sig_process(bare, list(names), field, None))
        return self.pk.good if isinstance(self.pk, _Ed25519) else good


class _Dkim(_Signer, _dkimpy.DKIM):  # type: ignore[misc]
    """One DKIM signature."""


class _Arc(_Signer, _dkimpy.ARC):  # type: ignore[misc]
    """An ARC chain: its message signatures cover the body, its seals do not."""

    def __init__(self, message: Message) -> None:
        super().__init__(message, minkey=1024)

    def verify_sig(self, sig: dict[bytes, bytes], include_headers: list[bytes], sig_header: Any, dnsfunc: Any) -> bool:
        """See ``DomainSigner.verify_sig``."""
        record = dnsfunc(sig[b"s"] + b"._domainkey." + sig[b"d"] + b".")
        if not record or sig[b"a"] not in HASH_ALGORITHMS:
            return False
        if b"bh" in sig:
            relaxed = sig.get(b"c", b"simple").partition(b"/")[2].strip().lower() == b"relaxed"
            length = int(sig[b"l"]) if sig.get(b"l", b"").isdigit() else None
            digest = self.message.body_hash("sha256", relaxed=relaxed, length=length)
            if digest != base64.b64decode(b"".join(sig[b"bh"].split())):
                return False
        return self.headers_verify(sig, include_headers, sig_header, record)
