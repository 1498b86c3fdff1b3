"""The check ``bimi``: would mailbox providers show the domain's logo?

(draft-brand-indicators-for-message-identification) It asks for the record, then looks at what the record leads to:
DMARC, the logo, the mark certificate. Most domains have no record, which harms nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from deliverkit.checks import Notes, Target, World
from deliverkit.checks.bimi_documents import judge_certificate, judge_logo
from deliverkit.checks.dmarc_record import DmarcRecord, Policy
from deliverkit.checks.dmarc_walk import Walk, applied_policy, walk
from deliverkit.checks.tagged import Tagged, meant, with_version
from deliverkit.model import CheckResult, Outcome
from deliverkit.net.resolver import Answer

VERSION = "BIMI1"
SELECTOR = "default"
_KNOWN = frozenset({"v", "l", "a", "e", "avp", "lps"})


@dataclass(frozen=True, slots=True)
class BimiFacts:
    """What was found, for surfaces and for proposals."""

    domain: str
    record_domain: str | None = None
    """The domain whose record applies: the Author Domain or its organizational domain."""
    published: tuple[str, ...] = ()
    """TXT records there that are, or were meant to be, BIMI records."""
    logo: str = ""
    """``l=``: the address of the logo."""
    certificate: str = ""
    """``a=``: the address of the mark certificate."""
    mark_type: str | None = None
    certificate_ends: str | None = None
    """ISO 8601."""


async def run(target: Target, world: World) -> CheckResult:
    """Look for the record of the default selector, and judge what stands behind it."""
    domain = target.domain
    if domain is None:
        return CheckResult("bimi", "", Outcome.NOT_APPLICABLE)
    notes = Notes("bimi", domain, world.knowledge)
    answer, found = await asyncio.gather(_ask(domain, world), walk(domain, world.resolver))
    where = domain
    organizational = found.organizational_domain
    failed = answer if answer.failed else None
    if answer.absent and organizational is None:
        # A failed question hides which domain is above this one, and so whether that has a record.
        failed = next((step.answer for step in found.steps if step.answer.failed), answer)
    elif answer.absent and organizational and organizational != domain:
        # Without a record of its own a domain takes that of its organizational domain.
        where = organizational
        answer = await _ask(where, world)
        failed = answer if answer.failed else None
    texts = answer.records if answer.found else ()
    records, others = with_version(texts, VERSION), meant(texts, VERSION)
    facts = BimiFacts(domain, published=(*(record.text for record in records), *others))
    if failed is not None:
        notes.add("bimi-unanswered", failed, domain=domain, status=failed.status.value)
    elif len(records) == 1:
        facts = await _judge(notes, replace(facts, record_domain=where), records[0], answer, found, world)
    elif records:
        notes.add("bimi-multiple", answer, domain=where, count=len(records))
    elif others:
        notes.add("bimi-invalid", answer, domain=where)
    else:
        notes.add("bimi-none", answer, domain=domain)
    return notes.result(facts)


async def _ask(domain: str, world: World) -> Answer:
    return await world.resolver.query(f"{SELECTOR}._bimi.{domain}", "TXT")


async def _judge(
    notes: Notes, facts: BimiFacts, record: Tagged, answer: Answer, found: Walk, world: World
) -> BimiFacts:
    """One record: its tags, DMARC, and the documents it names."""
    domain, where = facts.domain, facts.record_domain or facts.domain
    facts = replace(facts, logo=record.tags.get("l", ""), certificate=record.tags.get("a", ""))
    if "l" in record.tags and not facts.logo and not facts.certificate:
        notes.add("bimi-declined", answer, domain=where)
        return facts
    if record.faulty or record.doubled:
        notes.add("bimi-syntax", answer, domain=where, piece=(*record.faulty, *record.doubled)[0][:100])
    for name in [name for name in record.tags if name not in _KNOWN][:5]:
        notes.add("bimi-tag-unknown", answer, domain=where, tag=name[:40])
    if not facts.logo:
        notes.add("bimi-no-logo", answer, domain=where)
    if where != domain:
        notes.add("bimi-inherited", answer, domain=domain, record_domain=where)
    _judge_dmarc(notes, found)
    logo, mark = await asyncio.gather(
        judge_logo(notes, where, facts.logo, world), judge_certificate(notes, where, facts.certificate, world)
    )
    if mark is not None:
        facts = replace(facts, mark_type=mark.mark_type, certificate_ends=mark.not_after.isoformat())
        if not mark.stands_for(domain, found.organizational_domain, SELECTOR):
            named = ", ".join(mark.names[:5]) or "-"
            notes.add("bimi-certificate-name", domain=domain, names=named)
        if logo is not None and mark.logo is not None and logo.strip() != mark.logo.strip():
            notes.add("bimi-certificate-logo", domain=domain)
    if not _wrong(notes):
        notes.add("bimi-ok", answer, domain=domain)
    return facts


def _judge_dmarc(notes: Notes, found: Walk) -> None:
    """BIMI wants a policy that is in force, for the domain and for its organizational domain."""
    if found.record is None and found.open_steps:
        notes.add("bimi-dmarc-unanswered", found.open_steps[0].answer, domain=found.domain)
        return
    applied = applied_policy(found, exists=True, reports=True)
    policy = applied.effective if applied else None
    by_domain = {step.domain: step.record for step in found.steps}
    records = [r for r in (found.record, by_domain.get(found.organizational_domain or "")) if r is not None]
    weak = next((reason for record in records if (reason := _weakness(record))), None)
    if policy in (None, Policy.NONE) or weak:
        asked = [step.answer for step in found.steps if step.record in records and step.record is not None]
        why = weak or ("no record" if policy is None else "p=none")
        notes.add("bimi-dmarc-weak", *(asked or [found.steps[0].answer]), domain=found.domain, why=why)


def _weakness(record: DmarcRecord) -> str | None:
    """What keeps a record from being enough for BIMI, as it stands in the record."""
    if record.testing:
        return "t=y"
    for tag in ("p", "sp"):
        if record.policy(tag) is Policy.NONE:
            return f"{tag}=none"
    percent = record.tags.get("pct", "100")
    reduced = percent.isascii() and percent.isdigit() and int(percent[:4]) < 100
    return f"pct={percent[:4]}" if reduced and record.policy("p") is Policy.QUARANTINE else None


def _wrong(notes: Notes) -> bool:
    quiet = (Outcome.PASS, Outcome.NOT_APPLICABLE)
    return any(notes.knowledge.findings[f.id].outcome not in quiet for f in notes.findings)
