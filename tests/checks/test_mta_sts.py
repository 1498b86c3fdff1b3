"""The check mta-sts: every finding from its scenario, and none where all is well."""

from __future__ import annotations

import pytest
from dns_world import ids
from hypothesis import given
from hypothesis import strategies as st
from web_world import browse, shop

from deliverkit.audit import conclude
from deliverkit.checks import Target
from deliverkit.checks.mta_sts import MtaStsFacts, policy_url
from deliverkit.checks.mta_sts_policy import Mode, covers, policy_id, policy_text, read_policy, uncovered
from deliverkit.knowledge import load
from deliverkit.model import CheckResult, Outcome

URL = policy_url("shop.example")
GOOD = policy_text(["mx.shop.example"], Mode.ENFORCE, 604800)
WEB = {"A": ["192.0.2.9"]}


def zone(*texts: str, **more: object):
    return shop(**{"_mta-sts": {"TXT": list(texts)}, "mta-sts": WEB, **more})


OK = zone("v=STSv1; id=2026")


def page(body: str = GOOD, **more: object):
    return {URL: {"body": body, **more}}


def policy(mode: str = "enforce", mx: str = "mx.shop.example", age: str = "604800", version: str = "STSv1"):
    return page(f"version: {version}\r\nmode: {mode}\r\nmx: {mx}\r\nmax_age: {age}\r\n")


TWO = {"at": {"MX": ["10 mx.shop.example", "20 b.shop.example"]}, "b": {"A": ["192.0.2.2"]}}
SCENARIOS = {
    "mta-sts-ok": (OK, page(), Outcome.PASS),
    "mta-sts-none": (shop(), {}, Outcome.NOT_APPLICABLE),
    "mta-sts-no-mail": (shop(at={"MX": ["0 ."]}), {}, Outcome.NOT_APPLICABLE),
    "mta-sts-unanswered": (shop(**{"_mta-sts": {"status": "timeout"}}), {}, Outcome.UNKNOWN),
    "mta-sts-record-multiple": (zone("v=STSv1; id=1", "v=STSv1; id=2"), page(), Outcome.WARN),
    "mta-sts-record-invalid": (zone("V=STSv1; id=1"), page(), Outcome.WARN),
    "mta-sts-record-id": (zone("v=STSv1; id=2026-01-01"), page(), Outcome.WARN),
    "mta-sts-policy-unreachable": (OK, {URL: {"status": "timeout"}}, Outcome.UNKNOWN),
    "mta-sts-policy-missing": (OK, {URL: {"status": "http-error", "code": 404}}, Outcome.WARN),
    "mta-sts-policy-certificate": (OK, {URL: {"status": "tls-error", "tls_fault": "expired"}}, Outcome.WARN),
    "mta-sts-policy-redirect": (OK, {URL: {"status": "redirect", "code": 301}}, Outcome.WARN),
    "mta-sts-policy-too-large": (OK, page("x" * 70_000), Outcome.WARN),
    "mta-sts-policy-private": (OK, {URL: {"status": "private-address"}}, Outcome.WARN),
    "mta-sts-policy-invalid": (OK, policy(version="STSv2"), Outcome.WARN),
    "mta-sts-policy-type": (OK, page(content_type="text/html"), Outcome.PASS),
    "mta-sts-policy-without-record": (shop(**{"mta-sts": WEB}), page(), Outcome.PASS),
    "mta-sts-mx-unanswered": (zone("v=STSv1; id=1", at={"MX": {"status": "servfail"}}), page(), Outcome.UNKNOWN),
    "mta-sts-mx-uncovered": (zone("v=STSv1; id=1", **TWO), page(), Outcome.FAIL),
    "mta-sts-mx-uncovered-testing": (zone("v=STSv1; id=1", **TWO), policy("testing"), Outcome.WARN),
    "mta-sts-mx-unused": (OK, policy(mx="mx.shop.example\r\nmx: old.shop.example"), Outcome.PASS),
    "mta-sts-max-age-short": (OK, policy(age="3600"), Outcome.PASS),
    "mta-sts-mode-testing": (OK, policy("testing"), Outcome.PASS),
    "mta-sts-mode-none": (OK, page("version: STSv1\nmode: none\nmax_age: 86400\n"), Outcome.PASS),
}


async def run(zones, pages, **more):
    return await browse("mta-sts", Target(domain="shop.example"), zones, pages, **more)


@pytest.mark.parametrize("finding", SCENARIOS)
async def test_each_finding_is_raised_by_its_scenario(finding):
    zones, pages, outcome = SCENARIOS[finding]
    result = await run(zones, pages)
    assert finding in ids(result)
    assert result.outcome is outcome


async def test_without_https_nothing_is_said_of_the_policy():
    result = await run(OK, page(), http=False)
    assert ids(result) == ["mta-sts-policy-not-fetched"]
    assert result.outcome is Outcome.UNKNOWN
    assert ids(await run(shop(**{"mta-sts": WEB}), page(), http=False)) == ["mta-sts-none"]


def test_every_finding_has_a_scenario():
    ours = {f.id for f in load().findings.values() if f.check == "mta-sts"}
    assert ours - {"mta-sts-policy-not-fetched"} == set(SCENARIOS)


