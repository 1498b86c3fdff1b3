"""One case as a value that changes: the reply, what the user named, the results so far, the checklist.

No widget and no I/O: the screen shows it, the history keeps it, the exports write it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from deliverkit.audit import ALL
from deliverkit.bounces.classify import Classifier
from deliverkit.checks import OF_NAMES, Target
from deliverkit.checks.run import can_run, in_order
from deliverkit.diagnosis import checks_for, explain, join, lists_named, target_of
from deliverkit.knowledge import Knowledge
from deliverkit.language import plural
from deliverkit.model import Bounce, CheckResult, Diagnosis, Finding, Outcome, Proof, Step
from deliverkit.net.resolver import Answer
from deliverkit.session import Network
from deliverkit.session import target as make_target

_NOT_IN_ITS_ZONE = frozenset({"ptr", "ip-blocklists", "domain-blocklists", "recipient-domain", "nameservers"})
"""Checks about names that the domain's own name servers do not hold, or that ask them anyway."""
_BAD = (Outcome.FAIL, Outcome.WARN)


@dataclass(frozen=True, slots=True)
class Given:
    """What the user named, as typed."""

    domain: str = ""
    ip: str = ""
    """One or several, by spaces or commas."""
    selector: str = ""
    recipient: str = ""

    @property
    def ips(self) -> tuple[str, ...]:
        """Each IP."""
        return tuple(re.split(r"[\s,;]+", self.ip.strip())) if self.ip.strip() else ()

    @property
    def selectors(self) -> tuple[str, ...]:
        """Each selector."""
        return tuple(re.split(r"[\s,;]+", self.selector.strip())) if self.selector.strip() else ()

    def target(self, network: Network) -> Target:
        """The same, checked. Raises InputError that names the value."""
        return make_target(
            network, domain=self.domain, ips=self.ips, selectors=self.selectors, recipient=self.recipient
        )


class Mark(StrEnum):
    """How a step of the checklist stands."""

    TODO = "todo"
    ASKING = "asking"
    VERIFIED = "verified"
    STILL_SEEN = "still_seen"
    UNSURE = "unsure"
    """It was asked, and the answer does not tell."""
    PUBLISHED = "published"
    """The domain's own name servers have it; the resolver still remembers what was there before."""
    DONE = "done"
    """The user says so."""

    @property
    def finished(self) -> bool:
        """Nothing is left to do."""
        return self in (Mark.VERIFIED, Mark.DONE)


@dataclass(frozen=True, slots=True)
class Standing:
    """A mark and what there is to say about it."""

    mark: Mark = Mark.TODO
    told: str = ""
    """What is still seen, as a sentence."""
    ttl: int | None = None
    """Seconds for which caches may keep the old answer."""


