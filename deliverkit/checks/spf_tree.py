"""The include tree of an SPF record without an IP: what every node costs and what is wrong with it.

Receivers count as they evaluate (RFC 7208 section 4.6.4); here every branch is counted, which is what a
message that no early term matches will cost. All bounds are said, never passed over in silence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from deliverkit.checks.spf_ask import Questions
from deliverkit.checks.spf_eval import MAX_HOSTS
from deliverkit.checks.spf_macro import MacroString, known_name
from deliverkit.checks.spf_record import Mechanism, Qualifier, SpfRecord, TermFault, read, select
from deliverkit.net.resolver import Answer, Resolver, Status

MAX_NODES = 32
"""Records read, the root included. Ten includes are legal; more are read to say how many too many."""
MAX_DEPTH = 10
"""Includes below each other; deeper breaks the limit of 10 look-ups anyway."""
MAX_HOST_TERMS = 14
"""Terms ``a``, ``mx`` and ``exists`` whose name is asked for, to find void look-ups."""
MAX_QUESTIONS = MAX_NODES + 2 * MAX_HOST_TERMS


class NodeState(StrEnum):
    """What reading one record of the tree came to."""

    READ = "read"
    SYNTAX = "syntax"
    """It breaks the grammar; what could be read of it is counted."""
    MISSING = "missing"
    """DNS says that there is no SPF record, or the name cannot exist."""
    MULTIPLE = "multiple"
    UNREACHABLE = "unreachable"
    """DNS did not say."""
    LOOP = "loop"
    """The domain includes itself, directly or by others."""
    MACRO = "macro"
    """Which record it is depends on the message."""
    NOT_READ = "not_read"
    """Beyond a bound."""


@dataclass(frozen=True, slots=True)
class HostTerm:
    """A term ``a``, ``mx`` or ``exists`` and what its name answered."""

    term: str
    name: str
    statuses: tuple[Status, ...]
    """A and AAAA for ``a``, else one."""
    hosts: int = 0
    """Mail hosts of ``mx``; more than 10 are a permerror (section 4.6.4)."""
    dig: str = ""

    @property
    def void(self) -> bool:
        """DNS has nothing there, for either family."""
        return all(status in (Status.NODATA, Status.NXDOMAIN) for status in self.statuses)

    @property
    def unanswered(self) -> bool:
        """A question failed, and no other answer makes up for it."""
        known = (Status.NOERROR, Status.NODATA, Status.NXDOMAIN)
        return Status.NOERROR not in self.statuses and any(status not in known for status in self.statuses)


@dataclass(frozen=True, slots=True)
class SpfNode:
    """One record of the tree."""

    domain: str
    """For a target with macros, the domain-spec as written."""
    via: str
    """The term that leads here, as written; empty for the root."""
    state: NodeState
    record: str | None = None
    records: tuple[str, ...] = ()
    """All SPF records found: more than one is an error."""
    errors: tuple[TermFault, ...] = ()
    lookups: int = 0
    """Terms of this record that cost a DNS look-up."""
    void_lookups: int = 0
    """Of these, those that find nothing."""
    total_lookups: int = 0
    """With everything below."""
    total_void_lookups: int = 0
    uncountable: tuple[str, ...] = ()
    """Terms whose name depends on the message: one look-up each, what is behind them unknown."""
    hosts: tuple[HostTerm, ...] = ()
    children: tuple[SpfNode, ...] = ()
    """Included and redirected records, in order."""
    cut: bool = False
    """Some of its terms were not followed, for a bound."""
    status: Status | None = None
    """Of the TXT question; None when it was not asked."""
    ttl: int | None = None
    dig: str = ""

    def walk(self) -> Iterator[SpfNode]:
        """This node and all below, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class SpfTree:
    """The whole tree of a domain."""

    root: SpfNode
    txt: tuple[str, ...]
    """All TXT records of the domain."""
    cut: bool
    """A bound ended the reading: counts are at least, not exactly."""
    questions: int
    alias: tuple[str, ...] = ()
    """Names that the domain is an alias of (CNAME): the record is theirs, and no other can stand beside an alias."""

    @property
    def ends_with(self) -> Qualifier | None:
        """Qualifier of the ``all`` that takes effect, through redirects; None where there is none or it is unknown."""
        node = final(self.root)
        record = read(node.record)[0] if node.record else None
        return record.all.qualifier if record and record.all else None


def final(node: SpfNode) -> SpfNode:
    """The record where an evaluation that matches nothing ends: the node, or what it redirects to."""
    while node.record and node.children:
        record = read(node.record)[0]
        if record.all or not record.redirect or node.children[-1].via != record.redirect.text:
            break
        node = node.children[-1]
    return node


@dataclass(slots=True)
class _Draft:
    """A node in the making."""

    domain: str
    via: str
    above: tuple[str, ...] = ()
    state: NodeState = NodeState.NOT_READ
    record: SpfRecord | None = None
    records: tuple[str, ...] = ()
    errors: tuple[TermFault, ...] = ()
    lookups: int = 0
    uncountable: list[str] = field(default_factory=list)
    hosts: list[HostTerm] = field(default_factory=list)
    children: list[_Draft] = field(default_factory=list)
    cut: bool = False
    answer: Answer | None = None


async def spf_tree(domain: str, resolver: Resolver) -> SpfTree:
    """Read the record of ``domain`` and all it includes, level by level, each level at once.

    Asks at most ``MAX_QUESTIONS``; stops at ``MAX_NODES``, ``MAX_DEPTH``, ``MAX_HOST_TERMS`` and says so in
    ``cut``. Never raises for what DNS says.
    """
    reading = _Reading(Questions(resolver, MAX_QUESTIONS), domain)
    root = _Draft(domain, "")
    await reading.level([root])
    txt = root.answer.records if root.answer and root.answer.found else ()
    alias = root.answer.cname if root.answer else ()
    return SpfTree(_freeze(root), txt, reading.cut or reading.questions.cut, reading.questions.count, alias)


