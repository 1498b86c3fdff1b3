"""The screen on the recorded world, driven by a pilot."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from piloting import Opened, settle
from textual.pilot import Pilot

from deliverkit.session import Network
from deliverkit_tui.app import DeliverkitApp


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exports go to the test's own folder, and so does the history."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def opened() -> Opened:
    """``async with opened(text, size=…, network=…) as pilot``: the app on the demo's world, settled."""

    @asynccontextmanager
    async def open_app(
        text: str = "", *, size: tuple[int, int] = (80, 24), network: Network | None = None
    ) -> AsyncIterator[Pilot[int]]:
        app = DeliverkitApp(text, network or Network(replay="demo"))
        async with app.run_test(size=size, notifications=True) as pilot:
            await settle(pilot)
            yield pilot

    return open_app


@pytest.fixture
def silent_server() -> Iterator[str]:
    """``IP:PORT`` of a name server that takes every question and never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{server.getsockname()[1]}"
