"""The App: themes, keys, the palette, the stack of places. ``run_app`` is the door for the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen

from deliverkit.errors import DeliverkitError
from deliverkit.language import _
from deliverkit_tui.screens.place import Place, source_of
from deliverkit_tui.screens.start import StartScreen
from deliverkit_tui.words import complaint

if TYPE_CHECKING:
    from textual.command import Provider

    from deliverkit.bounces.classify import Classifier
    from deliverkit.model import Bounce
    from deliverkit.net.resolver import Answer
    from deliverkit.report.sentences import Sentences
    from deliverkit.session import Network
    from deliverkit_tui.casefile import CaseFile, Given
    from deliverkit_tui.history import Kept, Store

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
        Binding("f2", "audit", _("Audit domains"), show=False, id="app.audit"),
        Binding("f3", "blocklists", _("Look up blocklists"), show=False, id="app.blocklists"),
        Binding("f4", "catalogue", _("Open the catalogue"), show=False, id="app.catalogue"),
        Binding("f5", "history", _("Open the history"), show=False, id="app.history"),
        Binding("f6", "bounces", _("Open a mailbox or log"), show=False, priority=True, id="app.bounces"),
        Binding("f9", "demo", _("Open the demo case"), show=False, id="app.demo"),
        Binding("ctrl+q", "quit", _("Quit"), show=False, priority=True, id="app.quit"),
    ]

    def __init__(
        self,
        text: str = "",
        network: Network | None = None,
        lang: str = "en",
        *,
        theme: str | None = None,
        keys: Mapping[str, str] | None = None,
    ) -> None:
        """``theme`` and ``keys`` (id to key) as configured. Raises ConfigError for those that there are not."""
        super().__init__()
        if theme:
            self._wear(theme)
        if keys:
            from deliverkit_tui.keys import checked

            self.set_keymap(checked(keys))
        self.wanted_lang = ""
        """The language to start anew in, once it was asked for."""
        if "TEXTUAL_ANIMATIONS" not in os.environ:
            self.animation_level = "none"
        self.lang = lang
        self.opened_with = text
        self.bugs: list[Exception] = []
        """Internal errors so far; any makes the exit code 70."""
        self.recorded: list[Answer] = []
        """Answers of the screens that were left, for ``--record``."""
        self._network = network
        self._say: Sentences | None = None
        self._store: Store | None = None
        self._told: set[str] = set()

    @property
    def network(self) -> Network:
        """Whom to ask."""
        if self._network is None:
            from deliverkit.session import Network

            self._network = Network()
        return self._network

    @property
    def source(self) -> str:
        """Where answers come from, when that is not the live network."""
        return source_of(self._network) if self._network is not None else ""

    @property
    def say(self) -> Sentences:
        """Sentences in the user's language; the first use loads the knowledge (some milliseconds)."""
        if self._say is None:
            from deliverkit.knowledge import load
            from deliverkit.report.sentences import Sentences

            self._say = Sentences(load(), self.lang)
        return self._say

    def get_default_screen(self) -> Screen[Any]:
        """The start screen is at the bottom of the stack."""
        return StartScreen()

    def _wear(self, theme: str) -> None:
        if theme not in self.available_themes:
            from deliverkit.errors import ConfigError

            known = ", ".join(sorted(self.available_themes))
            raise ConfigError(
                _("tui.theme: there is no theme '{name}'").format(name=theme[:80]),
                advice=_("Known: {names}.").format(names=known),
            )
        self.theme = theme

    def speak(self, lang: str) -> None:
        """Start anew in another language: what is on the screen was said when its modules were loaded."""
        self.wanted_lang = lang
        self.exit(0)

    # ------------------------------------------------------------------ places

    def go(self, place: Place) -> None:
        """Open a place on top of the current one."""
        self.push_screen(place)

    def _open(self, module: str, name: str, *args: object) -> None:
        self.go(getattr(import_module(f"deliverkit_tui.screens.{module}"), name)(*args))

    def open_text(self, text: str, given: Given | None = None) -> str:
        """What Enter on the start screen does; gives what is wrong with the input, or nothing."""
        from deliverkit_tui.guess import Kind, guess

        found = guess(text)
        match found.kind:
            case Kind.NOTHING:
                return _("Paste what the server said, or type a domain or an IP.")
            case Kind.ORDINARY:
                return _("This is a mail, but no bounce. 'deliverkit message' checks a mail of your own.")
            case Kind.DOMAIN:
                self.open_audit(found.subjects)
            case Kind.IP:
                self.open_blocklists(found.subjects[0])
            case Kind.PATH:
                return self._open_file(found.subjects[0], given)
            case _:
                return self.open_case(text, given, bounces=found.bounces, classifier=found.classifier)
        return ""

    def open_case(
        self,
        text: str,
        given: Given | None = None,
        *,
        bounces: Sequence[Bounce] = (),
        classifier: Classifier | None = None,
        network: Network | None = None,
        kept: Kept | None = None,
    ) -> str:
        """A case for a reply; gives what is wrong with ``given``, or nothing."""
        from deliverkit.errors import InputError
        from deliverkit_tui.screens.case import CaseScreen

        if given is not None:
            try:
                given.target(network or self.network)
            except InputError as error:
                return complaint(error)
        self.go(CaseScreen(text, given, bounces=bounces, classifier=classifier, network=network, kept=kept))
        return ""

    def _open_file(self, path: str, given: Given | None) -> str:
        from deliverkit_tui.guess import Kind, guess, guess_mail
        from deliverkit_tui.opening import Holds, look

        try:
            found = look(path)
        except DeliverkitError as error:
            return complaint(error)
        if found.holds is Holds.MANY:
            self.open_bounces(path)
            return ""
        guessed = guess_mail(found.data) if found.holds is Holds.MAIL else guess(found.text)
        if guessed.kind is Kind.ORDINARY:
            return _("{path}: a mail, but no bounce. 'deliverkit message' checks a mail of your own.").format(path=path)
        if guessed.kind in (Kind.NOTHING, Kind.PATH):
            return _("{path}: there is nothing to explain in this file.").format(path=path)
        if guessed.kind is Kind.MAIL:
            return self.open_case(found.text, given, bounces=guessed.bounces, classifier=guessed.classifier)
        return self.open_text(found.text, given)

    def open_kept(self, key: int, *, fresh: bool = False) -> None:
        """A case of the history as it was left; ``fresh`` asks everything anew."""
        from dataclasses import replace

        from deliverkit_tui.casefile import Given
        from deliverkit_tui.history import HistoryError

        try:
            kept = self.store.get(key)
        except HistoryError as error:
            self.tell_once(str(error))
            return
        if kept is None:
            return
        network = replace(self.network, replay=kept.replay) if kept.replay else self.network
        given = Given(kept.domain, kept.ip, kept.selector, kept.recipient)
        if wrong := self.open_case(kept.text, given, network=network, kept=kept.without_recording() if fresh else kept):
            self.notify(wrong, severity="error", timeout=8, markup=False)

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

    def open_bounces(self, path: str = "") -> None:
        """Many bounces: a mailbox, a log, a folder, a file of events."""
        self._open("bounces", "BouncesScreen", path)

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

    def action_bounces(self) -> None:
        """F6."""
        self.open_bounces()

    def action_demo(self, number: int = 0) -> None:
        """F9: a case of the demo on its recorded world."""
        from deliverkit_tui.demo import cases

        case = cases()[number]
        self.open_case(case.reply, case.given, network=case.network)

    # ------------------------------------------------------------------ services

    def copy(self, text: str, what: str) -> None:
        """Copy to the clipboard and say so; ``what`` names it (``the record``)."""
        from deliverkit_tui.clipboard import copy

        copy(self, text)
        self.notify(_("Copied {what}.").format(what=what), timeout=3)

    @property
    def store(self) -> Store:
        """The history."""
        if self._store is None:
            from deliverkit_tui.history import Store

            self._store = Store()
        return self._store

    def keep(self, case: CaseFile, network: Network, answers: tuple[Answer, ...], place: int = 0) -> None:
        """Put a case into the history. A history that cannot be used is told once and never in the way."""
        from deliverkit_tui.history import HistoryError, kept

        try:
            case.key = self.store.save(kept(case, network, answers, place))
        except HistoryError as error:
            self.tell_once(str(error))
        if self.store.moved is not None:
            self.tell_once(
                _("The history was broken and is now {moved}; a new one was begun.").format(moved=self.store.moved)
            )

    def tell_once(self, text: str) -> None:
        """A warning that is shown once, however often it comes up."""
        if text not in self._told:
            self._told.add(text)
            self.notify(text, severity="warning", timeout=8, markup=False)

    def _handle_exception(self, error: Exception) -> None:
        """Keep an error that broke a widget; ``run_app`` shows it on a screen of its own. Never a traceback."""
        self.bugs.append(error)
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._return_code = BUG
        self._close_messages_no_wait()

    def crash(self, error: Exception) -> None:
        """Show an internal error that left the app whole; the exit code becomes 70."""
        from deliverkit_tui.screens.error import ErrorScreen

        self.bugs.append(error)
        self.push_screen(ErrorScreen.of(error))


