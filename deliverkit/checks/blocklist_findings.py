"""From what the lists said to findings and one outcome: the same for IP addresses and for domains.

A listing by a list that receivers act on is a failure, one by a small list a warning, and an entry for another
reason than abuse is shown apart. Whatever could not be asked is named; while the lists that weigh most are
among that, the subject is not called clean.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from deliverkit.checks import Notes, World
from deliverkit.checks.blocklist_answer import Listing, Why
from deliverkit.checks.blocklist_rows import BlocklistPass, BlocklistRow, in_world
from deliverkit.knowledge.schema_dns import Blocklist, CodeKind, Weight
from deliverkit.model import Evidence, Outcome, Scalar

HEAVIEST = "Spamhaus"
"""Who weighs most, where no list of theirs was to be asked."""
_MAX_EVIDENCE = 12
"""Pieces of proof kept of a finding that speaks for many lists."""
_PARTS = {
    "sbl": "spamhaus-sbl",
    "drop": "spamhaus-sbl",
    "botnet-controller": "spamhaus-sbl",
    "css": "spamhaus-css",
    "xbl": "spamhaus-xbl",
}
"""Parts of ZEN by the meaning of their codes, each with its own way out."""
_BROKEN = frozenset({Why.EMPTY, Why.ANSWERS_EVERYTHING})


@dataclass(frozen=True, slots=True)
class BlocklistFacts:
    """What all lists said about one subject."""

    subject: str
    rows: tuple[BlocklistRow, ...]
    """One a list, in the order of the catalogue."""

    @property
    def counts(self) -> Mapping[Listing, int]:
        """How many lists came to each state."""
        return Counter(row.state for row in self.rows)

    @property
    def asked(self) -> int:
        """Lists that were asked."""
        return sum(row.state is not Listing.NOT_ASKED for row in self.rows)

    @property
    def answered(self) -> int:
        """Lists that said something about the subject."""
        return sum(row.state.known for row in self.rows)

    @property
    def listed(self) -> tuple[BlocklistRow, ...]:
        """Listings for abuse, gravest list first."""
        order = list(Weight)
        return tuple(sorted(_in(self.rows, Listing.LISTED), key=lambda row: order.index(row.weight)))

    @property
    def heavy_open(self) -> tuple[BlocklistRow, ...]:
        """The lists that weigh most and told nothing, though they know of such subjects."""
        able = (row for row in self.rows if row.why is not Why.OTHER_KIND)
        return tuple(row for row in able if row.weight is Weight.HIGH and not row.state.known)

    @property
    def heavy_unknown(self) -> bool:
        """The lists that weigh most could not be asked, so the word "clean" would be wrong."""
        return bool(self.heavy_open) or not any(
            row.weight is Weight.HIGH and row.why is not Why.OTHER_KIND for row in self.rows
        )


@dataclass(frozen=True, slots=True)
class BlocklistReport:
    """The facts of a blocklist check."""

    subjects: tuple[BlocklistFacts, ...]
    cut: bool = False
    """There are more subjects than were asked about."""
    networks: tuple[str, ...] = ()
    """Networks that may send too, too large to ask about each address."""


async def gather_facts(
    subjects: Sequence[str], world: World, lists: Mapping[str, Blocklist] | None = None
) -> tuple[BlocklistFacts, ...]:
    """Ask about several subjects in one pass; ``lists`` stand in for those of the knowledge."""
    one_pass = in_world(world, lists)
    return tuple(await asyncio.gather(*(collect(one_pass, subject) for subject in subjects)))


async def collect(one_pass: BlocklistPass, subject: str) -> BlocklistFacts:
    """All rows of one subject, in the order of the catalogue."""
    order = {name: i for i, name in enumerate(one_pass.lists)}
    rows = [row async for row in one_pass.rows(subject)]
    return BlocklistFacts(rows[0].subject if rows else subject, tuple(sorted(rows, key=lambda r: order[r.list])))


def note_subject(notes: Notes, kind: str, facts: BlocklistFacts) -> None:
    """Note what the lists said about one subject. ``kind`` is ``ip`` or ``domain``: the family of the findings."""
    subject = {kind: facts.subject}
    for row in facts.listed:
        notes.add(f"blocklist-{kind}-{_listed_as(row)}", *row.evidence, **subject, **_entry(row))
        for part in _parts(row) if kind == "ip" else ():
            notes.add(f"blocklist-ip-{part}", ip=facts.subject)
    for row in (*facts.listed, *_in(facts.rows, Listing.POLICY)):
        if policy := _policy_part(row):
            notes.add(f"blocklist-{kind}-{_policy_as(policy)}", *policy.evidence, **subject, **_entry(policy))
    for row in _in(facts.rows, Listing.UNKNOWN_CODE):
        codes = ", ".join(row.codes)
        notes.add(f"blocklist-{kind}-unknown-code", *row.evidence, **subject, list=row.name, codes=codes)
    for row in _in(facts.rows, Listing.GOOD):
        notes.add(f"blocklist-{kind}-good", *row.evidence, **subject, list=row.name)
    _note_unasked(notes, kind, facts)
    _note_verdict(notes, kind, facts)


def outcome_of(subjects: Iterable[BlocklistFacts]) -> Outcome:
    """Fail when a list of weight lists one, unknown while the lists that weigh most are open, warn for small lists and
    weighty policy entries, else pass: a small list must not cover up that the others were not heard."""
    seen = {_outcome(facts) for facts in subjects}
    worst_first = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.WARN, Outcome.PASS)
    return next((outcome for outcome in worst_first if outcome in seen), Outcome.NOT_APPLICABLE)


def _outcome(facts: BlocklistFacts) -> Outcome:
    if any(row.weight is not Weight.SMALL for row in facts.listed):
        return Outcome.FAIL
    if _not_public(facts):
        return Outcome.NOT_APPLICABLE
    if facts.heavy_unknown:
        return Outcome.UNKNOWN
    warned = facts.listed or any(_weighs(row) for row in _in(facts.rows, Listing.POLICY))
    return Outcome.WARN if warned else Outcome.PASS


def _listed_as(row: BlocklistRow) -> str:
    if row.weight is Weight.SMALL:
        return "backscatter" if row.about == "backscatter" else "listed-small"
    return "abused" if row.about == "abused" else "listed"


def _parts(row: BlocklistRow) -> dict[str, None]:
    return dict.fromkeys(_PARTS[hit.meaning] for hit in row.hits if hit.meaning in _PARTS)


def _policy_part(row: BlocklistRow) -> BlocklistRow | None:
    """The row with only its policy entries; ZEN can answer for abuse and for policy at once."""
    hits = tuple(hit for hit in row.hits if hit.kind is CodeKind.POLICY)
    return replace(row, hits=hits) if hits else None


def _policy_as(row: BlocklistRow) -> str:
    if row.about == "age":
        return "young"
    return "policy" if _weighs(row) else "policy-small"


def _weighs(row: BlocklistRow) -> bool:
    return row.weight is not Weight.SMALL and row.about != "age"


def _entry(row: BlocklistRow) -> dict[str, str]:
    """The arguments of a finding about one entry."""
    page = row.lookup_url or row.removal_url or row.zone
    return {"list": row.name, "codes": ", ".join(row.labels), "lookup_url": page}


def _note_unasked(notes: Notes, kind: str, facts: BlocklistFacts) -> None:
    """One finding for all lists that failed in the same way: a dead resolver must not fill a page."""
    broken = [row for row in _in(facts.rows, Listing.NOT_KNOWN) if row.why in _BROKEN]
    failed = [row for row in facts.rows if row.state in (Listing.FAILED, Listing.NOT_KNOWN) and row.why not in _BROKEN]
    refused = _in(facts.rows, Listing.REFUSED)
    hijacked = _in(facts.rows, Listing.HIJACKED)
    for rows, name in ((refused, "refused"), (hijacked, "hijacked"), (failed, "failed"), (broken, "list-broken")):
        if rows:
            args: dict[str, Scalar] = {kind: facts.subject, **_many(rows)}
            notes.add(f"blocklist-{kind}-{name}", *_proof(rows), **args)
    for resolver in dict.fromkeys(row.resolver for row in refused if row.resolver):
        notes.add(f"blocklist-{kind}-resolver", resolver=resolver)


def _note_verdict(notes: Notes, kind: str, facts: BlocklistFacts) -> None:
    subject = {kind: facts.subject}
    if _not_public(facts):
        notes.add(f"blocklist-{kind}-not-public", **subject)
        return
    blocking = [row for row in facts.rows if not row.allow]
    clear = len(_in(blocking, Listing.NOT_LISTED))
    if facts.heavy_unknown:
        names = ", ".join(row.name for row in facts.heavy_open) or HEAVIEST
        notes.add(f"blocklist-{kind}-heavy-unknown", *_proof(facts.heavy_open), **subject, lists=names, count=clear)
    elif not facts.listed and not any(_weighs(row) for row in _in(facts.rows, Listing.POLICY)):
        asked = sum(row.state is not Listing.NOT_ASKED for row in blocking)
        notes.add(f"blocklist-{kind}-clean", **subject, count=clear, asked=asked)


def _not_public(facts: BlocklistFacts) -> bool:
    return not facts.asked and any(row.why is Why.NOT_PUBLIC for row in facts.rows)


def _in(rows: Iterable[BlocklistRow], state: Listing) -> list[BlocklistRow]:
    return [row for row in rows if row.state is state]


def _many(rows: Sequence[BlocklistRow]) -> dict[str, str | int]:
    return {"lists": ", ".join(row.name for row in rows), "count": len(rows)}


def _proof(rows: Iterable[BlocklistRow]) -> list[Evidence]:
    return [evidence for row in rows for evidence in row.evidence[:2]][:_MAX_EVIDENCE]
