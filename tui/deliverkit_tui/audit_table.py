"""What an audit of many domains has come to: results, order, filters. It knows no widget and asks nothing."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from deliverkit.audit import ALL, conclude, worst
from deliverkit.checks import Target
from deliverkit.checks.names import domain_name
from deliverkit.checks.run import in_order
from deliverkit.errors import InputError
from deliverkit.language import _
from deliverkit.model import Audit, CheckResult, Outcome
from deliverkit.report.clean import one_line
from deliverkit.report.sentences import Sentences
from deliverkit_tui.grid_layout import Column
from deliverkit_tui.widgets.chips import ALL as EVERY
from deliverkit_tui.widgets.chips import Chip
from deliverkit_tui.widgets.row_grid import Cell
from deliverkit_tui.words import ASKING, ROLES, SYMBOLS, WAITING

OPEN = "open"
"""The filter for domains that are not done."""
GIVEN, BY_OUTCOME, BY_DOMAIN = "given", "outcome", "domain"
ORDERS = (GIVEN, BY_OUTCOME, BY_DOMAIN)
_WORST_FIRST = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.WARN, Outcome.PASS, Outcome.NOT_APPLICABLE)
_RANK = {outcome: rank for rank, outcome in enumerate(_WORST_FIRST)}

_LABELS = {
    "ip-blocklists": (_("IP lists"), "ips"),
    "domain-blocklists": (_("dom. lists"), "dom"),
    "mta-sts": ("mta-sts", "sts"),
    "tls-rpt": ("tls-rpt", "rpt"),
    "dnssec": ("dnssec", "sec"),
    "nameservers": (_("servers"), "ns"),
    "starttls": ("starttls", "tls"),
}
_DECIDING = frozenset({"spf", "dkim", "dmarc", "mx", "ptr", "ip-blocklists", "domain-blocklists"})
"""Checks that mail is refused for: their columns stay however narrow the screen is."""


def _column(check: str) -> Column:
    label, short = _LABELS.get(check, (check, check))
    drop = 0 if check in _DECIDING else 100
    return Column(check, label, 10, max(3, len(short)), shrink=2, drop=drop, short=short, symbol=True)


def columns(checks: Sequence[str]) -> tuple[Column, ...]:
    """What a row shows: the domain, its outcome, one symbol for each check, and what stands out."""
    return (
        Column("domain", _("domain"), 24, 18, flex=1),
        Column("outcome", _("outcome"), 10, 1, shrink=3, short=" ", symbol=True),
        *(_column(name) for name in checks),
        Column("finding", _("what stands out"), 34, drop=150, flex=2),
    )


_SETTLED = 200
"""Domains done after which their results are taken out of the garbage collector's sight."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An input that is no domain."""

    text: str
    """Cleaned and short."""
    line: int
    """Counted from 1 in what was given."""
    why: str


def read_domains(text: str) -> tuple[list[str], list[LeftOut]]:
    """The domains in a text, each once: one a line, or several between commas or spaces; ``#`` begins a comment."""
    found: dict[str, None] = {}
    left: list[LeftOut] = []
    for number, line in enumerate(text.splitlines(), 1):
        for part in line.partition("#")[0].replace(";", ",").split(","):
            for piece in _pieces(part.strip()):
                try:
                    found[domain_name(piece)] = None
                except InputError as error:
                    left.append(LeftOut(one_line(piece, 60), number, str(error)))
    return list(found), left


def _pieces(part: str) -> list[str]:
    """The words of a part where each has a dot or a colon; else it is one thing, a sentence or ``Ann <ann@…>``."""
    words = part.split()
    return words if all("." in word or ":" in word for word in words) else [part]


@dataclass(slots=True)
class Row:
    """One domain."""

    domain: str
    number: int
    results: dict[str, CheckResult] = field(default_factory=dict)
    asking: bool = False
    cancelled: bool = False
    words: str = ""
    """What a typed filter looks in."""
    outcome: Outcome | None = None
    """None until every check is there."""

    @property
    def state(self) -> str:
        """Key of its filter chip."""
        return self.outcome.value if self.outcome else OPEN


