"""The pages of one check and of one fix, as marked text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from deliverkit.language import _
from deliverkit.model import Audit, CheckResult, Finding, Outcome, RequirementState, Step
from deliverkit.report.clean import one_line
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.layout import ROLES, SYMBOLS, Page
from deliverkit.report.text.steps import write_step
from deliverkit_tui.pages import mark
from deliverkit_tui.proof import facts_of

_ORDER = (Outcome.FAIL, Outcome.WARN, Outcome.UNKNOWN, Outcome.PASS, Outcome.NOT_APPLICABLE)
MAX_FINDINGS = 60
"""Findings of one check that are told; blocklists of many addresses have more."""


def check_page(result: CheckResult, say: Sentences, width: int) -> str:
    """One check: its outcome, then every finding with its evidence, worst first."""
    page = Page(width, mark)
    head = f"{SYMBOLS[result.outcome]} {result.check} · {say.word(result.outcome)}"
    page.banner(head, f"{result.subject} · {result.elapsed:.1f} s", ROLES[result.outcome])
    page.para(say.word(result.outcome, "sentence"), indent=2, role="dim")
    specs = say.knowledge.findings
    ranked = sorted(result.findings, key=lambda f: _ORDER.index(specs[f.id].outcome))
    for finding in ranked[:MAX_FINDINGS]:
        _finding(page, finding, specs[finding.id].outcome, say)
    if len(ranked) > MAX_FINDINGS:
        page.blank()
        page.para(
            _("and {ranked} more findings; the exported audit has them all").format(ranked=len(ranked) - MAX_FINDINGS),
            role="dim",
        )
    blocks = facts_of(result, say)
    if blocks:
        page.blank()
        page.line(_("What was seen"), "strong")
    for block in blocks:
        if block.gap:
            page.blank()
        for line in block.content.plain.splitlines():
            indent = 2 + block.indent
            if block.whole:
                page.para(line, indent=indent, hang=2)
            else:
                # A tree is read by its branches; the whole record stands below, with what was asked.
                room = page.width - indent
                page.line(" " * indent + (line if len(line) <= room else line[: room - 1] + "…"))
    _asked(page, ranked[:MAX_FINDINGS])
    return str(page)


def _finding(page: Page, finding: Finding, outcome: Outcome, say: Sentences) -> None:
    page.blank()
    page.banner(f"{SYMBOLS[outcome]} {say.finding(finding, 'title')}", finding.id, ROLES[outcome])
    page.para(say.finding(finding), indent=2)
    for part in ("why", "harmless"):
        if text := say.finding(finding, part):
            page.para(text, indent=2, role="dim")
    fixes = say.knowledge.findings[finding.id].fixes
    if fixes:
        page.field(_("mended by"), ", ".join(fixes), pad=11)


def _asked(page: Page, findings: Sequence[Finding]) -> None:
    """Every answer behind the findings once, with the line that asks the same."""
    items = list(dict.fromkeys(item for finding in findings for item in finding.evidence))
    if items:
        page.blank()
        page.line(_("What was asked"), "strong")
    for item in items:
        page.para(one_line(item.label, 120), indent=2, hang=2)
        for line in item.value.splitlines() or [""]:
            page.para(line, indent=4, hang=2, role="code")
        if item.dig:
            page.para(f"$ {one_line(item.dig)}", indent=4, hang=2, role="dim")


def fix_page(fix: str, steps: Sequence[Step], say: Sentences, width: int) -> str:
    """One fix: who acts, why it is here, and its steps in full."""
    page = Page(width, mark)
    if not steps:
        page.para(say.fix(fix), role="strong")
        return str(page)
    page.banner(say.fix(fix, steps[0].args), fix, "strong")
    page.field(_("who acts"), say.word(steps[0].owner, "sentence"), pad=11)
    page.field(_("because"), ", ".join(dict.fromkeys(b for step in steps for b in step.because)), pad=11)
    for step in steps:
        page.blank()
        write_step(page, step, say, owner=step.owner != steps[0].owner)
    return str(page)


def demand_cells(audit: Audit, say: Sentences) -> list[tuple[str, str]]:
    """The row of what mailbox providers demand: what is not met, else what is."""
    counts = Counter(requirement.state for requirement in audit.requirements)
    unmet = counts[RequirementState.NOT_MET]
    shown = RequirementState.NOT_MET if unmet else RequirementState.MET
    outcome = Outcome.FAIL if unmet else Outcome.PASS
    told = " · ".join(f"{counts[state]} {say.word(state)}" for state in RequirementState if counts[state])
    head = f"{SYMBOLS[outcome]} {counts[shown]}", ROLES[outcome]
    return [head, (_("demands"), ""), (_("what mailbox providers demand: {counts}").format(counts=told), "")]


def copies(steps: Sequence[Step]) -> list[tuple[str, str]]:
    """What of a fix one would copy, each with its name: records to publish first, then commands and addresses."""
    records = [
        (
            s.record.value,
            _("the {rdtype} record of {name}").format(rdtype=s.record.rdtype, name=one_line(s.record.name, 80)),
        )
        for s in steps
        if s.record
    ]
    commands = [(s.command, _("the command")) for s in steps if s.command]
    return records + commands + [(s.url, _("the address")) for s in steps if s.url]
