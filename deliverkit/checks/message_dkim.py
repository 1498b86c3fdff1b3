"""The check ``message-dkim``: every signature of a message, verified with the keys that stand in DNS now (RFC 6376)."""

from __future__ import annotations

import time
from dataclasses import dataclass

from deliverkit.checks import Notes, Target, World
from deliverkit.checks.dkim_key import RSA_ADVISED, DkimKey, DkimKeyError
from deliverkit.checks.message_auth import Verdict, Verified, delivered_at, verify_signatures
from deliverkit.message.mail import Message
from deliverkit.message.signature import Malformed, Signature
from deliverkit.model import CheckResult, Evidence, Outcome
from deliverkit.net.resolver import Answer

SHOULD_BE_SIGNED = ("subject", "date", "to", "message-id", "mime-version", "content-type", "reply-to", "cc")
"""Fields that change what a reader sees (RFC 6376 section 5.4.1)."""
CLOCK = 3600
"""Seconds by which the clocks of signer and receiver may differ."""


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """One signature, for surfaces."""

    domain: str
    selector: str
    verdict: Verdict
    algorithm: str = ""
    bits: int | None = None
    signed: tuple[str, ...] = ()
    oversigned: tuple[str, ...] = ()
    length: int | None = None
    signed_at: int | None = None
    expires: int | None = None
    identity: str | None = None


@dataclass(frozen=True, slots=True)
class MessageDkimFacts:
    """All signatures, topmost first."""

    signatures: tuple[SignatureFacts, ...]


async def run(target: Target, world: World) -> CheckResult:
    """Verify the signatures of ``target.message``."""
    message = target.message
    notes = Notes("message-dkim", target.domain or "", world.knowledge)
    if message is None:
        return notes.result(outcome=Outcome.NOT_APPLICABLE)
    found = await verify_signatures(message, world.resolver)
    if not found:
        notes.add("message-dkim-none")
    for each in found:
        _judge(notes, each)
        if isinstance(each.signature, Signature):
            _hints(notes, each, each.signature, message)
    return notes.result(MessageDkimFacts(tuple(facts_of(each) for each in found)))


def facts_of(found: Verified) -> SignatureFacts:
    """The plain facts of one signature."""
    signature = found.signature
    if isinstance(signature, Malformed):
        return SignatureFacts(found.domain, found.selector, found.verdict)
    return SignatureFacts(
        found.domain,
        found.selector,
        found.verdict,
        f"{signature.algorithm}-{signature.digest}",
        found.key.bits if isinstance(found.key, DkimKey) else None,
        signature.signed,
        tuple(sorted(signature.oversigned)),
        signature.length,
        signature.signed_at,
        signature.expires,
        signature.identity,
    )


_SIMPLE = {
    Verdict.BODY_CHANGED: "message-dkim-body-changed",
    Verdict.HEADERS_CHANGED: "message-dkim-headers-changed",
    Verdict.OTHER_KEY: "message-dkim-other-key",
    Verdict.NOT_MATCHING: "message-dkim-not-matching",
    Verdict.NO_KEY: "message-dkim-key-missing",
    Verdict.REVOKED: "message-dkim-key-revoked",
    Verdict.SHA1: "message-dkim-sha1",
    Verdict.EXPIRED: "message-dkim-expired",
    Verdict.UNANSWERED: "message-dkim-key-unanswered",
    Verdict.BODY_ABSENT: "message-dkim-body-absent",
}


def _judge(notes: Notes, found: Verified) -> None:
    place = {"domain": found.domain, "selector": found.selector}
    proof: list[Evidence | Answer] = [found.answer] if found.answer is not None else []
    if isinstance(found.signature, Malformed):
        notes.add("message-dkim-malformed", domain=found.domain, part=found.signature.part)
        return
    seen = [*proof, Evidence("DKIM-Signature", found.signature.header.text[:1000])]
    bits = found.key.bits or 0 if isinstance(found.key, DkimKey) else 0
    match found.verdict:
        case Verdict.PASS:
            notes.add("message-dkim-pass", *seen, **place, bits=bits)
        case Verdict.KEY_WEAK:
            notes.add("message-dkim-key-weak", *seen, **place, bits=bits)
        case Verdict.KEY_FAULT:
            part = found.key.part if isinstance(found.key, DkimKeyError) else "h=, k=, s= or t="
            notes.add("message-dkim-key-unusable", *seen, **place, part=part)
        case verdict:
            notes.add(_SIMPLE[verdict], *seen, **place)


def _hints(notes: Notes, found: Verified, signature: Signature, message: Message) -> None:
    """What is unwise in a signature, whether it verifies or not."""
    place = {"domain": found.domain, "selector": found.selector}
    if signature.length is not None:
        notes.add("message-dkim-length", **place, length=signature.length)
    if signature.signed_at is not None and signature.signed_at > max(delivered_at(message), time.time()) + CLOCK:
        notes.add("message-dkim-future", **place)
    if found.verdict is not Verdict.PASS:
        return
    key = found.key
    if isinstance(key, DkimKey) and key.type == "rsa" and (key.bits or 0) < RSA_ADVISED:
        notes.add("message-dkim-key-short", **place, bits=key.bits)
    if isinstance(key, DkimKey) and key.testing:
        notes.add("message-dkim-testing", **place)
    present = message.counts
    open_ones = [name for name in SHOULD_BE_SIGNED if present[name] and name not in signature.signed]
    if open_ones:
        notes.add("message-dkim-fields-open", **place, fields=", ".join(open_ones))
    if "from" not in signature.oversigned:
        notes.add("message-dkim-from-open", **place)
