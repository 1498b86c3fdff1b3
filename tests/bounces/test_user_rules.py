"""A rule file says what is wrong with it: file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from deliverkit.bounces.user_rules import load_rules
from deliverkit.errors import KnowledgeError

GOOD = """provider = "gmail"

[[rule]]
id = "own.greylist"
pattern = 'come back at noon'
reason = "rate_limit.greylisted"
code = 451
examples = ["451 4.7.1 Please come back at noon"]
"""


def test_a_good_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(GOOD)
    (rule,) = load_rules(path)
    assert (rule.id, rule.provider, rule.code) == ("own.greylist", "gmail", 451)


def test_the_provider_may_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(GOOD.replace('provider = "gmail"\n', ""))
    assert load_rules(path)[0].provider == "own"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("code = 451", "code = = 451", "line 7"),
        ("code = 451", "coda = 451", "'coda'"),
        ("code = 451", 'code = "451"', "code"),
        ('id = "own.greylist"\n', "", "'id'"),
        ("pattern = 'come back at noon'\n", "", "'pattern'"),
        ('examples = ["451 4.7.1 Please come back at noon"]', "", "'examples'"),
        ('examples = ["451 4.7.1 Please come back at noon"]', "examples = []", "'examples'"),
        ("rate_limit.greylisted", "rate_limit.graylisted", "rate_limit.graylisted"),
        ("come back at noon'", "come (?!back)'", "RE2"),
        ("come back at noon'", "come (back'", "RE2"),
        ("Please come back at noon", "Please come back at one", "examples"),
        ("451 4.7.1 Please", "450 4.7.1 Please", "examples"),
        ('provider = "gmail"', 'providers = "gmail"', "'providers'"),
        ("[[rule]]", "[rule]", "rule"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, old: str, new: str, named: str) -> None:
    path = tmp_path / "rules.toml"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(KnowledgeError) as caught:
        load_rules(path)
    assert str(path) in str(caught.value)
    assert named in str(caught.value)
    assert caught.value.advice


def test_the_nearest_reason_is_offered(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(GOOD.replace("greylisted", "graylisted"))
    with pytest.raises(KnowledgeError) as caught:
        load_rules(path)
    assert "rate_limit.greylisted" in caught.value.advice


def test_an_id_may_not_come_twice(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(GOOD + GOOD.split("\n\n", 1)[1])
    with pytest.raises(KnowledgeError, match=r"own\.greylist"):
        load_rules(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"none\.toml"):
        load_rules(tmp_path / "none.toml")
