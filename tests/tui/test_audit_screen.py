"""Audit: a list comes in, rows fill under a cursor that stays, filters and orders, the drill-down, the way out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from piloting import Opened, keys, painted, settle
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input

from deliverkit.audit import ALL, BEYOND
from deliverkit.checks import Target, World
from deliverkit.model import CheckResult, Outcome
from deliverkit.session import Network
from deliverkit_tui import jobs
from deliverkit_tui.audit_table import OPEN, read_domains
from deliverkit_tui.messages import CheckArrived, RunMessage
from deliverkit_tui.screens.audit import AuditScreen
from deliverkit_tui.screens.audit_export import AuditExportScreen
from deliverkit_tui.screens.catalogue import CatalogueScreen
from deliverkit_tui.screens.domain import DomainScreen
from deliverkit_tui.widgets.chips import Chips
from deliverkit_tui.widgets.filter_input import FilterInput
from deliverkit_tui.widgets.page_view import PageView
from deliverkit_tui.widgets.row_grid import RowGrid

SOME = ("bakery.example", "shop.example", "nospf.example", "homeserver.example")


async def until(pilot: Pilot[int], done: Callable[[], bool]) -> None:
    """Let the app go on until something is so."""
    for _ in range(400):
        if done():
            return
        await pilot.pause()
    raise AssertionError("it never came to that")


async def audited(pilot: Pilot[int], *domains: str) -> AuditScreen:
    """The audit screen with these domains done."""
    pilot.app.open_audit(domains)  # type: ignore[attr-defined]
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, AuditScreen)
    await until(pilot, lambda: not screen.running)
    await settle(pilot)
    return screen


def rows(screen: AuditScreen) -> list[str]:
    return list(screen.query_one("#rows", RowGrid).keys)


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Checks that come to SPF and then never go on; gives the domains that are being asked."""
    asking: set[str] = set()

    def checks(names: tuple[str, ...], target: Target, **_how: bool) -> Callable[[World], AsyncIterator[RunMessage]]:
        async def job(world: World) -> AsyncIterator[RunMessage]:
            import asyncio

            domain = target.domain or ""
            asking.add(domain)
            try:
                yield CheckArrived(CheckResult("spf", domain, Outcome.PASS), domain)
                await asyncio.Event().wait()
            finally:
                asking.discard(domain)

        return job

    monkeypatch.setattr(jobs, "checks", checks)
    return asking


def test_a_list_is_read_however_it_is_written_and_what_is_no_domain_is_named() -> None:
    domains, left = read_domains(
        "Bakery.example, shop.example nospf.example # three\n\nnot a domain\nhttps://a.example/x?y\nann@b.example\n192.0.2.1"
    )
    assert domains == ["bakery.example", "shop.example", "nospf.example", "a.example", "b.example"]
    assert [(each.line, each.text) for each in left] == [(3, "not a domain"), (6, "192.0.2.1")]


async def test_each_domain_comes_to_its_outcome_in_every_column(opened: Opened) -> None:
    async with opened() as pilot:
        screen = await audited(pilot, *SOME)
        assert {d: screen.table[d].outcome for d in SOME} == {
            "bakery.example": Outcome.PASS,
            "shop.example": Outcome.UNKNOWN,
            "nospf.example": Outcome.FAIL,
            "homeserver.example": Outcome.WARN,
        }
        assert all(set(screen.table[d].results) == set(ALL) - set(BEYOND) for d in SOME)
        assert "✗ fail" in painted(pilot)


async def test_a_pasted_list_is_added_whole_and_the_rest_is_named_on_the_screen(opened: Opened) -> None:
    async with opened() as pilot:
        screen = await audited(pilot)
        screen.query_one("#domains", Input).post_message(
            Paste("bakery.example\n[b]no[/b]\nbakery.example\nshop.example\n")
        )
        await until(pilot, lambda: len(screen.table) == 2 and not screen.running)
        assert rows(screen) == ["bakery.example", "shop.example"]
        assert "“[b]no[/b]”" in painted(pilot)


async def test_rows_stand_as_waiting_and_four_are_asked_at_a_time(opened: Opened, hanging: set[str]) -> None:
    async with opened() as pilot:
        names = tuple(f"d{n}.example" for n in range(9))
        pilot.app.open_audit(names)  # type: ignore[attr-defined]
        await until(pilot, lambda: len(hanging) == 4)
        screen = pilot.app.screen
        assert isinstance(screen, AuditScreen)
        assert rows(screen) == list(names)
        assert hanging == set(names[:4])
        assert screen.table.counts()[OPEN] == 9


async def test_the_cursor_stays_with_its_row_while_others_fill_and_are_sorted(
    opened: Opened, hanging: set[str]
) -> None:
    async with opened() as pilot:
        pilot.app.open_audit(tuple(f"d{n}.example" for n in range(9)))  # type: ignore[attr-defined]
        await until(pilot, lambda: len(hanging) == 4)
        screen, grid = pilot.app.screen, pilot.app.screen.query_one("#rows", RowGrid)
        assert isinstance(screen, AuditScreen)
        await pilot.press("down", "down", "s")
        for check in ALL:
            outcome = Outcome.FAIL if check == "mx" else Outcome.PASS
            screen.post_message(_arrived(screen, CheckResult(check, "d1.example", outcome), "d1.example"))
        await until(pilot, lambda: rows(screen)[0] == "d1.example")
        assert grid.cursor_key == "d2.example"


