"""The check ``platforms``: who sends for the domain, and does each of them have all the records that it needs?

What a platform needs is data (``needs`` in ``knowledge/platforms.toml``). A name that differs per customer cannot be
asked for: there only a selector that the user names, or that was found, tells.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from deliverkit.checks import Notes, Target, World
from deliverkit.checks.dkim_probe import clean_selector
from deliverkit.checks.platforms import Mark, PlatformMatch, alias_owner, detect, fits, spf_names
from deliverkit.checks.spf_record import select
from deliverkit.knowledge.schema_dns import Platform, PlatformNeed
from deliverkit.model import CheckResult, Outcome
from deliverkit.net.resolver import Answer

MAX_NAMED = 20
"""Selectors of the user's that are looked at."""


class State(StrEnum):
    """How it stands with one record."""

    DONE = "done"
    MISSING = "missing"
    DIFFERENT = "different"
    """Something else stands there than the platform wants."""
    ABSENT = "absent"
    """Not there, which is no fault: the record is optional, or its name may be another one."""
    PER_ACCOUNT = "per_account"
    """Its name differs per customer, so nobody can ask for it from outside."""
    UNKNOWN = "unknown"
    """The question failed."""


@dataclass(frozen=True, slots=True)
class Part:
    """One record that a platform needs."""

    part: str
    """``spf``, ``dkim``, ``return_path`` or ``tracking``."""
    name: str
    """In full, ``<parts>`` as in the knowledge."""
    rdtype: str
    value: str
    """What should stand there, with the domain filled in; ``<parts>`` only the platform knows."""
    state: State
    found: str = ""
    """What stands there, hostile until cleaned."""


@dataclass(frozen=True, slots=True)
class PlatformParts:
    """One platform and its records."""

    id: str
    name: str
    evidence: Mark
    seen: str
    """What gave it away."""
    sends: bool
    """It sends for the domain, as far as DNS shows; otherwise it only takes mail, or has an account."""
    parts: tuple[Part, ...] = ()

    @property
    def complete(self) -> bool | None:
        """Every record that can be asked for is there; None where a question failed or only the platform could tell."""
        states = {part.state for part in self.parts}
        if states & {State.MISSING, State.DIFFERENT}:
            return False
        return None if State.UNKNOWN in states or not states & {State.DONE} else True


@dataclass(frozen=True, slots=True)
class PlatformFacts:
    """What was seen."""

    domain: str
    found: tuple[PlatformParts, ...] = ()
    spf: tuple[str, ...] = ()
    """The SPF records of the domain, which an include is proposed for."""
    asked: bool = True
    """The TXT records of the domain could be asked for."""
    incomplete: bool = False
    """A question failed: there may be more platforms."""

    @property
    def platforms(self) -> tuple[str, ...]:
        """Ids of the platforms found."""
        return tuple(each.id for each in self.found)


async def run(target: Target, world: World) -> CheckResult:
    """Find the platforms of the Author Domain, and look at the records of each."""
    domain = target.domain
    notes = Notes("platforms", domain or "", world.knowledge)
    if not domain:
        return notes.result(outcome=Outcome.NOT_APPLICABLE)
    detection, txt, named = await asyncio.gather(
        detect(domain, world.resolver, world.knowledge),
        world.resolver.query(domain, "TXT"),
        _named(domain, target.selectors, world),
    )
    matches = {match.id: match for match in detection}
    for match in named:
        if match.id not in matches or matches[match.id].strength < match.strength:
            matches[match.id] = match
    found = await asyncio.gather(*(_parts(domain, match, txt, world) for match in matches.values()))
    for each in found:
        _note(notes, domain, each, txt)
    if detection.incomplete:
        notes.add("platforms-unanswered", *([txt] if txt.failed else []), domain=domain)
    elif not found:
        notes.add("platforms-none", txt, domain=domain)
    spf = tuple(select(list(txt.records))) if txt.found else ()
    return notes.result(PlatformFacts(domain, tuple(found), spf, not txt.failed, detection.incomplete))


async def _named(domain: str, selectors: tuple[str, ...], world: World) -> list[PlatformMatch]:
    """The platforms behind the selectors that the user named."""
    names = [s for s in map(clean_selector, selectors[:MAX_NAMED]) if s]
    answers = await asyncio.gather(*(world.resolver.query(f"{s}._domainkey.{domain}", "TXT") for s in names))
    found = []
    for selector, answer in zip(names, answers, strict=True):
        owner = next((o for o in (alias_owner(name, world.knowledge.platforms) for name in answer.cname) if o), None)
        if owner is not None:
            found.append(PlatformMatch(owner[0], Mark.DKIM_CNAME, owner[2], owner[1], selector))
    return found


