"""Asking many lists about a subject, and handing out what each said as it arrives.

Test points come first, once for each list and pass; a list that fails them is not told the subject. No operator
is asked more than a few questions at a time.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import quote

from deliverkit.checks import World, evidence_of
from deliverkit.checks.blocklist_answer import Health, Listing, Reading, Why, judge, read
from deliverkit.checks.blocklist_choice import Choice, Kind, asked_as, choose, inside_only, kind_of, points
from deliverkit.checks.blocklist_keys import is_key
from deliverkit.checks.names import reaches
from deliverkit.knowledge.schema_dns import Blocklist, ListCode, Weight
from deliverkit.model import Evidence
from deliverkit.net.resolver import Answer, Resolver

if TYPE_CHECKING:
    # Importing pydnsbl takes 40 ms, which only those who ask pay.
    from deliverkit.checks._pydnsbl import DomainChecker, IpChecker, ListProvider

LISTS_AT_ONCE = 32
PER_OPERATOR = 2
"""Lists of one operator that are asked at the same time."""
MAX_TXT = 500
"""Characters kept of a list's reason."""

MAX_CODES = 16
"""Addresses kept of an answer; no list has more to say about one subject."""

_WITH_REASON = frozenset({Listing.LISTED, Listing.POLICY, Listing.REFUSED, Listing.UNKNOWN_CODE})


@dataclass(frozen=True, slots=True)
class BlocklistRow:
    """What one list said about one subject. No field holds an account key."""

    list: str
    """Id of the list in ``knowledge/blocklists.toml``."""
    name: str
    zone: str
    operator: str
    subject: str
    state: Listing
    weight: Weight
    allow: bool = False
    """It is an allow list: not to be on it is no merit."""
    codes: tuple[str, ...] = ()
    """Addresses as answered, at most ``MAX_CODES``."""
    hits: tuple[ListCode, ...] = ()
    """What they mean, gravest first."""
    reason: str | None = None
    """The list's TXT record: its words, hostile until cleaned."""
    resolver: str | None = None
    """For a refusal: the resolver's address that was refused, where the TXT record names it."""
    why: Why | None = None
    """Why it was not asked, or why its answer proves nothing."""
    lookup_url: str | None = None
    removal_url: str | None = None
    removal: str = "unknown"
    evidence: tuple[Evidence, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The list's short words for what was answered, or the raw codes where it has none."""
        return tuple(dict.fromkeys(code.label for code in self.hits)) or self.codes

    @property
    def about(self) -> str:
        """What kind of entry it is, where it calls for a special repair; see ``ListCode.about``."""
        return self.hits[0].about if self.hits else ""


async def rows(subject: str, world: World, lists: Mapping[str, Blocklist] | None = None) -> AsyncIterator[BlocklistRow]:
    """What each list says about one IP address or domain, first come first; see ``BlocklistPass.rows``.

    ``lists`` stand in for those of the knowledge.
    """
    async with aclosing(in_world(world, lists).rows(subject)) as stream:
        async for row in stream:
            yield row


def in_world(world: World, lists: Mapping[str, Blocklist] | None = None) -> BlocklistPass:
    """A pass through the world's resolver, with its keys and lists."""
    known = world.knowledge.blocklists
    return BlocklistPass(world.resolver, known if lists is None else lists, world.keys, world.also_lists, known)


@dataclass(slots=True)
class BlocklistPass:
    """One pass over lists through one resolver, for any number of subjects; make it inside a running loop.

    ``keys`` are account keys by their name; ``also`` are ids of lists to ask beside the default ones;
    ``graveyard`` holds dead lists that ``lists`` lacks, so that a user's own list cannot revive one.
    """

    resolver: Resolver
    lists: Mapping[str, Blocklist]
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    also: Collection[str] = ()
    graveyard: Mapping[str, Blocklist] | None = None
    _providers: dict[str, ListProvider] = field(init=False, repr=False)
    _ip: IpChecker = field(init=False, repr=False)
    _domain: DomainChecker = field(init=False, repr=False)
    _all: asyncio.Semaphore = field(init=False, repr=False)
    _operators: dict[str, asyncio.Semaphore] = field(init=False, repr=False)
    _proving: dict[tuple[str, Kind], asyncio.Lock] = field(init=False, repr=False)
    _proved: dict[tuple[str, Kind], _Proof] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        from deliverkit.checks._pydnsbl import DomainChecker, IpChecker, providers

        usable = {name: key for name, key in self.keys.items() if is_key(key)}
        self._providers = providers(self.lists.values(), usable)
        self._ip = IpChecker(self._providers.values(), self.resolver)
        self._domain = DomainChecker(self._providers.values(), self.resolver)
        self._all = asyncio.Semaphore(LISTS_AT_ONCE)
        self._operators = defaultdict(lambda: asyncio.Semaphore(PER_OPERATOR))
        self._proving = defaultdict(asyncio.Lock)
        self._proved = {}

    async def rows(self, subject: str) -> AsyncGenerator[BlocklistRow, None]:
        """Ask all lists about an IP address or a domain (A-labels); yields one row a list, first come first.

        Lists that are not asked come first, with the reason. Addresses and names that nobody outside can see are
        never sent to a list. Closing the iterator early stops the asking. Never raises for what DNS says.
        """
        kind, subject = kind_of(subject)
        choices = choose(self.lists, kind, keys=self.keys, also=self.also, graveyard=self.graveyard)
        if not (reaches(subject) if kind is not Kind.DOMAIN else not inside_only(subject)):
            choices = tuple(Choice(c.blocklist, c.why or Why.NOT_PUBLIC) for c in choices)
        tasks = [asyncio.create_task(self._ask(subject, kind, c.blocklist)) for c in choices if c.why is None]
        try:
            for choice in choices:
                if choice.why is not None:
                    yield _row(choice.blocklist, subject, Reading(Listing.NOT_ASKED, why=choice.why))
            for finished in asyncio.as_completed(tasks):
                yield await finished
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, subject: str, kind: Kind, blocklist: Blocklist) -> BlocklistRow:
        from deliverkit.checks._pydnsbl import BadNameError

        asking = _Asking(self._domain if kind is Kind.DOMAIN else self._ip, self._providers[blocklist.id])
        try:
            async with self._all, self._operators[blocklist.operator]:
                proof = await self._prove(asking, blocklist, kind)
                fault = proof.health.fault
                if fault is not None and not (fault.why is Why.EMPTY and blocklist.test_basis == "rfc5782"):
                    return await self._faulty(asking, blocklist, subject, proof, fault)
                query = asked_as(subject, blocklist, kind)
                answer = await asking.about(query)
                reading = judge(answer, blocklist, proof.health)
                reason = await asking.reason(query) if reading.state in _WITH_REASON else None
                evidence = (answer, *proof.answers) if reading.state is Listing.NOT_KNOWN else (answer,)
                return _row(blocklist, subject, reading, reason, evidence)
        except BadNameError:
            return _row(blocklist, subject, Reading(Listing.NOT_ASKED, why=Why.BAD_NAME))

    async def _faulty(
        self, asking: _Asking, blocklist: Blocklist, subject: str, proof: _Proof, fault: Reading
    ) -> BlocklistRow:
        """The row of a list that failed its test points; a refusal says whom it refuses in the TXT record."""
        reason = None
        if fault.state is Listing.REFUSED and proof.refused is not None:
            reason = await asking.reason(proof.refused)
        return _row(blocklist, subject, fault, reason, proof.answers)

    async def _prove(self, asking: _Asking, blocklist: Blocklist, kind: Kind) -> _Proof:
        """What the list's test points said in this pass; asked by the first who needs it."""
        key = (blocklist.id, kind)
        async with self._proving[key]:
            if key not in self._proved:
                self._proved[key] = await _test(asking, blocklist, kind)
        return self._proved[key]


