"""The check ``nameservers``: do all name servers of the domain answer, and do they say the same? (RFC 1034, RFC 2182)

A change that has reached one server and not the other is a classic: mail fails now and then, and nobody can repeat it.
Every server is asked directly for what mail needs: SOA, MX, the TXT of the domain and of its DMARC record, and the
DKIM keys that are known. That is five questions a server and one for each selector; a zone with four servers costs some
twenty-five.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from deliverkit.checks import Notes, Target, World
from deliverkit.checks.dkim_probe import clean_selector
from deliverkit.checks.platforms import Mark, detect
from deliverkit.checks.spf_record import select
from deliverkit.model import CheckResult, Evidence, Outcome
from deliverkit.net.authoritative import MAX_SERVERS, Authority, NameServer, authority
from deliverkit.net.resolver import Answer, Resolver, Status, dig_line

MAX_SELECTORS = 6
"""DKIM selectors that every server is asked for."""

_Question = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ServerAnswers:
    """What one address of a name server said."""

    name: str
    address: str
    serial: int | None = None
    answers: tuple[Answer, ...] = ()

    @property
    def reached(self) -> bool:
        """It said anything at all."""
        return any(answer.status not in (Status.TIMEOUT, Status.ERROR) or _lame(answer) for answer in self.answers)

    @property
    def lame(self) -> bool:
        """It answers, and does not serve the zone (RFC 1912 section 2.8)."""
        soa = next((a for a in self.answers if a.rdtype == "SOA"), None)
        return soa is not None and (soa.status in (Status.REFUSED, Status.SERVFAIL) or soa.absent or _lame(soa))


@dataclass(frozen=True, slots=True)
class NameserverFacts:
    """What was seen."""

    domain: str
    zone: str
    servers: tuple[ServerAnswers, ...] = ()
    parent: tuple[str, ...] = ()
    """Name servers that the zone above names; empty where they could not be asked for."""
    questions: int = 0
    """Questions asked of the name servers themselves."""


async def run(target: Target, world: World) -> CheckResult:
    """Ask all name servers of the Author Domain."""
    domain = target.domain
    notes = Notes("nameservers", domain or "", world.knowledge)
    if not domain:
        return notes.result(outcome=Outcome.NOT_APPLICABLE)
    found = await authority(domain, world.resolver, allow_private=world.allow_private)
    if found.soa.status is Status.NXDOMAIN:
        return notes.result(NameserverFacts(domain, ""), outcome=Outcome.NOT_APPLICABLE)
    if not found.servers:
        failed = found.answer if found.answer is not None else found.soa
        notes.add("nameservers-unanswered", failed, domain=domain, status=failed.status.value)
        return notes.result(NameserverFacts(domain, found.zone))
    questions = await _questions(target, domain, found.zone, world)
    servers, parent = await asyncio.gather(
        asyncio.gather(*(_ask(s, ip, questions, world.resolver) for s in found.servers for ip in s.addresses)),
        _parent(found, world),
    )
    facts = NameserverFacts(domain, found.zone, tuple(servers), parent, len(servers) * len(questions))
    _note(notes, found, facts, questions)
    return notes.result(facts)


async def _questions(target: Target, domain: str, zone: str, world: World) -> list[_Question]:
    """What every server is asked: the selectors that the user named, and those of the platforms that were seen."""
    named = [s for s in map(clean_selector, target.selectors) if s]
    seen = await detect(domain, world.resolver, world.knowledge)
    known = [m.selector for m in seen if m.selector and m.evidence in (Mark.DKIM_CNAME, Mark.DKIM_KEY)]
    selectors = list(dict.fromkeys([*named, *known]))[:MAX_SELECTORS]
    keys = [(f"{selector}._domainkey.{domain}", "TXT") for selector in selectors]
    return [(zone, "SOA"), (zone, "NS"), (domain, "MX"), (domain, "TXT"), (f"_dmarc.{domain}", "TXT"), *keys]


async def _ask(server: NameServer, address: str, questions: Sequence[_Question], resolver: Resolver) -> ServerAnswers:
    answers = await asyncio.gather(*(resolver.query(name, kind, server=_at(address)) for name, kind in questions))
    return ServerAnswers(server.name, address, _serial(answers[0]), tuple(answers))


def _at(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _serial(soa: Answer) -> int | None:
    words = soa.records[0].split() if soa.found else []
    return int(words[2]) if len(words) > 2 and words[2].isdigit() else None


async def _parent(found: Authority, world: World) -> tuple[str, ...]:
    """The name servers that the zone above leads to, from one of its own servers."""
    if "." not in found.zone:
        return ()
    above = await authority(found.zone.partition(".")[2], world.resolver, allow_private=world.allow_private)
    if not above.addresses or above.zone == found.zone:
        return ()
    answer = await world.resolver.query(found.zone, "NS", server=_at(above.addresses[0]))
    return tuple(sorted(set(answer.records))) if answer.found else ()


def _note(notes: Notes, found: Authority, facts: NameserverFacts, questions: Sequence[_Question]) -> None:
    zone, servers = found.zone, facts.servers
    for server in found.servers:
        if server.hidden:
            notes.add("nameservers-private", domain=zone, server=server.name, address=server.hidden[0])
        elif not server.addresses and not server.failed:
            notes.add("nameservers-host-missing", domain=zone, server=server.name)
        if server.cname:
            notes.add("nameservers-alias", domain=zone, server=server.name, target=server.cname[-1])
    reached = [server for server in servers if server.reached]
    if not reached:
        if servers or not any(s.hidden for s in found.servers):
            notes.add("nameservers-none-reached", *(s.answers[0] for s in servers[:3]), domain=zone)
        return
    for each in servers:
        if not each.reached:
            notes.add("nameservers-unreachable", each.answers[0], domain=zone, server=each.name)
        elif each.lame:
            notes.add("nameservers-lame", each.answers[0], domain=zone, server=each.name)
    serving = [server for server in reached if not server.lame]
    differs = _note_differences(notes, facts.domain, serving, questions)
    _note_serials(notes, zone, serving, differs=differs)
    if found.answer is not None and facts.parent and set(facts.parent) != set(found.answer.records):
        notes.add("nameservers-parent-differs", _listed("parent", zone, facts.parent), found.answer, domain=zone)
    _note_spread(notes, found)
    if serving and all(notes.knowledge.findings[f.id].outcome is Outcome.PASS for f in notes.findings):
        notes.add("nameservers-agree", *(s.answers[0] for s in serving), domain=facts.domain, count=len(found.servers))


def _note_differences(
    notes: Notes, domain: str, serving: Sequence[ServerAnswers], questions: Sequence[_Question]
) -> bool:
    """A finding for each record that the servers do not agree on, with the answer of each as proof."""
    differs = False
    for place, (name, kind) in enumerate(questions):
        if kind == "SOA":
            continue
        said = {server: _content(server.answers[place], domain) for server in serving}
        known = {server: content for server, content in said.items() if content is not None}
        if len(set(known.values())) < 2:
            continue
        differs = True
        what = _finding(name, kind, domain)
        proof = [_shown(server, place) for server in known]
        count = len(set(known.values()))
        notes.add(what, *proof, domain=domain, record=name, count=count)
    return differs


def _finding(name: str, kind: str, domain: str) -> str:
    if kind in ("MX", "NS"):
        return f"nameservers-{kind.lower()}-differs"
    if name == domain:
        return "nameservers-spf-differs"
    return "nameservers-dmarc-differs" if name.startswith("_dmarc.") else "nameservers-dkim-differs"


def _content(answer: Answer, domain: str) -> tuple[str, ...] | None:
    """What counts of an answer, in an order of its own; None for one that failed. Of the domain's TXT only SPF counts:
    tokens of other services come and go."""
    if answer.failed:
        return None
    records: Iterable[str] = answer.records
    if answer.rdtype == "TXT" and answer.name == domain:
        records = select(list(records))
    return (*sorted(records), *answer.cname)


def _shown(server: ServerAnswers, place: int) -> Evidence:
    answer = server.answers[place]
    value = "\n".join((*answer.cname, *answer.records))[:2000] or answer.status.value
    return Evidence(f"{server.name} ({server.address})", value, dig_line(answer.name, answer.rdtype, server.address))


def _note_serials(notes: Notes, zone: str, serving: Sequence[ServerAnswers], *, differs: bool) -> None:
    """Different serials with different records tell who is behind (RFC 1982); with equal records they are a curiosity
    of two providers or of a transfer on its way."""
    known = {server: server.serial for server in serving if server.serial is not None}
    if len(set(known.values())) < 2:
        return
    behind = _oldest(known)
    proof = [_shown(server, 0) for server in known]
    if differs:
        notes.add("nameservers-behind", *proof, domain=zone, server=behind.name, serial=behind.serial)
    else:
        notes.add("nameservers-serial-differs", *proof, domain=zone)


def _oldest(serials: Mapping[ServerAnswers, int]) -> ServerAnswers:
    """The server whose serial is behind the others', in the arithmetic of RFC 1982."""
    oldest = next(iter(serials))
    for server, serial in serials.items():
        if 0 < (serials[oldest] - serial) % 2**32 < 2**31:
            oldest = server
    return oldest


def _note_spread(notes: Notes, found: Authority) -> None:
    if found.total > len(found.servers):
        notes.add("nameservers-too-many", domain=found.zone, count=found.total, limit=MAX_SERVERS)
    if found.total == 1:
        notes.add("nameservers-single", domain=found.zone, server=found.servers[0].name)
        return
    addresses = [ip for server in found.servers for ip in server.addresses if ":" not in ip]
    networks = {ipaddress.ip_network(f"{ip}/24", strict=False) for ip in addresses}
    # IPv6 addresses elsewhere, and servers of which nothing is known, spread it as well.
    if len(networks) == 1 and not any(s.six or not s.addresses for s in found.servers):
        notes.add("nameservers-one-network", domain=found.zone, network=str(next(iter(networks))))


def _listed(label: str, zone: str, names: Sequence[str]) -> Evidence:
    return Evidence(f"{zone} NS ({label})", "\n".join(names), f"dig +trace NS {zone}")


def _lame(answer: Answer) -> bool:
    """A server that answered with a pointer to others: it is there, and does not serve the zone."""
    return answer.status is Status.ERROR and answer.referral
