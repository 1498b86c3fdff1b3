"""The app as a whole: exit codes, errors, recordings, and what is not imported before the first paint."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from piloting import REPLY, Opened, keys, settle
from textual.app import App

from deliverkit.checks import World
from deliverkit.session import Network
from deliverkit_tui import app as app_module
from deliverkit_tui.app import BUG, DeliverkitApp, ErrorApp, run_app
from deliverkit_tui.messages import RunMessage
from deliverkit_tui.screens.case import CaseScreen
from deliverkit_tui.screens.error import ErrorScreen
from deliverkit_tui.screens.start import StartScreen


async def test_quit_by_key(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("ctrl+q")
        await pilot.pause()
    assert pilot.app.return_code == 0


async def test_a_bug_in_a_check_is_a_screen_with_a_report(opened: Opened) -> None:
    async def broken(world: World) -> AsyncIterator[RunMessage]:
        raise RuntimeError("a bug \x1b[31m[red]")
        yield RunMessage()

    async with opened() as pilot:
        await keys(pilot, "f9")
        case = pilot.app.screen
        assert isinstance(case, CaseScreen)
        case.core.run(broken)
        await settle(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, ErrorScreen)
        assert "RuntimeError" in screen.report
        await keys(pilot, "c")
        assert pilot.app.clipboard == screen.report
        await keys(pilot, "escape")
        assert pilot.app.screen is case
        assert isinstance(pilot.app, DeliverkitApp)
        assert len(pilot.app.bugs) == 1


async def test_the_last_screen_of_a_broken_app() -> None:
    app = ErrorApp(ValueError("broken"))
    async with app.run_test(size=(60, 18)) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, ErrorScreen)
        assert "broken" in app.screen.report
        await pilot.press("q")
    assert app.return_value == BUG


def test_an_error_that_breaks_the_app_ends_with_70(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[type[App[int]]] = []
    original = App.run

    def headless(self: App[int], **_: object) -> int | None:
        shown.append(type(self))
        return original(self, headless=True) if isinstance(self, DeliverkitApp) else None

    def explode(self: StartScreen) -> None:
        raise ValueError("while the screen was opened")

    monkeypatch.setattr(App, "run", headless)
    monkeypatch.setattr(StartScreen, "on_mount", explode)
    assert run_app("", Network(replay="demo"), "en").code == BUG
    assert shown == [DeliverkitApp, ErrorApp]


@pytest.mark.parametrize(
    "network", [Network(replay="missing.json"), Network(nameservers=("ftp://nonsense",))], ids=["replay", "nameserver"]
)
async def test_a_world_that_cannot_be_opened_is_told(opened: Opened, network: Network) -> None:
    async with opened(REPLY, network=network) as pilot:
        if not network.replay:
            pilot.app.screen.query_one("#given-ip").value = ""  # type: ignore[attr-defined]
        await keys(pilot, "enter")
        screen = pilot.app.screen
        assert isinstance(screen, CaseScreen)
        assert not screen.running
        assert pilot.app._notifications


def test_the_answers_are_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = App.run

    async def drive(pilot: object) -> None:
        await settle(pilot)  # type: ignore[arg-type]
        await keys(pilot, "enter")  # type: ignore[arg-type]
        assert isinstance(pilot.app.screen, CaseScreen)  # type: ignore[attr-defined]
        await pilot.press("ctrl+q")  # type: ignore[attr-defined]

    def headless(self: App[int], **_: object) -> int | None:
        return original(self, headless=True, auto_pilot=drive)

    monkeypatch.setattr(App, "run", headless)
    record = tmp_path / "record.json"
    assert app_module.run_app(REPLY, Network(replay="demo", record=str(record)), "en").code == 0
    names = {row["name"] for row in json.loads(record.read_text(encoding="utf-8"))["answers"]}
    assert "shop.example" in names


def test_the_first_paint_waits_for_no_dns_library(project: Path) -> None:
    code = (
        "import sys; import deliverkit.cli.tui, deliverkit_tui.app; "
        "heavy = {'dns', 'checkdmarc', 'pydnsbl', 'cryptography', 're2', 'deliverkit.session', 'sqlite3'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=project, check=True,
                         env={"PYTHONPATH": f"{project}:{project / 'tui'}", "PATH": ""})  # fmt: skip
    assert run.stdout.strip() == "[]"
