"""History: what is kept, what comes back, and that a broken file costs nothing else."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from piloting import PUBLISH, Opened, keys, painted, settle
from textual.pilot import Pilot
from textual.widgets import OptionList

from deliverkit.knowledge import load
from deliverkit.model import Outcome
from deliverkit.report.sentences import Sentences
from deliverkit_tui.casefile import Mark
from deliverkit_tui.history import MAX_CASES, HistoryError, Kept, Store, default_path
from deliverkit_tui.screens.case import CaseScreen
from deliverkit_tui.screens.history import HistoryScreen
from deliverkit_tui.screens.start import StartScreen
from deliverkit_tui.widgets.caserows import case_row, when
from deliverkit_tui.widgets.steps import StepRow

ONE = Kept(
    text="550 5.1.1 no such user",
    category="invalid_address",
    reason="invalid_address.user_unknown",
    mark="fail",
    subject="there.example",
)


def test_a_case_comes_back_as_it_was(tmp_path: Path) -> None:
    store = Store(tmp_path / "h.sqlite3")
    key = store.save(ONE)
    found = store.get(key)
    assert found is not None
    assert (found.text, found.subject, found.key) == (ONE.text, ONE.subject, key)
    assert [kept.key for kept in store.cases()] == [key]
    store.delete(key)
    assert store.cases() == []
    assert store.get(key) is None


def test_saving_again_replaces(tmp_path: Path) -> None:
    from dataclasses import replace

    store = Store(tmp_path / "h.sqlite3")
    key = store.save(ONE)
    assert store.save(replace(ONE, key=key, done=2)) == key
    assert [kept.done for kept in store.cases()] == [2]


def test_the_oldest_go(tmp_path: Path) -> None:
    store = Store(tmp_path / "h.sqlite3")
    keys = [store.save(ONE) for _ in range(3)]
    with sqlite3.connect(store.path) as db:
        db.execute("update cases set at = '2001-01-01' where key = ?", [keys[0]])
        names = "text, place, domain, ip, selector, recipient, replay, category, reason, mark, subject, done, total"
        copy = f"insert into cases (at, standings, {names}) select '2020', '{{}}', {names} from cases where key = ?"
        db.executemany(copy, [(keys[1],)] * MAX_CASES)
    store.save(ONE)
    assert len(store.cases()) == MAX_CASES
    assert store.get(keys[0]) is None


@settings(max_examples=40)
@given(st.text(max_size=200))
def test_any_text_can_be_kept(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    store = Store(tmp_path_factory.mktemp("h") / "h.sqlite3")
    from dataclasses import replace

    key = store.save(replace(ONE, text=text, subject=text))
    found = store.get(key)
    assert found is not None
    assert found.text == text.encode("utf-8", "backslashreplace").decode("utf-8")


@pytest.mark.parametrize("content", [b"this is no database", b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_broken_file_is_moved_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "h.sqlite3"
    path.write_bytes(content)
    store = Store(path)
    assert store.cases() == []
    assert store.moved is not None
    assert store.moved.read_bytes() == content
    assert store.get(store.save(ONE)) is not None


def test_a_file_with_other_tables_is_moved_aside(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute("create table cases (something text)")
    store = Store(path)
    assert store.cases() == []
    assert store.moved is not None


def test_a_locked_file_is_an_error_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite3"
    Store(path).save(ONE)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin exclusive")
    try:
        with pytest.raises(HistoryError):
            Store(path).save(ONE)
    finally:
        other.close()
    assert len(Store(path).cases()) == 1


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HistoryError):
        Store(tmp_path / "file" / "h.sqlite3").cases()


def test_marks_that_are_nonsense_are_ignored(tmp_path: Path) -> None:
    from dataclasses import replace

    store = Store(tmp_path / "h.sqlite3")
    found = store.get(store.save(replace(ONE, standings='["x"', mark="purple", category="none")))
    assert found is not None
    assert "there.example" in case_row(found, Sentences(load())).plain


async def demo_case(pilot: Pilot[int]) -> None:
    await keys(pilot, "f9", "2")
    next(r for r in pilot.app.screen.query(StepRow) if r.step.id == PUBLISH).focus()
    await keys(pilot, "v", "escape", "escape")
    assert isinstance(pilot.app.screen, StartScreen)


async def test_a_case_is_kept_and_opens_as_it_was_left(opened: Opened) -> None:
    async with opened() as pilot:
        await demo_case(pilot)
        assert "shop.example" in painted(pilot)
        await keys(pilot, "f5", "enter")
        screen = pilot.app.screen
        assert isinstance(screen, CaseScreen)
        assert screen.case.standings[PUBLISH].mark is Mark.VERIFIED
        assert screen.case.results["spf"].outcome is Outcome.PASS
        assert screen.case.results["dkim"].outcome is Outcome.UNKNOWN
        await keys(pilot, "escape")
        assert len(Store(default_path()).cases()) == 1


async def test_the_recent_cases_on_the_start_screen_open(opened: Opened) -> None:
    async with opened() as pilot:
        await demo_case(pilot)
        choices = pilot.app.screen.query_one("#choices", OptionList)
        choices.focus()
        choices.highlighted = 0
        await keys(pilot, "enter")
        assert isinstance(pilot.app.screen, CaseScreen)
        assert pilot.app.screen.case.key == 1


async def test_verify_again_asks_everything_anew(opened: Opened) -> None:
    async with opened() as pilot:
        await demo_case(pilot)
        await keys(pilot, "f5", "r")
        screen = pilot.app.screen
        assert isinstance(screen, CaseScreen)
        assert screen.core.answers()
        assert set(screen.case.results) == {"spf", "dkim", "dmarc"}


async def test_delete_and_undo(opened: Opened) -> None:
    async with opened() as pilot:
        await demo_case(pilot)
        await keys(pilot, "f5")
        screen = pilot.app.screen
        assert isinstance(screen, HistoryScreen)
        await keys(pilot, "d")
        assert screen.key is None
        assert Store(default_path()).cases() == []
        await keys(pilot, "u")
        assert screen.key == 1


async def test_the_filter(opened: Opened) -> None:
    Store(default_path()).save(ONE)
    async with opened() as pilot:
        await keys(pilot, "f5", "slash", *"nowhere")
        screen = pilot.app.screen
        assert isinstance(screen, HistoryScreen)
        assert screen.key is None
        await keys(pilot, "escape")
        assert screen.key == 1


async def test_a_broken_history_costs_nothing_else(opened: Opened) -> None:
    path = default_path()
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a database at all, but long enough to be taken for one" * 20)
    async with opened() as pilot:
        assert isinstance(pilot.app.screen, StartScreen)
        assert any("broken" in n.message for n in pilot.app._notifications)
        await demo_case(pilot)
        assert len(Store(path).cases()) == 1


async def test_a_history_that_cannot_be_used_is_told_once(opened: Opened) -> None:
    path = default_path()
    path.mkdir(parents=True)
    async with opened() as pilot:
        await demo_case(pilot)
        await settle(pilot)
        assert len(pilot.app._notifications) <= 3
        await keys(pilot, "f5")
        assert isinstance(pilot.app.screen, HistoryScreen)


@pytest.mark.parametrize(("days", "told"), [(0, "today"), (1, "yesterday"), (9, "2026-03-11"), (-1, "today")])
def test_when_in_words(days: int, told: str) -> None:
    now = datetime(2026, 3, 20, 12, tzinfo=UTC)
    assert told in when((now - timedelta(days=days)).isoformat(), now)


def test_when_of_nonsense_is_nothing() -> None:
    assert when("nonsense", datetime(2026, 3, 20, tzinfo=UTC)) == ""
