"""codes/<x-7-26 or 550>.md and their index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from deliverkit.knowledge.schema import BasicCode, CodePart, CodeReuse, EnhancedCode
from deliverkit.language import _, marked
from scripts.gen_docs.book import Book, Pages, code_page
from scripts.gen_docs.markdown import bullets, code, facts, named, page, section, table, text

CLASS_USE = {
    "transient": marked("temporary failures only"),
    "permanent": marked("permanent failures only"),
    "either": marked("temporary and permanent failures"),
    "success": marked("success"),
}


def pages(book: Book) -> Pages:
    """All pages of this kind."""
    yield "codes/index.md", _index(book)
    for enhanced in book.knowledge.enhanced_codes.values():
        yield f"codes/{code_page(enhanced.id)}.md", _enhanced(book, enhanced)
    for basic in book.knowledge.basic_codes.values():
        yield f"codes/{basic.id}.md", _basic(book, basic)


def _index(book: Book) -> str:
    k = book.knowledge
    registered = [c for c in k.enhanced_codes.values() if c.registered]
    private = [c for c in k.enhanced_codes.values() if not c.registered]
    head = [_("code"), _("name"), _("alone it suggests")]
    intro = _(
        "What the codes in a reply mean by the book, who uses them for something else, and what one alone suggests. "
        "The words of a reply prove more than its code."
    )
    return page(
        _("Codes"),
        intro,
        section(
            _("Enhanced status codes"),
            _("The first number is the class, the second the subject, the third the detail."),
            _digits(book, "class", _("class"), k.code_classes),
            _digits(book, "subject", _("subject"), k.code_subjects),
            _("X stands for the class."),
            table(head, _rows(book, registered)),
        ),
        section(_("Private codes of providers"), _("Not in the registry."), table(head, _rows(book, private))),
        section(_("Reply codes"), table(head, _rows(book, k.basic_codes.values()))),
        _reuse_table(book, k.code_reuse.values()),
        description=intro,
    )


def _range(entry: EnhancedCode) -> str:
    ends = {"first": code(entry.id), "last": code(entry.range_end or "")}
    return _("{first} to {last}").format(**ends) if entry.range_end else ""


def _ambiguous() -> str:
    told = _("Servers put this code on many different refusals. Read the words of the reply.")
    return f'!!! warning "{_("Proves little alone")}"\n    {told}'


def _digits(book: Book, part: str, label: str, entries: Mapping[str, CodePart]) -> str:
    rows = [(code(e.id), text(e.name), text(book.say.code(f"{part}-{e.id}", "meaning"))) for e in entries.values()]
    return table([label, _("name"), _("meaning")], rows)


def _rows(book: Book, entries: Iterable[EnhancedCode | BasicCode]) -> list[tuple[str, str, str]]:
    return [
        (
            book.link("codes", entry.id),
            text(entry.name if isinstance(entry, EnhancedCode) else entry.text),
            book.link("reasons", entry.reason) if entry.reason else "",
        )
        for entry in entries
    ]


def _enhanced(book: Book, entry: EnhancedCode) -> str:
    own = code_page(entry.id)
    return page(
        f"{_printed(entry)[0]}: {text(entry.name)}",
        text(book.say.code(entry.id, "meaning")),
        text(book.say.code(entry.id, "usual")),
        _ambiguous() if entry.ambiguous else "",
        facts(
            [
                (_("in replies"), ", ".join(code(c) for c in _printed(entry))),
                (_("in the registry"), code(entry.id)),
                (_("registry"), _("registered") if entry.registered else _("not registered")),
                (_("private code of"), book.link("providers", entry.provider) if entry.provider else ""),
                (_("speaks for the range"), _range(entry)),
                (_("defined for"), named(CLASS_USE, entry.class_use)),
                (_("reply codes beside it"), ", ".join(_beside(book, basic) for basic in entry.basic)),
                (_("defined in"), text(entry.reference)),
                (_("alone it suggests"), book.reason(entry.reason) if entry.reason else _("nothing")),
                (_("with class 4"), book.reason(entry.reason_4xx) if entry.reason_4xx else ""),
            ]
        ),
        _guides(book, entry.id),
        _reuse(book, own),
        _rules(book, own),
        _origin(entry.source, entry.as_of, entry.confirmed),
        description=f"{' '.join(_printed(entry))} {entry.name}: {book.say.code(entry.id, 'meaning')}",
    )


def _printed(entry: EnhancedCode) -> list[str]:
    """As servers print the code, the usual class first: that is what people search for."""
    digits = {"transient": "45", "success": "2"}.get(entry.class_use, "54")
    return [digit + entry.id[1:] for digit in digits]


def _basic(book: Book, entry: BasicCode) -> str:
    return page(
        f"{entry.id}: {text(entry.text)}",
        text(book.say.code(entry.id, "meaning")),
        text(book.say.code(entry.id, "usual")),
        _ambiguous() if entry.ambiguous else "",
        facts(
            [
                (_("kind"), text(entry.kind)),
                (_("alone it suggests"), book.reason(entry.reason) if entry.reason else _("nothing")),
            ]
        ),
        _guides(book, entry.id),
        _reuse(book, entry.id),
        _rules(book, entry.id),
        _origin(entry.source, "", entry.confirmed),
        description=f"{entry.id} {entry.text}",
    )


def _beside(book: Book, basic: str) -> str:
    return book.link("codes", basic) if basic.isdigit() else text(basic)


def _guides(book: Book, code_id: str) -> str:
    return section(_("Some guides read it as"), text(book.say.code(code_id, "guide")))


def _reuse(book: Book, own: str) -> str:
    return section(
        _("Who uses it for something else"),
        bullets(
            f"{', '.join(code(c) for c in reuse.codes)}: {_meant(book, reuse)} {_('Source:')} {text(reuse.source)}"
            for reuse in book.reuse_by_code[own]
        ),
    )


def _meant(book: Book, reuse: CodeReuse) -> str:
    provider = (
        f"{book.link('providers', reuse.provider, text(book.say.provider(reuse.provider)))}: " if reuse.provider else ""
    )
    reason = f" ({book.link('reasons', reuse.reason)})" if reuse.reason else ""
    return f"{provider}{text(book.say.code(reuse.id, 'meaning'))}{reason}"


def _reuse_table(book: Book, reuses: Iterable[CodeReuse]) -> str:
    rows = [(", ".join(book.link("codes", c, code(c)) for c in reuse.codes), _meant(book, reuse)) for reuse in reuses]
    return section(_("Used against the registry"), table([_("codes"), _("meant as")], rows))


def _rules(book: Book, own: str) -> str:
    groups: dict[str, list[str]] = {}
    for rule in book.rules_by_code[own]:
        groups.setdefault(rule.reason, []).append(book.rule_link(rule))
    rows = [(book.link("reasons", reason), ", ".join(rules)) for reason, rules in groups.items()]
    return section(_("Replies with it that we know"), table([_("reason"), _("rules")], rows))


def _origin(source: str, as_of: str, confirmed: bool) -> str:
    said = ", ".join(part for part in (text(source), as_of, "" if confirmed else _("**not confirmed**")) if part)
    return section(_("Source"), said)
