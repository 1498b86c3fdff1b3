import pytest
from dns_world import Says, ids, look
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.checks import Target, World, ptr
from deliverkit.checks.host_kind import HostKind, holds_ip, host_kind
from deliverkit.checks.names import reverse_name
from deliverkit.checks.ptr import MAX_NAMES
from deliverkit.knowledge import load
from deliverkit.model import Outcome

IP = "192.0.2.10"
IP6 = "2001:db8::10"


def net(*names, shop=None, status=None, **zones):
    """A world in which 192.0.2.10 has these reverse names."""
    entry = {"status": status} if status else {"PTR": list(names)} if names else {"TXT": ["no name"]}
    mail = {"mail": {"A": [IP]}} if shop is None else shop
    return {"2.0.192.in-addr.arpa": {"10": entry}, "shop.example": mail, **zones}


async def run(zones, **kwargs):
    target = {"domain": "shop.example", "ips": (IP,)} | kwargs
    return await look("ptr", Target(**target), zones)


GOOD = net("mail.shop.example")
WITH_HELO = {"mail": {"A": [IP]}, "other": {"A": ["192.0.2.99"]}, "second": {"A": [IP]}, "slow": {"status": "timeout"}}
ACCESS = {"isp.example": {"192-0-2-10.dyn": {"A": [IP]}, "192-0-2-10": {"A": [IP]}}}

SCENARIOS = {
    "ptr-missing": (net(), {}, Outcome.FAIL),
    "ptr-invalid-name": (net("localhost"), {}, Outcome.FAIL),
    "ptr-name-unresolvable": (net("gone.shop.example"), {}, Outcome.FAIL),
    "ptr-not-confirmed": (net("mail.shop.example", shop={"mail": {"A": ["192.0.2.99"]}}), {}, Outcome.FAIL),
    "ptr-foreign-name": (net("mail.elsewhere.example"), {}, Outcome.FAIL),
    "ptr-dynamic-name": (net("192-0-2-10.dyn.isp.example", **ACCESS), {}, Outcome.WARN),
    "ptr-generic-name": (net("192-0-2-10.isp.example", **ACCESS), {}, Outcome.PASS),
    "ptr-several": (net("mail.shop.example", "second.shop.example", shop=WITH_HELO), {}, Outcome.PASS),
    "ptr-helo-invalid": (GOOD, {"helo": "localhost"}, Outcome.FAIL),
    "ptr-helo-literal": (GOOD, {"helo": "[192.0.2.10]"}, Outcome.WARN),
    "ptr-helo-unresolvable": (GOOD, {"helo": "gone.shop.example"}, Outcome.WARN),
    "ptr-helo-mismatch": (net("mail.shop.example", shop=WITH_HELO), {"helo": "other.shop.example"}, Outcome.WARN),
    "ptr-helo-differs": (net("mail.shop.example", shop=WITH_HELO), {"helo": "second.shop.example"}, Outcome.PASS),
    "ptr-helo-unanswered": (net("mail.shop.example", shop=WITH_HELO), {"helo": "slow.shop.example"}, Outcome.UNKNOWN),
    "ptr-no-ip": (net(), {"ips": ()}, Outcome.NOT_APPLICABLE),
    "ptr-ip-not-public": (GOOD, {"ips": ("10.0.0.1",)}, Outcome.NOT_APPLICABLE),
    "ptr-unanswered": (net(status="timeout"), {}, Outcome.UNKNOWN),
    "ptr-forward-unanswered": (net("slow.shop.example", shop=WITH_HELO), {}, Outcome.UNKNOWN),
    "ptr-ips-unanswered": (net(shop={"@": {"TXT": {"status": "servfail"}}}), {"ips": ()}, Outcome.UNKNOWN),
}


@pytest.mark.parametrize("finding", SCENARIOS)
async def test_each_finding_is_raised_by_its_scenario_and_alone(finding):
    zones, target, outcome = SCENARIOS[finding]
    result = await run(zones, **target)
    assert ids(result) == [finding]
    assert result.outcome is outcome


def test_every_finding_has_a_scenario():
    assert {spec.id for spec in load().findings.values() if spec.check == "ptr"} == set(SCENARIOS)


@pytest.mark.parametrize("target", [{}, {"helo": "mail.shop.example"}, {"helo": "MAIL.shop.example"}])
async def test_a_sound_set_up_raises_nothing(target):
    result = await run(GOOD, **target)
    assert ids(result) == []
    assert result.outcome is Outcome.PASS
    assert result.facts.ips[0].confirmed[0].name == "mail.shop.example"


