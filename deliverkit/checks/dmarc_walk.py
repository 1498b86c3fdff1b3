"""The DNS tree walk: which DMARC record applies to a domain, and what its Organizational Domain is.

RFC 9989 section 4.10. The walk asks at most eight names. We ask them all at once instead of one after the
other: it costs one round trip instead of up to eight, and names above a record that ends the walk are left
out of the result, as if they had not been asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from deliverkit.checks.dmarc_record import DmarcRecord, Policy, parse_record
from deliverkit.net.resolver import Answer, Resolver, Status

MAX_QUERIES = 8
"""RFC 9989 section 4.10: names of more than eight labels are cut to seven after the first question."""


class Source(StrEnum):
    """Whose record applies to the Author Domain."""

    AUTHOR = "author"
    ORGANIZATIONAL = "organizational"
    PUBLIC_SUFFIX = "public_suffix"


@dataclass(frozen=True, slots=True)
class WalkStep:
    """One name of the walk."""

    domain: str
    """Without ``_dmarc.``."""
    answer: Answer
    records: tuple[DmarcRecord, ...] = ()
    """Every valid record at this name; more than one and all are discarded."""

    @property
    def record(self) -> DmarcRecord | None:
        """The record that counts, if there is exactly one."""
        return self.records[0] if len(self.records) == 1 else None

    @property
    def ends_walk(self) -> bool:
        """A record with ``psd=y`` or ``psd=n`` ends the walk."""
        return self.record is not None and self.record.psd in "yn"


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk from one domain up to its top-level domain."""

    domain: str
    steps: tuple[WalkStep, ...]
    """From the longest name to the shortest, up to the record that ended the walk."""
    organizational_domain: str | None
    """None when a name that could not be asked leaves it open."""
    record: DmarcRecord | None
    """The record that applies to ``domain``; None when there is none or when that is open."""
    source: Source | None
    """Whose record it is."""
    open_steps: tuple[WalkStep, ...] = ()
    """Names that could not be asked and leave the applying record open; empty when it is settled."""


@dataclass(frozen=True, slots=True)
class Applied:
    """The policy that applies to a domain (RFC 9989 section 4.10.1)."""

    policy: Policy | None
    """What the record asks for; None where DMARC does not apply because the record's policy is not valid."""
    effective: Policy | None
    """The same after ``t=y``."""
    tag: str
    """The tag it comes from: ``p``, ``sp`` or ``np``."""
    fault: str | None = None
    """The policy tag that is missing or not valid; then ``policy`` is ``none`` if the record has a usable ``rua``."""


def walk_names(domain: str) -> tuple[str, ...]:
    """The names the walk asks for, without ``_dmarc.``, the domain itself first; at most ``MAX_QUERIES``."""
    labels = domain.split(".")
    shortest_first = min(len(labels) - 1, MAX_QUERIES - 1)
    return (domain, *(".".join(labels[-count:]) for count in range(shortest_first, 0, -1)))


async def walk(domain: str, resolver: Resolver) -> Walk:
    """Walk the tree from ``domain``. Questions that failed are steps with a failed answer, never absences."""
    names = walk_names(domain)
    answers = await asyncio.gather(*(resolver.query(f"_dmarc.{name}", "TXT") for name in names))
    steps = tuple(read_step(name, answer) for name, answer in zip(names, answers, strict=True))
    return settle(domain, steps)


def read_step(domain: str, answer: Answer) -> WalkStep:
    """The valid records in one answer."""
    found = (parse_record(domain, text) for text in answer.records) if answer.found else ()
    return WalkStep(domain, answer, tuple(record for record in found if record is not None))


def settle(domain: str, steps: Sequence[WalkStep]) -> Walk:
    """Choose Organizational Domain and record from the answers, longest name first."""
    end = next((i + 1 for i, step in enumerate(steps) if step.ends_walk), len(steps))
    steps = tuple(steps[:end])
    failed = [step for step in steps if step.answer.failed]
    choices = {_choose(domain, variant) for variant in _variants(steps)}
    organizational = {org for org, _, _ in choices}
    sources = {(where, source) for _, where, source in choices}
    if not failed or (failed == [steps[-1]] and "." not in failed[0].domain):
        settled_org, settled_record = len(organizational) == 1, len(sources) == 1
    else:
        # A name below the top-level domain could hold anything, so it settles nothing but the domain's own record.
        settled_org, settled_record = False, steps[0].record is not None
    by_domain = {step.domain: step.record for step in steps}
    where, source = next(iter(sources))
    return Walk(
        domain,
        steps,
        next(iter(organizational)) if settled_org else None,
        by_domain[where] if settled_record and where else None,
        source if settled_record else None,
        () if settled_record else tuple(failed),
    )


_Choice = tuple[str, str | None, Source | None]
"""Organizational Domain, the domain whose record applies, whose it is."""


def _variants(steps: tuple[WalkStep, ...]) -> list[tuple[tuple[str, str], ...]]:
    """The walk as (domain, psd) pairs of its records. A top-level domain that could not be asked has, if any,
    a record with ``psd=y``: the walk is judged both ways."""
    records = tuple((step.domain, step.record.psd) for step in steps if step.record is not None)
    last = steps[-1]
    if last.answer.failed and "." not in last.domain:
        return [records, (*records, (last.domain, "y"))]
    return [records]


def _choose(domain: str, records: tuple[tuple[str, str], ...]) -> _Choice:
    organizational, public_suffix = _organizational(domain, records)
    names = {name for name, _ in records}
    if domain in names:
        return organizational, domain, Source.AUTHOR
    if organizational in names:
        return organizational, organizational, Source.ORGANIZATIONAL
    if public_suffix is not None:
        return organizational, public_suffix, Source.PUBLIC_SUFFIX
    return organizational, None, None


def _organizational(domain: str, records: tuple[tuple[str, str], ...]) -> tuple[str, str | None]:
    """Organizational Domain and Public Suffix Domain (RFC 9989 section 4.10.2, rules 1 to 3)."""
    for name, psd in records:
        if psd == "n":
            return name, None
        if psd == "y" and name != domain:
            labels = domain.split(".")
            return ".".join(labels[-(name.count(".") + 2) :]), name
    return (records[-1][0] if records else domain), None


async def domain_exists(domain: str, resolver: Resolver) -> bool | None:
    """False for NXDOMAIN, which is what DMARC means by a non-existent domain (RFC 8020); None when unasked."""
    answer = await resolver.query(domain, "TXT")
    return None if answer.failed else answer.status is not Status.NXDOMAIN


def applied_policy(found: Walk, *, exists: bool, reports: bool) -> Applied | None:
    """The policy for the walk's domain; None when no record applies.

    ``exists`` chooses between ``sp`` and ``np`` for an inherited record; ``reports`` says that the record has at
    least one valid ``rua`` address, which keeps a record with a broken policy alive as ``p=none``.
    """
    record = found.record
    if record is None:
        return None
    tag = "p"
    if found.source is not Source.AUTHOR:
        inherited = ("sp",) if exists else ("np", "sp")
        tag = next((name for name in inherited if name in record.tags), "p")
    fault = next((name for name in ("p", "sp", "np") if _broken(record, name)), None)
    if fault is not None:
        fallback = Policy.NONE if reports else None
        return Applied(fallback, fallback, fault, fault)
    policy = record.policy(tag)
    return Applied(policy, policy.one_less if policy and record.testing else policy, tag)


def _broken(record: DmarcRecord, tag: str) -> bool:
    missing = tag not in record.tags
    return (tag == "p") if missing else record.policy(tag) is None
