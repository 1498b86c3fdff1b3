import pytest
from dns_world import Says, ids, look
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.checks import Target, World, recipient_domain
from deliverkit.checks.typos import distance, nearest
from deliverkit.errors import KnowledgeError
from deliverkit.knowledge import Knowledge, load
from deliverkit.model import Outcome
from deliverkit.net.resolver import Answer, Status

HOST = {"A": ["192.0.2.25"]}


def there(at, **names):
    return {"there.example": {"@": at, **names}}


async def run(zones, domain="there.example"):
    return await look("recipient-domain", Target(recipient_domain=domain), zones)


SERVFAIL = {"there.example": {"@": {"status": "servfail"}}}
SCENARIOS = {
    "recipient-domain-nxdomain": ({}, Outcome.FAIL),
    "recipient-domain-null-mx": (there({"MX": ["0 ."]}), Outcome.FAIL),
    "recipient-domain-no-mx": (there({"TXT": ["x"]}), Outcome.FAIL),
    "recipient-domain-hosts-unusable": (there({"MX": ["10 gone.there.example"]}), Outcome.FAIL),
    "recipient-domain-host-unusable": (
        there({"MX": ["10 gone.there.example", "20 mx.there.example"]}, mx=HOST),
        Outcome.WARN,
    ),
    "recipient-domain-address-fallback": (there({"A": ["192.0.2.80"]}), Outcome.PASS),
    "recipient-domain-servfail": (SERVFAIL, Outcome.UNKNOWN),
    "recipient-domain-unanswered": (there({"status": "timeout"}), Outcome.UNKNOWN),
    "recipient-domain-hosts-unanswered": (
        there({"MX": ["10 mx.there.example"]}, mx={"status": "timeout"}),
        Outcome.UNKNOWN,
    ),
}


@pytest.mark.parametrize("finding", SCENARIOS)
async def test_each_finding_is_raised_by_its_scenario_and_alone(finding):
    zones, outcome = SCENARIOS[finding]
    result = await run(zones)
    assert ids(result) == [finding]
    assert result.outcome is outcome


def test_every_finding_has_a_scenario():
    specs = {spec.id for spec in load().findings.values() if spec.check == "recipient-domain"}
    assert specs == set(SCENARIOS) | {"recipient-domain-typo"}


@pytest.mark.parametrize(
    "zones",
    [
        there({"MX": ["10 mx.there.example"]}, mx=HOST),
        there({"MX": ["10 mx.there.example"]}, mx={"AAAA": ["2001:db8::25"]}),
        there({"MX": ["10 mx.there.example", "20 slow.there.example"]}, mx=HOST, slow={"status": "timeout"}),
    ],
)
async def test_a_domain_that_takes_mail_raises_nothing(zones):
    result = await run(zones)
    assert (ids(result), result.outcome) == ([], Outcome.PASS)


async def test_a_broken_resolver_is_not_a_broken_recipient():
    zones = SERVFAIL | {"example": {"@": {"status": "servfail"}}}
    assert ids(await run(zones)) == ["recipient-domain-unanswered"]


@pytest.mark.parametrize("status", ["timeout", "servfail", "refused"])
async def test_a_failure_never_makes_an_address_invalid(status):
    for zones in ({"there.example": {"@": {"status": status}}}, there({"A": {"status": status}, "TXT": ["x"]})):
        result = await run(zones)
        assert result.outcome is Outcome.UNKNOWN
        explained = {reason for f in result.findings for reason in load().findings[f.id].explains}
        assert not any(reason.startswith("invalid_address") for reason in explained)


async def test_hosts_in_private_networks_are_as_good_as_none():
    zones = there({"MX": ["10 mx.there.example", "20 192.0.2.9"]}, mx={"A": ["10.0.0.1", "127.0.0.1"]})
    assert ids(await run(zones)) == ["recipient-domain-hosts-unusable"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("gmial.com", "gmail.com"), ("hotmial.com", "hotmail.com"), ("yaho.com", "yahoo.com"), ("gmail.con", "gmail.com")],
)
async def test_a_dead_domain_near_a_big_one_is_probably_a_typo(typed, meant):
    result = await run({}, typed)
    assert ids(result) == ["recipient-domain-nxdomain", "recipient-domain-typo"]
    assert result.findings[1].args == {"recipient_domain": typed, "suggestion": meant}
    assert result.facts.suggestion == meant


