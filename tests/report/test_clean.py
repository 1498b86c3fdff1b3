"""What comes from DNS or mail is made visible, bounded and harmless."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from deliverkit.report.clean import LIMIT, clean, one_line
from deliverkit.report.markdown import fenced, literal

HOSTILE = "\x1b[31mred\x1b]0;title\x07 \u202eevil\u2066 \x00nul\x9b31m \ufeffmark \u200bzero"


def test_escape_sequences_and_bidi_are_shown_not_obeyed() -> None:
    shown = clean(HOSTILE)
    assert "\x1b" not in shown
    assert "\\x1b" in shown
    assert "\u202e" not in shown
    assert "\\u202e" in shown
    assert "\x9b" not in shown


@given(st.text(max_size=2000))
def test_nothing_that_controls_a_terminal_survives(text: str) -> None:
    for char in clean(text):
        assert char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs")
        assert unicodedata.bidirectional(char) not in ("RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI", "FSI", "PDI")


def test_long_text_is_cut_and_the_cut_is_said() -> None:
    shown = clean("a" * 70_000)
    assert len(shown) < LIMIT + 60
    assert "70000" in shown


def test_one_line_has_no_line_feeds() -> None:
    assert one_line("a\nb\tc\r\nd") == "a b c\\x0d d"


@given(st.text(max_size=300))
def test_a_fence_cannot_be_ended_from_inside(text: str) -> None:
    block = fenced(f"```\n{text}\n```")
    fence = block[0]
    assert all(not line.startswith(fence) for line in block[1:-2])


def test_markup_is_literal_in_markdown() -> None:
    assert literal("<script>|*x*") == "\\<script\\>\\|\\*x\\*"
