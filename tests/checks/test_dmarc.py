"""The dmarc check: zones in, ids out."""

from __future__ import annotations

import sys

import pytest
from dns_world import Says, ids, look
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverkit.checks import MAX_EVIDENCE, Target, World
from deliverkit.checks import dmarc as check
from deliverkit.checks.dmarc_record import Policy
from deliverkit.checks.dmarc_walk import Source
from deliverkit.knowledge import load
from deliverkit.model import CheckResult, Outcome

DOMAIN = "example.com"
MAIL = {"MX": ["10 mail.example.com"], "A": ["192.0.2.1"]}
REPORTS = "rua=mailto:d@example.com"
GOOD = f"v=DMARC1; p=reject; {REPORTS}"
STATUSES = ["timeout", "servfail", "refused", "error"]
CONSENT = "example.com._report._dmarc"


async def dmarc(owners: dict[str, object], others: dict[str, object] | None = None, **target: str) -> CheckResult:
    zones = {DOMAIN: {"@": MAIL, **owners}, **(others or {})}
    return await look("dmarc", Target(**{"domain": DOMAIN, **target}), zones)  # type: ignore[arg-type]


async def record(*texts: str, **target: str) -> CheckResult:
    return await dmarc({"_dmarc": {"TXT": list(texts)}}, **target)


async def test_good_record() -> None:
    result = await record(GOOD)
    assert ids(result) == ["dmarc-ok"]
    assert result.outcome is Outcome.PASS
    assert result.findings[0].args == {"domain": DOMAIN, "record_domain": DOMAIN, "policy": "reject"}
    facts = result.facts
    assert (facts.record, facts.published, facts.source) == (GOOD, (GOOD,), Source.AUTHOR)
    assert (facts.organizational_domain, facts.psl_domain) == (DOMAIN, DOMAIN)
    assert facts.policy.effective is Policy.REJECT
    assert facts.asked == ("_dmarc.example.com", "_dmarc.com")


async def test_nothing_to_ask() -> None:
    assert (await look("dmarc", Target(ips=("192.0.2.1",)), {})).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("text", "findings", "outcome"),
    [
        (f"v=DMARC1; p=none; {REPORTS}", {"dmarc-ok", "dmarc-policy-none"}, Outcome.PASS),
        (f"v=DMARC1; p=reject; t=y; {REPORTS}", {"dmarc-ok", "dmarc-test-mode"}, Outcome.PASS),
        ("v=DMARC1; p=reject", {"dmarc-ok", "dmarc-no-reports"}, Outcome.PASS),
        (f"v=DMARC1; {REPORTS}; p=reject", {"dmarc-ok", "dmarc-tag-order"}, Outcome.PASS),
        (f"{GOOD}; ri=3600; rf=afrf", {"dmarc-ok", "dmarc-tag-removed"}, Outcome.PASS),
        (f"{GOOD}; pct=100", {"dmarc-ok", "dmarc-tag-removed"}, Outcome.PASS),
        (f"{GOOD}; pct=20", {"dmarc-ok", "dmarc-tag-removed", "dmarc-pct-partial"}, Outcome.PASS),
        (
            f"v=DMARC1; p=none; pct=20; {REPORTS}",
            {"dmarc-ok", "dmarc-policy-none", "dmarc-tag-removed"},
            Outcome.PASS,
        ),
        (f"{GOOD}; policy=reject", {"dmarc-ok", "dmarc-tag-unknown"}, Outcome.PASS),
        (f"{GOOD}; sp=none", {"dmarc-ok", "dmarc-subdomain-weaker"}, Outcome.PASS),
        (f"{GOOD}; np=quarantine", {"dmarc-ok", "dmarc-subdomain-weaker"}, Outcome.PASS),
        (f"{GOOD}; aspf=s", {"dmarc-ok", "dmarc-strict-alignment"}, Outcome.PASS),
        (f"{GOOD};;", {"dmarc-ok", "dmarc-syntax-error"}, Outcome.WARN),
        (f"{GOOD}; oops", {"dmarc-ok", "dmarc-syntax-error"}, Outcome.WARN),
        (f"{GOOD}; fo=9", {"dmarc-ok", "dmarc-tag-invalid"}, Outcome.WARN),
        (f"{GOOD}; sp=none; sp=reject", {"dmarc-ok", "dmarc-tag-doubled", "dmarc-subdomain-weaker"}, Outcome.WARN),
        ("v=DMARC1; p=rejct", {"dmarc-policy-invalid", "dmarc-no-reports"}, Outcome.FAIL),
        ("v=DMARC1", {"dmarc-policy-invalid", "dmarc-no-reports"}, Outcome.FAIL),
        (f"v=DMARC1; p=rejct; {REPORTS}", {"dmarc-policy-fallback"}, Outcome.WARN),
        (f"v=DMARC1; {REPORTS}", {"dmarc-policy-fallback"}, Outcome.WARN),
        (f"v=DMARC1; p=reject; sp=x; {REPORTS}", {"dmarc-policy-fallback"}, Outcome.WARN),
        ("v=DMARC1; p=Reject ; rua=MAILTO:d@Example.com", {"dmarc-ok"}, Outcome.PASS),
        ("v=DMARC1; p=reject; rua=d@example.com", {"dmarc-ok", "dmarc-report-uri-invalid"}, Outcome.WARN),
        ("v=DMARC1; p=reject; rua=https://example.com/", {"dmarc-ok", "dmarc-report-uri-not-mail"}, Outcome.PASS),
        ("v=DMARC1; p=reject; rua=mailto:d@example.com!5m", {"dmarc-ok", "dmarc-report-size-limit"}, Outcome.PASS),
    ],
)
async def test_records(text: str, findings: set[str], outcome: Outcome) -> None:
    result = await record(text)
    assert set(ids(result)) == findings
    assert result.outcome is outcome


