"""What mailbox providers demand: the catalogue is whole, and every state comes from what the checks saw."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from click.testing import CliRunner

from deliverkit.audit import ALL, audit
from deliverkit.checks import World
from deliverkit.cli.main import cli, run
from deliverkit.knowledge import load
from deliverkit.model import CheckResult, Finding, Outcome, Requirement, RequirementState
from deliverkit.net.replay import ReplayResolver
from deliverkit.net.resolver import Answer, Status
from deliverkit.report.requirements import fixes_for, requirements_data
from deliverkit.report.sentences import Sentences
from deliverkit.requirements import checks_needed, chosen, judge
from deliverkit.session import DEMO, Network, open_world, target

State = RequirementState
KNOWLEDGE = load()
NEEDED = checks_needed(KNOWLEDGE)


def results(found: Mapping[str, str] | None = None, unknown: tuple[str, ...] = ()) -> list[CheckResult]:
    """A result for each check that is needed; ``found`` names the findings of a check, blanks between them."""
    made = []
    for name in NEEDED:
        findings = [Finding(f, KNOWLEDGE.findings[f].severity) for f in (found or {}).get(name, "").split()]
        outcome = Outcome.UNKNOWN if name in unknown else Outcome.PASS
        made.append(CheckResult(name, "shop.example", outcome, tuple(findings)))
    return made


def states(found: Mapping[str, str] | None = None, unknown: tuple[str, ...] = ()) -> dict[str, RequirementState]:
    return {r.id: r.state for r in judge(results(found, unknown), KNOWLEDGE)}


def test_each_demand_is_dated_sourced_said_and_decided_by_what_there_is() -> None:
    said = KNOWLEDGE.text("requirements")
    assert set(said) == set(KNOWLEDGE.requirements)
    assert all(set(text) == {"title", "sentence"} for text in said.values())
    for spec in KNOWLEDGE.requirements.values():
        assert spec.provider in KNOWLEDGE.providers, spec.id
        assert spec.source.startswith("https://"), spec.id
        assert len(spec.as_of) == len("2026-01-01"), spec.id
        assert set(spec.proofs) <= set(KNOWLEDGE.proofs), spec.id
        assert spec.reply is None or (KNOWLEDGE.rules and spec.reply in KNOWLEDGE.rule_info), spec.id
        assert spec.reply is None or spec.reply.partition(".")[0] == spec.provider, spec.id
    assert {"gmail", "yahoo", "outlook_com", "apple"} <= {s.provider for s in KNOWLEDGE.requirements.values()}


@pytest.mark.parametrize("proof", KNOWLEDGE.proofs)
def test_a_proof_names_findings_of_its_check(proof: str) -> None:
    spec = KNOWLEDGE.proofs[proof]
    named = (*spec.broken_by, *spec.proven_by, *spec.unknown_by, *spec.unseen_by)
    assert {KNOWLEDGE.findings[finding].check for finding in named} == {spec.check}
    assert {KNOWLEDGE.findings[f].outcome for f in spec.broken_by} <= {Outcome.FAIL, Outcome.WARN}
    assert Outcome.FAIL not in {KNOWLEDGE.findings[f].outcome for f in spec.proven_by}
    assert {KNOWLEDGE.findings[f].outcome for f in spec.unknown_by} == ({Outcome.UNKNOWN} if spec.unknown_by else set())
    assert spec.otherwise in ("met", "cannot_be_seen")
    assert all(fixes_for(Requirement("x", "x", False, State.NOT_MET, (f,)), KNOWLEDGE) for f in spec.broken_by)


def test_every_proof_is_used() -> None:
    assert {p for spec in KNOWLEDGE.requirements.values() for p in spec.proofs} == set(KNOWLEDGE.proofs)


@pytest.mark.parametrize(
    ("found", "demand", "state"),
    [
        ({"spf": "spf-missing", "dkim": "dkim-key-found"}, "gmail-authentication", State.MET),
        ({"spf": "spf-missing", "dkim": "dkim-key-found"}, "gmail-bulk-spf", State.NOT_MET),
        ({"spf": "spf-missing", "dkim": "dkim-none-guessed"}, "gmail-authentication", State.CANNOT_BE_SEEN),
        ({"spf": "spf-missing", "dkim": "dkim-selector-missing"}, "gmail-authentication", State.NOT_MET),
        ({"spf": "spf-missing", "dkim": "dkim-guesses-failed"}, "gmail-authentication", State.UNKNOWN),
        ({"spf": "spf-not-checked", "dkim": "dkim-none-guessed"}, "gmail-authentication", State.UNKNOWN),
        ({"spf": "spf-ok"}, "gmail-bulk-spf", State.MET),
        ({"dmarc": "dmarc-missing"}, "outlook-bulk-dmarc", State.NOT_MET),
        ({"dmarc": "dmarc-policy-none"}, "outlook-bulk-dmarc", State.MET),
        ({"dmarc": "dmarc-ok dmarc-report-not-checked"}, "yahoo-bulk-dmarc", State.MET),
        ({"dmarc": "dmarc-ok"}, "gmail-bulk-alignment", State.CANNOT_BE_SEEN),
        ({"dmarc": "dmarc-ok dmarc-nothing-aligned"}, "gmail-bulk-alignment", State.NOT_MET),
        ({"dmarc": "dmarc-ok dmarc-aligned"}, "gmail-bulk-alignment", State.MET),
        ({"ptr": "ptr-missing"}, "gmail-reverse-dns", State.NOT_MET),
        ({"ptr": "ptr-no-ip"}, "gmail-reverse-dns", State.CANNOT_BE_SEEN),
        ({"ptr": "ptr-unanswered"}, "gmail-reverse-dns", State.UNKNOWN),
        ({}, "gmail-reverse-dns", State.MET),
        ({"ptr": "ptr-dynamic-name"}, "outlook-no-dynamic-ip", State.NOT_MET),
        ({"mx": "mx-null"}, "yahoo-domain-resolves", State.NOT_MET),
        ({"dkim": "dkim-key-weak"}, "gmail-dkim-length", State.NOT_MET),
        ({}, "gmail-spam-rate", State.CANNOT_BE_SEEN),
    ],
)
def test_the_state_of_a_demand(found: Mapping[str, str], demand: str, state: RequirementState) -> None:
    assert states(found)[demand] is state


def test_what_decided_is_named() -> None:
    judged = {r.id: r for r in judge(results({"spf": "spf-missing", "dmarc": "dmarc-ok"}), KNOWLEDGE)}
    assert judged["gmail-bulk-spf"].because == ("spf-missing",)
    assert judged["gmail-bulk-spf"].reply == "gmail.spf_block"
    assert judged["gmail-bulk-dmarc"].because == ("dmarc-ok",)


def test_a_check_that_is_unknown_as_a_whole_proves_nothing() -> None:
    assert set(states(unknown=NEEDED).values()) == {State.UNKNOWN, State.CANNOT_BE_SEEN}


def test_nothing_is_judged_when_a_check_did_not_run() -> None:
    assert judge(results()[1:], KNOWLEDGE) == ()


def test_demands_on_personal_senders_leave_out_those_on_bulk_senders() -> None:
    judged = judge(results(), KNOWLEDGE)
    assert chosen(judged) == chosen(judged, bulk=True) == judged
    assert {r.bulk for r in chosen(judged, bulk=False)} == {False}
    assert {r.provider for r in chosen(judged, providers=("yahoo",))} == {"yahoo"}


async def test_when_nobody_answers_nothing_is_met_or_unmet() -> None:
    class Dead:
        async def query(self, name: str, rdtype: str, **_: object) -> Answer:
            return Answer(name, rdtype, Status.TIMEOUT)

    seen = await audit(target(Network(), domain="shop.example"), World(Dead(), KNOWLEDGE), checks=NEEDED)
    assert {r.state for r in seen.requirements} == {State.UNKNOWN, State.CANNOT_BE_SEEN}


async def test_a_lost_answer_never_turns_a_demand_into_the_opposite() -> None:
    class Loses:
        def __init__(self, inner: ReplayResolver, lost: int) -> None:
            self.inner, self.lost, self.count = inner, lost, 0

        async def query(self, name: str, rdtype: str, **_: object) -> Answer:
            self.count += 1
            if self.count == self.lost:
                return Answer(name, rdtype, Status.SERVFAIL)
            return await self.inner.query(name, rdtype)

    dns = ReplayResolver.load(DEMO / "world.toml")._source
    who = target(Network(replay="demo"), domain="bakery.example", ips=["192.0.2.20"], selectors=["google"])
    whole = {
        r.id: r.state for r in (await audit(who, World(ReplayResolver(dns), KNOWLEDGE), checks=NEEDED)).requirements
    }
    flipped = {State.MET: State.NOT_MET, State.NOT_MET: State.MET}
    for lost in range(1, 25):
        world = World(Loses(ReplayResolver(dns), lost), KNOWLEDGE)
        for r in (await audit(who, world, checks=NEEDED)).requirements:
            assert r.state is not flipped.get(whole[r.id]), (lost, r.id)


async def test_the_audit_carries_the_demands() -> None:
    network = Network(replay="demo")
    async with open_world(network) as world:
        seen = await audit(target(network, domain="nospf.example"), world, checks=ALL)
    data = requirements_data(seen, seen.requirements, Sentences(KNOWLEDGE))
    assert data["counts"]["not_met"] == sum(r.state is State.NOT_MET for r in seen.requirements) > 0
    unmet = next(r for r in data["requirements"] if r["id"] == "gmail-bulk-dmarc")
    assert unmet["reply"]["text"].startswith("550 5.7.40")
    assert unmet["fixes"] == ["dmarc-publish"]


def said(*argv: str) -> tuple[int, str]:
    outcome = CliRunner().invoke(cli, ["requirements", *argv], standalone_mode=False)
    assert outcome.exception is None, outcome.exception
    return int(outcome.return_value), outcome.output


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("bakery.example", "-s", "google"), 0),
        (("nospf.example",), 1),
        (("nospf.example", "--personal"), 0),
        (("silent.example",), 3),
        (("bakery.example", "silent.example"), 3),
    ],
)
def test_exit_codes(argv: tuple[str, ...], code: int) -> None:
    assert said(*argv, "--replay", "demo")[0] == code


def test_json_of_a_domain_and_of_the_catalogue() -> None:
    _, text = said("nospf.example", "--replay", "demo", "--provider", "gmail", "-f", "json")
    document = json.loads(text)
    assert document["schema"] == "deliverkit.requirements/1"
    assert {r["provider"] for r in document["domains"][0]["requirements"]} == {"gmail"}
    code, text = said("-f", "json")
    assert code == 0
    assert {r["id"] for r in json.loads(text)["requirements"]} == set(KNOWLEDGE.requirements)


@pytest.mark.parametrize("fmt", ["text", "markdown"])
def test_every_demand_is_in_every_form(fmt: str) -> None:
    _, text = said("nospf.example", "--replay", "demo", "-f", fmt)
    assert text.count("✗") == sum(state is State.NOT_MET for state in _demo_states().values())
    _, text = said("-f", fmt)
    assert "https://" in text


def _demo_states() -> dict[str, RequirementState]:
    _, text = said("nospf.example", "--replay", "demo", "-f", "json")
    return {r["id"]: RequirementState(r["state"]) for r in json.loads(text)["domains"][0]["requirements"]}


def test_an_unknown_provider_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["requirements", "--provider", "gmial"]) == 2
    assert "gmail" in capsys.readouterr().err
