"""Masks, incidents, drafts: what is the same is one, and what is drafted works."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.bounces.drafts import drafted_rule
from deliverkit.bounces.incidents import MAX_INCIDENTS, Incident, Incidents, incident_id, utc
from deliverkit.bounces.masking import MASKED, masked, sampled
from deliverkit.bounces.reply import parse_reply
from deliverkit.bounces.sketch import SIZE, Sketch
from deliverkit.bounces.user_rules import load_rules
from deliverkit.knowledge import Knowledge


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("550 5.1.1 <jdoe@example.com>: User unknown", "550 5.1.1 <address>: User unknown"),
        ("550 jdoe@example.com: User unknown", "550 <address>: User unknown"),
        ("554 blocked [192.0.2.7] see https://list.example/q?ip=192.0.2.7", "554 blocked [<ip>] see <url>"),
        ("421 from 2001:db8::25 at 12:34:56", "421 from <ip> at <time>"),
        ("450 4.7.0 mx-in1.example.net busy, 30 of 30 slots", "450 4.7.0 <host> busy, <n> of <n> slots"),
        ("550 5.7.26 x d9443c01a7336-1234567si12345.123 - gsmtp", "550 5.7.26 x <id> - gsmtp"),
        ("550 S3150 AUP#1310 RFC5321 TSS04", "550 S3150 AUP#1310 RFC5321 TSS04"),
        ("552 5.2.2 jdoe is full (5.2.2) since Mon, 21 Nov 2026", "552 5.2.2 <name> is full (5.2.2) since <date>"),
        ("5.7.708 denied 2026-11-22T07:00:00.1Z", "5.7.708 denied <date>"),
        ("", ""),
    ],
)
def test_what_differs_between_deliveries_is_masked(text: str, expected: str) -> None:
    assert masked(text, "jdoe@example.com") == expected


def test_what_belongs_to_a_person_is_in_no_masked_text() -> None:
    for text in ("mail for jdoe refused", "jdoe", "<jdoe>", "jdoe: full", "a jdoe@x.example b"):
        assert "jdoe" not in masked(text, "jdoe@example.com")
    assert "jdoes" in masked("no jdoes here", "jdoe@example.com")


@given(st.text(max_size=400), st.none() | st.text(max_size=20))
def test_masking_never_fails_and_is_bounded(text: str, name: str | None) -> None:
    assert len(masked(text, name)) <= 300


def a_draft(text: str) -> str:
    words = masked(text)
    return drafted_rule(Incident(incident_id(None, words), None, words, "unknown.unclassified", text))


def matches_its_example(draft: str, folder: Path) -> None:
    path = folder / "draft.toml"
    path.write_text(draft, encoding="utf-8")
    (rule,) = load_rules(path)
    assert rule.reason == "unknown.unclassified"


@given(st.text(max_size=300))
def test_every_draft_loads_and_matches_its_own_example(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    matches_its_example(a_draft(parse_reply(text).text), tmp_path_factory.getbasetemp())


WORDS = ("550", "421", "5.7.1", "4.2.1", "<a@b.example>", "192.0.2.1", "zorgle.", "(x)", "'", "at", "12:00")


@given(st.lists(st.sampled_from(WORDS), max_size=12))
def test_drafts_of_likely_replies_too(tmp_path_factory: pytest.TempPathFactory, words: list[str]) -> None:
    matches_its_example(a_draft(parse_reply(" ".join(words)).text), tmp_path_factory.getbasetemp())


def test_drafts_of_all_known_replies_load_too(knowledge: Knowledge, tmp_path: Path) -> None:
    texts = [example for info in list(knowledge.rule_info.values())[::4] for example in info.examples[:1]]
    drafts = {a_draft(parse_reply(text).text) for text in texts}
    unique = {draft.split("\n")[1]: draft for draft in drafts}
    path = tmp_path / "drafts.toml"
    path.write_text("\n\n".join(unique.values()), encoding="utf-8")
    assert len(load_rules(path)) == len(unique) > 100


def test_a_sampled_text_has_no_masks_left() -> None:
    text = "550 <address> <ip> <host> <url> <id> <n> <time> <date> <name>"
    assert not MASKED.search(sampled(text))


@given(st.lists(st.integers(0, 5000), max_size=400), st.integers(0, 400))
def test_a_sketch_of_pieces_is_the_sketch_of_the_whole(numbers: list[int], cut: int) -> None:
    whole, first, second = Sketch(), Sketch(), Sketch()
    for number in numbers:
        whole.add(str(number))
    for sketch, part in ((first, numbers[:cut]), (second, numbers[cut:])):
        for number in part:
            sketch.add(str(number))
    first.merge(Sketch(second.data()))
    assert (first.count, first.data()) == (whole.count, whole.data())
    if len(set(numbers)) < SIZE:
        assert whole.is_exact
        assert whole.count == len(set(numbers))


def test_a_sketch_of_many_is_near() -> None:
    sketch = Sketch()
    for number in range(20_000):
        sketch.add(f"user{number}@example.com")
    assert not sketch.is_exact
    assert 14_000 < sketch.count < 28_000


def test_too_many_incidents_lose_the_rarest_and_say_so() -> None:
    incidents, other = Incidents(), Incidents()
    for collection, start in ((incidents, 0), (other, MAX_INCIDENTS + MAX_INCIDENTS // 2)):
        for number in range(MAX_INCIDENTS + MAX_INCIDENTS // 2):
            made = Incident(str(start + number), None, "x", "unknown.unclassified", "x")
            made.count = 2 if number % 2 else 1
            collection._by_id[made.id] = made
    incidents.merge(other)
    assert len(incidents) == MAX_INCIDENTS
    assert incidents.dropped == 5 * MAX_INCIDENTS // 2
    assert incidents.dropped + sum(i.count for i in incidents) == 3 * 3 * MAX_INCIDENTS // 2


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-22T09:00:00+02:00", "2026-11-22T07:00:00Z"),
        ("2026-11-22T07:00:00.123Z", "2026-11-22T07:00:00Z"),
        ("2026-11-22T07:00:00", "2026-11-22T07:00:00"),
        ("some day or other, and later", None),
        (None, None),
    ],
)
def test_times_compare_as_text(at: str | None, expected: str | None) -> None:
    assert utc(at) == expected
