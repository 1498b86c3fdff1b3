"""Catalogue: everything is found as one types, every entry has a page, and links lead on and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from piloting import Opened, keys, painted, settle
from textual.pilot import Pilot

from deliverkit.knowledge import load
from deliverkit_tui.catalogue_index import KINDS, CatalogueIndex, catalogue
from deliverkit_tui.pages import links, parse, plain
from deliverkit_tui.screens.catalogue import CatalogueScreen
from deliverkit_tui.widgets.chips import Chips
from deliverkit_tui.widgets.filter_input import FilterInput
from deliverkit_tui.widgets.page_view import PageView
from deliverkit_tui.widgets.row_grid import RowGrid


@pytest.fixture(scope="module")
def index() -> CatalogueIndex:
    return catalogue("en")


async def opened_at(pilot: Pilot[int], query: str = "") -> CatalogueScreen:
    pilot.app.open_catalogue(query)  # type: ignore[attr-defined]
    await settle(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, CatalogueScreen)
    return screen


def found(screen: CatalogueScreen) -> list[str]:
    return list(screen.query_one("#rows", RowGrid).keys)


# ---------------------------------------------------------------- the index


def test_everything_known_is_in_it(index: CatalogueIndex) -> None:
    known = load()
    parts = (known.reasons, known.findings, known.fixes, known.blocklists, known.platforms, known.providers)
    wanted = sum(map(len, parts)) + len(known.enhanced_codes) + len(known.basic_codes)
    assert len(index.entries) == wanted
    assert {entry.kind for entry in index.entries} == set(KINDS)


def test_every_entry_has_a_page_and_every_link_an_entry(index: CatalogueIndex) -> None:
    for entry in index.entries:
        lines = parse(index.page(entry.key, 78), index.link)
        assert plain(lines).strip(), entry.key
        for y, i in links(lines):
            assert lines[y][i].link in index, entry.key


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("5.7.26", "code:X.7.26"),
        ("4.7.26", "code:X.7.26"),
        ("x.7.26", "code:X.7.26"),
        ("550", "code:550"),
        ("550 5.7.1", "code:550"),
        ("spf-too-many-lookups", "finding:spf-too-many-lookups"),
        ("DMARC.policy", "reason:dmarc.policy"),
        ("zen.spamhaus.org", "list:spamhaus-zen"),
        ("aspmx.l.google.com", "platform:google_workspace"),
    ],
)
def test_what_people_type_finds_the_entry(index: CatalogueIndex, query: str, first: str) -> None:
    assert index.search(query)[0].key == first


@given(st.text(max_size=60))
def test_no_query_breaks_the_search(query: str) -> None:
    assert all(entry.key in catalogue("en") for entry in catalogue("en").search(query))


def test_a_fix_names_what_asks_for_it(index: CatalogueIndex) -> None:
    known = load()
    keys_ = [key for _, found_ in index.related("fix:spf-add-sender") for key in found_]
    assert {f"finding:{f.id}" for f in known.findings.values() if "spf-add-sender" in f.fixes} <= set(keys_)


# ---------------------------------------------------------------- the screen


async def test_typing_narrows_at_once(opened: Opened) -> None:
    async with opened() as pilot:
        screen = await opened_at(pilot)
        everything = len(found(screen))
        await keys(pilot, *"greylist")
        assert 0 < len(found(screen)) < everything
        assert "fix:greylist-wait" in found(screen)
        assert screen.entry == found(screen)[0]


async def test_one_kind_only(opened: Opened) -> None:
    async with opened() as pilot:
        screen = await opened_at(pilot)
        await keys(pilot, *"spamhaus", "enter")
        screen.query_one(Chips).choose("list")
        await settle(pilot)
        assert found(screen)
        assert all(key.startswith("list:") for key in found(screen))
        await keys(pilot, "f")
        assert screen.query_one(Chips).chosen != "list"


async def test_links_lead_on_and_back(opened: Opened) -> None:
    async with opened(size=(120, 34)) as pilot:
        screen = await opened_at(pilot, "spf-too-many-lookups")
        assert screen.entry == "finding:spf-too-many-lookups"
        view = screen.query_one(PageView)
        while view.link != "fix:spf-reduce-lookups":
            await pilot.press("down")
            assert view.link is not None
        await keys(pilot, "enter")
        assert screen.entry == "fix:spf-reduce-lookups"
        await keys(pilot, "end")
        assert "spf-too-many-lookups" in view.text
        await keys(pilot, "backspace")
        assert screen.entry == "finding:spf-too-many-lookups"
        await keys(pilot, "escape")
        assert pilot.app.screen is not screen


async def test_a_link_is_followed_by_the_mouse(opened: Opened) -> None:
    async with opened(size=(120, 34)) as pilot:
        screen = await opened_at(pilot, "spf-too-many-lookups")
        y, line = next((y, text) for y, text in enumerate(painted(pilot).splitlines()) if "spf-reduce-lookups" in text)
        await pilot.click(offset=(line.rindex("spf-reduce-lookups") + 3, y))
        await settle(pilot)
        assert screen.entry == "fix:spf-reduce-lookups"


async def test_the_command_of_an_entry_and_its_copy(opened: Opened) -> None:
    async with opened() as pilot:
        screen = await opened_at(pilot, "dmarc.policy")
        assert screen.command_line() == "deliverkit reasons dmarc.policy"
        await keys(pilot, "y")
        assert pilot.app.clipboard == "deliverkit reasons dmarc.policy"


@pytest.mark.parametrize("size", [(60, 18), (80, 24), (120, 34), (160, 50)])
async def test_every_size_reads_an_entry_and_resizing_keeps_it(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size=size) as pilot:
        screen = await opened_at(pilot)
        await keys(pilot, *"5.7.26", "enter", "enter")
        assert pilot.app.focused is screen.query_one(PageView)
        assert "RFC 7372" in painted(pilot)
        await pilot.resize_terminal(100, 30)
        await settle(pilot)
        assert screen.entry == "code:X.7.26"
        assert screen.query_one(FilterInput).value == "5.7.26"
        assert "RFC 7372" in painted(pilot)


async def test_hostile_words_find_nothing_and_break_nothing(opened: Opened) -> None:
    async with opened() as pilot:
        screen = await opened_at(pilot, "[red]\x1b[31m\u202e")
        assert found(screen) == []
        assert "\x1b" not in painted(pilot)
        assert "\u202e" not in painted(pilot)
