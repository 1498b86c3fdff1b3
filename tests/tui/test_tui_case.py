"""Case: checks arrive under a cursor that stays, steps are verified by a fresh look, exports open again."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from piloting import PUBLISH, REPLY, Opened, keys, painted, settle
from textual.pilot import Pilot
from textual.widgets import OptionList

from deliverkit.checks import Target
from deliverkit.model import Outcome, Proof
from deliverkit.session import Network
from deliverkit_tui.casefile import Given, Mark, duration
from deliverkit_tui.messages import CheckArrived
from deliverkit_tui.screens.case import CaseScreen
from deliverkit_tui.widgets.checks import CheckList
from deliverkit_tui.widgets.evidence import Evidence
from deliverkit_tui.widgets.steps import StepRow

WIDE = (120, 34)


def case_of(pilot: Pilot[int]) -> CaseScreen:
    assert isinstance(pilot.app.screen, CaseScreen)
    return pilot.app.screen


def written(folder: Path) -> list[Path]:
    return list(folder.glob("deliverkit-shop.example*"))


def row_of(pilot: Pilot[int], step: str) -> StepRow:
    return next(r for r in pilot.app.screen.query(StepRow) if r.step.id == step)


async def to_step(pilot: Pilot[int], step: str) -> None:
    await keys(pilot, "2")
    row_of(pilot, step).focus()
    await settle(pilot)


async def test_the_demo_case_is_proven(opened: Opened) -> None:
    async with opened() as pilot:
        await keys(pilot, "f9")
        case = case_of(pilot).case
        assert case.diagnosis.causes[0].proof is Proof.PROVEN
        assert {name: r.outcome for name, r in case.results.items()} == {
            "spf": Outcome.FAIL,
            "dkim": Outcome.UNKNOWN,
            "dmarc": Outcome.PASS,
        }
        shown = painted(pilot)
        assert "✗ fail" in shown
        assert "? unknown" in shown


async def test_rows_stand_from_the_start_and_the_cursor_never_jumps(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("f9")
        await pilot.pause()
        checks = case_of(pilot).query_one(CheckList)
        assert [option.id for option in checks.options] == ["reply", "spf", "dkim", "dmarc"]
        await pilot.press("down", "down")
        assert checks.current == "dkim"
        await settle(pilot)
        assert checks.current == "dkim"
        assert [option.id for option in checks.options] == ["reply", "spf", "dkim", "dmarc"]


async def test_enter_opens_the_evidence_with_the_spf_tree(opened: Opened) -> None:
    async with opened() as pilot:
        await keys(pilot, "f9", "down", "enter")
        screen = case_of(pilot)
        assert screen.focused is screen.query_one(Evidence)
        shown = painted(pilot)
        assert "include:_spf.google.com" in shown
        assert "look-ups" in shown
        await keys(pilot, "c")
        assert "dig TXT shop.example" in pilot.app.clipboard
        await keys(pilot, "escape")
        assert screen.focused is screen.query_one(CheckList)


async def test_verify_turns_the_step_done_when_the_record_was_repaired(opened: Opened) -> None:
    async with opened() as pilot:
        await keys(pilot, "f9")
        await to_step(pilot, PUBLISH)
        await keys(pilot, "v")
        case = case_of(pilot).case
        standing = case.standings[PUBLISH]
        assert standing.mark is Mark.VERIFIED
        assert standing.ttl == 3600
        assert case.results["spf"].outcome is Outcome.PASS
        assert case.mended
        assert case.done == 1
        assert row_of(pilot, PUBLISH).has_focus
        assert "verified" in painted(pilot)


async def test_verify_says_what_is_still_seen_and_for_how_long(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "world.toml").write_text(STUBBORN, encoding="utf-8")
    async with opened(REPLY, network=Network(replay=str(tmp_path / "world.toml"))) as pilot:
        await keys(pilot, "enter")
        await to_step(pilot, PUBLISH)
        await keys(pilot, "v")
        standing = case_of(pilot).case.standings[PUBLISH]
        assert standing.mark is Mark.STILL_SEEN
        assert standing.told
        assert standing.ttl == 7200
        assert duration(7200) in painted(pilot)


@pytest.mark.parametrize(
    ("published", "mark"), [("v=spf1 ip4:192.0.2.10 -all", Mark.PUBLISHED), ("v=spf1 -all", Mark.STILL_SEEN)]
)
async def test_an_old_answer_is_asked_of_the_domains_own_servers(
    published: str, mark: Mark, opened: Opened, tmp_path: Path
) -> None:
    (tmp_path / "world.toml").write_text(OWNERS.replace("RECORD", published), encoding="utf-8")
    async with opened(REPLY, network=Network(replay=str(tmp_path / "world.toml"))) as pilot:
        await keys(pilot, "enter")
        await to_step(pilot, PUBLISH)
        await keys(pilot, "v")
        case = case_of(pilot).case
        assert case.standings[PUBLISH].mark is mark
        assert not case.mended
        assert case.done == 0
        assert duration(7200) in painted(pilot)
        await keys(pilot, "escape", "escape", "down")
        await keys(pilot, "f5", "enter")
        assert case_of(pilot).case.standings[PUBLISH].mark is mark


async def test_a_look_that_finds_nobody_verifies_nothing(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "world.toml").write_text(SILENCED, encoding="utf-8")
    async with opened(REPLY, network=Network(replay=str(tmp_path / "world.toml"))) as pilot:
        await keys(pilot, "enter")
        await to_step(pilot, PUBLISH)
        await keys(pilot, "v")
        assert case_of(pilot).case.standings[PUBLISH].mark is Mark.UNSURE
        assert case_of(pilot).case.done == 0


async def test_verify_while_the_first_look_is_not_over_waits_for_it(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("f9")
        screen = case_of(pilot)
        screen.running = True
        screen.verify(next(s for s in screen.case.plan if s.id == PUBLISH))
        assert screen.case.standings[PUBLISH].mark is Mark.ASKING
        screen._ask()
        await settle(pilot)
        assert screen.case.standings[PUBLISH].mark is Mark.VERIFIED
        assert next(s for s in screen.case.plan if s.id == PUBLISH).record is not None


async def test_only_the_check_of_the_step_is_asked_afresh(opened: Opened) -> None:
    async with opened() as pilot:
        await keys(pilot, "f9")
        before = dict(case_of(pilot).case.results)
        await to_step(pilot, PUBLISH)
        await keys(pilot, "v")
        after = case_of(pilot).case.results
        assert {name for name in after if after[name] is not before[name]} == {"spf"}


async def test_a_step_that_dns_cannot_tell_is_marked_by_hand(opened: Opened) -> None:
    async with opened() as pilot:
        await keys(pilot, "f9", "2")
        screen = case_of(pilot)
        first = screen.case.plan[0]
        assert first.verify_check is None
        await keys(pilot, "v")
        assert first.id not in screen.case.standings
        await keys(pilot, "x")
        assert screen.case.standings[first.id].mark is Mark.DONE
        await keys(pilot, "x")
        assert screen.case.standings[first.id].mark is Mark.TODO


async def test_c_copies_the_whole_record(opened: Opened) -> None:
    async with opened(size=(60, 18)) as pilot:
        await keys(pilot, "f9")
        await to_step(pilot, PUBLISH)
        await keys(pilot, "c")
        record = row_of(pilot, PUBLISH).step.record
        assert record is not None
        assert pilot.app.clipboard == record.value == "v=spf1 ip4:192.0.2.10 include:_spf.google.com -all"


async def test_y_copies_a_command_that_says_the_same(opened: Opened) -> None:
    import shlex

    async with opened() as pilot:
        await keys(pilot, "f9", "y")
        words = shlex.split(pilot.app.clipboard)
        assert words[:2] == ["deliverkit", "diagnose"]
        assert {"--domain", "shop.example", "--ip", "192.0.2.10", "--replay", "demo"} <= set(words)


async def test_adding_domain_and_ip_lets_the_case_go_on(opened: Opened) -> None:
    text = "550 5.7.26 Your email has been blocked because the sender is unauthenticated"
    async with opened(text) as pilot:
        await keys(pilot, "enter")
        screen = case_of(pilot)
        assert screen.case.missing == ("domain", "ip")
        assert not screen.case.results
        await keys(pilot, "plus", *"shop.example", "tab", *"192.0.2.10", "enter")
        assert screen.case.results["spf"].outcome is Outcome.FAIL
        assert screen.case.diagnosis.causes[0].proof is Proof.PROVEN
        assert not screen.case.missing
        await keys(pilot, "plus", *"?", "enter")
        assert screen.case.target.domain == "shop.example"


async def test_every_check_there_is(opened: Opened) -> None:
    async with opened(size=WIDE) as pilot:
        await keys(pilot, "f9", "a")
        assert {"spf", "dkim", "dmarc", "mx", "ptr", "ip-blocklists", "domain-blocklists"} <= set(
            case_of(pilot).case.results
        )


async def test_several_replies_are_turned_through(opened: Opened) -> None:
    async with opened("550 5.1.1 no such user\n\n452 4.2.2 mailbox full") as pilot:
        await keys(pilot, "enter")
        screen = case_of(pilot)
        first = screen.case.diagnosis.verdict.reason
        await keys(pilot, "right_square_bracket")
        assert screen.case.diagnosis.verdict.reason != first
        await keys(pilot, "left_square_bracket")
        assert screen.case.diagnosis.verdict.reason == first


@pytest.mark.parametrize("form", ["markdown", "json", "recording"])
async def test_the_case_is_written(opened: Opened, tmp_path: Path, form: str) -> None:
    async with opened() as pilot:
        await keys(pilot, "f9", "e")
        forms = pilot.app.screen.query_one(OptionList)
        forms.highlighted = forms.get_option_index(form)
        await keys(pilot, "enter")
        assert isinstance(pilot.app.screen, CaseScreen)
    [path] = written(tmp_path)
    text = path.read_text(encoding="utf-8")
    if form == "markdown":
        assert "ip4:192.0.2.10" in text
    elif form == "json":
        assert json.loads(text)["results"][0]["reason"] == "dmarc.unauthenticated"
    else:
        async with opened(REPLY, network=Network(replay=str(path))) as pilot:
            await keys(pilot, "enter")
            assert case_of(pilot).case.results["spf"].outcome is Outcome.FAIL


async def test_an_export_that_cannot_be_written_says_so(opened: Opened, tmp_path: Path) -> None:
    async with opened() as pilot:
        await keys(pilot, "f9", "e")
        pilot.app.screen.query_one("#path").value = str(tmp_path / "no" / "where.md")  # type: ignore[attr-defined]
        await keys(pilot, "enter")
        assert not isinstance(pilot.app.screen, CaseScreen)
        assert any("where.md" in n.message for n in pilot.app._notifications)


async def test_resizing_loses_nothing(opened: Opened) -> None:
    async with opened(size=WIDE) as pilot:
        await keys(pilot, "f9")
        await to_step(pilot, PUBLISH)
        await keys(pilot, "v")
        screen = case_of(pilot)
        for size in ((60, 18), (80, 24), (160, 50), (30, 8), WIDE):
            await pilot.resize_terminal(*size)
            await settle(pilot)
            assert screen.case.standings[PUBLISH].mark is Mark.VERIFIED
            assert row_of(pilot, PUBLISH).has_focus
            assert row_of(pilot, PUBLISH).opened
        assert screen.query_one(CheckList).current == "reply"


@pytest.mark.parametrize("size", [(60, 18), (80, 24), (120, 34), (160, 50)])
async def test_every_panel_is_reached_by_tab(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size=size) as pilot:
        await keys(pilot, "f9")
        seen = set()
        for _ in range(4):
            await keys(pilot, "tab")
            focused = pilot.app.screen.focused
            assert focused is not None
            assert focused.size.height > 0
            seen.add(type(focused).__name__)
        assert {"CaseChecks", "StepRow"} <= seen


async def test_with_the_mouse_alone(opened: Opened) -> None:
    async with opened(size=WIDE) as pilot:
        await keys(pilot, "f9")
        await pilot.click("#checks", offset=(4, 2))
        await settle(pilot)
        screen = case_of(pilot)
        assert screen.query_one(Evidence).shown == "spf"
        first = screen.query(StepRow).first()
        opened_before = first.opened
        await pilot.click(first, offset=(8, 0))
        await settle(pilot)
        assert screen.query(StepRow).first().opened is not opened_before


async def test_panes_are_switched_by_the_mouse(opened: Opened) -> None:
    async with opened() as pilot:
        await keys(pilot, "f9")
        await pilot.click("#to-steps")
        await settle(pilot)
        assert isinstance(case_of(pilot).focused, StepRow)
        await pilot.click("#to-checks")
        await settle(pilot)
        assert isinstance(case_of(pilot).focused, CheckList)


async def test_leaving_cancels_what_is_on_its_way(opened: Opened, silent_server: str) -> None:
    network = Network(nameservers=(silent_server,), timeout=60, deadline=60)
    async with opened(REPLY.replace("192.0.2.10", "198.51.100.1"), network=network) as pilot:
        pilot.app.screen.query_one("#given-ip").value = ""  # type: ignore[attr-defined]
        await pilot.press("enter")
        await pilot.pause()
        screen = case_of(pilot)
        assert screen.running
        await pilot.press("escape")
        async with asyncio.timeout(20):
            await settle(pilot)
        assert not screen.is_attached
        assert not screen.case.results


async def test_quitting_does_not_wait_for_a_server_that_hangs(opened: Opened, silent_server: str) -> None:
    network = Network(nameservers=(silent_server,), timeout=60, deadline=60)
    async with asyncio.timeout(30):
        async with opened(REPLY, network=network) as pilot:
            pilot.app.screen.query_one("#given-ip").value = ""  # type: ignore[attr-defined]
            await pilot.press("enter")
            await pilot.pause()
            assert case_of(pilot).running
            await pilot.press("ctrl+q")
        assert pilot.app.return_code == 0


async def test_results_of_a_cancelled_run_are_dropped(opened: Opened) -> None:
    async with opened() as pilot:
        await keys(pilot, "f9")
        screen = case_of(pilot)
        stale = CheckArrived(screen.case.results["spf"])
        stale.run, stale.group = 0, "run"
        screen.case.results.clear()
        screen.post_message(stale)
        await settle(pilot)
        assert not screen.case.results


async def test_what_dns_says_is_shown_literally(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "world.toml").write_text(HOSTILE, encoding="utf-8")
    text = "550 5.7.26 \x1b]0;owned\x07[bold]unauthenticated[/bold] \u202esdrawkcab"
    text += " SPF [evil.example] with ip: [192.0.2.10]"
    async with opened(text, size=WIDE, network=Network(replay=str(tmp_path / "world.toml"))) as pilot:
        await keys(pilot, "enter", "a", "down", "enter")
        for _ in range(12):
            shown = painted(pilot)
            assert not set(shown) & {"\x1b", "\x07", "\u202e", "\u200b"}
            await keys(pilot, "pagedown")
        assert "[red]" in "".join(str(static.content) for static in case_of(pilot).query("Evidence Static").results())


@pytest.mark.parametrize("theme", ["textual-light", "ansi-dark", "nord"])
async def test_other_themes_and_no_colour(opened: Opened, monkeypatch: pytest.MonkeyPatch, theme: str) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened() as pilot:
        pilot.app.theme = theme
        assert pilot.app.no_color
        await keys(pilot, "f9")
        shown = painted(pilot)
        for word in ("✗ fail", "? unknown", "✓ pass", "PROVEN"):
            assert word in shown


def test_given_takes_several() -> None:
    given = Given("shop.example", "192.0.2.10, 192.0.2.11", "a b")
    assert given.target(Network(replay="demo")) == Target(
        domain="shop.example", ips=("192.0.2.10", "192.0.2.11"), selectors=("a", "b")
    )


@pytest.mark.parametrize(
    ("seconds", "told"), [(5, "5 seconds"), (60, "1 minute"), (3600, "1 hour"), (5400, "2 hours"), (172800, "2 days")]
)
def test_lifetimes_in_words(seconds: int, told: str) -> None:
    assert duration(seconds) == told


STUBBORN = """
[root]
default = "nxdomain"
[zone."shop.example"]
ttl = 7200
"@" = { TXT = ["v=spf1 -all"], MX = ["10 mx.shop.example"] }
"_dmarc" = { TXT = ["v=DMARC1; p=reject"] }
"""

OWNERS = """
[root]
default = "nxdomain"
[zone."shop.example"]
ttl = 7200
"@" = { TXT = ["v=spf1 -all"], MX = ["10 mx.shop.example"], NS = ["ns1.shop.example"] }
"_dmarc" = { TXT = ["v=DMARC1; p=reject"] }
"ns1" = { A = ["192.0.2.53"] }
[server."192.0.2.53".zone."shop.example"]
ttl = 7200
"@" = { TXT = ["RECORD"], MX = ["10 mx.shop.example"], NS = ["ns1.shop.example"] }
"_dmarc" = { TXT = ["v=DMARC1; p=reject"] }
"ns1" = { A = ["192.0.2.53"] }
"""

SILENCED = """
[root]
default = "nxdomain"
[zone."shop.example"]
"@" = { TXT = ["v=spf1 -all"], then = { TXT = { status = "timeout" } } }
"_dmarc" = { TXT = ["v=DMARC1; p=reject"] }
"""

RED, CLEAR = "[red]x[/red]", "\\u001b[2J\\u202e"
HOSTILE = f"""
[root]
default = "nxdomain"
[zone."evil.example"]
"@" = {{ TXT = ["v=spf1 include:{RED}.evil.example {CLEAR} a:\\u200b[link=x]y -all"], MX = ["10 mx.evil.example"] }}
"_dmarc" = {{ TXT = ["v=DMARC1; p=reject; rua=mailto:[bold]\\u001b]0;t\\u0007@evil.example"] }}
"*._domainkey" = {{ TXT = ["v=DKIM1; k=rsa; p=\\u001b[31m{RED}AAAA"] }}
"""
