"""The App: themes, keys, the palette, the stack of places. ``run_app`` is the door for the command line."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen

from deliverkit_tui.screens.place import Place
from deliverkit_tui.screens.start import StartScreen

if TYPE_CHECKING:
    from textual.command import Provider

    from deliverkit.net.resolver import Answer
    from deliverkit.report.sentences import Sentences
    from deliverkit.session import Network
    from deliverkit_tui.history import Store

BUG = 70
"""Exit code after an internal error."""


def _actions() -> type[Provider]:
    from deliverkit_tui.palette import Actions

    return Actions


class DeliverkitApp(App[int]):
    """A workspace where a bounce becomes a fixed domain."""

    TITLE = "deliverkit"
    CSS_PATH = "app.tcss"
    COMMANDS = App.COMMANDS | {_actions}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "audit", "Audit domains", show=False, id="app.audit"),
        Binding("f3", "blocklists", "Look up blocklists", show=False, id="app.blocklists"),
        Binding("f4", "catalogue", "Open the catalogue", show=False, id="app.catalogue"),
        Binding("f5", "history", "Open the history", show=False, id="app.history"),
        Binding("f6", "demo", "Open the demo case", show=False, id="app.demo"),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True, id="app.quit"),
    ]

    def __init__(self, text: str = "", network: Network | None = None, lang: str = "en") -> None:
        super().__init__()
        self.lang = lang
        self.opened_with = text
        self.bugs: list[Exception] = []
        """Internal errors so far; any makes the exit code 70."""
        self.recorded: list[Answer] = []
        """Answers of the screens that were left, for ``--record``."""
        self._network = network
        self._say: Sentences | None = None
        self._store: Store | None = None

    @property
    def network(self) -> Network:
        """Whom to ask."""
        if self._network is None:
            from deliverkit.session import Network

            self._network = Network()
        return self._network

    @property
    def say(self) -> Sentences:
        """Sentences in the user's language; the first use loads the knowledge (some milliseconds)."""
        if self._say is None:
            from deliverkit.knowledge import load
            from deliverkit.report.sentences import Sentences

            self._say = Sentences(load(), self.lang)
        return self._say

    def source_of_answers(self) -> str:
        """Where answers come from, when that is not the live network."""
        replay = self._network.replay if self._network else None
        return "" if not replay else "recorded world: demo" if replay == "demo" else f"replayed: {replay}"

    def get_default_screen(self) -> Screen[Any]:
        """The start screen is at the bottom of the stack."""
        return StartScreen()

    # ------------------------------------------------------------------ places

    def go(self, place: Place) -> None:
        """Open a place on top of the current one."""
        self.push_screen(place)

    def _open(self, module: str, name: str, *args: object) -> None:
        self.go(getattr(import_module(f"deliverkit_tui.screens.{module}"), name)(*args))

    def open_audit(self, domains: tuple[str, ...] = ()) -> None:
        """One or many domains against all checks."""
        self._open("audit", "AuditScreen", domains)

    def open_blocklists(self, subject: str = "") -> None:
        """An IP or domain against all lists."""
        self._open("blocklists", "BlocklistsScreen", subject)

    def open_catalogue(self, query: str = "") -> None:
        """Codes, reasons, findings, fixes, lists."""
        self._open("catalogue", "CatalogueScreen", query)

    def open_history(self) -> None:
        """The cases that were kept."""
        self._open("history", "HistoryScreen")

    def open_help(self, place: Screen[Any]) -> None:
        """Help for the focused widget, then for the place."""
        from deliverkit_tui.screens.help import HelpScreen

        self.push_screen(HelpScreen.of(place))

    def action_audit(self) -> None:
        """F2."""
        self.open_audit()

    def action_blocklists(self) -> None:
        """F3."""
        self.open_blocklists()

    def action_catalogue(self) -> None:
        """F4."""
        self.open_catalogue()

    def action_history(self) -> None:
        """F5."""
        self.open_history()

    def action_demo(self) -> None:
        """F6."""

    # ------------------------------------------------------------------ services

    def copy(self, text: str, what: str) -> None:
        """Copy to the clipboard and say so; ``what`` names it (``the record``)."""
        from deliverkit_tui.clipboard import copy

        copy(self, text)
        self.notify(f"Copied {what}.", timeout=3)

    def crash(self, error: Exception) -> None:
        """Show an internal error that left the app whole; the exit code becomes 70."""
        from deliverkit_tui.screens.error import ErrorScreen

        self.bugs.append(error)
        self.push_screen(ErrorScreen.of(error))


def run_app(text: str, network: Network, lang: str) -> int:
    """Run the screen until the user leaves it, with ``text`` already in its input; gives the exit code."""
    app = DeliverkitApp(text, network, lang)
    code = app.run()
    return BUG if app.bugs else code or 0
