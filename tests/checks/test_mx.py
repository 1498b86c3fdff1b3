import pytest
from dns_world import Says, ids, look
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.checks import Target, World, mx
from deliverkit.checks.mail_hosts import MAX_HOSTS, Mail
from deliverkit.knowledge import load
from deliverkit.model import Outcome

HOST = {"A": ["192.0.2.25"]}


def shop(at, **names):
    return {"shop.example": {"@": at, **names}}


async def run(zones, **kwargs):
    return await look("mx", Target(domain="shop.example", **kwargs), zones)


SCENARIOS = {
    "mx-no-domain": ({}, Outcome.FAIL),
    "mx-null": (shop({"MX": ["0 ."]}), Outcome.FAIL),
    "mx-null-parked": (shop({"MX": ["0 ."], "TXT": ["v=spf1 -all"]}), Outcome.PASS),
    "mx-null-mixed": (shop({"MX": ["0 .", "10 mx.shop.example"]}, mx=HOST), Outcome.FAIL),
    "mx-missing": (shop({"TXT": ["v=spf1 -all"]}), Outcome.FAIL),
    "mx-none-usable": (shop({"MX": ["10 gone.shop.example"]}), Outcome.FAIL),
    "mx-address-fallback": (shop({"A": ["192.0.2.80"]}), Outcome.PASS),
    "mx-host-unresolvable": (shop({"MX": ["10 mx.shop.example", "20 gone.shop.example"]}, mx=HOST), Outcome.WARN),
    "mx-host-alias": (
        shop({"MX": ["10 alias.shop.example"]}, alias={"CNAME": "mx.shop.example"}, mx=HOST),
        Outcome.WARN,
    ),
    "mx-host-literal": (shop({"MX": ["10 mx.shop.example", "20 192.0.2.25"]}, mx=HOST), Outcome.WARN),
    "mx-host-private": (shop({"MX": ["10 mx.shop.example"]}, mx={"A": ["192.0.2.25", "10.0.0.25"]}), Outcome.WARN),
    "mx-duplicate": (shop({"MX": ["10 mx.shop.example", "20 mx.shop.example"]}, mx=HOST), Outcome.PASS),
    "mx-too-many": (shop({"MX": [f"{n} m{n}.shop.example" for n in range(30)]}, **{"*": HOST}), Outcome.UNKNOWN),
    "mx-unanswered": (shop({"MX": {"status": "timeout"}, "A": ["192.0.2.80"]}), Outcome.UNKNOWN),
    "mx-host-unanswered": (shop({"MX": ["10 mx.shop.example"]}, mx={"status": "servfail"}), Outcome.UNKNOWN),
}


@pytest.mark.parametrize("finding", SCENARIOS)
async def test_each_finding_is_raised_by_its_scenario(finding):
    zones, outcome = SCENARIOS[finding]
    result = await run(zones)
    assert finding in ids(result)
    assert result.outcome is outcome


@pytest.mark.parametrize(
    "zones",
    [
        shop({"MX": ["10 mx.shop.example"]}, mx=HOST),
        shop(
            {"MX": ["10 mx1.shop.example", "10 mx2.shop.example", "20 mx3.shop.example"]}, mx1=HOST, mx2=HOST, mx3=HOST
        ),
        shop({"MX": ["10 mx.shop.example"]}, mx={"AAAA": ["2001:db8::25"]}),
        shop({"MX": ["10 mx.shop.example"]}, mx={"A": ["192.0.2.25"], "AAAA": {"status": "timeout"}}),
    ],
)
async def test_a_sound_set_up_raises_nothing(zones):
    result = await run(zones)
    assert ids(result) == []
    assert result.outcome is Outcome.PASS


def test_every_finding_has_a_scenario():
    assert {spec.id for spec in load().findings.values() if spec.check == "mx"} == set(SCENARIOS)


@pytest.mark.parametrize("status", ["timeout", "servfail", "refused"])
async def test_a_failure_is_never_an_absence(status):
    result = await run({"shop.example": {"@": {"status": status}}})
    assert ids(result) == ["mx-unanswered"]
    assert result.outcome is Outcome.UNKNOWN
    no_address = await run(shop({"A": {"status": status}, "TXT": ["x"]}))
    assert ids(no_address) == ["mx-unanswered"]


async def test_one_host_of_unknown_state_keeps_the_verdict_open():
    zones = shop({"MX": ["10 gone.shop.example", "20 slow.shop.example"]}, slow={"status": "timeout"})
    result = await run(zones)
    assert ids(result) == ["mx-host-unresolvable", "mx-host-unanswered"]
    assert result.outcome is Outcome.UNKNOWN


