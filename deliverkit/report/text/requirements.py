"""The demands of mailbox providers as text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from deliverkit.knowledge.schema_dns import RequirementSpec
from deliverkit.language import _, plural
from deliverkit.model import Audit, Requirement, RequirementState
from deliverkit.report.clean import one_line
from deliverkit.report.requirements import SYMBOLS, by_provider, fixes_for, reply_text, title
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.layout import Page, Paint, no_paint

ROLES = {
    RequirementState.MET: "good",
    RequirementState.NOT_MET: "bad",
    RequirementState.UNKNOWN: "unknown",
    RequirementState.CANNOT_BE_SEEN: "dim",
}


def requirements_text(
    audit: Audit, requirements: Sequence[Requirement], say: Sentences, *, width: int = 80, paint: Paint = no_paint
) -> str:
    """How one domain stands to every demand: provider by provider, and for what is not met the reply and the fix."""
    page = Page(width, paint)
    page.banner(audit.domain, _counts(requirements, say), "strong")
    for provider, group in by_provider(requirements):
        page.blank()
        page.line(f"  {say.provider(provider)}", "strong")
        for requirement in group:
            _write(page, requirement, say)
    return str(page)


def _counts(requirements: Sequence[Requirement], say: Sentences) -> str:
    counts = {state: sum(r.state is state for r in requirements) for state in RequirementState}
    return " · ".join(f"{count} {say.word(state)}" for state, count in counts.items() if count)


def _write(page: Page, requirement: Requirement, say: Sentences) -> None:
    state = requirement.state
    head = f"    {SYMBOLS[state]} {say.word(state):<15}"
    page.field(head, title(requirement, say), indent=0, pad=len(head) + 1, label_role=ROLES[state])
    if state is not RequirementState.NOT_MET:
        return
    page.para(say.requirement(requirement.id, "sentence"), indent=8, role="dim")
    if reply := reply_text(requirement.reply, say.knowledge):
        page.field(_("reply"), one_line(reply, 300), indent=8, pad=8)
    for fix in fixes_for(requirement, say.knowledge)[:2]:
        page.command(f"deliverkit fix {fix}", indent=8)


def write_unmet(page: Page, audit: Audit, say: Sentences) -> None:
    """For an audit: one row a provider with the demands that are not met, or one line when all that can be seen is."""
    if not audit.requirements:
        return
    page.blank()
    unmet = [r for r in audit.requirements if r.state is RequirementState.NOT_MET]
    if not unmet:
        met = sum(r.state is RequirementState.MET for r in audit.requirements)
        open_ = len(audit.requirements) - met
        text = plural(
            "Of what mailbox providers demand, {met} can be seen to be met and none to be not; {open} is open.",
            "Of what mailbox providers demand, {met} can be seen to be met and none to be not; {open} are open.",
            open_,
        )
        page.para(text.format(met=met, open=open_), indent=2, hang=2, role="dim")
        return
    page.line("  " + _("What mailbox providers demand and do not get"), "strong")
    rows = [(say.provider(p), "; ".join(title(r, say) for r in group)) for p, group in by_provider(unmet)]
    pad = min(28, max(len(name) for name, _titles in rows) + 2)
    for name, titles in rows:
        page.field(name, titles, indent=4, pad=pad)
    page.command(f"deliverkit requirements {audit.domain}", indent=4)


def catalogue_text(
    specs: Sequence[RequirementSpec], say: Sentences, *, width: int = 80, paint: Paint = no_paint
) -> str:
    """The catalogue: every demand in full, with its date and its source."""
    page = Page(width, paint)
    for provider, group in groupby(sorted(specs, key=lambda s: s.provider), key=lambda s: s.provider):
        page.blank()
        page.line(say.provider(provider), "strong")
        members = list(group)
        for spec in members:
            said = say.requirement(spec.id)
            page.para(_("{demand} (bulk mail)").format(demand=said) if spec.bulk else said, indent=2, hang=2)
            page.para(say.requirement(spec.id, "sentence"), indent=4, role="dim")
            if spec.since:
                page.para(_("in force since {day}").format(day=spec.since), indent=4, role="dim")
        for source, day in dict.fromkeys((spec.source, spec.as_of) for spec in members):
            page.command(source, indent=2)
            page.para(_("as of {day}").format(day=day), indent=4, role="dim")
    return str(page)
