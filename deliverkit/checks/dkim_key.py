"""Reading a DKIM key record strictly (RFC 6376 section 3.6.1, RFC 8301, RFC 8463)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

MAX_RECORD = 16384
"""Characters of a key record that are read: a 16,384-bit RSA key takes 2,800."""
MAX_TAGS = 32
MAX_PART = 80
"""Characters of a faulty piece that are quoted."""

RSA_MINIMUM = 1024
"""Bits below which verifiers must not accept a signature (RFC 8301 section 3.2)."""
RSA_ADVISED = 2048
"""Bits that signers should use (RFC 8301 section 3.2)."""
RSA_LARGE = 4096
"""Bits that verifiers must be able to check; above, support is up to them."""
ED25519_BYTES = 32
"""Length of an Ed25519 public key (RFC 8463 section 4.2)."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_VALUE = re.compile(r"[\x21-\x3a\x3c-\x7e \t\r\n]*\Z")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}\Z")
# What web forms, zone editors and copying leave in a record: escapes, quotes, typographic quotes, HTML, entities.
_STRAY = re.compile(
    r"\\|[\"'`\u2018-\u201d\u00ab\u00bb]|<[a-z/]|&(?:quot|nbsp|amp|lt|gt)\b|[\u00a0\u200b-\u200d\ufeff]", re.I
)
_KEY_LIKE = re.compile(r"dkim1|(?:^|;)\s*[\"']?\s*p\s*=|\bk\s*=\s*(?:rsa|ed25519)\b", re.I)


