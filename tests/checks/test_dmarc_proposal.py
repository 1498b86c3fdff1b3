"""Proposals: always one valid record, never a jump."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.checks.dmarc_proposal import first_record, repaired, tightened, with_reports
from deliverkit.checks.dmarc_record import Policy, is_dmarc, parse_record

POLICIES = st.sampled_from([*Policy])
_TAGS = st.lists(
    st.sampled_from(
        [
            "sp=none",
            "sp=reject",
            "np=quarantine",
            "t=y",
            "t=n",
            "aspf=s",
            "adkim=r",
            "rua=mailto:a@example.com",
            "pct=50",
        ]
    ),
    unique_by=lambda tag: tag.split("=")[0],
)
RECORDS = st.builds(lambda policy, tags: "; ".join(["v=DMARC1", f"p={policy}", *tags]), POLICIES, _TAGS)
_BROKEN = st.sampled_from(
    ["v=dmarc1; p={}", '"v=DMARC1; p={}"', "v=DMARC1 p={}", "p={}; rua=a@example.com", "v=DMARC1\\; p={}"]
)
MEANT = RECORDS | st.builds(str.format, _BROKEN, POLICIES)


def _policy(record: str, tag: str = "p") -> Policy:
    parsed = parse_record("example.com", record)
    assert parsed is not None
    assert parsed.faulty == ()
    assert parsed.doubled == ()
    policy = parsed.policy(tag)
    assert policy is not None
    return policy


def test_first_record() -> None:
    assert first_record("example.com") == "v=DMARC1; p=none; rua=mailto:dmarc-reports@example.com"
    assert first_record("example.com", "x@example.net") == "v=DMARC1; p=none; rua=mailto:x@example.net"


@given(RECORDS)
def test_reports_change_nothing_else(record: str) -> None:
    after = with_reports(record, "x@example.net")
    before, now = parse_record("", record), parse_record("", after)
    assert before is not None
    assert now is not None
    assert {**before.tags, "rua": ""} == {**now.tags, "rua": ""}
    assert "mailto:x@example.net" in now.tags["rua"].split(",")
    assert with_reports(after, "mailto:X@example.net") == after


@given(st.lists(st.text() | MEANT, max_size=5))
def test_repaired_is_one_valid_record_that_refuses_nothing_new(records: list[str]) -> None:
    record = repaired(records)
    if record is None:
        return
    policy = _policy(record)
    in_force = [text for text in records if is_dmarc(text)]
    if policy is Policy.REJECT:
        assert len(in_force) == 1
        assert _policy_or_none(in_force[0]) is Policy.REJECT
    for text in in_force:
        assert policy.rank <= (_policy_or_none(text) or Policy.NONE).rank
    assert repaired([record]) == record


def _policy_or_none(text: str) -> Policy | None:
    parsed = parse_record("", text)
    return parsed.policy("p") if parsed else None


@given(st.lists(MEANT, min_size=1, max_size=4))
def test_repaired_understands_what_was_meant(records: list[str]) -> None:
    record = repaired(records)
    assert record is not None
    if any("a@example.com" in text for text in records):
        assert "rua=mailto:a@example.com" in record


@pytest.mark.parametrize(
    ("records", "wanted"),
    [
        (["v=DMARC1 p=none rua=mailto:a@example.com"], "v=DMARC1; p=none; rua=mailto:a@example.com"),
        (["v=DMARC1; p=none, rua=mailto:a@example.com"], "v=DMARC1; p=none; rua=mailto:a@example.com"),
        (
            ["v=DMARC1;p=reject;rua=mailto:a@example.com", "v=DMARC1;p=none;rua=mailto:b@example.com"],
            "v=DMARC1; p=none; rua=mailto:a@example.com,mailto:b@example.com",
        ),
        (["v=DMARC1;; p=reject; sp=none"], "v=DMARC1; p=reject; sp=none"),
        (["v=dmarc1; p=reject"], "v=DMARC1; p=quarantine"),
        (["v=spf1 -all", "hello"], None),
        ([], None),
    ],
)
def test_repaired(records: list[str], wanted: str | None) -> None:
    assert repaired(records) == wanted


@given(RECORDS)
def test_tightened_is_one_level(record: str) -> None:
    after = tightened(record)
    before, tested = _policy(record), "t=y" in record
    if after is None:
        assert before is Policy.REJECT
        assert not tested
        return
    step = _policy(after).rank - before.rank
    assert step == (0 if tested and before is not Policy.NONE else 1)
    assert ("t=y" in after) is (before is Policy.NONE)


def test_tightened_ends() -> None:
    record: str | None = "v=DMARC1; p=none"
    seen = []
    while record is not None:
        seen.append(record)
        record = tightened(record)
    assert seen == [
        "v=DMARC1; p=none",
        "v=DMARC1; p=quarantine; t=y",
        "v=DMARC1; p=quarantine",
        "v=DMARC1; p=reject",
    ]
    assert tightened("v=spf1 -all") is None
    assert tightened("v=DMARC1") is None
