"""The needles lose no match, and both ways of looking for them agree."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.bounces.matcher import FEW, Matcher, compile_pattern
from deliverkit.bounces.matcher import tester as yes_or_no
from deliverkit.bounces.reply import parse_reply
from deliverkit.knowledge import Knowledge
from deliverkit.knowledge.needles import lower_ascii, needles_of


def test_every_text_that_a_pattern_matches_holds_one_of_its_needles(knowledge: Knowledge) -> None:
    texts = {parse_reply(e).text for info in knowledge.rule_info.values() for e in info.examples}
    lowered = [(lower_ascii(text), text.encode()) for text in texts]
    lost = []
    for pattern, needles in knowledge.needles.items():
        if needles:
            matches = yes_or_no(pattern)
            without = (text for low, text in lowered if not any(needle in low for needle in needles))
            lost += [(pattern, text) for text in without if matches(text)]
    assert lost == []


def test_most_patterns_have_needles(knowledge: Knowledge) -> None:
    without = [pattern for pattern, needles in knowledge.needles.items() if not needles]
    assert len(without) <= len(knowledge.needles) // 100


def test_needles_of_optional_parts_are_not_demanded() -> None:
    assert needles_of("colou?r") == {"colo"}
    assert needles_of("(?:mail )?refused") == {"refused"}
    assert needles_of("user (?:unknown|not found)") == {"unknown", "not found"}
    assert needles_of("(?:unknown|no such) .*") == {"unknown", "no such"}
    assert needles_of(r"\d+ \w+") == frozenset()
    assert needles_of("x{0,3}yz") == {"yz"}
    assert needles_of("(?:ab|.)") == frozenset()
    assert needles_of("(?:reject|rejected) by") == {"reject"}


@given(st.lists(st.sampled_from(["user unknown", "(?:a|bc)d+", "no .* here", "x", r"\[\d+\]", "(?:é|e)t"]), min_size=1))
def test_the_first_texts_and_the_later_ones_are_matched_alike(patterns: list[str]) -> None:
    unique = list(dict.fromkeys(patterns))
    early, late = Matcher(unique, {}), Matcher(unique, {})
    for _ in range(FEW):
        late.search(b"warm")
    for text in ("550 User UNKNOWN here", "bcdd [12] no x here", "ET été", "", "ÉT"):
        line = text.encode()
        expected = {i for i, p in enumerate(unique) if compile_pattern(p).search(line)}
        assert set(early.search(line)) == expected
        assert set(late.search(line)) == expected


def test_a_pattern_that_is_not_re2_is_refused() -> None:
    with pytest.raises(re2.error):
        compile_pattern("a(?=b)")
