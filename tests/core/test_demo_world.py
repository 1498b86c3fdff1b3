"""The demo's world tells each domain's fault, and only that; the demo's cases end in their cause."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator

import pytest

from deliverkit.audit import audit
from deliverkit.checks import World
from deliverkit.knowledge import Knowledge
from deliverkit.model import Audit, Outcome
from deliverkit.session import DEMO, Network, open_world, target

NETWORK = Network(replay="demo")

# domain -> outcome, findings that must appear, findings that must not
WORLD: dict[str, tuple[Outcome, set[str], set[str]]] = {
    "bakery.example": (Outcome.PASS, {"spf-ok", "dkim-key-found", "dmarc-ok", "blocklist-ip-clean"}, {"ptr-missing"}),
    "clinic.example": (Outcome.PASS, {"spf-ok", "dkim-key-found", "dmarc-ok"}, {"dkim-cname-dangling"}),
    "shop.example": (Outcome.UNKNOWN, {"dkim-none-guessed", "dmarc-ok"}, {"spf-missing", "dkim-selector-missing"}),
    "nospf.example": (Outcome.FAIL, {"spf-missing", "dmarc-missing"}, {"spf-not-checked", "dmarc-not-checked"}),
    "twospf.example": (Outcome.FAIL, {"spf-multiple-records"}, {"spf-ok", "spf-missing"}),
    "lookups.example": (Outcome.FAIL, {"spf-too-many-lookups"}, {"spf-ok", "spf-too-many-void-lookups"}),
    "monitor.example": (Outcome.PASS, {"dmarc-policy-none", "dmarc-no-reports"}, {"dmarc-missing"}),
    "brokenkey.example": (Outcome.FAIL, {"dkim-key-invalid"}, {"dkim-key-found", "dkim-key-revoked"}),
    "revoked.example": (Outcome.UNKNOWN, {"dkim-key-retired"}, {"dkim-key-found", "dkim-key-invalid"}),
    "unaligned.example": (Outcome.PASS, {"spf-ok", "dkim-key-found", "dmarc-ok"}, {"dmarc-spf-unaligned"}),
    "newsletter.example": (Outcome.FAIL, {"blocklist-ip-listed"}, {"blocklist-ip-clean", "blocklist-ip-policy"}),
    "homeserver.example": (Outcome.WARN, {"blocklist-ip-policy", "ptr-dynamic-name"}, {"blocklist-ip-listed"}),
    "noptr.example": (Outcome.FAIL, {"ptr-missing"}, {"ptr-dynamic-name"}),
    "policy.example": (
        Outcome.FAIL,
        {"mta-sts-mx-uncovered", "tls-rpt-address-invalid", "bimi-logo-broken"},
        {"mta-sts-ok", "mta-sts-none", "tls-rpt-none", "bimi-none"},
    ),
    "nullmx.example": (Outcome.UNKNOWN, {"mx-null-parked"}, {"mx-null", "mx-unanswered"}),
    "silent.example": (
        Outcome.UNKNOWN,
        {"spf-not-checked", "dmarc-not-checked", "mx-unanswered", "dkim-guesses-failed"},
        {"spf-missing", "dmarc-missing", "dkim-selector-missing", "mx-null"},
    ),
}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world(NETWORK) as opened:
        yield opened


async def _audit(domain: str, world: World, **known: object) -> Audit:
    return await audit(target(NETWORK, domain=domain, **known), world)  # type: ignore[arg-type]


@pytest.mark.parametrize("domain", WORLD)
async def test_each_domain_shows_its_fault(domain: str, world: World) -> None:
    outcome, present, absent = WORLD[domain]
    result = await _audit(domain, world)
    seen = {f.id for c in result.checks for f in c.findings}
    assert result.outcome is outcome
    assert present <= seen
    assert not absent & seen


async def test_a_selector_that_is_named_and_revoked_is_a_failure(world: World) -> None:
    result = await _audit("revoked.example", world, selectors=["mail"])
    dkim = next(c for c in result.checks if c.check == "dkim")
    assert dkim.outcome is Outcome.FAIL
    assert "dkim-key-revoked" in {f.id for f in dkim.findings}


async def test_a_platform_that_sends_under_its_own_name_is_unaligned(world: World) -> None:
    given = target(NETWORK, domain="unaligned.example", mail_from="bounce.esp.example", ips=["203.0.113.50"])
    result = await audit(given, world, checks=["spf", "dmarc"])
    assert "dmarc-spf-unaligned" in {f.id for c in result.checks for f in c.findings}


async def test_nothing_silent_is_called_missing_or_clean(world: World) -> None:
    result = await _audit("silent.example", world)
    assert {c.outcome for c in result.checks if c.check != "domain-blocklists"} == {Outcome.UNKNOWN}


def test_the_world_has_test_points_for_every_list_that_is_asked(knowledge: Knowledge) -> None:
    zones = tomllib.loads((DEMO / "world.toml").read_text(encoding="utf-8"))["zone"]
    missing = [b.id for b in knowledge.blocklists.values() if b.asked_by_default and b.zone not in zones]
    assert missing == []
