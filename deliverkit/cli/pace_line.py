"""How a long run gets on: one line on stderr that is written over, where somebody looks."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from deliverkit.bulk.pace import Pace
from deliverkit.language import _

EVERY = 0.5
"""Seconds."""
_CLEAR = "\r\x1b[K"


def shown(quiet: bool) -> bool:
    """Whether anybody looks: stderr is a terminal, this is no CI job, and the user did not say ``--quiet``."""
    return not quiet and sys.stderr.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"


@asynccontextmanager
async def progress(pace: Pace, quiet: bool) -> AsyncIterator[None]:
    """Show ``pace`` while the block runs."""
    if not shown(quiet):
        yield
        return

    async def draw() -> None:
        while True:
            await asyncio.sleep(EVERY)
            sys.stderr.write(_CLEAR + line(pace)[: shutil.get_terminal_size((80, 24)).columns - 1])
            sys.stderr.flush()

    drawing = asyncio.create_task(draw())
    try:
        yield
    finally:
        drawing.cancel()
        with suppress(asyncio.CancelledError):
            await drawing
        sys.stderr.write(_CLEAR)
        sys.stderr.flush()


def line(pace: Pace) -> str:
    """``1,204 of 50,000 · 98.2 domains/s · 8 min left · slow: shop.example 12 s``."""
    rate = f"{pace.rate:.1f}"
    if pace.total:
        done = _("{done} of {total} · {rate} domains/s").format(
            done=f"{pace.done:,}", total=f"{max(pace.total, pace.done):,}", rate=rate
        )
    else:
        done = _("{done} · {rate} domains/s").format(done=f"{pace.done:,}", rate=rate)
    parts = [done]
    if pace.left is not None:
        parts.append(_("{time} left").format(time=_lasting(pace.left)))
    if slow := pace.slow():
        domain, seconds = slow[0]
        parts.append(_("slow: {domain} {time}").format(domain=domain, time=_lasting(seconds)))
    return " · ".join(parts)


def _lasting(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
