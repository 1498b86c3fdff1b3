"""The check ``nameservers``, and asking a domain's own servers, on worlds in which servers differ."""

from __future__ import annotations

import dataclasses

import pytest
from dns_world import ids

from deliverkit.audit import ALL, audit
from deliverkit.checks import Target, World, nameservers
from deliverkit.checks.nameservers import MAX_SELECTORS
from deliverkit.knowledge import load
from deliverkit.model import Outcome
from deliverkit.net.authoritative import MAX_SERVERS, authoritative_resolver
from deliverkit.net.replay import ReplayResolver
from deliverkit.net.resolver import Status

ONE, TWO = "198.51.100.53", "203.0.113.53"
SOA = "ns1.dns.example hostmaster.dns.example {} 3600 600 604800 300"
KEY = "v=DKIM1; p=MIGfMA0GCSqGSIb3"


def zone(serial=2, **names):
    at = {
        "SOA": [SOA.format(serial)],
        "NS": ["ns1.dns.example", "ns2.dns.example"],
        "MX": ["10 mx.shop.example"],
        "TXT": ["v=spf1 ip4:192.0.2.10 -all"],
    }
    at |= names.pop("at", {})
    return {"@": at, "_dmarc": {"TXT": ["v=DMARC1; p=reject"]}, "s1._domainkey": {"TXT": [KEY]}, **names}


def world(second=None, *, first=None, common=None, hosts=None, extra=None, **more):
    hosts = hosts or {"ns1": {"A": [ONE]}, "ns2": {"A": [TWO]}}
    servers = {}
    for address, own in ((ONE, first), (TWO, second)):
        if isinstance(own, str):
            servers[address] = {"status": own}
        elif own is not None:
            servers[address] = {"zone": {"shop.example": own}}
    zones = {"shop.example": common or zone(), "dns.example": hosts, **(extra or {})}
    resolver = ReplayResolver.from_zones({"zone": zones, "server": servers, "root": {"default": "nxdomain"}})
    return dataclasses.replace(World(resolver, load()), allow_private=True, **more)


async def run(there, **known):
    return await nameservers.run(Target("shop.example", **{"selectors": ("s1",), **known}), there)


OLD = {"at": {"TXT": ["v=spf1 ip4:192.0.2.99 -all"]}}
PARENT = {"example": {"@": {"NS": ["ns.tld.example"]}, "ns.tld": {"A": ["192.0.2.1"]}}}
SCENARIOS = {
    "nameservers-spf-differs": (world(zone(1, **OLD)), Outcome.FAIL),
    "nameservers-behind": (world(zone(1, **OLD)), Outcome.FAIL),
    "nameservers-dkim-differs": (world(zone(**{"s1._domainkey": {"status": "nxdomain"}})), Outcome.FAIL),
    "nameservers-dmarc-differs": (world(zone(_dmarc={"TXT": ["v=DMARC1; p=none"]})), Outcome.FAIL),
    "nameservers-mx-differs": (world(zone(at={"MX": ["10 old.shop.example"]})), Outcome.FAIL),
    "nameservers-ns-differs": (world(zone(at={"NS": ["ns1.dns.example"]})), Outcome.WARN),
    "nameservers-lame": (world("refused"), Outcome.WARN),
    "nameservers-host-missing": (world(hosts={"ns1": {"A": [ONE]}}), Outcome.WARN),
    "nameservers-private": (world(hosts={"ns1": {"A": ["192.88.99.53"]}, "ns2": {"A": ["10.0.0.53"]}}), Outcome.WARN),
    "nameservers-alias": (
        world(hosts={"ns1": {"A": [ONE]}, "ns2": {"CNAME": "n.dns.example"}, "n": {"A": [TWO]}}),
        Outcome.WARN,
    ),
    "nameservers-serial-differs": (world(zone(7)), Outcome.PASS),
    "nameservers-single": (world(common=zone(at={"NS": ["ns1.dns.example"]})), Outcome.PASS),
    "nameservers-one-network": (
        world(hosts={"ns1": {"A": ["198.51.100.1"]}, "ns2": {"A": ["198.51.100.2"]}}),
        Outcome.PASS,
    ),
    "nameservers-too-many": (
        world(
            common=zone(at={"NS": [f"n{i}.dns.example" for i in range(12)]}),
            hosts={f"n{i}": {"A": [f"198.51.{i}.1"]} for i in range(12)},
        ),
        Outcome.PASS,
    ),
    "nameservers-agree": (world(), Outcome.PASS),
    "nameservers-unreachable": (world("timeout"), Outcome.UNKNOWN),
    "nameservers-none-reached": (world("timeout", first="timeout"), Outcome.UNKNOWN),
    "nameservers-unanswered": (world(common={"status": "servfail"}), Outcome.UNKNOWN),
}


@pytest.mark.parametrize("finding", SCENARIOS)
async def test_each_finding_is_raised_by_its_scenario(finding):
    there, outcome = SCENARIOS[finding]
    if finding == "nameservers-private":
        there = dataclasses.replace(there, allow_private=False)
    result = await run(there)
    assert finding in ids(result)
    assert result.outcome is outcome


async def test_the_zone_above_names_others():
    there = world(extra={"example": {"@": {"NS": ["ns.dns.example"]}}}, hosts=None)
    hosts = {"ns1": {"A": [ONE]}, "ns2": {"A": [TWO]}, "ns": {"A": ["192.0.2.1"]}}
    above = {"192.0.2.1": {"zone": {"shop.example": zone(at={"NS": ["old.dns.example"]})}}}
    zones = {"shop.example": zone(), "dns.example": hosts, "example": {"@": {"NS": ["ns.dns.example"]}}}
    resolver = ReplayResolver.from_zones({"zone": zones, "server": above})
    result = await run(dataclasses.replace(there, resolver=resolver))
    assert (ids(result), result.outcome) == (["nameservers-parent-differs"], Outcome.WARN)
    assert result.facts.parent == ("old.dns.example",)