# ------------------------------------------------- missing, misplaced, meant


async def test_missing() -> None:
    result = await dmarc({})
    assert ids(result) == ["dmarc-missing"]
    assert result.outcome is Outcome.FAIL
    assert result.facts.record is None


@pytest.mark.parametrize("status", STATUSES)
async def test_not_asked_is_not_missing(status: str) -> None:
    result = await dmarc({"_dmarc": {"status": status}})
    assert ids(result) == ["dmarc-not-checked"]
    assert result.findings[0].args["name"] == "_dmarc.example.com"
    assert result.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("status", STATUSES)
async def test_a_failed_step_above_matters_only_without_a_record(status: str) -> None:
    parent = {"com": {"_dmarc": {"status": status}}}
    without = await dmarc({}, parent)
    assert ids(without) == ["dmarc-not-checked"]
    assert without.findings[0].args["name"] == "_dmarc.com"
    assert ids(await dmarc({"_dmarc": {"TXT": [GOOD]}}, parent)) == ["dmarc-ok"]


@pytest.mark.parametrize(
    "text",
    ["v=dmarc1; p=none", " v=DMARC1; p=none", '"v=DMARC1; p=none"', "v=DMARC1 p=none", "p=none; v=DMARC1", "DMARC1"],
)
async def test_lookalike(text: str) -> None:
    result = await record(text)
    assert ids(result) == ["dmarc-lookalike"]
    assert result.outcome is Outcome.FAIL


async def test_other_text_at_the_name() -> None:
    assert ids(await record(GOOD, "v=spf1 -all")) == ["dmarc-unrelated-text", "dmarc-ok"]
    assert ids(await dmarc({"*": {"TXT": ["v=spf1 -all"]}})) == ["dmarc-unrelated-text", "dmarc-missing"]


async def test_several_records() -> None:
    result = await record(GOOD, "v=DMARC1; p=none")
    assert ids(result) == ["dmarc-multiple-records"]
    assert result.outcome is Outcome.FAIL
    assert len(result.facts.published) == 2


@pytest.mark.parametrize("where", ["@", "dmarc", "_dmarc.example.com"])
async def test_misplaced(where: str) -> None:
    owner = {"TXT": [GOOD], **(MAIL if where == "@" else {})}
    result = await dmarc({where: owner})
    assert ids(result) == ["dmarc-missing", "dmarc-misplaced"]
    assert "dmarc-misplaced" not in ids(await dmarc({where: owner, "_dmarc": {"TXT": [GOOD]}}))


