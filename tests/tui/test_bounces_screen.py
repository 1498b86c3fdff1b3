"""Bounces: a log is read beside the screen, counted, filtered, opened up; nothing that stands in it does harm."""

from __future__ import annotations

import csv
import gzip
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bounce_log import AUTH, GOOGLE, log_lines, put, taken, write_log
from piloting import Opened, keys, painted, settle
from textual.pilot import Pilot
from textual.widgets import Input, Static

from deliverkit.bounces.user_rules import load_rules
from deliverkit_tui import bounce_reading
from deliverkit_tui.bounce_table import ACTIVE, INCIDENTS, UNKNOWN, WHY
from deliverkit_tui.screens.bounces import BouncesScreen
from deliverkit_tui.screens.bounces_export import BouncesExportScreen
from deliverkit_tui.screens.case import CaseScreen
from deliverkit_tui.screens.catalogue import CatalogueScreen
from deliverkit_tui.screens.start import StartScreen
from deliverkit_tui.widgets.chips import Chips
from deliverkit_tui.widgets.crumbs import Crumbs
from deliverkit_tui.widgets.filter_input import FilterInput
from deliverkit_tui.widgets.page_view import PageView
from deliverkit_tui.widgets.row_grid import RowGrid


def screen_of(pilot: Pilot[int]) -> BouncesScreen:
    screen = pilot.app.screen
    assert isinstance(screen, BouncesScreen), screen
    return screen


def rows(pilot: Pilot[int]) -> list[str]:
    return list(screen_of(pilot).query_one("#rows", RowGrid).keys)


def totals(pilot: Pilot[int]) -> dict[str, int]:
    table = screen_of(pilot).table
    assert table is not None
    found: dict[str, int] = table.data["totals"]
    return found


def headline(pilot: Pilot[int]) -> str:
    return str(screen_of(pilot).query_one("#headline", Static).render())


async def show(pilot: Pilot[int], view: str) -> None:
    screen_of(pilot).query_one(Chips).choose(view)
    await settle(pilot)


async def test_a_log_named_on_the_command_line_is_counted_at_once(opened: Opened) -> None:
    async with opened(str(write_log())) as pilot:
        assert screen_of(pilot).view == WHY
        assert {name: totals(pilot)[name] for name in ("delivered", "hard", "soft", "unknown")} == {
            "delivered": 60,
            "hard": 7,
            "soft": 17,
            "unknown": 3,
        }
        assert rows(pilot)[:2] == ["category:dmarc", "reason:dmarc.unauthenticated"]
        assert screen_of(pilot).command_line() == "deliverkit bounces mail.log"


async def test_a_path_is_typed_on_the_start_screen_or_behind_its_key(opened: Opened) -> None:
    path = write_log()
    async with opened() as pilot:
        await keys(pilot, *"./mail.log", "enter")
        assert totals(pilot)["hard"] == 7
        await keys(pilot, "escape")
        assert isinstance(pilot.app.screen, StartScreen)
        await keys(pilot, "f6")
        assert pilot.app.focused is screen_of(pilot).query_one("#asked")
        screen_of(pilot).query_one("#asked", Input).value = str(path.resolve())
        await keys(pilot, "enter")
        assert totals(pilot)["hard"] == 7
        assert pilot.app.focused is screen_of(pilot).query_one("#rows")
        await keys(pilot, "i")
        assert pilot.app.focused is screen_of(pilot).query_one("#asked")
        await keys(pilot, "escape")
        assert pilot.app.focused is screen_of(pilot).query_one("#rows")


