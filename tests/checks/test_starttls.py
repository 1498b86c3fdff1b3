"""The check ``starttls`` on worlds: what each kind of visit is told as."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from dns_world import ids

sys.path.append(str(Path(__file__).parents[1] / "net"))
from loopback_smtp import Authority

from deliverkit.audit import ALL
from deliverkit.checks import Target, World, starttls
from deliverkit.knowledge import load
from deliverkit.model import Outcome
from deliverkit.net.replay import ReplayResolver
from deliverkit.net.smtp import NoDoor, ReplayDoor

HOST = "mx.shop.example"
GOOD = {"status": "tls", "tls_version": "TLSv1.3", "cipher": "X", "code": 220, "greeting": "hi"}


async def run(visit, *, tlsa=(), sts=False, mx=(f"10 {HOST}",), closed=False):
    names = {"mx": {"A": ["192.0.2.25"]}, "_25._tcp.mx": {"TLSA": list(tlsa)}}
    if sts:
        names["_mta-sts"] = {"TXT": ["v=STSv1; id=1"]}
    zones = {"shop.example": {"signed": True, "@": {"MX": list(mx)}, **names}}
    resolver = ReplayResolver.from_zones({"zone": zones, "smtp": {HOST: visit} if visit else {}})
    door = NoDoor() if closed else ReplayDoor(resolver.sessions)
    return await starttls.run(Target("shop.example"), dataclasses.replace(World(resolver, load()), smtp=door))


@pytest.fixture(scope="module")
def leaf(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("starttls"))
    authority.server()
    pem = next(authority.folder.glob("server-*.pem")).read_bytes()
    return x509.load_pem_x509_certificates(pem)[0].public_bytes(Encoding.DER)


def fault(name):
    return {**GOOD, "fault": name}


SCENARIOS = {
    "starttls-missing": ({"status": "no-starttls"}, {}, Outcome.WARN),
    "starttls-failed": ({"status": "tls-failed"}, {}, Outcome.WARN),
    "starttls-old-tls": ({**GOOD, "tls_version": "TLSv1.1"}, {}, Outcome.WARN),
    "starttls-mta-sts-broken": (fault("expired"), {"sts": True}, Outcome.WARN),
    "starttls-certificate-expired": (fault("expired"), {}, Outcome.PASS),
    "starttls-certificate-wrong-name": (fault("wrong-name"), {}, Outcome.PASS),
    "starttls-certificate-untrusted": (fault("self-signed"), {}, Outcome.PASS),
    "starttls-valid": (GOOD, {}, Outcome.PASS),
    "starttls-dane-broken": ({"status": "no-starttls"}, {"tlsa": ["3 1 1 " + "ab" * 32]}, Outcome.FAIL),
    "starttls-unreachable": ({"status": "unreachable"}, {}, Outcome.UNKNOWN),
    "starttls-refused": ({"status": "refused", "code": 554}, {}, Outcome.UNKNOWN),
    "starttls-no-smtp": ({"status": "not-smtp"}, {}, Outcome.UNKNOWN),
    "starttls-private": ({"status": "private-address", "address": "10.0.0.1"}, {}, Outcome.UNKNOWN),
    "starttls-not-looked": (GOOD, {"closed": True}, Outcome.UNKNOWN),
}
ELSEWHERE = {"starttls-dane-mismatch", "starttls-dane-match", "starttls-unanswered"}


@pytest.mark.parametrize("finding", SCENARIOS)
async def test_each_finding_is_raised_by_its_scenario(finding):
    visit, more, outcome = SCENARIOS[finding]
    result = await run(visit, **more)
    assert finding in ids(result)
    assert result.outcome is outcome


def test_every_finding_has_a_scenario():
    assert {spec.id for spec in load().findings.values() if spec.check == "starttls"} == {*SCENARIOS, *ELSEWHERE}


async def test_the_certificate_is_compared_with_the_records(leaf):
    shown = {**fault("self-signed"), "chain": [base64.b64encode(leaf).decode()]}
    fitting = f"3 0 1 {hashlib.sha256(leaf).hexdigest()}"
    same = await run(shown, tlsa=[fitting])
    assert (ids(same), same.outcome) == (["starttls-dane-match"], Outcome.PASS)
    other = await run(shown, tlsa=["3 0 1 " + "ab" * 32])
    assert "starttls-dane-mismatch" in ids(other)
    assert other.outcome is Outcome.FAIL
    pkix = await run(shown, tlsa=["1 0 1 " + "ab" * 32])
    assert ids(pkix) == ["starttls-certificate-untrusted"]


async def test_records_that_nothing_proves_are_not_compared(leaf):
    shown = {**GOOD, "chain": [base64.b64encode(leaf).decode()]}
    zones = {
        "shop.example": {
            "@": {"MX": [f"10 {HOST}"]},
            "mx": {"A": ["192.0.2.25"]},
            "_25._tcp.mx": {"TLSA": ["3 1 1 " + "ab" * 32]},
        }
    }
    resolver = ReplayResolver.from_zones({"zone": zones, "smtp": {HOST: shown}})
    world = dataclasses.replace(World(resolver, load()), smtp=ReplayDoor(resolver.sessions))
    assert ids(await starttls.run(Target("shop.example"), world)) == ["starttls-valid"]


@pytest.mark.parametrize("status", ["timeout", "servfail"])
async def test_mail_hosts_that_could_not_be_asked_for(status):
    resolver = ReplayResolver.from_zones({"zone": {"shop.example": {"status": status}}})
    result = await starttls.run(Target("shop.example"), World(resolver, load()))
    assert (ids(result), result.outcome) == (["starttls-unanswered"], Outcome.UNKNOWN)


@pytest.mark.parametrize("status", ["unreachable", "timeout", "no-address", "dns-failure", "not-recorded"])
async def test_what_cannot_be_seen_never_fails(status):
    result = await run({"status": status} if status != "not-recorded" else None)
    assert result.outcome is Outcome.UNKNOWN


async def test_only_the_first_hosts_are_visited():
    many = [f"{n} m{n}.shop.example" for n in range(starttls.MAX_HOSTS + 3)]
    result = await run(GOOD, mx=many)
    assert (len(result.facts.hosts), len(result.facts.not_visited)) == (starttls.MAX_HOSTS, 3)


async def test_it_runs_only_when_it_is_named():
    assert "starttls" not in ALL
    assert (await run(GOOD, mx=["0 ."])).outcome is Outcome.NOT_APPLICABLE
