"""Blocklists: an IP or a domain against all lists, each told apart by what it really said."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from deliverkit.checks.blocklist_choice import choose, kind_of
from deliverkit.checks.blocklist_keys import keys_from
from deliverkit.checks.names import domain_name, ip_address, is_ip
from deliverkit.errors import InputError
from deliverkit.language import _
from deliverkit_tui import jobs
from deliverkit_tui.blocklist_table import COLUMNS, BlocklistTable, chips
from deliverkit_tui.commands import command
from deliverkit_tui.messages import Failed, Finished, RowArrived
from deliverkit_tui.screens.filtered import FilteredPlace
from deliverkit_tui.widgets.chips import ALL, Chips
from deliverkit_tui.widgets.filter_input import FilterInput
from deliverkit_tui.widgets.page_view import PageView
from deliverkit_tui.widgets.plain_input import PlainInput
from deliverkit_tui.widgets.row_grid import RowGrid
from deliverkit_tui.widgets.split import Split
from deliverkit_tui.words import row

if TYPE_CHECKING:
    from deliverkit.knowledge.schema_dns import Blocklist

_SOON = 0.05
"""Seconds in which answers are gathered before the rows are put in order again."""


def _rows_expected(subject: str, lists: Mapping[str, Blocklist]) -> int:
    kind, _key = kind_of(subject)
    return len(choose(lists, kind, keys=keys_from(os.environ)))


class BlocklistsScreen(FilteredPlace):
    """One subject, all lists."""

    TITLE_TEXT = _("Blocklists")
    CSS_PATH = "blocklists.tcss"
    HELP = _(
        "Give an IP address or a domain and press `Enter`: every list that can be asked is asked, and its row comes "
        "when it answers, listings first.\n\n"
        "`✗ listed` is a listing for abuse, `!` a policy entry (a range, an age; no accusation). `⊘ refused`, "
        "`× failed` and `? not known` are not answers: the subject may be listed there or not. `– not asked` says why "
        "in its row.\n\n"
        "`Enter` reads what a list said and the way off it; `o` copies the address of its removal page, `f` and the "
        "words above the rows filter by state."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", _("Filter"), key_display="/", id="blocklists.filter"),
        Binding("f", "cycle(1)", _("State"), id="blocklists.state"),
        Binding("o", "copy_removal", _("Copy removal page"), id="blocklists.copy-removal"),
        Binding("F", "cycle(-1)", _("State before"), show=False, id="blocklists.state-back"),
        Binding("i", "subject", _("Another subject"), show=False, id="blocklists.subject"),
        Binding("r", "again", _("Ask all lists afresh"), show=False, id="blocklists.again"),
        Binding("x", "stop", _("Stop asking"), show=False, id="blocklists.stop"),
    ]

    def __init__(self, subject: str = "") -> None:
        super().__init__()
        self._given = subject
        self.table: BlocklistTable | None = None
        self.running = False
        self._due = False
        self._moved_by_hand = False

    @property
    def has_rows(self) -> bool:
        """Something was asked."""
        return self.table is not None

    # ------------------------------------------------------------------ frame

    def compose_body(self) -> ComposeResult:
        """Input, headline, filters, rows and what the list of the row said."""
        yield PlainInput(placeholder=_("An IP address or a domain · Enter asks"), id="asked", classes="panel")
        yield Static(id="headline")
        yield from self.filter_bar(chips(self.kit.say))
        grid = RowGrid(COLUMNS, self._cells, empty=_("Nothing asked yet."), id="rows")
        yield Split(grid, PageView(target=self._target, id="said"), beside=110, id="panes")

    def on_mount(self) -> None:
        """Begin with the subject that was given."""
        box = self.query_one("#asked", Input)
        box.border_title = _("IP address or domain")
        if self._given:
            box.value = self._given
            self._ask(self._given)
        else:
            box.focus()

    def subject(self) -> str:
        """Whom the lists were asked about."""
        return self.table.subject if self.table is not None else ""

    def command_line(self) -> str:
        """``deliverkit blocklists SUBJECT --all``."""
        return (
            command("blocklists", self.table.subject, "--all", network=self.kit.network)
            if self.table is not None
            else ""
        )

    def _cells(self, key: str) -> list[tuple[str, str]]:
        return self.table.cells(key) if self.table is not None and key in self.table else []

    def _target(self, word: str) -> str | None:
        return word if word in self.kit.say.knowledge.blocklists else None

    # ------------------------------------------------------------------ asking

    @on(Input.Submitted, "#asked")
    def _submitted(self, event: Input.Submitted) -> None:
        self._ask(event.value)

    def _ask(self, text: str, *, fresh: bool = False) -> None:
        box = self.query_one("#asked", Input)
        try:
            subject = self._subject_of(text)
        except InputError as error:
            box.border_subtitle = str(error)[:200].replace("[", r"\[")
            box.add_class("-wrong")
            box.focus()
            return
        box.remove_class("-wrong")
        box.border_subtitle = ""
        say = self.kit.say
        self.table = BlocklistTable(say, subject, _rows_expected(subject, say.knowledge.blocklists))
        self.running, self._moved_by_hand = True, False
        self.query_one(Chips).choose(ALL)
        self.query_one(FilterInput).value = ""
        self.core.run(jobs.blocklists([subject]), fresh=fresh)
        self.query_one("#rows", RowGrid).focus()
        self._update()

    def _subject_of(self, text: str) -> str:
        if is_ip(text.strip()):
            return ip_address(text, allow_documentation=self.kit.network.replay is not None)
        return domain_name(text)

    def on_row_arrived(self, message: RowArrived) -> None:
        """A list has answered."""
        if self.table is not None and message.run == self.core.current():
            self.table.take(message.row)
            if not self._due:
                self._due = True
                self.set_timer(_SOON, self._update)

    def on_finished(self, message: Finished) -> None:
        """All have answered."""
        if self.table is not None and message.run == self.core.current():
            self.table.finished = True
            self.running = False
            self._update()

    def on_failed(self, message: Failed) -> None:
        """Nothing can be asked at all."""
        self.running = False
        self._update()
        self.notify(f"{message.message} {message.advice}".strip(), severity="error", timeout=10, markup=False)

    def action_stop(self) -> None:
        """Stop asking; what is there stays, and nothing is called clean."""
        if self.running:
            self.core.cancel()
            self.running = False
            self._update()

    def action_again(self) -> None:
        """Ask all lists afresh."""
        if self.table is not None:
            self._ask(self.table.subject, fresh=True)

    # ------------------------------------------------------------------ showing

    def _update(self) -> None:
        self._due = False
        if self.table is None:
            return
        said, role = self.table.headline()
        if not self.running and not self.table.finished:
            said += " " + _("· stopped")
        self.query_one("#headline", Static).update(row((said, role)))
        self.reorder()
        self.refresh_frame()

    def reorder(self) -> None:
        """Show the lists that the filters leave."""
        if self.table is None:
            return
        grid, state = self.query_one("#rows", RowGrid), self.query_one(Chips).chosen
        keys = self.table.keys(state, self.query_one(FilterInput).value)
        grid.empty = _("Waiting for the first answer…") if self.running else _("Nothing here. f shows other states.")
        # Until a key or the mouse moves it, the cursor rests on what is gravest.
        grid.set_rows(keys, cursor=keys[0] if keys and not self._moved_by_hand else None)
        self.query_one(Chips).count(self.table.counts())
        self._show(keep=True)

    def _show(self, *, keep: bool = False) -> None:
        key, view = self.query_one("#rows", RowGrid).cursor_key, self.query_one(PageView)
        table = self.table
        if table is None or key is None or key not in table:
            view.show(None)
        else:
            view.show(lambda width: table.page(key, width), keep=keep)

    @on(RowGrid.Highlighted)
    def _moved(self, event: RowGrid.Highlighted) -> None:
        self._moved_by_hand = self._moved_by_hand or event.by_hand
        self._show()

    @on(RowGrid.Selected)
    def _read(self) -> None:
        self._moved_by_hand = True
        self.query_one(Split).read()

    @on(PageView.Followed)
    def _follow(self, event: PageView.Followed) -> None:
        self.kit.open_catalogue(event.link)

    # ------------------------------------------------------------------ ways out

    def action_subject(self) -> None:
        """To the input."""
        self.query_one("#asked", Input).focus()

    def action_copy_removal(self) -> None:
        """Copy the address of the removal page, or of the page that shows the listing."""
        key = self.query_one("#rows", RowGrid).cursor_key
        found = self.table[key] if self.table is not None and key else None
        if found and (url := found.removal_url or found.lookup_url):
            self.kit.copy(url, _("the removal page") if found.removal_url else _("the look-up page"))
        else:
            self.notify(_("No page is known for this list."), timeout=4)