async def test_a_group_is_looked_at_alone_and_escape_takes_that_back(opened: Opened) -> None:
    async with opened(str(write_log())) as pilot:
        await show(pilot, "sending_domain")
        await keys(pilot, "down")
        assert rows(pilot) == ["sending_domain:news.example", "sending_domain:shop.example"]
        await keys(pilot, "enter")
        assert screen_of(pilot).view == WHY
        assert totals(pilot)["bounces"] == 9
        await keys(pilot, "enter")
        assert screen_of(pilot).view == INCIDENTS
        assert screen_of(pilot).command_line().endswith("--only sending_domain=shop.example --only category=dmarc")
        assert "shop.example ×" in painted(pilot)
        await keys(pilot, "escape", "escape")
        assert screen_of(pilot).filters == ()
        assert screen_of(pilot).view == "sending_domain"
        assert screen_of(pilot).query_one("#rows", RowGrid).cursor_key == "sending_domain:shop.example"
        assert totals(pilot)["bounces"] == 24
        await keys(pilot, "escape")
        assert isinstance(pilot.app.screen, StartScreen)


@pytest.mark.parametrize("view", ["provider", "code", "sending_domain", "ip", "day", "why"])
async def test_what_a_row_counts_is_what_is_left_behind_it(view: str, opened: Opened) -> None:
    async with opened(str(write_log())) as pilot:
        await show(pilot, view)
        table, found = screen_of(pilot).table, rows(pilot)
        assert table is not None
        for key in found[:2]:
            await show(pilot, view)
            screen_of(pilot).query_one("#rows", RowGrid).move_to(key)
            row = table.row(key)
            assert row is not None
            await keys(pilot, "enter")
            assert totals(pilot)["bounces"] == row["bounces"], key
            await keys(pilot, "escape")


async def test_a_filter_is_taken_back_with_the_mouse(opened: Opened) -> None:
    async with opened(str(write_log())) as pilot:
        await show(pilot, "provider")
        await keys(pilot, "enter", "enter")
        assert [name for name, _value in screen_of(pilot).filters] == ["provider", "category"]
        line = painted(pilot).splitlines()[screen_of(pilot).query_one(Crumbs).region.y]
        await pilot.click(Crumbs, offset=(line.index("Gmail"), 0))
        await settle(pilot)
        assert [name for name, _value in screen_of(pilot).filters] == ["category"]


async def test_typed_words_choose_from_the_rows(opened: Opened) -> None:
    async with opened(str(write_log())) as pilot:
        await show(pilot, INCIDENTS)
        assert len(rows(pilot)) == 4
        await keys(pilot, "slash", *"unauth")
        assert len(rows(pilot)) == 1
        await keys(pilot, "escape")
        assert screen_of(pilot).query_one(FilterInput).value == ""
        assert len(rows(pilot)) == 4


async def test_an_incident_opens_as_a_case_with_what_the_filters_say(opened: Opened) -> None:
    async with opened(str(write_log())) as pilot:
        await show(pilot, "sending_domain")
        await keys(pilot, "down", "enter", "enter", "enter")
        case = pilot.app.screen
        assert isinstance(case, CaseScreen)
        assert case.case.diagnosis.verdict.reason == "dmarc.unauthenticated"
        assert case.case.given.domain == "shop.example"
        await keys(pilot, "escape")
        assert screen_of(pilot).view == INCIDENTS


async def test_enter_right_behind_another_view_opens_what_is_shown(opened: Opened) -> None:
    """The keys of somebody fast arrive before the rows of the view."""
    async with opened(str(write_log())) as pilot:
        screen = screen_of(pilot)
        screen.query_one(Chips).cycle(1)
        screen.query_one("#rows", RowGrid).action_select()
        painted(pilot)
        await settle(pilot)
        assert not pilot.app.bugs  # type: ignore[attr-defined]
        assert screen.filters or screen is not pilot.app.screen


