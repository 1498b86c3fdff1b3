"""The check ``dmarc``: which record applies to the Author Domain, and what it makes receivers do (RFC 9989)."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from deliverkit.checks import Notes, Target, World
from deliverkit.checks._checkdmarc import DmarcReading, preload, read_record
from deliverkit.checks.alignment import Alignment, Mode, align
from deliverkit.checks.dmarc_absent import MAX_TEXTS, judge_absence, note_open, note_texts
from deliverkit.checks.dmarc_judge import judge_alignment, judge_destinations, judge_policy, judge_record
from deliverkit.checks.dmarc_record import MAX_RECORD, DmarcRecord
from deliverkit.checks.dmarc_reports import Destination, check_destinations
from deliverkit.checks.dmarc_walk import Applied, Source, Walk, WalkStep, applied_policy, domain_exists, walk
from deliverkit.checks.suffixes import registrable
from deliverkit.model import CheckResult, Outcome


@dataclass(frozen=True, slots=True)
class DmarcFacts:
    """What was found, for surfaces and for record proposals."""

    domain: str
    """The Author Domain."""
    published: tuple[str, ...] = ()
    """All TXT records at ``_dmarc.<domain>``, valid or not."""
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """TXT records at ``_dmarc`` of each domain of the walk that has some, by domain, valid or not."""
    aliases: tuple[str, ...] = ()
    """Of these domains, those whose ``_dmarc`` is an alias (CNAME): their record stands elsewhere."""
    record: str | None = None
    """The record that applies."""
    record_domain: str | None = None
    """The domain it is published for."""
    source: Source | None = None
    organizational_domain: str | None = None
    """None when a question that failed leaves it open."""
    psl_domain: str | None = None
    """What the Public Suffix List makes the organizational domain, for older receivers."""
    policy: Applied | None = None
    spf: Alignment | None = None
    dkim: Alignment | None = None
    destinations: tuple[Destination, ...] = ()
    asked: tuple[str, ...] = ()
    """The names of the tree walk, in order."""


async def run(target: Target, world: World) -> CheckResult:
    """Find the record that applies to ``target.domain`` and judge it, its reports and, where known, alignment."""
    domain = target.domain
    if domain is None:
        return CheckResult("dmarc", "", Outcome.NOT_APPLICABLE)
    notes = Notes("dmarc", domain, world.knowledge)
    found = await walk(domain, world.resolver)
    note_texts(notes, found)
    facts = DmarcFacts(
        domain,
        published=_texts(found.steps[0]),
        texts={step.domain: _texts(step) for step in found.steps if step.answer.found},
        aliases=tuple(step.domain for step in found.steps if step.answer.cname),
        organizational_domain=found.organizational_domain,
        asked=tuple(f"_dmarc.{step.domain}" for step in found.steps),
    )
    if found.record is None:
        if found.open_steps:
            note_open(notes, found)
        else:
            await judge_absence(notes, found, world.resolver)
        return notes.result(facts)
    return await _judge(notes, facts, found, found.record, target, world)


async def _judge(
    notes: Notes, facts: DmarcFacts, found: Walk, record: DmarcRecord, target: Target, world: World
) -> CheckResult:
    """Everything about a record that is there."""
    modes = {tag: Mode(record.flag(tag, "r", "rs")) for tag in ("aspf", "adkim")}
    _, exists, spf, dkim = await asyncio.gather(
        preload(),
        domain_exists(found.domain, world.resolver) if "np" in record.tags else _yes(),
        _align(found, target.mail_from, modes["aspf"], world),
        _align(found, target.signing_domain, modes["adkim"], world),
    )
    reading = read_record(record)
    destinations = await check_destinations(record.domain, found.organizational_domain, reading.reports, world.resolver)
    policy = _policy(found, reading, exists)
    if policy is None:
        notes.add("dmarc-not-checked", name=found.domain)
    # The policy first: it is what a reader of one line wants to know.
    judge_policy(notes, found, record, policy)
    judge_record(notes, record, reading)
    judge_destinations(notes, record, destinations)
    judge_alignment(notes, spf, dkim)
    org, psl = facts.organizational_domain, registrable(found.domain)
    if org and psl and org != psl:
        notes.add("dmarc-psl-differs", domain=found.domain, walk_domain=org, psl_domain=psl)
    return notes.result(
        dataclasses.replace(
            facts,
            record=record.text,
            record_domain=record.domain,
            source=found.source,
            psl_domain=psl,
            policy=policy,
            spf=spf,
            dkim=dkim,
            destinations=destinations,
        )
    )


def _policy(found: Walk, reading: DmarcReading, exists: bool | None) -> Applied | None:
    """The policy; None when whether the domain exists decides it and could not be asked."""
    reports = any(uri.tag == "rua" and uri.text and uri.fault != "invalid" for uri in reading.reports)
    if exists is not None:
        return applied_policy(found, exists=exists, reports=reports)
    either = {applied_policy(found, exists=answer, reports=reports) for answer in (True, False)}
    same = {(applied.policy, applied.effective) for applied in either if applied}
    return either.pop() if len(same) == 1 else None


def _texts(step: WalkStep) -> tuple[str, ...]:
    return tuple(text[:MAX_RECORD] for text in step.answer.records[:MAX_TEXTS])


async def _yes() -> bool:
    return True


async def _align(found: Walk, identifier: str | None, mode: Mode, world: World) -> Alignment | None:
    return None if identifier is None else await align(found, identifier, mode, world.resolver)
