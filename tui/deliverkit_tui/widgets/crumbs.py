"""What is looked at alone: one chip a filter, each taken back by a click, the last one by Escape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from deliverkit.language import _
from deliverkit.report.clean import one_line

_MAX = 30
"""Cells of one chip."""


class Crumbs(Widget):
    """One line; while there is no filter it says what can be done."""

    DEFAULT_CSS = """
    Crumbs { height: 1; width: 1fr; background: $background; color: $foreground; }
    Crumbs .crumbs--chip { background: $primary-muted; color: $foreground; text-style: bold; }
    Crumbs .crumbs--dim { color: $foreground-muted; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"crumbs--chip", "crumbs--dim"}

    class Removed(Message):
        """A chip was clicked; ``index`` is its place."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._chips: tuple[str, ...] = ()
        self._hint = ""

    def show(self, chips: Sequence[str], hint: str = "") -> None:
        """Each as ``name value``; may come from outside. ``hint`` stands there while there are none."""
        self._chips = tuple(one_line(chip, 200) for chip in chips)
        self._hint = hint
        self.refresh()

    def _placed(self) -> list[tuple[str, int]]:
        found, left = [], cell_len(self._lead)
        for chip in self._chips:
            text = chip if cell_len(chip) <= _MAX else set_cell_size(chip, _MAX - 1) + "…"
            text = f" {text} × "
            found.append((text, left))
            left += cell_len(text) + 1
        return found

    @property
    def _lead(self) -> str:
        return f" {_('only')} "

    def on_click(self, event: events.Click) -> None:
        """Take back what was clicked."""
        for index, (text, left) in enumerate(self._placed()):
            if left <= event.x < left + cell_len(text):
                self.post_message(self.Removed(index))
                return

    def render_line(self, y: int) -> Strip:
        """The line."""
        base = self.rich_style
        if y:
            return Strip.blank(self.size.width, base)
        dim = base + self.get_component_rich_style("crumbs--dim", partial=True)
        if not self._chips:
            return Strip([Segment(f" {self._hint}", dim)]).crop_extend(0, self.size.width, base)
        segments = [Segment(self._lead, dim)]
        for text, _left in self._placed():
            segments += [Segment(text, self.get_component_rich_style("crumbs--chip")), Segment(" ", base)]
        segments.append(Segment(f" {_('Esc takes the last one back')}", dim))
        return Strip(segments).crop_extend(0, self.size.width, base)
