"""Help: what the focused widget and the place are for, and their keys."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Markdown

from deliverkit.language import _


class HelpScreen(ModalScreen[None]):
    """A page over the current place; Escape closes it."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen > VerticalScroll {
        width: 90%; max-width: 84; height: auto; max-height: 90%; padding: 0 1;
        border: round $border; background: $surface; border-title-color: $text;
    }
    HelpScreen Markdown { margin: 0; padding: 0 1; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q", "close", _("Close"), id="help.close"),
    ]

    def __init__(self, title: str, page: str) -> None:
        super().__init__()
        self.page_title = title
        self.page = page

    @classmethod
    def of(cls, place: Screen[Any]) -> HelpScreen:
        """The help for a place as it is now, with the keys that work there."""
        focused = place.focused
        parts = [focused.HELP if focused is not None and focused.HELP else "", place.HELP or ""]
        rows = {
            b.description: place.app.get_key_display(b)
            for _node, b, enabled, _tip in place.active_bindings.values()
            if enabled and b.description and b.id
        }
        keys = "\n".join(f"| `{key.replace('|', chr(92) + '|')}` | {what} |" for what, key in rows.items())
        parts.append(_("## Keys\n\n| key | does |\n|---|---|\n{keys}").format(keys=keys))
        return cls(getattr(place, "TITLE_TEXT", "") or _("Help"), "\n\n".join(part for part in parts if part))

    def compose(self) -> ComposeResult:
        """One scrolling page."""
        with VerticalScroll() as page:
            page.border_title = _("Help: {page_title}").format(page_title=self.page_title)
            page.border_subtitle = _("Esc closes")
            yield Markdown(self.page)

    def action_close(self) -> None:
        """Back to the place."""
        self.dismiss(None)
