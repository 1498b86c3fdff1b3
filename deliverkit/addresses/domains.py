"""What is known of each domain of a list: does it take mail, is it a slip of the fingers, is it a throw-away one.

One question (MX) a domain for all that have an MX or do not exist; those without MX cost two more (A, AAAA).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from deliverkit.addresses.verdict import Reason
from deliverkit.checks.typos import LONG, nearest
from deliverkit.knowledge import Knowledge
from deliverkit.net.resolver import Answer, Resolver, Status

KEPT = 100_000
"""Domains remembered; of a longer list, the least recently met are asked about again."""
AT_ONCE = 256
"""Domains asked about at the same time."""


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """One domain."""

    reasons: tuple[Reason, ...]
    suggestion: str | None = None
    """The domain that was probably meant."""


class Domains:
    """Judges domains, each once while it is remembered.

    ``resolver`` is None for a run without DNS. ``asked`` and ``failed`` count the domains that DNS was asked about
    and those of which nothing was learned.
    """

    def __init__(self, knowledge: Knowledge, resolver: Resolver | None, *, kept: int = KEPT) -> None:
        self._resolver = resolver
        self._kept = kept
        self._known: dict[str, DomainFacts] = {}
        self._flying: dict[str, asyncio.Task[DomainFacts]] = {}
        self._typos = Typos(knowledge.mailbox_domains)
        lists = knowledge.word_lists
        self._disposable = frozenset(lists["disposable-domains"].words)
        self._real = frozenset(lists["real-mailbox-domains"].words)
        self._endings = frozenset(lists["wrong-endings"].words)
        self._slots = asyncio.Semaphore(AT_ONCE)
        self.asked = 0
        self.failed = 0

    def remembered(self, domain: str) -> DomainFacts | None:
        """What is known of a domain without asking; met again, it is remembered longer."""
        facts = self._known.pop(domain, None)
        if facts is not None:
            self._known[domain] = facts
        return facts

    def judge_offline(self, domain: str) -> DomainFacts:
        """Without DNS: the name alone."""
        facts = self.remembered(domain)
        return facts if facts is not None else self._keep(domain, self._facts(domain, ()))

    async def judge(self, domains: Iterable[str]) -> dict[str, DomainFacts]:
        """All of ``domains``, those not known asked about at once. Never raises for what DNS says."""
        found: dict[str, DomainFacts] = {}
        flights: dict[str, asyncio.Task[DomainFacts]] = {}
        for domain in dict.fromkeys(domains):
            facts = self.remembered(domain)
            if facts is None:
                flights[domain] = self._flight(domain)
            else:
                found[domain] = facts
        answers = await asyncio.gather(*flights.values())
        found.update(zip(flights, answers, strict=True))
        return found

    def _flight(self, domain: str) -> asyncio.Task[DomainFacts]:
        """The one asking about a domain, which all blocks that meet it wait for."""
        flight = self._flying.get(domain)
        if flight is None:
            flight = self._flying[domain] = asyncio.create_task(self._judge(domain))
            flight.add_done_callback(lambda _: self._flying.pop(domain, None))
        return flight

    async def _judge(self, domain: str) -> DomainFacts:
        if self._resolver is None:
            return self.judge_offline(domain)
        async with self._slots:
            reasons = await mail_of(domain, self._resolver)
        self.asked += 1
        self.failed += Reason.UNANSWERED in reasons
        return self._keep(domain, self._facts(domain, reasons))

    def _keep(self, domain: str, facts: DomainFacts) -> DomainFacts:
        if len(self._known) >= self._kept:
            del self._known[next(iter(self._known))]
        self._known[domain] = facts
        return facts

    def _facts(self, domain: str, reasons: tuple[Reason, ...]) -> DomainFacts:
        dead = any(r in (Reason.NO_DOMAIN, Reason.NULL_MX, Reason.NO_MAIL) for r in reasons)
        suggestion = self._meant(domain, dead=dead)
        more = (
            *((Reason.TYPO,) if suggestion else ()),
            *((Reason.DISPOSABLE,) if self._is_disposable(domain) else ()),
        )
        return DomainFacts((*reasons, *more), suggestion)

    def _meant(self, domain: str, *, dead: bool) -> str | None:
        """The well-known domain that was probably meant. Of a domain that is not proven dead, only a slip in the name
        itself or an impossible ending counts: yahoo.ca is no mistyped yahoo.com."""
        if domain in self._real:
            return None
        near = self._typos.nearest(domain)
        if near is None or dead:
            return near
        name, _, ending = domain.partition(".")
        known, _, known_ending = near.partition(".")
        if ending.rpartition(".")[2] in self._endings:
            return near
        return near if ending == known_ending and name != known else None

    def _is_disposable(self, domain: str) -> bool:
        labels = domain.split(".")
        return any(".".join(labels[i:]) in self._disposable for i in range(len(labels) - 1))


async def mail_of(domain: str, resolver: Resolver) -> tuple[Reason, ...]:
    """Whether mail can be brought to ``domain`` (RFC 5321 section 5.1, RFC 7505); empty where it can.

    The hosts that the MX records name are not looked at: that would cost two more questions for each.
    """
    answer = await resolver.query(domain, "MX")
    if answer.failed:
        return (Reason.UNANSWERED,)
    if answer.status is Status.NXDOMAIN:
        # There is nothing at the name, of whatever type (RFC 8020).
        return (Reason.NO_DOMAIN,)
    if answer.found:
        return (Reason.NULL_MX,) if all(_is_null(record) for record in answer.records) else ()
    return await _without_mx(domain, resolver)


async def _without_mx(domain: str, resolver: Resolver) -> tuple[Reason, ...]:
    first = await resolver.query(domain, "A")
    if first.found:
        return (Reason.FALLBACK,)
    second = await resolver.query(domain, "AAAA")
    if second.found:
        return (Reason.FALLBACK,)
    asked: Sequence[Answer] = (first, second)
    return (Reason.UNANSWERED,) if any(answer.failed for answer in asked) else (Reason.NO_MAIL,)


def _is_null(record: str) -> bool:
    return record.partition(" ")[2].strip() in (".", "")


class Typos:
    """``checks.typos.nearest`` for many domains: only those known ones are compared that share what is left when up
    to two letters are taken out of each, which all do that differ in two places or fewer."""

    def __init__(self, known: Sequence[str]) -> None:
        self._order = tuple(known)
        self._known = frozenset(known)
        self._index: dict[str, list[str]] = {}
        self._lengths = range(min(map(len, known)) - 2, max(map(len, known)) + 3) if known else range(0)
        for name in known:
            for rest in _without(name, 2 if len(name) >= LONG else 1):
                self._index.setdefault(rest, []).append(name)

    def nearest(self, domain: str) -> str | None:
        """See ``checks.typos.nearest``."""
        if domain in self._known or len(domain) not in self._lengths:
            return None
        near = {name for rest in _without(domain, 2) for name in self._index.get(rest, ())}
        # In the order of the list, which decides between equals.
        return nearest(domain, [name for name in self._order if name in near]) if near else None


def _without(text: str, letters: int) -> set[str]:
    """``text`` with none, one or (``letters`` 2) two letters taken out."""
    found = {text}
    for i in range(len(text)):
        one = text[:i] + text[i + 1 :]
        found.add(one)
        if letters > 1:
            found.update([one[:j] + one[j + 1 :] for j in range(i, len(one))])
    return found
