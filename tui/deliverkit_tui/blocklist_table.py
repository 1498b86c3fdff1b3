"""What the blocklists said about one subject: rows, states, filters and the sentence above them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from deliverkit.checks.blocklist_answer import Listing
from deliverkit.checks.blocklist_findings import BlocklistFacts, outcome_of
from deliverkit.checks.blocklist_rows import BlocklistRow
from deliverkit.language import _
from deliverkit.model import Outcome
from deliverkit.report.clean import one_line
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.layout import Page
from deliverkit_tui.grid_layout import Column
from deliverkit_tui.pages import mark
from deliverkit_tui.widgets.chips import ALL as EVERY
from deliverkit_tui.widgets.chips import Chip
from deliverkit_tui.widgets.row_grid import Cell
from deliverkit_tui.words import ROLES, SYMBOLS

LOOKS: Mapping[Listing, tuple[str, str]] = {
    Listing.LISTED: ("✗", "bad"),
    Listing.POLICY: ("!", "warn"),
    Listing.UNKNOWN_CODE: ("¿", "unknown"),
    Listing.REFUSED: ("⊘", "unknown"),
    Listing.HIJACKED: ("≠", "unknown"),
    Listing.FAILED: ("×", "unknown"),
    Listing.NOT_KNOWN: ("?", "unknown"),
    Listing.GOOD: ("+", "good"),
    Listing.NEUTRAL: ("=", "dim"),
    Listing.NOT_LISTED: ("✓", "good"),
    Listing.NOT_ASKED: ("–", "dim"),
}
"""Symbol and role of each state, in the order they are shown: gravest first. Each state has a symbol of its own."""
_RANK = {state: rank for rank, state in enumerate(LOOKS)}
_WEIGHT = {"high": 0, "medium": 1, "small": 2}
_ENTRIES = (Listing.LISTED, Listing.POLICY)

COLUMNS = (
    Column("state", _("state"), 18, 18),
    Column("list", _("list"), 34, 24, flex=1),
    Column("weight", _("weight"), 6, drop=50),
    Column("said", _("what it said"), 28, 12, drop=72, flex=2),
)


class BlocklistTable:
    """The answers about one subject, as they come."""

    def __init__(self, say: Sentences, subject: str, total: int) -> None:
        self.say = say
        self.subject = subject
        self.total = total
        """Lists that have something to say about such a subject, asked or not: each gives one row."""
        self.finished = False
        self._rows: dict[str, BlocklistRow] = {}

    def __getitem__(self, name: str) -> BlocklistRow:
        return self._rows[name]

    def __contains__(self, name: str) -> bool:
        return name in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def take(self, row: BlocklistRow) -> None:
        """A list has answered."""
        self._rows[row.list] = row
        self.subject = row.subject

    @property
    def facts(self) -> BlocklistFacts:
        """All that is there, as the core weighs it."""
        return BlocklistFacts(self.subject, tuple(self._rows.values()))

    @property
    def asked(self) -> int:
        """Lists that are asked, answered or not yet. Those that are not asked come first in a run."""
        return self.total - sum(row.state is Listing.NOT_ASKED for row in self._rows.values())

    @property
    def waiting(self) -> int:
        """Lists whose answer is still to come."""
        return 0 if self.finished else self.total - len(self._rows)

    def counts(self) -> Mapping[str, int]:
        """How many lists a chip stands for."""
        return {**Counter(row.state.value for row in self._rows.values()), EVERY: len(self._rows)}

    def keys(self, state: str = EVERY, text: str = "") -> list[str]:
        """Lists of one state with all typed words in name, zone or operator; gravest first, then by weight."""
        words = text.lower().split()
        rows = [
            row
            for row in self._rows.values()
            if state in (EVERY, row.state.value)
            and all(word in f"{row.list} {row.name} {row.zone} {row.operator}".lower() for word in words)
        ]
        return [r.list for r in sorted(rows, key=lambda r: (_RANK[r.state], _WEIGHT[r.weight.value], r.name.lower()))]

    def cells(self, name: str) -> list[Cell]:
        """What stands in the columns of ``COLUMNS``."""
        row = self._rows[name]
        symbol, role = LOOKS[row.state]
        known = "strong" if row.state in _ENTRIES else "" if row.state is not Listing.NOT_ASKED else "dim"
        return [
            (f"{symbol} {self.state_word(row.state)}", role),
            (row.name, known),
            (row.weight.value, "strong" if row.weight.value == "high" else "dim"),
            (self._said(row), "dim"),
        ]

    def state_word(self, state: Listing) -> str:
        """The word for a state, short enough for a column."""
        return self.say.listing(f"state.{state.value}").partition(",")[0] or state.value.replace("_", " ")

    def _said(self, row: BlocklistRow) -> str:
        if row.why:
            return self.say.listing(f"why.{row.why.value}")
        if row.labels:
            told = self.say.listing(f"meaning.{row.hits[0].meaning}") if row.hits else ""
            return f"{', '.join(row.labels)}  {told}"
        return row.reason or ""

    # ------------------------------------------------------------------ the sentence above

    @property
    def outcome(self) -> Outcome | None:
        """None until all have answered; then as the check has it."""
        return outcome_of([self.facts]) if self.finished else None

    def headline(self) -> tuple[str, str]:
        """The sentence and its role. It says "not listed" only when the lists that weigh most have answered."""
        facts = self.facts
        listed, policy = facts.counts.get(Listing.LISTED, 0), facts.counts.get(Listing.POLICY, 0)
        parts = [_("listed on {listed}").format(listed=listed)] if listed else []
        parts += [_("policy entry on {policy}").format(policy=policy)] if policy else []
        if not self.finished:
            parts.append(
                _("asking: {asked} of {asked2} lists have answered").format(
                    asked=self.asked - self.waiting, asked2=self.asked
                )
            )
        elif not facts.asked:
            parts.append(_("not asked: nobody outside can see it"))
        elif facts.heavy_unknown:
            names = ", ".join(row.name for row in facts.heavy_open) or _("the main lists")
            parts.append(_("not known: {names} could not be asked").format(names=names))
        elif not listed:
            parts.append(_("not listed for abuse on {answered} lists that answered").format(answered=facts.answered))
        outcome = self.outcome
        symbol, role = (SYMBOLS[outcome], ROLES[outcome]) if outcome else ("✗", "bad") if listed else ("…", "unknown")
        return f"{symbol} {self.subject} · {' · '.join(parts)}", role

    # ------------------------------------------------------------------ one list

    def page(self, name: str, width: int) -> str:
        """All that one list said: codes, its words, the way off it, where to look, what was asked."""
        row, page = self._rows[name], Page(width, mark)
        symbol, role = LOOKS[row.state]
        page.banner(f"{symbol} {row.name} · {self.say.listing(f'state.{row.state.value}')}", "", role)
        if row.why:
            page.para(self.say.listing(f"why.{row.why.value}"), indent=2)
        if row.state is Listing.REFUSED:
            page.para(_("A refusal is no answer: the subject may be listed or not."), indent=2)
        if row.resolver:
            page.para(_("The list refused the name server {resolver}.").format(resolver=row.resolver), indent=2)
        page.blank()
        for code in row.hits:
            page.field(
                code.label,
                self.say.listing(f"meaning.{code.meaning}") or code.kind.value,
                label_role="strong",
            )
        if row.codes:
            page.field(_("answer"), ", ".join(row.codes), role="code")
        if row.reason:
            page.field(_("in its words"), f"“{one_line(row.reason, 500)}”")
        self._way_off(page, row)
        for label, value in ((_("weight"), row.weight.value), (_("zone"), row.zone), (_("operator"), row.operator)):
            if value:
                page.field(label, value)
        page.field(_("catalogue"), row.list)
        if note := self.say.listing(f"note.{row.list}"):
            page.para(note, indent=2, role="dim")
        for item in row.evidence:
            page.blank()
            page.para(f"{one_line(item.label, 120)}  {one_line(item.value, 300)}", indent=2, hang=2, role="dim")
            if item.dig:
                page.para(f"$ {one_line(item.dig)}", indent=4, hang=2, role="code")
        return str(page)

    def _way_off(self, page: Page, row: BlocklistRow) -> None:
        if row.state in _ENTRIES:
            page.blank()
            page.line("  " + _("The way off this list"), "strong")
            if told := self.say.listing(f"removal.{row.list}"):
                page.para(told, indent=2)
        for label, url in ((_("look up"), row.lookup_url), (_("removal"), row.removal_url)):
            if url:
                page.field(label, url, role="code")
        if row.state in _ENTRIES:
            page.blank()


def chips(say: Sentences) -> list[Chip]:
    """The filters by state, gravest first."""
    told = [
        Chip(s.value, say.listing(f"state.{s.value}").partition(",")[0], role, sym) for s, (sym, role) in LOOKS.items()
    ]
    return [Chip(EVERY, _("all"), always=True), *told]
