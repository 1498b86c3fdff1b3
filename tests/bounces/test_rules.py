"""Every rule holds what it promises: its examples, its pattern, its names."""

from __future__ import annotations

import collections

import pytest
import re2

from deliverkit.bounces.classify import Classifier, default_classifier
from deliverkit.bounces.matcher import compile_pattern
from deliverkit.bounces.reply import parse_reply
from deliverkit.bounces.weight import has_code, weight
from deliverkit.knowledge import load
from deliverkit.knowledge.schema import Rule
from deliverkit.model import AddressAction, Basis, Bounce


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return default_classifier()


def test_every_example_gives_its_rule_s_provider_and_reason(classifier: Classifier) -> None:
    wrong = []
    for rule in load().rules:
        for example in load().rule_info[rule.id].examples:
            verdict = classifier.classify(Bounce(parse_reply(example)))
            provider_fits = rule.provider == "generic" or verdict.provider == rule.provider
            if verdict.reason != rule.reason or not provider_fits:
                wrong.append((rule.id, verdict.provider, verdict.reason, verdict.rule, example))
    assert wrong == []


def test_every_example_is_matched_by_its_own_rule() -> None:
    wrong = [
        (rule.id, example)
        for rule in load().rules
        for example in load().rule_info[rule.id].examples
        if not compile_pattern(rule.pattern).search(parse_reply(example).text.encode())
    ]
    assert wrong == []


def test_every_rule_has_an_example_and_an_id_of_its_own() -> None:
    ids = collections.Counter(rule.id for rule in load().rules)
    assert [name for name, count in ids.items() if count > 1] == []
    assert [name for name in ids if not load().rule_info[name].examples] == []
    assert [rule.id for rule in load().rules if not rule.id.startswith(rule.provider + ".")] == []


def test_every_reason_and_every_pattern_is_known() -> None:
    assert {rule.reason for rule in load().rules} <= load().reasons.keys()
    for rule in load().rules:
        compile_pattern(rule.pattern)
    for provider in load().providers.values():
        for mark in provider.marks:
            compile_pattern(mark)


def test_what_the_sender_caused_never_costs_the_address(classifier: Classifier) -> None:
    causes = {"blocked", "dmarc", "reputation", "rate_limit", "sender_setup", "rejected"}
    lost = []
    for rule in load().rules:
        for example in load().rule_info[rule.id].examples:
            verdict = classifier.classify(parse_reply(example))
            if verdict.category in causes and verdict.address_action is AddressAction.SUPPRESS:
                lost.append(rule.id)
    assert lost == []


def test_a_temporary_reply_never_suppresses(classifier: Classifier) -> None:
    lost = []
    for rule in load().rules:
        for example in load().rule_info[rule.id].examples:
            reply = parse_reply(example)
            if reply.code and 400 <= reply.code < 500:
                verdict = classifier.classify(reply)
                if verdict.address_action is AddressAction.SUPPRESS:
                    lost.append((rule.id, example))
    assert lost == []


def test_evidence_is_found_for_every_rule(classifier: Classifier) -> None:
    missing = []
    for rule in load().rules:
        bounce = Bounce(parse_reply(load().rule_info[rule.id].examples[0]))
        verdict = classifier.classify(bounce)
        evidence = classifier.evidence(bounce, verdict)
        if verdict.basis is Basis.RULE and (not evidence.matched or evidence.rule != verdict.rule):
            missing.append(rule.id)
    assert missing == []


def test_the_generic_drawer_is_last_and_every_file_has_a_provider() -> None:
    assert list(load().providers)[-1] == "generic"
    assert {rule.provider for rule in load().rules} <= load().providers.keys()


@pytest.mark.parametrize(
    ("pattern", "least"),
    [
        ("abc", 3),
        ("a(?:bc|d)e", 3),
        ("a(bcd)?e", 2),
        (r"\d\.x+", 2),
        ("[abc]z", 1),
        ("(?P<ip>[0-9.]+) listed", 7),
        ("", 0),
    ],
)
def test_weight_counts_the_shortest_match(pattern: str, least: int) -> None:
    assert weight(pattern) == least


def test_a_code_counts_as_field_or_at_the_head() -> None:
    assert has_code(Rule("a", "p", "x", "r", code=550))
    assert has_code(Rule("a", "p", r"5\.7\.26 .*x", "r"))
    assert not has_code(Rule("a", "p", "user unknown", "r"))


def test_look_around_is_no_re2() -> None:
    with pytest.raises(re2.error):
        compile_pattern("a(?!b)")
