"""The spf check: a zone, the ids that must appear, the ids that must not. Every finding is raised here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from deliverkit.checks import Target, World
from deliverkit.checks.spf import SpfFacts, run
from deliverkit.checks.spf_eval import SpfResult
from deliverkit.knowledge import Knowledge
from deliverkit.model import CheckResult, Outcome
from deliverkit.net.resolver import Status
from tests.checks.spf_zone import Zone

IP = "192.0.2.10"
HOST = {"A": ["192.0.2.30"]}


def spf(*records: str) -> dict[str, Any]:
    return {"TXT": list(records)}


@dataclass(frozen=True)
class Scenario:
    id: str
    zone: dict[str, Any]
    must: set[str]
    outcome: Outcome
    must_not: set[str] = field(default_factory=set)
    target: dict[str, Any] = field(default_factory=dict)


def one(record: str, **more: Any) -> dict[str, Any]:
    return {
        "example.com": {**spf(record), **more.pop("root", {})},
        **{k.replace("__", "."): v for k, v in more.items()},
    }


FINE = one("v=spf1 ip4:192.0.2.10 ip4:198.51.100.0/24 include:_spf.example.net -all") | {
    "_spf.example.net": spf("v=spf1 ip4:203.0.113.0/24 -all")
}
UNKNOWN = {"spf-not-checked", "spf-include-unreachable", "spf-host-unreachable", "spf-temperror", "spf-tree-cut"}

NEAR_MISSES = ("spf1 a -all", "v=spf1; a -all", "v=spf2.0 a -all", " v=spf1 a -all", "v=spf1-all", '"v=spf1 a -all"')
ADDRESSES = " ".join(f"ip4:198.51.100.{n}" for n in range(40))

SCENARIOS = [
    Scenario("fine", FINE, {"spf-ok"}, Outcome.PASS, UNKNOWN | {"spf-missing"}),
    Scenario("nothing published", {"example.com": HOST}, {"spf-missing"}, Outcome.FAIL, UNKNOWN | {"spf-ok"}),
    Scenario("other TXT only", {"example.com": spf("hello", "spf2.0/pra -all")}, {"spf-missing"}, Outcome.FAIL),
    Scenario("no such domain", {}, {"spf-domain-not-found"}, Outcome.FAIL, {"spf-missing"}),
    *(
        Scenario(f"TXT {s}", {"example.com": {"TXT": s}}, {"spf-not-checked"}, Outcome.UNKNOWN, {"spf-missing"})
        for s in (Status.TIMEOUT, Status.SERVFAIL, Status.REFUSED, Status.ERROR)
    ),
    Scenario(
        "no answer says nothing of an IP",
        {"example.com": {"TXT": Status.TIMEOUT}},
        {"spf-not-checked"},
        Outcome.UNKNOWN,
        {"spf-ip-none", "spf-ip-not-authorised", "spf-temperror"},
        {"ips": (IP,)},
    ),
    Scenario(
        "two records",
        {"example.com": spf("v=spf1 mx -all", "v=spf1 a -all")},
        {"spf-multiple-records"},
        Outcome.FAIL,
        {"spf-missing", "spf-ok"},
    ),
    *(
        Scenario(f"near: {text}", {"example.com": spf(text)}, {"spf-malformed-version"}, Outcome.FAIL, {"spf-missing"})
        for text in NEAR_MISSES
    ),
    Scenario("syntax", one("v=spf1 ipv4:192.0.2.10 -all"), {"spf-syntax-error"}, Outcome.FAIL, {"spf-ok"}),
    Scenario("strings joined", one("v=spf1 a:m.example.netmx:x.example.net -all"), {"spf-missing-space"}, Outcome.WARN),
    Scenario(
        "eleven look-ups",
        one("v=spf1 " + " ".join(f"exists:h{n}.example.net" for n in range(11)) + " -all")
        | {f"h{n}.example.net": HOST for n in range(11)},
        {"spf-too-many-lookups"},
        Outcome.FAIL,
        {"spf-many-lookups", "spf-ok", "spf-void-lookup", "spf-tree-cut"},
    ),
    Scenario(
        "ten look-ups",
        one("v=spf1 " + " ".join(f"exists:h{n}.example.net" for n in range(10)) + " -all")
        | {f"h{n}.example.net": HOST for n in range(10)},
        {"spf-many-lookups", "spf-ok"},
        Outcome.PASS,
        {"spf-too-many-lookups"},
    ),
    Scenario("one void", one("v=spf1 a -all"), {"spf-void-lookup"}, Outcome.WARN, {"spf-too-many-void-lookups"}),
    Scenario(
        "three void",
        one("v=spf1 a mx exists:x.example.net -all"),
        {"spf-too-many-void-lookups", "spf-void-lookup"},
        Outcome.FAIL,
    ),
    Scenario("IPv6 only is not void", one("v=spf1 a -all", root={"AAAA": ["2001:db8::1"]}), {"spf-ok"}, Outcome.PASS),
    Scenario(
        "eleven mail hosts",
        one("v=spf1 mx -all", root={"MX": [f"10 m{n}.example.com" for n in range(11)]}),
        {"spf-too-many-mx"},
        Outcome.FAIL,
    ),
    Scenario("include of nothing", one("v=spf1 include:gone.example.net -all"), {"spf-include-missing"}, Outcome.FAIL),
    Scenario("redirect to nothing", one("v=spf1 redirect=gone.example.net"), {"spf-include-missing"}, Outcome.FAIL),
    Scenario(
        "include with two records",
        one("v=spf1 include:x.example.net -all") | {"x.example.net": spf("v=spf1 -all", "v=spf1 ~all")},
        {"spf-include-multiple-records"},
        Outcome.FAIL,
    ),
    Scenario(
        "include with an error",
        one("v=spf1 include:x.example.net -all") | {"x.example.net": spf("v=spf1 ip4:x -all")},
        {"spf-include-syntax-error"},
        Outcome.FAIL,
        {"spf-syntax-error"},
    ),
    Scenario(
        "include without answer",
        one("v=spf1 include:x.example.net -all") | {"x.example.net": {"TXT": Status.SERVFAIL}},
        {"spf-include-unreachable"},
        Outcome.UNKNOWN,
        {"spf-include-missing", "spf-void-lookup", "spf-ok"},
    ),
    Scenario(
        "host without answer",
        one("v=spf1 mx -all", root={"MX": Status.TIMEOUT}),
        {"spf-host-unreachable"},
        Outcome.UNKNOWN,
        {"spf-void-lookup", "spf-ok"},
    ),
    Scenario(
        "loop",
        one("v=spf1 include:x.example.net -all") | {"x.example.net": spf("v=spf1 include:example.com -all")},
        {"spf-include-loop"},
        Outcome.FAIL,
    ),
    Scenario("includes itself", one("v=spf1 include:example.com -all"), {"spf-include-loop"}, Outcome.FAIL),
    Scenario("+all", one("v=spf1 +all"), {"spf-pass-all"}, Outcome.FAIL, {"spf-no-all"}),
    Scenario(
        "+all behind a redirect",
        one("v=spf1 redirect=x.example.net") | {"x.example.net": spf("v=spf1 all")},
        {"spf-pass-all"},
        Outcome.FAIL,
        {"spf-no-all"},
    ),
    Scenario("?all", one("v=spf1 ip4:192.0.2.10 ?all"), {"spf-neutral-all"}, Outcome.WARN, {"spf-no-all"}),
    Scenario("no end", one("v=spf1 ip4:192.0.2.10"), {"spf-no-all"}, Outcome.WARN, {"spf-neutral-all"}),
    Scenario(
        "the end is not known",
        one("v=spf1 redirect=x.example.net") | {"x.example.net": {"TXT": Status.TIMEOUT}},
        {"spf-include-unreachable"},
        Outcome.UNKNOWN,
        {"spf-no-all"},
    ),
    Scenario("behind all", one("v=spf1 -all ip4:192.0.2.10"), {"spf-terms-after-all"}, Outcome.WARN),
    Scenario("redirect and all", one("v=spf1 redirect=x.example.net ~all"), {"spf-redirect-ignored"}, Outcome.WARN),
    Scenario("ptr", one("v=spf1 ptr -all"), {"spf-ptr-used"}, Outcome.WARN),
    Scenario("twice", one("v=spf1 ip4:192.0.2.1 +IP4:192.0.2.1 -all"), {"spf-duplicate-term", "spf-ok"}, Outcome.PASS),
    *(
        Scenario(f"wide {term}", one(f"v=spf1 {term} -all", root=HOST), {"spf-wide-network"}, Outcome.WARN)
        for term in ("ip4:198.51.100.0/8", "ip4:198.51.100.0/15", "ip6:2001:db8::/31", "a/0")
    ),
    Scenario("a /16 of one's own", one("v=spf1 ip4:198.51.100.0/16 -all"), {"spf-ok"}, Outcome.PASS),
    Scenario("private", one("v=spf1 ip4:10.1.2.3 ip4:192.0.2.1 -all"), {"spf-private-network"}, Outcome.PASS),
    Scenario("include=", one("v=spf1 include=_spf.example.net -all"), {"spf-mistyped-term"}, Outcome.WARN),
    Scenario("modifier", one("v=spf1 ip4:192.0.2.1 ra=postmaster -all"), {"spf-unknown-modifier"}, Outcome.PASS),
    Scenario("long", one(f"v=spf1 {ADDRESSES} -all"), {"spf-record-too-long"}, Outcome.PASS),
    Scenario(
        "many TXT",
        {"example.com": spf("v=spf1 ip4:192.0.2.1 -all", *["x" * 250] * 6)},
        {"spf-answer-too-large"},
        Outcome.PASS,
    ),
    Scenario(
        "misplaced",
        {"example.com": HOST, "_spf.example.com": spf("v=spf1 -all")},
        {"spf-record-misplaced"},
        Outcome.FAIL,
    ),
    Scenario("old type", {"example.com": {"SPF": ['"v=spf1 -all"']}}, {"spf-type-99", "spf-missing"}, Outcome.FAIL),
    Scenario("parked", one("v=spf1 -all"), {"spf-sends-nothing", "spf-ok"}, Outcome.PASS, {"spf-denies-all"}),
    Scenario(
        "parked and yet sending",
        one("v=spf1 -all"),
        {"spf-denies-all", "spf-ip-not-authorised"},
        Outcome.FAIL,
        {"spf-sends-nothing"},
        {"ips": (IP,)},
    ),
    Scenario("pass", FINE, {"spf-ip-authorised", "spf-ok"}, Outcome.PASS, {"spf-ip-none"}, {"ips": (IP,)}),
    Scenario(
        "fail",
        one("v=spf1 ip4:198.51.100.1 -all"),
        {"spf-ip-not-authorised"},
        Outcome.FAIL,
        {"spf-denies-all"},
        {"ips": (IP,)},
    ),
    Scenario("softfail", one("v=spf1 ip4:198.51.100.1 ~all"), {"spf-ip-softfail"}, Outcome.WARN, set(), {"ips": (IP,)}),
    Scenario("neutral", one("v=spf1 ip4:198.51.100.1 ?all"), {"spf-ip-neutral"}, Outcome.WARN, set(), {"ips": (IP,)}),
    Scenario("none", {"example.com": HOST}, {"spf-ip-none"}, Outcome.FAIL, {"spf-permerror"}, {"ips": (IP,)}),
    Scenario("permerror", one("v=spf1 foo -all"), {"spf-permerror"}, Outcome.FAIL, {"spf-ip-none"}, {"ips": (IP,)}),
    Scenario(
        "temperror",
        one("v=spf1 include:x.example.net -all") | {"x.example.net": {"TXT": Status.TIMEOUT}},
        {"spf-temperror", "spf-include-unreachable"},
        Outcome.UNKNOWN,
        {"spf-permerror", "spf-ip-not-authorised", "spf-ip-none"},
        {"ips": (IP,)},
    ),
    Scenario(
        "a fail that hangs on an unanswered PTR",
        one("v=spf1 ip4:198.51.100.1 ptr -all") | {"10.2.0.192.in-addr.arpa": {"PTR": Status.TIMEOUT}},
        {"spf-temperror"},
        Outcome.UNKNOWN,
        {"spf-ip-not-authorised"},
        {"ips": (IP,)},
    ),
    Scenario(
        "more IPs than are evaluated",
        FINE,
        {"spf-ips-not-evaluated"},
        Outcome.UNKNOWN,
        {"spf-ok"},
        {"ips": tuple(f"198.51.100.{n}" for n in range(17))},
    ),
    Scenario("macro", one("v=spf1 include:%{i}._spf.example.net -all"), {"spf-macro", "spf-ok"}, Outcome.PASS),
    Scenario(
        "300 includes",
        one("v=spf1 " + " ".join(f"include:i{n}.example.net" for n in range(300)) + " -all")
        | {f"i{n}.example.net": spf("v=spf1 -all") for n in range(300)},
        {"spf-tree-cut", "spf-too-many-lookups"},
        Outcome.FAIL,
        {"spf-include-missing"},
    ),
    Scenario(
        "MAIL FROM domain first",
        {"bounce.example.com": spf("v=spf1 ip4:192.0.2.10 -all")},
        {"spf-ok"},
        Outcome.PASS,
        {"spf-domain-not-found"},
        {"mail_from": "bounce.example.com"},
    ),
]


async def outcome(zone: Zone, knowledge: Knowledge, **target: Any) -> CheckResult:
    return await run(Target(**{"domain": "example.com", **target}), World(zone, knowledge))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.id)
async def test_scenario(scenario: Scenario, knowledge: Knowledge) -> None:
    result = await outcome(Zone(scenario.zone), knowledge, **scenario.target)
    found = {finding.id for finding in result.findings}
    assert scenario.must <= found, found
    assert not scenario.must_not & found, found
    assert result.outcome is scenario.outcome, found


def test_every_finding_has_a_scenario(knowledge: Knowledge) -> None:
    raised = set().union(*(scenario.must for scenario in SCENARIOS))
    assert {spec.id for spec in knowledge.findings.values() if spec.check == "spf"} == raised


async def test_every_finding_keeps_quiet_when_all_is_well(knowledge: Knowledge) -> None:
    result = await outcome(Zone(FINE), knowledge, ips=(IP,))
    assert {finding.id for finding in result.findings} == {"spf-ok", "spf-ip-authorised"}


async def test_facts_hold_tree_and_evaluations(knowledge: Knowledge) -> None:
    result = await outcome(Zone(FINE), knowledge, ips=("203.0.113.5",))
    assert isinstance(result.facts, SpfFacts)
    assert (result.facts.lookups, result.facts.ends_with, result.facts.asked) == (1, "-", True)
    (evaluation,) = result.facts.evaluations
    assert evaluation.result is SpfResult.PASS
    assert evaluation.mechanism == "ip4:203.0.113.0/24"
    assert evaluation.path == ("example.com", "_spf.example.net")


async def test_without_a_domain_there_is_nothing_to_check(knowledge: Knowledge) -> None:
    result = await run(Target(ips=(IP,)), World(Zone({}), knowledge))
    assert (result.outcome, result.facts) == (Outcome.NOT_APPLICABLE, None)


async def test_nothing_is_asked_twice(knowledge: Knowledge) -> None:
    zone = Zone(FINE)
    await outcome(zone, knowledge, ips=(IP, "198.51.100.1", "203.0.113.1"))
    assert len(zone.asked) == len(set(zone.asked)) == 2
