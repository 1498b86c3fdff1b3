"""A DNS record to publish, boxed: name and type in the border, the value whole and selectable."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from deliverkit.language import _
from deliverkit.model import Record
from deliverkit_tui.words import line, row, text


class RecordBox(Vertical):
    """What stands there now, then the box with what to publish."""

    DEFAULT_CSS = """
    RecordBox { height: auto; }
    RecordBox > Static { height: auto; }
    RecordBox > #value { border: round $primary; border-title-color: $text; border-subtitle-color: $text-muted; padding: 0 1; }
    """  # noqa: E501 one rule, one line

    def __init__(self, record: Record) -> None:
        super().__init__()
        self.record = record

    def compose(self) -> ComposeResult:
        """Now, then publish."""
        for now in self.record.now:
            yield Static(row((f"{_('now')}  ", "dim"), text(now, "dim")))
        value = Static(text(self.record.value, "code"), id="value")
        value.border_title = line(
            _("publish at {name} {rdtype}").format(name=self.record.name, rdtype=self.record.rdtype)
        )
        value.border_subtitle = _("c copies")
        yield value
