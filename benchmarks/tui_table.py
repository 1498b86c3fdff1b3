"""How long a key press takes in the audit table, from the key to the last line of the table that it draws.

The table is filled with results made by hand; what is measured is the screen. "at work" is what the processor does for
one key, the preview of the domain below the table included; the rest is waiting for the next of 60 frames a second.
"filter" types a word letter by letter into the filter and takes it away again.

    python benchmarks/tui_table.py [ROWS]
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from typing import Any

from textual.events import Key
from textual.strip import Strip

from deliverkit.audit import ALL
from deliverkit.model import CheckResult, Finding, Outcome, Severity
from deliverkit.session import Network
from deliverkit_tui.app import DeliverkitApp
from deliverkit_tui.screens.audit import AuditScreen
from deliverkit_tui.widgets.chips import ALL as ALL_STATES
from deliverkit_tui.widgets.chips import Chips
from deliverkit_tui.widgets.row_grid import RowGrid

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
LIMIT = 50.0
"""Milliseconds that a key press may take."""
QUIET = 0.12
"""Seconds without a line drawn after which a key press is over; the preview waits a moment before it follows."""
NAMES = {"s": "another order", "f": "another outcome"}
OUTCOMES = (Outcome.PASS, Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN)


def _results(number: int) -> list[CheckResult]:
    odd, spread = number % len(ALL), len(OUTCOMES)
    outcomes = [OUTCOMES[(number + i) % spread] if i == odd else Outcome.PASS for i in range(len(ALL))]
    finding = Finding("spf-missing", Severity.ERROR, {"domain": f"d{number}.example"})
    return [
        CheckResult(check, f"d{number}.example", outcome, (finding,) if outcome is Outcome.FAIL else ())
        for check, outcome in zip(ALL, outcomes, strict=True)
    ]


class Clock:
    """When the app last wrote to the terminal, and when it last wrote lines of the table."""

    def __init__(self, app: DeliverkitApp, grid: RowGrid) -> None:
        self.app = app
        self.drawn = self.table = self.worked = 0.0
        self._rows = False
        display, render_line = app._display, grid.render_line

        def noted(*args: Any, **kwargs: Any) -> None:
            display(*args, **kwargs)
            self.drawn = time.perf_counter()
            if self._rows:
                self.table, self._rows = self.drawn, False

        def rendered(y: int) -> Strip:
            self._rows = True
            return render_line(y)

        app._display = noted  # type: ignore[method-assign]
        grid.render_line = rendered  # type: ignore[method-assign]

    async def press(self, key: str, times: int = 1) -> list[float]:
        """Milliseconds from each key to the last line of the table that it made the app draw."""
        spent = []
        self.worked = time.process_time()
        for _ in range(times):
            start = time.perf_counter()
            self.app.post_message(Key(key, key if len(key) == 1 else None))
            while time.perf_counter() - max(start, self.drawn) < QUIET:  # noqa: ASYNC110 nothing tells when it is over
                await asyncio.sleep(0.01)
            spent.append(max(0.0, self.table - start) * 1000)
        self.worked = (time.process_time() - self.worked) * 1000 / times
        return spent


async def main() -> int:
    app = DeliverkitApp("", Network(replay="demo"), "en")
    slow = False
    async with app.run_test(size=(160, 50)) as pilot:
        app.open_audit()
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, AuditScreen)
        start = time.perf_counter()
        screen.table.add(f"d{n}.example" for n in range(ROWS))
        for number in range(ROWS):
            for result in _results(number):
                screen.table.take(f"d{number}.example", result)
        screen._update()
        await pilot.pause()
        print(f"{ROWS} domains filled and shown in {(time.perf_counter() - start) * 1000:.0f} ms")
        screen.query_one("#rows", RowGrid).focus()

        clock = Clock(app, screen.query_one("#rows", RowGrid))
        for key, times in (("down", 60), ("pagedown", 60), ("end", 3), ("home", 3), ("s", 6), ("f", 10)):
            spent = await clock.press(key, times)
            slow |= _tell(NAMES.get(key, key), spent, clock.worked)
        screen.query_one(Chips).choose(ALL_STATES)
        await clock.press("slash")
        more = [(await clock.press(letter))[0] for letter in "d777."]
        slow |= _tell("a letter more to filter", more, clock.worked)
        slow |= _tell("a letter less", await clock.press("backspace", 5), clock.worked)
    return int(slow)


def _tell(name: str, spent: list[float], worked: float) -> bool:
    middle = statistics.median(spent)
    print(f"{name:<24} middle {middle:5.1f} ms   slowest {max(spent):5.1f} ms   at work {worked:5.1f} ms")
    return middle > LIMIT


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
