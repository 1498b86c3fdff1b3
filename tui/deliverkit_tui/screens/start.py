"""Start: one input that takes anything; below it what was done lately and what else there is."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import OptionList, Static, TextArea
from textual.widgets.option_list import Option

from deliverkit.language import _
from deliverkit_tui.screens.place import PaletteAction, Place
from deliverkit_tui.widgets.given import GivenRow
from deliverkit_tui.widgets.intake import Intake
from deliverkit_tui.words import row

if TYPE_CHECKING:
    from deliverkit.bounces.classify import Classifier

RECENT = 6
_SETTLE = 0.05
"""Seconds without a key press before a long text is looked at again."""
_LONG = 2000


class StartScreen(Place):
    """The first screen."""

    TITLE_TEXT = ""
    FOOTER_LATER = True
    HELP = _("""
# deliverkit

**Why was my mail refused, and what do I do now?** Paste what the receiving server said and press `Enter`.

* A **reply**, a whole **bounce mail** or a **code** becomes a case: the cause, the proof, the steps that fix it.
* A **domain** is audited: SPF, DKIM, DMARC, MX, reverse names, blocklists. Several, one a line, are audited together.
* An **IP** is looked up on the blocklists.
* The **path** of a mailbox, a mail server's log, a folder or a file of events is counted and ranked.

