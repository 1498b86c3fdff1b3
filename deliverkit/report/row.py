"""What becomes of one audit in a run over many: its place in the output, and what counts for the end of the run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, ClassVar

from deliverkit.bulk.changes import Baseline, Changes, Known, known
from deliverkit.bulk.order import Done, Order
from deliverkit.bulk.profile import Ignored, Profile
from deliverkit.knowledge import load
from deliverkit.model import Audit, Outcome
from deliverkit.report.data import Data, audit_data, plain
from deliverkit.report.sentences import Sentences

RANK = {"error": 0, "warning": 1, "notice": 2, "info": 3}
"""Severities, worst first."""


class Form:
    """A form that results are written in, one audit after another. It travels to other processes: plain values."""

    __slots__ = ()
    between: ClassVar[str] = ""
    """What stands between two audits."""
    gathers: ClassVar[bool] = False
    """Whether the parts have to be put in another order at the end, so that nothing can be written before."""

    def head(self, say: Sentences) -> str:
        """What comes before the first audit."""
        return ""

    def one(self, audit: Audit | None, data: Data, say: Sentences) -> str:
        """One audit; ``data`` is its entry in ``audits``. ``audit`` is None where only that is left of it."""
        raise NotImplementedError

    def tail(self, totals: Totals, say: Sentences) -> str:
        """What comes after the last."""
        return ""

    def gather(self, parts: list[str], totals: Totals) -> str:
        """Everything, made of all the parts; only where ``gathers``."""
        return "".join(parts)


@dataclass(frozen=True, slots=True)
class Row:
    """One audit, made ready."""

    text: str
    outcome: str
    counts: dict[str, int]
    """Findings that count, by severity."""
    failing: bool
    """There are findings at or above the limit that are not in the baseline."""
    incomplete: bool
    rules: dict[str, str]
    """Ids of all findings, with their titles."""
    new: int = 0
    fixed: int = 0
    ignored: int = 0
    told: tuple[str, ...] = ()
    """What changed since the baseline: lines for a person."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The ``make`` of a plan for the command line: an audit and its order to a row."""

    form: Form
    lang: str = "en"
    fail_on: str = "error"
    profile: Profile = field(default_factory=Profile)
    baseline: Baseline | None = None

    def __call__(self, audit: Audit, order: Order) -> Row:
        """The row of one audit."""
        say = Sentences(load(), self.lang)
        counted, ignored = self.profile.apply(audit, say.knowledge)
        data = bulk_data(counted, order, ignored, say)
        changed = self.baseline.changes(data) if self.baseline else None
        if changed is not None:
            data["changes"] = changes_data(changed)
        return self._row(counted, data, changed, len(ignored), say)

    def again(self, data: Data) -> Row:
        """The row of an audit of which only the data is left."""
        return self._row(
            None, data, self.baseline.changes(data) if self.baseline else None, 0, Sentences(load(), self.lang)
        )

    def _row(self, audit: Audit | None, data: Data, changed: Changes | None, ignored: int, say: Sentences) -> Row:
        return Row(
            text=self.form.one(audit, data, say),
            outcome=data["outcome"],
            counts=dict(Counter(f["severity"] for c in data["checks"] for f in c["findings"])),
            failing=failing(data, self.fail_on, changed),
            incomplete=any(c["outcome"] == Outcome.UNKNOWN for c in data["checks"]) or not data["checks"],
            rules={f["id"]: f["severity"] for c in data["checks"] for f in c["findings"]},
            new=len(changed.new) if changed else 0,
            fixed=len(changed.fixed) if changed else 0,
            ignored=ignored or len(data.get("ignored", ())),
            told=tuple(_told(data["domain"], changed)) if changed and self.baseline else (),
        )

    def broken(self, done: Done[Row]) -> Row:
        """The row of a domain whose audit a bug ended."""
        data: Data = {"domain": done.order.domain, "outcome": "unknown", "checks": [], "platforms": [], "steps": []}
        data |= {"elapsed": round(done.elapsed, 3), "error": done.error, **_source(done.order)}
        text = self.form.one(None, data, Sentences(load(), self.lang))
        return Row(text, "unknown", {}, failing=False, incomplete=True, rules={})


