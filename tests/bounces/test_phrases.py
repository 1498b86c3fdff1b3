"""The phrases of the knowledge: each compiles, says something, and is asked for somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deliverkit.bounces.mail import deciding, kinds, words
from deliverkit.bounces.mail.patterns import known, phrases
from deliverkit.knowledge import load

GROUPS = load().phrases
PLAIN = ("", " ", "Lunch on Monday, Kim?\n", "Selamat pagi", "こんにちは", "Merci beaucoup")


def test_every_group_is_asked_for() -> None:
    asked = {
        id_
        for module in (kinds, words, deciding)
        for id_ in re.findall(r"known\(\s*\"([a-z-]+)\"", Path(module.__file__).read_text(encoding="utf-8"))
    }
    assert asked == set(GROUPS)


@pytest.mark.parametrize("id_", sorted(GROUPS))
def test_every_phrase_says_something(id_: str) -> None:
    patterns = GROUPS[id_].patterns
    assert len(set(patterns)) == len(patterns)
    for pattern in patterns:
        assert not any(phrases(f"(?:{pattern})").search(text) for text in PLAIN), pattern
    assert known(id_).groups == 0


def test_an_id_that_there_is_not() -> None:
    with pytest.raises(KeyError):
        known("no-such-phrases")
