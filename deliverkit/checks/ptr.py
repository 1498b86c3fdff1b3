"""Reverse DNS of the sending IPs: a name, the way back from it, what it looks like, and the HELO name.

Forward-confirmed reverse DNS is ``iprev`` of RFC 8601 section 2.7.3; RFC 2317 delegations are CNAMEs, which the
resolver follows.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from deliverkit.checks import Notes, Target, World
from deliverkit.checks.host_kind import HostKind, host_kind, same_owner
from deliverkit.checks.names import canonical_ip, is_host_name, is_ip, reaches, reverse_name, same_ip
from deliverkit.checks.sending_ips import sending_ips
from deliverkit.model import CheckResult, Outcome
from deliverkit.net.resolver import Answer, Resolver

MAX_NAMES = 10
"""Reverse names looked at for one IP."""
_LOCAL = "localhost local localdomain lan internal intranet home corp private invalid arpa onion"
_LOCAL_TOPS = frozenset(_LOCAL.split())
"""Endings of names that are nobody's on the Internet (RFC 6761, RFC 6762 and common use)."""


@dataclass(frozen=True, slots=True)
class ReverseName:
    """One name that a PTR record gives an IP."""

    name: str
    valid: bool
    """It can be a host on the Internet; otherwise nothing was asked about it."""
    confirmed: bool | None = None
    """It leads back to the IP; None where a question failed or none was asked."""
    addresses: tuple[str, ...] = ()
    """Where it leads, in the IP's family."""
    kind: HostKind = HostKind.NAMED
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class IpNames:
    """What reverse DNS says about one IP."""

    ip: str
    answer: Answer
    names: tuple[ReverseName, ...] = ()
    count: int = 0
    """Reverse names published; more than ``names`` when cut at ``MAX_NAMES``."""

    @property
    def confirmed(self) -> tuple[ReverseName, ...]:
        """The names that lead back."""
        return tuple(name for name in self.names if name.confirmed)


@dataclass(frozen=True, slots=True)
class PtrFacts:
    """What was seen."""

    ips: tuple[IpNames, ...] = ()
    source: str = "given"
    """``given`` by the user, or ``spf``: read from the domain's own record."""
    cut: bool = False
    """The SPF record lets more addresses send than were looked at."""
    networks: tuple[str, ...] = ()
    """Networks of the SPF record that are too large to look at each address."""
    helo: str | None = None
    helo_addresses: tuple[str, ...] = ()


async def run(target: Target, world: World) -> CheckResult:
    """Check every sending IP that was given, else those that the domain's own SPF record names."""
    wanted = list(dict.fromkeys(ip for ip in map(canonical_ip, target.ips) if ip and reaches(ip)))
    notes = Notes("ptr", target.ips[0] if len(target.ips) == 1 else target.domain or "", world.knowledge)
    for ip in target.ips:
        if not reaches(ip):
            notes.add("ptr-ip-not-public", private_ip=ip)
    facts = PtrFacts(helo=target.helo)
    if not target.ips and target.domain:
        found = await sending_ips(target.domain, world.resolver)
        wanted = list(found.ips)
        facts = PtrFacts(source="spf", cut=found.cut, networks=found.networks, helo=target.helo)
        if found.incomplete:
            notes.add("ptr-ips-unanswered", domain=target.domain)
        elif not wanted:
            notes.add("ptr-no-ip", domain=target.domain)
    if not wanted and not notes.findings:
        return notes.result(outcome=Outcome.NOT_APPLICABLE)
    looked = tuple(await asyncio.gather(*(names_of(ip, world.resolver) for ip in wanted)))
    own = tuple(name for name in (target.domain, target.mail_from, target.helo) if name)
    for names in looked:
        _note(notes, names, own)
    greeted = await _helo(notes, target, looked, world.resolver) if looked else ()
    return notes.result(
        PtrFacts(looked, facts.source, facts.cut, facts.networks, helo=target.helo, helo_addresses=greeted)
    )


async def names_of(ip: str, resolver: Resolver) -> IpNames:
    """The reverse names of ``ip`` and whether each leads back. Never raises for what DNS says."""
    answer = await resolver.query(reverse_name(ip), "PTR")
    if not answer.found:
        return IpNames(ip, answer)
    names = list(dict.fromkeys(record.lower().removesuffix(".") for record in answer.records[: MAX_NAMES * 10]))
    looked = await asyncio.gather(*(_reverse_name(name, ip, resolver) for name in names[:MAX_NAMES]))
    return IpNames(ip, answer, tuple(looked), count=len(answer.records))


