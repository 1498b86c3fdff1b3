"""Platforms and providers of the catalogue as text: by what DNS or a reply gives them away."""

from __future__ import annotations

from deliverkit.knowledge.schema import Provider
from deliverkit.knowledge.schema_dns import Platform
from deliverkit.language import _
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.layout import Page, Paint, no_paint

MAX_REPLIES = 200
"""Replies of one provider that are told."""


def platform_text(platform: Platform, say: Sentences, *, width: int = 80, paint: Paint = no_paint) -> str:
    """One sending platform: its marks in DNS, what to publish for it, what to know."""
    page = Page(width, paint)
    page.banner(platform.name, platform.id, "strong")
    note = say.knowledge.text("platforms", say.lang).get(platform.id, {}).get("note", platform.note)
    if note:
        page.para(note, indent=2)
    page.blank()
    for label, values in (
        (_("in SPF"), platform.spf_include),
        (_("MX hosts"), platform.mx),
        (_("selectors"), (*platform.dkim_selectors, *platform.dkim_selector_shapes)),
        (_("keys at"), platform.dkim_cname_suffix),
        (_("token"), platform.verification_txt_prefix),
    ):
        if values:
            page.field(label, ", ".join(values))
    if platform.records:
        page.blank()
        page.line("  " + _("to publish"), "dim")
        for record in platform.records:
            page.para(record, indent=4, hang=2, role="code")
    page.blank()
    page.field(_("source"), f"{platform.source}, {platform.as_of}")
    if platform.unconfirmed_parts:
        page.field(_("not confirmed"), ", ".join(platform.unconfirmed_parts))
    return str(page)


def provider_text(provider: Provider, say: Sentences, *, width: int = 80, paint: Paint = no_paint) -> str:
    """One provider: how it is recognised, and the replies of it that are known, each with its reason."""
    page = Page(width, paint)
    page.banner(provider.name, f"{provider.id} · {provider.kind}", "strong")
    for label, text in (
        (_("MX hosts"), ", ".join(provider.mx)),
        (_("postmaster"), provider.postmaster_url or ""),
        (_("family"), provider.family),
    ):
        if text:
            page.field(label, text)
    rules = [rule for rule in say.knowledge.rules if rule.provider == provider.id]
    page.field(_("replies known"), str(len(rules)))
    for rule in rules[:MAX_REPLIES]:
        page.blank()
        page.banner(f"  {say.reason(rule.reason)}", rule.reason, "strong")
        info = say.knowledge.rule_info[rule.id]
        for example in info.examples[:1]:
            page.para(example, indent=4, hang=2)
        page.para(_("rule {id}, {date}").format(id=rule.id, date=info.as_of), indent=4, role="dim")
    return str(page)
