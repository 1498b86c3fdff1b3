"""Bounces: a mailbox, a log, a folder or a file of events, counted, ranked and opened up."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Static

from deliverkit.errors import DeliverkitError
from deliverkit.language import _
from deliverkit_tui.bounce_pages import page
from deliverkit_tui.bounce_table import (
    INCIDENTS,
    LABELS,
    TITLES,
    UNKNOWN,
    VIEWS,
    WHY,
    BounceTable,
    Filter,
    chips,
    columns,
    headline,
    only_of,
)  # fmt: skip
from deliverkit_tui.casefile import Given
from deliverkit_tui.commands import command
from deliverkit_tui.files import state_file
from deliverkit_tui.messages import Failed, Figures, Finished
from deliverkit_tui.meter import progress
from deliverkit_tui.screens.bounce_ways import HINTS, WHAT, BounceWays
from deliverkit_tui.screens.place import PaletteAction
from deliverkit_tui.widgets.chips import Chips
from deliverkit_tui.widgets.crumbs import Crumbs
from deliverkit_tui.widgets.filter_input import FilterInput
from deliverkit_tui.widgets.page_view import PageView
from deliverkit_tui.widgets.path_input import PathInput
from deliverkit_tui.widgets.row_grid import Cell, RowGrid
from deliverkit_tui.widgets.split import Split
from deliverkit_tui.words import complaint, folded, row, text

if TYPE_CHECKING:
    from deliverkit_tui.bounce_reading import Seen

_KEPT = 12
"""Summaries that are kept, so that a filter taken back is there at once."""


class _Before(NamedTuple):
    """Where one was before a filter was set."""

    view: str
    key: str | None


class BouncesScreen(BounceWays):
    """Many bounces."""

    TITLE_TEXT = _("Bounces")
    CSS_PATH = "bounces.tcss"
    HELP = _("""
# Bounces

Give a **mailbox**, a mail server's **log**, a **folder** (a Maildir too) or a file of **events** of a sending platform;
packed ones will do. Nothing leaves this machine.

`f` and the words above the rows go from view to view: **why** the mail was refused, the **incidents** (the same words,
whomever they were said to), what was **not understood**, the addresses that are **alive** though they were labelled
hard, and the bounces by provider, reply, sending domain, IP and day.

