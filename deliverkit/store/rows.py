"""From an event to the row that is kept: an identity of its own content, a time, no more text than needed."""

from __future__ import annotations

import hmac
import re
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from deliverkit.bounces.event import Event
from deliverkit.model import Verdict

LONGEST_ADDRESS = 320
"""Characters: 64 before the @ and 255 behind it (RFC 5321 section 4.5.3.1)."""
LONGEST_TEXT = 500
HASHED = "hmac:"
"""Begins what stands in the place of an address where no plain address is kept."""

_ADDRESS = re.compile(r"[^\s<>\"'()\[\],;:]{1,64}@[^\s<>\"'()\[\],;:]{1,255}")
_NO_ADDRESS = re.compile("[\\s\x00-\x1f\x7f\ud800-\udfff]")
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Row(NamedTuple):
    """One event of one address, as it is kept."""

    address: str
    id: bytes
    at: int | None
    """Milliseconds since 1970 UTC."""
    kind: str
    reason: str | None
    confidence: str | None
    action: str | None
    detail: str | None
    provider: str | None
    code: int | None
    enhanced: str | None
    text: str
    mx: str | None
    domain: str
    """Of the address; no column of the event, but of the address."""


@lru_cache(maxsize=4096)
def normal(address: str) -> str | None:
    """An address as it is kept: lower case, A-labels, no brackets. None for what is none.

    Whoever owns ``Jo@example.com`` owns ``jo@example.com``: no provider of note tells them apart.
    """
    local, at, domain = address.strip().strip("<>").rpartition("@")
    if not at or not local or not domain or len(local) + len(domain) >= LONGEST_ADDRESS:
        return None
    domain = domain.rstrip(".").lower()
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    whole = f"{local.lower()}@{domain}"
    return None if _NO_ADDRESS.search(whole) else whole


def hashed(address: str, secret: bytes) -> str:
    """What stands for a normal address where none is kept: HMAC-SHA-256 of it, the first 128 bits."""
    return HASHED + hmac.digest(secret, address.encode("utf-8"), "sha256")[:16].hex()


@lru_cache(maxsize=4096)
def moment(text: str | None) -> int | None:
    """Milliseconds since 1970 of an ISO 8601 time; one without a zone is UTC. None for what is no time."""
    if not text:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return round(when.timestamp() * 1000)


def iso(at: int | None) -> str | None:
    """The time of a row as ISO 8601 in UTC."""
    if at is None:
        return None
    try:
        text = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds" if at % 1000 else "seconds")
    except (OverflowError, ValueError, OSError):
        return None
    return text.replace("+00:00", "Z")


def row(event: Event, verdict: Verdict | None, secret: bytes | None = None) -> Row | None:
    """The row of an event, None for one without a recipient.

    Two events are the same when all that they say is the same, wherever they were read: file and line do not count,
    and what we make of the reply does not either. With ``secret`` no plain address is in the row.
    """
    bounce = event.bounce
    address = normal(bounce.recipient) if bounce.recipient else None
    if address is None:
        return None
    reply, at = bounce.reply, moment(bounce.at)
    text = _storable(reply.text or reply.raw)
    parts = (
        event.kind.value,
        address,
        bounce.at if at is None else str(at),
        str(reply.code),
        reply.enhanced_code,
        text,
        bounce.mx,
        event.queue_id,
        event.message_id,
        event.theirs,
        event.feedback_type,
    )
    key = secret or b""
    same = "\x1f".join(part or "" for part in parts).encode("utf-8", "replace")
    kept, domain = address, address.rpartition("@")[2]
    if secret:
        # Masked before it is cut: half an address is no longer known as one.
        kept, text = hashed(address, secret), masked(text[: 10 * LONGEST_TEXT], address)
    return Row(
        kept,
        blake2b(same, digest_size=16, key=key).digest(),
        at,
        event.kind.value,
        verdict.reason if verdict else None,
        verdict.confidence.value if verdict else None,
        verdict.address_action.value if verdict else None,
        _storable(event.feedback_type)[:40] if event.feedback_type else None,
        verdict.provider if verdict else None,
        reply.code,
        reply.enhanced_code,
        text[:LONGEST_TEXT],
        _storable(bounce.mx)[:255] if bounce.mx else None,
        domain,
    )


def by_hand(
    address: str,
    kind: str,
    at: int | None,
    note: str,
    *,
    state: str | None = None,
    reason: str | None = None,
    secret: bytes | None = None,
) -> Row:
    """The row of something done by hand to a normal address, or to the hash of one."""
    same = "\x1f".join((kind, address, str(at), state or "", reason or "", note)).encode("utf-8", "replace")
    plain = not address.startswith(HASHED)
    return Row(
        hashed(address, secret) if secret and plain else address,
        blake2b(same, digest_size=16, key=secret or b"").digest(),
        at,
        kind,
        reason,
        None,
        state,
        None,
        None,
        None,
        None,
        masked(_storable(note), address)[:LONGEST_TEXT] if secret else _storable(note)[:LONGEST_TEXT],
        None,
        address.rpartition("@")[2] if plain else "",
    )


def masked(text: str, address: str) -> str:
    """``text`` without the address, its local part or any other address: ``<address>`` stands for them."""
    local = address.rpartition("@")[0]
    text = _ADDRESS.sub("<address>", text)
    for part in (address, local):
        if not part or part not in text.lower():
            continue  # a pattern for each address is dear to make
        text = re.sub(rf"(?<![\w.]){re.escape(part)}(?![\w])", "<address>", text, flags=re.IGNORECASE)
    return text


def _storable(text: str) -> str:
    """Text without what no database takes: NUL, other controls, lone surrogates."""
    return _UNSTORABLE.sub("", text)