def test_every_finding_has_a_scenario():
    said = {spec.id for spec in load().findings.values() if spec.check == "nameservers"}
    assert said == {*SCENARIOS, "nameservers-parent-differs"}


async def test_a_difference_shows_what_each_server_said():
    result = await run(world(zone(1, **OLD)))
    differs = next(f for f in result.findings if f.id == "nameservers-spf-differs")
    assert [e.label for e in differs.evidence] == [f"ns1.dns.example ({ONE})", f"ns2.dns.example ({TWO})"]
    assert ["192.0.2.10" in e.value for e in differs.evidence] == [True, False]
    behind = next(f for f in result.findings if f.id == "nameservers-behind")
    assert behind.args == {"domain": "shop.example", "server": "ns2.dns.example", "serial": 1}


async def test_serials_wrap_around():
    result = await run(world(zone(5, **OLD), common=zone(2**32 - 5)))
    behind = next(f for f in result.findings if f.id == "nameservers-behind")
    assert behind.args["server"] == "ns1.dns.example"


async def test_other_texts_and_another_order_are_no_difference():
    there = zone(
        at={
            "TXT": ["google-site-verification=x", "v=spf1 ip4:192.0.2.10 -all"],
            "NS": ["ns2.dns.example", "ns1.dns.example"],
        }
    )
    assert ids(await run(world(there))) == ["nameservers-agree"]


@pytest.mark.parametrize("status", ["timeout", "servfail"])
async def test_a_record_that_one_server_does_not_give_is_no_difference(status):
    result = await run(world(zone(_dmarc={"status": status})))
    assert "nameservers-dmarc-differs" not in ids(result)


async def test_the_number_of_questions_is_what_the_page_says():
    result = await run(world())
    assert result.facts.questions == 2 * 6
    many = await run(world(), selectors=tuple(f"s{n}" for n in range(20)))
    assert many.facts.questions == 2 * (5 + MAX_SELECTORS)
    assert MAX_SERVERS <= 8


async def test_a_private_address_is_never_asked():
    result = await run(
        dataclasses.replace(world(hosts={"ns1": {"A": ["127.0.0.1"]}, "ns2": {"A": ["10.0.0.1"]}}), allow_private=False)
    )
    assert set(ids(result)) == {"nameservers-private"}
    assert result.facts.questions == 0


async def test_a_domain_that_does_not_exist_is_not_judged():
    there = world()
    result = await nameservers.run(Target("gone.example"), there)
    assert result.outcome is Outcome.NOT_APPLICABLE


async def test_a_whole_audit_asks_beyond_the_resolver_only_where_nobody_named_one():
    asked = {
        beyond: {r.check for r in (await audit(Target("shop.example"), world(beyond=beyond))).checks}
        for beyond in (True, False)
    }
    assert "nameservers" in asked[True]
    assert "nameservers" not in asked[False]
    assert set(asked[True]) == {*ALL}
    named = await audit(Target("shop.example"), world(beyond=False), checks=("nameservers",))
    assert [r.check for r in named.checks] == ["nameservers"]


async def test_the_own_servers_are_asked_and_the_rest_of_the_world_as_ever():
    changed = zone(at={"TXT": ["v=spf1 -all"]})
    there = world(changed, first=changed)
    own = await authoritative_resolver(there.resolver, "news.shop.example", allow_private=True)
    assert own is None
    own = await authoritative_resolver(there.resolver, "shop.example", allow_private=True)
    assert own is not None
    answer = await own.query("shop.example", "TXT")
    assert (answer.records, answer.asked_server) == (("v=spf1 -all",), ONE)
    assert (await there.resolver.query("shop.example", "TXT")).records != answer.records
    assert (await own.query("ns1.dns.example", "A")).asked_server == ""


async def test_the_next_server_is_asked_where_one_is_silent():
    there = world("timeout")
    own = await authoritative_resolver(there.resolver, "shop.example", allow_private=True)
    assert own is not None
    assert (await own.query("shop.example", "MX")).found
    dead = await authoritative_resolver(world("timeout", first="refused").resolver, "shop.example", allow_private=True)
    assert dead is not None
    assert (await dead.query("shop.example", "MX")).status in (Status.TIMEOUT, Status.REFUSED)


async def test_a_run_that_asks_the_owners_sees_what_the_cache_does_not():
    changed = zone(at={"TXT": ["v=spf1 ip4:192.0.2.77 -all"]})
    seen = {}
    for own in (False, True):
        there = world(changed, first=changed, authoritative=own)
        (check,) = (await audit(Target("shop.example"), there, checks=("spf",))).checks
        seen[own] = check.facts.record
    assert seen == {False: "v=spf1 ip4:192.0.2.10 -all", True: "v=spf1 ip4:192.0.2.77 -all"}


async def test_owners_that_cannot_be_reached_leave_it_unknown():
    silent = world("timeout", first="timeout", authoritative=True)
    (check,) = (await audit(Target("shop.example"), silent, checks=("spf",))).checks
    assert check.outcome is Outcome.UNKNOWN
    hidden = dataclasses.replace(world(authoritative=True, hosts={"ns1": {"A": ["10.0.0.1"]}}), allow_private=False)
    (check,) = (await audit(Target("shop.example"), hidden, checks=("spf",))).checks
    assert check.outcome is Outcome.UNKNOWN
