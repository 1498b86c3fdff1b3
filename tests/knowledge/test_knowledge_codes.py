"""Codes: the registry whole, what they suggest alone, and fair words where guides read them otherwise."""

from __future__ import annotations

import re

import pytest

from deliverkit.knowledge import Knowledge

READ_OTHERWISE = """
    X.1.1 X.1.2 X.1.3 X.1.5 X.1.6 X.1.8 X.2.0 X.2.1 X.2.2 X.3.0 X.3.1 X.4.1 X.4.2 X.4.3 X.4.5 X.4.6
    X.5.1 X.5.2 X.5.3 X.5.4 X.6.1 X.6.4 X.7.1 X.7.2 X.7.25 550
"""


def test_the_registry_is_whole(knowledge: Knowledge) -> None:
    registered = [c for c in knowledge.enhanced_codes.values() if c.registered]
    assert len(registered) == 81
    assert len(knowledge.basic_codes) == 52
    assert len(knowledge.code_reuse) >= 15
    assert (set(knowledge.code_classes), set(knowledge.code_subjects)) == (set("245"), set("01234567"))


def test_codes_suggest_only_reasons_that_exist(knowledge: Knowledge) -> None:
    enhanced, basic, reuse = knowledge.enhanced_codes, knowledge.basic_codes, knowledge.code_reuse
    named = {c.reason for c in enhanced.values()} | {c.reason_4xx for c in enhanced.values()}
    named |= {c.reason for c in basic.values()} | {c.reason for c in reuse.values()}
    assert named - {None} - set(knowledge.reasons) == set()


def test_providers_of_private_codes_and_reuses_exist(knowledge: Knowledge) -> None:
    named = {c.provider for c in knowledge.enhanced_codes.values()} | {
        c.provider for c in knowledge.code_reuse.values()
    }
    assert named - {None} - set(knowledge.providers) == set()


@pytest.mark.parametrize("code", ["X.0.0", "X.1.0", "X.1.1", "X.2.0", "X.3.0", "X.4.1", "X.5.0", "X.7.0", "X.7.1"])
def test_codes_that_stand_on_anything_are_ambiguous(code: str, knowledge: Knowledge) -> None:
    assert knowledge.enhanced_codes[code].ambiguous


@pytest.mark.parametrize("code", ["550", "551", "552", "553", "554"])
def test_a_bare_reply_code_that_covers_everything_suggests_nothing(code: str, knowledge: Knowledge) -> None:
    assert knowledge.basic_codes[code].reason is None


def test_success_suggests_no_cause(knowledge: Knowledge) -> None:
    good = [c.id for c in knowledge.enhanced_codes.values() if c.class_use == "success" and c.reason]
    good += [c.id for c in knowledge.basic_codes.values() if c.kind in ("success", "intermediate") and c.reason]
    assert good == []


@pytest.mark.parametrize(
    ("printed", "entry"),
    [
        ("5.7.26", "X.7.26"),
        ("4.7.26", "X.7.26"),
        ("5.7.515", "X.7.515"),
        ("5.7.606", "X.7.606"),
        ("5.7.607", "X.7.600"),
        ("5.7.708", "X.7.708"),
        ("5.7.799", "X.7.700"),
        ("5.4.300", "X.4.300"),
        ("5.4.399", "X.4.300"),
        ("5.1.90", "X.1.90"),
        ("5.01.1", "X.1.1"),
        ("X.7.1", "X.7.1"),
        ("5.7.199", None),
        ("5.9.9", None),
        ("5.7", None),
        ("5.7.x", None),
        ("5.7.1.1", None),
        ("5.7.1000000000", None),
        ("", None),
    ],
)
def test_a_printed_code_finds_its_entry_or_its_range(printed: str, entry: str | None, knowledge: Knowledge) -> None:
    found = knowledge.enhanced_code(printed)
    assert (found.id if found else None) == entry


def test_ranges_end_in_their_own_hundred(knowledge: Knowledge) -> None:
    for code in knowledge.enhanced_codes.values():
        if code.range_end:
            assert code.id.endswith("00")
            assert code.range_end == code.id[:-2] + "99"


def test_every_code_has_text_and_no_text_is_left_over(knowledge: Knowledge) -> None:
    ids = {*knowledge.enhanced_codes, *knowledge.basic_codes, *knowledge.code_reuse}
    ids |= {f"class-{d}" for d in knowledge.code_classes} | {f"subject-{d}" for d in knowledge.code_subjects}
    said = knowledge.text("codes")
    assert set(said) == ids
    assert [i for i, text in said.items() if not text.get("meaning")] == []
    assert {part for text in said.values() for part in text} == {"meaning", "usual", "guide"}


@pytest.mark.parametrize("code", READ_OTHERWISE.split())
def test_where_guides_read_a_code_otherwise_it_is_said_fairly(code: str, knowledge: Knowledge) -> None:
    assert re.match(r"Some guides ", knowledge.text("codes")[code]["guide"])


def test_reused_codes_are_printed_codes_with_an_entry(knowledge: Knowledge) -> None:
    used = [code for reuse in knowledge.code_reuse.values() for code in reuse.codes]
    assert [c for c in used if not re.fullmatch(r"[45]\.\d{1,3}\.\d{1,3}", c)] == []
    assert {c for c in used if knowledge.enhanced_code(c) is None} == {"5.7.80", "5.7.90"}
