"""One DKIM-Signature or ARC field as tags (RFC 6376 section 3.5, RFC 8617 section 4)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass

from deliverkit.message.mail import Header

MAX_FIELD = 10_000
"""Bytes of one signature field; a 4096-bit one takes 1,500."""
MAX_TAGS = 40
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z", re.IGNORECASE)
_DOMAIN = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}\Z")
_SELECTOR = re.compile(r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?\Z")
_SPACE_RUN = re.compile(rb"\s{200}")


@dataclass(frozen=True, slots=True, eq=False)
class Signature:
    """A signature that can be verified at all."""

    header: Header
    domain: str
    """``d=``, A-labels, lower case."""
    selector: str
    algorithm: str
    """``rsa`` or ``ed25519``."""
    digest: str
    """``sha256`` or ``sha1``."""
    body_hash: bytes
    """``bh=``; empty in an ARC-Seal."""
    value: bytes
    """``b=``."""
    signed: tuple[str, ...]
    """``h=``, lower case, in its order."""
    header_relaxed: bool
    body_relaxed: bool
    length: int | None = None
    """``l=``: bytes of the body that are covered; None for all."""
    signed_at: int | None = None
    """``t=``, seconds since 1970."""
    expires: int | None = None
    """``x=``, seconds since 1970."""
    identity: str | None = None
    """``i=``."""

    @property
    def key_name(self) -> str:
        """Where the key stands in DNS."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def oversigned(self) -> frozenset[str]:
        """Fields named more than once: a second one cannot be added unnoticed."""
        return frozenset(name for name in self.signed if self.signed.count(name) > 1)


@dataclass(frozen=True, slots=True)
class Malformed:
    """A signature field that no verifier can use, and the tag or value at fault."""

    part: str
    domain: str | None = None
    selector: str | None = None


def read_tags(header: Header) -> Mapping[str, str] | Malformed:
    """The tags of a field. A doubled tag, or one without ``=``, voids it (RFC 6376 section 3.2)."""
    if len(header.value) > MAX_FIELD or _SPACE_RUN.search(header.value):
        return Malformed("too long")
    pieces = header.value.decode("utf-8", "replace").strip().split(";")
    if not pieces[-1].strip():
        pieces.pop()
    tags: dict[str, str] = {}
    for piece in pieces:
        name, equals, value = (part.strip() for part in piece.partition("="))
        if not equals or not _NAME.match(name) or name in tags or len(tags) >= MAX_TAGS:
            return Malformed(piece.strip()[:60] or ";;")
        tags[name] = value
    return tags


def read_signature(header: Header) -> Signature | Malformed:
    """A DKIM-Signature field, checked as RFC 6376 section 6.1.1 asks. Never raises."""
    tags = read_tags(header)
    if isinstance(tags, Malformed):
        return tags
    domain, selector = _name(tags.get("d", "")), tags.get("s", "").lower()
    where = (domain if _DOMAIN.match(domain) else None, selector if _SELECTOR.match(selector) else None)
    missing = next((tag for tag in ("v", "a", "b", "bh", "d", "h", "s") if not tags.get(tag)), None)
    if missing:
        return Malformed(f"{missing}=", *where)
    if where[0] is None or where[1] is None:
        return Malformed(f"d={domain}; s={selector}"[:80], *where)
    fault = _fault(tags, domain)
    kind, _, digest = tags["a"].lower().partition("-")
    value, body_hash = _base64(tags["b"]), _base64(tags["bh"])
    numbers = {tag: _number(tags.get(tag)) for tag in ("l", "t", "x")}
    if fault or value is None or body_hash is None:
        return Malformed(fault or ("b=" if value is None else "bh="), *where)
    head, _, body = tags.get("c", "simple").lower().partition("/")
    return Signature(
        header, domain, selector, kind, digest, body_hash, value,
        tuple(name.strip().lower() for name in tags["h"].split(":")),
        head == "relaxed", body == "relaxed",
        numbers["l"], numbers["t"], numbers["x"], tags.get("i"),
    )  # fmt: skip


def _fault(tags: Mapping[str, str], domain: str) -> str | None:
    """The first tag that voids the signature."""
    if tags["v"] != "1":
        return f"v={tags['v']}"[:60]
    if tags["a"].lower() not in ("rsa-sha256", "rsa-sha1", "ed25519-sha256"):
        return f"a={tags['a']}"[:60]
    head, slash, body = tags.get("c", "simple").lower().partition("/")
    if head not in ("simple", "relaxed") or (slash and body not in ("simple", "relaxed")):
        return f"c={tags['c']}"[:60]
    if "from" not in [name.strip().lower() for name in tags["h"].split(":")]:
        return "h= without from"
    if tags.get("q", "dns/txt").lower() != "dns/txt":
        return f"q={tags['q']}"[:60]
    at = tags.get("i", f"@{domain}").rpartition("@")[2].lower()
    if _name(at) != domain and not _name(at).endswith(f".{domain}"):
        return f"i={tags['i']}"[:80]
    broken = next((tag for tag in ("l", "t", "x") if tag in tags and _number(tags[tag]) is None), None)
    return f"{broken}={tags[broken]}"[:60] if broken else None


def _name(domain: str) -> str:
    """A domain as A-labels where it can be; ``d=`` may hold U-labels (RFC 8616)."""
    domain = domain.strip().lower().removesuffix(".")
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 15 else None


def _base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(re.sub(r"\s", "", text), validate=True)
    except (binascii.Error, ValueError):
        return None
