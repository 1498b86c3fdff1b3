"""Three small fields for what only the user knows: sending domain, IP, DKIM selector."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label

from deliverkit.language import _

if TYPE_CHECKING:
    from deliverkit_tui.casefile import Given


class GivenField(Input):
    """One of the three."""

    HELP = _("""
# What only you know

The **domain** in From, the **IP** that sent, and the DKIM **selector** (`s=` in a DKIM-Signature header). Several IPs
or selectors go side by side with a space. `Enter` takes them.
""")


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

    def __init__(self, given: Given | None = None, *, later: bool = False) -> None:
        """``later``: the fields come with ``fill``, after the first paint, which they would make slower."""
        super().__init__(id="given")
        self._later = later
        self._first = given
        self._suggested: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """Labels and fields."""
        if not self._later:
            yield from self._parts()

    def fill(self) -> None:
        """Put the fields in, if they are not."""
        if self._later:
            self._later = False
            self.mount_all(self._parts())

    def _parts(self) -> Iterator[Widget]:
        first = self._first
        for name, label, hint, value in (
            ("domain", _("domain"), _("your domain"), first.domain if first else ""),
            ("ip", "IP", _("that sent it"), first.ip if first else ""),
            ("selector", _("selector"), _("optional"), first.selector if first else ""),
        ):
            yield Label(label)
            yield GivenField(value, placeholder=hint, compact=True, id=f"given-{name}", max_length=500)

    @property
    def given(self) -> Given:
        """What stands in the fields."""
        from deliverkit_tui.casefile import Given

        if self._later:
            return Given()
        domain, ip, selector = (self._field(name).value.strip() for name in ("domain", "ip", "selector"))
        return Given(domain, ip, selector)

    def suggest(self, domain: str, ip: str) -> None:
        """Fill in what a reply names itself; what the user typed stays."""
        for name, value in (("domain", domain), ("ip", ip)):
            if self._later:
                return
            field = self._field(name)
            if field.value == self._suggested.get(name, ""):
                field.value = self._suggested[name] = value

    def focus_on(self, name: str) -> None:
        """Put the cursor into a field."""
        self._field(name).focus()

    def _field(self, name: str) -> Input:
        return self.query_one(f"#given-{name}", Input)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter."""
        event.stop()
        self.post_message(self.Submitted())
