"""The two lines that frame every place: the title above, the command that prints the same below."""

from __future__ import annotations

from textual.widgets import Static

from deliverkit.language import _
from deliverkit_tui.words import row


class TitleBar(Static):
    """One line: the program, the place, what it is about, and on the right where answers come from."""

    DEFAULT_CSS = """
    TitleBar { height: 1; padding: 0 1; background: $panel; color: $foreground; }
    TitleBar { text-wrap: nowrap; text-overflow: ellipsis; }
    """
    can_focus = False

    def show(self, place: str, subject: str = "", source: str = "") -> None:
        """Put the words in."""
        parts = [row(("deliverkit", "strong"))]
        parts += [row((" › ", "dim"), (place, ""))] if place else []
        parts += [row(("  ", ""), (subject, "dim"))] if subject else []
        parts += [row(("   · ", "dim"), (source, "warn"))] if source else []
        self.update(row(*parts))


class CommandBar(Static):
    """One line: the command that prints what is on the screen. A click copies it, as ``y`` does."""

    DEFAULT_CSS = """
    CommandBar { height: 1; padding: 0 1; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis; }
    CommandBar:hover { background: $boost; }
    CommandBar.-empty { display: none; }
    """
    can_focus = False
    command = ""

    def show(self, command: str) -> None:
        """Put the command in; empty hides the line."""
        self.command = command
        self.set_class(not command, "-empty")
        self.update(row(("y ", "strong"), ("$ ", "dim"), (command, "code")))
        self.tooltip = _("The command that prints the same; click or y copies it") if command else None

    async def on_click(self) -> None:
        """Copy by mouse."""
        await self.screen.run_action("copy_command")