@pytest.mark.parametrize("at", [{"MX": ["10 mx.gmial.com"]}, {"A": ["192.0.2.80"]}, {"status": "timeout"}])
async def test_no_typo_is_suggested_for_a_domain_that_may_take_mail(at):
    result = await run({"gmial.com": {"@": at, "mx": HOST}}, "gmial.com")
    assert "recipient-domain-typo" not in ids(result)


@pytest.mark.parametrize(
    "domain", ["shop.example", "mail.shop.example", "qq.com", "gmx.de", "gmail.com", "hotmail.com"]
)
def test_other_domains_are_nobodys_typo(domain):
    assert nearest(domain, load().mailbox_domains) is None


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("", "", 0), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "ab", 1), ("abc", "abxc", 1), ("abc", "xyz", 3)],
)
def test_differences_are_counted_as_fingers_make_them(one, other, expected):
    assert distance(one, other) == expected


@given(st.text(max_size=20), st.text(max_size=20))
def test_distance_is_symmetric_and_bounded(one, other):
    assert distance(one, other) == distance(other, one)
    assert abs(len(one) - len(other)) <= distance(one, other) <= max(len(one), len(other))


async def test_the_provider_behind_the_mx_is_named():
    zones = there({"MX": ["10 aspmx.l.google.com"]}) | {"google.com": {"aspmx.l": HOST}}
    result = await run(zones)
    known = result.facts.provider
    assert known in load().providers
    assert any("google.com" in pattern for pattern in load().providers[known].mx)


async def test_without_a_table_of_providers_the_check_still_works():
    class Bare(Knowledge):
        @property
        def providers(self):
            raise KnowledgeError("no such part")

    says = Says({("there.example", "MX"): ["10 aspmx.l.google.com"]}, {"A": ["192.0.2.25"]})
    result = await recipient_domain.run(Target(recipient_domain="there.example"), World(says, Bare()))
    assert (result.outcome, result.facts.provider) == (Outcome.PASS, None)


async def test_without_a_recipient_there_is_nothing_to_ask():
    result = await look("recipient-domain", Target(domain="shop.example"), {})
    assert (result.outcome, result.findings) == (Outcome.NOT_APPLICABLE, ())


async def test_a_single_label_is_compared_with_the_root():
    asked = []

    class Failing:
        async def query(self, name, rdtype, *, fresh=False, server=None):
            asked.append((name, rdtype))
            return Answer(name, rdtype, Status.SERVFAIL)

    result = await recipient_domain.run(Target(recipient_domain="there"), World(Failing(), load()))
    assert ids(result) == ["recipient-domain-unanswered"]
    assert asked == [("there", "MX"), (".", "NS")]


@given(st.text(max_size=80), st.lists(st.text(max_size=60), max_size=6), st.lists(st.text(max_size=40), max_size=3))
async def test_hostile_records_end_in_findings(domain, records, addresses):
    says = Says({(domain, "MX"): records}, {"A": addresses})
    result = await recipient_domain.run(Target(recipient_domain=domain), World(says, load()))
    assert isinstance(result.outcome, Outcome)


@pytest.mark.parametrize(
    ("typed", "meant"), [("msn.con", "msn.com"), ("msn.cno", None), ("gnail.con", "gmail.com"), ("gnaill.con", None)]
)
def test_short_domains_may_differ_in_one_place_and_long_ones_in_two(typed, meant):
    assert nearest(typed, load().mailbox_domains) == meant


async def test_the_longest_pattern_names_the_provider():
    zones = there({"MX": ["5 own.there.example", "10 a.olc.protection.outlook.com"]}, own=HOST) | {
        "olc.protection.outlook.com": {"a": HOST}
    }
    assert (await run(zones)).facts.provider == "outlook_com"


async def test_the_proof_holds_the_answers_about_the_dead_host():
    result = await run(there({"MX": ["10 gone.there.example", "20 mx.there.example"]}, mx=HOST))
    assert {e.label for e in result.findings[0].evidence} == {"gone.there.example A", "gone.there.example AAAA"}