Below are your recent cases and three examples on a recorded world, which need no network.
""")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "app.audit", _("Audit"), key_display="F2", id="start.audit"),
        Binding("f3", "app.blocklists", _("Blocklists"), key_display="F3", id="start.blocklists"),
        Binding("escape", "to_input", _("To the input"), show=False, id="start.input"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._classifier: Classifier | None = None
        self._timer: Timer | None = None
        self.guessed = ""
        """What stands under the input."""

    def compose_body(self) -> ComposeResult:
        """The input, and room for the fields; the rest follows in ``_warm``."""
        yield Intake(self.kit.opened_with)
        yield Static(
            row((_("Enter"), "strong"), (f" {_('explains it. Your domain and IP prove the cause:')}", "dim")), id="hint"
        )
        yield GivenRow(later=True)

    def on_mount(self) -> None:
        """Paint first; the classifier and the history come after."""
        self.query_one(Intake).focus()
        self.call_after_refresh(self._warm)

    async def _warm(self) -> None:
        from textual.widgets import Footer

        gc.enable()
        choices = OptionList(id="choices", classes="panel", markup=False)
        choices.border_title = _("Recent cases and examples")
        with self.app.batch_update():
            self.query_one(GivenRow).fill()
            await self.mount(choices, before="#command")
            await self.mount(Footer(compact=True))
        self.refresh_bindings()
        self._fill()
        from deliverkit.bounces.classify import default_classifier

        self._classifier = default_classifier()
        self._guess()
        self._open_named()
        self.run_worker(self._preload(), name="preload", group="preload", exit_on_error=False)

    def _open_named(self) -> None:
        """A file that was named on the command line is opened at once."""
        from deliverkit_tui.guess import Kind, guess

        if guess(self.kit.opened_with).kind is Kind.PATH:
            self._submitted()

    async def _preload(self) -> None:
        """Import what a paste and its checks will need, beside the screen, so that neither the verdict nor a key
        press waits for it. Asks nothing."""
        from deliverkit.bounces.pasted import read_bounces
        from deliverkit.checks import MODULES

        for name in ("screens.case", "proof", "jobs"):
            await asyncio.to_thread(import_module, f"deliverkit_tui.{name}")
        if self._classifier is not None:
            self._classifier.classify(read_bounces("550 5.0.0 words that no rule of a provider knows")[0])
        for module in MODULES.values():
            await asyncio.to_thread(import_module, module)

    def on_screen_resume(self) -> None:
        """Back from a case: the list may have changed."""
        if self._classifier is not None:
            self._fill()

    # ------------------------------------------------------------------ the guess

    @on(TextArea.Changed)
    def _changed(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        if len(self.query_one(Intake).text) > _LONG:
            self._timer = self.set_timer(_SETTLE, self._guess)
        else:
            self._guess()

    def _guess(self) -> None:
        from deliverkit_tui.guess import Kind, describe, guess, named_in

        intake = self.query_one(Intake)
        say = self.kit.say if self._classifier is not None else None
        found = guess(intake.text)
        self.guessed = describe(found, self._classifier, say)
        told = named_in(intake.text) if found.kind in (Kind.REPLY, Kind.MAIL) else ("", "")
        self.query_one("#given", GivenRow).suggest(*told)
        intake.say(self.guessed)
        self.refresh_command()

    def command_line(self) -> str:
        """What the CLI would do with the input."""
        from deliverkit_tui.commands import command
        from deliverkit_tui.guess import Kind, guess

        if self._classifier is None or not (text := self.query_one(Intake).text):
            return ""
        found = guess(text)
        network = self.kit.network
        match found.kind:
            case Kind.NOTHING:
                return ""
            case Kind.DOMAIN:
                return command("audit", *found.subjects[:20], network=network)
            case Kind.IP:
                return command("blocklists", *found.subjects, network=network)
            case Kind.PATH:
                path = found.subjects[0]
                one = path.lower().endswith((".eml", ".msg", ".txt"))
                return command("explain", "-i", path) if one else command("bounces", path)
            case Kind.ORDINARY:
                return ""
            case _:
                return command("explain", found.bounces[0].reply.text[:4000])

    # ------------------------------------------------------------------ the list

    def _fill(self) -> None:
        from deliverkit_tui.demo import cases
        from deliverkit_tui.history import HistoryError
        from deliverkit_tui.widgets.caserows import case_option

        choices = self.query_one("#choices", OptionList)
        before = choices.highlighted
        try:
            recent = self.kit.store.cases(RECENT)
        except HistoryError as error:
            recent = []
            self.kit.tell_once(str(error))
        if self.kit.store.moved is not None:
            self.kit.tell_once(
                _("The history was broken and is now {moved}; a new one was begun.").format(moved=self.kit.store.moved)
            )
        options: list[Option | None] = [case_option(kept, self.kit.say) for kept in recent]
        if options:
            options.append(None)
        for number, case in enumerate(cases()):
            options.append(
                Option(row(("▸ ", "good"), (_(case.title), ""), (f"   {_('example')}", "dim")), id=f"demo-{number}")
            )
        options.append(None)
        for key, name, title in _PLACES:
            options.append(Option(row((f"{key}  ", "strong"), (title, "")), id=name))
        choices.clear_options()
        choices.add_options(options)
        if before is not None and before < choices.option_count:
            choices.highlighted = before

    @on(OptionList.OptionSelected)
    async def _selected(self, event: OptionList.OptionSelected) -> None:
        name = event.option.id or ""
        if name.startswith("demo-"):
            self.kit.action_demo(int(name.removeprefix("demo-")))
        elif name.startswith("case-"):
            self.kit.open_kept(int(name.removeprefix("case-")))
        else:
            await self.app.run_action(f"app.{name}")

    def palette_actions(self) -> Iterable[PaletteAction]:
        """The examples by name."""
        from deliverkit_tui.demo import cases

        for number, case in enumerate(cases()):
            yield (
                _("Example: {title}").format(title=_(case.title)),
                _("a recorded world, no network"),
                partial(self.kit.action_demo, number),
            )

    # ------------------------------------------------------------------ what Enter does

    @on(Intake.Submitted)
    @on(GivenRow.Submitted)
    def _submitted(self) -> None:
        given = self.query_one("#given", GivenRow).given
        text = self.query_one(Intake).text
        if not text.strip() and given.domain:
            text = given.domain
        if wrong := self.kit.open_text(text, given):
            self.notify(wrong, severity="warning", timeout=6, markup=False)

    def action_to_input(self) -> None:
        """Escape: back to the input."""
        self.query_one(Intake).focus()


_PLACES = (
    ("F2", "audit", _("Audit domains: SPF, DKIM, DMARC, MX, reverse names, blocklists")),
    ("F3", "blocklists", _("Look up an IP or a domain on the blocklists")),
    ("F4", "catalogue", _("Catalogue: codes, reasons, findings, fixes, lists")),
    ("F5", "history", _("History: every case you opened")),
    ("F6", "bounces", _("Bounces: a whole mailbox, log or folder, counted and ranked")),
    ("^q", "quit", _("Quit")),
)