def _arrived(screen: AuditScreen, result: CheckResult, domain: str) -> CheckArrived:
    message = CheckArrived(result, domain)
    message.group = next(slot for slot, busy in screen._busy.items() if busy == domain)
    message.run = screen.core.current(message.group)
    return message


async def test_leaving_cancels_what_is_asked(opened: Opened, hanging: set[str]) -> None:
    async with opened() as pilot:
        pilot.app.open_audit(SOME)  # type: ignore[attr-defined]
        await until(pilot, lambda: len(hanging) == 4)
        await keys(pilot, "escape")
        await until(pilot, lambda: not hanging)
        assert not isinstance(pilot.app.screen, AuditScreen)


async def test_stopping_keeps_what_is_there_and_it_can_go_on(opened: Opened, hanging: set[str]) -> None:
    async with opened() as pilot:
        pilot.app.open_audit(SOME)  # type: ignore[attr-defined]
        await until(pilot, lambda: len(hanging) == 4)
        screen = pilot.app.screen
        assert isinstance(screen, AuditScreen)
        await until(pilot, lambda: all(screen.table[d].results for d in SOME))
        await keys(pilot, "x")
        await until(pilot, lambda: not hanging)
        assert not screen.running
        assert all(screen.table[d].cancelled and screen.table[d].outcome is None for d in SOME)
        await pilot.press("R")
        await until(pilot, lambda: len(hanging) == 4)


async def test_filters_by_outcome_and_by_words(opened: Opened) -> None:
    async with opened() as pilot:
        screen = await audited(pilot, *SOME)
        await keys(pilot, "f")
        assert screen.query_one(Chips).chosen == "fail"
        assert rows(screen) == ["nospf.example"]
        await keys(pilot, "escape")
        assert rows(screen) == list(SOME)
        await keys(pilot, "slash", *"spf-miss")
        assert rows(screen) == ["nospf.example"]
        await keys(pilot, "escape")
        assert screen.query_one(FilterInput).value == ""
        assert rows(screen) == list(SOME)
        assert pilot.app.focused is screen.query_one("#rows", RowGrid)


async def test_orders_by_key_and_by_a_click_on_a_column(opened: Opened) -> None:
    async with opened(size=(120, 34)) as pilot:
        screen = await audited(pilot, *SOME)
        await keys(pilot, "s")
        assert rows(screen) == ["nospf.example", "shop.example", "homeserver.example", "bakery.example"]
        await keys(pilot, "s")
        assert rows(screen) == sorted(SOME)
        await keys(pilot, "s")
        assert rows(screen) == list(SOME)
        header = painted(pilot).splitlines()[screen.query_one("#rows").region.y]
        await pilot.click("#rows", offset=(header.index("dmarc") + 1, 0))
        await settle(pilot)
        assert rows(screen)[0] == "nospf.example"


@pytest.mark.parametrize("size", [(60, 18), (80, 24), (120, 34), (160, 50)])
async def test_a_row_opens_the_domain_at_every_size(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size=size) as pilot:
        await audited(pilot, *SOME)
        await keys(pilot, "down", "down", "enter")
        screen = pilot.app.screen
        assert isinstance(screen, DomainScreen)
        assert screen.audit.domain == "nospf.example"
        await keys(pilot, "enter")
        assert pilot.app.focused is screen.query_one(PageView)
        assert "spf-missing" in screen.query_one(PageView).text
        await pilot.resize_terminal(100, 30)
        await settle(pilot)
        assert screen.query_one(RowGrid).cursor_key == "check:spf"
        await keys(pilot, "escape", "escape")
        assert isinstance(pilot.app.screen, AuditScreen)


async def test_a_finding_in_the_text_leads_to_the_catalogue(opened: Opened) -> None:
    async with opened() as pilot:
        await audited(pilot, "nospf.example")
        await keys(pilot, "enter", "enter", "down", "enter")
        screen = pilot.app.screen
        assert isinstance(screen, CatalogueScreen)
        assert screen.entry == "finding:spf-missing"
        await keys(pilot, "escape")
        assert isinstance(pilot.app.screen, DomainScreen)


async def test_asking_afresh_shows_the_repair(opened: Opened, tmp_path: Path) -> None:
    world = tmp_path / "repaired.toml"
    world.write_text(
        '[root]\ndefault = "nxdomain"\n[zone."a.example"]\n'
        '"@" = { TXT = ["v=spf1 -all", "v=spf1 mx -all"], then = { TXT = ["v=spf1 ip4:192.0.2.1 -all"] } }\n'
    )
    async with opened(network=Network(replay=str(world))) as pilot:
        await audited(pilot, "a.example")
        await keys(pilot, "enter")
        screen = pilot.app.screen
        assert isinstance(screen, DomainScreen)
        assert screen.results[0].outcome is Outcome.FAIL
        await keys(pilot, "v")
        assert screen.results[0].check == "spf"
        assert screen.results[0].outcome is Outcome.PASS


