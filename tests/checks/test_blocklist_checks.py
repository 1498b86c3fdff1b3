"""What the two checks conclude: findings and outcome for worlds that break in one way each."""

from __future__ import annotations

import pytest
from blocklist_world import SILENT, ListDns, catalogue, world

from deliverkit.checks import Target, domain_blocklists, ip_blocklists
from deliverkit.checks.blocklist_answer import Listing
from deliverkit.checks.blocklist_findings import BlocklistReport
from deliverkit.knowledge import load
from deliverkit.model import CheckResult, Outcome
from deliverkit.net.resolver import Status

IP = "192.0.2.10"
DOMAIN = "shop.example"


def healthy() -> ListDns:
    return ListDns().healthy(catalogue().values())


async def ip_check(dns: ListDns, *ips: str, domain: str | None = None) -> CheckResult:
    return await ip_blocklists.run(Target(domain=domain, ips=ips), world(dns))


async def domain_check(dns: ListDns, domain: str = DOMAIN, mail_from: str | None = None) -> CheckResult:
    return await domain_blocklists.run(Target(domain=domain, mail_from=mail_from), world(dns))


def ids(result: CheckResult) -> set[str]:
    return {finding.id for finding in result.findings}


async def test_clean_is_said_only_when_the_heavy_lists_answered() -> None:
    for result, kind in ((await ip_check(healthy(), IP), "ip"), (await domain_check(healthy()), "domain")):
        assert result.outcome is Outcome.PASS
        assert ids(result) == {f"blocklist-{kind}-clean"}
        assert not result.facts.subjects[0].heavy_unknown


async def test_absence_from_an_allow_list_is_not_counted_as_clean() -> None:
    result = await ip_check(healthy(), IP)
    facts = result.facts.subjects[0]
    assert [row.list for row in facts.rows if row.allow and row.state is Listing.NOT_LISTED] == ["dnswl"]
    assert result.findings[0].args["count"] == result.findings[0].args["asked"] == facts.asked - 1


@pytest.mark.parametrize(
    ("name", "codes", "finding", "outcome"),
    [
        ("spamhaus-zen", ["127.0.0.2"], "blocklist-ip-listed", Outcome.FAIL),
        ("spamcop", ["127.0.0.2"], "blocklist-ip-listed", Outcome.FAIL),
        ("spamhaus-zen", ["127.0.0.2", "127.0.0.10"], "blocklist-ip-listed", Outcome.FAIL),
        ("psbl", ["127.0.0.2"], "blocklist-ip-listed-small", Outcome.WARN),
        ("backscatterer", ["127.0.0.2"], "blocklist-ip-backscatter", Outcome.WARN),
        ("spamhaus-zen", ["127.0.0.10"], "blocklist-ip-policy", Outcome.WARN),
        ("uceprotect-3", ["127.0.0.2"], "blocklist-ip-policy-small", Outcome.PASS),
        ("dnswl", ["127.0.5.3"], "blocklist-ip-good", Outcome.PASS),
        ("psbl", ["127.0.0.77"], "blocklist-ip-unknown-code", Outcome.PASS),
        ("spamhaus-zen", ["127.0.0.77"], "blocklist-ip-unknown-code", Outcome.UNKNOWN),
        ("psbl", ["203.0.113.80"], "blocklist-ip-hijacked", Outcome.PASS),
        ("spamhaus-zen", ["127.255.255.254"], "blocklist-ip-refused", Outcome.UNKNOWN),
    ],
)
async def test_one_answer_about_an_ip(name: str, codes: list[str], finding: str, outcome: Outcome) -> None:
    dns = healthy()
    dns.put(IP, catalogue()[name], *codes)
    result = await ip_check(dns, IP)
    assert finding in ids(result)
    assert result.outcome is outcome
    assert ("blocklist-ip-clean" in ids(result)) == (outcome is Outcome.PASS)


