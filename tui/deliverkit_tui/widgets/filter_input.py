"""One line to filter by typing; Down or Enter goes back to the rows, Escape empties it."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from deliverkit.language import _
from deliverkit_tui.widgets.plain_input import PlainInput


class FilterInput(PlainInput):
    """An Input without border that leaves by the keys that one would try."""

    HELP = _(
        "Type words: only the rows that have all of them stay. `Enter` or `Down` leads to the rows, `Esc` empties it."
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,enter", "leave", _("To the rows"), show=False, id="filter.leave"),
        Binding("escape", "empty", _("Empty it"), show=False, id="filter.empty"),
    ]

    class Left(Message):
        """The rows shall have the focus; ``escaped`` when Escape was pressed and there was nothing to empty."""

        def __init__(self, *, escaped: bool = False) -> None:
            super().__init__()
            self.escaped = escaped

    def __init__(self, placeholder: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(placeholder=placeholder, compact=True, id=id)

    def action_leave(self) -> None:
        """To the rows."""
        self.post_message(self.Left())

    def action_empty(self) -> None:
        """Empty it and go to the rows."""
        escaped = not self.value
        self.value = ""
        self.post_message(self.Left(escaped=escaped))
