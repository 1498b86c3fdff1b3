"""Order of proof, confidence, and what follows for message and address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.bounces.classify import Classifier, default_classifier
from deliverkit.bounces.reply import parse_reply
from deliverkit.knowledge import load
from deliverkit.knowledge.schema import Rule
from deliverkit.model import AddressAction, Basis, Bounce, Confidence, MessageAction, Verdict


def verdict(text: str, mx: str | None = None, phase: str | None = None) -> Verdict:
    return default_classifier().classify(Bounce(parse_reply(text), mx=mx, phase=phase))


def test_the_mx_says_who_spoke_before_the_text_does() -> None:
    bounce = Bounce(parse_reply("550 5.7.1 no - gsmtp"), mx="MX1.MAIL.PROTECTION.OUTLOOK.COM.")
    assert default_classifier().provider_of(bounce) == "exchange_online"
    assert default_classifier().provider_of(Bounce(bounce.reply)) == "gmail"
    assert default_classifier().provider_of(Bounce(parse_reply("550 no"))) is None


def test_mx_patterns_end_at_labels() -> None:
    bounce = Bounce(parse_reply("550 no"), mx="mx.notgoogle.com")
    assert default_classifier().provider_of(bounce) is None


def test_a_rule_of_another_provider_is_never_sure() -> None:
    text = "550 5.2.1 The email account that you tried to reach is disabled."
    assert verdict(text, mx="aspmx.l.google.com").confidence is Confidence.SURE
    foreign = verdict(text, mx="mta5.am0.yahoodns.net")
    assert foreign.provider == "yahoo"
    assert not (foreign.rule or "").startswith("gmail.") or foreign.confidence is not Confidence.SURE


def test_user_rules_win() -> None:
    own = Rule("own.quiet", "own", "user unknown", "rate_limit.greylisted")
    classifier = Classifier(load(), [own])
    found = classifier.classify(Bounce(parse_reply("550 5.1.1 User unknown")))
    assert (found.reason, found.rule, found.confidence) == ("rate_limit.greylisted", "own.quiet", Confidence.SURE)


def test_codes_of_a_rule_must_fit() -> None:
    own = Rule("own.only", "own", "zyx", "rate_limit.greylisted", code=451, enhanced="4.7.1")
    classifier = Classifier(load(), [own])
    assert classifier.classify(parse_reply("451 4.7.1 zyx")).rule == "own.only"
    assert classifier.classify(parse_reply("550 4.7.1 zyx")).rule is None
    assert classifier.classify(parse_reply("451 4.7.2 zyx")).rule is None


@pytest.mark.parametrize("code", ["5.7.1", "5.0.0", "5.4.1", "5.1.1"])
def test_codes_that_mean_anything_prove_little(code: str) -> None:
    found = verdict(f"550 {code}")
    assert found.confidence in (Confidence.WEAK, Confidence.NONE)
    assert found.address_action is not AddressAction.SUPPRESS


def test_a_telling_code_is_likely() -> None:
    telling = [s for s in load().enhanced_codes.values() if s.reason and not s.ambiguous]
    assert telling
    for spec in telling:
        found = verdict(f"550 5{spec.id[1:]}")
        assert (found.reason, found.confidence, found.basis) == (spec.reason, Confidence.LIKELY, Basis.ENHANCED_CODE)


def test_a_provider_s_own_meaning_of_a_code_goes_first() -> None:
    assert verdict("550 5.7.29", mx="aspmx.l.google.com").reason == "sender_setup.tls_required"


def test_a_mailbox_code_before_a_recipient_was_named_is_weak() -> None:
    assert verdict("550 5.1.10", phase="connect").confidence is Confidence.WEAK


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("450 qwertz", MessageAction.RETRY),
        ("550 qwertz", MessageAction.FIX_THEN_RESEND),
        ("qwertz", MessageAction.RETRY),
    ],
)
def test_unknown_is_a_verdict(text: str, message: MessageAction) -> None:
    found = verdict(text)
    assert found.confidence in (Confidence.NONE, Confidence.WEAK)
    assert found.message_action is message
    assert found.address_action is not AddressAction.SUPPRESS


def test_nothing_known_has_no_basis() -> None:
    found = verdict("550 qwertz")
    assert (found.reason, found.confidence, found.basis) == ("unknown.unclassified", Confidence.NONE, Basis.NOTHING)


def test_the_reply_code_decides_about_trying_again() -> None:
    assert verdict("450 5.1.1 User unknown").message_action is MessageAction.RETRY
    assert verdict("450 5.1.1 User unknown").address_action is not AddressAction.SUPPRESS
    assert verdict("550 4.1.1 User unknown").message_action is MessageAction.DROP
    assert verdict("5.1.1 User unknown").message_action is MessageAction.DROP
    assert verdict("User unknown").message_action is MessageAction.DROP
    assert verdict("too many connections").message_action is MessageAction.RETRY


def test_only_a_dead_address_is_suppressed() -> None:
    assert verdict("550 5.1.1 User unknown").address_action is AddressAction.SUPPRESS
    assert verdict("550 5.7.1 Your IP address has been blocked").address_action is AddressAction.KEEP
    assert verdict("552 5.2.2 mailbox full").address_action is not AddressAction.SUPPRESS


def test_success_is_no_bounce() -> None:
    found = verdict("250 2.1.5 Ok")
    assert (found.reason, found.message_action, found.bounce_type) == ("not_a_bounce.delivered", None, None)


def test_alternatives_are_other_reasons_at_most_three() -> None:
    found = verdict("550 5.7.1 spam, SPF fail, DMARC policy, virus, user unknown, quota exceeded, too many connections")
    reasons = [a.reason for a in found.also_possible]
    assert len(reasons) == len(set(reasons)) == 3
    assert found.reason not in reasons


def test_evidence_names_what_the_text_carries() -> None:
    bounce = Bounce(
        parse_reply("554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using bl.example.org; see x")
    )
    found = default_classifier().classify(bounce)
    groups = default_classifier().evidence(bounce, found).groups
    assert (groups["ip"], groups["list"]) == ("192.0.2.7", "bl.example.org")


def test_evidence_without_a_rule_is_the_code() -> None:
    bounce = Bounce(parse_reply("556 5.1.10"))
    evidence = default_classifier().evidence(bounce, default_classifier().classify(bounce))
    assert (evidence.rule, evidence.matched) == (None, "5.1.10")


def test_equal_input_gives_equal_verdicts_in_any_order() -> None:
    texts = [i.examples[0] for i in load().rule_info.values()]
    one, other = Classifier(load()), Classifier(load())
    forward = {t: one.classify(parse_reply(t)) for t in texts}
    assert forward == {t: other.classify(parse_reply(t)) for t in reversed(texts)}


@given(st.text(max_size=300), st.text(max_size=40), st.text(max_size=10))
def test_any_bounce_gets_a_verdict(text: str, mx: str, phase: str) -> None:
    bounce = Bounce(parse_reply(text), mx=mx, phase=phase)
    found = default_classifier().classify(bounce)
    assert found.reason in load().reasons
    default_classifier().evidence(bounce, found)


def test_a_code_that_one_provider_alone_uses_outranks_a_generic_phrase() -> None:
    verdict = default_classifier().classify(parse_reply("550 5.7.750 Service unavailable. Something new"))
    assert verdict.provider == "exchange_online"
    assert verdict.basis is Basis.ENHANCED_CODE


def test_it_does_not_where_another_provider_spoke() -> None:
    bounce = Bounce(parse_reply("550 5.7.750 mailbox full"), mx="gmail-smtp-in.l.google.com")
    assert default_classifier().classify(bounce).provider == "gmail"
