"""reference/keys.md: every key of the interactive screen, by the id that the configuration names it with."""

from __future__ import annotations

from deliverkit import language
from deliverkit.language import SOURCE, _, marked
from scripts.gen_docs.book import Book, Pages
from scripts.gen_docs.markdown import code, page, section, table, text

INTRO = marked(
    "What every key of the [interactive screen](../howto/screen.md) does, and the id by which `[keys]` in the "
    'configuration gives it another one: `"case.export" = "ctrl+e"`. Several keys are separated by commas.'
)
_PLACES = {
    "app": marked("Everywhere"),
    "place": marked("On every screen"),
    "start": marked("Start"),
    "intake": marked("The input of the start screen"),
    "case": marked("Case"),
    "checks": marked("Checks of a case"),
    "evidence": marked("Evidence of a case"),
    "steps": marked("Steps of a case"),
    "audit": marked("Audit"),
    "domain": marked("Domain"),
    "blocklists": marked("Blocklists"),
    "bounces": marked("Bounces"),
    "catalogue": marked("Catalogue"),
    "history": marked("History"),
    "grid": marked("Tables"),
    "page": marked("Texts"),
    "filter": marked("The filter of a table"),
    "export": marked("Exports"),
}


def pages(book: Book) -> Pages:
    """The one page of this kind."""
    rows: dict[str, list[tuple[str, str, str]]] = {}
    for ident, key, does in _keys(book.say.lang):
        shown = " ".join(code(one) for one in key.split(","))
        rows.setdefault(ident.partition(".")[0], []).append((shown, text(_(does)), code(ident)))
    order = [place for place in _PLACES if place in rows] + sorted(rows.keys() - _PLACES.keys())
    heads = (_("key"), _("does"), _("id"))
    parts = [section(_(_PLACES[p]) if p in _PLACES else p, table(heads, rows[p])) for p in order]
    yield (
        "reference/keys.md",
        page(
            _("Keys of the screen"), _(INTRO), *parts, description=_("Every key of the interactive screen and its id.")
        ),
    )


def _keys(lang: str) -> list[tuple[str, str, str]]:
    """As the screens name them in the source language: a description is translated once, when its module is loaded."""
    language.use(SOURCE)
    try:
        from deliverkit_tui.keys import keys

        return [(key.id, key.key, key.does) for key in keys().values()]
    finally:
        language.use(lang)
