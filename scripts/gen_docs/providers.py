"""providers/<id>.md, each with its reply rules, and their index."""

from __future__ import annotations

from deliverkit.knowledge.schema import Provider, Rule
from deliverkit.language import _, marked
from scripts.gen_docs.book import Book, Pages, codes_in
from scripts.gen_docs.markdown import block, bullets, code, facts, named, page, section, table, text, url

EXAMPLE_KINDS = {
    "log": marked("seen in a log or a bounce"),
    "page_text": marked("wording of the provider's page; the wire text can differ in small words"),
    "typical": marked("usual wording of this software"),
    "constructed": marked("put together from a published code and its description"),
}

KINDS = {
    "mailbox": "mailbox provider",
    "gateway": "filtering gateway",
    "blocklist": "blocklist",
    "platform": "sending platform",
    "mta": "mail server software",
    "generic": "any server",
}


def pages(book: Book) -> Pages:
    """All pages of this kind."""
    yield "providers/index.md", _index(book)
    for provider in book.knowledge.providers.values():
        yield f"providers/{provider.id}.md", _page(book, provider)


def _index(book: Book) -> str:
    rows = [
        (
            book.link("providers", p.id, text(p.name)),
            code(p.id),
            named(KINDS, p.kind),
            str(len(book.rules_by_provider[p.id])),
        )
        for p in book.knowledge.providers.values()
    ]
    intro = _(
        "Whose replies we know, in the order in which they are recognised. Each page lists the reply rules: "
        "the pattern, an example, the reason it proves, and where that was learned and when."
    )
    return page(
        _("Providers and their replies"),
        intro,
        table([_("provider"), _("id"), _("kind"), _("rules")], rows),
        description=intro,
    )


def _page(book: Book, provider: Provider) -> str:
    rules = book.rules_by_provider[provider.id]
    overview = table(
        [_("rule"), _("code"), _("reason")],
        [(f"[{code(r.id)}](#{r.id})", code(_seen_with(book, r)), book.link("reasons", r.reason)) for r in rules],
    )
    return page(
        text(provider.name),
        facts(
            [
                (_("id"), code(provider.id)),
                (_("kind"), named(KINDS, provider.kind)),
                (_("its mail hosts"), ", ".join(code(m) for m in provider.mx)),
                (_("for senders"), url(provider.postmaster_url or "")),
            ]
        ),
        section(_("Words that only it writes"), *(block(mark) for mark in provider.marks)),
        section(_("Its rules"), overview) if rules else "",
        *(_rule(book, rule) for rule in rules),
        _reuse(book, provider),
        description=_("SMTP replies of {name} and what they mean.").format(name=provider.name),
    )


def _seen_with(book: Book, rule: Rule) -> str:
    return " ".join(codes_in(book.knowledge.rule_info[rule.id].examples[0]))


def _codes(rule: Rule) -> str:
    return " ".join(str(part) for part in (rule.code, rule.enhanced) if part)


def _rule(book: Book, rule: Rule) -> str:
    info = book.knowledge.rule_info[rule.id]
    return "\n\n".join(
        part
        for part in (
            f"## {text(rule.id)} {{#{rule.id}}}",
            book.reason(rule.reason),
            "\n\n".join(block(example) for example in info.examples),
            _("Pattern:"),
            block(rule.pattern),
            facts(
                [
                    (_("codes it wants"), code(_codes(rule))),
                    (
                        _("the example is"),
                        _(EXAMPLE_KINDS[info.example_kind])
                        if info.example_kind in EXAMPLE_KINDS
                        else text(info.example_kind),
                    ),
                    (_("who acts"), text(book.say.word(info.owner)) if info.owner else ""),
                    (_("first to do"), ", ".join(book.fix(fix) for fix in info.fixes)),
                    (_("page of the provider"), url(info.help_url or "")),
                    (_("source"), text(info.source)),
                    (_("as of"), text(info.as_of)),
                    (_("confirmed"), "" if info.confirmed else _("no: no page of the provider says so")),
                ]
            ),
        )
        if part
    )


def _reuse(book: Book, provider: Provider) -> str:
    reuses = [reuse for reuse in book.knowledge.code_reuse.values() if reuse.provider == provider.id]
    return section(
        _("Codes it uses against the registry"),
        bullets(f"{book.links('codes', reuse.codes)}: {text(book.say.code(reuse.id, 'meaning'))}" for reuse in reuses),
    )