def bulk_data(audit: Audit, order: Order, ignored: tuple[Ignored, ...], say: Sentences) -> Data:
    """An entry of ``audits``, with where the domain was named and what is ignored of it."""
    data = audit_data(audit, say) | _source(order)
    if ignored:
        data["ignored"] = [
            {
                "check": each.check,
                "subject": each.subject,
                "id": each.finding.id,
                "severity": each.finding.severity.value,
                "args": plain(each.finding.args),
                "summary": say.finding(each.finding),
                "reason": each.ignore.reason,
                "until": str(each.ignore.until) if each.ignore.until else None,
            }
            for each in ignored
        ]
    return data


def _source(order: Order) -> Data:
    return {"source": {"file": order.file, "line": order.line}} if order.file is not None else {}


def changes_data(changed: Changes) -> Data:
    """What changed, as data."""
    parts = {"new": changed.new, "fixed": changed.fixed, "unsure": changed.unsure}
    data: Data = {name: [_known_data(k) for k in found] for name, found in parts.items()}
    return data | {"first": changed.first}


def _known_data(each: Known) -> Data:
    return {"check": each.check, "subject": each.subject, "id": each.id, "severity": each.severity}


def failing(data: Data, fail_on: str, changed: Changes | None = None) -> bool:
    """Whether an audit has findings that fail a run, by the rule of ``deliverkit.cli.diagnostics.exit_code``."""
    if fail_on == "never":
        return False
    limit = RANK[fail_on]
    for check in data["checks"]:
        sure = check["outcome"] != "unknown"
        for finding in check["findings"]:
            rank = RANK.get(finding["severity"], 3)
            # What could not be asked is at most a notice; a warning stands whatever else of its check is unknown.
            counts = rank <= limit and (rank <= RANK["warning"] or sure) and check["outcome"] != "not_applicable"
            if counts and (changed is None or known(check, finding) in changed.new):
                return True
    return False


def _told(domain: str, changed: Changes) -> list[str]:
    lines = [] if changed.first else [f"{domain}: + {k.severity} {k.id} ({k.subject})" for k in changed.new]
    return lines + [f"{domain}: - {k.severity} {k.id} ({k.subject})" for k in changed.fixed]


@dataclass(slots=True)
class Totals:
    """The counts of a run."""

    domains: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    severities: Counter[str] = field(default_factory=Counter)
    failing: int = 0
    """Domains with findings that fail the run."""
    incomplete: int = 0
    errors: int = 0
    """Domains whose audit a bug ended."""
    asked: int = 0
    learned: int = 0
    new: int = 0
    fixed: int = 0
    ignored: int = 0
    rules: dict[str, str] = field(default_factory=dict)
    """Ids of all findings met, with their severity."""
    elapsed: float = 0.0
    dropped: int = 0
    """Lines of the input that gave no domain."""
    repeated: int = 0
    left_out: list[Data] = field(default_factory=list)
    """The first of them: file, line, text, why."""

    def add(self, row: Row, done: Done[Row] | None = None) -> None:
        """Count one domain."""
        self.domains += 1
        self.outcomes[row.outcome] += 1
        self.severities.update(row.counts)
        self.failing += row.failing
        self.incomplete += row.incomplete
        self.new += row.new
        self.fixed += row.fixed
        self.ignored += row.ignored
        self.rules.update(row.rules)
        if done is not None:
            self.errors += done.error is not None and not done.late
            self.asked += done.asked
            self.learned += done.learned

    @property
    def silent(self) -> bool:
        """Nothing was learned from all that was asked."""
        return self.asked > 0 and self.learned == 0

    def data(self) -> dict[str, Any]:
        """As JSON types; ``from_data`` reads it back."""
        return {name: dict(v) if isinstance(v := getattr(self, name), Counter) else v for name in self.__slots__}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Totals:
        """The counts of an earlier run."""
        totals = cls(**{k: v for k, v in data.items() if k in cls.__slots__})
        totals.outcomes, totals.severities = Counter(totals.outcomes), Counter(totals.severities)
        return totals
