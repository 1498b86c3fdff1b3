"""The check ``message-dmarc``: would this message pass DMARC now, by which identity, and what follows (RFC 9989)."""

from __future__ import annotations

from dataclasses import dataclass

from deliverkit.checks import Notes, Target, World
from deliverkit.checks.dmarc_record import Policy
from deliverkit.checks.message_auth import Authentication, Dmarc, Verdict, authenticate
from deliverkit.checks.spf_eval import SpfResult
from deliverkit.model import CheckResult, Evidence, Outcome
from deliverkit.net.resolver import Answer, dig_line


@dataclass(frozen=True, slots=True)
class MessageDmarcFacts:
    """The answer that a reader wants first."""

    result: Dmarc
    author: str | None
    policy: Policy | None
    record: str | None
    record_domain: str | None
    aligned_by: tuple[str, ...] = ()
    """``dkim``, ``spf``: which identity carried it."""
    aligned_domain: str | None = None
    """The identity itself."""


async def run(target: Target, world: World) -> CheckResult:
    """Judge ``target.message`` as a receiver would that sees it now."""
    notes = Notes("message-dmarc", target.domain or "", world.knowledge)
    if target.message is None:
        return notes.result(outcome=Outcome.NOT_APPLICABLE)
    found = await authenticate(target, world)
    notes.subject = found.author or ""
    _judge(notes, found)
    return notes.result(_facts(found))


def _facts(found: Authentication) -> MessageDmarcFacts:
    record = found.walk.record if found.walk else None
    dkim = found.aligned_dkim
    by = (*(("dkim",) if dkim else ()), *(("spf",) if found.aligned_spf else ()))
    domain = dkim.domain if dkim else found.spf.domain if found.spf and found.aligned_spf else None
    return MessageDmarcFacts(
        found.dmarc,
        found.author,
        found.policy,
        record.text if record else None,
        record.domain if record else None,
        by if found.dmarc is Dmarc.PASS else (),
        domain if found.dmarc is Dmarc.PASS else None,
    )


def _judge(notes: Notes, found: Authentication) -> None:
    proof, author = _proof(found), found.author or ""
    match found.dmarc:
        case Dmarc.IMPOSSIBLE:
            notes.add("message-dmarc-no-author")
            return
        case Dmarc.PASS:
            _passed(notes, found)
            return
        case Dmarc.UNKNOWN:
            notes.add("message-dmarc-unknown", *_unanswered(found), domain=author)
        case Dmarc.NONE:
            notes.add("message-dmarc-no-record", *proof, domain=author)
            if not found.something_passes and not found.something_open:
                notes.add("message-dmarc-unauthenticated", domain=author)
        case Dmarc.FAIL if found.policy in (Policy.REJECT, Policy.QUARANTINE):
            notes.add("message-dmarc-fail", *proof, domain=author, policy=found.policy.value if found.policy else "")
        case Dmarc.FAIL:
            notes.add("message-dmarc-fail-watched", *proof, domain=author)
            if not found.something_passes:
                notes.add("message-dmarc-unauthenticated", domain=author)
    _unaligned(notes, found)


def _passed(notes: Notes, found: Authentication) -> None:
    proof, author, dkim = _proof(found), found.author, found.aligned_dkim
    if dkim is not None:
        notes.add("message-dmarc-pass-dkim", *proof, domain=author, signing_domain=dkim.domain)
    if found.aligned_spf and found.spf is not None:
        notes.add("message-dmarc-pass-spf", *proof, domain=author, mail_from=found.spf.domain)
        if dkim is None and not any(each.open for each in found.signatures):
            notes.add("message-dmarc-spf-alone", domain=author)
    if found.policy is Policy.NONE:
        notes.add("message-dmarc-policy-none", *proof, domain=author)


def _unaligned(notes: Notes, found: Authentication) -> None:
    """What passed in another name: it would have carried DMARC, had the names fitted."""
    if found.walk is None or found.walk.record is None:
        return
    for each, alignment in found.dkim_alignments:
        if alignment.aligned is False:
            notes.add("message-dmarc-dkim-unaligned", domain=found.author, signing_domain=each.domain)
    if found.spf is not None and found.spf_alignment is not None and found.spf_alignment.aligned is False:
        notes.add("message-dmarc-spf-unaligned", domain=found.author, mail_from=found.spf.domain)


def _proof(found: Authentication) -> list[Evidence]:
    record = found.walk.record if found.walk else None
    if record is None:
        return []
    name = f"_dmarc.{record.domain}"
    return [Evidence(f"{name} TXT", record.text[:1000], dig_line(name, "TXT"))]


def _unanswered(found: Authentication) -> list[Answer]:
    walk = [step.answer for step in found.walk.open_steps] if found.walk else []
    keys = [each.answer for each in found.signatures if each.verdict is Verdict.UNANSWERED and each.answer]
    spf = [*found.spf.unanswered] if found.spf and found.spf.result is SpfResult.TEMPERROR else []
    return [*walk, *keys, *spf][:6]
