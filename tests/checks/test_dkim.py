"""The dkim check: zones in, ids out."""

from __future__ import annotations

import pytest
from dkim_keys import b64, record, subject_public_key_info
from dns_world import Says, ids, look
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverkit.checks import MAX_EVIDENCE, Target, World
from deliverkit.checks import dkim as check
from deliverkit.checks.dkim_probe import NOBODYS_SELECTOR, Source, clean_selector, platform_selectors
from deliverkit.knowledge import Knowledge, load
from deliverkit.model import CheckResult, Outcome

DOMAIN = "example.com"
GOOD = record()
TIMEOUT = {"status": "timeout"}


async def dkim(owners: dict[str, object], *selectors: str, domain: str = DOMAIN) -> CheckResult:
    zones = {domain: {"@": {"A": ["192.0.2.1"]}, **owners}}
    return await look("dkim", Target(domain=domain, selectors=selectors), zones)


def at(selector: str, *texts: str) -> dict[str, object]:
    return {f"{selector}._domainkey": {"TXT": list(texts)}}


async def test_named_key() -> None:
    result = await dkim(at("s7", GOOD), "s7")
    assert ids(result) == ["dkim-key-found"]
    assert result.outcome is Outcome.PASS
    assert result.findings[0].args["bits"] == 2048
    assert result.facts.tried == ("s7",)


async def test_nothing_to_ask() -> None:
    result = await look("dkim", Target(recipient_domain="example.net"), {})
    assert result.outcome is Outcome.NOT_APPLICABLE


async def test_signing_domain_is_where_keys_are_looked_for() -> None:
    zones = {"example.net": at("s7", GOOD), DOMAIN: {"@": {"A": ["192.0.2.1"]}}}
    result = await look("dkim", Target(domain=DOMAIN, signing_domain="example.net", selectors=("s7",)), zones)
    assert result.subject == "example.net"
    assert ids(result) == ["dkim-key-found"]


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("v=DKIM1; p=", "dkim-key-revoked"),
        (record(512), "dkim-key-weak"),
        (record(tags="h=sha1; "), "dkim-key-hash"),
        (record(tags="s=tlsrpt; "), "dkim-key-service"),
        (record(tags="k=dsa; "), "dkim-key-type"),
        (GOOD[:120], "dkim-key-invalid"),
        (GOOD.replace("; ", "\\; "), "dkim-key-stray"),
        (f'"{GOOD}"', "dkim-key-stray"),
        (GOOD + "; p=", "dkim-key-syntax"),
        (f"k=rsa; v=DKIM1; p={b64(subject_public_key_info(2048))}", "dkim-key-syntax"),
        ("v=DKIM1; k=rsa", "dkim-key-syntax"),
        ("v=spf1 -all", "dkim-key-syntax"),
    ],
)
async def test_faulty_named_key_fails(text: str, finding: str) -> None:
    result = await dkim(at("s7", text), "s7")
    assert finding in ids(result)
    assert "dkim-key-found" not in ids(result)
    assert "dkim-none-guessed" not in ids(result)
    assert result.outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("text", "finding", "outcome"),
    [
        (record(1024), "dkim-key-short", Outcome.WARN),
        (record(2047), "dkim-key-short", Outcome.WARN),
        (record(8192), "dkim-key-long", Outcome.PASS),
        (record(tags="t=y; "), "dkim-key-testing", Outcome.WARN),
        (record(tags="t=s; "), "dkim-key-exact-domain", Outcome.PASS),
    ],
)
async def test_remarks_on_a_usable_key(text: str, finding: str, outcome: Outcome) -> None:
    result = await dkim(at("s7", text), "s7")
    assert ids(result) == ["dkim-key-found", finding]
    assert result.outcome is outcome


async def test_ed25519_is_no_short_key() -> None:
    result = await dkim(at("s7", f"v=DKIM1; k=ed25519; p={b64(bytes(32))}"), "s7")
    assert ids(result) == ["dkim-key-found"]


async def test_names_below_are_told_only_while_nothing_was_found_there() -> None:
    assert "dkim-names-below" not in ids(await dkim(at("default", "v=DKIM1; p=")))


async def test_several_keys_at_one_name() -> None:
    result = await dkim(at("s7", GOOD, record(1024), "unrelated"), "s7")
    assert "dkim-key-multiple" in ids(result)
    assert result.findings[0].args["count"] == 2
    assert "dkim-key-multiple" not in ids(await dkim(at("s7", GOOD, "unrelated"), "s7"))


# ------------------------------------------------- named, guessed, failed: three different things


