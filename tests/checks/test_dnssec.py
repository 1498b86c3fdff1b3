"""The check ``dnssec`` on worlds: a finding for each scenario, and nothing claimed of what could not be asked."""

from __future__ import annotations

import dataclasses
import time
from functools import cache

import dns.dnssec
import dns.name
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from dns_world import ids
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.checks import Target, World, dnssec
from deliverkit.knowledge import load
from deliverkit.model import Outcome
from deliverkit.net.replay import ReplayResolver

NOW = 1_800_000_000.0
DAY = 86_400
DOMAIN = "shop.example"


@cache
def key() -> str:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return str(dns.dnssec.make_dnskey(public, 13, 257))


def ds(text: str, digest: str = "SHA256") -> str:
    import dns.rdata

    rdata = dns.rdata.from_text("IN", "DNSKEY", text)
    return str(dns.dnssec.make_ds(dns.name.from_text(DOMAIN), rdata, digest, policy=dns.dnssec.allow_all_policy))


def stamp(at: float) -> str:
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(at))


def signature(kind: str, left: float, life: float = 14 * DAY) -> str:
    end = NOW + left
    return f"{kind} 13 2 3600 {stamp(end)} {stamp(end - life)} 12345 {DOMAIN}. AAAA"


def zone(left: float = 10 * DAY, **changed):
    at = {"DNSKEY": [key()], "DS": [ds(key())], "RRSIG": [signature("SOA", left), signature("DNSKEY", left)]}
    at |= changed.pop("at", {})
    return {DOMAIN: {"signed": True, "@": {k: v for k, v in at.items() if v}, **changed}}


async def run(zones, now=NOW, domain=DOMAIN):
    resolver = ReplayResolver.from_zones({"zone": zones, "root": {"default": "nxdomain"}})
    return await dnssec.run(Target(domain), dataclasses.replace(World(resolver, load()), now=now))


OLD = "12345 7 2 " + "ab" * 32
SCENARIOS = {
    "dnssec-bogus": (zone(bogus=True), Outcome.FAIL),
    "dnssec-ds-without-key": (zone(bogus=True, at={"DNSKEY": []}), Outcome.FAIL),
    "dnssec-ds-mismatch": (zone(at={"DS": ["1 13 2 " + "00" * 32]}), Outcome.FAIL),
    "dnssec-signature-expired": (zone(-DAY), Outcome.FAIL),
    "dnssec-signature-expiring": (zone(DAY), Outcome.WARN),
    "dnssec-algorithm-old": (zone(at={"DS": [ds(key(), "SHA1")]}), Outcome.WARN),
    "dnssec-no-ds": (zone(at={"DS": []}), Outcome.PASS),
    "dnssec-unsigned": ({DOMAIN: {"@": {"MX": ["10 mx.shop.example"]}}}, Outcome.NOT_APPLICABLE),
    "dnssec-valid": (zone(), Outcome.PASS),
    "dnssec-not-validated": (zone(signed=False), Outcome.UNKNOWN),
    "dnssec-unanswered": ({DOMAIN: {"status": "servfail"}}, Outcome.UNKNOWN),
}


@pytest.mark.parametrize("finding", SCENARIOS)
async def test_each_finding_is_raised_by_its_scenario(finding):
    zones, outcome = SCENARIOS[finding]
    result = await run(zones)
    assert finding in ids(result)
    assert result.outcome is outcome
    assert ("dnssec-valid" in ids(result)) <= (outcome in (Outcome.PASS, Outcome.WARN))


def test_every_finding_has_a_scenario():
    assert {spec.id for spec in load().findings.values() if spec.check == "dnssec"} == set(SCENARIOS)


def test_not_to_sign_is_no_fault():
    assert load().findings["dnssec-unsigned"].severity == "info"


@pytest.mark.parametrize("status", ["timeout", "servfail", "refused", "error"])
@pytest.mark.parametrize("kind", ["SOA", "DS", "DNSKEY"])
async def test_a_failure_is_neither_signed_nor_unsigned(status, kind):
    result = await run(zone(at={kind: {"status": status}}))
    assert ids(result) == ["dnssec-unanswered"]
    assert result.outcome is Outcome.UNKNOWN
    assert result.facts.signed is None or kind != "DS"


async def test_a_dead_server_is_told_from_a_broken_signature():
    assert ids(await run({DOMAIN: {"status": "servfail", "signed": True}})) == ["dnssec-unanswered"]
    assert ids(await run(zone(bogus=True))) == ["dnssec-bogus"]


async def test_trouble_that_passes_is_not_called_bogus():
    broken = {"SOA": {"status": "servfail"}, "then": {"SOA": [f"ns.{DOMAIN} h.{DOMAIN} 1 2 3 4 5"]}}
    result = await run({DOMAIN: {"@": broken}})
    assert "dnssec-bogus" not in ids(result)


@pytest.mark.parametrize(("life", "left", "told"), [(2, 1, False), (30, 7.5, False), (14, 7, False), (30, 2, True)])
async def test_signers_that_renew_in_time_are_left_alone(life, left, told):
    """Cloudflare signs for two days, BIND renews with a quarter left, Knot with half."""
    signatures = [signature(kind, left * DAY, life * DAY) for kind in ("SOA", "DNSKEY")]
    result = await run(zone(at={"RRSIG": signatures}))
    assert ("dnssec-signature-expiring" in ids(result)) is told


async def test_of_several_signatures_the_one_that_lasts_counts():
    both = [signature("SOA", -DAY), signature("SOA", 9 * DAY), signature("DNSKEY", 9 * DAY)]
    assert ids(await run(zone(at={"RRSIG": both}))) == ["dnssec-valid"]


async def test_a_change_of_algorithm_is_no_fault():
    assert ids(await run(zone(at={"DS": [OLD, ds(key())]}))) == ["dnssec-valid"]


async def test_a_name_below_is_judged_by_its_zone():
    there = await run(zone(news={"TXT": ["v=spf1 -all"]}), domain=f"news.{DOMAIN}")
    assert (there.facts.zone, ids(there)) == (DOMAIN, ["dnssec-valid"])


async def test_a_domain_that_does_not_exist_is_not_judged():
    assert (await run({}, domain="gone.example")).outcome is Outcome.NOT_APPLICABLE


@given(st.lists(st.text(max_size=80), max_size=4), st.lists(st.text(max_size=80), max_size=4))
async def test_hostile_records_end_in_findings(delegations, keys):
    result = await run(zone(at={"DS": delegations or [""], "DNSKEY": keys or [""], "RRSIG": delegations}))
    assert isinstance(result.outcome, Outcome)
