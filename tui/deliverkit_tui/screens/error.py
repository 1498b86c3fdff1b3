"""The screen for an internal error: what happened, in words that can be copied into a report."""

from __future__ import annotations

import platform
import traceback
from typing import Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Static

from deliverkit.language import _
from deliverkit_tui.clipboard import copy
from deliverkit_tui.words import row, text


def report_of(error: BaseException) -> str:
    """The report: versions and the trace, without anything the user typed beyond what the trace quotes."""
    from importlib.metadata import version

    trace = "".join(traceback.format_exception(error)).rstrip()
    versions = f"deliverkit {version('deliverkit')}, textual {version('textual')}"
    return f"{versions}, Python {platform.python_version()}, {platform.system()}\n\n{trace}"


class ErrorScreen(Screen[None]):
    """A bug, told plainly."""

    DEFAULT_CSS = """
    ErrorScreen > VerticalScroll { padding: 1 2; }
    ErrorScreen #report { margin: 1 0; padding: 0 1; border: round $error; }
    """
    HELP = _("Something in deliverkit broke. Your input is not lost: `Esc` leads back where that is possible.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", _("Copy the report"), id="error.copy"),
        Binding("escape", "back", _("Back"), id="error.back"),
        Binding("q", "quit_app", _("Quit"), id="error.quit"),
    ]

    def __init__(self, report: str) -> None:
        super().__init__()
        self.report = report

    @classmethod
    def of(cls, error: BaseException) -> ErrorScreen:
        """The screen for an exception."""
        return cls(report_of(error))

    def compose(self) -> ComposeResult:
        """The sentence, the report, the keys."""
        with VerticalScroll():
            yield Static(row((_("✗ A bug in deliverkit"), "bad")))
            yield Static(
                _(
                    "This should not have happened, and it is not your mistake. Please report it with the text below "
                    "(c copies it) and with what you did before."
                )
            )
            yield Static(text(self.report, limit=20_000), id="report")
        yield Footer(compact=True, show_command_palette=False)

    def action_copy(self) -> None:
        """Copy the report."""
        copy(cast("Any", self.app), self.report)
        self.notify(_("Copied the report."), timeout=3)

    def action_back(self) -> None:
        """Back, where there is something to go back to; else quit."""
        if len(self.app.screen_stack) > 1:
            self.app.pop_screen()
        else:
            self.action_quit_app()

    def action_quit_app(self) -> None:
        """Leave with the exit code for a bug."""
        self.app.exit(70)
