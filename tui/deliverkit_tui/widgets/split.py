"""Two panes: a list and what it says about the row of the cursor. Beside or under each other, or one at a time."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget

BESIDE = 100
"""Cells of width from which the panes stand beside each other."""
UNDER = 16
"""Lines of height from which the second pane stands under the first."""


class Split(Container):
    """Where there is no room for both, the second pane takes the place of the first while it has the focus."""

    DEFAULT_CSS = """
    Split { layout: vertical; height: 1fr; }
    Split > * { width: 1fr; height: 1fr; }
    Split.-beside { layout: horizontal; }
    Split.-single > .second { display: none; }
    Split.-single.-reading > .first { display: none; }
    Split.-single.-reading > .second { display: block; }
    Split.-under.-reading > .first { display: none; }
    """

    def __init__(self, first: Widget, second: Widget, *, beside: int = BESIDE, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._first, self._second = first, second
        self._beside = beside
        first.add_class("first")
        second.add_class("second")

    def compose(self) -> ComposeResult:
        """The two."""
        yield self._first
        yield self._second

    @property
    def reading(self) -> bool:
        """The second pane has the room."""
        return self.has_class("-reading")

    def read(self) -> None:
        """Go to the second pane."""
        self.add_class("-reading")
        self._second.focus()

    def leave(self) -> None:
        """Back to the first."""
        self.remove_class("-reading")
        self._first.focus()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Tab and the mouse move the focus too."""
        self.set_class(event.widget is self._second, "-reading")

    def on_resize(self, event: events.Resize) -> None:
        """Take the arrangement that fits."""
        beside = event.size.width >= self._beside
        under = not beside and event.size.height >= UNDER
        self.set_class(beside, "-beside")
        self.set_class(under, "-under")
        self.set_class(not beside and not under, "-single")
