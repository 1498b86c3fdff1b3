"""Catalogue: all that deliverkit knows, found as you type, with links from entry to entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal

from deliverkit.language import _
from deliverkit.report.clean import one_line
from deliverkit_tui.catalogue_index import KINDS, PLURALS, VERBS, CatalogueIndex, Entry, catalogue
from deliverkit_tui.commands import command
from deliverkit_tui.grid_layout import Column
from deliverkit_tui.screens.place import PaletteAction, Place
from deliverkit_tui.widgets.chips import ALL, Chip, Chips
from deliverkit_tui.widgets.filter_input import FilterInput
from deliverkit_tui.widgets.page_view import PageView
from deliverkit_tui.widgets.row_grid import Cell, RowGrid
from deliverkit_tui.widgets.split import Split

_COLUMNS = (
    Column("kind", "", 8, drop=54),
    Column("id", "id", 28, 22, shrink=2),
    Column("title", _("what it is"), 30, 14, flex=1),
)
_KEPT = 100
"""Entries that can be gone back to."""


class CatalogueScreen(Place):
    """Everything that deliverkit knows, without the network."""

    TITLE_TEXT = _("Catalogue")
    CSS_PATH = "catalogue.tcss"
    HELP = _(
        "Type what you look for: a code (`5.7.26`), words of a meaning (`greylist`), the name of a list or platform. "
        "`Down` leads to the rows, `Enter` reads the entry of the row.\n\n"
        "In an entry, underlined ids are links: `Up` and `Down` go from one to the next, `Enter` or a click follows. "
        "`Backspace` goes back to the entry before. `f` and the words below the input show one kind only."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", _("Search"), key_display="/", id="catalogue.search"),
        Binding("f", "kind(1)", _("Kind"), id="catalogue.kind"),
        Binding("backspace,left", "before", _("Entry before"), key_display="⌫", id="catalogue.before"),
        Binding("F", "kind(-1)", _("Kind before"), show=False, id="catalogue.kind-back"),
    ]

    def __init__(self, query: str = "") -> None:
        super().__init__()
        self._query = one_line(query, 200)
        self._found: list[Entry] = []
        self._trail: list[str] = []
        self._shown: str | None = None

    @property
    def index(self) -> CatalogueIndex:
        """All entries."""
        return catalogue(self.kit.lang)

    @property
    def entry(self) -> str | None:
        """Key of the entry that is shown."""
        return self._shown

    # ------------------------------------------------------------------ frame

    def compose_body(self) -> ComposeResult:
        """Search, kinds, rows, and the entry of the row."""
        yield FilterInput(_("Search: a code, an id, words · all of it offline"), id="search")
        with Horizontal(id="kinds-line"):
            kinds = [Chip(kind, PLURALS[kind], always=True) for kind in KINDS]
            yield Chips([Chip(ALL, _("all"), always=True), *kinds], id="kinds")
        grid = RowGrid(
            _COLUMNS, self._cells, empty=_("Nothing has these words. Try fewer, or another kind with f."), id="rows"
        )
        yield Split(grid, PageView(target=self._target, id="entry"), beside=116, id="panes")

    def on_mount(self) -> None:
        """Begin with the query; one that is an id opens its entry."""
        key = self._query if self._query in self.index else self.index.find(self._query) if self._query else None
        box = self.query_one("#search", FilterInput)
        if key:
            self._search()
            self._jump(key)
            self.call_after_refresh(self.query_one(Split).read)
        else:
            box.value = self._query
            self._search()
            box.focus()

    def subject(self) -> str:
        """How much there is."""
        return (
            _("{count} of {total} entries").format(count=len(self._found), total=len(self.index.entries))
            if self._found
            else ""
        )

    def command_line(self) -> str:
        """``deliverkit findings ID`` and the like."""
        if self._shown is None:
            return ""
        kind, _sep, ident = self._shown.partition(":")
        return command(VERBS[kind], ident) if kind in VERBS else ""

    def palette_actions(self) -> Iterable[PaletteAction]:
        """Copying what is read."""
        yield _("Copy the entry as text"), _("The page that is shown"), self._copy_page

    def _copy_page(self) -> None:
        self.kit.copy(self.query_one(PageView).text, _("the entry"))

    # ------------------------------------------------------------------ search

    @on(FilterInput.Changed, "#search")
    @on(Chips.Chosen)
    def _typed(self) -> None:
        self._search()

    def _search(self) -> None:
        hits = self.index.search(self.query_one("#search", FilterInput).value)
        counts = Counter(entry.kind for entry in hits)
        chips, grid = self.query_one(Chips), self.query_one("#rows", RowGrid)
        chips.count({**counts, ALL: len(hits)})
        self._found = hits if chips.chosen == ALL else [e for e in hits if e.kind == chips.chosen]
        keys = [entry.key for entry in self._found]
        grid.set_rows(keys, cursor=keys[0] if keys else None)
        self.refresh_frame()
        if keys:
            self._show(keys[0])

    def _cells(self, key: str) -> list[Cell]:
        entry = self.index[key]
        return [(entry.kind, "dim"), (entry.id, "code"), (entry.title, "")]

    @on(FilterInput.Left)
    def _to_rows(self, event: FilterInput.Left) -> None:
        if event.escaped:
            self.action_back()
        else:
            self.query_one("#rows", RowGrid).focus()

    def action_search(self) -> None:
        """To the input."""
        self.query_one(Split).remove_class("-reading")
        self.query_one("#search", FilterInput).focus()

    def action_kind(self, by: int) -> None:
        """The next kind."""
        self.query_one(Chips).cycle(by)

    # ------------------------------------------------------------------ the entry

    @on(RowGrid.Highlighted)
    def _moved(self, event: RowGrid.Highlighted) -> None:
        if event.key and event.by_hand:
            self._trail.clear()
            self._show(event.key)

    @on(RowGrid.Selected)
    def _read(self, event: RowGrid.Selected) -> None:
        if event.key:
            self._show(event.key)
            self.query_one(Split).read()

    def _show(self, key: str) -> None:
        self._shown = key
        self.query_one(PageView).show(lambda width: self.index.page(key, width))
        self.refresh_command()

    def _target(self, word: str) -> str | None:
        link = self.index.link(word)
        return None if link == self._shown else link

    @on(PageView.Followed)
    def _follow(self, event: PageView.Followed) -> None:
        if self._shown:
            self._trail = [*self._trail[-_KEPT:], self._shown]
        self._jump(event.link)

    def _jump(self, key: str) -> None:
        """Show an entry, with the cursor of the rows on it where it is among them."""
        self.query_one("#rows", RowGrid).set_rows([entry.key for entry in self._found], cursor=key)
        self._show(key)

    def action_before(self) -> None:
        """The entry from which a link led here; else back to the rows."""
        if self._trail:
            self._jump(self._trail.pop())
        elif self.query_one(Split).reading:
            self.query_one(Split).leave()

    def action_back(self) -> None:
        """Through the trail of links, out of the entry, then to the place before."""
        split = self.query_one(Split)
        if self._trail:
            self.action_before()
        elif split.reading and not self._query_was_id():
            split.leave()
        else:
            super().action_back()

    def _query_was_id(self) -> bool:
        """The place was opened for one entry: one step back leads out of it."""
        return bool(self._query) and (self._query in self.index or self.index.find(self._query) is not None)
