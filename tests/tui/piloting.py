"""Driving the app in a test: settle instead of sleeping, read what is painted, one reply for all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from textual.pilot import Pilot

REPLY = """550-5.7.26 Your email has been blocked because the sender is unauthenticated.
550-5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM.
550-5.7.26  SPF [shop.example] with ip: [192.0.2.10] = did not pass
550 5.7.26  gsmtp"""

PUBLISH = "spf-add-sender.publish"
"""The step of the demo's first case that SPF proves."""

Opened = Callable[..., AbstractAsyncContextManager[Pilot[int]]]


async def settle(pilot: Pilot[int]) -> None:
    """Until every worker is done and every message is through."""
    for _ in range(3):
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


async def keys(pilot: Pilot[int], *names: str) -> None:
    """Press keys, one after the other, then settle."""
    for name in names:
        await pilot.press(name)
        await pilot.pause()
    await settle(pilot)


def painted(pilot: Pilot[int]) -> str:
    """What stands on the screen now, as text."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)
