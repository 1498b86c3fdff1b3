"""explain and diagnose as text."""

from __future__ import annotations

from deliverkit.language import _
from deliverkit.model import Cause, Confidence, Diagnosis, MessageAction, Outcome, Proof
from deliverkit.report.clean import one_line
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.checks import write_checks
from deliverkit.report.text.layout import SYMBOLS, Page, Paint, join, no_paint
from deliverkit.report.text.steps import write_steps


def explanation(diagnosis: Diagnosis, say: Sentences, *, width: int = 80, paint: Paint = no_paint) -> str:
    """What a reply means and what to do, from the reply alone."""
    page = Page(width, paint)
    _banner(page, diagnosis, say)
    _decision(page, diagnosis, say)
    if diagnosis.steps:
        write_steps(page, diagnosis.steps, say, full=2)
    _footer(page, diagnosis)
    return str(page)


def diagnosis_text(
    diagnosis: Diagnosis, say: Sentences, *, width: int = 80, paint: Paint = no_paint, full: int = 3
) -> str:
    """The verdict, what the checks proved, and the steps, the first ``full`` fixes whole."""
    page = Page(width, paint)
    _banner(page, diagnosis, say)
    page.blank()
    for cause in diagnosis.causes:
        _cause(page, cause, diagnosis, say)
    page.blank()
    write_checks(page, diagnosis.checks, say, told=[f for cause in diagnosis.causes for f in cause.findings])
    if diagnosis.not_asked:
        page.para(
            _("not asked: {checks} (--checks all asks every one that can be)").format(
                checks=", ".join(diagnosis.not_asked)
            ),
            indent=2,
            role="dim",
        )
    page.blank()
    _decision(page, diagnosis, say)
    write_steps(page, diagnosis.steps, say, full=full)
    _footer(page, diagnosis)
    return str(page)


def _banner(page: Page, diagnosis: Diagnosis, say: Sentences) -> None:
    verdict, reply = diagnosis.verdict, diagnosis.bounce.reply
    symbol, role = _mark(diagnosis)
    codes = join([str(reply.code) if reply.code else None, reply.enhanced_code], " ")
    page.banner(
        f"{symbol} {say.category(verdict.category)} · {say.reason(verdict.reason)}",
        join([say.provider(verdict.provider), codes, say.word(verdict.confidence)]),
        role,
    )
    sender = say.provider(verdict.provider) or _("The receiving server")
    page.para(say.reason(verdict.reason, "sentence", provider=sender), indent=2)


def _mark(diagnosis: Diagnosis) -> tuple[str, str]:
    verdict = diagnosis.verdict
    if verdict.confidence is Confidence.NONE:
        return SYMBOLS[Outcome.UNKNOWN], "unknown"
    if verdict.message_action is None:
        return SYMBOLS[Outcome.NOT_APPLICABLE], "dim"
    if verdict.message_action is MessageAction.RETRY:
        return SYMBOLS[Outcome.WARN], "warn"
    return SYMBOLS[Outcome.FAIL], "bad"


def _decision(page: Page, diagnosis: Diagnosis, say: Sentences) -> None:
    verdict, evidence = diagnosis.verdict, diagnosis.evidence
    page.blank()
    if verdict.message_action:
        page.field(_("this message"), say.word(verdict.message_action, "sentence"))
    page.field(_("this address"), say.word(verdict.address_action, "sentence"))
    page.field(_("who acts"), say.word(verdict.owner, "sentence"))
    because = f'"{one_line(evidence.matched, 200)}"' if evidence.matched else say.word(verdict.basis, "sentence")
    rule = _("rule {id}").format(id=evidence.rule) if evidence.rule else ""
    page.field(_("because"), join([because, rule], "   "))
    for name, value in evidence.groups.items():
        page.field(f"  {name}", one_line(value, 200))
    info = say.knowledge.rule_info.get(evidence.rule or "")
    if info and not info.confirmed:
        page.field("", _("This wording is not confirmed by the provider's own pages."))
    if verdict.also_possible:
        page.field(_("also possible"), "; ".join(say.reason(a.reason) for a in verdict.also_possible))
    if evidence.rule is None:
        _codes(page, diagnosis, say)


def _codes(page: Page, diagnosis: Diagnosis, say: Sentences) -> None:
    """What the codes mean by the book, where no wording decided."""
    reply = diagnosis.bounce.reply
    entry = say.knowledge.enhanced_code(reply.enhanced_code or "")
    if entry:
        page.field(f"{reply.enhanced_code}", f"{entry.name}. {say.code(entry.id, 'meaning')}")
        for part in ("usual", "guide"):
            if text := say.code(entry.id, part):
                page.field("", text)
        for reuse in say.knowledge.code_reuse.values():
            if reply.enhanced_code in reuse.codes and (text := say.code(reuse.id, "meaning")):
                page.field("", text)
    basic = say.knowledge.basic_codes.get(str(reply.code or ""))
    if basic:
        page.field(basic.id, say.code(basic.id, "meaning"))


def _cause(page: Page, cause: Cause, diagnosis: Diagnosis, say: Sentences) -> None:
    word = say.word(cause.proof)
    for finding in cause.findings:
        page.field(
            word.upper(), say.finding(finding), indent=0, pad=14, role="strong" if cause.proof is Proof.PROVEN else ""
        )
    if cause.findings:
        return
    title = say.reason(cause.reason)
    page.field(word.upper(), f"{title}. {say.word(cause.proof, 'sentence')}", indent=0, pad=14)


def _footer(page: Page, diagnosis: Diagnosis) -> None:
    page.blank()
    page.para(_("docs: {page}").format(page=f"reasons/{diagnosis.verdict.reason}"), indent=2, role="dim")
