"""platforms/<id>.md and its index."""

from __future__ import annotations

from deliverkit.knowledge.schema_dns import Platform
from deliverkit.language import _, marked
from scripts.gen_docs.book import Book, Pages
from scripts.gen_docs.markdown import block, bullets, code, facts, page, section, table, text

GUESS = {
    "yes": marked("yes, they are fixed"),
    "partly": marked("for some customers"),
    "no": marked("no, each customer has their own"),
}


def pages(book: Book) -> Pages:
    """All pages of this kind."""
    yield "platforms/index.md", _index(book)
    for platform in book.knowledge.platforms.values():
        yield f"platforms/{platform.id}.md", _page(book, platform)


def _index(book: Book) -> str:
    rows = [
        (book.link("platforms", p.id, text(p.name)), code(p.id), ", ".join(code(i) for i in p.spf_include))
        for p in sorted(book.knowledge.platforms.values(), key=lambda p: p.name.casefold())
    ]
    intro = _(
        "Platforms that send or host mail, and the marks by which DNS gives them away. "
        "Fixes speak of the platform a domain uses."
    )
    return page(
        _("Sending platforms"), intro, table([_("platform"), _("id"), _("SPF include")], rows), description=intro
    )


def _page(book: Book, platform: Platform) -> str:
    return page(
        text(platform.name),
        text(str(book.words("platforms", platform.id).get("note", ""))),
        section(
            _("How it is recognised"),
            facts(
                [
                    (_("id"), code(platform.id)),
                    (_("SPF include"), ", ".join(code(mark) for mark in platform.spf_include)),
                    (_("mail hosts"), ", ".join(code(mark) for mark in platform.mx)),
                    (_("DKIM selectors"), ", ".join(code(mark) for mark in platform.dkim_selectors)),
                    (
                        _("selectors worth asking for"),
                        _(GUESS[platform.selector_guess])
                        if platform.selector_guess in GUESS
                        else text(platform.selector_guess),
                    ),
                    (_("DKIM keys lead to"), ", ".join(code(mark) for mark in platform.dkim_cname_suffix)),
                    (_("tokens in TXT"), ", ".join(code(mark) for mark in platform.verification_txt_prefix)),
                ]
            ),
        ),
        section(
            _("Records it asks for"), _("Values in angle brackets are your own."), block("\n".join(platform.records))
        )
        if platform.records
        else "",
        _steps(book, platform),
        section(
            _("Source"),
            text(platform.source) + (f", {text(platform.as_of)}" if platform.as_of else ""),
            "" if platform.confirmed else _("**Not confirmed** by the platform's own pages."),
        ),
        section(_("Not confirmed"), bullets(text(part) for part in platform.unconfirmed_parts)),
        description=_("How DNS shows that {name} sends or receives mail for a domain.").format(name=platform.name),
    )


def _steps(book: Book, platform: Platform) -> str:
    fixes = [fix.id for fix in book.knowledge.fixes.values() if any(s.platform == platform.id for s in fix.steps)]
    return section(_("Fixes with steps for it"), bullets(book.fix(fix) for fix in fixes))
