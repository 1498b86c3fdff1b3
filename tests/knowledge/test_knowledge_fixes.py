"""Fixes and findings: whole, said in words, and filled only with values that a case can have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from deliverkit.checks import MODULES
from deliverkit.knowledge import Knowledge
from deliverkit.model import Outcome, Severity

CASE = {
    "domain",
    "ip",
    "selector",
    "recipient",
    "recipient_domain",
    "mail_from",
    "helo",
    "provider",
    "list",
    "lookup_url",
    "host",
    "mx",
    "record",
    "ptr_name",
    "computed",
}
OWED = """
    address-check address-remove address-confirm-active list-clean list-stop-probing
    mailbox-full-wait mailbox-gone mailbox-ask-access platform-suppression-check
    retry-later greylist-wait slow-down connections-reduce recipients-split sending-quota-wait volume-ramp
    reputation-repair reputation-watch complaints-reduce unsubscribe-one-click engagement-segment schedule-steady
    content-review content-links attachment-change virus-stop message-shrink headers-shrink message-repair
    policy-ask-recipient recipient-server-wait recipient-tls recipient-loop recipient-tell
    login-repair app-password relay-use-submission tls-enable smtp-session-repair host-clean-up identity-verify
    dynamic-ip-relay route-gmail-postmaster route-outlook-snds route-microsoft365-delist
    route-microsoft365-tenant route-microsoft365-account route-yahoo-senderhub route-apple-postmaster
    route-proofpoint-ipcheck route-cloudmark-reset route-barracuda-removal route-trend-ers route-cisco-talos
    route-sophos-lookup route-tonline-imprint route-spamhaus-check route-provider-postmaster
    bounce-ignore unsubscribe-honour complaint-honour unknown-ask
"""
OUTCOMES = {
    Severity.ERROR: {Outcome.FAIL},
    Severity.WARNING: {Outcome.WARN},
    Severity.NOTICE: {Outcome.PASS, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE},
    Severity.INFO: {Outcome.PASS, Outcome.NOT_APPLICABLE},
}


def placeholders(*texts: str | None) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", " ".join(t for t in texts if t)))


def sentences(node: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in node.items():
        if isinstance(value, str):
            yield f"{path}{key}", value
        else:
            yield from sentences(value, f"{path}{key}.")


@pytest.mark.parametrize("fix", OWED.split())
def test_the_fixes_that_the_guides_call_for_are_there(fix: str, knowledge: Knowledge) -> None:
    assert knowledge.fixes[fix].steps


def test_every_step_is_said_and_nothing_else_is(knowledge: Knowledge) -> None:
    said = knowledge.text("fixes")
    assert set(said) == set(knowledge.fixes)
    for fix in knowledge.fixes.values():
        steps = said[fix.id]["steps"]
        assert said[fix.id]["title"]
        assert fix.steps, fix.id
        assert len({s.id for s in fix.steps}) == len(fix.steps), fix.id
        assert set(steps) == {s.id for s in fix.steps}, fix.id
        assert [s for s, text in steps.items() if set(text) != {"title", "why"}] == [], fix.id


def test_steps_are_filled_with_what_a_case_or_an_asking_finding_knows(knowledge: Knowledge) -> None:
    for fix in knowledge.fixes.values():
        asking = [set(f.args) for f in knowledge.findings.values() if fix.id in f.fixes]
        known = CASE.union(*asking)
        texts = [t for _, t in sentences(knowledge.text("fixes")[fix.id])]
        for s in fix.steps:
            texts += [t for t in (s.record_name, s.record_value, s.command, s.url, s.verify) if t]
        assert placeholders(*texts) - known == set(), fix.id


def test_checks_platforms_and_providers_of_steps_exist(knowledge: Knowledge) -> None:
    steps = [(fix.id, s) for fix in knowledge.fixes.values() for s in fix.steps]
    assert {s.verify_check for _, s in steps} - {None} - set(MODULES) == set()
    assert {s.platform for _, s in steps} - {None} - set(knowledge.platforms) == set()
    assert {s.provider for _, s in steps} - {None} - set(knowledge.providers) == set()
    for fix, s in steps:
        suffix = s.platform or s.provider
        assert not suffix or s.id.partition("@")[2] in ("", suffix), f"{fix}.{s.id}"


def test_addresses_in_steps_and_references_are_whole(knowledge: Knowledge) -> None:
    urls = [s.url for fix in knowledge.fixes.values() for s in fix.steps if s.url]
    assert [u for u in urls if not u.startswith(("https://", "{"))] == []
    references = [r for fix in knowledge.fixes.values() for r in fix.references]
    assert [r for r in references if not r.startswith(("https://", "http://", "RFC "))] == []


def test_findings_name_checks_reasons_and_fixes_that_exist(knowledge: Knowledge) -> None:
    for finding in knowledge.findings.values():
        assert finding.check in MODULES, finding.id
        assert set(finding.explains) - set(knowledge.reasons) == set(), finding.id
        assert set(finding.fixes) - set(knowledge.fixes) == set(), finding.id
        assert finding.outcome in OUTCOMES[finding.severity], finding.id
        assert finding.fixes or finding.outcome not in (Outcome.FAIL, Outcome.WARN), f"{finding.id} needs a fix"


def test_findings_are_said_with_their_own_arguments(knowledge: Knowledge) -> None:
    said = knowledge.text("findings")
    assert set(said) == set(knowledge.findings)
    for finding in knowledge.findings.values():
        text = said[finding.id]
        assert {"title", "summary", "why"} <= set(text) <= {"title", "summary", "why", "harmless"}, finding.id
        assert placeholders(*text.values()) - set(finding.args) == set(), finding.id


@pytest.mark.parametrize("kind", ["categories", "reasons", "codes", "fixes", "findings", "words"])
def test_sentences_stand_alone(kind: str, knowledge: Knowledge) -> None:
    for where, sentence in sentences(knowledge.text(kind)):
        assert sentence == " ".join(sentence.split()), f"{kind}: {where}"
        assert sentence, f"{kind}: {where}"
        if where.rpartition(".")[2] in ("meaning", "usual", "guide", "why", "summary", "harmless"):
            assert sentence.rstrip('”"').endswith((".", "?", "!", "}")), f"{kind}: {where} is no whole sentence"


def test_rules_name_reasons_providers_and_fixes_that_exist(knowledge: Knowledge) -> None:
    assert {r.reason for r in knowledge.rules} - set(knowledge.reasons) == set()
    assert {r.provider for r in knowledge.rules} - set(knowledge.providers) == set()
    assert {f for info in knowledge.rule_info.values() for f in info.fixes} - set(knowledge.fixes) == set()
