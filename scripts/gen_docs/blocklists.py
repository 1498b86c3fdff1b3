"""blocklists/<id>.md and its index; dead lists too."""

from __future__ import annotations

from deliverkit.knowledge.schema_dns import Blocklist, CodeRange, ListCode
from deliverkit.language import _, marked
from scripts.gen_docs.book import Book, Pages
from scripts.gen_docs.markdown import block, bullets, code, facts, named, page, section, table, text, url

STATUS = {
    "active": marked("answers"),
    "key_required": marked("answers only with an account key"),
    "registration_required": marked("answers only registered name servers"),
    "unreliable": marked("answers are not dependable"),
    "unconfirmed": marked("not confirmed that it answers"),
    "superseded": marked("replaced by another list"),
    "dead": marked("shut down"),
    "no_dns": marked("no DNS zone; a web page only"),
}
KINDS = {"ip4": marked("IPv4 addresses"), "ip6": marked("IPv6 addresses"), "domain": marked("domains")}
DEATHS = {
    "empty": marked("the zone answers nothing"),
    "world": marked("the zone lists the whole world"),
    "parked": marked("the domain is parked or belongs to somebody else"),
    "silent": marked("its name servers do not answer"),
    "unknown": marked("not known what the zone answers"),
}
TEST_BASIS = {
    "operator": marked("documented by the operator"),
    "third_party": marked("seen by a third party"),
    "rfc5782": marked("assumed from RFC 5782"),
    "none": "",
}
ASKABLE = ("active", "key_required", "registration_required", "unreliable", "unconfirmed")


def pages(book: Book) -> Pages:
    """All pages of this kind."""
    yield "blocklists/index.md", _index(book)
    for entry in book.knowledge.blocklists.values():
        yield f"blocklists/{entry.id}.md", _page(book, entry)


def _index(book: Book) -> str:
    lists = list(book.knowledge.blocklists.values())
    parts = [
        (_("Asked by default"), [e for e in lists if e.asked_by_default]),
        (_("Asked when named, or with a key"), [e for e in lists if not e.asked_by_default and e.status in ASKABLE]),
        (
            _("Not asked: dead, replaced, or without DNS"),
            [e for e in lists if not e.asked_by_default and e.status not in ASKABLE],
        ),
    ]
    intro = _(
        "The DNS blocklists and allow lists that deliverkit knows: what each answer means, how to leave a list, "
        "and which lists are dead. A list is believed only after its own test entry has answered."
    )
    sections = [
        section(
            title,
            table(
                [_("list"), _("holds"), _("weight"), _("status")],
                [
                    (
                        book.link("blocklists", e.id, text(e.name)),
                        ", ".join(named(KINDS, kind) for kind in e.kinds),
                        text(book.say.listing(f"weight.{e.weight.value}")),
                        named(STATUS, e.status) + (f", {text(e.since)}" if e.since else ""),
                    )
                    for e in entries
                ],
            ),
        )
        for title, entries in parts
    ]
    return page(_("Blocklists"), intro, *sections, description=intro)


def _said(book: Book, key: str) -> str:
    return text(str(book.knowledge.text("blocklists", book.say.lang).get(key, "")))


def _page(book: Book, entry: Blocklist) -> str:
    return page(
        text(entry.name),
        _dead(book, entry),
        _said(book, f"note.{entry.id}"),
        facts(
            [
                (_("id"), code(entry.id)),
                (_("zone"), code(entry.zone)),
                (_("also known as"), ", ".join(code(alias) for alias in entry.aliases)),
                (_("operator"), text(entry.operator)),
                (_("holds"), ", ".join(named(KINDS, kind) for kind in entry.kinds)),
                (_("kind of list"), text(entry.type)),
                (_("status"), named(STATUS, entry.status)),
                (_("asked by default"), _("yes") if entry.asked_by_default else _("no")),
                (_("weight"), text(book.say.listing(f"weight.{entry.weight.value}"))),
                (_("part of"), book.link("blocklists", entry.component_of) if entry.component_of else ""),
                (_("stands in for, with a key"), book.link("blocklists", entry.stands_for) if entry.stands_for else ""),
                (_("replaced by"), book.link("blocklists", entry.superseded_by) if entry.superseded_by else ""),
                (_("look up a listing"), url(entry.lookup_url or "")),
                (_("as of"), text(entry.as_of)),
            ]
        ),
        _codes(book, entry),
        _tests(entry),
        section(_("How to leave it"), _said(book, f"removal.{entry.id}"), *_removal(entry)),
        section(_("Sources"), bullets(text(source) for source in entry.sources)),
        description=_("{name}: what its answers mean and how to leave it.").format(name=entry.name),
    )


def _dead(book: Book, entry: Blocklist) -> str:
    if entry.status != "dead":
        return ""
    since = f" {text(entry.since)}" if entry.since else ""
    death = _(DEATHS[entry.death or "unknown"]) if (entry.death or "unknown") in DEATHS else text(entry.death or "")
    told = _("deliverkit never asks it: {why}. Take it out of your mail server.").format(why=death)
    return f'!!! danger "{_("Shut down")}{since}"\n    {told}'


def _codes(book: Book, entry: Blocklist) -> str:
    codes = [*entry.codes, *([entry.code_range.code] if entry.code_range else [])]
    bounds = _bounds(entry.code_range) if entry.code_range else ""
    refusal = _("Every answer in {net} is a refusal.").format(net=code(entry.error_net)) if entry.error_net else ""
    return section(
        _("What its answers mean"),
        table([_("answer"), _("kind"), _("label"), _("meaning")], [_code(book, c) for c in codes]),
        bounds,
        refusal,
    )


def _code(book: Book, entry: ListCode) -> tuple[str, str, str, str]:
    return code(entry.a), text(entry.kind.value), text(entry.label), _said(book, f"meaning.{entry.meaning}")


def _bounds(spread: CodeRange) -> str:
    third, fourth = ("-".join(str(n) for n in bounds) for bounds in (spread.third, spread.fourth))
    return _("In {answer} the third octet is {third} and the fourth {fourth}.").format(
        answer=code(spread.code.a), third=third, fourth=fourth
    )


def _tests(entry: Blocklist) -> str:
    if not (entry.test_listed or entry.test_clean):
        return ""
    return section(
        _("How it proves that it answers"),
        facts(
            [
                (_("must be listed"), ", ".join(code(point) for point in entry.test_listed)),
                (_("must not be listed"), ", ".join(code(point) for point in entry.test_clean)),
                (_("known from"), _(TEST_BASIS[entry.test_basis]) if TEST_BASIS.get(entry.test_basis) else ""),
            ]
        ),
        block(f"deliverkit blocklists {_subject(entry)}") if entry.asked_by_default else "",
    )


def _subject(entry: Blocklist) -> str:
    return "example.com" if "domain" in entry.kinds and "ip4" not in entry.kinds else "192.0.2.10"


def _removal(entry: Blocklist) -> list[str]:
    blocks = [url(entry.removal_url)] if entry.removal_url else []
    if entry.removal_paid:
        blocks.append(_("The operator also sells removal. Do not pay: the way above is free."))
    return blocks
