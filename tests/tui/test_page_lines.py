"""Marked pages and grid columns: pure functions, at every width."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from deliverkit.audit import ALL
from deliverkit_tui.audit_table import columns as audit_columns
from deliverkit_tui.blocklist_table import COLUMNS as LISTS
from deliverkit_tui.grid_layout import gap, widths
from deliverkit_tui.pages import LINK, Span, fold, mark, parse, plain

_ROLES = st.sampled_from(["good", "bad", "dim", "code"])
_WORDS = st.text(st.characters(blacklist_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn")), max_size=30)


@given(st.lists(st.tuples(_WORDS, _ROLES), max_size=5))
def test_what_is_marked_comes_back_with_its_role(parts: list[tuple[str, str]]) -> None:
    [line] = parse("".join(mark(text, role) for text, role in parts))
    assert [(s.text, s.role) for s in line] == parts


@given(st.text(max_size=200))
def test_nothing_that_a_terminal_acts_on_is_left(text: str) -> None:
    shown = plain(parse(text))
    assert not any((ord(c) < 32 and c != "\n") or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066\u200b" for c in shown)


def test_a_marked_link_keeps_its_entry_and_a_known_word_becomes_one() -> None:
    known = {"spf-ok": "finding:spf-ok"}
    [line] = parse(mark(f"here{LINK}fix:there", "link") + " and spf-ok.", known.get)
    assert [(s.text, s.link) for s in line if s.link] == [("here", "fix:there"), ("spf-ok", "finding:spf-ok")]


@given(st.text(st.characters(whitelist_categories=("L", "N", "Zs")), max_size=300), st.integers(20, 80))
def test_folding_loses_nothing_and_fits(text: str, width: int) -> None:
    line = (Span(text[:50], "dim"), Span(text[50:]))
    folded = fold([line], width)
    assert all(cell_len("".join(s.text for s in each)) <= max(width, 10) for each in folded)
    assert "".join(plain(folded).split()) == "".join(text.split())


@given(st.integers(0, 300))
def test_columns_fill_the_room_and_no_more(available: int) -> None:
    for columns in (audit_columns(ALL), LISTS):
        found = widths(columns, available)
        shown = [w for w in found if w]
        used = sum(shown) + gap(available) * (len(shown) - 1)
        if available >= 56:
            assert used == available