async def test_hosts_that_no_sender_can_use_are_no_mail_hosts():
    zones = shop({"MX": ["10 192.0.2.25", "20 mx.shop.example"]}, mx={"A": ["127.0.0.1"]})
    result = await run(zones)
    assert ids(result) == ["mx-none-usable", "mx-host-literal", "mx-host-private"]


async def test_hosts_come_most_preferred_first_and_each_once():
    zones = shop({"MX": ["30 c.shop.example", "10 a.shop.example", "20 A.shop.example"]}, a=HOST, c=HOST)
    result = await run(zones)
    hosts = result.facts.domains[0].hosts
    assert [(h.preference, h.host, h.addresses) for h in hosts] == [
        (10, "a.shop.example", ("192.0.2.25",)),
        (30, "c.shop.example", ("192.0.2.25",)),
    ]


async def test_the_mail_from_domain_is_looked_at_too():
    zones = shop({"MX": ["10 mx.shop.example"]}, mx=HOST) | {"bounce.example": {"@": {"MX": ["0 ."]}}}
    result = await run(zones, mail_from="bounce.example")
    assert [(f.id, f.args["domain"]) for f in result.findings] == [("mx-null", "bounce.example")]
    assert [d.mail for d in result.facts.domains] == [Mail.HOSTS, Mail.NULL]


async def test_the_platform_behind_the_mx_is_named():
    zones = shop({"MX": ["1 smtp.google.com"]}) | {"google.com": {"smtp": HOST}}
    assert (await run(zones)).facts.platforms == ("google_workspace",)


async def test_a_parked_domain_is_no_sender_and_a_sender_is_not_parked():
    parked = shop({"MX": ["0 ."], "TXT": ["v=spf1 -all"]}, _dmarc={"TXT": ["v=DMARC1; p=reject"]})
    assert ids(await run(parked)) == ["mx-null-parked"]
    assert ids(await run(parked, ips=("192.0.2.10",))) == ["mx-null"]
    sends = shop({"MX": ["0 ."], "TXT": ["v=spf1 ip4:192.0.2.10 -all"]})
    assert ids(await run(sends)) == ["mx-null"]
    unheard = shop({"MX": ["0 ."], "TXT": {"status": "timeout"}})
    assert ids(await run(unheard)) == ["mx-unanswered"]


async def test_without_a_domain_there_is_nothing_to_ask():
    result = await look("mx", Target(ips=("192.0.2.10",)), {})
    assert (result.outcome, result.findings) == (Outcome.NOT_APPLICABLE, ())


async def test_thousands_of_hosts_cost_a_few_questions():
    says = Says({("shop.example", "MX"): [f"{n} m{n}.example.net" for n in range(5000)]}, {"A": ["192.0.2.25"]})
    result = await mx.run(Target(domain="shop.example"), World(says, load()))
    assert "mx-too-many" in ids(result)
    assert len(says.asked) <= 1 + 2 * MAX_HOSTS


@given(st.lists(st.text(max_size=60), max_size=8), st.lists(st.text(max_size=40), max_size=3))
async def test_hostile_records_end_in_findings(records, addresses):
    says = Says({("shop.example", "MX"): records}, {"A": addresses})
    result = await mx.run(Target(domain="shop.example"), World(says, load()))
    assert isinstance(result.outcome, Outcome)


async def test_findings_name_the_most_preferred_host_and_the_end_of_an_alias():
    dead = await run(shop({"MX": ["20 b.shop.example", "10 a.shop.example"]}))
    assert dead.findings[0].args == {"domain": "shop.example", "count": 2, "host": "a.shop.example"}
    mixed = await run(shop({"MX": ["0 .", "20 b.shop.example", "10 a.shop.example"]}, a=HOST, b=HOST))
    assert mixed.findings[0].args["host"] == "a.shop.example"
    zones = shop({"MX": ["10 a.shop.example"]}, a={"CNAME": "b.shop.example"}, b={"CNAME": "c.shop.example"}, c=HOST)
    aliased = await run(zones)
    assert aliased.findings[0].args["target"] == "c.shop.example"


async def test_the_subject_is_the_author_domain():
    result = await run(shop({"MX": ["0 ."]}), mail_from="bounce.example")
    assert result.subject == "shop.example"


async def test_names_are_read_without_case_or_trailing_dot():
    says = Says({("shop.example", "MX"): ["10 MX.Shop.Example."], ("mx.shop.example", "A"): ["192.0.2.25"]})
    result = await mx.run(Target(domain="shop.example"), World(says, load()))
    assert (ids(result), result.facts.domains[0].hosts[0].host) == ([], "mx.shop.example")
