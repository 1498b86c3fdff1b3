"""check_host(): what SPF says of one IP (RFC 7208 section 4), with the term that decided."""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import dataclass, field
from enum import StrEnum

from deliverkit.checks.spf_macro import (
    IpAddress,
    MacroContext,
    MacroError,
    MacroString,
    askable,
    expand,
    expand_name,
    parse_macros,
)
from deliverkit.checks.spf_record import Mechanism, Qualifier, SpfRecord, read, select
from deliverkit.net.resolver import Answer, Resolver

MAX_LOOKUPS = 10
"""Terms that cause DNS queries (section 4.6.4)."""
MAX_VOID_LOOKUPS = 2
"""Terms whose query finds nothing (section 4.6.4)."""
MAX_HOSTS = 10
"""Host names of one ``mx``, PTR names of one ``ptr`` (section 4.6.4)."""


class SpfResult(StrEnum):
    """Section 2.6."""

    PASS = "pass"  # noqa: S105 (a word of RFC 7208)
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    NONE = "none"
    PERMERROR = "permerror"
    TEMPERROR = "temperror"


class SpfFailure(StrEnum):
    """Why an evaluation ended in permerror."""

    MULTIPLE_RECORDS = "multiple_records"
    SYNTAX = "syntax"
    TOO_MANY_LOOKUPS = "too_many_lookups"
    TOO_MANY_VOID_LOOKUPS = "too_many_void_lookups"
    TOO_MANY_MX = "too_many_mx"
    INCLUDE_WITHOUT_RECORD = "include_without_record"
    REDIRECT_WITHOUT_RECORD = "redirect_without_record"


@dataclass(frozen=True, slots=True)
class Hop:
    """One record on the way to the decision."""

    domain: str
    term: str
    """The term of that record that led on or decided, as written; empty for the record itself."""


@dataclass(frozen=True, slots=True)
class SpfEvaluation:
    """What check_host() came to for one IP."""

    ip: str
    domain: str
    result: SpfResult
    trail: tuple[Hop, ...] = ()
    """From the asked domain through includes and redirects to the term that decided or failed."""
    lookups: int = 0
    """Terms evaluated that cost a DNS look-up, up to the decision (section 4.6.4)."""
    void_lookups: int = 0
    failure: SpfFailure | None = None
    """Why permerror; else None."""
    unanswered: tuple[Answer, ...] = ()
    """Questions that DNS did not answer. The last made a temperror; others (PTR) SPF itself passes over."""
    explanation: str | None = None
    """What the domain wants refused senders to read (``exp=``); hostile text."""

    @property
    def mechanism(self) -> str | None:
        """The term that decided, as written; None for the default result and where there is no record."""
        return (self.trail[-1].term or None) if self.trail else None

    @property
    def path(self) -> tuple[str, ...]:
        """The domains from the asked one to the record that decided."""
        return tuple(hop.domain for hop in self.trail)


_RESULTS = {
    Qualifier.PASS: SpfResult.PASS,
    Qualifier.FAIL: SpfResult.FAIL,
    Qualifier.SOFTFAIL: SpfResult.SOFTFAIL,
    Qualifier.NEUTRAL: SpfResult.NEUTRAL,
}


class _Stop(Exception):  # noqa: N818 (control flow: it never leaves this module)
    """The evaluation ends here with an error result."""

    def __init__(self, result: SpfResult, trail: tuple[Hop, ...], failure: SpfFailure | None = None) -> None:
        super().__init__(result.value)
        self.result = result
        self.trail = trail
        self.failure = failure


@dataclass(frozen=True, slots=True)
class _Decision:
    result: SpfResult
    trail: tuple[Hop, ...]
    record: SpfRecord | None = None
    """The record whose ``exp=`` counts: the outermost, or what it redirects to (section 6.2)."""
    domain: str = ""


async def check_host(
    ip: str, domain: str, sender: str, helo: str, resolver: Resolver, *, explain: bool = False
) -> SpfEvaluation:
    """Evaluate SPF for one client (RFC 7208 section 4).

    ``sender`` is the MAIL FROM address; without a local part it is taken as ``postmaster@``.
    ``explain`` asks for the ``exp=`` text of a fail, one question more. Raises ValueError when ``ip`` is none;
    never for what DNS says. A question that was not answered makes ``temperror``, nothing else.
    """
    local, at, sender_domain = sender.rpartition("@")
    sender = f"{local or 'postmaster'}@{sender_domain if at else sender or domain}"
    address = ipaddress.ip_address(ip)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    name = domain.lower().removesuffix(".")
    run = _Run(address, sender, helo, resolver)
    if not askable(name) or "." not in name or name.startswith("["):
        return SpfEvaluation(ip, domain, SpfResult.NONE)
    failure, explanation = None, None
    try:
        decision = await run.host(name, ())
        if explain and decision.result is SpfResult.FAIL and decision.record:
            explanation = await run.explanation(decision.record, decision.domain)
        result, trail = decision.result, decision.trail
    except _Stop as stop:
        result, trail, failure = stop.result, stop.trail, stop.failure
    return SpfEvaluation(ip, domain, result, trail, run.lookups, run.voids, failure, tuple(run.unanswered), explanation)