@dataclass(frozen=True, slots=True)
class _Proof:
    health: Health
    answers: tuple[Answer, ...] = ()
    refused: str | None = None
    """The test point that was refused."""


@dataclass(frozen=True, slots=True)
class _Asking:
    """One list as pydnsbl asks it."""

    checker: IpChecker | DomainChecker
    provider: ListProvider

    async def about(self, query: str) -> Answer:
        return (await self.checker.dnsbl_request(query, self.provider)).answer

    async def reason(self, query: str) -> Answer:
        return await self.checker.answer(query, self.provider, "TXT")


async def _test(asking: _Asking, blocklist: Blocklist, kind: Kind) -> _Proof:
    asked = [point for point in points(blocklist, kind) if point is not None]
    answers = dict(zip(asked, await asyncio.gather(*(asking.about(p) for p in asked)), strict=True))
    readings = {point: read(answer, blocklist) for point, answer in answers.items()}
    listed, clean = points(blocklist, kind)
    health = Health(readings.get(listed or ""), readings.get(clean or ""))
    refused = next((point for point, reading in readings.items() if reading.state is Listing.REFUSED), None)
    return _Proof(health, tuple(answers.values()), refused)


def _row(
    blocklist: Blocklist, subject: str, reading: Reading, txt: Answer | None = None, answers: tuple[Answer, ...] = ()
) -> BlocklistRow:
    reason = " ".join(txt.records)[:MAX_TXT] if txt is not None and txt.found else None
    seen = answers if txt is None else (*answers, txt)
    return BlocklistRow(
        list=blocklist.id,
        name=blocklist.name,
        zone=blocklist.zone,
        operator=blocklist.operator,
        subject=subject,
        state=reading.state,
        weight=blocklist.weight,
        allow=blocklist.type == "allow",
        codes=reading.codes[:MAX_CODES],
        hits=reading.hits,
        reason=reason,
        resolver=_refused_resolver(reason, subject) if reading.state is Listing.REFUSED else None,
        why=reading.why,
        lookup_url=_filled(blocklist.lookup_url, subject),
        removal_url=_filled(blocklist.removal_url, subject),
        removal=blocklist.removal,
        evidence=tuple(evidence_of(answer) for answer in seen),
    )


def _filled(url: str | None, subject: str) -> str | None:
    return url.replace("{q}", quote(subject, safe=":")) if url is not None else None


def _refused_resolver(reason: str | None, subject: str) -> str | None:
    """The first address in a refusal's text that can be a resolver's: neither a code nor the subject."""
    for word in _words(reason or ""):
        try:
            address = ip_address(word)
        except ValueError:
            continue
        if not address.is_loopback and str(address) != subject:
            return str(address)
    return None


def _words(text: str) -> list[str]:
    """The pieces of a text that could be addresses."""
    spaced = "".join(c if c in "0123456789abcdefABCDEF.:" else " " for c in text)
    return [word.strip(".:") for word in spaced.split()]
