"""A checked message as text: whether it passes DMARC at a receiver, then the identities, the checks, the steps."""

from __future__ import annotations

from collections.abc import Mapping

from deliverkit.checks.message_auth import Verdict
from deliverkit.language import _
from deliverkit.message_audit import MessageAudit
from deliverkit.model import Finding, Outcome, Severity
from deliverkit.report.clean import one_line
from deliverkit.report.message import answer, meaning
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.checks import write_checks
from deliverkit.report.text.layout import ROLES, SYMBOLS, Page, Paint, no_paint
from deliverkit.report.text.steps import write_steps

MAX_SAID = 12
"""Results of the receiver that are explained."""


def message_text(
    found: MessageAudit, say: Sentences, *, width: int = 80, paint: Paint = no_paint, evidence: bool = False
) -> str:
    """One message."""
    page = Page(width, paint)
    audit = found.audit
    name = found.author or _("no author")
    file = found.source.rpartition("/")[2]
    page.banner(f"{SYMBOLS[audit.outcome]} {name} · {say.word(audit.outcome)}", file, ROLES[audit.outcome])
    for sentence in answer(found, say):
        page.para(sentence, indent=2)
    page.blank()
    _identities(page, found, say)
    page.blank()
    write_checks(page, audit.checks, say, evidence=evidence)
    _hints(page, found, say)
    _said(page, found, say)
    if audit.steps:
        write_steps(page, audit.steps, say)
    return str(page)


def _identities(page: Page, found: MessageAudit, say: Sentences) -> None:
    if found.headers:
        page.field(_("subject"), one_line(found.headers.subject, 200) or "–")
        page.field("From", ", ".join(one_line(box.address, 100) for box in found.headers.from_addresses) or "–")
    if found.spf:
        result = found.spf.evaluation.result.value if found.spf.evaluation else "?"
        page.field("MAIL FROM", f"{one_line(found.spf.domain or '–', 100)} · SPF {result}")
        page.field(_("delivered by"), found.spf.delivery.ip or "–")
    for signature in found.dkim.signatures if found.dkim else ():
        verdict = _verdict(signature.verdict, say)
        page.field(
            "DKIM", f"d={one_line(signature.domain or '?', 100)} s={one_line(signature.selector, 60)} · {verdict}"
        )


def _verdict(verdict: Verdict, say: Sentences) -> str:
    """The word for what a signature came to."""
    words: Mapping[str, str] = say.knowledge.text("message", say.lang).get("signature", {})
    return words.get(verdict.value, verdict.value)


_HINTS = ("message-subject-", "message-content-phrases", "message-link-http", "message-reply-to-differs")
"""Findings of severity info that are worth a line of their own."""


def _hints(page: Page, found: MessageAudit, say: Sentences) -> None:
    """What is no fault, and could still be better."""
    findings = [finding for result in found.audit.checks for finding in result.findings]
    hints = [f for f in findings if _is_hint(f, say)]
    if hints:
        page.blank()
        page.para(_("Hints"), indent=2, role="dim")
    for finding in hints[:MAX_SAID]:
        page.para(f"- {say.finding(finding)}", indent=4, hang=2)


def _is_hint(finding: Finding, say: Sentences) -> bool:
    told = finding.id.startswith("message-dmarc")
    notice = finding.severity is Severity.NOTICE and say.knowledge.findings[finding.id].outcome is Outcome.PASS
    return not told and (notice or finding.id.startswith(_HINTS))


def _said(page: Page, found: MessageAudit, say: Sentences) -> None:
    said = found.said.said if found.said else ()
    if not said:
        return
    page.blank()
    page.para(_("What the receiver said"), indent=2, role="dim")
    for each in said[:MAX_SAID]:
        label = one_line(f"{each.method}={each.result}", 40)
        page.field(label, meaning(each.word, say) or one_line(each.identity, 100), indent=4, pad=18)
