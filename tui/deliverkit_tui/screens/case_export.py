"""Export: choose a form, see the name of the file, write it."""

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
from deliverkit_tui.export import Form, rendered, stem
from deliverkit_tui.files import free_name, write
from deliverkit_tui.words import complaint, row

if TYPE_CHECKING:
    from deliverkit.model import Diagnosis
    from deliverkit.net.resolver import Answer
    from deliverkit_tui.app import DeliverkitApp


class CaseExportScreen(ModalScreen[Path | None]):
    """A small form over the case."""

    DEFAULT_CSS = """
    CaseExportScreen { align: center middle; background: $background 60%; }
    CaseExportScreen > Vertical { width: 90%; max-width: 76; height: auto; padding: 0 1; border: round $border; }
    CaseExportScreen OptionList, CaseExportScreen OptionList:focus { height: auto; border: none; padding: 0; }
    CaseExportScreen OptionList { background: $background; }
    CaseExportScreen Static { color: $text-muted; height: auto; margin: 1 0 0 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", _("Close"), id="export.close"),
        Binding("c", "copy", _("Copy instead of writing"), id="export.copy"),
    ]

    def __init__(self, diagnosis: Diagnosis, subject: str, answers: Sequence[Answer]) -> None:
        super().__init__()
        self.diagnosis = diagnosis
        self.stem = stem(subject)
        self.answers = answers

    def compose(self) -> ComposeResult:
        """The forms, the file, how it goes."""
        with Vertical() as box:
            box.border_title = _("Export the case")
            box.border_subtitle = _("Enter writes · c copies · Esc closes")
            yield OptionList(
                *(
                    Option(row((f"{form.value:<11}", "strong"), (form.about, "dim")), id=form.value)
                    for form in Form
                    if form is not Form.RECORDING or self.answers
                ),
                id="forms",
                markup=False,
            )
            yield Static(_("Write to"))
            yield Input(id="path", compact=True, max_length=1000)

    def on_mount(self) -> None:
        """The first form is chosen."""
        self.query_one(OptionList).focus()

    @property
    def form(self) -> Form:
        """The form that is chosen."""
        option = self.query_one(OptionList).highlighted_option
        return Form(option.id) if option and option.id else Form.MARKDOWN

    @on(OptionList.OptionHighlighted)
    def _chosen(self) -> None:
        self.query_one(Input).value = str(free_name(Path.cwd(), self.stem, self.form.suffix))

    @on(OptionList.OptionSelected)
    @on(Input.Submitted)
    def _write(self) -> None:
        path = Path(self.query_one(Input).value).expanduser()
        try:
            write(path, self._text())
        except DeliverkitError as error:
            self.notify(complaint(error), severity="error", timeout=8, markup=False)
            return
        self.app.notify(_("Written: {path}").format(path=path), timeout=6, markup=False)
        self.dismiss(path)

    def _text(self) -> str:
        return rendered(self.form, self.diagnosis, cast("DeliverkitApp", self.app).say, self.answers)

    def action_copy(self) -> None:
        """To the clipboard."""
        cast("DeliverkitApp", self.app).copy(self._text(), _("the case as {form}").format(form=self.form.value))
        self.dismiss(None)

    def action_close(self) -> None:
        """Write nothing."""
        self.dismiss(None)