async def test_ipv6_is_looked_at_in_its_own_tree_and_family():
    zones = {"ip6.arpa": {reverse_name(IP6).removesuffix(".ip6.arpa"): {"PTR": ["mail.shop.example"]}}}
    good = await run(zones | {"shop.example": {"mail": {"AAAA": [IP6]}}}, ips=(IP6,))
    assert (ids(good), good.outcome) == ([], Outcome.PASS)
    only_v4 = await run(zones | {"shop.example": {"mail": {"A": [IP]}}}, ips=(IP6,))
    assert ids(only_v4) == ["ptr-name-unresolvable"]


async def test_a_delegated_reverse_zone_is_followed():
    zones = {
        "2.0.192.in-addr.arpa": {
            "10": {"CNAME": "10.0-63.2.0.192.in-addr.arpa"},
            "10.0-63": {"PTR": ["mail.shop.example"]},
        },
        "shop.example": {"mail": {"A": [IP]}},
    }
    assert ids(await run(zones)) == []


@pytest.mark.parametrize(
    ("name", "target", "finding"),
    [
        ("mail.shop.example", {"domain": "news.shop.example"}, "ptr-name-unresolvable"),
        ("mail.shop.example", {"domain": "other.example", "mail_from": "bounce.shop.example"}, "ptr-name-unresolvable"),
        ("mail.shop.example", {"domain": "other.example"}, "ptr-foreign-name"),
        ("mail.shop.example", {"domain": None}, "ptr-name-unresolvable"),
        ("mail.one.co.uk", {"domain": "two.co.uk"}, "ptr-foreign-name"),
        ("mail.one.co.uk", {"domain": "shop.one.co.uk"}, "ptr-name-unresolvable"),
    ],
)
async def test_only_an_own_name_can_be_mended(name, target, finding):
    assert ids(await run(net(name, shop={"other": {"A": [IP]}}), **target)) == [finding]


@pytest.mark.parametrize("status", ["timeout", "servfail", "refused"])
async def test_a_failure_is_never_an_absence(status):
    result = await run(net(status=status))
    assert ids(result) == ["ptr-unanswered"]
    forward = await run(net("mail.shop.example", shop={"mail": {"status": status}}))
    assert ids(forward) == ["ptr-forward-unanswered"]


async def test_one_name_that_leads_back_among_several_is_enough():
    zones = net("gone.shop.example", "mail.shop.example", "localhost")
    result = await run(zones)
    assert ids(result) == ["ptr-several"]
    assert result.findings[0].args == {"ip": IP, "count": 3, "confirmed": 1}


@pytest.mark.parametrize(
    "name", ["mailserver", "mail.local", "mail_1.shop.example", "192.0.2.10", "10.2.0.192.in-addr.arpa"]
)
async def test_names_that_no_host_can_have(name):
    assert ids(await run(net(name))) == ["ptr-invalid-name"]


async def test_sending_ips_come_from_spf_when_none_is_given():
    shop = {"@": {"TXT": [f"v=spf1 ip4:{IP} ip4:192.0.2.11 ip4:198.51.100.0/24 -all"]}, "mail": {"A": [IP]}}
    result = await run(net("mail.shop.example", shop=shop), ips=())
    assert [(f.id, f.args["ip"]) for f in result.findings] == [("ptr-missing", "192.0.2.11")]
    assert (result.facts.source, result.facts.networks) == ("spf", ("198.51.100.0/24",))
    assert result.subject == "shop.example"


async def test_one_of_several_ips_is_enough_for_the_greeting():
    zones = net("mail.shop.example")
    result = await run(zones, ips=("192.0.2.77", IP), helo="mail.shop.example")
    assert [(f.id, f.args["ip"]) for f in result.findings] == [("ptr-missing", "192.0.2.77")]


async def test_an_address_in_another_writing_is_the_same():
    assert ids(await run(GOOD, ips=("::ffff:192.0.2.10",))) == []


async def test_with_neither_ip_nor_domain_there_is_nothing_to_ask():
    result = await look("ptr", Target(), {})
    assert (result.outcome, result.findings) == (Outcome.NOT_APPLICABLE, ())


async def test_thousands_of_names_cost_a_few_questions():
    says = Says({("10.2.0.192.in-addr.arpa", "PTR"): [f"h{n}.example.net" for n in range(5000)]})
    result = await ptr.run(Target(ips=(IP,)), World(says, load()))
    assert "ptr-several" in ids(result)
    assert len(says.asked) <= 1 + MAX_NAMES


