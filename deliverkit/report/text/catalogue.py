"""The catalogue as text: lists of entries, and one entry whole."""

from __future__ import annotations

from collections.abc import Iterable

from deliverkit.fixes import Case, Wanted, steps
from deliverkit.knowledge.schema import BasicCode, EnhancedCode, FindingSpec, Reason
from deliverkit.knowledge.schema_dns import Blocklist
from deliverkit.language import _
from deliverkit.model import Finding
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.layout import Page, Paint, no_paint
from deliverkit.report.text.steps import write_step


def rows(entries: Iterable[tuple[str, str]], *, width: int = 80, paint: Paint = no_paint) -> str:
    """``id   title`` a line."""
    page = Page(width, paint)
    pairs = list(entries)
    pad = min(max((len(key) for key, _ in pairs), default=0) + 2, 40)
    for key, title in pairs:
        page.field(key, title, indent=0, pad=pad, label_role="code")
    return str(page)


def code_text(
    code: EnhancedCode | BasicCode, asked: str, say: Sentences, *, width: int = 80, paint: Paint = no_paint
) -> str:
    """One code: by the book, in the wild, and what it suggests alone."""
    page = Page(width, paint)
    enhanced = isinstance(code, EnhancedCode)
    name = code.name if isinstance(code, EnhancedCode) else code.text
    page.banner(f"{asked} · {name}", code.reference if isinstance(code, EnhancedCode) else code.source, "strong")
    page.para(say.code(code.id, "meaning"), indent=2)
    for part in ("usual", "guide"):
        if text := say.code(code.id, part):
            page.blank()
            page.para(text, indent=2)
    if isinstance(code, EnhancedCode) and not code.registered:
        page.para(_("Not in the IANA registry."), indent=2)
    for reuse in say.knowledge.code_reuse.values():
        if enhanced and any("X" + used[1:] == code.id for used in reuse.codes):
            page.blank()
            page.para(f"{', '.join(reuse.codes)}: {say.code(reuse.id, 'meaning')}", indent=2)
    page.blank()
    if code.reason:
        weak = isinstance(code, EnhancedCode) and code.ambiguous
        alone = _("{reason} (weak: providers put it on many things)") if weak else "{reason}"
        page.field(_("alone says"), f"{alone.format(reason=say.reason(code.reason))}   {code.reason}")
    else:
        page.field(_("alone says"), _("nothing about the cause; the words of the reply decide"))
    where = f"codes/{code.id.lower().replace('.', '-')}"
    page.para(_("docs: {page}").format(page=where), indent=2, role="dim")
    return str(page)


def reason_text(reason: Reason, say: Sentences, *, width: int = 80, paint: Paint = no_paint) -> str:
    """One reason: what it means, the policy, what proves it and what mends it."""
    page = Page(width, paint)
    page.banner(f"{say.category(reason.category)} · {say.reason(reason.id)}", reason.id, "strong")
    page.para(say.reason(reason.id, "meaning", provider=_("the receiving server")), indent=2)
    page.blank()
    page.field(_("who acts"), say.word(reason.owner, "sentence"))
    for label, message, address in (
        (_("after 4xx"), reason.on_4xx, reason.address_4xx),
        (_("after 5xx"), reason.on_5xx, reason.address_5xx),
    ):
        said = _("message: {message}; address: {address}") if message else _("address: {address}")
        page.field(label, said.format(message=say.word(message) if message else "", address=say.word(address)))
    page.field(_("proven by"), ", ".join(reason.checks) or _("no check: only the receiving side can tell"))
    page.field(
        _("findings"), ", ".join(f.id for f in say.knowledge.findings.values() if reason.id in f.explains) or _("none")
    )
    page.field(_("fixes"), ", ".join(reason.fixes))
    page.field(_("other words"), "; ".join(f"{s}: {'|'.join(w)}" for s, w in reason.vocabularies.items()))
    return str(page)


def finding_text(spec: FindingSpec, say: Sentences, *, width: int = 80, paint: Paint = no_paint) -> str:
    """One finding: what it says, why it matters, when it does not, what mends it."""
    page = Page(width, paint)
    blank = Finding(spec.id, spec.severity, {name: f"<{name}>" for name in spec.args})
    page.banner(f"{say.finding(blank, 'title')}", f"{spec.id} · {say.word(spec.severity)}", "strong")
    for part in ("summary", "why", "harmless"):
        if text := say.finding(blank, part):
            page.blank()
            page.para(text, indent=2)
    page.blank()
    page.field(_("check"), spec.check)
    page.field(_("outcome"), say.word(spec.outcome))
    page.field(_("explains"), ", ".join(spec.explains) or _("no refusal by itself"))
    page.field(_("fixes"), ", ".join(spec.fixes) or _("nothing to fix"))
    for reference in spec.references:
        page.field(_("see"), reference)
    return str(page)


def fix_text(fix: str, say: Sentences, *, width: int = 80, paint: Paint = no_paint) -> str:
    """One fix with all its steps, every platform's and provider's variant named."""
    page = Page(width, paint)
    spec = say.knowledge.fixes[fix]
    page.banner(say.fix(fix), say.word(spec.owner), "strong")
    variants = tuple(dict.fromkeys(s.platform for s in spec.steps if s.platform))
    providers = tuple(dict.fromkeys(s.provider for s in spec.steps if s.provider))
    seen: set[str] = set()
    cases = [("", Case())]
    cases += [(_("with {platform}").format(platform=say.platform(p)), Case(platforms=(p,))) for p in variants]
    cases += [(_("for {provider}").format(provider=say.provider(p)), Case(provider=p)) for p in providers]
    for heading, case in cases:
        new = [s for s in steps([Wanted(fix, fix)], case, say.knowledge) if s.id not in seen]
        seen.update(s.id for s in new)
        if heading and new:
            page.blank()
            page.line(f"  {heading}", "strong")
        for step in new:
            write_step(page, step, say, owner=step.owner != spec.owner)
    for reference in spec.references:
        page.field(_("see"), reference)
    return str(page)


def list_text(entry: Blocklist, say: Sentences, *, width: int = 80, paint: Paint = no_paint) -> str:
    """One blocklist: what it is, how it answers, and the way off it."""
    page = Page(width, paint)
    status = say.listing(f"status.{entry.status}") or entry.status.replace("_", " ")
    since = _("{status} since {date}").format(status=status, date=entry.since) if entry.since else status
    page.banner(entry.name, f"{entry.id} · {since}", "strong")
    for label, value in (
        (_("zone"), entry.zone),
        (_("operator"), entry.operator),
        (_("takes"), ", ".join(entry.kinds)),
        (_("weight"), say.listing(f"weight.{entry.weight.value}")),
        (_("look up"), entry.lookup_url),
        (_("removal"), entry.removal_url),
    ):
        if value:
            page.field(label, value)
    for key in (f"note.{entry.id}", f"removal.{entry.id}"):
        if text := say.listing(key):
            page.para(text, indent=2)
    if entry.codes:
        page.blank()
    for code in entry.codes:
        page.field(code.a, f"{code.label}: {say.listing(f'meaning.{code.meaning}') or code.kind}")
    return str(page)
