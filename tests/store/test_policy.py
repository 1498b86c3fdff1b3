"""What a history comes to: every state, every number, and always the same."""

from __future__ import annotations

import random

import pytest
from address_events import BLOCKED, DEAD, FULL, happened
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.store.policy import DAY, Decision, Happened, Policy, State, decide

WEEK = [happened(day) for day in (0, 2, 4, 6, 7)]
"""Failures on five days, seven days from the first to the last: just enough."""


def come_to(*history: Happened, **numbers: object) -> Decision:
    return decide(history, Policy(**numbers))  # type: ignore[arg-type]


def test_nothing_is_active() -> None:
    assert come_to() == Decision(changes=("dead", "complaint"))


@pytest.mark.parametrize("confidence", ["sure", "likely"])
def test_dead_at_once(confidence: str) -> None:
    event = happened(3, reason=DEAD, confidence=confidence)
    decision = come_to(event)
    assert (decision.state, decision.rule, decision.reason) == (State.SUPPRESSED, "dead", DEAD)
    assert (decision.since, decision.events) == (3 * DAY, (event.id,))


@pytest.mark.parametrize("confidence", ["weak", "none"])
def test_weak_proof_of_death_counts_as_one_failure(confidence: str) -> None:
    assert come_to(happened(3, reason=DEAD, confidence=confidence)).state is State.SOFT


def test_dead_at_once_can_be_off() -> None:
    assert come_to(happened(3, reason=DEAD), dead_at_once=False).state is State.SOFT


def test_what_the_sender_caused_never_counts() -> None:
    reasons = [BLOCKED, "dmarc.policy", "reputation.ip_low", "rate_limit.throttled", "sender_setup.no_ptr"]
    reasons += ["rejected.spam_content", "unknown.unclassified", "mailbox_unavailable.restricted"]
    history = [happened(day, reason=reason) for reason in reasons for day in range(100)]
    assert come_to(*history) == Decision(changes=("dead", "complaint"))


def test_soft_failures_over_days() -> None:
    decision = come_to(*WEEK)
    assert (decision.state, decision.rule, decision.since) == (State.SUPPRESSED, "soft-repeated", 7 * DAY)
    assert decision.args == {"days": 5, "needed": 5, "span": 7, "span_needed": 7, "forget": 90}
    assert decision.events == tuple(event.id for event in WEEK)


@pytest.mark.parametrize(
    ("days", "state"),
    [
        ((0, 2, 4, 6), State.SOFT),
        ((0, 1, 2, 3, 6.9), State.SOFT),
        ((0, 0.1, 0.2, 0.3, 7), State.SOFT),
        ((0, 2, 4, 6, 7), State.SUPPRESSED),
        ((0, 100, 102, 104, 108), State.SOFT),
        ((0, 100, 102, 104, 106, 107), State.SUPPRESSED),
        ((None, None, None, None, None, 9), State.SOFT),
    ],
)
def test_days_are_counted_not_tries(days: tuple[float | None, ...], state: State) -> None:
    assert come_to(*(happened(day) for day in days)).state is state


def test_never_for_soft_failures() -> None:
    assert come_to(*WEEK, *(happened(day) for day in range(8, 60)), soft_failures=0).state is State.SOFT


def test_a_delivery_in_between_starts_anew() -> None:
    assert come_to(*WEEK, happened(5, "delivered")).soft == 2


@pytest.mark.parametrize("bad", [WEEK, [happened(1, reason=DEAD)]])
def test_a_later_delivery_revives_where_the_policy_says_so(bad: list[Happened]) -> None:
    assert come_to(*bad, happened(9, "delivered")).rule == "delivered"
    assert come_to(*bad, happened(9, "delivered"), delivery_revives=False).state is State.SUPPRESSED


@pytest.mark.parametrize("kind", ["complaint", "unsubscribe", "added"])
def test_what_people_say_outlives_deliveries(kind: str) -> None:
    assert not come_to(happened(1, kind), happened(9, "delivered"), *WEEK).state.mailed


@pytest.mark.parametrize(
    ("detail", "state"),
    [
        ("abuse", State.COMPLAINT),
        ("fraud", State.COMPLAINT),
        ("opt-out", State.UNSUBSCRIBED),
        ("not-spam", State.ACTIVE),
        ("auth-failure", State.ACTIVE),
    ],
)
def test_feedback_types(detail: str, state: State) -> None:
    assert come_to(happened(1, "complaint", detail=detail)).state is state


def test_switches() -> None:
    assert come_to(happened(1, "complaint"), complaint=False).state is State.ACTIVE
    assert come_to(happened(1, "unsubscribe"), unsubscribe=False).state is State.ACTIVE
    assert come_to(happened(1, "complaint", detail="opt-out"), unsubscribe=False).state is State.ACTIVE


def test_the_strongest_state_stands_and_its_first_event_decides() -> None:
    history = [happened(day, kind) for day, kind in enumerate(["unsubscribe", "complaint", "complaint", "unsubscribe"])]
    decision = come_to(*history, happened(8, reason=DEAD))
    assert (decision.state, decision.since) == (State.COMPLAINT, DAY)


def test_taking_off_by_hand_forgets_what_was_before_and_only_that() -> None:
    removed = happened(20, "removed")
    assert come_to(*WEEK, happened(1, "complaint"), happened(2, "added"), removed).state is State.ACTIVE
    assert come_to(happened(19, FULL), removed, happened(21)).soft == 1
    assert come_to(removed, happened(21, reason=DEAD)).state is State.SUPPRESSED


def test_imports_say_what_they_say() -> None:
    assert come_to(happened(1, "imported", action="complaint")).state is State.COMPLAINT
    dead = happened(1, "imported", action="suppressed")
    assert come_to(dead).state is State.SUPPRESSED
    assert come_to(dead, happened(2, "delivered")).state is State.ACTIVE


def test_no_time_is_the_oldest() -> None:
    assert come_to(happened(None, reason=DEAD), happened(1, "delivered")).state is State.ACTIVE
    assert come_to(happened(None, reason=DEAD)).state is State.SUPPRESSED


EVENTS = st.builds(
    happened,
    st.none() | st.integers(-5, 60),
    st.sampled_from(["bounce"] * 6 + ["delivered", "complaint", "unsubscribe", "added", "removed", "delayed"]),
    st.sampled_from([DEAD, FULL, FULL, FULL, BLOCKED]),
    confidence=st.sampled_from(["sure", "weak"]),
)
POLICIES = st.builds(
    Policy,
    dead_at_once=st.booleans(),
    soft_failures=st.integers(0, 6),
    soft_days=st.integers(0, 10),
    forget_days=st.integers(1, 30),
    delivery_revives=st.booleans(),
)


@given(st.lists(EVENTS, max_size=30), POLICIES, st.randoms(use_true_random=False))
def test_the_order_of_reading_changes_nothing(history: list[Happened], policy: Policy, dice: random.Random) -> None:
    shuffled = list(history)
    dice.shuffle(shuffled)
    decision = decide(history, policy)
    assert decide(shuffled, policy) == decision
    assert decision.state.mailed or decision.events
    assert set(decision.events) <= {event.id for event in history}
    assert "remove" in decision.changes or decision.state.mailed


@given(st.lists(EVENTS, max_size=20))
def test_a_dead_address_is_not_mailed_before_something_good_happens(history: list[Happened]) -> None:
    assert not decide([*history, happened(99, reason=DEAD)], Policy()).state.mailed
