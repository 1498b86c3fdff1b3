"""An input for domains: one or several typed, or a whole list pasted."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.widgets import Input

from deliverkit_tui.widgets.plain_input import PlainInput

MAX_PASTE = 4 * 1024 * 1024
"""Characters read of a paste: more than a hundred thousand domains."""


class DomainInput(PlainInput):
    """An Input that takes a paste of many lines as what it is: a list."""

    class Given(Message):
        """Domains were given: typed and entered, or pasted as several lines."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def _on_paste(self, event: events.Paste) -> None:
        lines = event.text[:MAX_PASTE].splitlines()
        if len(lines) > 1:
            event.stop()
            event.prevent_default()
            self.post_message(self.Given("\n".join([self.value, *lines])))
            self.value = ""

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter gives what is typed."""
        event.stop()
        if self.value.strip():
            self.post_message(self.Given(self.value))
            self.value = ""