async def test_alias() -> None:
    others = {"example.net": {"d": {"TXT": [GOOD]}}}
    assert ids(await dmarc({"_dmarc": {"CNAME": "d.example.net"}}, others)) == ["dmarc-ok"]
    dangling = await dmarc({"_dmarc": {"CNAME": "gone.example.net"}}, others)
    assert ids(dangling) == ["dmarc-cname-dangling", "dmarc-missing"]


# ------------------------------------------------- inherited


async def test_inherited() -> None:
    tree = {"_dmarc": {"TXT": [f"{GOOD}; sp=quarantine; np=none"]}, "news": {"A": ["192.0.2.2"]}}
    exists = await dmarc(dict(tree), domain="news.example.com")
    assert {"dmarc-ok", "dmarc-inherited"} <= set(ids(exists))
    assert exists.facts.policy.policy is Policy.QUARANTINE
    absent = await dmarc(dict(tree), domain="no.example.com")
    assert absent.facts.policy.policy is Policy.NONE


async def test_existence_that_could_not_be_asked() -> None:
    tree = {"news": {"TXT": {"status": "timeout"}}, "_dmarc.news": {"status": "nxdomain"}}
    differs = await dmarc({**tree, "_dmarc": {"TXT": [f"{GOOD}; np=none"]}}, domain="news.example.com")
    assert "dmarc-not-checked" in ids(differs)
    assert "dmarc-ok" not in ids(differs)
    same = await dmarc({**tree, "_dmarc": {"TXT": [f"{GOOD}; np=reject"]}}, domain="news.example.com")
    assert "dmarc-not-checked" not in ids(same)


async def test_texts_of_every_name_are_kept_for_proposals() -> None:
    owners = {"_dmarc.news": {"TXT": ["v=dmarc1; p=none"]}, "_dmarc": {"TXT": [f"{GOOD};;"]}}
    result = await dmarc(owners, domain="news.example.com")
    assert {"dmarc-lookalike", "dmarc-inherited", "dmarc-syntax-error"} <= set(ids(result))
    assert result.facts.texts == {"news.example.com": ("v=dmarc1; p=none",), DOMAIN: (f"{GOOD};;",)}
    where = {finding.id: finding.args["domain"] for finding in result.findings}
    assert where["dmarc-lookalike"] == "news.example.com"
    assert where["dmarc-syntax-error"] == DOMAIN


async def test_policy_of_a_registry() -> None:
    result = await dmarc({}, {"com": {"_dmarc": {"TXT": ["v=DMARC1; p=reject; psd=y"]}}})
    assert {"dmarc-ok", "dmarc-public-suffix-policy"} <= set(ids(result))
    assert result.facts.source is Source.PUBLIC_SUFFIX
    assert result.facts.organizational_domain == DOMAIN


async def test_organization_by_tree_and_by_list() -> None:
    result = await dmarc({"_dmarc.shop": {"TXT": [GOOD]}}, domain="shop.example.com")
    assert "dmarc-psl-differs" in ids(result)
    assert (result.facts.organizational_domain, result.facts.psl_domain) == ("shop.example.com", "example.com")


# ------------------------------------------------- reports


EXTERNAL = "v=DMARC1; p=reject; rua=mailto:d@example.net"
THEIRS = {"MX": ["10 mx.example.net"]}


async def external(zone: dict[str, object], text: str = EXTERNAL) -> list[str]:
    return ids(await dmarc({"_dmarc": {"TXT": [text]}}, {"example.net": zone}))


async def test_consent_of_another_organization() -> None:
    assert await external({"@": THEIRS, CONSENT: {"TXT": ["v=DMARC1"]}}) == ["dmarc-ok"]
    assert await external({"@": THEIRS, "*._report._dmarc": {"TXT": ["v=DMARC1;"]}}) == ["dmarc-ok"]
    assert await external({"@": THEIRS}) == ["dmarc-ok", "dmarc-report-unauthorised"]
    assert await external({"@": THEIRS, CONSENT: {"TXT": ["v=spf1 -all"]}}) == ["dmarc-ok", "dmarc-report-unauthorised"]


async def test_own_organization_needs_no_consent() -> None:
    text = "v=DMARC1; p=reject; rua=mailto:d@reports.example.com"
    owners = {"_dmarc": {"TXT": [text]}, "reports": {"MX": ["10 mail.example.com"]}}
    assert ids(await dmarc(dict(owners))) == ["dmarc-ok"]