async def _parts(domain: str, match: PlatformMatch, txt: Answer, world: World) -> PlatformParts:
    platform = world.knowledge.platforms[match.id]
    takes_and_sends = match.evidence is Mark.MX and any(need.part == "spf" for need in platform.needs)
    sends = match.sends or takes_and_sends
    needs = platform.needs if sends else ()
    parts = await asyncio.gather(*(_part(domain, need, platform, match, txt, world) for need in needs))
    return PlatformParts(match.id, platform.name, match.evidence, match.name, sends, tuple(parts))


async def _part(
    domain: str, need: PlatformNeed, platform: Platform, match: PlatformMatch, txt: Answer, world: World
) -> Part:
    name = domain if need.name == "@" else f"{need.name}.{domain}"
    value = need.value.replace("<domain-with-dashes>", domain.replace(".", "-")).replace("<domain>", domain)
    part = Part(need.part, name, need.rdtype, value, State.PER_ACCOUNT)
    if need.part == "spf":
        return _spf(part, platform, txt)
    if "<" in name:
        ours = need.part == "dkim" and match.evidence is Mark.DKIM_CNAME and match.selector is not None
        if not ours:
            return part
        return _with(part, State.DONE, match.name, f"{match.selector}._domainkey.{domain}")
    answer = await world.resolver.query(name, "TXT" if need.part == "dkim" else need.rdtype)
    return _judged(part, need, platform, answer)


def _spf(part: Part, platform: Platform, txt: Answer) -> Part:
    if txt.failed:
        return _with(part, State.UNKNOWN, txt.status.value)
    records = select(list(txt.records))
    names = [name for record in records for name in spf_names(record)]
    there = next((n for n in names if any(fits(n, pattern) for pattern in (part.value, *platform.spf_include))), None)
    return _with(part, State.DONE if there else State.MISSING, there or " ".join(records)[:300])


def _judged(part: Part, need: PlatformNeed, platform: Platform, answer: Answer) -> Part:
    if answer.failed:
        return _with(part, State.UNKNOWN, answer.status.value)
    # A selector that the customer may rename proves nothing by its absence.
    certain = not need.optional and (need.part != "dkim" or platform.selector_guess == "yes")
    target = answer.cname[-1] if answer.cname else ""
    shown = target or (answer.records[0][:300] if answer.records else "")
    if not answer.found and not (answer.cname and need.part != "dkim"):
        dangling = bool(answer.cname)
        missing = State.MISSING if certain else State.ABSENT
        return _with(part, State.DIFFERENT if dangling and certain else missing, target)
    wanted = [p for p in (_pattern(part.value), *platform.dkim_cname_suffix) if p]
    if need.part == "dkim" and need.rdtype == "CNAME" and wanted:
        ours = any(fits(name, pattern) for name in answer.cname for pattern in wanted)
        return _with(part, State.DONE if ours else State.DIFFERENT if certain else State.ABSENT, shown)
    return _with(part, State.DONE, shown)


def _pattern(value: str) -> str:
    """A value with ``<parts>`` as a host pattern: the labels behind the last of them."""
    if "<" not in value:
        return value
    labels = value.split(".")
    last = max(i for i, label in enumerate(labels) if "<" in label)
    return ".".join(["*", *labels[last + 1 :]]) if len(labels) - last > 2 else ""


def _with(part: Part, state: State, found: str, name: str = "") -> Part:
    return Part(part.part, name or part.name, part.rdtype, part.value, state, found)


def _note(notes: Notes, domain: str, each: PlatformParts, txt: Answer) -> None:
    name = each.name
    if not each.sends:
        notes.add("platforms-not-sending", txt, domain=domain, platform=name, seen=each.seen)
        return
    for part in each.parts:
        known = part.value if part.value and "<" not in part.value and "*" not in part.value else ""
        match part.state, part.part:
            case State.MISSING, "spf":
                notes.add("platforms-spf-missing", txt, domain=domain, platform=name, include=part.value)
            case State.MISSING, _ if known:
                notes.add("platforms-record-missing", domain=domain, platform=name, record=part.name, target=known)
            case State.MISSING, _:
                notes.add("platforms-key-missing", domain=domain, platform=name, record=part.name)
            case State.DIFFERENT, _:
                notes.add("platforms-record-different", domain=domain, platform=name, record=part.name)
            case State.PER_ACCOUNT, "dkim":
                notes.add("platforms-selector-unknown", domain=domain, platform=name)
    if any(part.state is State.UNKNOWN for part in each.parts):
        notes.add("platforms-part-unanswered", domain=domain, platform=name)
    elif each.complete:
        notes.add("platforms-complete", domain=domain, platform=name)
