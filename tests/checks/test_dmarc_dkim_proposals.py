"""From a zone to the record that a finding's fix proposes."""

from __future__ import annotations

import pytest
from dkim_keys import record
from dns_world import look

from deliverkit.checks import Target
from deliverkit.model import Record
from deliverkit.proposals import propose

DOMAIN = "example.com"


async def proposed(check: str, finding: str, fix: str, owners: dict[str, object], **target: object) -> Record | None:
    result = await look(check, Target(**{"domain": DOMAIN, **target}), {DOMAIN: owners})  # type: ignore[arg-type]
    args = next(found.args for found in result.findings if found.id == finding)
    return propose(fix, args, [result])


@pytest.mark.parametrize(
    ("finding", "fix", "texts", "value"),
    [
        ("dmarc-lookalike", "dmarc-repair-record", ["v=dmarc1; p=none"], "v=DMARC1; p=none"),
        ("dmarc-multiple-records", "dmarc-merge-records", ["v=DMARC1; p=reject"] * 2, "v=DMARC1; p=quarantine"),
        (
            "dmarc-no-reports",
            "dmarc-add-reports",
            ["v=DMARC1; p=none"],
            "v=DMARC1; p=none; rua=mailto:dmarc-reports@example.com",
        ),
        (
            "dmarc-policy-none",
            "dmarc-tighten",
            ["v=DMARC1; p=none; rua=mailto:a@example.com"],
            "v=DMARC1; p=quarantine; t=y; rua=mailto:a@example.com",
        ),
        (
            "dmarc-pct-partial",
            "dmarc-repair-record",
            ["v=DMARC1; p=reject; pct=0"],
            "v=DMARC1; p=reject; t=y; pct=0",
        ),
        (
            "dmarc-report-uri-invalid",
            "dmarc-repair-record",
            ["v=DMARC1; p=none; rua=a@example.com"],
            "v=DMARC1; p=none; rua=mailto:a@example.com",
        ),
    ],
)
async def test_dmarc(finding: str, fix: str, texts: list[str], value: str) -> None:
    wanted = await proposed("dmarc", finding, fix, {"_dmarc": {"TXT": texts}})
    assert wanted == Record("_dmarc.example.com", "TXT", value, tuple(texts))


async def test_the_record_is_mended_where_the_finding_saw_it() -> None:
    owners = {"_dmarc.news": {"TXT": ["v=dmarc1; p=none"]}, "_dmarc": {"TXT": ["v=DMARC1; p=none;; sp=reject"]}}
    own = await proposed("dmarc", "dmarc-lookalike", "dmarc-repair-record", owners, domain="news.example.com")
    above = await proposed("dmarc", "dmarc-syntax-error", "dmarc-repair-record", owners, domain="news.example.com")
    assert own == Record("_dmarc.news.example.com", "TXT", "v=DMARC1; p=none", ("v=dmarc1; p=none",))
    assert above is not None
    assert (above.name, above.value) == ("_dmarc.example.com", "v=DMARC1; p=none; sp=reject")


async def test_end_of_dkim_test_mode() -> None:
    text = record(tags="t=y; ")
    owners = {"s7._domainkey": {"TXT": [text]}, "s8._domainkey": {"CNAME": "s7._domainkey.example.com"}}
    wanted = await proposed("dkim", "dkim-key-testing", "dkim-end-testing", owners, selectors=("s7",))
    assert wanted == Record("s7._domainkey.example.com", "TXT", text.replace("t=y; ", ""), (text,))
    assert await proposed("dkim", "dkim-key-testing", "dkim-end-testing", owners, selectors=("s8",)) is None


async def test_faulty_key_is_mended_where_that_is_possible() -> None:
    for text, wanted in ((record().replace(";", "\\;"), record()), (record()[:99], None)):
        finding = "dkim-key-stray" if wanted else "dkim-key-invalid"
        owners: dict[str, object] = {"s7._domainkey": {"TXT": [text]}}
        proposal = await proposed("dkim", finding, "dkim-repair-key", owners, selectors=("s7",))
        assert (proposal.value if proposal else None) == wanted


async def test_nothing_is_tightened_while_nobody_gets_reports() -> None:
    assert (
        await proposed("dmarc", "dmarc-policy-none", "dmarc-tighten", {"_dmarc": {"TXT": ["v=DMARC1; p=none"]}}) is None
    )


async def test_a_policy_for_a_part_of_the_mail_stays_one() -> None:
    owners = {"_dmarc": {"TXT": ["v=DMARC1; p=quarantine; pct=20; rua=a@example.com"]}}
    wanted = await proposed("dmarc", "dmarc-report-uri-invalid", "dmarc-repair-record", owners)
    assert wanted is not None
    assert wanted.value == "v=DMARC1; p=quarantine; rua=mailto:a@example.com; pct=20"