@dataclass(slots=True)
class _Run:
    """One evaluation: its arguments and its counts."""

    ip: IpAddress
    sender: str
    helo: str
    resolver: Resolver
    lookups: int = 0
    voids: int = 0
    unanswered: list[Answer] = field(default_factory=list)

    @property
    def rdtype(self) -> str:
        return "A" if self.ip.version == 4 else "AAAA"

    async def host(self, domain: str, above: tuple[Hop, ...]) -> _Decision:
        """check_host() for one domain; ``above`` are the hops that led here."""
        here = (*above, Hop(domain, ""))
        answer = await self.ask(domain, "TXT", here)
        if above:
            self.note_void(answer, above)
        records = select(answer.records) if answer.found else []
        if not records:
            return _Decision(SpfResult.NONE, here)
        if len(records) > 1:
            raise _Stop(SpfResult.PERMERROR, here, SpfFailure.MULTIPLE_RECORDS)
        record, errors = read(records[0])
        if errors:
            raise _Stop(SpfResult.PERMERROR, (*above, Hop(domain, errors[0].term)), SpfFailure.SYNTAX)
        for mechanism in record.mechanisms:
            trail = (*above, Hop(domain, mechanism.text))
            inner = await self.match(mechanism, domain, trail)
            if inner is not None:
                return _Decision(_RESULTS[mechanism.qualifier], inner, record, domain)
        if record.redirect:
            return await self.redirect(record.redirect.value, domain, (*above, Hop(domain, record.redirect.text)))
        return _Decision(SpfResult.NEUTRAL, here, record, domain)

    async def redirect(self, spec: MacroString, domain: str, trail: tuple[Hop, ...]) -> _Decision:
        """Section 6.1."""
        self.count(trail)
        target = await self.target(spec, domain)
        decision = await self.host(target, trail) if askable(target) else None
        if decision is None or decision.result is SpfResult.NONE:
            raise _Stop(SpfResult.PERMERROR, trail, SpfFailure.REDIRECT_WITHOUT_RECORD)
        return decision

    async def match(self, mechanism: Mechanism, domain: str, trail: tuple[Hop, ...]) -> tuple[Hop, ...] | None:
        """The trail to the term that matches, or None when the mechanism does not (section 5)."""
        if mechanism.name == "all":
            return trail
        if mechanism.network is not None:
            return trail if self.ip in mechanism.network else None
        self.count(trail)
        target = await self.target(mechanism.domain, domain) if mechanism.domain else domain
        if mechanism.name == "include":
            return await self.include(target, trail)
        if not askable(target):
            return None
        if mechanism.name == "exists":
            answer = await self.ask(target, "A", trail)
            self.note_void(answer, trail)
            matched = answer.found
        elif mechanism.name == "a":
            answer = await self.ask(target, self.rdtype, trail)
            self.note_void(answer, trail)
            matched = self.covers(answer, mechanism)
        elif mechanism.name == "mx":
            matched = await self.mx(target, mechanism, trail)
        else:
            matched = await self.ptr(target, trail)
        return trail if matched else None

    async def include(self, target: str, trail: tuple[Hop, ...]) -> tuple[Hop, ...] | None:
        """Section 5.2: only a pass of the included record matches; no record there is a permerror here."""
        decision = await self.host(target, trail) if askable(target) else None
        if decision is None or decision.result is SpfResult.NONE:
            raise _Stop(SpfResult.PERMERROR, trail, SpfFailure.INCLUDE_WITHOUT_RECORD)
        return decision.trail if decision.result is SpfResult.PASS else None

    async def mx(self, target: str, mechanism: Mechanism, trail: tuple[Hop, ...]) -> bool:
        """Section 5.4. The hosts are asked at the same time and judged in order."""
        answer = await self.ask(target, "MX", trail)
        hosts = [record.partition(" ")[2] for record in answer.records] if answer.found else []
        if len(hosts) > MAX_HOSTS:
            raise _Stop(SpfResult.PERMERROR, trail, SpfFailure.TOO_MANY_MX)
        names = [host for host in hosts if host != "." and askable(host)]
        answers = await asyncio.gather(*(self.resolver.query(name, self.rdtype) for name in names))
        judged = [answer]
        for address in answers:
            self.require(address, trail)
            judged.append(address)
            if self.covers(address, mechanism):
                return True
        # The limit speaks of terms: five hosts without AAAA are one void look-up, not five.
        self.note_void(next((a for a in judged if a.absent), answer), trail)
        return False

    async def ptr(self, target: str, trail: tuple[Hop, ...]) -> bool:
        """Section 5.5."""
        names = await self.validated(trail)
        return any(name == target or name.endswith("." + target) for name in names)

    async def validated(self, trail: tuple[Hop, ...] | None) -> list[str]:
        """Names of the IP that lead back to it. Errors are passed over, as section 5.5 says, but remembered."""
        answer = await self.resolver.query(self.ip.reverse_pointer, "PTR")
        if answer.failed:
            self.unanswered.append(answer)
        if trail is not None:
            self.note_void(answer, trail)
        names = [n.lower().removesuffix(".") for n in answer.records] if answer.found else []
        names = [name for name in names if askable(name)][:MAX_HOSTS]
        answers = await asyncio.gather(*(self.resolver.query(name, self.rdtype) for name in names))
        self.unanswered += [a for a in answers if a.failed]
        return [n for n, a in zip(names, answers, strict=True) if self.ip in addresses(a)]

    async def target(self, spec: MacroString, domain: str) -> str:
        """The name a domain-spec stands for (section 4.8)."""
        return expand_name(spec, await self.context(spec, domain))

    async def context(self, spec: MacroString, domain: str) -> MacroContext:
        """Values for the macros; DNS is asked only where ``p`` is used (section 7.3)."""
        validated = "unknown"
        if "p" in spec.letters:
            names = await self.validated(None)
            same = [name for name in names if name == domain]
            below = [name for name in names if name.endswith("." + domain)]
            validated = next(iter([*same, *below, *names]), "unknown")
        return MacroContext(self.ip, self.sender, domain, self.helo, validated)

    async def explanation(self, record: SpfRecord, domain: str) -> str | None:
        """Section 6.2: anything wrong with it and there is none. Counts against no limit."""
        exp = record.modifier("exp")
        if exp is None:
            return None
        target = await self.target(exp.value, domain)
        answer = await self.resolver.query(target, "TXT") if askable(target) else None
        if answer is None or len(answer.records) != 1 or not all(" " <= c <= "~" for c in answer.records[0]):
            return None
        try:
            text = parse_macros(answer.records[0], explanation=True)
        except MacroError:
            return None
        return expand(text, await self.context(text, domain))

    async def ask(self, name: str, rdtype: str, trail: tuple[Hop, ...]) -> Answer:
        """An answer that the evaluation cannot do without."""
        answer = await self.resolver.query(name, rdtype)
        self.require(answer, trail)
        return answer

    def require(self, answer: Answer, trail: tuple[Hop, ...]) -> None:
        if answer.failed:
            self.unanswered.append(answer)
            raise _Stop(SpfResult.TEMPERROR, trail)

    def count(self, trail: tuple[Hop, ...]) -> None:
        self.lookups += 1
        if self.lookups > MAX_LOOKUPS:
            raise _Stop(SpfResult.PERMERROR, trail, SpfFailure.TOO_MANY_LOOKUPS)

    def note_void(self, answer: Answer, trail: tuple[Hop, ...]) -> None:
        if answer.absent:
            self.voids += 1
            if self.voids > MAX_VOID_LOOKUPS:
                raise _Stop(SpfResult.PERMERROR, trail, SpfFailure.TOO_MANY_VOID_LOOKUPS)

    def covers(self, answer: Answer, mechanism: Mechanism) -> bool:
        """One of the addresses, widened to the prefix length, holds the client's."""
        prefix = mechanism.prefix4 if self.ip.version == 4 else mechanism.prefix6
        found = (ip for ip in addresses(answer) if ip.version == self.ip.version)
        return any(self.ip in ipaddress.ip_network((ip, prefix), strict=False) for ip in found)


def addresses(answer: Answer) -> list[IpAddress]:
    """The addresses of an A or AAAA answer; what is none is left out."""
    found = []
    for record in answer.records if answer.found else ():
        try:
            found.append(ipaddress.ip_address(record))
        except ValueError:
            continue
    return found
