"""Blocklists: rows come as lists answer, every state told apart, and nothing is called clean too early."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from piloting import Opened, keys, painted, settle
from textual.pilot import Pilot
from textual.widgets import Input

from deliverkit.checks import World
from deliverkit.checks.blocklist_answer import Listing, Why
from deliverkit.checks.blocklist_rows import BlocklistRow
from deliverkit.knowledge import load
from deliverkit.knowledge.schema_dns import Weight
from deliverkit.model import Outcome
from deliverkit.report.sentences import Sentences
from deliverkit.session import Network
from deliverkit_tui import jobs
from deliverkit_tui.blocklist_table import LOOKS, BlocklistTable
from deliverkit_tui.messages import RowArrived, RunMessage
from deliverkit_tui.pages import parse, plain
from deliverkit_tui.screens.blocklists import BlocklistsScreen
from deliverkit_tui.screens.catalogue import CatalogueScreen
from deliverkit_tui.widgets.chips import Chips
from deliverkit_tui.widgets.page_view import PageView
from deliverkit_tui.widgets.row_grid import RowGrid

LISTED = "198.51.100.25"


async def until(pilot: Pilot[int], done: Callable[[], bool]) -> None:
    """Let the app go on until something is so."""
    for _ in range(400):
        if done():
            return
        await pilot.pause()
    raise AssertionError("it never came to that")


async def asked(pilot: Pilot[int], subject: str) -> BlocklistsScreen:
    """The screen with all answers about a subject."""
    pilot.app.open_blocklists(subject)  # type: ignore[attr-defined]
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, BlocklistsScreen)
    await until(pilot, lambda: not screen.running)
    await settle(pilot)
    return screen


def grid(screen: BlocklistsScreen) -> RowGrid:
    return screen.query_one("#rows", RowGrid)


def row(name: str, state: Listing, weight: Weight = Weight.SMALL, **more: object) -> BlocklistRow:
    return BlocklistRow(name, name.title(), f"{name}.example", "Op", LISTED, state, weight, **more)  # type: ignore[arg-type]


def table(*rows_: BlocklistRow, finished: bool = True) -> BlocklistTable:
    made = BlocklistTable(Sentences(load()), LISTED, len(rows_))
    for each in rows_:
        made.take(each)
    made.finished = finished
    return made


def test_every_state_has_a_symbol_and_a_word_of_its_own() -> None:
    say = Sentences(load())
    assert set(LOOKS) == set(Listing)
    assert len({symbol for symbol, _ in LOOKS.values()}) == len(Listing)
    words = {table(row("a", state)).cells("a")[0][0] for state in Listing}
    assert len(words) == len(Listing)
    assert all(say.listing(f"state.{state.value}") for state in Listing)


_STATES = st.sampled_from(Listing)


@given(st.lists(st.tuples(_STATES, st.sampled_from(Weight)), min_size=1, max_size=8), st.booleans())
def test_nothing_is_called_not_listed_while_a_heavy_list_is_open(
    said: list[tuple[Listing, Weight]], finished: bool
) -> None:
    made = table(*(row(f"l{n}", state, weight) for n, (state, weight) in enumerate(said)), finished=finished)
    heavy = [state for state, weight in said if weight is Weight.HIGH]
    sure = finished and bool(heavy) and all(state.known for state in heavy)
    text, role = made.headline()
    if not sure:
        assert "not listed for abuse" not in text
        assert role != "good"


async def test_a_listed_address_shows_its_listings_first(opened: Opened) -> None:
    async with opened() as pilot:
        screen = await asked(pilot, LISTED)
        assert screen.table is not None
        assert screen.table.outcome is Outcome.FAIL
        assert [screen.table[k].state for k in grid(screen).keys[:2]] == [Listing.LISTED] * 2
        assert grid(screen).cursor_key == "spamhaus-zen"
        assert len(screen.table) == screen.table.total
        assert "✗ listed" in painted(pilot)


async def test_a_policy_entry_is_told_apart(opened: Opened) -> None:
    async with opened() as pilot:
        screen = await asked(pilot, "203.0.113.77")
        assert screen.table is not None
        assert screen.table.outcome is Outcome.WARN
        assert screen.table[grid(screen).keys[0]].state is Listing.POLICY


async def test_a_domain_is_asked_about_on_domain_lists(opened: Opened) -> None:
    async with opened() as pilot:
        screen = await asked(pilot, "https://bakery.example/page")
        assert screen.table is not None
        assert screen.table.subject == "bakery.example"
        assert screen.table.outcome is Outcome.PASS
        assert screen.command_line() == "deliverkit blocklists bakery.example --all --replay demo"


async def test_what_is_no_subject_is_refused_with_a_word(opened: Opened) -> None:
    async with opened() as pilot:
        screen = await asked(pilot, "[bold]nonsense")
        assert screen.table is None
        assert screen.query_one("#asked", Input).has_class("-wrong")
        assert "[bold]nonsense" in painted(pilot)


async def test_filters_by_state_and_by_words(opened: Opened) -> None:
    async with opened() as pilot:
        screen = await asked(pilot, LISTED)
        everything = list(grid(screen).keys)
        await keys(pilot, "f")
        assert screen.query_one(Chips).chosen == "listed"
        assert len(grid(screen).keys) == 2
        await keys(pilot, "escape", "slash", *"spamhaus", "enter")
        assert all("spamhaus" in key for key in grid(screen).keys)
        await keys(pilot, "escape")
        assert list(grid(screen).keys) == everything


async def test_the_way_off_a_list_is_read_and_its_address_copied(opened: Opened) -> None:
    async with opened(size=(120, 34)) as pilot:
        screen = await asked(pilot, LISTED)
        text = screen.query_one(PageView).text
        url = load().blocklists["spamhaus-zen"].removal_url
        assert url is not None
        assert url in text
        assert "127.0.0.3" in text
        await keys(pilot, "o")
        assert pilot.app.clipboard == url


async def test_the_list_leads_to_its_page_in_the_catalogue(opened: Opened) -> None:
    async with opened() as pilot:
        screen = await asked(pilot, LISTED)
        screen.query_one(PageView).post_message(PageView.Followed(screen.query_one(PageView), "spamhaus-zen"))
        await settle(pilot)
        assert isinstance(pilot.app.screen, CatalogueScreen)
        assert pilot.app.screen.entry == "list:spamhaus-zen"


@pytest.fixture
def dripping(monkeypatch: pytest.MonkeyPatch) -> asyncio.Queue[BlocklistRow]:
    """Answers come when the test says so; the end never comes."""
    queue: asyncio.Queue[BlocklistRow] = asyncio.Queue()

    def blocklists(_subjects: Iterable[str]) -> Callable[[World], AsyncIterator[RunMessage]]:
        async def job(_world: World) -> AsyncIterator[RunMessage]:
            try:
                while True:
                    yield RowArrived(await queue.get())
            finally:
                queue.shutdown() if hasattr(queue, "shutdown") else queue.put_nowait(row("closed", Listing.FAILED))

        return job

    monkeypatch.setattr(jobs, "blocklists", blocklists)
    return queue


async def test_rows_stream_in_and_the_cursor_stays_where_it_was_put(
    opened: Opened, dripping: asyncio.Queue[BlocklistRow]
) -> None:
    async with opened() as pilot:
        pilot.app.open_blocklists(LISTED)  # type: ignore[attr-defined]
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, BlocklistsScreen)
        for name in ("a", "b", "c"):
            dripping.put_nowait(row(name, Listing.NOT_LISTED))
        await until(pilot, lambda: len(grid(screen).keys) == 3)
        assert grid(screen).cursor_key == "a"
        await pilot.press("down")
        dripping.put_nowait(row("z", Listing.LISTED, Weight.HIGH, why=None))
        await until(pilot, lambda: len(grid(screen).keys) == 4)
        assert list(grid(screen).keys) == ["z", "a", "b", "c"]
        assert grid(screen).cursor_key == "b"
        assert screen.table is not None
        assert screen.table.outcome is None


async def test_leaving_cancels_the_asking(opened: Opened, dripping: asyncio.Queue[BlocklistRow]) -> None:
    async with opened() as pilot:
        pilot.app.open_blocklists(LISTED)  # type: ignore[attr-defined]
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, BlocklistsScreen)
        await until(pilot, lambda: screen.running)
        await pilot.press("escape")
        await until(pilot, lambda: not dripping.empty())
        assert dripping.get_nowait().list == "closed"
        assert pilot.app.screen is not screen


def test_a_refusal_and_a_silence_say_that_they_are_no_answer() -> None:
    made = table(
        row("refused", Listing.REFUSED, Weight.HIGH, resolver="192.0.2.53"),
        row("broken", Listing.NOT_KNOWN, why=Why.EMPTY),
    )
    assert "192.0.2.53" in plain(parse(made.page("refused", 78)))
    assert load().text("blocklists")["why.empty"].split(":")[0] in plain(parse(made.page("broken", 300)))
    assert made.outcome is Outcome.UNKNOWN


async def test_a_hostile_reason_is_shown_literally(opened: Opened, tmp_path: Path) -> None:
    world = tmp_path / "evil.toml"
    world.write_text(
        '[root]\ndefault = "nxdomain"\n[zone."zen.spamhaus.org"]\n"2.0.0.127" = { A = ["127.0.0.2"] }\n'
        '"9.2.0.192" = { A = ["127.0.0.2"], TXT = ["[link=x]y[/link] \\u001b[31m \\u202e"] }\n'
    )
    async with opened(network=Network(replay=str(world)), size=(120, 34)) as pilot:
        screen = await asked(pilot, "192.0.2.9")
        assert screen.table is not None
        assert screen.table["spamhaus-zen"].state is Listing.LISTED
        shown = painted(pilot)
        assert "[link=x]y[/link]" in shown
        assert "\x1b" not in shown
        assert "\u202e" not in shown


@pytest.mark.parametrize("size", [(60, 18), (80, 24), (120, 34), (160, 50)])
async def test_every_size_shows_rows_then_the_page(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size=size) as pilot:
        screen = await asked(pilot, LISTED)
        assert "Spamhaus" in painted(pilot)
        await keys(pilot, "enter")
        assert "127.0.0.3" in painted(pilot)
        await pilot.resize_terminal(90, 26)
        await settle(pilot)
        assert grid(screen).cursor_key == "spamhaus-zen"
        await keys(pilot, "escape")
        assert pilot.app.focused is grid(screen)
