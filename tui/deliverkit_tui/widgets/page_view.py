"""A page of a text report: coloured by role, its ids are links, its text can be selected and copied."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from deliverkit.language import _
from deliverkit_tui.ink import ROLES, ink
from deliverkit_tui.pages import Line, Target, fold, links, parse, plain

Page = Callable[[int], str]
"""A page at a width, with roles marked by ``pages.mark``."""


class PageView(ScrollView, can_focus=True):
    """Text to read. Up and Down go from link to link and scroll where there is none; Enter follows a link."""

    DEFAULT_CSS = """
    PageView {
        scrollbar-size-vertical: 1; overflow-x: hidden; scrollbar-gutter: stable;
        background: $background; color: $foreground;
    }
    PageView .page-view--cursor {
        background: $block-cursor-background; color: $block-cursor-foreground; text-style: $block-cursor-text-style;
    }
    PageView .page-view--good { color: $text-success; }
    PageView .page-view--bad { color: $text-error; text-style: bold; }
    PageView .page-view--warn { color: $text-warning; }
    PageView .page-view--unknown { color: $text-secondary; }
    PageView .page-view--dim { color: $foreground-muted; }
    PageView .page-view--strong { text-style: bold; }
    PageView .page-view--code { color: $text-primary; }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "page-view--cursor",
        *(f"page-view--{role}" for role in ROLES),
    }

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "go(-1)", "Up", show=False, id="page.up"),
        Binding("down,j", "go(1)", _("Down"), show=False, id="page.down"),
        Binding("pageup", "leap(-1)", _("Page up"), show=False, id="page.page-up"),
        Binding("pagedown,space", "leap(1)", _("Page down"), show=False, id="page.page-down"),
        Binding("home,g", "top", "Top", show=False, id="page.top"),
        Binding("end,G", "bottom", _("Bottom"), show=False, id="page.bottom"),
        Binding("enter,right", "follow", _("Follow"), show=False, id="page.follow"),
    ]

    class Followed(Message):
        """A link was followed; ``link`` is the id of the entry."""

        def __init__(self, view: PageView, link: str) -> None:
            super().__init__()
            self.view, self.link = view, link

        @property
        def control(self) -> PageView:
            """The view, for ``on(…, selector)``."""
            return self.view

    def __init__(self, *, target: Target | None = None, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._target = target
        self._page: Page | None = None
        self._lines: list[Line] = []
        self._links: list[tuple[int, int]] = []
        self._link = -1
        self._styles: dict[str, Style] = {}

    @property
    def text(self) -> str:
        """What is shown, without colours."""
        return plain(self._lines)

    @property
    def link(self) -> str | None:
        """The entry that the link under the cursor leads to."""
        if not 0 <= self._link < len(self._links):
            return None
        y, i = self._links[self._link]
        return self._lines[y][i].link

    def show(self, page: Page | None, *, keep: bool = False) -> None:
        """Show a page from its top; ``keep`` stays at the place, for the same page with more in it."""
        self._page = page
        if not keep:
            self._link = -1
            self.scroll_to(y=0, animate=False, force=True)
        self._lay_out()

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        lines = parse(self._page(max(20, width)), self._target) if self._page and width else []
        self._lines = fold(lines, width)
        self._links = links(self._lines)
        self._link = min(self._link, len(self._links) - 1)
        self.virtual_size = Size(width, len(self._lines))
        self.refresh()

    def on_resize(self) -> None:
        """Wrap again."""
        self._lay_out()

    # -- moving

    def action_go(self, by: int) -> None:
        """To the next link in sight, else one line on."""
        top, height = self.scroll_offset.y, self.size.height
        wanted = self._next(by, top, height)
        if wanted is not None:
            self._link = wanted
            y = self._links[wanted][0]
            if y < top:
                self.scroll_to(y=y, animate=False, force=True)
            elif y >= top + height:
                self.scroll_to(y=y - height + 1, animate=False, force=True)
            self.refresh()
        else:
            self.scroll_to(y=top + by, animate=False)

    def _next(self, by: int, top: int, height: int) -> int | None:
        """The link to go to: the nearest in that direction, not further than a line outside."""
        here = self._links[self._link][0] if 0 <= self._link < len(self._links) else None
        if here is not None and top <= here < top + height:
            candidates = [self._link + by]
        else:
            order = range(len(self._links)) if by > 0 else range(len(self._links) - 1, -1, -1)
            candidates = [n for n in order if top <= self._links[n][0] < top + height][:1]
        return next((n for n in candidates if 0 <= n < len(self._links) and self._near(n, top, height)), None)

    def _near(self, number: int, top: int, height: int) -> bool:
        return top - 1 <= self._links[number][0] <= top + height

    def action_leap(self, by: int) -> None:
        """Scroll by a screen."""
        self._link = -1
        self.scroll_to(y=self.scroll_offset.y + by * max(1, self.size.height - 1), animate=False)
        self.refresh()

    def action_top(self) -> None:
        """To the first line."""
        self._link = -1
        self.scroll_to(y=0, animate=False)
        self.refresh()

    def action_bottom(self) -> None:
        """To the last line."""
        self._link = -1
        self.scroll_to(y=len(self._lines), animate=False)
        self.refresh()

    def action_follow(self) -> None:
        """Follow the link under the cursor."""
        if (link := self.link) is not None:
            self.post_message(self.Followed(self, link))

    def on_click(self, event: events.Click) -> None:
        """Follow the link under the mouse."""
        offset = event.get_content_offset(self)
        if offset is None or (y := self.scroll_offset.y + offset.y) >= len(self._lines):
            return
        left = 0
        for i, span in enumerate(self._lines[y]):
            left += cell_len(span.text)
            if offset.x < left:
                if span.link:
                    self._link = self._links.index((y, i))
                    self.action_follow()
                return

    # -- drawing

    def notify_style_update(self) -> None:
        """Forget the colours of the theme before."""
        self._styles.clear()
        super().notify_style_update()

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            component = f"page-view--{name}"
            self._styles[name] = self.get_component_rich_style(component) if name == "cursor" else ink(self, component)
        return self._styles[name]

    def render_line(self, y: int) -> Strip:
        """One line of the page."""
        width = self.scrollable_content_region.width
        number = self.scroll_offset.y + y
        base = self.rich_style
        if number >= len(self._lines):
            return Strip.blank(width, base)
        at = self._links[self._link] if 0 <= self._link < len(self._links) else None
        segments = []
        for i, span in enumerate(self._lines[number]):
            style = base + self._style(span.role) if span.role in ROLES else base
            if span.link:
                style = self._style("cursor") if at == (number, i) else style + Style(underline=True)
            segments.append(Segment(span.text, style))
        segments = self._selected(segments, number)
        strip = Strip(segments).crop_extend(0, width, base)
        return strip.apply_offsets(0, number)

    def _selected(self, segments: list[Segment], number: int) -> list[Segment]:
        selection = self.text_selection
        span = selection.get_span(number) if selection else None
        if span is None:
            return segments
        style = self.screen.get_component_rich_style("screen--selection")
        start, end = span
        found, at = [], 0
        for text, own, _control in segments:
            for char in text:
                inside = start <= at and (end == -1 or at < end)
                found.append(Segment(char, (own or Style()) + style if inside else own))
                at += 1
        return list(Segment.simplify(found))

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """What the mouse has selected."""
        return selection.extract(self.text), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw the selection."""
        self.refresh()
