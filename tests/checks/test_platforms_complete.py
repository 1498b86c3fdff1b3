"""The check ``platforms``: which records of each platform are there, missing, or cannot be told from outside."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from dns_world import Says, ids, look

from deliverkit.audit import conclude
from deliverkit.checks import Target, World, platform_parts
from deliverkit.checks.platform_parts import State
from deliverkit.cli.main import cli
from deliverkit.knowledge import load
from deliverkit.model import Outcome

KEY = {"TXT": ["v=DKIM1; p=MIGf"]}
SPF = "v=spf1 include:_spf.google.com ~all"
THERE = {
    "mcsv.net": {"dkim2": KEY, "dkim3": KEY},
    "sendgrid.net": {"s1.domainkey.u1.wl2": KEY},
    "amazonses.com": {"abc.dkim": KEY},
}


def shop(*, txt=(SPF,), mx=("1 smtp.google.com",), **names):
    return {"shop.example": {"@": {"TXT": list(txt), "MX": list(mx)}, **names}, **THERE}


def alias(target):
    return {"CNAME": target}


GOOGLE = {"google._domainkey": KEY}
MAILCHIMP = {"k2._domainkey": alias("dkim2.mcsv.net")}
SCENARIOS = {
    "platforms-complete": (shop(**GOOGLE), (), Outcome.PASS),
    "platforms-spf-missing": (shop(txt=("v=spf1 -all",), **GOOGLE), (), Outcome.WARN),
    "platforms-key-missing": (shop(), (), Outcome.WARN),
    "platforms-record-missing": (shop(**GOOGLE, **MAILCHIMP), (), Outcome.WARN),
    "platforms-record-different": (
        shop(**GOOGLE, **MAILCHIMP, **{"k3._domainkey": alias("s1.domainkey.u1.wl2.sendgrid.net")}),
        (),
        Outcome.WARN,
    ),
    "platforms-selector-unknown": (shop(txt=("v=spf1 include:zcsend.net ~all",), mx=()), (), Outcome.PASS),
    "platforms-not-sending": (shop(txt=("v=spf1 -all", "amazonses:abc"), mx=()), (), Outcome.PASS),
    "platforms-none": (shop(txt=("v=spf1 ip4:192.0.2.10 -all",), mx=()), (), Outcome.PASS),
    "platforms-part-unanswered": (shop(**{"google._domainkey": {"status": "timeout"}}), (), Outcome.UNKNOWN),
    "platforms-unanswered": ({"shop.example": {"status": "servfail"}}, (), Outcome.UNKNOWN),
}


@pytest.mark.parametrize("finding", SCENARIOS)
async def test_each_finding_is_raised_by_its_scenario(finding):
    zones, selectors, outcome = SCENARIOS[finding]
    result = await look("platforms", Target("shop.example", selectors=selectors), zones)
    assert finding in ids(result)
    assert result.outcome is outcome


def test_every_finding_has_a_scenario():
    assert {spec.id for spec in load().findings.values() if spec.check == "platforms"} == set(SCENARIOS)


async def states(zones, *selectors):
    result = await look("platforms", Target("shop.example", selectors=selectors), zones)
    return {(p.id, part.name.removesuffix(".shop.example")): part.state for p in result.facts.found for part in p.parts}


async def test_an_alias_has_to_lead_to_the_platform():
    both = shop(**GOOGLE, **MAILCHIMP, **{"k3._domainkey": alias("dkim3.mcsv.net")})
    found = await states(both)
    assert found["mailchimp", "k2._domainkey"] is found["mailchimp", "k3._domainkey"] is State.DONE
    dangling = shop(**GOOGLE, **MAILCHIMP, **{"k3._domainkey": alias("gone.mcsv.net")})
    assert (await states(dangling))["mailchimp", "k3._domainkey"] is State.DIFFERENT


async def test_a_selector_that_the_user_names_gives_a_platform_away():
    zones = shop(**GOOGLE, **{"abc._domainkey": alias("abc.dkim.amazonses.com")})
    assert not [key for key in await states(zones) if key[0] == "amazon_ses"]
    found = await states(zones, "abc")
    assert found["amazon_ses", "abc._domainkey"] is State.DONE


@pytest.mark.parametrize("status", ["timeout", "servfail", "refused"])
async def test_a_failure_is_never_missing(status):
    zones = shop(**MAILCHIMP, **{"k3._domainkey": {"status": status}, "google._domainkey": {"status": status}})
    found = await states(zones)
    assert {found["mailchimp", "k3._domainkey"], found["google_workspace", "google._domainkey"]} == {State.UNKNOWN}
    no_txt = {"shop.example": {"@": {"TXT": {"status": status}, "MX": ["1 smtp.google.com"]}, **GOOGLE}}
    assert (await states(no_txt))["google_workspace", "shop.example"] is State.UNKNOWN


@pytest.mark.parametrize("platform", sorted(p.id for p in load().platforms.values() if p.needs))
def test_what_a_platform_needs_is_well_said(platform):
    known = load().platforms[platform]
    for need in known.needs:
        assert need.part in ("spf", "dkim", "return_path", "tracking")
        assert need.rdtype in ("TXT", "CNAME", "MX")
        assert (need.part == "dkim") == need.name.endswith("._domainkey")
        assert (need.part == "spf") == (need.name == "@")
        assert need.part != "spf" or need.value in known.spf_include, need.value
        if need.part == "dkim" and "<" not in need.name and known.dkim_selectors:
            assert need.name.removesuffix("._domainkey") in known.dkim_selectors


async def test_the_include_is_put_into_the_one_record():
    zones = shop(txt=("v=spf1 ip4:192.0.2.10 -all",), **GOOGLE)
    target = Target("shop.example")
    result = await look("platforms", target, zones)
    (record,) = [s.record for s in conclude(target, [result], load()).steps if s.record]
    assert (record.value, record.now) == (
        "v=spf1 ip4:192.0.2.10 include:_spf.google.com -all",
        ("v=spf1 ip4:192.0.2.10 -all",),
    )


async def test_two_spf_records_are_not_made_three():
    result = await look("platforms", Target("shop.example"), shop(txt=("v=spf1 -all", "v=spf1 ~all"), **GOOGLE))
    assert not [s for s in conclude(Target("shop.example"), [result], load()).steps if s.record]


async def test_hostile_aliases_end_in_values():
    says = Says({("shop.example", "TXT"): ["v=spf1 include:_spf.google.com include:<b>\x1b[31m ~all"]})
    result = await platform_parts.run(Target("shop.example"), World(says, load()))
    assert isinstance(result.outcome, Outcome)


WORLD = """
[root]
default = "nxdomain"
[zone."shop.example"]
"@" = { TXT = ["v=spf1 include:_spf.google.com -all"], MX = ["1 smtp.google.com"] }
[zone."google.com"]
"_spf" = { TXT = ["v=spf1 ip4:192.0.2.0/24 -all"] }
"""


@pytest.mark.parametrize(("fail_on", "code"), [("error", 0), ("warning", 1)])
def test_the_command(tmp_path, fail_on, code):
    file = tmp_path / "world.toml"
    file.write_text(WORLD)
    words = ["platforms", "shop.example", "--replay", str(file), "--fail-on", fail_on]
    runner = CliRunner()
    text = runner.invoke(cli, words, standalone_mode=False)
    assert text.return_value == code
    assert "google._domainkey.shop.example" in text.output
    for fmt in ("json", "jsonl"):
        said = json.loads(runner.invoke(cli, [*words, "-f", fmt], standalone_mode=False).output)
        assert said["schema"] == "deliverkit.platforms/1"
        (platform,) = said["domains"][0]["platforms"] if fmt == "json" else said["platforms"]
        assert (platform["id"], platform["complete"]) == ("google_workspace", False)
        assert [part["state"] for part in platform["parts"]] == ["done", "missing"]
    assert "| DKIM |" in runner.invoke(cli, [*words, "-f", "markdown"], standalone_mode=False).output


def test_the_catalogue():
    runner = CliRunner()
    everything = runner.invoke(cli, ["platforms"], standalone_mode=False).output
    assert all(name in everything for name in load().platforms)
    one = json.loads(runner.invoke(cli, ["platforms", "mailchimp", "-f", "json"], standalone_mode=False).output)
    assert [p["id"] for p in one["platforms"]] == ["mailchimp"]
