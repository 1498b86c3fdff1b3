"""The list through all of it, in order: syntax at once, domains some blocks ahead, duplicates at the end.

Memory holds a few blocks of records, the domains that are remembered, and sixteen to thirty-two bytes an address
for the duplicates (64 bits of a hash each, see ``bulk.seen``).
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from deliverkit.addresses.domains import DomainFacts, Domains
from deliverkit.addresses.syntax import Syntax, mailbox_key, read_address
from deliverkit.addresses.table import Record
from deliverkit.addresses.verdict import Judged, Reason, Verdict
from deliverkit.bulk.seen import Seen
from deliverkit.knowledge import Knowledge

BLOCK = 2_000
"""Records judged together."""
AHEAD = 8
"""Blocks whose domains are asked about while the first of them is waited for: one slow domain holds up no other."""


@dataclass(slots=True)
class Summary:
    """The counts of a run."""

    total: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    reasons: Counter[Reason] = field(default_factory=Counter)
    domains: int = 0
    """Domains that DNS was asked about."""
    domains_failed: int = 0
    """Of these, those of which nothing was learned."""

    @property
    def silent(self) -> bool:
        """DNS was asked and never answered."""
        return self.domains > 0 and self.domains == self.domains_failed


class Cleaner:
    """Judges records in their order; ``summary`` counts on the way."""

    def __init__(self, knowledge: Knowledge, domains: Domains) -> None:
        self._domains = domains
        self._roles = frozenset(knowledge.word_lists["role-names"].words)
        self._addresses = Seen()
        self._mailboxes = Seen()
        self.summary = Summary()

    def offline(self, records: Iterable[Record]) -> Iterator[tuple[Record, Judged]]:
        """Without DNS."""
        for record in records:
            syntax = read_address(record.given)
            facts = self._domains.judge_offline(syntax.domain) if syntax.domain else None
            yield record, self._judged(record, syntax, facts)

    async def online(self, records: Iterator[Record]) -> AsyncIterator[tuple[Record, Judged]]:
        """With DNS, a few blocks ahead."""
        flying: deque[tuple[list[tuple[Record, Syntax]], asyncio.Task[dict[str, DomainFacts]]]] = deque()
        try:
            while True:
                while len(flying) < AHEAD and (block := self._block(records)):
                    names = (syntax.domain for _, syntax in block if syntax.domain)
                    flying.append((block, asyncio.create_task(self._domains.judge(names))))
                if not flying:
                    break
                block, task = flying[0]
                facts = await task
                flying.popleft()
                self.summary.domains, self.summary.domains_failed = self._domains.asked, self._domains.failed
                for record, syntax in block:
                    yield record, self._judged(record, syntax, facts.get(syntax.domain))
        finally:
            tasks = [task for _, task in flying]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @staticmethod
    def _block(records: Iterator[Record]) -> list[tuple[Record, Syntax]]:
        return [(record, read_address(record.given)) for record in islice(records, BLOCK)]

    def _judged(self, record: Record, syntax: Syntax, facts: DomainFacts | None) -> Judged:
        judged = self._with_reasons(record.given, syntax, facts)
        summary = self.summary
        summary.total += 1
        summary.verdicts[judged.verdict] += 1
        summary.reasons.update(judged.reasons)
        return judged

    def _with_reasons(self, given: str, syntax: Syntax, facts: DomainFacts | None) -> Judged:
        if syntax.address is None:
            return Judged(given, None, None, syntax.reasons)
        reasons: Sequence[Reason] = (*syntax.reasons, *(facts.reasons if facts else ()))
        if syntax.local.lower().partition("+")[0] in self._roles:
            reasons = (*reasons, Reason.ROLE)
        # Local parts may differ by case (RFC 5321 section 2.4), and in practice nowhere do.
        if not self._addresses.add(f"{syntax.local.lower()}@{syntax.domain}"):
            reasons = (*reasons, Reason.DUPLICATE)
        elif not self._mailboxes.add(mailbox_key(syntax.local, syntax.domain)):
            reasons = (*reasons, Reason.SAME_MAILBOX)
        suggestion = f"{syntax.local}@{facts.suggestion}" if facts and facts.suggestion else None
        return Judged(given, syntax.address, syntax.domain, tuple(reasons), suggestion)