@given(st.lists(st.text(max_size=60), max_size=5), st.text(max_size=40), st.lists(st.text(max_size=20), max_size=3))
async def test_hostile_names_end_in_findings(names, helo, addresses):
    says = Says({("10.2.0.192.in-addr.arpa", "PTR"): names}, {"A": addresses})
    result = await ptr.run(Target(ips=(IP, helo), domain="shop.example", helo=helo), World(says, load()))
    assert isinstance(result.outcome, Outcome)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("mail.shop.example", HostKind.NAMED),
        ("mail-192-0-2-10.shop.example", HostKind.NAMED),
        ("mta-192-0-2-10.dyn.shop.example", HostKind.NAMED),
        ("static.shop.example", HostKind.NAMED),
        ("www.cable.example", HostKind.NAMED),
        ("customer.shop.example", HostKind.NAMED),
        ("host10.shop.example", HostKind.NAMED),
        ("vps-1234.hoster.example", HostKind.NAMED),
        ("srv.dynamic.co.uk", HostKind.NAMED),
        ("pool-supplies.example", HostKind.NAMED),
        ("static.10.2.0.192.clients.hoster.example", HostKind.GENERIC),
        ("ec2-192-0-2-10.compute-1.cloud.example", HostKind.GENERIC),
        ("ip-192-000-002-010.hoster.example", HostKind.GENERIC),
        ("192000002010.hoster.example", HostKind.GENERIC),
        ("c000020a.hoster.example", HostKind.GENERIC),
        ("192-0-2-10.dyn.isp.example", HostKind.DYNAMIC),
        ("192.0.2.10.pool.isp.example", HostKind.DYNAMIC),
        ("cpe-192-0-2-10.isp.example", HostKind.DYNAMIC),
        ("pcc000020a.cust.isp.example", HostKind.DYNAMIC),
        ("adsl23.isp.example", HostKind.DYNAMIC),
        ("dhcp-7.isp.co.uk", HostKind.DYNAMIC),
        ("", HostKind.NAMED),
    ],
)
def test_a_name_is_judged_by_its_words_and_by_the_address_in_it(name, kind):
    assert host_kind(name, IP) is kind


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2001-db8-0-0-0-0-0-10", True),
        ("0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6", True),
        ("h0000000000000010", True),
        ("h0000000000000011", False),
        ("x-0000000000000010", True),
        ("a.b", False),
        ("mail", False),
    ],
)
def test_ipv6_is_recognised_by_its_interface_half(text, expected):
    assert holds_ip(text, IP6) is expected


@given(st.text(max_size=300), st.ip_addresses().map(str))
def test_any_name_can_be_judged(name, ip):
    assert isinstance(host_kind(name, ip), HostKind)


async def test_the_greeting_proposed_is_the_confirmed_name_else_one_of_the_domain():
    zones = net("mail.shop.example")
    assert (await run(zones, helo="localhost")).findings[0].args["host"] == "mail.shop.example"
    nameless = (await run(net(), helo="localhost")).findings
    assert [(f.id, f.args.get("host")) for f in nameless] == [
        ("ptr-missing", None),
        ("ptr-helo-invalid", "mail.shop.example"),
    ]
    homeless = (await run(net(), helo="localhost", domain=None)).findings
    assert homeless[1].args["host"] is None


@pytest.mark.parametrize("helo", ["localhost", "mail.local", "MAIL.LOCAL", "mail_1.shop.example", "mailserver"])
async def test_greetings_that_no_host_can_have(helo):
    assert ids(await run(GOOD, helo=helo)) == ["ptr-helo-invalid"]


async def test_findings_name_the_first_ip_and_the_name_that_leads_elsewhere():
    shop = {"one": {"TXT": ["x"]}, "two": {"A": ["192.0.2.98", "192.0.2.99"]}}
    result = await run(net("one.shop.example", "two.shop.example", shop=shop))
    assert [f.id for f in result.findings] == ["ptr-not-confirmed", "ptr-several"]
    assert result.findings[0].args == {"ip": IP, "host": "two.shop.example", "addresses": "192.0.2.98, 192.0.2.99"}
    several = await run(GOOD, ips=(IP, "192.0.2.77"), helo="localhost")
    assert several.findings[-1].args["ip"] == IP
    assert several.subject == "shop.example"


async def test_reverse_names_are_read_without_case_or_trailing_dot():
    says = Says({("10.2.0.192.in-addr.arpa", "PTR"): ["Mail.Shop.Example."], ("mail.shop.example", "A"): [IP]})
    result = await ptr.run(Target(ips=(IP,)), World(says, load()))
    assert ids(result) == []
    assert host_kind("192-0-2-10.DYN.isp.example", IP) is HostKind.DYNAMIC