@pytest.mark.parametrize(
    ("codes", "found"),
    [
        (["127.0.0.2"], {"blocklist-ip-spamhaus-sbl"}),
        (["127.0.0.9", "127.0.0.30"], {"blocklist-ip-spamhaus-sbl"}),
        (["127.0.0.3"], {"blocklist-ip-spamhaus-css"}),
        (["127.0.0.4", "127.0.0.3"], {"blocklist-ip-spamhaus-css", "blocklist-ip-spamhaus-xbl"}),
        (["127.0.0.4", "127.0.0.10"], {"blocklist-ip-spamhaus-xbl", "blocklist-ip-policy"}),
    ],
)
async def test_each_part_of_zen_has_its_own_way_out(codes: list[str], found: set[str]) -> None:
    dns = healthy()
    dns.put(IP, catalogue()["spamhaus-zen"], *codes)
    result = await ip_check(dns, IP)
    assert ids(result) == {"blocklist-ip-listed"} | found
    assert result.outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("name", "codes", "finding", "outcome"),
    [
        ("spamhaus-dbl", ["127.0.1.6"], "blocklist-domain-listed", Outcome.FAIL),
        ("spamhaus-dbl", ["127.0.1.2"], "blocklist-domain-listed", Outcome.FAIL),
        ("spamhaus-dbl", ["127.0.1.104"], "blocklist-domain-abused", Outcome.FAIL),
        ("surbl-multi", ["127.0.0.64"], "blocklist-domain-listed-small", Outcome.WARN),
        ("rfc-clueless", ["127.0.0.5"], "blocklist-domain-policy-small", Outcome.PASS),
        ("sibl-dob", ["127.0.0.2"], "blocklist-domain-young", Outcome.PASS),
        ("uribl-multi", ["127.0.0.1"], "blocklist-domain-refused", Outcome.PASS),
        ("nordspam-dbl", ["127.0.0.77"], "blocklist-domain-unknown-code", Outcome.PASS),
        ("nordspam-dbl", ["203.0.113.80"], "blocklist-domain-hijacked", Outcome.PASS),
        ("spamhaus-dbl", ["127.255.255.254"], "blocklist-domain-heavy-unknown", Outcome.UNKNOWN),
    ],
)
async def test_one_answer_about_a_domain(name: str, codes: list[str], finding: str, outcome: Outcome) -> None:
    dns = healthy()
    dns.put(DOMAIN, catalogue()[name], *codes)
    result = await domain_check(dns)
    assert finding in ids(result)
    assert result.outcome is outcome


@pytest.mark.parametrize("said", [SILENT, Status.SERVFAIL, Status.NODATA, Status.NXDOMAIN, ("127.255.255.254",)])
async def test_while_the_heavy_list_is_open_nothing_is_clean(said: Status | tuple[str, ...]) -> None:
    dns = healthy()
    dns.zones[catalogue()["spamhaus-zen"].zone] = said
    result = await ip_check(dns, IP)
    assert result.outcome is Outcome.UNKNOWN
    assert "blocklist-ip-heavy-unknown" in ids(result)
    assert "blocklist-ip-clean" not in ids(result)


async def test_a_listing_stands_while_the_heavy_list_is_open() -> None:
    dns = healthy()
    dns.zones[catalogue()["spamhaus-zen"].zone] = SILENT
    dns.put(IP, catalogue()["spamcop"], "127.0.0.2")
    assert (await ip_check(dns, IP)).outcome is Outcome.FAIL


async def test_lists_that_break_are_named_once_together() -> None:
    dns = healthy()
    dns.zones |= {"psbl.surriel.com": Status.NXDOMAIN, "all.s5h.net": ("127.0.0.2",), "bl.nordspam.com": SILENT}
    result = await ip_check(dns, IP)
    counts = {finding.id: finding.args.get("count") for finding in result.findings}
    assert counts["blocklist-ip-list-broken"] == 2
    assert counts["blocklist-ip-failed"] == 1
    assert result.outcome is Outcome.PASS


async def test_a_dead_resolver_is_unknown_and_few_findings() -> None:
    dns = ListDns(zones={b.zone: SILENT for b in catalogue().values() if b.zone})
    result = await ip_check(dns, IP)
    assert ids(result) == {"blocklist-ip-failed", "blocklist-ip-heavy-unknown"}
    assert result.outcome is Outcome.UNKNOWN


async def test_the_resolver_that_was_refused_is_named() -> None:
    dns = healthy()
    dns.put("127.0.0.2", catalogue()["spamhaus-zen"], "127.255.255.254", txt="Error: open resolver 198.51.100.53")
    finding = next(f for f in (await ip_check(dns, IP)).findings if f.id == "blocklist-ip-resolver")
    assert finding.args == {"resolver": "198.51.100.53"}


