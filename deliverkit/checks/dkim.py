"""The check ``dkim``: are there keys that receivers can verify signatures with? (RFC 6376, 8301, 8463)

A selector is named in each signature and nowhere in DNS. So a selector that the user named and that is not there
is a failure, one that we guessed and did not find says nothing, and one that could not be asked is unknown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from deliverkit.checks import Notes, Target, World
from deliverkit.checks.dkim_key import RSA_ADVISED, RSA_LARGE, RSA_MINIMUM, DkimKey, DkimKeyError, KeyFault
from deliverkit.checks.dkim_probe import (
    MAX_NAMED,
    NOBODYS_SELECTOR,
    FoundKey,
    Probe,
    Source,
    clean_selector,
    platform_selectors,
    probe,
    unguessable,
)
from deliverkit.checks.platforms import detect
from deliverkit.model import CheckResult, Outcome
from deliverkit.net.resolver import Answer, Status


@dataclass(frozen=True, slots=True)
class DkimFacts:
    """What was asked and found."""

    domain: str
    """The signing domain whose keys were looked for."""
    tried: tuple[str, ...] = ()
    """Selectors asked for, in the order: named, platforms', common ones."""
    keys: tuple[FoundKey, ...] = ()
    """Keys found, without those that only a wildcard answered with."""
    failed: tuple[str, ...] = ()
    """Selectors that could not be asked."""
    wildcard: bool = False
    """Any selector answers, so a guess proves nothing."""
    platforms: tuple[str, ...] = ()
    """Ids of the platforms whose selectors were tried."""


async def run(target: Target, world: World) -> CheckResult:
    """Look for keys of the signing domain, or of the Author Domain where no other is known."""
    domain = target.signing_domain or target.domain
    if domain is None:
        return CheckResult("dkim", "", Outcome.NOT_APPLICABLE)
    notes = Notes("dkim", domain, world.knowledge)
    wanted = {text: clean_selector(text) for text in target.selectors[:MAX_NAMED]}
    for text in (text for text, selector in wanted.items() if selector is None):
        notes.add("dkim-selector-malformed", selector=text[:80])
    named, nobody, below, platforms = await asyncio.gather(
        probe(domain, [s for s in wanted.values() if s], Source.NAMED, world.resolver),
        world.resolver.query(f"{NOBODYS_SELECTOR}._domainkey.{domain}", "TXT"),
        world.resolver.query(f"_domainkey.{domain}", "TXT"),
        detect(domain, world.resolver, world.knowledge),
    )
    ids = tuple(dict.fromkeys(match.id for match in platforms))
    guessed = await _guesses(domain, named, ids, world)
    wildcard = bool(Probe(NOBODYS_SELECTOR, Source.GENERIC, nobody).keys)
    real = [p for p in guessed if not (wildcard and p.answer.records == nobody.records)]
    _judge_named(notes, named)
    _judge_guessed(notes, real, any(key.usable for p in named for key in p.keys))
    if wildcard:
        notes.add("dkim-wildcard", nobody, domain=domain)
    if not any(_is_there(p) for p in (*named, *real)) and not named:
        _none_found(notes, guessed, below, nobody)
        for platform in unguessable(ids, world.knowledge):
            notes.add("dkim-selectors-random", platform=world.knowledge.platforms[platform].name)
    probes = (*named, *guessed)
    facts = DkimFacts(
        domain,
        tuple(dict.fromkeys(p.selector for p in probes)),
        tuple(key for p in (*named, *real) for key in p.keys),
        tuple(p.selector for p in probes if p.answer.failed),
        wildcard,
        ids,
    )
    return notes.result(facts)


async def _guesses(domain: str, named: tuple[Probe, ...], platforms: tuple[str, ...], world: World) -> list[Probe]:
    """Selectors of the platforms, and the common ones unless every named selector has a key."""
    done = {p.selector for p in named}
    ours = [s for s in platform_selectors(platforms, world.knowledge) if s not in done]
    done.update(ours)
    common = [s for s in world.knowledge.generic_selectors if s not in done]
    if named and all(p.keys for p in named):
        common = []
    asked = await asyncio.gather(
        probe(domain, ours, Source.PLATFORM, world.resolver), probe(domain, common, Source.GENERIC, world.resolver)
    )
    return [p for probes in asked for p in probes]


def _is_there(found: Probe) -> bool:
    """A key stands there, good or bad. A revoked one that we guessed is only a trace of an older set-up."""
    return any(not (isinstance(k.key, DkimKey) and k.key.revoked) for k in found.keys)


def _judge_named(notes: Notes, named: Iterable[Probe]) -> None:
    for found in named:
        answer, selector = found.answer, found.selector
        if answer.failed:
            notes.add("dkim-not-checked", answer, selector=selector, name=answer.name)
        elif not found.keys:
            if found.dangling:
                _dangling(notes, found)
            notes.add("dkim-selector-missing", answer, selector=selector, name=answer.name)
        _judge_keys(notes, found)