async def _reverse_name(name: str, ip: str, resolver: Resolver) -> ReverseName:
    if not is_host_name(name) or name.rpartition(".")[2] in _LOCAL_TOPS:
        return ReverseName(name, valid=False)
    answer = await resolver.query(name, _family(ip))
    back = any(same_ip(ip, address) for address in answer.records)
    return ReverseName(
        name,
        valid=True,
        confirmed=None if answer.failed else back,
        addresses=answer.records[:MAX_NAMES],
        kind=host_kind(name, ip),
        answer=answer,
    )


def _family(ip: str) -> str:
    return "AAAA" if ":" in ip else "A"


def _note(notes: Notes, seen: IpNames, own: tuple[str, ...]) -> None:
    """The findings about one IP; about its name only the one that says most."""
    ip, answer = seen.ip, seen.answer
    valid = [name for name in seen.names if name.valid]
    if answer.failed:
        notes.add("ptr-unanswered", answer, ip=ip, status=answer.status.value)
    elif not seen.names:
        notes.add("ptr-missing", answer, ip=ip)
    elif not valid:
        notes.add("ptr-invalid-name", answer, ip=ip, host=seen.names[0].name)
    elif not seen.confirmed:
        _note_unconfirmed(notes, seen, valid, own)
    if valid:
        _note_kind(notes, seen, list(seen.confirmed) or valid)
    if seen.count > 1:
        notes.add("ptr-several", answer, ip=ip, count=seen.count, confirmed=len(seen.confirmed))


def _note_unconfirmed(notes: Notes, seen: IpNames, valid: list[ReverseName], own: tuple[str, ...]) -> None:
    """No name leads back. A failed question leaves it open; a name of somebody else cannot be mended, only left."""
    open_question = next((name for name in valid if name.confirmed is None), None)
    elsewhere = next((name for name in valid if name.addresses), None)
    name = open_question or elsewhere or valid[0]
    proof = [seen.answer, *([name.answer] if name.answer else [])]
    if open_question is not None:
        notes.add("ptr-forward-unanswered", *proof, ip=seen.ip, host=name.name)
    elif own and not any(same_owner(name.name, mine) for mine in own):
        notes.add("ptr-foreign-name", *proof, ip=seen.ip, host=name.name)
    elif elsewhere is not None:
        notes.add("ptr-not-confirmed", *proof, ip=seen.ip, host=name.name, addresses=", ".join(name.addresses))
    else:
        notes.add("ptr-name-unresolvable", *proof, ip=seen.ip, host=name.name)


def _note_kind(notes: Notes, seen: IpNames, names: list[ReverseName]) -> None:
    """A chosen name among several speaks for the IP."""
    kinds = {name.kind: name.name for name in reversed(names)}
    if HostKind.NAMED in kinds:
        return
    if HostKind.GENERIC in kinds:
        notes.add("ptr-generic-name", seen.answer, ip=seen.ip, host=kinds[HostKind.GENERIC])
    else:
        notes.add("ptr-dynamic-name", seen.answer, ip=seen.ip, host=kinds[HostKind.DYNAMIC])


async def _helo(notes: Notes, target: Target, looked: tuple[IpNames, ...], resolver: Resolver) -> tuple[str, ...]:
    """The findings about the HELO name; gives the addresses it leads to."""
    helo = target.helo
    if not helo:
        return ()
    ip = looked[0].ip
    proposal = next((name.name for seen in looked for name in seen.confirmed), None)
    proposal = proposal or (f"mail.{target.domain}" if target.domain else None)
    if is_ip(helo):
        notes.add("ptr-helo-literal", helo=helo, host=proposal, ip=ip)
        return ()
    if not is_host_name(helo) or helo.lower().rpartition(".")[2] in _LOCAL_TOPS:
        notes.add("ptr-helo-invalid", helo=helo, host=proposal, ip=ip)
        return ()
    answers = await asyncio.gather(resolver.query(helo, "A"), resolver.query(helo, "AAAA"))
    addresses = tuple(record for answer in answers for record in answer.records)
    matching = next((seen for seen in looked if any(same_ip(seen.ip, address) for address in addresses)), None)
    failed = next((answer for answer in answers if answer.failed), None)
    if matching is not None:
        _note_difference(notes, helo, matching)
    elif failed is not None:
        notes.add("ptr-helo-unanswered", failed, helo=helo)
    elif not addresses:
        notes.add("ptr-helo-unresolvable", *answers, helo=helo, host=helo, ip=ip)
    else:
        shown = ", ".join(addresses[:MAX_NAMES])
        notes.add("ptr-helo-mismatch", *answers, helo=helo, ip=ip, addresses=shown, host=proposal)
    return addresses[:MAX_NAMES]


def _note_difference(notes: Notes, helo: str, seen: IpNames) -> None:
    confirmed = [name.name for name in seen.confirmed]
    if confirmed and helo.lower() not in confirmed:
        notes.add("ptr-helo-differs", seen.answer, helo=helo, ip=seen.ip, host=confirmed[0])