async def test_without_an_ip_the_domains_own_spf_names_some() -> None:
    dns = healthy()
    dns.said[DOMAIN, "TXT"] = ("v=spf1 ip4:192.0.2.10 ip4:198.51.100.7 -all",)
    dns.put("198.51.100.7", catalogue()["spamcop"], "127.0.0.2")
    result = await ip_check(dns, domain=DOMAIN)
    assert [one.subject for one in result.facts.subjects] == ["192.0.2.10", "198.51.100.7"]
    assert [f.args["ip"] for f in result.findings if f.id == "blocklist-ip-listed"] == ["198.51.100.7"]
    assert result.subject == DOMAIN


async def test_no_ip_is_not_applicable_and_an_unread_spf_is_unknown() -> None:
    none = await ip_check(healthy(), domain=DOMAIN)
    assert (ids(none), none.outcome) == ({"blocklist-ip-none"}, Outcome.NOT_APPLICABLE)
    open_spf = ListDns({(DOMAIN, "TXT"): SILENT})
    unread = await ip_check(open_spf, domain=DOMAIN)
    assert (ids(unread), unread.outcome) == ({"blocklist-ip-not-found"}, Outcome.UNKNOWN)
    nobody = await domain_blocklists.run(Target(), world(healthy()))
    assert (ids(nobody), nobody.outcome) == ({"blocklist-domain-none"}, Outcome.NOT_APPLICABLE)


@pytest.mark.parametrize("ip", ["10.0.0.1", "fe80::1", "127.0.0.1"])
async def test_a_private_address_is_not_applicable(ip: str) -> None:
    dns = healthy()
    result = await ip_check(dns, ip)
    assert (ids(result), result.outcome) == ({"blocklist-ip-not-public"}, Outcome.NOT_APPLICABLE)
    inside = await domain_check(dns, "mail.corp.local")
    assert (ids(inside), inside.outcome) == ({"blocklist-domain-not-public"}, Outcome.NOT_APPLICABLE)
    assert not dns.asked


async def test_the_mail_from_domain_is_asked_too() -> None:
    dns = healthy()
    dns.put("bounce.example", catalogue()["spamhaus-dbl"], "127.0.1.2")
    result = await domain_check(dns, mail_from="bounce.example")
    assert [f.args["domain"] for f in result.findings if f.id == "blocklist-domain-listed"] == ["bounce.example"]
    assert result.outcome is Outcome.FAIL


async def test_many_addresses_are_bounded_and_it_is_said() -> None:
    result = await ip_check(healthy(), *(f"192.0.2.{i}" for i in range(1, 41)))
    assert len(result.facts.subjects) == ip_blocklists.MAX_IPS
    assert "blocklist-ip-some-left-out" in ids(result)


async def test_other_lists_can_stand_in_for_ours() -> None:
    own = {"spamcop": catalogue()["spamcop"]}
    result = await ip_blocklists.run(Target(ips=(IP,)), world(healthy()), lists=own)
    assert isinstance(result.facts, BlocklistReport)
    assert [row.list for row in result.facts.subjects[0].rows] == ["spamcop"]
    # Without a list that weighs, not listed is not clean.
    assert result.outcome is Outcome.UNKNOWN


async def test_facts_count_what_was_learned() -> None:
    dns = healthy()
    dns.put(IP, catalogue()["psbl"], "127.0.0.2")
    facts = (await ip_check(dns, IP)).facts.subjects[0]
    assert facts.counts[Listing.LISTED] == 1
    assert facts.answered == facts.asked == facts.counts[Listing.LISTED] + facts.counts[Listing.NOT_LISTED]
    assert len(facts.rows) == facts.asked + facts.counts[Listing.NOT_ASKED]


def test_every_finding_has_page_and_its_fixes_a_text() -> None:
    knowledge = load()
    texts, fixes = knowledge.text("findings"), knowledge.text("fixes")
    ours = [f for f in knowledge.findings.values() if f.check in (ip_blocklists.NAME, domain_blocklists.NAME)]
    assert ours
    for spec in ours:
        assert {"title", "summary", "why"} <= texts[spec.id].keys()
        assert all(reason in knowledge.reasons for reason in spec.explains)
        for fix in spec.fixes:
            assert fixes[fix]["steps"].keys() == {step.id for step in knowledge.fixes[fix].steps}