@pytest.mark.parametrize("form", ["md", "json", "jsonl"])
async def test_what_is_shown_is_exported(opened: Opened, tmp_path: Path, form: str) -> None:
    async with opened() as pilot:
        screen = await audited(pilot, *SOME)
        await keys(pilot, "slash", *"o", "enter", "e")
        assert isinstance(pilot.app.screen, AuditExportScreen)
        shown = rows(screen)
        await keys(pilot, *["down"] * ["md", "json", "jsonl"].index(form), "enter")
        await until(pilot, lambda: pilot.app.screen is screen)
        text = (tmp_path / f"deliverkit-audit-{len(shown)}-domains.{form}").read_text(encoding="utf-8")
        if form == "md":
            assert text.count("\n## ") + text.startswith("## ") == len(shown)
        elif form == "json":
            data = json.loads(text)
            assert data["schema"] == "deliverkit.audit/1"
            assert [a["domain"] for a in data["audits"]] == shown
        else:
            assert [json.loads(line)["domain"] for line in text.splitlines()] == shown


async def test_a_hostile_record_is_shown_literally(opened: Opened, tmp_path: Path) -> None:
    world = tmp_path / "evil.toml"
    world.write_text(
        '[root]\ndefault = "nxdomain"\n[zone."evil.example"]\n'
        '"@" = { TXT = ["v=spf1 [red]x[/red] \\u001b]0;owned\\u0007 \\u202eidnat -all"] }\n'
    )
    async with opened(network=Network(replay=str(world)), size=(120, 34)) as pilot:
        await audited(pilot, "evil.example")
        await keys(pilot, "enter", "enter")
        screen = pilot.app.screen
        assert isinstance(screen, DomainScreen)
        shown = painted(pilot)
        assert "[red]x[/red]" in shown
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "\\u202e" in screen.query_one(PageView).text


async def test_the_command_prints_the_same(opened: Opened) -> None:
    async with opened() as pilot:
        screen = await audited(pilot, "bakery.example", "shop.example")
        assert screen.command_line() == "deliverkit audit bakery.example shop.example --replay demo"


async def test_at_most_six_keys_stand_in_the_footer(opened: Opened) -> None:
    async with opened() as pilot:
        screen = await audited(pilot, *SOME)
        shown = [b for _, b, _, _ in screen.active_bindings.values() if b.show and b.id]
        assert len(shown) <= 6


async def test_a_paste_brings_no_control_characters_into_an_input(opened: Opened) -> None:
    async with opened() as pilot:
        screen = await audited(pilot, "bakery.example")
        box = screen.query_one("#domains", Input)
        box.post_message(Paste("ev\x1b[31mil\u202e.example"))
        await settle(pilot)
        assert box.value == "ev[31mil.example"


async def test_a_recording_that_cannot_be_read_is_told_and_nothing_hangs(opened: Opened, tmp_path: Path) -> None:
    async with opened(network=Network(replay=str(tmp_path / "missing.json"))) as pilot:
        screen = await audited(pilot, *SOME)
        assert not screen.running
        assert any("missing.json" in str(n.message) for n in pilot.app._notifications)


async def test_the_preview_read_by_tab_gives_the_rows_back_by_escape(opened: Opened) -> None:
    async with opened() as pilot:
        screen = await audited(pilot, "bakery.example", "nospf.example")
        await keys(pilot, "tab")
        assert pilot.app.focused is screen.query_one(PageView)
        await keys(pilot, "escape")
        assert pilot.app.focused is screen.query_one("#rows", RowGrid)
        assert pilot.app.screen is screen


async def test_the_record_of_a_fix_is_copied(opened: Opened) -> None:
    async with opened(size=(120, 34)) as pilot:
        await audited(pilot, "twospf.example")
        await keys(pilot, "enter")
        screen = pilot.app.screen
        assert isinstance(screen, DomainScreen)
        step = next(s for s in screen.audit.steps if s.record)
        assert screen.query_one(RowGrid).move_to(f"fix:{step.id.partition('.')[0]}")
        await keys(pilot, "c")
        assert step.record is not None
        assert pilot.app.clipboard == step.record.value
        assert any("record" in title for title, _, _ in screen.palette_actions())


async def test_the_mouse_filters_and_opens(opened: Opened) -> None:
    async with opened(size=(120, 34)) as pilot:
        screen = await audited(pilot, *SOME)
        line = painted(pilot).splitlines()[screen.query_one(Chips).region.y]
        await pilot.click("#chips", offset=(line.index("fail"), 0))
        await settle(pilot)
        assert rows(screen) == ["nospf.example"]
        await pilot.click("#chips", offset=(line.index("all"), 0))
        await settle(pilot)
        await pilot.click("#rows", offset=(6, 2))
        assert screen.query_one("#rows", RowGrid).cursor_key == SOME[1]
        await pilot.click("#rows", offset=(6, 2), times=2)
        await settle(pilot)
        assert isinstance(pilot.app.screen, DomainScreen)
        assert pilot.app.screen.audit.domain == SOME[1]