@pytest.mark.parametrize(
    "pages",
    [
        page(),
        policy(mx="*.shop.example"),
        policy(mx="MX.SHOP.EXAMPLE"),
        page(GOOD.replace("\n", "\r\n") + "new_key: 1\r\n"),
    ],
)
async def test_a_good_policy_has_no_other_finding(pages):
    assert ids(await run(OK, pages)) == ["mta-sts-ok"]


async def test_the_record_may_stand_behind_an_alias():
    zones = {
        **shop(**{"_mta-sts": {"CNAME": "_mta-sts.host.example"}, "mta-sts": WEB}),
        "host.example": {"_mta-sts": {"TXT": ["v=STSv1; id=9;"]}},
    }
    assert ids(await run(zones, page())) == ["mta-sts-ok"]


@pytest.mark.parametrize("status", ["timeout", "dns-failure", "error"])
async def test_a_failure_on_the_way_is_no_verdict_on_the_policy(status):
    assert (await run(OK, {URL: {"status": status}})).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("code", [500, 503, 429])
async def test_a_server_in_trouble_is_no_verdict_on_the_policy(code):
    assert (await run(OK, {URL: {"status": "http-error", "code": code}})).outcome is Outcome.UNKNOWN


async def test_a_host_that_dns_does_not_know_has_no_policy():
    zones = shop(**{"_mta-sts": {"TXT": ["v=STSv1; id=1"]}})
    result = await run(zones, {})
    assert ids(result) == ["mta-sts-policy-missing"]
    assert result.findings[0].args["status"] == "no-host"


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", {"version", "mode", "max_age", "mx"}),
        ("version: STSv1\nmode: none\nmax_age: 0", set()),
        ("version: STSv1\nmode: enforce\nmax_age: 1", {"mx"}),
        ("version: STSv1\nmode: Enforce\nmax_age: 1\nmx: a.example", {"mode"}),
        ("version: STSv1\nmode: enforce\nmax_age: 31557601\nmx: a.example", {"max_age"}),
        ("version: STSv1\nmode: enforce\nmax_age: ٣\nmx: a.example", {"max_age"}),
        ("version: STSv1\nmode: enforce\nmax_age: 1\nmx: *.*.example", {"mx"}),
        ("version: STSv1\nmode: enforce\nmax_age: 1\nmx: .a.example", {"mx"}),
        ("version: STSv1\nmode: enforce\nmode: none\nmax_age: 1\nmx: a.example", set()),
        ("<html>\nversion: STSv1\nmode: enforce\nmax_age: 1\nmx: a.example", {"line"}),
    ],
)
def test_faults_of_a_policy(text, faults):
    assert set(read_policy(text).faults) == faults


@pytest.mark.parametrize(
    ("pattern", "host", "fits"),
    [
        ("a.example", "a.example", True),
        ("*.a.example", "b.a.example", True),
        ("*.a.example", "c.b.a.example", False),
        ("*.a.example", "a.example", False),
        ("a.example", "b.a.example", False),
    ],
)
def test_a_wildcard_stands_for_one_label(pattern, host, fits):
    assert covers(pattern, host) is fits
    assert (uncovered([pattern], [host]) == ()) is fits


@given(st.text(max_size=300))
def test_no_policy_makes_it_raise(text):
    assert read_policy(text).usable in (True, False)


@given(
    st.lists(st.sampled_from(["a.example", "b.example", "c.d.example"]), min_size=1, unique=True), st.sampled_from(Mode)
)
def test_what_we_write_we_can_read(hosts, mode):
    text = policy_text(hosts, mode, 604800)
    read = read_policy(text)
    assert (read.usable, read.mode, list(read.mx), read.max_age) == (True, mode, hosts, 604800)
    assert policy_id(text) == policy_id(text.replace("\n", "\r\n"))


def records(result: CheckResult, *, on_request: bool = True):
    audit = conclude(Target(domain="shop.example"), [result], load(), on_request=on_request)
    return {step.id: step for step in audit.steps}


async def test_the_first_policy_is_proposed_to_those_who_ask_for_it():
    result = await run(shop(**TWO), {})
    steps = records(result)
    assert "mx.shop.example,b.shop.example" in steps["mta-sts-publish.policy"].command
    record = steps["mta-sts-publish.record"].record
    wanted = policy_id(policy_text(["mx.shop.example", "b.shop.example"], Mode.TESTING, 604800))
    assert (record.name, record.rdtype, record.value) == ("_mta-sts.shop.example", "TXT", f"v=STSv1; id={wanted};")
    assert records(result, on_request=False) == {}


async def test_a_record_is_mended_with_the_id_of_the_policy_that_is_there():
    record = records(await run(zone("v=STSv1; id=bad-id"), page()))["mta-sts-repair-record.record"].record
    assert record.value == f"v=STSv1; id={policy_id(GOOD)};"
    assert record.now == ("v=STSv1; id=bad-id",)


async def test_hosts_that_no_shell_should_see_are_left_to_be_filled_in():
    facts = MtaStsFacts("shop.example", hosts=())
    result = await run(shop(at={"MX": ["10 $(reboot).example"]}), {})
    assert result.facts.hosts == facts.hosts
    assert "reboot" not in records(result)["mta-sts-publish.policy"].command
