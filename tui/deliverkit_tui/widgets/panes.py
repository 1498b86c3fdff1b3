"""One line that says which of two panes is shown, where only one fits; a click or ``1`` and ``2`` switch."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Static

from deliverkit.language import _
from deliverkit_tui.words import row


class PaneSwitch(Horizontal):
    """``1 Checks   2 Steps · 1 of 4 done``"""

    DEFAULT_CSS = """
    PaneSwitch { height: 1; padding: 0 1; }
    PaneSwitch Static { width: auto; padding: 0 2; color: $text-muted; }
    PaneSwitch Static:hover { background: $boost; }
    PaneSwitch .-on { color: $text; text-style: bold reverse; }
    """

    class Chosen(Message):
        """The user clicked a pane's name."""

        def __init__(self, pane: str) -> None:
            super().__init__()
            self.pane = pane

    def compose(self) -> ComposeResult:
        """Two names."""
        yield Static(row((_("1 Checks"), "")), id="to-checks", classes="-on")
        yield Static(row((_("2 Steps"), "")), id="to-steps")

    def show(self, done: int, total: int) -> None:
        """How far the checklist is."""
        self.query_one("#to-steps", Static).update(
            row((_("2 Steps · {done} of {total} done").format(done=done, total=total) if total else _("2 Steps"), ""))
        )

    def choose(self, pane: str) -> None:
        """Mark the one that is shown."""
        self.query_one("#to-checks").set_class(pane == "checks", "-on")
        self.query_one("#to-steps").set_class(pane == "steps", "-on")

    def on_click(self, event: events.Click) -> None:
        """By mouse."""
        for pane in ("checks", "steps"):
            if self.query_one(f"#to-{pane}").region.contains_point(event.screen_offset):
                self.post_message(self.Chosen(pane))