async def test_named_selector_that_is_not_there_fails() -> None:
    for owners in ({}, {"s7._domainkey": {"A": ["192.0.2.1"]}}):
        result = await dkim(dict(owners), "s7")
        assert ids(result) == ["dkim-selector-missing"]
        assert result.outcome is Outcome.FAIL


@pytest.mark.parametrize("status", ["timeout", "servfail", "refused", "error"])
async def test_named_selector_that_could_not_be_asked_is_unknown(status: str) -> None:
    result = await dkim({"s7._domainkey": {"status": status}}, "s7")
    assert ids(result) == ["dkim-not-checked"]
    assert result.outcome is Outcome.UNKNOWN


async def test_guesses_that_find_nothing_are_unknown() -> None:
    result = await dkim({"odd-name._domainkey": {"TXT": [GOOD]}})
    assert ids(result) == ["dkim-none-guessed", "dkim-names-below"]
    assert result.outcome is Outcome.UNKNOWN
    assert result.findings[0].args["tried"] == len(result.facts.tried) >= 30
    assert result.facts.keys == ()


async def test_nothing_below_domainkey_is_still_no_proof() -> None:
    result = await dkim({})
    assert ids(result) == ["dkim-none-guessed", "dkim-names-none"]
    assert result.outcome is Outcome.UNKNOWN


async def test_wildcard_of_another_type_says_nothing_about_names_below() -> None:
    result = await dkim({"*": {"A": ["192.0.2.1"]}})
    assert ids(result) == ["dkim-none-guessed"]


async def test_guesses_that_failed_are_unknown() -> None:
    result = await look("dkim", Target(domain=DOMAIN), {DOMAIN: {"status": "timeout"}})  # type: ignore[dict-item]
    assert ids(result) == ["dkim-guesses-failed"]
    assert result.outcome is Outcome.UNKNOWN
    some = await dkim({"default._domainkey": TIMEOUT})
    assert ids(some)[:2] == ["dkim-guesses-failed", "dkim-none-guessed"]
    assert some.facts.failed == ("default",)


async def test_guessed_good_key_passes() -> None:
    result = await dkim(at("default", GOOD) | {"mail._domainkey": TIMEOUT})
    assert ids(result) == ["dkim-key-found"]
    assert result.outcome is Outcome.PASS
    assert result.facts.keys[0].source is Source.GENERIC


async def test_guessed_leftovers_beside_a_good_key() -> None:
    result = await dkim(at("default", GOOD) | at("mail", "v=DKIM1; p=") | at("dkim", GOOD[:99]) | at("s1", record(512)))
    assert sorted(ids(result)) == ["dkim-key-found", "dkim-key-retired", "dkim-key-spare", "dkim-key-spare"]
    assert result.outcome is Outcome.PASS


async def test_guessed_revoked_key_alone_is_unknown() -> None:
    result = await dkim(at("default", "v=DKIM1; p="))
    assert {"dkim-key-retired", "dkim-none-guessed"} <= set(ids(result))
    assert "dkim-key-revoked" not in ids(result)
    assert result.outcome is Outcome.UNKNOWN


async def test_guessed_broken_key_alone_fails() -> None:
    result = await dkim(at("default", GOOD[:99]))
    assert ids(result) == ["dkim-key-invalid"]
    assert result.outcome is Outcome.FAIL


async def test_missing_named_selector_shows_the_key_that_is_there() -> None:
    result = await dkim(at("default", GOOD), "s7")
    assert sorted(ids(result)) == ["dkim-key-found", "dkim-selector-missing"]
    assert result.outcome is Outcome.FAIL


async def test_guessed_text_that_is_no_key_is_no_key() -> None:
    result = await dkim({"*": {"TXT": ["v=spf1 -all"]}})
    assert "dkim-none-guessed" in ids(result)
    assert not {"dkim-wildcard", "dkim-key-syntax"} & set(ids(result))


# ------------------------------------------------- aliases, wildcards, platforms


async def test_alias_chain_is_shown() -> None:
    zones = {
        DOMAIN: {"s7._domainkey": {"CNAME": "a.example.net"}},
        "example.net": {"a": {"CNAME": "b.example.net"}, "b": {"TXT": [GOOD]}},
    }
    result = await look("dkim", Target(domain=DOMAIN, selectors=("s7",)), zones)
    assert ids(result) == ["dkim-key-found"]
    assert result.facts.keys[0].cname == ("a.example.net", "b.example.net")