async def test_what_is_not_understood_has_a_rule_to_copy_and_to_write(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    async with opened(str(write_log())) as pilot:
        monkeypatch.setattr(pilot.app, "copy", lambda text, what: copied.append(text))
        await show(pilot, UNKNOWN)
        await keys(pilot, "c", "w")
        assert "[[rule]]" in copied[0]
        assert copied[0] in taken("own-rules.toml")
        assert [rule.reason for rule in load_rules(Path("own-rules.toml"))] == ["unknown.unclassified"]


async def test_addresses_that_are_alive_come_with_the_way_to_win_them_back(opened: Opened) -> None:
    async with opened(str(write_log()), size=(120, 50)) as pilot:
        await show(pilot, ACTIVE)
        assert rows(pilot) == ["active:dmarc.unauthenticated"]
        page = screen_of(pilot).query_one(PageView)
        table = screen_of(pilot).table
        assert table is not None
        assert table.data["recovery"]["title"] in page.text
        await keys(pilot, "enter")
        assert pilot.app.focused is page
        while page.link != "dmarc.unauthenticated":
            before = page.scroll_offset.y, page.link
            await keys(pilot, "down")
            assert (page.scroll_offset.y, page.link) != before
        await keys(pilot, "enter")
        assert isinstance(pilot.app.screen, CatalogueScreen)


@pytest.mark.parametrize("form", ["md", "json", "jsonl", "csv"])
async def test_exports_what_is_shown(form: str, opened: Opened) -> None:
    async with opened(str(write_log())) as pilot:
        await show(pilot, "sending_domain")
        await keys(pilot, "down", "enter", "e")
        assert isinstance(pilot.app.screen, BouncesExportScreen)
        await keys(pilot, *["down"] * ["md", "json", "jsonl", "csv"].index(form), "enter")
        assert isinstance(pilot.app.screen, BouncesScreen)
        text = taken(f"deliverkit-bounces-mail.log.{form}")
    if form == "md":
        assert "shop.example" in text
        assert "news.example" not in text
    elif form == "json":
        assert json.loads(text)["summary"]["totals"]["bounces"] == 9
    elif form == "jsonl":
        found = [json.loads(line) for line in text.splitlines()]
        assert {(one["reason"], one["sending_domain"]) for one in found} == {("dmarc.unauthenticated", "shop.example")}
        assert len(found) == 9
    else:
        assert len(list(csv.DictReader(text.splitlines()))) == 9


async def test_an_export_that_cannot_be_written_says_so(opened: Opened) -> None:
    async with opened(str(write_log())) as pilot:
        await keys(pilot, "e", "end")
        pilot.app.screen.query_one(Input).value = "no/such/folder/x.csv"
        await keys(pilot, "enter")
        assert isinstance(pilot.app.screen, BouncesExportScreen)
        assert "no/such/folder" in str(pilot.app.screen.query_one("#told", Static).render())
        assert not list(Path.cwd().glob("*.part"))


@pytest.mark.parametrize("name", ["missing.log", "pipe", "\x00"])
async def test_a_path_that_cannot_be_read_is_told_in_its_place(name: str, opened: Opened) -> None:
    os.mkfifo("pipe")
    async with opened() as pilot:
        await keys(pilot, "f6")
        screen_of(pilot).open_path(name)
        await settle(pilot)
        assert screen_of(pilot).table is None
        assert screen_of(pilot).query_one("#asked").has_class("-wrong")
        assert "✗" in headline(pilot)


async def test_a_file_that_nobody_knows_and_one_without_rights_are_told(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("strange.bin", b"\x01\x02 nothing of ours\n" * 50)
    async with opened() as pilot:
        await keys(pilot, "f6")
        screen_of(pilot).open_path("strange.bin")
        await settle(pilot)
        assert "strange.bin" in headline(pilot)
        assert not screen_of(pilot).running

        def refused(*_given: object, **_how: object) -> Iterator[Any]:
            raise PermissionError(13, "Permission denied", "strange.bin")

        monkeypatch.setattr(bounce_reading, "chunks", refused)
        await keys(pilot, "r")
        assert "Permission denied" in headline(pilot)


async def test_an_empty_file_and_one_without_bounces_are_no_riddle(opened: Opened) -> None:
    put("empty.log", "")
    put("quiet.log", log_lines(("shop.example", GOOGLE, "", 5)))
    async with opened() as pilot:
        await keys(pilot, "f6")
        for name, events in (("empty.log", 0), ("quiet.log", 5)):
            screen_of(pilot).open_path(name)
            await settle(pilot)
            table = screen_of(pilot).table
            assert table is not None
            assert table.data["events"] == events
            assert rows(pilot) == []
            assert screen_of(pilot).query_one("#rows", RowGrid).empty


async def test_a_folder_of_mails_and_logs_is_read_whole(opened: Opened) -> None:
    put("box/notes.txt", "remember the milk\n")
    write_log("box/mail.log")
    put("box/older.log.gz", gzip.compress(taken("box/mail.log").encode()))
    async with opened("./box") as pilot:
        assert totals(pilot)["hard"] == 14
        assert totals(pilot)["faults"] == 1
        await show(pilot, "faults")
        assert "notes.txt" in painted(pilot)


async def test_processes_come_to_the_same(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounce_reading, "_LITTLE", 0)
    monkeypatch.setattr(bounce_reading, "PIECE", 2_000)
    async with opened(str(write_log())) as pilot:
        assert (totals(pilot)["delivered"], totals(pilot)["hard"], totals(pilot)["soft"]) == (60, 7, 17)


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The second piece never comes; set when the reader was told that nobody waits for it."""
    given_up = threading.Event()
    real = bounce_reading.chunks

    def chunks(*given: Any, **how: Any) -> Iterator[Any]:
        pieces = real(*given, **how)
        yield next(pieces)
        yield next(pieces)
        given_up.wait(30)
        yield from pieces

    end = bounce_reading._Reader.end

    def ended(reader: bounce_reading._Reader) -> None:
        end(reader)
        given_up.set()

    monkeypatch.setattr(bounce_reading._Reader, "end", ended)
    monkeypatch.setattr(bounce_reading, "chunks", chunks)
    monkeypatch.setattr(bounce_reading, "PIECE", 2_000)
    monkeypatch.setattr(bounce_reading, "_OFTEN", 0)
    monkeypatch.setattr(bounce_reading, "_SHARE", 0)
    monkeypatch.setattr(bounce_reading, "_is_little", lambda first: True)
    yield given_up
    given_up.set()


async def until(pilot: Pilot[int], done: Any) -> None:
    for _ in range(500):
        if done():
            return
        await pilot.pause(0.01)
    raise AssertionError("it never came to that")


async def test_figures_show_while_it_reads_keys_work_and_leaving_ends_it(
    opened: Opened, hanging: threading.Event
) -> None:
    path = write_log()
    async with opened() as pilot:
        pilot.app.open_bounces(str(path))  # type: ignore[attr-defined]
        await pilot.pause()
        screen = screen_of(pilot)
        await until(pilot, lambda: screen.table is not None)
        assert screen.running
        assert 0 < totals(pilot)["delivered"] <= 60
        assert screen.query_one("#meter").display
        await pilot.press("f")
        await pilot.press("F")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, StartScreen))
        assert hanging.is_set()


async def test_stopping_keeps_what_is_there_and_calls_it_a_part(opened: Opened, hanging: threading.Event) -> None:
    path = write_log()
    async with opened() as pilot:
        pilot.app.open_bounces(str(path))  # type: ignore[attr-defined]
        await pilot.pause()
        screen = screen_of(pilot)
        await until(pilot, lambda: screen.table is not None)
        await pilot.press("x")
        await until(pilot, hanging.is_set)
        await settle(pilot)
        assert screen.stopped
        assert not screen.query_one("#meter").display
        assert totals(pilot)["delivered"] < 60
        assert "r " in headline(pilot)


async def test_what_is_new_is_what_no_earlier_look_has_seen(opened: Opened) -> None:
    async with opened(str(write_log())) as pilot:
        table = screen_of(pilot).table
        assert table is not None
        assert table.data["incidents_new"] is None
    put("mail.log", taken("mail.log") + log_lines(("shop.example", GOOGLE, "550 5.7.1 Flurb says never", 1)))
    async with opened("./mail.log") as pilot:
        await show(pilot, INCIDENTS)
        table = screen_of(pilot).table
        assert table is not None
        assert table.data["incidents_new"] == 1
        row = table.row(rows(pilot)[0])
        assert row is not None
        assert row["new"]
        await show(pilot, "provider")
        await keys(pilot, "enter")
        again = screen_of(pilot).table
        assert again is not None
        assert again.data["incidents_new"] == 1


async def test_what_was_seen_before_is_broken_and_costs_nothing(opened: Opened) -> None:
    put("state/deliverkit/known-incidents.json", "[]")
    async with opened(str(write_log())) as pilot:
        assert totals(pilot)["hard"] == 7
    assert taken("state/deliverkit/known-incidents.json") == "[]"


async def test_hostile_words_stay_words(opened: Opened) -> None:
    evil = "550 5.7.1 [red]x[/red] \x1b[2J\u202e =cmd()"
    put("evil.log", log_lines(("[b]shop[/b].example", GOOGLE, evil, 6)))
    async with opened(size=(120, 40)) as pilot:
        pilot.app.open_bounces("evil.log")  # type: ignore[attr-defined]
        await settle(pilot)
        for view in (INCIDENTS, UNKNOWN, "sending_domain", WHY):
            await show(pilot, view)
            shown = painted(pilot)
            assert not {"\x1b", "\u202e"} & set(shown)
        await show(pilot, "sending_domain")
        await keys(pilot, "enter")
        assert totals(pilot)["bounces"] == 6
        assert not {"\x1b", "\u202e"} & set(painted(pilot))


async def test_resizing_loses_nothing(opened: Opened) -> None:
    async with opened(str(write_log())) as pilot:
        await show(pilot, "provider")
        await keys(pilot, "enter")
        await show(pilot, INCIDENTS)
        await keys(pilot, "down")
        key = screen_of(pilot).query_one("#rows", RowGrid).cursor_key
        for size in ((60, 18), (160, 50), (80, 24)):
            await pilot.resize_terminal(*size)
            await settle(pilot)
            assert screen_of(pilot).query_one("#rows", RowGrid).cursor_key == key
            assert [name for name, _value in screen_of(pilot).filters] == ["provider"]
            assert screen_of(pilot).view == INCIDENTS


async def test_one_mail_opens_as_a_case_and_many_are_counted(opened: Opened) -> None:
    mail = (
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: news@shop.example\nSubject: Undelivered Mail\n"
        "Date: Mon, 2 Nov 2026 10:00:00 +0000\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nIt failed.\n\n--b\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; reader@example.com\nAction: failed\n"
        f"Status: 5.7.26\nRemote-MTA: dns; gmail-smtp-in.l.google.com\nDiagnostic-Code: smtp; {AUTH}\n\n--b--\n"
    )
    put("one.eml", mail)
    put(
        "own.eml",
        "From: ann@shop.example\nTo: bob@example.com\nSubject: Hello\nDate: Mon, 2 Nov 2026 10:00:00 +0000\n"
        "MIME-Version: 1.0\n\nHow are you?\n",
    )
    put("box.mbox", "".join(f"From x Mon Nov  2 10:00:00 2026\n{mail}\n" for _ in range(3)))
    async with opened("./one.eml") as pilot:
        case = pilot.app.screen
        assert isinstance(case, CaseScreen)
        assert case.case.diagnosis.verdict.reason == "dmarc.unauthenticated"
        assert case.case.bounce.recipient == "reader@example.com"
    async with opened("./own.eml") as pilot:
        assert isinstance(pilot.app.screen, StartScreen)
    async with opened("./box.mbox") as pilot:
        assert totals(pilot)["bounces"] == 3
