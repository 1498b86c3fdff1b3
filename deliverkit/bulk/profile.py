"""What the configuration makes of an audit: other severities, and findings that somebody decided to live with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from deliverkit.audit import worst
from deliverkit.knowledge import Knowledge
from deliverkit.model import Audit, CheckResult, Finding, Ignore, Outcome, Severity

LEFT_OUT = "ignore"
"""What a severity profile says of findings that nobody wants to see."""
_OUTCOMES = {Severity.ERROR: Outcome.FAIL, Severity.WARNING: Outcome.WARN}


@dataclass(frozen=True, slots=True)
class Ignored:
    """A finding that is there and does not count."""

    check: str
    subject: str
    finding: Finding
    ignore: Ignore


@dataclass(frozen=True, slots=True)
class Profile:
    """Severities by finding id, and the entries of ``[[ignore]]`` that hold today."""

    severities: Mapping[str, str] = field(default_factory=dict)
    ignores: tuple[Ignore, ...] = ()

    def apply(self, audit: Audit, knowledge: Knowledge) -> tuple[Audit, tuple[Ignored, ...]]:
        """The audit as it counts, and what was taken out of it by ``[[ignore]]``.

        Outcomes follow the findings that are left. What could not be asked stays ``unknown`` at any severity.
        """
        if not self.severities and not self.ignores:
            return audit, ()
        ignored: list[Ignored] = []
        checks = tuple(self._check(check, audit.domain, knowledge, ignored) for check in audit.checks)
        left = {finding.id for check in checks for finding in check.findings}
        gone = {finding.id for check in audit.checks for finding in check.findings} - left
        steps = tuple(step for step in audit.steps if not step.because or set(step.because) - gone)
        changed = replace(audit, checks=checks, outcome=worst(c.outcome for c in checks), steps=steps)
        return changed, tuple(ignored)

    def _check(self, check: CheckResult, domain: str, knowledge: Knowledge, ignored: list[Ignored]) -> CheckResult:
        kept: list[Finding] = []
        for finding in check.findings:
            severity = self.severities.get(finding.id)
            ignore = next((each for each in self.ignores if each.covers(finding.id, domain)), None)
            if ignore is not None:
                ignored.append(Ignored(check.check, check.subject, finding, ignore))
            elif severity is None:
                kept.append(finding)
            elif severity != LEFT_OUT:
                kept.append(replace(finding, severity=Severity(severity)))
        if tuple(kept) == check.findings or check.outcome is Outcome.NOT_APPLICABLE:
            return replace(check, findings=tuple(kept))
        said = {self._outcome(finding, knowledge) for finding in kept}
        return replace(check, findings=tuple(kept), outcome=worst(said or {Outcome.PASS}))

    def _outcome(self, finding: Finding, knowledge: Knowledge) -> Outcome:
        said = knowledge.findings[finding.id].outcome
        if finding.id not in self.severities or said is Outcome.UNKNOWN:
            return said
        return _OUTCOMES.get(finding.severity, Outcome.PASS)
