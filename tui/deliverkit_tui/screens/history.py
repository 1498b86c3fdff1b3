"""History: every case that was kept; reopen, verify again, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from deliverkit.language import _
from deliverkit_tui.history import HistoryError
from deliverkit_tui.screens.place import Place
from deliverkit_tui.widgets.caserows import PREFIX, case_option
from deliverkit_tui.words import row

if TYPE_CHECKING:
    from deliverkit_tui.history import Kept


class CaseRows(OptionList):
    """The list, with its own keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", _("Open"), id="history.open"),
        Binding("r", "screen.again", _("Verify again"), id="history.again"),
        Binding("d,delete", "screen.delete", _("Delete"), key_display="d", id="history.delete"),
    ]


class HistoryScreen(Place):
    """All cases, the latest first."""

    TITLE_TEXT = _("History")
    DEFAULT_CSS = """
    HistoryScreen #filter { margin: 0 1; }
    HistoryScreen #cases { height: 1fr; }
    """
    HELP = _("""
# History

Cases are kept on this machine only. `Enter` opens one as it was left, with the answers of that day; `v` on a step asks
afresh. `r` opens it and asks everything anew. `d` deletes it, and `u` brings the last deleted one back.
""")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", _("Filter the cases"), show=False, id="history.filter"),
        Binding("u", "undo", _("Bring the deleted case back"), show=False, id="history.undo"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.deleted: Kept | None = None
        self._cases: list[Kept] = []

    def compose_body(self) -> ComposeResult:
        """A filter and the rows."""
        yield Input(placeholder=_("Filter by domain, category or words"), compact=True, id="filter")
        rows = CaseRows(id="cases", classes="panel", markup=False)
        rows.border_title = _("Cases")
        yield rows

    def on_mount(self) -> None:
        """Fill the list."""
        self._fill()
        self.query_one(CaseRows).focus()

    def on_screen_resume(self) -> None:
        """Back from a case."""
        self._fill()

    def _fill(self) -> None:
        rows = self.query_one(CaseRows)
        before = rows.highlighted
        try:
            self._cases = self.kit.store.cases()
        except HistoryError as error:
            self._cases = []
            self.kit.tell_once(str(error))
        words = self.query_one(Input).value.lower().split()
        say = self.kit.say
        shown = [k for k in self._cases if all(word in _haystack(k, say.category(k.category)) for word in words)]
        rows.clear_options()
        rows.add_options([case_option(kept, say) for kept in shown])
        if not shown:
            told = _("No case fits the filter.") if self._cases else _("Nothing yet: the cases you open are kept here.")
            rows.add_option(Option(row((told, "dim")), id="none", disabled=True))
        rows.border_title = (
            _("Cases · {shown} of {count}").format(shown=len(shown), count=len(self._cases))
            if words
            else _("Cases · {count}").format(count=len(self._cases))
        )
        if shown:
            rows.highlighted = min(before or 0, len(shown) - 1)

    @on(Input.Changed)
    def _filtered(self) -> None:
        self._fill()

    @on(Input.Submitted)
    def _to_rows(self) -> None:
        self.query_one(CaseRows).focus()

    @property
    def key(self) -> int | None:
        """The highlighted case."""
        option = self.query_one(CaseRows).highlighted_option
        return int(option.id.removeprefix(PREFIX)) if option and option.id and option.id != "none" else None

    @on(OptionList.OptionSelected)
    def _opened(self) -> None:
        if self.key is not None:
            self.kit.open_kept(self.key)

    def action_again(self) -> None:
        """Open the case and ask everything anew."""
        if self.key is not None:
            self.kit.open_kept(self.key, fresh=True)

    def action_delete(self) -> None:
        """Forget the highlighted case; ``u`` brings it back."""
        if (key := self.key) is None:
            return
        try:
            self.deleted = self.kit.store.get(key)
            self.kit.store.delete(key)
        except HistoryError as error:
            self.notify(str(error), severity="error", timeout=8, markup=False)
            return
        self._fill()
        self.notify(_("Deleted. u brings it back."), timeout=4)

    def action_undo(self) -> None:
        """Bring the last deleted case back."""
        if self.deleted is None:
            return
        try:
            self.kit.store.save(self.deleted)
        except HistoryError as error:
            self.notify(str(error), severity="error", timeout=8, markup=False)
            return
        self.deleted = None
        self._fill()

    def action_filter(self) -> None:
        """To the filter."""
        self.query_one(Input).focus()

    def action_back(self) -> None:
        """From the filter to the rows, then away."""
        field = self.query_one(Input)
        if field.has_focus:
            field.value = ""
            self.query_one(CaseRows).focus()
        else:
            super().action_back()


def _haystack(kept: Kept, category: str) -> str:
    return f"{category} {kept.subject} {kept.reason} {kept.text[:2000]}".lower()
