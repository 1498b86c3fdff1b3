"""The platforms of a domain as text, and one entry of their catalogue."""

from __future__ import annotations

from deliverkit.checks.platform_parts import Part, PlatformFacts, PlatformParts, State
from deliverkit.knowledge.schema_dns import Platform
from deliverkit.language import _
from deliverkit.model import Audit, Outcome
from deliverkit.report.clean import one_line
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.checks import write_checks
from deliverkit.report.text.layout import ROLES, SYMBOLS, Page, Paint, no_paint
from deliverkit.report.text.steps import write_steps

_OUTCOMES = {
    State.DONE: Outcome.PASS,
    State.MISSING: Outcome.FAIL,
    State.DIFFERENT: Outcome.WARN,
    State.ABSENT: Outcome.NOT_APPLICABLE,
    State.PER_ACCOUNT: Outcome.UNKNOWN,
    State.UNKNOWN: Outcome.UNKNOWN,
}


def platforms_text(audit: Audit, say: Sentences, *, width: int = 80, paint: Paint = no_paint) -> str:
    """One domain: a part a platform with its records, what was noticed, and the steps."""
    page = Page(width, paint)
    page.banner(f"{SYMBOLS[audit.outcome]} {audit.domain} · {say.word(audit.outcome)}", "", ROLES[audit.outcome])
    for check in audit.checks:
        facts = check.facts
        for each in facts.found if isinstance(facts, PlatformFacts) else ():
            page.blank()
            _platform(page, each)
    page.blank()
    write_checks(page, audit.checks, say)
    if audit.steps:
        write_steps(page, audit.steps, say)
    return str(page)


def _platform(page: Page, each: PlatformParts) -> None:
    page.banner(f"  {each.name}", standing(each), "strong")
    page.para(_("known by {seen}").format(seen=one_line(each.seen, 120)), indent=4, role="dim")
    for part in each.parts:
        outcome = _OUTCOMES[part.state]
        head = f"    {SYMBOLS[outcome]} {part_word(part):<13}"
        page.field(
            head, f"{one_line(part.name)} {part.rdtype}: {state_text(part)}", indent=0, label_role=ROLES[outcome]
        )


def standing(each: PlatformParts) -> str:
    """A word for the whole platform."""
    if not each.sends:
        return _("does not send, as far as DNS shows")
    if each.complete is None:
        return _("only partly known")
    return _("complete") if each.complete else _("not complete")


def part_word(part: Part) -> str:
    """The word for a kind of record."""
    words = {"spf": _("SPF"), "dkim": _("DKIM"), "return_path": _("return path"), "tracking": _("tracking")}
    return words.get(part.part, part.part)


def state_text(part: Part) -> str:
    """How it stands with one record, in words."""
    wanted = one_line(part.value, 200)
    match part.state:
        case State.DONE:
            return _("there")
        case State.MISSING if wanted and part.part == "spf":
            return _("missing; include:{value} should stand there").format(value=wanted)
        case State.MISSING if wanted:
            return _("missing; {value} should stand there").format(value=wanted)
        case State.MISSING:
            return _("missing")
        case State.DIFFERENT:
            return _("something else stands there: {found}").format(found=one_line(part.found, 120))
        case State.ABSENT:
            return _("not there, which need not be a fault")
        case State.PER_ACCOUNT:
            return _("the name differs per customer; give --selector")
        case State.UNKNOWN:
            return _("could not be asked")


def platform_text(entry: Platform, say: Sentences, *, width: int = 80, paint: Paint = no_paint) -> str:
    """One platform of the catalogue: its marks, and the records that it asks for."""
    page = Page(width, paint)
    page.banner(entry.name, entry.id, "strong")
    for label, values in (
        (_("SPF"), entry.spf_include),
        (_("MX"), entry.mx),
        (_("selectors"), (*entry.dkim_selectors, *entry.dkim_selector_shapes)),
        (_("aliases"), entry.dkim_cname_suffix),
    ):
        if values:
            page.field(label, ", ".join(values))
    for record in entry.records:
        page.value(_("record"), record, indent=2, pad=15)
    if note := str(say.knowledge.text("platforms", say.lang).get(entry.id, {}).get("note", "")):
        page.blank()
        page.para(note, indent=2)
    page.field(_("as of"), entry.as_of)
    return str(page)
