"""Judging and counting: what is a delivery, what is hard, whose addresses are alive; pieces add up to the whole."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.bounces.classify import default_classifier
from deliverkit.bounces.event import Event, Fault, Kind
from deliverkit.bounces.judged import Judge, is_temporary
from deliverkit.bounces.reply import parse_reply
from deliverkit.bounces.summary import HARD, MAX_GROUP, OTHERS, SOFT, Summary, is_called_hard
from deliverkit.knowledge import load
from deliverkit.model import Bounce, BounceType, Reply

REPLIES = (
    "550 5.1.1 user unknown",
    "452 4.2.2 mailbox full",
    "550 5.7.26 This mail has been blocked because the sender is unauthenticated.",
    "554 5.7.1 zorgle frobnicator",
    "",
)


def event(kind: Kind = Kind.BOUNCE, text: str = REPLIES[0], number: int = 1, **more: object) -> Event:
    bounce = Bounce(
        parse_reply(text), f"user{number}@example.com", f"news@s{number % 3}.example.com", "mx.example.net",
        at=f"2026-11-2{number % 3}T07:00:00Z",
    )  # fmt: skip
    return Event(kind, bounce, "mail.log", number)._replace(**more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(default_classifier(), load())


def summed(judge: Judge, events: list[Event]) -> Summary:
    summary = Summary()
    for one in events:
        judged = judge(one)
        summary.add(judged)
        if one.kind is Kind.BOUNCE:
            summary.incidents.add(judged, judged.verdict.reason, judged.verdict.reason)
    return summary


@pytest.mark.parametrize(
    ("kind", "feedback", "reason"),
    [
        (Kind.COMPLAINT, "abuse", "not_a_bounce.complaint"),
        (Kind.COMPLAINT, "opt-out", "not_a_bounce.unsubscribe"),
        (Kind.AUTO_REPLY, None, "not_a_bounce.auto_reply"),
        (Kind.DELIVERED, None, "not_a_bounce.delivered"),
        (Kind.DELAYED, None, "not_a_bounce.delayed"),
        (Kind.ORDINARY, None, "unknown.unclassified"),
    ],
)
def test_what_is_no_bounce_is_judged_by_its_kind_never_by_its_words(
    judge: Judge, kind: Kind, feedback: str | None, reason: str
) -> None:
    judged = judge(event(kind, "550 5.1.1 user unknown", feedback_type=feedback))
    assert judged.verdict.reason == reason
    assert judged.verdict.bounce_type is not BounceType.HARD


def test_an_expired_message_keeps_the_cause_beside_it(judge: Judge) -> None:
    judged = judge(event(text="status=expired, returned to sender", last=parse_reply("452 4.2.2 mailbox full")))
    assert judged.verdict.reason != "mailbox_full.over_quota"
    assert judged.cause is not None
    assert judged.cause.reason == "mailbox_full.over_quota"


def test_a_delivery_names_its_provider_by_the_host(judge: Judge) -> None:
    given_ = event(Kind.DELIVERED, "250 OK")
    bounce = Bounce(given_.bounce.reply, mx="gmail-smtp-in.l.google.com")
    assert judge(given_._replace(bounce=bounce)).provider == "gmail"


def test_totals_groups_and_active_addresses(judge: Judge) -> None:
    events = [event(Kind.DELIVERED, "250 OK", n) for n in range(10)]
    events += [event(text=REPLIES[0], number=11), event(text=REPLIES[1], number=12)]
    events += [event(text=REPLIES[2], number=n, theirs="hard") for n in (13, 14)] + [event(text=REPLIES[2], number=14)]
    events += [event(Kind.COMPLAINT, "abuse", 15, feedback_type="abuse"), event(Kind.RELAYED, "250 OK", 16)]
    summary = summed(judge, events)
    assert (summary.delivered, summary.hard, summary.soft, summary.temporary) == (10, 1, 4, 1)
    assert summary.complaints == 1
    assert summary.knows_deliveries
    assert summary.groups["category"]["invalid_address"][HARD] == 1
    assert summary.groups["reason"]["dmarc.unauthenticated"][SOFT] == 3
    assert set(summary.active) == {"dmarc.unauthenticated"}
    active = summary.active["dmarc.unauthenticated"]
    assert (active.by_source, active.by_code, active.recipients.count) == (2, 1, 2)
    assert (summary.first, summary.last) == ("2026-11-20T07:00:00Z", "2026-11-22T07:00:00Z")
    assert sum(sum(counts) for counts in summary.groups["day"].values()) == 16


kinds = st.sampled_from([Kind.BOUNCE, Kind.BOUNCE, Kind.DELIVERED, Kind.COMPLAINT, Kind.DELAYED, Kind.ORDINARY])
events_ = st.lists(st.builds(event, kinds, st.sampled_from(REPLIES), st.integers(0, 9)), max_size=40)


@given(events_, st.integers(0, 40))
def test_pieces_add_up_to_the_whole_even_by_way_of_json(events: list[Event], cut: int) -> None:
    judge = Judge(default_classifier(), load())
    whole = summed(judge, events)
    first, second = summed(judge, events[:cut]), summed(judge, events[cut:])
    first.merge(Summary.from_data(json.loads(json.dumps(second.data()))))
    fault = Fault("mail.log", 3, "json")
    for summary in (whole, first):
        summary.add_fault(fault)
    assert first.data() == whole.data()
    assert whole.unknown == sum(
        e.kind is Kind.BOUNCE and judge(e).verdict.reason == "unknown.unclassified" for e in events
    )


def test_too_many_keys_are_counted_together(judge: Judge) -> None:
    summary = Summary()
    for number in range(2 * MAX_GROUP + 2):
        one = event(number=number)
        summary.add(judge(one._replace(bounce=Bounce(one.bounce.reply, sender=f"a@d{number}.example"))))
    summary.settle()
    group = summary.groups["sending_domain"]
    assert len(group) == MAX_GROUP + 1
    assert sum(group[OTHERS]) == MAX_GROUP + 2
    assert summary.hard == 2 * MAX_GROUP + 2


def test_what_the_source_calls_soft_is_labelled_hard_by_nobody(judge: Judge) -> None:
    assert summed(judge, [event(text=REPLIES[2], theirs="blocked")]).active == {}
    assert summed(judge, [event(text=REPLIES[2], theirs="Transient/General")]).active == {}
    assert set(summed(judge, [event(text=REPLIES[2], theirs="bounced")]).active) == {"dmarc.unauthenticated"}


@pytest.mark.parametrize(
    ("theirs", "hard"),
    [
        ("hard", True),
        ("Permanent/General", True),
        ("HardBounce", True),
        ("deferred", False),
        ("", False),
        (None, False),
    ],
)
def test_what_sources_call_hard(theirs: str | None, hard: bool) -> None:
    assert is_called_hard(theirs) is hard


@pytest.mark.parametrize(
    ("code", "enhanced", "temporary"),
    [(450, None, True), (550, "4.2.2", False), (None, "4.4.1", True), (None, None, False), (250, None, False)],
)
def test_who_asks_to_try_again(code: int | None, enhanced: str | None, temporary: bool) -> None:
    assert is_temporary(Reply(code, enhanced, "", "")) is temporary