@dataclass(slots=True)
class _Reading:
    questions: Questions
    origin: str
    nodes: int = 1
    host_terms: int = 0
    cut: bool = False

    async def level(self, drafts: list[_Draft]) -> None:
        """Read one level and all below. Addresses wanted by a level are asked together with the next level."""
        waiting: list[tuple[_Draft, Mechanism, str]] = []
        while drafts or waiting:
            asked = asyncio.gather(*(self.questions.query(draft.domain, "TXT") for draft in drafts))
            hosts = asyncio.gather(*(self.host(mechanism, name) for _, mechanism, name in waiting))
            answers, found = await asyncio.gather(asked, hosts)
            for (draft, _, _), host in zip(waiting, found, strict=True):
                draft.hosts.append(host)
            waiting = []
            following: list[_Draft] = []
            for draft, answer in zip(drafts, answers, strict=True):
                self.read(draft, answer)
                waiting += self.host_questions(draft)
                following += self.branches(draft)
            drafts = following

    def read(self, draft: _Draft, answer: Answer) -> None:
        draft.answer = answer
        if answer.failed:
            draft.state = NodeState.UNREACHABLE
            return
        draft.records = tuple(select(answer.records)) if answer.found else ()
        if len(draft.records) != 1:
            draft.state = NodeState.MULTIPLE if draft.records else NodeState.MISSING
            return
        draft.record, draft.errors = read(draft.records[0])
        draft.state = NodeState.SYNTAX if draft.errors else NodeState.READ
        redirected = draft.record.redirect is not None and draft.record.all is None
        draft.lookups = sum(mechanism.asks for mechanism in draft.record.evaluated) + redirected

    def branches(self, draft: _Draft) -> list[_Draft]:
        """Make the children of a node; returns those whose record is to be asked for."""
        if draft.record is None:
            return []
        targets: list[tuple[str, MacroString | None]] = [
            (m.text, m.domain) for m in draft.record.evaluated if m.name == "include"
        ]
        if draft.record.redirect and draft.record.all is None:
            targets.append((draft.record.redirect.text, draft.record.redirect.value))
        following = []
        for via, spec in targets:
            if self.nodes >= MAX_NODES:
                draft.cut = self.cut = True
                break
            child = self.child(draft, via, spec)
            draft.children.append(child)
            self.nodes += 1
            if child.state is NodeState.NOT_READ and not child.cut:
                following.append(child)
        return following

    def child(self, draft: _Draft, via: str, spec: MacroString | None) -> _Draft:
        above = (*draft.above, draft.domain)
        name = known_name(spec, draft.domain, self.origin)
        if name is None:
            written = spec.text if spec else draft.domain
            depends = bool(spec and spec.letters - {"d", "o"})
            if depends:
                draft.uncountable.append(via)
            return _Draft(written, via, above, NodeState.MACRO if depends else NodeState.MISSING)
        child = _Draft(name, via, above)
        if name in above:
            child.state = NodeState.LOOP
        elif len(above) > MAX_DEPTH:
            child.cut = self.cut = True
        return child

    def host_questions(self, draft: _Draft) -> list[tuple[_Draft, Mechanism, str]]:
        """The terms of a record whose names are to be asked for."""
        wanted: list[tuple[_Draft, Mechanism, str]] = []
        for mechanism in draft.record.evaluated if draft.record else ():
            if mechanism.name not in ("a", "mx", "exists"):
                continue
            name = known_name(mechanism.domain, draft.domain, self.origin)
            if name is None:
                if mechanism.domain and mechanism.domain.letters - {"d", "o"}:
                    draft.uncountable.append(mechanism.text)
            elif self.host_terms < MAX_HOST_TERMS:
                self.host_terms += 1
                wanted.append((draft, mechanism, name))
            else:
                draft.cut = self.cut = True
                break
        return wanted

    async def host(self, mechanism: Mechanism, name: str) -> HostTerm:
        types = {"a": ("A", "AAAA"), "mx": ("MX",), "exists": ("A",)}[mechanism.name]
        answers = await asyncio.gather(*(self.questions.query(name, rdtype) for rdtype in types))
        hosts = len(answers[0].records) if mechanism.name == "mx" else 0
        return HostTerm(mechanism.text, name, tuple(a.status for a in answers), hosts, answers[0].dig)


def _freeze(draft: _Draft) -> SpfNode:
    children = tuple(_freeze(child) for child in draft.children)
    voids = sum(host.void for host in draft.hosts)
    voids += sum(child.answer is not None and child.answer.absent for child in draft.children)
    return SpfNode(
        domain=draft.domain,
        via=draft.via,
        state=draft.state,
        record=draft.record.text if draft.record else None,
        records=draft.records,
        errors=draft.errors,
        lookups=draft.lookups,
        void_lookups=voids,
        total_lookups=draft.lookups + sum(child.total_lookups for child in children),
        total_void_lookups=voids + sum(child.total_void_lookups for child in children),
        uncountable=tuple(draft.uncountable),
        hosts=tuple(draft.hosts),
        children=children,
        cut=draft.cut,
        status=draft.answer.status if draft.answer else None,
        ttl=draft.answer.ttl if draft.answer else None,
        dig=draft.answer.dig if draft.answer else "",
    )


def too_many_mail_hosts(host: HostTerm) -> bool:
    """An ``mx`` with more hosts than may be looked up: a permerror (section 4.6.4)."""
    return host.hosts > MAX_HOSTS
