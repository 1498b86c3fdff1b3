"""Check results as rows, each with its findings under it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from deliverkit.model import CheckResult, Finding, Outcome, Severity
from deliverkit.report.clean import one_line
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.layout import ROLES, SYMBOLS, Page

MOST_ALIKE = 3
"""Findings shown of one kind where all is well: one for each of the first IPs."""


def write_checks(
    page: Page,
    results: Iterable[CheckResult],
    say: Sentences,
    *,
    evidence: bool = False,
    told: Collection[Finding] = (),
) -> None:
    """A row a check: name, symbol, word, and its most telling finding; further ones under it.

    ``told`` are findings that the page has told in full already: here their titles are enough.
    """
    results = tuple(results)
    column = max([18, *(len(result.check) + 2 for result in results)])
    # As wide as the longest word of the language, so that no row stands out of line.
    widest = max(len(say.word(outcome)) for outcome in Outcome)
    for result in results:
        shown = _telling(result, say)
        word = say.word(result.outcome)
        head = f"  {result.check:<{column}}{SYMBOLS[result.outcome]} {word:<{widest + 2}}"
        lines = [say.finding(f, "title" if f in told else "summary") for f in shown]
        page.field(
            head,
            (lines or [say.word(result.outcome, "sentence")])[0],
            indent=0,
            pad=len(head) + 1,
            label_role=ROLES[result.outcome],
        )
        for line in lines[1:]:
            page.field("", line, indent=0, pad=len(head) + 1)
        if evidence:
            _evidence(page, shown)


def _telling(result: CheckResult, say: Sentences) -> list[Finding]:
    """Findings that a reader of this outcome needs, worst first: what is fine is told only where all is."""
    order = list(Severity)
    ranked = sorted(result.findings, key=lambda f: (_rank(f, say), order.index(f.severity)))
    loud = [f for f in ranked if say.knowledge.findings[f.id].outcome in (Outcome.FAIL, Outcome.WARN, Outcome.UNKNOWN)]
    return loud or [f for f in ranked if f.id == ranked[0].id][:MOST_ALIKE]


def _rank(finding: Finding, say: Sentences) -> int:
    return [Outcome.FAIL, Outcome.UNKNOWN, Outcome.WARN, Outcome.PASS, Outcome.NOT_APPLICABLE].index(
        say.knowledge.findings[finding.id].outcome
    )


def _evidence(page: Page, findings: Iterable[Finding]) -> None:
    for item in dict.fromkeys(e for f in findings for e in f.evidence):
        page.value(one_line(item.label, 60), "", indent=7, pad=0, role="dim")
        page.para(one_line(item.value, 600), indent=9)
        if item.dig:
            page.command(item.dig, indent=9)
