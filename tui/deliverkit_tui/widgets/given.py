"""Three small fields for what only the user knows: sending domain, IP, DKIM selector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

if TYPE_CHECKING:
    from deliverkit_tui.casefile import Given


class GivenField(Input):
    """One of the three."""

    HELP = """
# What only you know

The **domain** in From, the **IP** that sent, and the DKIM **selector** (`s=` in a DKIM-Signature header). Several IPs
or selectors go side by side with a space. `Enter` takes them.
"""


class GivenRow(Horizontal):
    """``domain [        ]   IP [        ]   selector [        ]``"""

    DEFAULT_CSS = """
    GivenRow { height: 1; padding: 0 1; }
    GivenRow Label { color: $text-muted; padding: 0 1 0 0; }
    GivenRow Input { width: 1fr; margin: 0 2 0 0; background: $surface; }
    GivenRow Input:focus { background: $boost; }
    GivenRow Input.-invalid { background: $error-muted; }
    """

    class Submitted(Message):
        """Enter in one of the fields."""

    def __init__(self, given: Given | None = None, **names: str) -> None:
        super().__init__(**names)  # type: ignore[arg-type]
        self._first = given

    def compose(self) -> ComposeResult:
        """Labels and fields."""
        first = self._first
        for name, label, hint, value in (
            ("domain", "domain", "your domain", first.domain if first else ""),
            ("ip", "IP", "that sent it", first.ip if first else ""),
            ("selector", "selector", "optional", first.selector if first else ""),
        ):
            yield Label(label)
            yield GivenField(value, placeholder=hint, compact=True, id=f"given-{name}", max_length=500)

    @property
    def given(self) -> Given:
        """What stands in the fields."""
        from deliverkit_tui.casefile import Given

        domain, ip, selector = (self._field(name).value.strip() for name in ("domain", "ip", "selector"))
        return Given(domain, ip, selector)

    def focus_on(self, name: str) -> None:
        """Put the cursor into a field."""
        self._field(name).focus()

    def _field(self, name: str) -> Input:
        return self.query_one(f"#given-{name}", Input)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter."""
        event.stop()
        self.post_message(self.Submitted())
