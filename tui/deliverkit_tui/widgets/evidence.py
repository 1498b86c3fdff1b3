"""What stands behind one row: records, trees, keys, lists and ``dig`` lines. Scrolls; never asks anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static

from deliverkit.language import _
from deliverkit_tui.words import line

if TYPE_CHECKING:
    from deliverkit_tui.blocks import Block


class Evidence(VerticalScroll, can_focus=True):
    """A scrolling panel of blocks (``proof.proof_of``, ``proof.reply_of``)."""

    HELP = _("""
# Evidence

What was asked and what came back, literally. Control characters are written out (`\\x1b`), so nothing here can reach
your terminal. `c` copies the commands that ask the same.
""")
    DEFAULT_CSS = """
    Evidence { height: 1fr; scrollbar-size-vertical: 1; }
    Evidence > Static { height: auto; width: 100%; }
    Evidence > .-cut { text-wrap: nowrap; text-overflow: ellipsis; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("c", "copy", _("Copy commands"), id="evidence.copy")]

    class Copy(Message):
        """The user wants the commands."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, *, id: str = "evidence") -> None:  # noqa: A002 as Textual names it
        super().__init__(id=id, classes="panel")
        self.border_title = _("Evidence")
        self._commands: tuple[str, ...] = ()
        self.shown = ""
        """What is shown: the title given last."""

    def show(self, title: str, blocks: Sequence[Block]) -> None:
        """Replace what is shown; scrolls to the top when it is about something else."""
        self.border_title = line(_("Evidence: {title}").format(title=title) if title else _("Evidence"))
        if title != self.shown:
            self.scroll_home(animate=False)
        self.shown = title
        self._commands = tuple(block.command for block in blocks if block.command)
        widgets = []
        for block in blocks:
            static = Static(block.content, classes="" if block.whole else "-cut")
            static.styles.margin = (1 if block.gap else 0, 0, 0, block.indent)
            widgets.append(static)
        with self.app.batch_update():
            self.remove_children()
            self.mount_all(widgets)

    def action_copy(self) -> None:
        """Hand the commands over."""
        if self._commands:
            self.post_message(self.Copy("\n".join(self._commands)))
