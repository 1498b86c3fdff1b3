"""blocklists/<id>.md and its index; dead lists too."""

from __future__ import annotations

from deliverkit.knowledge.schema_dns import Blocklist, CodeRange, ListCode
from scripts.gen_docs.book import Book, Pages
from scripts.gen_docs.markdown import block, bullets, code, facts, page, section, table, text, url

STATUS = {
    "active": "answers",
    "key_required": "answers only with an account key",
    "registration_required": "answers only registered name servers",
    "unreliable": "answers are not dependable",
    "unconfirmed": "not confirmed that it answers",
    "superseded": "replaced by another list",
    "dead": "shut down",
    "no_dns": "no DNS zone; a web page only",
}
KINDS = {"ip4": "IPv4 addresses", "ip6": "IPv6 addresses", "domain": "domains"}
DEATHS = {
    "empty": "the zone answers nothing",
    "world": "the zone lists the whole world",
    "parked": "the domain is parked or belongs to somebody else",
    "silent": "its name servers do not answer",
    "unknown": "not known what the zone answers",
}
TEST_BASIS = {
    "operator": "documented by the operator",
    "third_party": "seen by a third party",
    "rfc5782": "assumed from RFC 5782",
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
        ("Asked by default", [e for e in lists if e.asked_by_default]),
        ("Asked when named, or with a key", [e for e in lists if not e.asked_by_default and e.status in ASKABLE]),
        (
            "Not asked: dead, replaced, or without DNS",
            [e for e in lists if not e.asked_by_default and e.status not in ASKABLE],
        ),
    ]
    intro = (
        "The DNS blocklists and allow lists that deliverkit knows: what each answer means, how to leave a list, "
        "and which lists are dead. A list is believed only after its own test entry has answered."
    )
    sections = [
        section(
            title,
            table(
                ["list", "holds", "weight", "status"],
                [
                    (
                        book.link("blocklists", e.id, text(e.name)),
                        ", ".join(KINDS.get(kind, text(kind)) for kind in e.kinds),
                        text(e.weight.value),
                        STATUS.get(e.status, text(e.status)) + (f", {text(e.since)}" if e.since else ""),
                    )
                    for e in entries
                ],
            ),
        )
        for title, entries in parts
    ]
    return page("Blocklists", intro, *sections, description=intro)


def _said(book: Book, key: str) -> str:
    return text(str(book.knowledge.text("blocklists", book.say.lang).get(key, "")))


def _page(book: Book, entry: Blocklist) -> str:
    return page(
        text(entry.name),
        _dead(book, entry),
        _said(book, f"note.{entry.id}"),
        facts(
            [
                ("id", code(entry.id)),
                ("zone", code(entry.zone)),
                ("also known as", ", ".join(code(alias) for alias in entry.aliases)),
                ("operator", text(entry.operator)),
                ("holds", ", ".join(KINDS.get(kind, text(kind)) for kind in entry.kinds)),
                ("kind of list", text(entry.type)),
                ("status", STATUS.get(entry.status, text(entry.status))),
                ("asked by default", "yes" if entry.asked_by_default else "no"),
                ("weight", text(entry.weight.value)),
                ("part of", book.link("blocklists", entry.component_of) if entry.component_of else ""),
                ("stands in for, with a key", book.link("blocklists", entry.stands_for) if entry.stands_for else ""),
                ("replaced by", book.link("blocklists", entry.superseded_by) if entry.superseded_by else ""),
                ("look up a listing", url(entry.lookup_url or "")),
                ("as of", text(entry.as_of)),
            ]
        ),
        _codes(book, entry),
        _tests(entry),
        section("How to leave it", _said(book, f"removal.{entry.id}"), *_removal(entry)),
        section("Sources", bullets(text(source) for source in entry.sources)),
        description=f"{entry.name}: what its answers mean and how to leave it.",
    )


def _dead(book: Book, entry: Blocklist) -> str:
    if entry.status != "dead":
        return ""
    since = f" {text(entry.since)}" if entry.since else ""
    death = DEATHS.get(entry.death or "unknown", text(entry.death or ""))
    return f'!!! danger "Shut down{since}"\n    deliverkit never asks it: {death}. Take it out of your mail server.'


def _codes(book: Book, entry: Blocklist) -> str:
    codes = [*entry.codes, *([entry.code_range.code] if entry.code_range else [])]
    bounds = _bounds(entry.code_range) if entry.code_range else ""
    refusal = f"Every answer in {code(entry.error_net)} is a refusal." if entry.error_net else ""
    return section(
        "What its answers mean",
        table(["answer", "kind", "label", "meaning"], [_code(book, c) for c in codes]),
        bounds,
        refusal,
    )


def _code(book: Book, entry: ListCode) -> tuple[str, str, str, str]:
    return code(entry.a), text(entry.kind.value), text(entry.label), _said(book, f"meaning.{entry.meaning}")


def _bounds(spread: CodeRange) -> str:
    third, fourth = ("-".join(str(n) for n in bounds) for bounds in (spread.third, spread.fourth))
    return f"In {code(spread.code.a)} the third octet is {third} and the fourth {fourth}."


def _tests(entry: Blocklist) -> str:
    if not (entry.test_listed or entry.test_clean):
        return ""
    return section(
        "How it proves that it answers",
        facts(
            [
                ("must be listed", ", ".join(code(point) for point in entry.test_listed)),
                ("must not be listed", ", ".join(code(point) for point in entry.test_clean)),
                ("known from", TEST_BASIS.get(entry.test_basis, text(entry.test_basis))),
            ]
        ),
        block(f"deliverkit blocklists {_subject(entry)}") if entry.asked_by_default else "",
    )


def _subject(entry: Blocklist) -> str:
    return "example.com" if "domain" in entry.kinds and "ip4" not in entry.kinds else "192.0.2.10"


def _removal(entry: Blocklist) -> list[str]:
    blocks = [url(entry.removal_url)] if entry.removal_url else []
    if entry.removal_paid:
        blocks.append("The operator also sells removal. Do not pay: the way above is free.")
    return blocks