async def test_alias_to_nowhere() -> None:
    owners = {"s7._domainkey": {"CNAME": "gone.example.net"}}
    named = await dkim(dict(owners), "s7")
    assert ids(named) == ["dkim-cname-dangling", "dkim-selector-missing"]
    assert named.outcome is Outcome.FAIL
    guessed = await dkim({"default._domainkey": {"CNAME": "gone.example.net"}})
    assert {"dkim-cname-dangling", "dkim-none-guessed"} <= set(ids(guessed))
    assert guessed.outcome is Outcome.UNKNOWN
    beside = await dkim({"default._domainkey": {"CNAME": "gone.example.net"}} | at("mail", GOOD))
    assert sorted(ids(beside)) == ["dkim-key-found", "dkim-key-spare"]
    assert beside.outcome is Outcome.PASS


async def test_wildcard_makes_guesses_worthless() -> None:
    result = await dkim({"*._domainkey": {"TXT": [GOOD]}})
    assert sorted(ids(result)) == ["dkim-none-guessed", "dkim-wildcard"]
    assert result.outcome is Outcome.UNKNOWN
    assert result.facts.wildcard
    assert result.facts.keys == ()


async def test_wildcard_does_not_hide_a_real_or_a_named_key() -> None:
    real = await dkim({"*._domainkey": {"TXT": ["v=DKIM1; p="]}} | at("default", GOOD))
    assert sorted(ids(real)) == ["dkim-key-found", "dkim-wildcard"]
    named = await dkim({"*._domainkey": {"TXT": [GOOD]}}, "s7")
    assert sorted(ids(named)) == ["dkim-key-found", "dkim-wildcard"]


async def test_selectors_of_the_platform_are_tried(knowledge: Knowledge) -> None:
    zones = {DOMAIN: {"@": {"MX": ["1 smtp.google.com"]}, **at("google", GOOD)}}
    result = await look("dkim", Target(domain=DOMAIN), zones)
    assert result.facts.keys[0].source is Source.PLATFORM
    assert result.facts.platforms == ("google_workspace",)
    assert platform_selectors(["google_workspace", "no-such"], knowledge) == ("google",)
    assert not any("<" in s for s in platform_selectors(knowledge.platforms, knowledge))


async def test_platform_with_selectors_of_its_own_is_named() -> None:
    zones = {DOMAIN: {"@": {"TXT": ["v=spf1 include:amazonses.com -all"]}}}
    result = await look("dkim", Target(domain=DOMAIN), zones)
    assert "dkim-selectors-random" in ids(result)
    zones[DOMAIN].update(at("default", GOOD))
    assert "dkim-selectors-random" not in ids(await look("dkim", Target(domain=DOMAIN), zones))


async def test_wild_selectors_of_the_user() -> None:
    result = await dkim(at("s7", GOOD), "a b", "S7._domainkey.example.com.")
    assert ids(result) == ["dkim-selector-malformed", "dkim-key-found"]
    assert result.outcome is Outcome.FAIL


@given(st.text())
def test_selectors_are_labels_or_nothing(text: str) -> None:
    selector = clean_selector(text)
    assert selector is None or all(0 < len(label) <= 63 and label.isascii() for label in selector.split("."))


@settings(max_examples=60)
@given(st.lists(st.text() | st.text().map(lambda tail: GOOD + tail), max_size=4))
async def test_hostile_records_are_bounded(texts: list[str]) -> None:
    resolver = Says({(f"s7._domainkey.{DOMAIN}", "TXT"): texts})
    result = await check.run(Target(domain=DOMAIN, selectors=("s7",)), World(resolver, load()))
    assert result.outcome in Outcome


@pytest.mark.parametrize("text", ["v=DKIM1; p=" + "A" * 65536, "v=DKIM1; p=\0\\000", "p=;" * 10_000, GOOD + "\u202e"])
async def test_monstrous_records(text: str) -> None:
    resolver = Says({(f"s7._domainkey.{DOMAIN}", "TXT"): [text] * 200})
    result = await check.run(Target(domain=DOMAIN, selectors=("s7",)), World(resolver, load()))
    assert result.outcome is Outcome.FAIL
    assert len(result.findings) < 10
    assert all(len(e.value) <= MAX_EVIDENCE for f in result.findings for e in f.evidence)


async def test_questions_are_few_and_never_twice() -> None:
    resolver = Says({})
    await check.run(Target(domain=DOMAIN), World(resolver, load()))
    keys = [name for name, _ in resolver.asked if "_domainkey" in name]
    assert keys.count(f"{NOBODYS_SELECTOR}._domainkey.{DOMAIN}") == 1
    assert len(keys) < 150
