"""Signed zones on real servers: Knot signs, unbound validates."""

from __future__ import annotations

import hashlib

import pytest
from asking import audited, command, finding_ids, ids, outcomes
from real_servers import Knot, Servers, StartUnbound
from signed_zones import plant

from deliverkit.model import Outcome

TLSA = "3 1 1 " + hashlib.sha256(b"key").hexdigest()
SHOP = f'@ MX 10 mx\nmx A 127.0.0.25\n@ TXT "v=spf1 mx -all"\n_25._tcp.mx TLSA {TLSA}'
CHECKS = ("dnssec", "dane")


def test_a_signed_zone_is_valid_and_its_mail_host_protected(servers: Servers, unbound: StartUnbound) -> None:
    tree = plant(servers, unbound, SHOP)
    audit = audited(tree.resolver.address, "shop.example", checks=CHECKS)
    assert ids(audit.checks) == {"dnssec-valid", "dane-valid"}
    facts = next(c.facts for c in audit.checks if c.check == "dnssec")
    assert (facts.zone, facts.signed, facts.validated, facts.algorithms) == (
        "shop.example",
        True,
        True,
        ("ECDSAP256SHA256",),
    )
    assert facts.expires is not None


def test_the_command_says_so_too(servers: Servers, unbound: StartUnbound) -> None:
    tree = plant(servers, unbound, SHOP)
    ran = command("audit", "shop.example", "-n", tree.resolver.address, "--checks", "dnssec,dane", "-f", "json")
    assert (ran.code, finding_ids(ran.json["audits"][0]["checks"])) == (0, {"dnssec-valid", "dane-valid"})


def test_a_resolver_that_does_not_validate_leaves_it_open(servers: Servers, unbound: StartUnbound) -> None:
    tree = plant(servers, unbound, SHOP, validates=False)
    audit = audited(tree.resolver.address, "shop.example", checks=CHECKS)
    assert ids(audit.checks) == {"dnssec-not-validated", "dane-not-validated"}
    assert set(outcomes(audit.checks).values()) == {Outcome.UNKNOWN}


def test_a_ds_that_no_key_fits_makes_the_domain_vanish(servers: Servers, unbound: StartUnbound) -> None:
    tree = plant(servers, unbound, SHOP, ds=lambda right: right[:-8] + "00000000")
    audit = audited(tree.resolver.address, "shop.example", checks=CHECKS)
    assert {"dnssec-bogus", "dnssec-ds-mismatch"} <= ids(audit.checks)
    assert outcomes(audit.checks) == {"dnssec": Outcome.FAIL, "dane": Outcome.UNKNOWN}


def test_without_a_ds_the_keys_count_for_nothing(servers: Servers, unbound: StartUnbound) -> None:
    tree = plant(servers, unbound, SHOP, ds=lambda right: "")
    audit = audited(tree.resolver.address, "shop.example", checks=CHECKS)
    assert ids(audit.checks) == {"dnssec-no-ds", "dane-host-not-signed"}


def test_a_domain_below_nothing_signed(servers: Servers, unbound: StartUnbound, knot: Knot) -> None:
    plain = '@ MX 10 mx\nmx A 127.0.0.25\n@ TXT "v=spf1 mx -all"'
    authority = knot({"plain.example": plain, "example": "plain NS ns.plain\nns.plain A 127.0.0.1"})
    resolver = unbound({"plain.example": authority, "example": authority})
    audit = audited(resolver.address, "plain.example", checks=CHECKS)
    assert ids(audit.checks) == {"dnssec-unsigned", "dane-absent"}
    assert {c.outcome for c in audit.checks} == {Outcome.NOT_APPLICABLE}


def test_a_dead_name_server_is_not_called_bogus(servers: Servers, unbound: StartUnbound, nowhere: str) -> None:
    resolver = unbound({"shop.example": nowhere}, 'module-config: "validator iterator"')
    audit = audited(resolver.address, "shop.example", checks=CHECKS, timeout=2.0, deadline=12.0)
    assert ids(audit.checks) == {"dnssec-unanswered", "dane-unanswered"}


@pytest.mark.parametrize("checks", ["dnssec,dane"])
def test_a_recording_says_the_same(servers: Servers, unbound: StartUnbound, tmp_path: object, checks: str) -> None:
    tree = plant(servers, unbound, SHOP)
    file = f"{tmp_path}/run.json"
    asked = command("audit", "shop.example", "-n", tree.resolver.address, "--checks", checks, "--record", file)
    again = command("audit", "shop.example", "--replay", file, "--checks", checks)
    assert asked.code == again.code == 0
    assert "is signed" in again.out
