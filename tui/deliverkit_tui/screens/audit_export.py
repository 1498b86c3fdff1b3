"""Export: the audits that are shown, to a file."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from deliverkit.errors import DeliverkitError
from deliverkit.language import _, plural
from deliverkit_tui.export import stem
from deliverkit_tui.files import free_name, write
from deliverkit_tui.words import complaint, row

if TYPE_CHECKING:
    from deliverkit_tui.audit_table import AuditTable

FORMATS = {
    "md": _("Markdown, for a ticket"),
    "json": _("JSON, one document"),
    "jsonl": _("JSON lines, one a domain"),
}
_BREATH = 8
"""Audits rendered before the screen gets its turn."""


async def render(table: AuditTable, domains: Sequence[str], form: str) -> str:
    """The audits in a form, giving way to the screen now and then."""
    from deliverkit.report.data import audit_data, document, dumps
    from deliverkit.report.markdown import audit_markdown

    parts: list[object] = []
    for number, domain in enumerate(domains):
        audit = table.audit(domain)
        if form == "md":
            parts.append(audit_markdown(audit, table.say))
        elif form == "jsonl":
            parts.append(dumps(document("audit", **audit_data(audit, table.say)), indent=None))
        else:
            parts.append(audit_data(audit, table.say))
        if number % _BREATH == _BREATH - 1:
            await asyncio.sleep(0)
    if form == "json":
        return dumps(document("audit", audits=parts)) + "\n"
    return ("\n\n" if form == "md" else "\n").join(str(part) for part in parts) + "\n"


class AuditExportScreen(ModalScreen[Path | None]):
    """Which form, which file. The name offered is a free one."""

    DEFAULT_CSS = """
    AuditExportScreen { align: center middle; background: $background 60%; }
    AuditExportScreen > Vertical {
        width: 90%; max-width: 72; height: auto; padding: 0 1;
        border: round $border; background: $surface; border-title-color: $text; border-subtitle-color: $text-muted;
    }
    AuditExportScreen OptionList, AuditExportScreen OptionList:focus {
        height: auto; border: none; padding: 0; background: $surface;
    }
    AuditExportScreen Input { margin: 1 0 0 0; }
    AuditExportScreen #told { height: auto; min-height: 1; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", _("Close"), id="export.close"),
    ]

    def __init__(self, domains: Sequence[str], table: AuditTable) -> None:
        super().__init__()
        self._domains = list(domains)
        self._table = table
        self._form = "md"
        self._stem = stem(domains[0] if len(domains) == 1 else f"audit-{len(domains)}-domains")

    def compose(self) -> ComposeResult:
        """Forms and the name of the file."""
        count = len(self._domains)
        with Vertical() as box:
            box.border_title = plural("Export {count} domain", "Export {count} domains", count).format(count=count)
            box.border_subtitle = _("Enter writes the file · Esc closes")
            yield OptionList(*(Option(f"{told}", id=form) for form, told in FORMATS.items()), markup=False)
            yield Input(compact=True, max_length=1000)
            yield Static(id="told")

    @on(OptionList.OptionHighlighted)
    def _chosen(self, event: OptionList.OptionHighlighted) -> None:
        self._form = event.option_id or "md"
        self.query_one(Input).value = str(free_name(Path.cwd(), self._stem, f".{self._form}"))

    @on(OptionList.OptionSelected)
    @on(Input.Submitted)
    def _write(self) -> None:
        self.run_worker(self._save(Path(self.query_one(Input).value).expanduser()), exclusive=True, exit_on_error=False)

    async def _save(self, path: Path) -> None:
        told = self.query_one("#told", Static)
        told.update(row((_("Writing…"), "dim")))
        text = await render(self._table, self._domains, self._form)
        try:
            write(path, text)
        except DeliverkitError as error:
            told.update(row(("✗ ", "bad"), (complaint(error), "")))
            return
        self.app.notify(_("Written: {path}").format(path=path), timeout=6, markup=False)
        self.dismiss(path)

    def action_close(self) -> None:
        """Back without a file."""
        self.dismiss(None)
