"""Causes are ranked by proof, and nothing is said surer than it is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from deliverkit.bounces.classify import default_classifier
from deliverkit.bounces.pasted import read_bounces
from deliverkit.checks import Target
from deliverkit.diagnosis import diagnose, explain, join
from deliverkit.knowledge import Knowledge
from deliverkit.model import CheckResult, Diagnosis, Finding, Outcome, Proof, Severity
from deliverkit.session import Network, in_world, target

DEMO = Network(replay="demo")
GMAIL = "550-5.7.26 Your email has been blocked because the sender is unauthenticated. - gsmtp"
DMARC = "550 5.7.1 Email rejected per DMARC policy for unaligned.example"


def _diagnose(text: str, *, asked: Sequence[str] = (), **known: object) -> Diagnosis:
    given = target(DEMO, **known)  # type: ignore[arg-type]
    [bounce] = read_bounces(text)
    return in_world(DEMO, lambda world: diagnose(bounce, default_classifier(), given, world, asked=asked))


def _joined(text: str, results: Sequence[CheckResult], given: Target, knowledge: Knowledge) -> Diagnosis:
    [bounce] = read_bounces(text)
    verdict = default_classifier().classify(bounce)
    return join(bounce, verdict, default_classifier().evidence(bounce, verdict), results, given, knowledge)


def test_spf_that_forgets_the_server_is_proven_and_its_step_comes_first() -> None:
    found = _diagnose(GMAIL, domain="shop.example", ips=["192.0.2.10"])
    assert found.verdict.reason == "dmarc.unauthenticated"
    assert found.causes[0].proof is Proof.PROVEN
    assert [f.id for f in found.causes[0].findings] == ["spf-ip-not-authorised"]
    assert found.steps[0].id.startswith("spf-add-sender.")


def test_a_reply_that_dns_does_not_bear_out_is_contradicted() -> None:
    found = _diagnose(DMARC, domain="unaligned.example", ips=["192.0.2.36"])
    assert found.verdict.category == "dmarc"
    assert [c.proof for c in found.causes] == [Proof.CONTRADICTED]


def test_without_an_ip_nothing_is_contradicted() -> None:
    found = _diagnose(DMARC, domain="unaligned.example")
    assert [c.proof for c in found.causes] == [Proof.CONSISTENT]


def test_silence_neither_proves_nor_contradicts() -> None:
    found = _diagnose(GMAIL, domain="silent.example", ips=["192.0.2.10"])
    assert [c.proof for c in found.causes] == [Proof.CONSISTENT]
    assert all(c.outcome is not Outcome.FAIL for c in found.checks)


def test_a_listing_proves_the_block_and_the_named_list_is_asked() -> None:
    text = "554 5.7.1 Service unavailable; Client host [198.51.100.25] blocked using zen.spamhaus.org"
    found = _diagnose(text)
    assert found.verdict.reason == "blocked.ip_listed"
    assert found.causes[0].proof is Proof.PROVEN
    assert {f.args["ip"] for f in found.causes[0].findings} == {"198.51.100.25"}


def test_reputation_is_weighed_never_proven(knowledge: Knowledge) -> None:
    listed = Finding(
        "spf-missing", Severity.ERROR, dict.fromkeys(knowledge.findings["spf-missing"].args, "shop.example")
    )
    text = (
        "550 5.7.1 Our system has detected that this message is likely suspicious due to the very low reputation "
        "of the sending domain."
    )
    results = [CheckResult("spf", "shop.example", Outcome.FAIL, (listed,))]
    found = _joined(text, results, Target(domain="shop.example"), knowledge)
    assert found.verdict.category == "reputation"
    assert Proof.PROVEN not in {c.proof for c in found.causes}


def test_null_mx_of_the_recipient_is_proven() -> None:
    found = _diagnose("550 5.1.10 recipient domain has null MX", recipient="a@nullmx.example")
    assert found.verdict.reason == "invalid_address.no_mx"
    assert found.causes[0].proof is Proof.PROVEN


def test_only_the_checks_that_the_reason_names_are_run() -> None:
    found = _diagnose("452 4.2.2 The email account that you tried to reach is over quota.", domain="shop.example")
    assert found.verdict.category == "mailbox_full"
    assert found.checks == ()


def test_asked_checks_are_run_instead() -> None:
    found = _diagnose(GMAIL, domain="shop.example", asked=["mx"])
    assert [c.check for c in found.checks] == ["mx"]


@pytest.mark.parametrize("text", [GMAIL, DMARC, "5.7.1", "421", "whatever this is"])
def test_explaining_always_ends_in_steps(text: str, knowledge: Knowledge) -> None:
    [bounce] = read_bounces(text)
    found = explain(bounce, default_classifier(), knowledge)
    assert found.steps
    assert found.checks == ()
    assert {c.proof for c in found.causes} == {Proof.CONSISTENT}


def test_the_receiving_server_is_never_proposed_as_a_host_of_the_sender(knowledge: Knowledge) -> None:
    text = (
        "to=<jane@example.com>, relay=mx.receiver.example[203.0.113.1]:25, dsn=4.7.25, status=deferred "
        "(host mx.receiver.example[203.0.113.1] said: 450 4.7.25 Client host rejected: "
        "cannot find your reverse hostname, [192.0.2.25] (in reply to RCPT TO command))"
    )
    for name in ("sender_setup.no_ptr", "sender_setup.bad_helo"):
        said = text if name.endswith("ptr") else text.replace("Client host rejected", "Helo command rejected")
        bounce = read_bounces(said)[0]
        assert bounce.mx == "mx.receiver.example"
        planned = explain(bounce, default_classifier(), knowledge).steps
        assert planned
        assert not [s.id for s in planned if "mx.receiver.example" in f"{s.record} {s.command} {s.verify}"]
