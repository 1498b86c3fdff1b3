"""The closed list of reasons and the policy that is law: what suppresses an address, and what never does."""

from __future__ import annotations

import re

import pytest

from deliverkit.checks import MODULES
from deliverkit.knowledge import Knowledge
from deliverkit.model import AddressAction, MessageAction, Owner

CATEGORIES = (
    "blocked",
    "dmarc",
    "reputation",
    "rate_limit",
    "invalid_address",
    "mailbox_unavailable",
    "mailbox_full",
    "recipient_error",
    "rejected",
    "sender_setup",
    "not_a_bounce",
    "unknown",
)
CAUSED_BY_THE_SENDER = {"blocked", "dmarc", "reputation", "rate_limit", "rejected", "sender_setup"}
DEAD = {
    "invalid_address.unknown_user",
    "invalid_address.unknown_domain",
    "invalid_address.no_mx",
    "invalid_address.bad_syntax",
    "invalid_address.moved",
    "mailbox_unavailable.disabled",
    "mailbox_unavailable.inactive",
    "mailbox_unavailable.suppressed",
}
WISHES = {"not_a_bounce.complaint", "not_a_bounce.unsubscribe"}
SYSTEMS = {"sisimai", "kumomta", "sparkpost", "ses", "sendgrid", "postmark", "powermta", "zonemta"}


def test_there_are_64_reasons_in_12_categories_in_their_order(knowledge: Knowledge) -> None:
    assert len(knowledge.reasons) == 64
    assert tuple(dict.fromkeys(r.category for r in knowledge.reasons.values())) == CATEGORIES
    assert set(knowledge.text("categories")) == set(CATEGORIES)


def test_a_temporary_reply_never_suppresses(knowledge: Knowledge) -> None:
    suppressing = {r.id for r in knowledge.reasons.values() if r.address_4xx is AddressAction.SUPPRESS}
    assert suppressing == WISHES, "a complaint and an unsubscribe are wishes, not replies"


def test_only_proof_that_the_address_is_dead_suppresses(knowledge: Knowledge) -> None:
    suppressing = {r.id for r in knowledge.reasons.values() if r.address_5xx is AddressAction.SUPPRESS}
    assert suppressing == DEAD | WISHES


def test_what_the_sender_caused_keeps_the_address_whatever_the_code(knowledge: Knowledge) -> None:
    caused = [r for r in knowledge.reasons.values() if r.category in CAUSED_BY_THE_SENDER]
    assert {(r.address_4xx, r.address_5xx) for r in caused} == {(AddressAction.KEEP, AddressAction.KEEP)}
    assert {r.on_5xx for r in caused} == {MessageAction.FIX_THEN_RESEND}


def test_a_message_is_dropped_only_where_the_address_is_dead(knowledge: Knowledge) -> None:
    assert {r.id for r in knowledge.reasons.values() if r.on_5xx is MessageAction.DROP} == DEAD
    assert MessageAction.DROP not in {r.on_4xx for r in knowledge.reasons.values()}
    assert {knowledge.reasons[r].on_4xx for r in DEAD} == {MessageAction.RETRY}


def test_a_permanent_reply_is_never_retried_unchanged(knowledge: Knowledge) -> None:
    retried = {r.id for r in knowledge.reasons.values() if r.on_5xx is MessageAction.RETRY}
    assert retried == {"not_a_bounce.delayed"}


def test_what_is_no_bounce_has_no_message_action(knowledge: Knowledge) -> None:
    without = {r.id for r in knowledge.reasons.values() if r.on_4xx is None or r.on_5xx is None}
    assert without == {r for r in knowledge.reasons if r.startswith("not_a_bounce.")} - {"not_a_bounce.delayed"}


def test_waiting_is_the_answer_to_rate_limits_and_greylisting(knowledge: Knowledge) -> None:
    waiting = [r for r in knowledge.reasons.values() if r.category in ("rate_limit", "reputation")]
    assert {r.on_4xx for r in waiting} == {MessageAction.RETRY}
    assert knowledge.reasons["rate_limit.greylisted"].owner is Owner.NOBODY


def test_checks_and_fixes_that_reasons_name_exist(knowledge: Knowledge) -> None:
    checks = {c for r in knowledge.reasons.values() for c in r.checks}
    fixes = {f for r in knowledge.reasons.values() for f in r.fixes}
    assert checks - set(MODULES) == set()
    assert fixes - set(knowledge.fixes) == set()
    assert [r.id for r in knowledge.reasons.values() if not r.fixes] == []
    assert [r.id for r in knowledge.reasons.values() if len(set(r.fixes)) != len(r.fixes)] == []


def test_every_bounce_has_words_in_the_other_systems(knowledge: Knowledge) -> None:
    for reason in knowledge.reasons.values():
        assert set(reason.vocabularies) <= SYSTEMS
        assert "sisimai" in reason.vocabularies, reason.id
        words = [w for group in reason.vocabularies.values() for w in group]
        assert [w for w in words if not w or re.search(r"[?()|]", w)] == [], "hedges belong into mapping_note"


@pytest.mark.parametrize(("kind", "parts"), [("reasons", ("title", "sentence", "meaning"))])
def test_every_reason_is_said_in_full(kind: str, parts: tuple[str, ...], knowledge: Knowledge) -> None:
    said = knowledge.text(kind)
    assert set(said) == set(knowledge.reasons)
    for reason, text in said.items():
        assert tuple(text) == parts, reason
        assert set(re.findall(r"\{(\w+)\}", text["sentence"])) <= {"provider"}
        assert "{provider}" not in text["sentence"][1:], "the provider's name stands at the start, as it is written"
        assert "{" not in text["title"] + text["meaning"], reason
        assert len(text["title"]) <= 48, reason