class AuditTable:
    """All domains of one audit screen."""

    def __init__(self, say: Sentences, checks: Sequence[str] = ALL) -> None:
        self.say = say
        self.checks = tuple(checks)
        self._rows: dict[str, Row] = {}
        self._counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, domain: str) -> Row:
        return self._rows[domain]

    def __contains__(self, domain: str) -> bool:
        return domain in self._rows

    @property
    def domains(self) -> list[str]:
        """In the order given."""
        return list(self._rows)

    def add(self, domains: Iterable[str]) -> list[str]:
        """Put domains at the end; gives those that were not there."""
        new = [domain for domain in dict.fromkeys(domains) if domain not in self._rows]
        for domain in new:
            self._rows[domain] = Row(domain, len(self._rows), words=domain)
        self._counts[OPEN] += len(new)
        return new

    def leave_out(self, names: Iterable[str]) -> None:
        """These checks are not run in this world."""
        self.checks = tuple(name for name in self.checks if name not in names)

    def begin(self, domain: str) -> None:
        """Its checks are asked, from the start."""
        row = self._rows[domain]
        self._counts[row.state] -= 1
        row.results.clear()
        row.asking, row.cancelled, row.outcome, row.words = True, False, None, domain
        self._counts[OPEN] += 1

    def stop(self, domain: str) -> None:
        """It is not asked any more; what is there stays."""
        row = self._rows[domain]
        row.asking, row.cancelled = False, row.outcome is None

    def take(self, domain: str, result: CheckResult) -> None:
        """One check is there.

        Thousands of results that stay would make every full garbage collection a pause of 60 ms and more, felt as a
        key that hangs; so now and then those that are there are taken out of its sight.
        """
        row = self._rows[domain]
        row.results[result.check] = result
        row.words = " ".join([row.words, *(finding.id for finding in result.findings)])
        if len(row.results) == len(self.checks):
            self._counts[row.state] -= 1
            row.outcome = worst(r.outcome for r in row.results.values())
            row.asking = False
            self._counts[row.state] += 1
            if self.done() % _SETTLED == 0:
                gc.freeze()

    def counts(self) -> Mapping[str, int]:
        """How many domains a chip stands for."""
        return {**self._counts, EVERY: len(self._rows)}

    def done(self) -> int:
        """Domains with every check there."""
        return len(self._rows) - self._counts[OPEN]

    def keys(self, state: str = EVERY, text: str = "", order: str = GIVEN) -> list[str]:
        """The domains to show: of one state, with all typed words in them, in an order."""
        words = text.lower().split()
        rows: Iterable[Row] = self._rows.values()
        if state != EVERY:
            rows = [row for row in rows if row.state == state]
        for word in words:
            rows = [row for row in rows if word in row.words]
        if order == BY_DOMAIN:
            return sorted(row.domain for row in rows)
        if order == BY_OUTCOME:
            return [r.domain for r in sorted(rows, key=lambda r: (_rank(r.outcome), r.domain))]
        if order in self.checks:
            return [r.domain for r in sorted(rows, key=lambda r: (_rank(_outcome_of(r, order)), r.domain))]
        return [row.domain for row in rows]

    def cells(self, domain: str) -> list[Cell]:
        """What stands in ``columns``."""
        row = self._rows[domain]
        return [
            (domain, "strong" if row.outcome else ""),
            self._summary(row),
            *(self._check(row, name) for name in self.checks),
            (self._finding(row), ""),
        ]

    def _summary(self, row: Row) -> Cell:
        if row.outcome:
            return f"{SYMBOLS[row.outcome]} {self.say.word(row.outcome)}", ROLES[row.outcome]
        if row.asking:
            progress = _("{done} of {total}").format(done=len(row.results), total=len(self.checks))
            return f"{ASKING} {progress}", "unknown"
        return f"{WAITING} {_('stopped') if row.cancelled else _('waiting')}", "dim"

    def _check(self, row: Row, name: str) -> Cell:
        if result := row.results.get(name):
            return f"{SYMBOLS[result.outcome]} {self.say.word(result.outcome)}", ROLES[result.outcome]
        return ASKING if row.asking else WAITING, "dim"

    def _finding(self, row: Row) -> str:
        """The title of the finding that weighs most, of those that are not fine."""
        specs = self.say.knowledge.findings
        ranked = [(specs[f.id].outcome, f) for result in row.results.values() for f in result.findings]
        loud = [(o, f) for o, f in ranked if o in (Outcome.FAIL, Outcome.WARN, Outcome.UNKNOWN)]
        if not loud:
            return ""
        return self.say.finding(min(loud, key=lambda pair: _WEIGHT[pair[0]])[1], "title")

    def audit(self, domain: str) -> Audit:
        """The audit of a domain from what is there: with its steps."""
        results = in_order(self._rows[domain].results.values())
        elapsed = max((r.elapsed for r in results), default=0.0)
        return conclude(Target(domain=domain), results, self.say.knowledge, elapsed=elapsed)


_WEIGHT = {Outcome.FAIL: 0, Outcome.WARN: 1, Outcome.UNKNOWN: 2}


def chips(say: Sentences) -> list[Chip]:
    """The filters by outcome, worst first."""
    found = [Chip(o.value, say.word(o), ROLES[o], SYMBOLS[o]) for o in _WORST_FIRST]
    return [Chip(EVERY, _("all"), always=True), *found, Chip(OPEN, _("open"), "dim", WAITING)]


def _rank(outcome: Outcome | None) -> int:
    return len(_RANK) if outcome is None else _RANK[outcome]


def _outcome_of(row: Row, check: str) -> Outcome | None:
    result = row.results.get(check)
    return result.outcome if result else None