def _judge_guessed(notes: Notes, guessed: Iterable[Probe], good: bool) -> None:
    """A faulty key that we came upon by guessing is no fault while another one works, or may: old keys are left
    behind, and a key that works may stand where nobody answered."""
    guessed = list(guessed)
    good = good or any(key.usable for found in guessed for key in found.keys)
    lost = [found.answer for found in guessed if found.answer.failed]
    hidden = False
    for found in guessed:
        keys, answer = found.keys, found.answer
        faulty = found.dangling or (bool(keys) and not any(key.usable for key in keys))
        if faulty and lost and not good:
            hidden = True
        elif found.dangling and not good:
            _dangling(notes, found)
        elif keys and all(isinstance(k.key, DkimKey) and k.key.revoked for k in keys):
            notes.add("dkim-key-retired", answer, selector=found.selector, name=answer.name)
        elif good and (keys or found.dangling) and not any(key.usable for key in keys):
            notes.add("dkim-key-spare", answer, selector=found.selector, name=answer.name)
        else:
            _judge_keys(notes, found)
    if hidden:
        notes.add("dkim-guesses-failed", *lost[:3], failed=len(lost), tried=len(guessed))


def _dangling(notes: Notes, found: Probe) -> None:
    target = found.answer.cname[-1]
    notes.add("dkim-cname-dangling", found.answer, selector=found.selector, name=found.answer.name, target=target)


def _judge_keys(notes: Notes, found: Probe) -> None:
    keys, answer = found.keys, found.answer
    place = {"selector": found.selector, "name": answer.name}
    if len(keys) > 1:
        notes.add("dkim-key-multiple", answer, **place, count=len(keys))
    for key in dict.fromkeys(k.key for k in keys):
        if isinstance(key, DkimKeyError):
            _faulty(notes, key, answer, place)
        elif key.revoked:
            notes.add("dkim-key-revoked", answer, **place)
        else:
            _judge_key(notes, key, answer, place)


_FAULTS = {
    KeyFault.STRAY: "dkim-key-stray",
    KeyFault.BASE64: "dkim-key-invalid",
    KeyFault.KEY: "dkim-key-invalid",
    KeyFault.KEY_TYPE: "dkim-key-type",
}


def _faulty(notes: Notes, fault: DkimKeyError, answer: Answer, place: dict[str, str]) -> None:
    finding = _FAULTS.get(fault.fault, "dkim-key-syntax")
    notes.add(finding, answer, **place, part=fault.part)


def _judge_key(notes: Notes, key: DkimKey, answer: Answer, place: dict[str, str]) -> None:
    bits = key.bits or 0
    if key.usable:
        notes.add("dkim-key-found", answer, **place, type=key.type, bits=bits)
    if key.type == "rsa" and bits < RSA_ADVISED:
        notes.add("dkim-key-weak" if bits < RSA_MINIMUM else "dkim-key-short", answer, **place, bits=bits)
    if key.type == "rsa" and bits > RSA_LARGE:
        notes.add("dkim-key-long", answer, **place, bits=bits)
    if not key.allows_sha256:
        notes.add("dkim-key-hash", answer, **place, hashes=":".join(key.hashes)[:80])
    if not key.for_mail:
        notes.add("dkim-key-service", answer, **place, services=":".join(key.services)[:80])
    if key.testing:
        notes.add("dkim-key-testing", answer, **place)
    if key.exact_domain:
        notes.add("dkim-key-exact-domain", answer, **place)


def _none_found(notes: Notes, guessed: list[Probe], below: Answer, nobody: Answer) -> None:
    """Guesses that found nothing: say how many were answered, and what else DNS lets us know.

    Whether names exist below ``_domainkey`` shows in the answer for it (RFC 8020), unless a wildcard answers
    for it too; then the selector that nobody uses is not NXDOMAIN either.
    """
    domain = notes.subject
    failed = [p.answer for p in guessed if p.answer.failed]
    answered = len(guessed) - len(failed)
    if failed and not any(finding.id == "dkim-guesses-failed" for finding in notes.findings):
        notes.add("dkim-guesses-failed", *failed[:3], failed=len(failed), tried=len(guessed))
    if answered:
        notes.add("dkim-none-guessed", below, tried=answered, domain=domain)
    if answered and nobody.status is Status.NXDOMAIN:
        if below.status is Status.NXDOMAIN:
            notes.add("dkim-names-none", below, domain=domain)
        elif not below.failed and not any(p.answer.found or p.answer.cname for p in guessed):
            notes.add("dkim-names-below", below, domain=domain)
