"""A log that is cut anywhere gives the events of one single pass."""

from __future__ import annotations

import pickle
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverkit.bounces.event import Event, Fault
from deliverkit.bounces.memory import Known, complete
from deliverkit.bounces.sources import About, Unit, source
from tests.bounces.made_logs import NOW, POWERMTA_COLUMNS, WRITERS, Attempt, Message, interleaved, plain, stamped

REPLIES = ("450 4.2.0 Greylisted", "451 4.7.1 Try again later", "550 5.1.1 User unknown", "250 2.0.0 OK")


def lines_of(name: str, messages: list[Message], seed: int) -> list[bytes]:
    mixed = interleaved(messages, seed, name)
    if name == "powermta":
        return plain([POWERMTA_COLUMNS, *mixed])
    if name == "kumomta":
        return plain(mixed)
    return stamped(mixed, {"exim": "exim", "qmail": "tai64n"}.get(name, "syslog"))


def whole(name: str, lines: list[bytes]) -> list[Event | Fault]:
    return cut(name, lines, [])


def cut(name: str, lines: list[bytes], cuts: list[int]) -> list[Event | Fault]:
    """As the engine does it: each piece for itself, then joined in order."""
    edges = sorted({0, len(lines), *(c % (len(lines) + 1) for c in cuts)})
    head = b"\n".join(lines[:5])
    read = []
    for start, end in pairwise(edges):
        reader = source(name).Reader(About("log", NOW, head))
        items = list(reader.read(enumerate(lines[start:end], start + 1)))
        read.append(pickle.loads(pickle.dumps((items, reader.memory.known))))  # type: ignore[attr-defined]
    known, out = Known(), []
    for items, later in read:
        for item in items:
            out += complete(item, known) if isinstance(item, Event) else [item]
        known = known.then(later)
    return out


@st.composite
def messages(draw: st.DrawFn) -> list[Message]:
    made = []
    for number in range(draw(st.integers(1, 4))):
        people = [f"p{n}@example.net" for n in range(draw(st.integers(1, 3)))]
        rounds = draw(st.integers(1, 3))
        attempts = []
        left = people
        for _ in range(rounds):
            again = []
            for who in left:
                reply = draw(st.sampled_from(REPLIES))
                outcome = {"4": "deferred", "5": "bounced", "2": "sent"}[reply[0]]
                attempts.append(Attempt(who, reply, outcome))
                if outcome == "deferred":
                    again.append(who)
            left = again
        made.append(Message(attempts, number + 1, expired=bool(left), finished=draw(st.booleans()) or bool(left)))
    return made


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=40, deadline=None)
@given(made=messages(), seed=st.integers(0, 1000), cuts=st.lists(st.integers(0, 200), max_size=6))
def test_cut_anywhere_is_as_whole(name: str, made: list[Message], seed: int, cuts: list[int]) -> None:
    lines = lines_of(name, made, seed)
    assert cut(name, lines, cuts) == whole(name, lines)


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=15, deadline=None)
@given(made=messages(), seed=st.integers(0, 1000))
def test_each_line_a_piece_of_its_own(name: str, made: list[Message], seed: int) -> None:
    lines = lines_of(name, made, seed)
    assert cut(name, lines, list(range(len(lines)))) == whole(name, lines)


@pytest.mark.parametrize("name", WRITERS)
def test_every_attempt_is_one_event(name: str) -> None:
    made = [
        Message([Attempt("a@example.net"), Attempt("b@example.net", "250 2.0.0 OK", "sent")], 1),
        Message([Attempt("c@example.org", "450 4.2.0 Greylisted", "deferred")] * 3, 2, expired=name != "qmail"),
    ]
    events = [item for item in whole(name, lines_of(name, made, 7)) if isinstance(item, Event)]
    assert len(events) == 2 + 3 + (name != "qmail")
    assert {e.bounce.sender for e in events} == {"news@example.com"}
    over = [e for e in events if e.last]
    assert [e.last.text for e in over if e.last] == ["450 4.2.0 Greylisted"] * (name != "qmail")
    assert all(e.pending is None for e in events)


def test_the_pieces_need_no_more_than_their_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deliverkit.bounces.memory.MAX_MESSAGES", 10)
    monkeypatch.setattr("deliverkit.bounces.memory.MAX_WAITING", 10)
    made = [
        Message([Attempt(f"p{n}@example.net", REPLIES[0], "deferred") for n in range(3)], number, finished=False)
        for number in range(1, 60)
    ]
    reader = source("postfix").Reader(About("log", NOW))
    assert len(list(reader.read(enumerate(lines_of("postfix", made, 1), 1)))) == 59 * 3
    known = reader.memory.known  # type: ignore[attr-defined]
    assert 0 < len(known.messages) <= 10
    assert sum(len(note.waiting) for note in known.messages.values()) <= 10
    assert len(Known().then(known).messages) <= 10


def test_all_sources_say_what_they_are_fed() -> None:
    assert {source(name).UNIT for name in WRITERS} == {Unit.LINE, Unit.JSON}
