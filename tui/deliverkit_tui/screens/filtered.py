"""A place with rows under two filters, a row of chips and a line to type in: what is common to all such places."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal

from deliverkit.language import _
from deliverkit_tui.screens.place import Place
from deliverkit_tui.widgets.chips import Chip, Chips
from deliverkit_tui.widgets.filter_input import FilterInput
from deliverkit_tui.widgets.row_grid import RowGrid
from deliverkit_tui.widgets.split import Split


class FilteredPlace(Place):
    """Rows (``#rows`` in a ``Split``) that chips and typed words choose from. Bind ``filter`` and ``cycle(±1)``."""

    DEFAULT_CSS = """
    FilteredPlace #filters { height: 1; }
    FilteredPlace #filters Chips { width: 1fr; }
    FilteredPlace #filters FilterInput { width: 24; background: $boost; }
    FilteredPlace.-narrow #filters FilterInput { width: 14; }
    """

    def filter_bar(self, chips: Sequence[Chip]) -> ComposeResult:
        """The line of both filters."""
        with Horizontal(id="filters"):
            yield Chips(chips, id="chips")
            yield FilterInput(_("/ filter"), id="filter")

    @property
    def has_rows(self) -> bool:
        """There is something that the focus can go back to."""
        return True

    def reorder(self) -> None:
        """Show the rows that the filters leave."""
        raise NotImplementedError

    @on(Chips.Chosen)
    @on(FilterInput.Changed, "#filter")
    def _filtered(self) -> None:
        self.reorder()

    @on(FilterInput.Left)
    def _to_rows(self) -> None:
        self.query_one("#rows", RowGrid).focus()

    def action_filter(self) -> None:
        """Filter by typing."""
        self.query_one(FilterInput).focus()

    def action_cycle(self, by: int) -> None:
        """The next chip of which there is something."""
        self.query_one(Chips).cycle(by)

    def clear_filters(self) -> bool:
        """Take the filters back; False where there were none."""
        words, chips = self.query_one(FilterInput), self.query_one(Chips)
        if not words.value and chips.chosen == chips.first:
            return False
        words.value = ""
        chips.choose(chips.first)
        return True

    def action_back(self) -> None:
        """Out of the text, the input and the filters first, then to the place before."""
        grid, split = self.query_one("#rows", RowGrid), self.query_one(Split)
        if split.reading:
            split.leave()
        elif self.focused is not grid and self.has_rows:
            grid.focus()
        elif not self.clear_filters():
            super().action_back()
