"""The screens as text, at the three sizes they are made for. Few on purpose: a change of look has to be looked at.

``WRITE_SCREENS=1 pytest tests/tui/test_tui_pictures.py`` writes them anew.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from bounce_log import write_log
from piloting import REPLY, Opened, keys, painted, settle

from deliverkit.session import Network

SCREENS = Path(__file__).resolve().parent / "screens"
SIZES = {"narrow": (60, 18), "plain": (80, 24), "wide": (160, 50)}
# What differs from run to run: milliseconds, the time a case was opened.
_PASSING = re.compile(r"\b\d+(?:\.\d+)? m?s\b|(?<=today )\d\d:\d\d")

WALKS: dict[str, tuple[str, tuple[str, ...]]] = {
    "start": ("", ()),
    "case": (REPLY, ("enter",)),
    "steps": (REPLY, ("enter", "2")),
    "audit": ("shop.example\nlookups.example\nsilent.example", ("enter",)),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", WALKS)
async def test_screen(name: str, size: str, opened: Opened) -> None:
    text, pressed = WALKS[name]
    async with opened(text, size=SIZES[size]) as pilot:
        await keys(pilot, *pressed)
        await settle(pilot)
        compare(f"{name}-{size}", painted(pilot))


@pytest.mark.parametrize("size", SIZES)
async def test_screen_of_bounces(size: str, opened: Opened) -> None:
    async with opened(str(write_log()), size=SIZES[size]) as pilot:
        await keys(pilot, "f")
        compare(f"bounces-{size}", painted(pilot))


async def test_screen_of_a_case_that_is_running(opened: Opened, silent_server: str) -> None:
    """All rows stand there from the start, waiting for a server that never answers."""
    network = Network([silent_server], timeout=30, deadline=60)
    async with opened(REPLY.replace(" with ip: [192.0.2.10]", ""), network=network) as pilot:
        await pilot.press("enter")
        for _ in range(5):
            await pilot.pause()
        compare("running-plain", painted(pilot))


def compare(name: str, shown: str) -> None:
    told = "\n".join(line.rstrip() for line in _PASSING.sub(_blank, shown).splitlines()) + "\n"
    path = SCREENS / f"{name}.txt"
    if os.environ.get("WRITE_SCREENS"):
        SCREENS.mkdir(exist_ok=True)
        path.write_text(told, encoding="utf-8")
    assert told == path.read_text(encoding="utf-8")


def _blank(match: re.Match[str]) -> str:
    """As wide as before would move with the number; one width for all keeps what follows in its place on the line."""
    return "#" * len(match[0])