@pytest.mark.parametrize("status", STATUSES)
async def test_consent_or_mail_that_could_not_be_asked(status: str) -> None:
    assert await external({"@": THEIRS, CONSENT: {"status": status}}) == ["dmarc-ok", "dmarc-report-not-checked"]
    assert await external({"@": {"MX": {"status": status}}, CONSENT: {"TXT": ["v=DMARC1"]}}) == [
        "dmarc-ok",
        "dmarc-report-not-checked",
    ]


@pytest.mark.parametrize("owner", [{"MX": ["0 ."]}, {"TXT": ["x"]}])
async def test_destination_without_mail(owner: dict[str, object]) -> None:
    assert await external({"@": owner, CONSENT: {"TXT": ["v=DMARC1"]}}) == ["dmarc-ok", "dmarc-report-no-mx"]
    assert await external({"@": {"A": ["192.0.2.7"]}, CONSENT: {"TXT": ["v=DMARC1"]}}) == ["dmarc-ok"]


# ------------------------------------------------- alignment


ESP = {"esp.example": {"_dmarc": {"TXT": ["v=DMARC1; p=none"]}}}


async def aligned(text: str = GOOD, **target: str) -> list[str]:
    return ids(await dmarc({"_dmarc": {"TXT": [text]}}, ESP, **target))[1:]


async def test_alignment() -> None:
    assert await aligned(mail_from="bounce.example.com") == ["dmarc-aligned"]
    assert await aligned(mail_from="bounce.esp.example") == ["dmarc-spf-unaligned"]
    assert await aligned(signing_domain="esp.example") == ["dmarc-dkim-unaligned"]
    assert await aligned(mail_from="b.esp.example", signing_domain=DOMAIN) == ["dmarc-aligned"]
    assert await aligned(mail_from="b.esp.example", signing_domain="esp.example") == [
        "dmarc-spf-unaligned",
        "dmarc-dkim-unaligned",
        "dmarc-nothing-aligned",
    ]
    assert "dmarc-spf-unaligned" in await aligned(f"{GOOD}; aspf=s", mail_from="bounce.example.com")


async def test_alignment_that_could_not_be_asked() -> None:
    result = await dmarc(
        {"_dmarc": {"TXT": [GOOD]}}, {"slow.example": {"status": "timeout"}}, mail_from="b.slow.example"
    )
    assert ids(result) == ["dmarc-ok", "dmarc-alignment-not-checked"]
    assert result.outcome is Outcome.UNKNOWN


async def test_no_alignment_without_a_record() -> None:
    assert ids(await dmarc({}, ESP, mail_from="b.esp.example")) == ["dmarc-missing"]


# ------------------------------------------------- the hostile and the bounded


@settings(max_examples=80)
@given(st.lists(st.text() | st.text().map("v=DMARC1; p=none; ".__add__), max_size=4))
async def test_any_records(texts: list[str]) -> None:
    resolver = Says({("_dmarc.example.com", "TXT"): texts})
    result = await check.run(Target(domain=DOMAIN), World(resolver, load()))
    assert result.outcome in Outcome
    assert len(resolver.asked) < 60


@pytest.mark.parametrize(
    "text",
    [
        "v=DMARC1; p=none; rua=" + ",".join(f"mailto:a@d{i}.example" for i in range(5000)),
        "v=DMARC1; " + "x=y; " * 10_000,
        "v=DMARC1; p=none\0; \x1b[31m=1",
        "v=DMARC1; p=none; pct=" + "9" * 60_000,
        "v=DMARC1; p=none; pct=²",
    ],
)
async def test_monstrous_records(text: str) -> None:
    resolver = Says({("_dmarc.example.com", "TXT"): [text]})
    result = await check.run(Target(domain=DOMAIN), World(resolver, load()))
    assert len(result.findings) < 40
    assert all(len(e.value) <= MAX_EVIDENCE for f in result.findings for e in f.evidence)
    assert len(resolver.asked) < 100


async def test_the_library_leaves_no_trace() -> None:
    await external({"@": THEIRS})
    assert len(sys.modules["checkdmarc.utils"].DNS_CACHE) == 0
