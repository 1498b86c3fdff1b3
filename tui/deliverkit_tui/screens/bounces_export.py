"""Export: the summary of bounces that is shown, or a record of each, to a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from deliverkit.errors import DeliverkitError
from deliverkit.language import _
from deliverkit_tui.bounce_table import BounceTable, Filter, only_of
from deliverkit_tui.export import stem
from deliverkit_tui.files import free_name, write
from deliverkit_tui.messages import Failed, Figures, Written
from deliverkit_tui.meter import progress
from deliverkit_tui.words import complaint, row
from deliverkit_tui.worker import Core

if TYPE_CHECKING:
    from deliverkit_tui.app import DeliverkitApp

FORMATS = {
    "md": _("Markdown, the summary for a ticket"),
    "json": _("JSON, the summary for a program"),
    "jsonl": _("JSON lines, a record for each bounce"),
    "csv": _("CSV, a row for each bounce"),
}
_RECORDS = ("jsonl", "csv")
_TOP = 50
"""Rows of a table in Markdown."""


class BouncesExportScreen(ModalScreen[Path | None]):
    """Which form, which file. The records are read once more from the files, under the same filters."""

    DEFAULT_CSS = """
    BouncesExportScreen { align: center middle; background: $background 60%; }
    BouncesExportScreen > Vertical {
        width: 90%; max-width: 72; height: auto; padding: 0 1;
        border: round $border; background: $surface; border-title-color: $text; border-subtitle-color: $text-muted;
    }
    BouncesExportScreen OptionList, BouncesExportScreen OptionList:focus {
        height: auto; border: none; padding: 0; background: $surface;
    }
    BouncesExportScreen Input { margin: 1 0 0 0; }
    BouncesExportScreen #told { height: auto; min-height: 1; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", _("Close"), id="export.close"),
    ]

    def __init__(self, path: str, filters: Sequence[Filter], table: BounceTable) -> None:
        super().__init__()
        self._path = path
        self._filters = tuple(filters)
        self._table = table
        self._stem = stem(f"bounces-{Path(path).name}")
        self._form = "md"
        self._core: Core | None = None

    def compose(self) -> ComposeResult:
        """Forms and the name of the file."""
        with Vertical() as box:
            box.border_title = _("Export the bounces")
            box.border_subtitle = _("Enter writes the file · Esc closes")
            yield OptionList(*(Option(told, id=form) for form, told in FORMATS.items()), markup=False)
            yield Input(compact=True, max_length=1000)
            yield Static(id="told")

    @on(OptionList.OptionHighlighted)
    def _chosen(self, event: OptionList.OptionHighlighted) -> None:
        self._form = event.option_id or "md"
        self.query_one(Input).value = str(free_name(Path.cwd(), self._stem, f".{self._form}"))

    @on(OptionList.OptionSelected)
    @on(Input.Submitted)
    def _write(self) -> None:
        path = Path(self.query_one(Input).value).expanduser()
        if self._form in _RECORDS:
            self._write_records(path)
            return
        try:
            write(path, self._text())
        except DeliverkitError as error:
            self._tell(complaint(error), "✗ ")
            return
        self._done(path)

    def _text(self) -> str:
        from deliverkit.report.bounce_markdown import bounce_summary_markdown
        from deliverkit.report.data import document, dumps

        if self._form == "md":
            return bounce_summary_markdown(self._table.data, self._table.say, top=_TOP) + "\n"
        return dumps(document("bounces", summary=self._table.data)) + "\n"

    def _write_records(self, path: Path) -> None:
        from deliverkit_tui.bounce_reading import Wish, writing

        if self._core is None:
            app = cast("DeliverkitApp", self.app)
            self._core = Core(self, app.network, app.crash)
        self._tell(_("Writing…"))
        wish = Wish(self._path, only_of(self._filters))
        self._core.run_alone(writing(wish, self._table.say, path, self._form))

    @on(Figures)
    def _figures(self, message: Figures) -> None:
        self.query_one("#told", Static).update(progress(message, stops=_("Esc stops")))

    @on(Written)
    def _written(self, message: Written) -> None:
        self._done(Path(message.path))

    @on(Failed)
    def _failed(self, message: Failed) -> None:
        self._tell(f"{message.message.rstrip('.')}. {message.advice}".strip(), "✗ ")

    def _tell(self, text: str, mark: str = "") -> None:
        self.query_one("#told", Static).update(row((mark, "bad"), (text, "" if mark else "dim")))

    def _done(self, path: Path) -> None:
        self.app.notify(_("Written: {path}").format(path=path), timeout=6, markup=False)
        self.dismiss(path)

    def action_close(self) -> None:
        """Back without a file; what is half written goes."""
        self.dismiss(None)
