"""The ways out of the bounces screen: to the catalogue, to the clipboard, to files."""

from __future__ import annotations

from pathlib import Path

from textual import on
from textual.events import DescendantFocus
from textual.widgets import Input

from deliverkit.errors import DeliverkitError
from deliverkit.language import _
from deliverkit_tui.bounce_pages import drafts
from deliverkit_tui.bounce_table import ACTIVE, INCIDENTS, UNKNOWN, BounceTable, Filter
from deliverkit_tui.files import free_name, write
from deliverkit_tui.screens.filtered import FilteredPlace
from deliverkit_tui.widgets.page_view import PageView
from deliverkit_tui.widgets.row_grid import RowGrid
from deliverkit_tui.words import complaint

WHAT = _("""
What can be read:

  a mailbox of bounces   mbox, Maildir, a folder of mails
  a mail server's log    Postfix, Exim, Sendmail, OpenSMTPD and others
  events                 JSON or CSV of a sending platform

Packed ones too, of any size. Right completes a name while you type.
Nothing leaves this machine.
""").strip()
"""For who has named no file yet."""
HINTS = {
    INCIDENTS: _("Enter opens a case · c copies the words"),
    UNKNOWN: _("c copies the drafted rule · w writes all of them"),
    ACTIVE: _("Enter reads how to win them back"),
}
"""What can be done with a row, for views where Enter does not filter."""


class BounceWays(FilteredPlace):
    """What is done with a row besides opening it."""

    path: str
    filters: tuple[Filter, ...]
    table: BounceTable | None
    running: bool

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Once something was read the input gives its room to the rows."""
        self.set_class(event.widget.id == "asked", "-asking")

    @on(PageView.Followed)
    def _follow(self, event: PageView.Followed) -> None:
        self.kit.open_catalogue(event.link)

    def action_another(self) -> None:
        """To the input, which is only there while it is used."""
        self.add_class("-asking")
        self.query_one("#asked", Input).focus()

    def action_copy_rule(self) -> None:
        """The drafted rule of what is not understood; of an incident its words."""
        key = self.query_one("#rows", RowGrid).cursor_key
        found = self.table.row(key) if self.table and key else None
        if found and "draft" in found:
            self.kit.copy(found["draft"], _("the drafted rule"))
        elif found and "text" in found:
            self.kit.copy(found["text"], _("the words"))
        else:
            self.notify(_("Nothing to copy here: take an incident, or what was not understood."), timeout=4)

    def action_write_rules(self) -> None:
        """All drafted rules, as a file for ``--rules``."""
        if self.table is None or not self.table.data["unknown"]:
            self.notify(_("Everything was understood: there is no rule to draft."), timeout=4)
            return
        path = free_name(Path.cwd(), "own-rules", ".toml")
        try:
            write(path, drafts(self.table.data))
        except DeliverkitError as error:
            self.notify(complaint(error), severity="error", timeout=8, markup=False)
            return
        self.notify(_("Written: {path}").format(path=path), timeout=6, markup=False)

    def action_export(self) -> None:
        """The summary or the records to a file."""
        from deliverkit_tui.screens.bounces_export import BouncesExportScreen

        if self.table is None or self.running:
            self.notify(_("There is nothing to export before the reading is done."), severity="warning", timeout=4)
            return
        self.app.push_screen(BouncesExportScreen(self.path, self.filters, self.table))