class KeyFault(StrEnum):
    """Why a text is no usable key record."""

    NOT_A_KEY = "not_a_key"
    """Nothing in it speaks of DKIM: an SPF record or a wildcard's text."""
    STRAY = "stray"
    """Backslashes, quotes, HTML or invisible characters that do not belong there."""
    SYNTAX = "syntax"
    """No tag list: a piece without ``=``, a doubled tag, too many tags."""
    VERSION = "version"
    """``v=`` is not ``DKIM1`` or does not come first."""
    NO_KEY_TAG = "no_key_tag"
    """There is no ``p=``."""
    KEY_TYPE = "key_type"
    """``k=`` names a type that verifiers do not know."""
    BASE64 = "base64"
    """``p=`` is not base64."""
    KEY = "key"
    """``p=`` is base64, but not a public key of the type in ``k=``."""
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class DkimKeyError:
    """A text that verifiers cannot use as a key. A value, not an exception: DNS said it, and that is what it says."""

    fault: KeyFault
    part: str
    """The piece at fault, cut to ``MAX_PART`` characters; hostile until cleaned."""


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A key record that follows the rules."""

    type: str
    """``rsa`` or ``ed25519``."""
    bits: int | None
    """RSA modulus length, 256 for Ed25519; None when revoked."""
    flags: tuple[str, ...] = ()
    """``t=``: ``y`` testing, ``s`` no subdomains."""
    hashes: tuple[str, ...] = ()
    """``h=``: the hashes allowed; empty means all."""
    services: tuple[str, ...] = ()
    """``s=``: the services it is for; empty means all."""
    note: str = ""
    """``n=``, for administrators."""

    @property
    def revoked(self) -> bool:
        """``p=`` is empty."""
        return self.bits is None

    @property
    def testing(self) -> bool:
        """``t=y``: a failed signature is to be treated as none."""
        return "y" in self.flags

    @property
    def exact_domain(self) -> bool:
        """``t=s``: the ``i=`` of a signature must not name a subdomain."""
        return "s" in self.flags

    @property
    def allows_sha256(self) -> bool:
        """The only hash that is still valid may be used (RFC 8301 section 3.1)."""
        return not self.hashes or "sha256" in self.hashes

    @property
    def for_mail(self) -> bool:
        """The key may sign mail."""
        return not self.services or not {"*", "email"}.isdisjoint(self.services)

    @property
    def usable(self) -> bool:
        """A verifier that follows RFC 8301 can accept signatures by it."""
        strong = self.bits is not None and (self.type != "rsa" or self.bits >= RSA_MINIMUM)
        return strong and self.allows_sha256 and self.for_mail


def is_key_like(text: str) -> bool:
    """Was the text meant as a key record?"""
    return _KEY_LIKE.search(text[:MAX_RECORD]) is not None


def parse_key(text: str) -> DkimKey | DkimKeyError:
    """Read one TXT record. Loads the cryptography library when there is an RSA key to measure."""
    if len(text) > MAX_RECORD:
        return _error(KeyFault.TOO_LONG, text)
    if not is_key_like(text):
        return _error(KeyFault.NOT_A_KEY, text)
    stray = _stray(text)
    if stray is not None:
        return _error(KeyFault.STRAY, stray)
    tags = _tag_list(text)
    if isinstance(tags, DkimKeyError):
        return tags
    if "v" in tags and (tags["v"] != "DKIM1" or next(iter(tags)) != "v"):
        return _error(KeyFault.VERSION, f"v={tags['v']}")
    if "p" not in tags:
        return _error(KeyFault.NO_KEY_TAG, text)
    key_type = tags.get("k", "rsa").lower()
    if key_type not in _MEASURE:
        return _error(KeyFault.KEY_TYPE, key_type)
    bits = _bits(key_type, re.sub(r"\s", "", tags["p"]))
    if isinstance(bits, DkimKeyError):
        return bits
    flags, hashes, services = (_words(tags.get(name, "")) for name in ("t", "h", "s"))
    return DkimKey(key_type, bits, flags, hashes, services, tags.get("n", ""))


def without_testing(text: str) -> str | None:
    """The key record to publish when the tests are over: the same without ``y`` in ``t=``; None if it is no key."""
    if not isinstance(parse_key(text), DkimKey):
        return None
    kept = []
    for piece in text.strip().rstrip(";").split(";"):
        name, _, value = piece.partition("=")
        flags = [flag for flag in _words(value) if flag != "y"]
        if name.strip() != "t":
            kept.append(piece.strip())
        elif flags:
            kept.append(f"t={':'.join(flags)}")
    return "; ".join(kept)


_LEFTOVERS = re.compile(
    r"<[^<>]{0,40}>|&(?:quot|nbsp|amp|lt|gt);?|[\\\\\"'`\u2018-\u201d\u00ab\u00bb\u00a0\u200b-\u200d\ufeff]", re.I
)


def mended(text: str) -> str | None:
    """A faulty key record without the characters that editors and web pages left in it; None if that is not what
    ails it, or if the key is still no key."""
    parsed = parse_key(text)
    if isinstance(parsed, DkimKey) or parsed.fault not in (KeyFault.STRAY, KeyFault.SYNTAX, KeyFault.VERSION):
        return None
    pieces = (piece.strip() for piece in _LEFTOVERS.sub("", text).split(";"))
    kept = [
        piece for piece in dict.fromkeys(pieces) if "=" in piece and not piece.lower().replace(" ", "").startswith("v=")
    ]
    record = "; ".join(["v=DKIM1", *kept])
    return record if isinstance(parse_key(record), DkimKey) else None


def _error(fault: KeyFault, part: str) -> DkimKeyError:
    part = part.strip()
    return DkimKeyError(fault, part if len(part) <= MAX_PART else part[: MAX_PART - 1] + "…")


def _stray(text: str) -> str | None:
    """The surroundings of the first character that does not belong; ``n=`` may hold what its author likes."""
    for piece in text.split(";"):
        found = _STRAY.search(piece)
        if found is not None and not piece.lstrip().startswith("n="):
            return piece[max(found.start() - 20, 0) : found.end() + 20]
    return None


def _tag_list(text: str) -> Mapping[str, str] | DkimKeyError:
    """The tag list of RFC 6376 section 3.2; a doubled tag voids it all."""
    pieces = text.split(";")
    if not pieces[-1].strip():
        pieces.pop()
    if len(pieces) > MAX_TAGS:
        return _error(KeyFault.SYNTAX, pieces[MAX_TAGS])
    tags: dict[str, str] = {}
    for piece in pieces:
        name, equals, value = piece.partition("=")
        name, value = name.strip(), value.strip()
        if not equals or not _NAME.match(name) or not _VALUE.match(value) or name in tags:
            return _error(KeyFault.SYNTAX, piece)
        tags[name] = value
    return tags


def _words(value: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip().lower() for word in value.split(":") if word.strip()))


def _bits(key_type: str, encoded: str) -> int | DkimKeyError | None:
    """Key length; None for an empty, so revoked, key."""
    if not encoded:
        return None
    try:
        if not _BASE64.match(encoded):
            return _error(KeyFault.BASE64, encoded)
        # RFC 6376's base64string leaves the padding open, and verifiers do not miss it.
        data = base64.b64decode(encoded.rstrip("=") + "=" * (-len(encoded.rstrip("=")) % 4), validate=True)
    except binascii.Error:
        return _error(KeyFault.BASE64, encoded)
    bits = _MEASURE[key_type](data)
    return _error(KeyFault.KEY, encoded) if bits is None else bits


def _rsa_bits(data: bytes) -> int | None:
    """Modulus length of a SubjectPublicKeyInfo or a bare RSAPublicKey; verifiers take both."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = load_der_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key.key_size if isinstance(key, RSAPublicKey) else None


def _ed25519_bits(data: bytes) -> int | None:
    return 8 * ED25519_BYTES if len(data) == ED25519_BYTES else None


_MEASURE = {"rsa": _rsa_bits, "ed25519": _ed25519_bits}
