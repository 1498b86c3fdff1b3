"""Who a message proves to be from: signatures verified, SPF of the delivering host, DMARC from both.

Not a check: the checks of a message each tell a part of it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from enum import StrEnum

from deliverkit.checks import Target, World
from deliverkit.checks.alignment import Alignment, Mode, align
from deliverkit.checks.dkim_key import RSA_MINIMUM, DkimKey, DkimKeyError, is_key_like, parse_key
from deliverkit.checks.dmarc_record import Policy
from deliverkit.checks.dmarc_walk import Walk, applied_policy, domain_exists, walk
from deliverkit.checks.message_said import found_good
from deliverkit.checks.names import domain_name, reaches
from deliverkit.checks.spf_ask import Questions
from deliverkit.checks.spf_eval import SpfEvaluation, SpfResult, check_host
from deliverkit.checks.suffixes import registrable
from deliverkit.errors import InputError
from deliverkit.message.addresses import mailboxes
from deliverkit.message.hops import HopLine, client_ip_said, envelope_from_said, hops
from deliverkit.message.mail import Message
from deliverkit.message.signature import Malformed, Signature, read_signature
from deliverkit.net.resolver import Answer, Resolver

MAX_SIGNATURES = 20
MAX_KEYS = 4
"""Key records tried at one name; there must be one."""
MAX_QUESTIONS = 120
"""Of one SPF evaluation."""


class Verdict(StrEnum):
    """What one signature came to."""

    PASS = "pass"  # noqa: S105 a verdict, no password
    BODY_CHANGED = "body_changed"
    HEADERS_CHANGED = "headers_changed"
    """The key made this signature, over other headers than these."""
    OTHER_KEY = "other_key"
    """The key that is published now did not make this signature."""
    NOT_MATCHING = "not_matching"
    """Headers changed or another key: with Ed25519 it cannot be told."""
    NO_KEY = "no_key"
    REVOKED = "revoked"
    KEY_FAULT = "key_fault"
    KEY_WEAK = "key_weak"
    SHA1 = "sha1"
    EXPIRED = "expired"
    MALFORMED = "malformed"
    UNANSWERED = "unanswered"
    """The key could not be asked for."""
    BODY_ABSENT = "body_absent"
    """Only the headers are here, and they match."""

    @property
    def open(self) -> bool:
        """Nothing is proven either way."""
        return self in (Verdict.UNANSWERED, Verdict.BODY_ABSENT)


GONE = (Verdict.NO_KEY, Verdict.REVOKED, Verdict.OTHER_KEY)
"""The key that made the signature does not stand in DNS now; it may have when the message arrived."""


@dataclass(frozen=True, slots=True)
class Verified:
    """One DKIM-Signature field, topmost first."""

    signature: Signature | Malformed
    verdict: Verdict
    key: DkimKey | DkimKeyError | None = None
    answer: Answer | None = None
    was_good: bool = False
    """The receiver found it good, and its key is gone since: a key was replaced, which makes no message bad."""

    @property
    def open(self) -> bool:
        """Nothing is proven either way."""
        return self.verdict.open or self.was_good

    @property
    def domain(self) -> str:
        """``d=``, or nothing where it cannot be read."""
        return self.signature.domain or ""

    @property
    def selector(self) -> str:
        """``s=``, or nothing where it cannot be read."""
        return self.signature.selector or ""


class Choice(StrEnum):
    """Why an address is taken for that of the delivering host."""

    GIVEN = "given"
    RECEIVED_SPF = "received_spf"
    """The receiver wrote it into Received-SPF."""
    BOUNDARY = "boundary"
    """The topmost Received in which a host outside handed over to the receiver."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Who handed the message over, as far as its headers tell."""

    choice: Choice
    ip: str | None = None
    helo: str | None = None
    by: str | None = None
    passed_over: int = 0
    """Received fields above the one chosen: the receiver's own."""
    sender: str | None = None
    """MAIL FROM address; empty for the null sender, None where nothing tells."""

    @property
    def domain(self) -> str | None:
        """The domain that SPF is about: of MAIL FROM, or HELO for the null sender (RFC 7208 section 2.4)."""
        if self.sender is None:
            return None
        text = self.sender.rpartition("@")[2] if self.sender else self.helo or ""
        return askable_domain(text)


class Dmarc(StrEnum):
    """What DMARC says of the message."""

    PASS = "pass"  # noqa: S105 a verdict, no password
    FAIL = "fail"
    NONE = "none"
    """No record applies."""
    UNKNOWN = "unknown"
    IMPOSSIBLE = "impossible"
    """There is not one Author Domain."""


