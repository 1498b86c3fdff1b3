"""The summary as text and Markdown: fits, is clean, and says nothing that is not there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.bounces.classify import default_classifier
from deliverkit.bounces.event import Event, Fault, Kind
from deliverkit.bounces.incidents import Masks
from deliverkit.bounces.judged import Judge
from deliverkit.bounces.reply import parse_reply
from deliverkit.bounces.summary import Summary
from deliverkit.knowledge import load
from deliverkit.model import Bounce
from deliverkit.report.bounce_markdown import bounce_summary_markdown
from deliverkit.report.bounce_summary import summary_data
from deliverkit.report.data import dumps
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.bounce_summary import bar, bounce_summary_text, percent

TEXTS = st.lists(st.tuples(st.text(max_size=300), st.text(max_size=80)), max_size=6)


def summary_of(found: list[tuple[str, str]]) -> Summary:
    summary, judge, masks = Summary(), Judge(default_classifier(), load()), Masks()
    for number, (text, word) in enumerate(found, 1):
        bounce = Bounce(parse_reply(text), f"{word}@example.com", f"a@{word}", word, word, at=word)
        judged = judge(Event(Kind.BOUNCE, bounce, word, number, theirs=word))
        summary.add(judged)
        summary.incidents.add(judged, *masks.of(judged))
        summary.add_fault(Fault(word, number, "json"))
    return summary


@given(TEXTS, st.integers(40, 130))
def test_whatever_was_read_is_shown_within_the_width_and_without_controls(
    found: list[tuple[str, str]], width: int
) -> None:
    say = Sentences(load())
    data = summary_data(summary_of(found), say, units=3, failed=[("a\x1b[2Jb", "gone")], known=frozenset())
    text = bounce_summary_text(data, say, width=width)
    assert not any(char in text for char in "\x1b\x07\u202e\x9b")
    drawn = [line for line in text.splitlines() if "█" in line]
    assert all(len(line) <= max(80, width) for line in drawn)
    markdown = bounce_summary_markdown(data, say)
    assert not any(char in markdown for char in "\x1b\x07\u202e\x9b")
    dumps(data).encode("utf-8", "backslashreplace")


def test_an_empty_summary_is_one() -> None:
    say = Sentences(load())
    data = summary_data(Summary(), say)
    assert data["totals"]["bounces"] == 0
    assert data["rates"] == {"hard": None, "soft": None, "complaints": None}
    assert data["recovery"] is None
    assert bounce_summary_text(data, say)
    assert bounce_summary_markdown(data, say)


def test_active_addresses_come_with_the_way_back_and_unknown_ones_with_a_draft() -> None:
    say = Sentences(load())
    found = [("550 5.7.26 This mail has been blocked because the sender is unauthenticated.", "x.example")] * 2
    data = summary_data(summary_of([*found, ("554 5.0.0 zorgle the frobnicator", "y.example")]), say)
    assert [row["reason"] for row in data["active"]] == ["dmarc.unauthenticated"]
    assert len(data["recovery"]["steps"]) == 5
    assert "zorgle the frobnicator" in data["unknown"][0]["draft"]
    text = bounce_summary_text(data, say)
    assert "zorgle" in text
    assert all(step["text"].split()[0] in text for step in data["recovery"]["steps"])


def test_only_what_no_earlier_run_has_seen_is_new() -> None:
    say = Sentences(load())
    summary = summary_of([("550 zorgle", "x.example"), ("550 other words", "x.example")])
    seen = next(iter(summary.incidents)).id
    assert {i["id"]: i["new"] for i in summary_data(summary, say, known=frozenset([seen]))["incidents"]}[seen] is False
    assert summary_data(summary, say, known=frozenset([seen]))["incidents_new"] == 1
    assert summary_data(summary, say)["incidents_new"] is None


@pytest.mark.parametrize(
    ("count", "of", "shown"), [(0, 10, "0 %"), (1, 3, "33 %"), (1, 40, "2.5 %"), (1, 10**6, "< 0.1 %"), (1, 0, "")]
)
def test_shares(count: int, of: int, shown: str) -> None:
    assert percent(count, of) == shown


def test_bars_are_never_empty_for_what_is_there() -> None:
    assert bar(1, 10**9).strip()
    assert not bar(0, 10).strip()
    assert bar(10, 10) == "█" * len(bar(10, 10))
