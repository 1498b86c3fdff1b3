"""audit as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from deliverkit.language import plural
from deliverkit.model import Audit, Outcome
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.checks import write_checks
from deliverkit.report.text.layout import ROLES, SYMBOLS, Page, Paint, join, no_paint
from deliverkit.report.text.requirements import write_unmet
from deliverkit.report.text.steps import write_steps


def audit_text(
    audit: Audit, say: Sentences, *, width: int = 80, paint: Paint = no_paint, evidence: bool = False
) -> str:
    """One domain: its checks, then the steps."""
    page = Page(width, paint)
    platforms = join([say.platform(p) for p in audit.platforms], ", ")
    page.banner(
        f"{SYMBOLS[audit.outcome]} {audit.domain} · {say.word(audit.outcome)}",
        join([platforms, f"{audit.elapsed:.1f} s"]),
        ROLES[audit.outcome],
    )
    page.blank()
    write_checks(page, audit.checks, say, evidence=evidence)
    write_unmet(page, audit, say)
    if audit.steps:
        write_steps(page, audit.steps, say)
    return str(page)


def summary_line(audits: Sequence[Audit], say: Sentences) -> str:
    """``3 domains: 1 pass, 1 fail, 1 unknown``."""
    return counts_line(Counter(audit.outcome.value for audit in audits), say)


def counts_line(counts: Mapping[str, int], say: Sentences) -> str:
    """The same of counts by outcome."""
    words = ", ".join(f"{counts[outcome]} {say.word(outcome)}" for outcome in Outcome if counts.get(outcome))
    count = sum(counts.values())
    return plural("{count} domain: {words}", "{count} domains: {words}", count).format(count=count, words=words)