@dataclass(frozen=True, slots=True)
class Authentication:
    """Everything together."""

    author: str | None
    """The Author Domain; None where From has not exactly one."""
    delivery: Delivery
    signatures: tuple[Verified, ...]
    spf: SpfEvaluation | None
    """None where IP or MAIL FROM are not known."""
    walk: Walk | None
    policy: Policy | None
    """What the record makes receivers do; None without one, and where it is open."""
    spf_alignment: Alignment | None
    """Set where SPF passed."""
    dkim_alignments: tuple[tuple[Verified, Alignment], ...]
    """Of the signatures that passed."""

    @property
    def aligned_dkim(self) -> Verified | None:
        """The first passing signature in the name of the Author Domain."""
        return next((found for found, alignment in self.dkim_alignments if alignment.aligned), None)

    @property
    def aligned_spf(self) -> bool:
        """SPF passed in the name of the Author Domain."""
        return bool(self.spf_alignment and self.spf_alignment.aligned)

    @property
    def something_passes(self) -> bool:
        """SPF or a signature passed, in whoever's name."""
        spf = self.spf is not None and self.spf.result is SpfResult.PASS
        return spf or any(found.verdict is Verdict.PASS for found in self.signatures)

    @property
    def something_open(self) -> bool:
        """A part could not be asked or is not here, and could make DMARC pass."""
        alignments = [self.spf_alignment, *(alignment for _, alignment in self.dkim_alignments)]
        return (
            self.spf is None
            or self.spf.result is SpfResult.TEMPERROR
            or any(found.open for found in self.signatures)
            or any(alignment is not None and alignment.aligned is None for alignment in alignments)
        )

    @property
    def dmarc(self) -> Dmarc:
        """What a receiver that asks DNS now would come to (RFC 9989 section 5)."""
        if self.author is None or self.walk is None:
            return Dmarc.IMPOSSIBLE
        if self.walk.record is None:
            return Dmarc.UNKNOWN if self.walk.open_steps else Dmarc.NONE
        if self.aligned_dkim or self.aligned_spf:
            return Dmarc.PASS
        return Dmarc.UNKNOWN if self.something_open else Dmarc.FAIL


async def authenticate(target: Target, world: World) -> Authentication:
    """Verify ``target.message``. Never raises for what it or DNS says."""
    message = target.message
    if message is None:
        raise ValueError("the target has no message")
    delivery, author = delivery_of(message, target), author_domain(message)
    signatures, spf, found = await asyncio.gather(
        verify_signatures(message, world.resolver), _spf(delivery, world.resolver), _walk(author, world.resolver)
    )
    spf_alignment, dkim, policy = None, [], None
    if found is not None:
        record = found.record
        modes = {tag: Mode(record.flag(tag, "r", "rs")) if record else Mode.RELAXED for tag in ("aspf", "adkim")}
        if spf is not None and spf.result is SpfResult.PASS:
            spf_alignment = await align(found, spf.domain, modes["aspf"], world.resolver)
        passed = [each for each in signatures if each.verdict is Verdict.PASS]
        aligned = (align(found, each.domain, modes["adkim"], world.resolver) for each in passed)
        dkim = list(zip(passed, await asyncio.gather(*aligned), strict=True))
        exists = await domain_exists(found.domain, world.resolver) if record else True
        applied = applied_policy(found, exists=exists is not False, reports="rua" in record.tags) if record else None
        policy = applied.effective if applied else None
    return Authentication(author, delivery, signatures, spf, found, policy, spf_alignment, tuple(dkim))


async def _walk(author: str | None, resolver: Resolver) -> Walk | None:
    return None if author is None else await walk(author, resolver)


async def _spf(delivery: Delivery, resolver: Resolver) -> SpfEvaluation | None:
    domain = delivery.domain
    if delivery.ip is None or domain is None:
        return None
    sender = delivery.sender or f"postmaster@{domain}"
    return await check_host(delivery.ip, domain, sender, delivery.helo or domain, Questions(resolver, MAX_QUESTIONS))


def author_domain(message: Message) -> str | None:
    """The one domain of From; None where there is none or more than one."""
    fields = message.all("from")
    domains = {askable_domain(box.domain or "") for header in fields for box in mailboxes(header)}
    return next(iter(domains)) if len(domains) == 1 and len(fields) == 1 else None


def askable_domain(text: str) -> str | None:
    """``text`` as a domain that DNS can be asked about; None for what is none."""
    try:
        return domain_name(text) if text else None
    except InputError:
        return None


def delivery_of(message: Message, target: Target) -> Delivery:
    """The delivering host: the one named by the user, by the receiver, or the first from outside."""
    lines = hops(message)
    sender = _sender(message, target)
    if target.ips:
        ip = target.ips[0]
        own = next((hop for hop in lines if hop.ip == ip), None)
        helo = target.helo or (own.helo if own else None)
        return Delivery(Choice.GIVEN, ip, helo, own.by if own else None, 0, sender)
    said = client_ip_said(message)
    if said is not None and reaches(said):
        own = next((hop for hop in lines if hop.ip == said), None)
        helo = target.helo or (own.helo if own else None)
        return Delivery(Choice.RECEIVED_SPF, said, helo, own.by if own else None, 0, sender)
    outside = [(i, hop) for i, hop in enumerate(lines) if hop.ip is not None and reaches(hop.ip)]
    # Hosts of one organization hand a message on among each other before and after the boundary.
    found = next(((i, hop) for i, hop in outside if not _same_house(hop)), outside[0] if outside else None)
    if found is None:
        return Delivery(Choice.NONE, helo=target.helo, sender=sender)
    place, hop = found
    return Delivery(Choice.BOUNDARY, hop.ip, target.helo or hop.helo, hop.by, place, sender)