@dataclass(slots=True)
class CaseFile:
    """The state of a case."""

    text: str
    bounce: Bounce
    given: Given
    target: Target
    names: tuple[str, ...]
    """Checks that the verdict calls for, in the order they are shown, whether or not they can run."""
    diagnosis: Diagnosis
    knowledge: Knowledge
    results: dict[str, CheckResult] = field(default_factory=dict)
    plan: tuple[Step, ...] = ()
    standings: dict[str, Standing] = field(default_factory=dict)
    proven: bool = False
    """Something was proven against it at the first look."""
    whole: bool = False
    """Every check was asked for."""
    key: int | None = None
    """Its number in the history."""

    @classmethod
    def open(
        cls, text: str, bounce: Bounce, given: Given, network: Network, classifier: Classifier, knowledge: Knowledge
    ) -> CaseFile:
        """A new case, explained from the reply alone. Raises InputError for a value in ``given`` that is none."""
        diagnosis = explain(bounce, classifier, knowledge)
        named = given.target(network)
        target = target_of(bounce, diagnosis.evidence, named, diagnosis.verdict.reason)
        names = checks_for(diagnosis.verdict, knowledge)
        case = cls(text, bounce, given, target, names, diagnosis, knowledge)
        case.settle()
        return case

    @property
    def runnable(self) -> tuple[str, ...]:
        """The checks that have something to ask."""
        return tuple(name for name in self.names if can_run(name, self.target))

    @property
    def also_lists(self) -> tuple[str, ...]:
        """Blocklists that the reply names."""
        return lists_named(self.diagnosis.evidence, self.knowledge)

    @property
    def subject(self) -> str:
        """What the case is about, in one word."""
        ips = self.target.ips
        return self.target.domain or (ips[0] if ips else "") or self.target.recipient_domain or ""

    @property
    def missing(self) -> tuple[str, ...]:
        """What would let more checks run: ``domain``, ``ip``."""
        wants_sender = any(not can_run(name, self.target) for name in self.names if name != "recipient-domain")
        return tuple(
            what
            for what, absent in (
                ("domain", wants_sender and not self.target.domain),
                ("ip", not self.target.ips and any(n in self.names for n in ("spf", "ptr", "ip-blocklists"))),
            )
            if absent
        )

    @property
    def mended(self) -> bool:
        """What was proven is gone, and a step was verified."""
        verified = any(standing.mark is Mark.VERIFIED for standing in self.standings.values())
        return self.proven and verified and not any(c.proof is Proof.PROVEN for c in self.diagnosis.causes)

    @property
    def done(self) -> int:
        """Steps that are finished."""
        return sum(self.standing(step).mark.finished for step in self.plan)

    def standing(self, step: Step) -> Standing:
        """How a step stands."""
        return self.standings.get(step.id, Standing())

    def can_ask_owners(self, check: str) -> bool:
        """Whether the domain's own name servers could tell more than the resolver."""
        return self.target.domain is not None and check not in _NOT_IN_ITS_ZONE

    def add(self, given: Given, network: Network) -> None:
        """Take in what the user named now; results of the earlier target go. Raises InputError."""
        named = given.target(network)
        self.given = given
        self.target = target_of(self.bounce, self.diagnosis.evidence, named, self.diagnosis.verdict.reason)
        self.results.clear()
        self.proven = False

    def ask_all(self) -> None:
        """Show every check of an audit that has something to ask, and those that the verdict calls for."""
        wanted = {*self.names, *ALL, "recipient-domain"}
        self.names = tuple(
            name for name in OF_NAMES if name in wanted and (can_run(name, self.target) or name in self.names)
        )
        self.whole = True

    def leave_out(self, names: Iterable[str]) -> None:
        """These checks are not run in this world."""
        self.names = tuple(name for name in self.names if name not in names)

    def take(self, result: CheckResult) -> None:
        """A result is there; what it proves is joined."""
        self.results[result.check] = result
        self._join()

    def settle(self) -> None:
        """The run is over: plan the steps from what is known now.

        Steps that were finished stay in the list, though what asked for them is gone.
        """
        self._join()
        fresh = {step.id: step for step in self.diagnosis.steps}
        kept = [s for s in self.plan if s.id not in fresh and self.standing(s).mark is not Mark.TODO]
        self.plan = (*kept, *fresh.values())

    def judge(self, step: Step, fresh: CheckResult, answers: Sequence[Answer], told: Mapping[str, str]) -> Standing:
        """Take in a fresh look at the check that proves ``step``, and say how the step stands.

        ``told`` has a sentence for each finding id of ``fresh``. The findings that asked for the step must be gone;
        a step that only the reason asked for needs a check without findings against it. A check that came to
        ``unknown`` proves nothing.
        """
        wanted = self._against(step, fresh)
        ttl = lifetime(answers, step, [*wanted, *self._findings(step)])
        self.take(fresh)
        if wanted:
            standing = Standing(Mark.STILL_SEEN, told.get(wanted[0].id, wanted[0].id), ttl)
        elif fresh.outcome in (Outcome.UNKNOWN, Outcome.NOT_APPLICABLE):
            first = next((told[f.id] for f in fresh.findings if f.id in told), "")
            standing = Standing(Mark.UNSURE, first, ttl)
        else:
            standing = Standing(Mark.VERIFIED, "", ttl)
        self.standings[step.id] = standing
        return standing

    def _against(self, step: Step, fresh: CheckResult) -> list[Finding]:
        """The findings for which the step is still to do."""
        if any(because in self.knowledge.findings for because in step.because):
            return [f for f in fresh.findings if f.id in step.because]
        return [f for f in fresh.findings if self.knowledge.findings[f.id].outcome in _BAD]

    def judge_at_owners(self, step: Step, seen: CheckResult) -> Standing:
        """What the domain's own name servers say, after the resolver still gave the old answer.

        Where they have it too, or cannot be asked, the standing stays. Nothing else follows from it: what receivers
        get from their caches is still the old answer.
        """
        standing = self.standing(step)
        settled = seen.outcome not in (Outcome.UNKNOWN, Outcome.NOT_APPLICABLE) and not self._against(step, seen)
        if settled and standing.mark is Mark.STILL_SEEN:
            standing = Standing(Mark.PUBLISHED, standing.told, standing.ttl)
            self.standings[step.id] = standing
        return standing

    def _findings(self, step: Step) -> Iterable[Finding]:
        before = self.results.get(step.verify_check or "")
        return [f for f in before.findings if f.id in step.because] if before else []

    def _join(self) -> None:
        now = self.diagnosis
        results = in_order(self.results.values())
        self.diagnosis = join(self.bounce, now.verdict, now.evidence, results, self.target, self.knowledge)
        self.proven = self.proven or any(cause.proof is Proof.PROVEN for cause in self.diagnosis.causes)


def lifetime(answers: Sequence[Answer], step: Step, findings: Iterable[Finding]) -> int | None:
    """Seconds for which caches may keep what was answered at the names that the step is about."""
    names = {(step.record.name.lower(), step.record.rdtype)} if step.record else set()
    for finding in findings:
        for item in finding.evidence:
            name, _sep, rdtype = item.label.rpartition(" ")
            names.add((name, rdtype))
    ttls = [a.ttl for a in answers if a.ttl is not None and (a.name, a.rdtype) in names]
    return max(ttls, default=None)


def latest(answers: Iterable[Answer]) -> tuple[Answer, ...]:
    """The last look at each question, so that a case that is opened again shows what was seen last."""
    last = {(a.name, a.rdtype, a.asked_server): a for a in answers}
    return tuple(dataclasses.replace(a, elapsed=0.0) for a in last.values())


def duration(seconds: int) -> str:
    """A lifetime in words."""
    if seconds >= 86400:
        count = -(-seconds // 86400)
        return plural("{count} day", "{count} days", count).format(count=count)
    if seconds >= 3600:
        count = -(-seconds // 3600)
        return plural("{count} hour", "{count} hours", count).format(count=count)
    if seconds >= 60:
        count = -(-seconds // 60)
        return plural("{count} minute", "{count} minutes", count).format(count=count)
    return plural("{count} second", "{count} seconds", seconds).format(count=seconds)
