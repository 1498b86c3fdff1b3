"""A row of choices, each with how many there are of it: a summary and a filter in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from deliverkit_tui.ink import ROLES, ink

ALL = "all"


@dataclass(frozen=True, slots=True)
class Chip:
    """One choice."""

    key: str
    label: str
    role: str = ""
    symbol: str = ""
    always: bool = False
    """Shown also where there are none."""


class Chips(Widget):
    """One line; what does not fit is left out from the end, but never the chosen one."""

    DEFAULT_CSS = """
    Chips { height: 1; width: 1fr; background: $background; color: $foreground; }
    Chips .chips--chosen { background: $primary; color: $block-cursor-foreground; text-style: bold; }
    Chips .chips--good { color: $text-success; }
    Chips .chips--bad { color: $text-error; text-style: bold; }
    Chips .chips--warn { color: $text-warning; }
    Chips .chips--unknown { color: $text-secondary; }
    Chips .chips--dim { color: $foreground-muted; }
    Chips .chips--strong { text-style: bold; }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chips--chosen",
        *(f"chips--{role}" for role in ROLES),
    }

    class Chosen(Message):
        """Another choice was made."""

        def __init__(self, chips: Chips, key: str) -> None:
            super().__init__()
            self.chips, self.key = chips, key

        @property
        def control(self) -> Chips:
            """The row, for ``on(…, selector)``."""
            return self.chips

    def __init__(self, chips: Sequence[Chip], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._chips = tuple(chips)
        self._counts: Mapping[str, int] = {}
        self._cut = False
        """Some did not fit; the last cell says so."""
        self.chosen = chips[0].key
        """Key of the choice."""

    @property
    def first(self) -> str:
        """Key of the choice that nothing is chosen by."""
        return self._chips[0].key

    def count(self, counts: Mapping[str, int]) -> None:
        """Show how many there are of each."""
        if counts != self._counts:
            self._counts = dict(counts)
            self.refresh()

    def choose(self, key: str) -> None:
        """Make a choice, and say so if it is another."""
        if key != self.chosen:
            self.chosen = key
            self.refresh()
            self.post_message(self.Chosen(self, key))

    def cycle(self, by: int = 1) -> None:
        """The next choice of which there is one."""
        keys = [chip.key for chip in self._shown()]
        here = keys.index(self.chosen) if self.chosen in keys else 0
        self.choose(keys[(here + by) % len(keys)])

    def _shown(self) -> list[Chip]:
        return [c for c in self._chips if c.always or self._counts.get(c.key) or c.key in (self.chosen, ALL)]

    def _placed(self) -> list[tuple[Chip, str, int]]:
        """The chips that fit, each with its text and where it begins; long words give way to symbols."""
        self._cut = False
        shown = self._shown()
        counted = [c for c in shown if self._counts.get(c.key) or c.key in (self.chosen, ALL)]
        for chips, short in ((shown, False), (counted, False), (shown, True), (counted, True)):
            found = self._line(chips, short=short)
            if _end(found) <= self.size.width:
                return found
        while len(found) > 1 and _end(found) > self.size.width - 2:
            # From the end, but never the chosen one.
            last = max(i for i, placed in enumerate(found) if placed[0].key != self.chosen)
            found = self._line([chip for i, (chip, _text, _short) in enumerate(found) if i != last], short=True)
            self._cut = True
        return found

    def _line(self, chips: Sequence[Chip], *, short: bool) -> list[tuple[Chip, str, int]]:
        found, left = [], 1
        for chip in chips:
            text = self._text(chip, short)
            found.append((chip, text, left))
            left += cell_len(text) + 1
        return found

    def _text(self, chip: Chip, short: bool) -> str:
        """Symbol, word and count; in short symbol and count, or the word alone."""
        count = str(self._counts.get(chip.key, 0))
        parts = [chip.symbol, chip.label, count]
        if short:
            parts = [chip.symbol, count] if chip.symbol else [chip.label]
        return f" {' '.join(part for part in parts if part)} "

    def on_click(self, event: events.Click) -> None:
        """Choose what was clicked."""
        for chip, text, left in self._placed():
            if left <= event.x < left + cell_len(text):
                self.choose(chip.key)
                return

    def render_line(self, y: int) -> Strip:
        """The line."""
        base = self.rich_style
        if y:
            return Strip.blank(self.size.width, base)
        segments = [Segment(" ", base)]
        for chip, text, _x in self._placed():
            segments += [Segment(text, self._style(chip, base)), Segment(" ", base)]
        if self._cut:
            segments.append(Segment("…", base + ink(self, "chips--dim")))
        return Strip(segments).crop_extend(0, self.size.width, base)

    def _style(self, chip: Chip, base: Style) -> Style:
        if chip.key == self.chosen:
            return self.get_component_rich_style("chips--chosen")
        if not self._counts.get(chip.key):
            return base + ink(self, "chips--dim")
        return base + ink(self, f"chips--{chip.role}") if chip.role else base


def _end(placed: Sequence[tuple[Chip, str, int]]) -> int:
    return placed[-1][2] + cell_len(placed[-1][1]) if placed else 0