def _same_house(hop: HopLine) -> bool:
    theirs, ours = askable_domain(hop.helo or ""), askable_domain(hop.by or "")
    return bool(theirs and ours and registrable(theirs) and registrable(theirs) == registrable(ours))


def _sender(message: Message, target: Target) -> str | None:
    if target.mail_from:
        return f"postmaster@{target.mail_from}"
    path = message.text("return-path")
    if path is not None:
        return path.strip().removeprefix("<").partition(">")[0].strip()[:320]
    return envelope_from_said(message)


def delivered_at(message: Message) -> float:
    """When the message arrived, seconds since 1970: by its topmost Received, else now."""
    first = next((hop.at for hop in hops(message) if hop.at is not None), None)
    try:
        return time.time() if first is None else first.timestamp()
    except (OverflowError, ValueError, OSError):
        return time.time()


async def verify_signatures(message: Message, resolver: Resolver) -> tuple[Verified, ...]:
    """Every DKIM signature, topmost first, at most ``MAX_SIGNATURES``; keys are asked for all at once."""
    read = [read_signature(header) for header in message.all("dkim-signature")[:MAX_SIGNATURES]]
    at, good = delivered_at(message), found_good(message) if read else frozenset()

    async def one(signature: Signature | Malformed) -> Verified:
        if isinstance(signature, Malformed):
            return Verified(signature, Verdict.MALFORMED)
        answer = await resolver.query(signature.key_name, "TXT")
        found = judge(message, signature, answer, at)
        said = found.verdict in GONE and not good.isdisjoint({(found.domain, found.selector), (found.domain, "")})
        return replace(found, was_good=True) if said else found

    return tuple(await asyncio.gather(*(one(signature) for signature in read)))


def judge(message: Message, signature: Signature, answer: Answer, at: float) -> Verified:
    """What one signature comes to with the key in ``answer``, for a message that arrived ``at``."""
    if answer.failed:
        return Verified(signature, Verdict.UNANSWERED, None, answer)
    texts = [text for text in answer.records if is_key_like(text)][:MAX_KEYS]
    if not texts:
        return Verified(signature, Verdict.NO_KEY, None, answer)
    tried = [_with_key(message, signature, answer, text, at) for text in texts]
    return next((found for found in tried if found.verdict is Verdict.PASS), tried[0])


def _with_key(message: Message, signature: Signature, answer: Answer, text: str, at: float) -> Verified:
    key = parse_key(text)
    verdict = _key_verdict(key, signature) or _match(message, signature, text)
    if verdict is Verdict.PASS:
        if signature.digest == "sha1":
            verdict = Verdict.SHA1
        elif isinstance(key, DkimKey) and key.type == "rsa" and (key.bits or 0) < RSA_MINIMUM:
            verdict = Verdict.KEY_WEAK
        elif signature.expires is not None and signature.expires < at:
            verdict = Verdict.EXPIRED
        elif not message.has_body:
            verdict = Verdict.BODY_ABSENT
    return Verified(signature, verdict, key, answer)


def _key_verdict(key: DkimKey | DkimKeyError, signature: Signature) -> Verdict | None:
    if isinstance(key, DkimKeyError):
        return Verdict.KEY_FAULT
    if key.revoked:
        return Verdict.REVOKED
    at = (signature.identity or "").rpartition("@")[2].strip().lower()
    narrow = key.exact_domain and at and askable_domain(at) != signature.domain
    allowed = not key.hashes or signature.digest in key.hashes
    fits = key.type == signature.algorithm and key.for_mail and allowed and not narrow
    return None if fits else Verdict.KEY_FAULT


def _match(message: Message, signature: Signature, record: str) -> Verdict:
    from deliverkit.checks._dkimpy import headers_verify, made_by

    if not headers_verify(message, signature, record):
        made = made_by(signature, record)
        # Who changed the body will have changed headers too; the key is told apart first.
        if made is None:
            return Verdict.NOT_MATCHING
        return Verdict.HEADERS_CHANGED if made else Verdict.OTHER_KEY
    if not message.has_body:
        return Verdict.PASS
    digest = message.body_hash(signature.digest, relaxed=signature.body_relaxed, length=signature.length)
    return Verdict.PASS if digest == signature.body_hash else Verdict.BODY_CHANGED