`Enter` on a group looks only at it, and `Esc` takes that back. `Enter` on an incident opens it as a case. `/` filters
the rows by words. `Tab` leads to the text about the row.
""")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", _("Filter"), key_display="/", id="bounces.filter"),
        Binding("f,right", "cycle(1)", _("View"), key_display="f", id="bounces.view"),
        Binding("e", "export", _("Export"), id="bounces.export"),
        Binding("F,left", "cycle(-1)", _("View before"), show=False, id="bounces.view-back"),
        Binding("c", "copy_rule", _("Copy the drafted rule, or the words"), show=False, id="bounces.copy"),
        Binding("w", "write_rules", _("Write all drafted rules to a file"), show=False, id="bounces.write-rules"),
        Binding("i", "another", _("Another file or folder"), show=False, id="bounces.another"),
        Binding("r", "again", _("Read it again"), show=False, id="bounces.again"),
        Binding("x", "stop", _("Stop reading"), show=False, id="bounces.stop"),
    ]

    def __init__(self, path: str = "") -> None:
        super().__init__()
        self._given = path
        self.path = ""
        self.view = WHY
        """The view that is shown: another one was perhaps chosen a moment ago, and its rows are not there yet."""
        self.table: BounceTable | None = None
        self.filters: tuple[Filter, ...] = ()
        self._before: list[_Before] = []
        self._summaries: dict[tuple[Filter, ...], BounceTable] = {}
        self.running = False
        self.stopped = False
        self._progress: Figures | None = None
        self._seen: Seen | None = None

    @property
    def has_rows(self) -> bool:
        """Something was read."""
        return bool(self.path)

    # ------------------------------------------------------------------ frame

    def compose_body(self) -> ComposeResult:
        """Input, totals, filters, rows and what is known about the row of the cursor."""
        yield PathInput(_("A mailbox, a log, a folder or a file of events · Enter reads"), id="asked")
        yield Static(id="headline")
        yield Chips(chips(), id="chips")
        with Horizontal(id="filters"):
            yield Crumbs(id="crumbs")
            yield FilterInput(_("/ filter"), id="filter")
        grid = RowGrid(columns(WHY), self._cells, empty=_("Nothing read yet."), id="rows")
        yield Split(grid, PageView(target=self._target, id="about"), beside=140, id="panes")
        yield Static(id="meter")

    def on_mount(self) -> None:
        """Begin with the path that was given."""
        box = self.query_one("#asked", Input)
        box.border_title = _("File or folder")
        if self._given:
            box.value = self._given
            self.open_path(self._given)
        else:
            self.query_one("#headline", Static).update(text(WHAT))
            box.focus()

    def source(self) -> str:
        """Nothing is asked here."""
        return ""

    def subject(self) -> str:
        """The path."""
        return self.path

    def command_line(self) -> str:
        """``deliverkit bounces PATH --only …``."""
        if not self.path:
            return ""
        path = f"./{self.path}" if self.path.startswith("-") else self.path
        only = [part for name, value in self.filters for part in ("--only", f"{name}={value}")]
        return command("bounces", path, *only)

    def palette_actions(self) -> Iterable[PaletteAction]:
        """The views by name, and taking back the filters."""
        counts = self.table.counts() if self.table else {}
        for view in VIEWS:
            if counts.get(view):
                yield _("Show: {view}").format(view=TITLES[view]), "", partial(self.query_one(Chips).choose, view)
        if self.filters:
            yield _("Look at everything again"), _("takes back all filters"), partial(self._look_at, ())

    def _cells(self, key: str) -> list[Cell]:
        return self.table.cells(key, self.view) if self.table is not None else []

    def _target(self, word: str) -> str | None:
        known = self.kit.say.knowledge
        return word if word in known.reasons or word in known.fixes else None

    # ------------------------------------------------------------------ reading

    @on(Input.Submitted, "#asked")
    def _submitted(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.open_path(event.value)

    def open_path(self, path: str) -> None:
        """Read another file or folder from its start."""
        from deliverkit_tui.bounce_reading import checked

        box = self.query_one("#asked", Input)
        try:
            found = checked(path.strip())
        except DeliverkitError as error:
            box.border_subtitle = complaint(error)[:200].replace("[", r"\[")
            box.add_class("-wrong")
            box.focus()
            self.query_one("#headline", Static).update(row(("✗ ", "bad"), (complaint(error), "")))
            return
        box.remove_class("-wrong")
        box.border_subtitle = ""
        self.path = found
        self._summaries.clear()
        self._before.clear()
        self._seen = None
        self.query_one(FilterInput).value = ""
        self.query_one(Chips).choose(WHY)
        self.add_class("-done")
        self.query_one("#rows", RowGrid).focus()
        self._look_at(())

    def _look_at(self, filters: tuple[Filter, ...]) -> None:
        """Show what is left under these filters: at once where that was read already."""
        self.core.cancel()
        self.filters = filters
        if not filters:
            self._before.clear()
        self.table = self._summaries.get(filters)
        self.running, self.stopped, self._progress = self.table is None, False, None
        if self.table is None:
            self._read()
        self._update()

    def _read(self) -> None:
        from deliverkit_tui.bounce_reading import Seen, Wish, reading

        if self._seen is None:
            self._seen = Seen(state_file("known-incidents.json"))
        wish = Wish(self.path, only_of(self.filters), self._seen)
        self.core.run_alone(reading(wish, self.kit.say))

    @on(Figures)
    def _figures(self, message: Figures) -> None:
        if not self.core.is_current(message):
            return
        self._progress = message
        if message.data is None:
            self._tell_meter()
            return
        self.table = BounceTable(message.data, self.kit.say)
        if message.whole:
            self.running = False
            self._summaries[self.filters] = self.table
            if self._seen is not None and self._seen.wrong is not None:
                self.kit.tell_once(complaint(self._seen.wrong))
            for old in list(self._summaries)[1:-_KEPT]:  # the first is the whole
                del self._summaries[old]
        self._update()

    @on(Finished)
    def _finished(self, message: Finished) -> None:
        if self.core.is_current(message):
            self.running = False
            self._update()

    @on(Failed)
    def _failed(self, message: Failed) -> None:
        if self.core.is_current(message):
            self.running, self.stopped = False, True
            self._update()
            told = f"{message.message.rstrip('.')}. {message.advice}".strip()
            self.query_one("#headline", Static).update(row(("✗ ", "bad"), (told, "")))

    def action_stop(self) -> None:
        """Stop reading; what is counted stays, and is said to be a part."""
        if self.running:
            self.core.cancel()
            self.running, self.stopped = False, True
            self._update()

    def action_again(self) -> None:
        """Read it again: a log grows."""
        if self.path:
            self._summaries.clear()
            self._look_at(self.filters)

    # ------------------------------------------------------------------ showing

    def _update(self) -> None:
        line = self.query_one("#headline", Static)
        if self.table is not None:
            parts = headline(self.table.data)
            if self.stopped:
                parts.append((_("only a part: reading was stopped, r reads again"), "warn"))
            line.update(folded(parts, self.size.width - 2))
        elif self.running:
            line.update(row((_("Reading…"), "dim")))
        self.reorder()
        self._tell_meter()
        self.refresh_frame()

    def on_resize(self) -> None:
        """Fold the totals anew."""
        if self.table is not None:
            self._update()

    def reorder(self) -> None:
        """Show the rows of the view that the typed words leave."""
        grid, view = self.query_one("#rows", RowGrid), self.query_one(Chips).chosen
        self.view = view
        grid.columns = columns(view, rated=self.table is not None and self.table.rated(view))
        named = [f"{LABELS[n]} {BounceTable.label_of(self.kit.say, n, v)}" for n, v in self.filters]
        self.query_one(Crumbs).show(named, HINTS.get(view, _("Enter looks only at it · Tab reads on")))
        grid.empty = self._empty()
        if self.table is not None:
            grid.set_rows(self.table.keys(view, self.query_one(FilterInput).value))
            self.query_one(Chips).count(self.table.counts())
        else:
            grid.set_rows([])
        self._show(keep=True)

    def _empty(self) -> str:
        if self.running:
            return _("Reading…")
        if self.table is None:
            return _("Nothing read yet.")
        if self.query_one(FilterInput).value:
            return _("No row has these words; Esc in the filter empties it.")
        if not self.table.data["events"]:
            return _("Nothing that tells of a delivery or a bounce is in there.")
        return _("No bounces here.") if self.view == WHY else _("Nothing here; f goes on to the next view.")

    def _tell_meter(self) -> None:
        meter = self.query_one("#meter", Static)
        meter.display = self.running
        if self.running and self._progress is not None:
            meter.update(progress(self._progress))
        elif self.running:
            meter.update(row((_("Reading… x stops"), "dim")))

    def _show(self, *, keep: bool = False) -> None:
        key, view = self.query_one("#rows", RowGrid).cursor_key, self.query_one(PageView)
        table, of = self.table, self.view
        if table is None or key is None:
            view.show(None)
        else:
            view.show(lambda width: page(table, key, of, width), keep=keep)

    @on(RowGrid.Highlighted)
    def _moved(self) -> None:
        self._show()

    # ------------------------------------------------------------------ into the rows

    @on(RowGrid.Selected)
    def _opened(self, event: RowGrid.Selected) -> None:
        if event.key is None or self.table is None:
            return
        # By the row, not by the view: whoever types fast may have chosen another one meanwhile.
        if event.key.partition(":")[0] in (INCIDENTS, UNKNOWN):
            self._open_case(event.key)
        elif found := self.table.filter_of(event.key):
            self._add(found, event.key)
        else:
            self.query_one(Split).read()

    def _open_case(self, key: str) -> None:
        incident = self.table.row(key) if self.table else None
        if incident is None:
            return
        named = dict(self.filters)
        given = Given(named.get("sending_domain", ""), named.get("ip", ""))
        if self.kit.open_case(incident["example"], given):
            # What stands in a log need not be a domain that can be asked about.
            self.kit.open_case(incident["example"])

    def _add(self, found: Filter, key: str) -> None:
        if found in self.filters:
            self.query_one(Split).read()
            return
        self._before.append(_Before(self.view, key))
        self.query_one(FilterInput).value = ""
        self.query_one(Chips).choose(INCIDENTS if found.name in ("category", "reason") else WHY)
        self._look_at((*self.filters, found))

    @on(Crumbs.Removed)
    def _removed(self, event: Crumbs.Removed) -> None:
        self._take_back(event.index)

    def _take_back(self, index: int) -> None:
        before = self._before.pop(index) if index < len(self._before) else _Before(WHY, None)
        self.query_one(Chips).choose(before.view)
        self._look_at(self.filters[:index] + self.filters[index + 1 :])
        grid = self.query_one("#rows", RowGrid)
        if before.key:
            grid.move_to(before.key)
        grid.focus()

    def clear_filters(self) -> bool:
        """The typed words first, then the last of what is looked at alone."""
        words = self.query_one(FilterInput)
        if words.value:
            words.value = ""
        elif self.filters:
            self._take_back(len(self.filters) - 1)
        else:
            return False
        return True
