"""The one input of the start screen: takes anything, many lines too; Enter submits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from deliverkit.language import _
from deliverkit_tui.words import line

MAX_TEXT = 1_000_000
"""Characters taken from one paste; a reply is a few hundred."""


class Intake(TextArea):
    """A text area whose lower border says what the text is taken for."""

    HELP = _("""
# The input

Paste what the receiving server said: one reply, many lines, a whole bounce mail. Or type a **domain** (several, one
a line), an **IP**, a **code** such as `5.7.26`, or the **path** of a file.

The lower border says what the text is taken for. `Enter` goes on from there. `Tab` leads to the sending domain and IP,
which let the cause be proven.
""")
    DEFAULT_CSS = """
    Intake { height: auto; min-height: 4; max-height: 9; scrollbar-size-vertical: 1; }
    Intake, Intake:focus { border-title-color: $text; border-subtitle-color: $text-success; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", _("Explain"), id="intake.submit", priority=True),
        Binding("ctrl+l", "clear_all", _("Clear the input"), show=False, id="intake.clear"),
    ]

    @dataclass
    class Submitted(Message):
        """Enter was pressed on some text."""

        text: str

    def __init__(self, text: str = "") -> None:
        super().__init__(
            text[:MAX_TEXT],
            compact=False,
            highlight_cursor_line=False,
            placeholder=_("Paste a reply, a bounce mail, a code, a domain, an IP or the path of a file"),
            id="intake",
            classes="panel",
        )
        self.border_title = _("What did the server say?")

    def say(self, guess: str) -> None:
        """Show what the text is taken for."""
        self.border_subtitle = line(guess, "good") if guess else ""

    async def _on_paste(self, event: events.Paste) -> None:
        """A paste is bounded before it is kept."""
        if len(event.text) > MAX_TEXT:
            event.prevent_default()
            event.stop()
            self.replace(event.text[:MAX_TEXT], *self.selection)

    def action_submit(self) -> None:
        """Enter."""
        if self.text.strip():
            self.post_message(self.Submitted(self.text))

    def action_clear_all(self) -> None:
        """Empty the input."""
        self.clear()
