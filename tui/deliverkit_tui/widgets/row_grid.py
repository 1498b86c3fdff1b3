"""A table that only draws what is seen: ten thousand rows scroll and filter as fast as ten.

The rows are keys in an order; what stands in a row is asked for when it is drawn. The cursor belongs to a key, so it
stays with its row, at its place on the screen, while others arrive above it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from deliverkit.language import _
from deliverkit.report.clean import one_line
from deliverkit_tui.grid_layout import Column, gap, widths
from deliverkit_tui.ink import ROLES, ink

Cell = tuple[str, str]
"""Text and role; the text may come from outside, it is cleaned when it is drawn."""

_POINTER = "▸"


class RowGrid(ScrollView, can_focus=True):
    """Rows by key, one line each, under a header that stays."""

    DEFAULT_CSS = """
    RowGrid {
        scrollbar-size-vertical: 1; overflow-x: hidden; scrollbar-gutter: stable;
        background: $background; color: $foreground;
    }
    RowGrid .row-grid--header { color: $foreground-muted; text-style: underline; }
    RowGrid .row-grid--hover { background: $boost; }
    RowGrid .row-grid--cursor { background: $block-cursor-blurred-background; color: $block-cursor-blurred-foreground; }
    RowGrid:focus .row-grid--cursor {
        background: $block-cursor-background; color: $block-cursor-foreground; text-style: $block-cursor-text-style;
    }
    RowGrid .row-grid--good { color: $text-success; }
    RowGrid .row-grid--bad { color: $text-error; text-style: bold; }
    RowGrid .row-grid--warn { color: $text-warning; }
    RowGrid .row-grid--unknown { color: $text-secondary; }
    RowGrid .row-grid--dim { color: $foreground-muted; }
    RowGrid .row-grid--strong { text-style: bold; }
    RowGrid .row-grid--code { color: $text-primary; }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "row-grid--header",
        "row-grid--cursor",
        "row-grid--hover",
        *(f"row-grid--{role}" for role in ROLES),
    }

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="grid.up"),
        Binding("down,j", "move(1)", _("Down"), show=False, id="grid.down"),
        Binding("pageup", "page(-1)", _("Page up"), show=False, id="grid.page-up"),
        Binding("pagedown", "page(1)", _("Page down"), show=False, id="grid.page-down"),
        Binding("home,g", "move_to(0)", _("First"), show=False, id="grid.first"),
        Binding("end,G", "move_to(-1)", _("Last"), show=False, id="grid.last"),
        Binding("enter", "select", _("Open"), show=False, id="grid.open"),
    ]

    hovered: reactive[int | None] = reactive(None, init=False)

    class Told(Message):
        """What all messages of a grid have."""

        def __init__(self, grid: RowGrid, key: str | None, *, by_hand: bool = True) -> None:
            super().__init__()
            self.grid, self.key = grid, key
            self.by_hand = by_hand
            """A key or the mouse moved it; else the rows changed under it."""

        @property
        def control(self) -> RowGrid:
            """The grid, for ``on(…, selector)``."""
            return self.grid

    class Highlighted(Told):
        """The cursor came to another row."""

    class Selected(Told):
        """Enter, or a click on the row of the cursor."""

    class HeaderClicked(Told):
        """A click on the label of a column; ``key`` is the column's."""

    def __init__(
        self,
        columns: Sequence[Column],
        cells: Callable[[str], Sequence[Cell]],
        *,
        empty: str = "",
        id: str | None = None,  # noqa: A002 the name that all widgets use
    ) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.empty = empty
        """What stands there while there are no rows."""
        self.sorted_by = ""
        """Key of the column that carries the mark of the order."""
        self._header = int(any(column.label for column in columns))
        """Lines above the rows: a grid without labels has none."""
        self._cells = cells
        self._keys: Sequence[str] = ()
        self._cursor = 0
        self._styles: dict[str, Style] = {}

    @property
    def keys(self) -> Sequence[str]:
        """The keys in their order."""
        return self._keys

    @property
    def cursor_key(self) -> str | None:
        """The key under the cursor; None without rows."""
        return self._keys[self._cursor] if self._keys else None

    def set_rows(self, keys: Sequence[str], *, cursor: str | None = None) -> None:
        """Show these rows. The cursor goes to ``cursor``, or stays with its key, or at its place if that is gone."""
        before = self.cursor_key
        wanted = cursor or before
        line = self._cursor - self.scroll_offset.y
        self._keys = keys
        self._cursor = _index(keys, wanted, self._cursor)
        self.virtual_size = Size(self._width, len(keys) + self._header)
        if cursor is None and before is not None and self._cursor < len(keys) and line >= 0:
            self.scroll_to(y=max(0, self._cursor - line), animate=False, force=True)
        self._show_cursor()
        self.refresh()
        if self.cursor_key != before:
            self.post_message(self.Highlighted(self, self.cursor_key, by_hand=False))

    def redraw(self, key: str | None = None) -> None:
        """Draw again what has changed; cheap for a row that nobody sees."""
        first = self.scroll_offset.y
        if key is None or key in self._keys[first : first + self._height]:
            self.refresh()

    def move_to(self, key: str) -> bool:
        """Bring the cursor to a row; False if it is not there."""
        if key not in self._keys:
            return False
        self.action_move_to(_index(self._keys, key, 0))
        return True

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self.action_move_to(max(0, min(self._cursor + by, len(self._keys) - 1)))

    def action_page(self, by: int) -> None:
        """Move the cursor by screens."""
        self.action_move(by * max(1, self._height - 1))

    def action_move_to(self, index: int) -> None:
        """Move the cursor to a row by its number; -1 is the last."""
        if not self._keys:
            return
        index = index % len(self._keys)
        before, self._cursor = self._cursor, index
        self._show_cursor()
        if before != index:
            self._refresh_row(before)
            self._refresh_row(index)
            self.post_message(self.Highlighted(self, self.cursor_key))

    def action_select(self) -> None:
        """Open the row under the cursor."""
        if self._keys:
            self.post_message(self.Selected(self, self.cursor_key))

    @property
    def _height(self) -> int:
        return max(1, self.size.height - self._header)

    @property
    def _width(self) -> int:
        """Cells to draw in, without the scroll bar."""
        return self.scrollable_content_region.width

    def _show_cursor(self) -> None:
        top = self.scroll_offset.y
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, force=True)
        elif self._cursor >= top + self._height:
            self.scroll_to(y=self._cursor - self._height + 1, animate=False, force=True)

    # -- events

    def on_resize(self) -> None:
        """Keep the row of the cursor in sight."""
        self.virtual_size = Size(self._width, len(self._keys) + self._header)
        self.call_after_refresh(self._show_cursor)

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; a second one on the same row opens it."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.y < self._header:
            if (key := self._column_at(offset.x)) is not None:
                self.post_message(self.HeaderClicked(self, key))
            return
        index = self.scroll_offset.y + offset.y - self._header
        if index >= len(self._keys):
            return
        if index == self._cursor and event.chain > 1:
            self.action_select()
        else:
            self.action_move_to(index)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Show which row a click would take."""
        self.hovered = self.scroll_offset.y + event.y - self._header if event.y >= self._header else None

    def on_leave(self) -> None:
        """Nothing is under the mouse."""
        self.hovered = None

    def _column_at(self, x: int) -> str | None:
        left = 2
        for column, width in zip(self.columns, self._widths(), strict=True):
            if width and left <= x < left + width + 1:
                return column.key
            left += width + gap(self._room) if width else 0
        return None

    # -- drawing

    def notify_style_update(self) -> None:
        """Forget the colours of the theme before."""
        self._styles.clear()
        super().notify_style_update()

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            component = f"row-grid--{name}"
            self._styles[name] = (
                ink(self, component)
                if name in ROLES
                else self.get_component_rich_style(component)
                if name
                else self.rich_style
            )
        return self._styles[name]

    @property
    def _room(self) -> int:
        """Cells for the columns: what the pointer before them leaves."""
        return max(0, self._width - 3)

    def _widths(self) -> list[int]:
        return widths(self.columns, self._room)

    def render_line(self, y: int) -> Strip:
        """One line of the screen; the first is the header."""
        width = self._width
        if y < self._header:
            return self._line(self._labels(), self._style("header"), " ", header=True)
        index = self.scroll_offset.y + y - self._header
        if index >= len(self._keys):
            text = self.empty if y == 2 and not self._keys else ""
            style = self._style("") + self._style("dim")
            return Strip([Segment(set_cell_size("  " + text, width), style)], width)
        here = index == self._cursor
        style = self._style("cursor" if here else "hover" if index == self.hovered else "")
        return self._line(self._cells(self._keys[index]), style, _POINTER if here else " ", plain=here)

    def _labels(self) -> list[Cell]:
        """The header: the short label where the long one does not fit, and the mark of the order."""
        found = []
        for column, width in zip(self.columns, self._widths(), strict=True):
            label = column.label if cell_len(column.label) <= width else column.short or column.label
            marked = f"{label} ↓" if column.key == self.sorted_by else label
            found.append((marked if cell_len(marked) <= width else label, ""))
        return found

    def _line(
        self, cells: Sequence[Cell], base: Style, lead: str, *, plain: bool = False, header: bool = False
    ) -> Strip:
        space = " " * gap(self._room)
        segments = [Segment(f"{lead} ", base)]
        used = 2
        for column, width, (text, role) in zip(self.columns, self._widths(), cells, strict=True):
            if width:
                style = base if plain or header or not role else base + self._style(role)
                short = column.symbol and width < column.width and not header
                fitted = _fitted(text, width, short, right=column.right)
                segments += [Segment(fitted, style), Segment(space, base)]
                used += width + len(space)
        rest = self._width - used
        if rest > 0:
            segments.append(Segment(" " * rest, base))
        return Strip(segments, max(used, self._width)).crop(0, self._width)

    def watch_hovered(self) -> None:
        """Draw the row under the mouse."""
        self.refresh()

    def watch_has_focus(self, _has_focus: bool) -> None:
        """The cursor looks different without focus."""
        self._styles.clear()
        super().watch_has_focus(_has_focus)

    def _refresh_row(self, index: int) -> None:
        self.refresh(Region(0, index - self.scroll_offset.y + self._header, self.size.width, 1))


def _index(keys: Sequence[str], wanted: str | None, place: int) -> int:
    try:
        return keys.index(wanted) if wanted is not None else 0
    except ValueError:
        return max(0, min(place, len(keys) - 1))


def _fitted(text: str, width: int, symbol: bool, *, right: bool = False) -> str:
    """``text``, or only its symbol, in exactly ``width`` cells, safe to draw; cut with an ellipsis."""
    text = one_line(text, 500)
    if symbol:
        text = text[:1]
    if cell_len(text) <= width:
        return " " * (width - cell_len(text)) + text if right else set_cell_size(text, width)
    return set_cell_size(text, width - 1) + "…"