class Left(NamedTuple):
    """How the user left the screen."""

    code: int
    """The exit code."""
    lang: str = ""
    """The language to start anew in, where another one was chosen."""


def run_app(
    text: str,
    network: Network | None,
    lang: str,
    *,
    theme: str | None = None,
    keys: Mapping[str, str] | None = None,
) -> Left:
    """Run the screen until the user leaves it, with ``text`` already in its input.

    Without ``network`` the system's name servers are asked. ``theme`` and ``keys`` are those of the configuration.
    Raises ConfigError for a theme or a key id that there is not.
    """
    app = DeliverkitApp(text, network, lang, theme=theme, keys=keys)
    code = app.run()
    if app.recorded and network is not None and network.record:
        _save(app.recorded, network.record)
    if isinstance(app._exception, DeliverkitError):
        raise app._exception  # a file or a set-up that cannot be used: told by the command line, with its advice
    if app._exception is not None:
        ErrorApp(app._exception).run()
    return Left(BUG if app.bugs else code or 0, app.wanted_lang)


class ErrorApp(App[int]):
    """What is left when the app broke: one screen with a report that can be copied."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def get_default_screen(self) -> Screen[Any]:
        """The report."""
        from deliverkit_tui.screens.error import ErrorScreen

        return ErrorScreen.of(self.error)


def _save(answers: Sequence[Answer], path: str) -> None:
    """Write what ``--record`` asked for. Raises FileError."""
    from pathlib import Path

    from deliverkit.net.record import save

    save(Path(path), answers)
