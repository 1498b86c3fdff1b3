"""The DNS tree walk of RFC 9989 section 4.10, name by name."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.checks.dmarc_record import Policy, looks_like_dmarc, parse_record
from deliverkit.checks.dmarc_walk import (
    MAX_QUERIES,
    Source,
    Walk,
    applied_policy,
    domain_exists,
    read_step,
    settle,
    walk,
    walk_names,
)
from deliverkit.net.resolver import Answer, Status

NONE = "v=DMARC1; p=none"
FAILURES = [Status.TIMEOUT, Status.SERVFAIL, Status.REFUSED, Status.ERROR]


class Tree:
    """Records by domain (without ``_dmarc.``); everything else is NXDOMAIN."""

    def __init__(self, records: Mapping[str, str | list[str] | Status]) -> None:
        self.records = records
        self.asked: list[str] = []

    async def query(self, name: str, rdtype: str, *, fresh: bool = False, server: str | None = None) -> Answer:
        self.asked.append(name)
        found = self.records.get(name.removeprefix("_dmarc."), Status.NXDOMAIN)
        if isinstance(found, Status):
            return Answer(name, rdtype, found)
        return Answer(name, rdtype, Status.NOERROR, (found,) if isinstance(found, str) else tuple(found))


async def go(domain: str, records: Mapping[str, str | list[str] | Status]) -> Walk:
    return await walk(domain, Tree(records))


def test_the_names_of_the_standards_own_example() -> None:
    assert walk_names("a.b.c.d.e.f.g.h.i.j.mail.example.com") == (
        "a.b.c.d.e.f.g.h.i.j.mail.example.com",
        "g.h.i.j.mail.example.com",
        "h.i.j.mail.example.com",
        "i.j.mail.example.com",
        "j.mail.example.com",
        "mail.example.com",
        "example.com",
        "com",
    )
    assert walk_names("example.com") == ("example.com", "com")
    assert walk_names("com") == ("com",)
    assert walk_names("1.2.3.4.5.6.7.8")[:2] == ("1.2.3.4.5.6.7.8", "2.3.4.5.6.7.8")


@given(st.integers(1, 127))
def test_never_more_than_eight_names(labels: int) -> None:
    names = walk_names(".".join("x" * labels))
    assert len(names) == min(labels, MAX_QUERIES)
    assert names[-1] == "x"
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("records", "organization", "where", "source"),
    [
        # The three examples of section 4.10.2.
        ({"mail.example.com": NONE, "example.com": NONE}, "example.com", "example.com", Source.ORGANIZATIONAL),
        ({"mail.example.com": NONE + "; psd=n"}, "mail.example.com", "mail.example.com", Source.ORGANIZATIONAL),
        ({"com": NONE + "; psd=y"}, "example.com", "com", Source.PUBLIC_SUFFIX),
        # A record of its own applies, whatever stands above; the organization is still the one above.
        ({"a.mail.example.com": NONE, "example.com": NONE}, "example.com", "a.mail.example.com", Source.AUTHOR),
        # psd=n ends the walk: what stands above does not count.
        (
            {"a.mail.example.com": NONE + ";psd=n", "example.com": NONE},
            "a.mail.example.com",
            "a.mail.example.com",
            Source.AUTHOR,
        ),
        # psd=y at the start does not make the name below it the organization: there is none.
        ({"a.mail.example.com": NONE + ";psd=y"}, "a.mail.example.com", "a.mail.example.com", Source.AUTHOR),
        # A public suffix's record gives way to that of the organization below it.
        ({"com": NONE + "; PSD = Y", "example.com": NONE}, "example.com", "example.com", Source.ORGANIZATIONAL),
        # ... but a record between the domain and its organization is no one's.
        ({"com": NONE + "; psd=y", "mail.example.com": NONE}, "example.com", "com", Source.PUBLIC_SUFFIX),
        # Several at one name are all discarded.
        ({"mail.example.com": [NONE, NONE], "example.com": NONE}, "example.com", "example.com", Source.ORGANIZATIONAL),
        ({"a.mail.example.com": [NONE, NONE + "; psd=n"]}, "a.mail.example.com", None, None),
        # Unrelated text beside one record does not count.
        ({"example.com": ["v=spf1 -all", NONE]}, "example.com", "example.com", Source.ORGANIZATIONAL),
        # What does not start with the v tag is discarded.
        ({"example.com": "p=none; v=DMARC1"}, "a.mail.example.com", None, None),
        ({"example.com": "v=dmarc1; p=none"}, "a.mail.example.com", None, None),
        ({"example.com": "v=DMARC1 p=none"}, "a.mail.example.com", None, None),
        # psd=u is the default.
        (
            {"mail.example.com": NONE + "; psd=u", "example.com": NONE},
            "example.com",
            "example.com",
            Source.ORGANIZATIONAL,
        ),
        ({}, "a.mail.example.com", None, None),
    ],
)
async def test_choice(
    records: Mapping[str, str | list[str]], organization: str, where: str | None, source: Source | None
) -> None:
    found = await go("a.mail.example.com", records)
    assert found.organizational_domain == organization
    assert (found.record.domain if found.record else None) == where
    assert found.source == source
    assert found.open_steps == ()


async def test_organization_below_a_suffix_that_the_short_cut_jumped_over() -> None:
    deep = "a.b.c.d.e.f.g.h.i.example.com"
    found = await go(deep, {"d.e.f.g.h.i.example.com": NONE, "e.f.g.h.i.example.com": NONE + ";psd=y"})
    assert found.organizational_domain == "d.e.f.g.h.i.example.com"
    found = await go(deep, {"e.f.g.h.i.example.com": NONE + ";psd=y"})
    assert found.organizational_domain == "d.e.f.g.h.i.example.com"
    assert found.source is Source.PUBLIC_SUFFIX


async def test_steps_above_the_end_are_left_out() -> None:
    found = await go("a.mail.example.com", {"mail.example.com": NONE + ";psd=n"})
    assert [step.domain for step in found.steps] == ["a.mail.example.com", "mail.example.com"]


# ------------------------------------------------- questions that failed


@pytest.mark.parametrize("status", FAILURES)
async def test_a_failed_step_below_any_record_leaves_it_open(status: Status) -> None:
    found = await go("a.example.com", {"a.example.com": status, "example.com": NONE})
    assert found.record is None
    assert [step.domain for step in found.open_steps] == ["a.example.com"]
    found = await go("x.a.example.com", {"a.example.com": status, "example.com": NONE})
    assert (found.record, found.organizational_domain) == (None, None)


@pytest.mark.parametrize("status", FAILURES)
async def test_the_domains_own_record_stands_whatever_failed_above(status: Status) -> None:
    found = await go("a.example.com", {"a.example.com": NONE, "example.com": status})
    assert found.source is Source.AUTHOR
    assert found.open_steps == ()
    assert found.organizational_domain is None
    found = await go("a.example.com", {"a.example.com": NONE + ";psd=n", "example.com": status})
    assert found.organizational_domain == "a.example.com"


async def test_a_top_level_domain_that_failed_matters_only_without_a_record_below() -> None:
    found = await go("a.example.com", {"example.com": NONE, "com": Status.TIMEOUT})
    assert (found.source, found.organizational_domain) == (Source.ORGANIZATIONAL, "example.com")
    found = await go("example.com", {"com": Status.TIMEOUT})
    assert (found.record, [step.domain for step in found.open_steps]) == (None, ["com"])
    assert found.organizational_domain == "example.com"
    found = await go("a.example.com", {"a.example.com": NONE, "com": Status.TIMEOUT})
    assert (found.source, found.organizational_domain) == (Source.AUTHOR, None)


_RECORDS = st.sampled_from([None, NONE, NONE + ";psd=y", NONE + ";psd=n", "v=spf1 -all", Status.TIMEOUT, "twice"])


@given(st.lists(_RECORDS, min_size=1, max_size=8))
def test_any_tree_is_settled_or_open(kinds: list[str | Status | None]) -> None:
    domain = ".".join(f"l{i}" for i in range(len(kinds)))
    steps = []
    for name, kind in zip(walk_names(domain), kinds, strict=True):
        if isinstance(kind, Status) or kind is None:
            answer = Answer(name, "TXT", kind or Status.NXDOMAIN)
        else:
            answer = Answer(name, "TXT", Status.NOERROR, (NONE, NONE) if kind == "twice" else (kind,))
        steps.append(read_step(name, answer))
    found = settle(domain, steps)
    failed = any(step.answer.failed for step in found.steps)
    assert bool(found.open_steps) <= failed
    assert not (found.record and found.open_steps)
    assert found.organizational_domain is not None or failed
    if found.organizational_domain is not None:
        assert domain == found.organizational_domain or domain.endswith("." + found.organizational_domain)
    if found.record is None and not found.open_steps:
        assert not failed


# ------------------------------------------------- the policy that applies


@pytest.mark.parametrize(
    ("record", "own", "inherited", "nonexistent"),
    [
        ("p=reject", ("p", "reject"), ("p", "reject"), ("p", "reject")),
        ("p=reject; sp=none", ("p", "reject"), ("sp", "none"), ("sp", "none")),
        ("p=none; np=reject", ("p", "none"), ("p", "none"), ("np", "reject")),
        ("p=none; sp=quarantine; np=Reject", ("p", "none"), ("sp", "quarantine"), ("np", "reject")),
        ("p=REJECT; t=y", ("p", "quarantine"), ("p", "quarantine"), ("p", "quarantine")),
        ("p=quarantine; t=y", ("p", "none"), ("p", "none"), ("p", "none")),
        ("p=none; t=y", ("p", "none"), ("p", "none"), ("p", "none")),
        ("p=reject; t=maybe", ("p", "reject"), ("p", "reject"), ("p", "reject")),
    ],
)
async def test_policy_tag(
    record: str, own: tuple[str, str], inherited: tuple[str, str], nonexistent: tuple[str, str]
) -> None:
    tree = {"example.com": f"v=DMARC1; {record}"}
    mine, below = await go("example.com", tree), await go("a.example.com", tree)
    for found, exists, wanted in ((mine, True, own), (below, True, inherited), (below, False, nonexistent)):
        applied = applied_policy(found, exists=exists, reports=False)
        assert applied is not None
        assert (applied.tag, applied.effective) == wanted


@pytest.mark.parametrize(
    ("record", "tag"), [("p=rejct", "p"), ("rua=x", "p"), ("p=none; sp=no", "sp"), ("p=none;np=x", "np")]
)
async def test_broken_policy_needs_reports_to_live_on(record: str, tag: str) -> None:
    found = await go("example.com", {"example.com": f"v=DMARC1; {record}"})
    with_reports, without = (applied_policy(found, exists=True, reports=flag) for flag in (True, False))
    assert with_reports is not None
    assert without is not None
    assert (with_reports.policy, with_reports.fault) == (Policy.NONE, tag)
    assert (without.policy, without.fault) == (None, tag)


async def test_no_record_no_policy() -> None:
    assert applied_policy(await go("example.com", {}), exists=True, reports=True) is None


async def test_existence() -> None:
    for status, exists in ((Status.NXDOMAIN, False), (Status.NODATA, True), (Status.TIMEOUT, None)):
        assert await domain_exists("example.com", Tree({"example.com": status})) is exists


# ------------------------------------------------- records as text


@given(st.text())
def test_any_text_is_a_record_or_not(text: str) -> None:
    for candidate in (text, f"v=DMARC1; {text}", f"v=DMARC1;p=none;{text};{text}"):
        record = parse_record("example.com", candidate)
        assert record is None or record.tags["v"] == "DMARC1"
        assert not (record is not None and looks_like_dmarc(candidate))


def test_ten_thousand_tags_are_bounded() -> None:
    record = parse_record("example.com", "v=DMARC1; p=none; " + "x=y; " * 10_000)
    assert record is not None
    assert len(record.tags) < 100
    assert record.policy("p") is Policy.NONE


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("v=dmarc1; p=none", True),
        (" v=DMARC1; p=none", True),
        ('"v=DMARC1; p=none"', True),
        ("v=DMARC1 p=none", True),
        ("v=DMARC1\\; p=none", True),
        ("DMARC1; p=none", True),
        ("p=reject; rua=mailto:a@example.com", True),
        ("v=DMARC 1; p=none", True),
        ("v=DMARC1; p=none", False),
        ("v=DMARC1", False),
        ("v=spf1 include:_dmarc1.example.com -all", False),
        ("google-site-verification=abc", False),
        ("", False),
    ],
)
def test_lookalikes(text: str, looks: bool) -> None:
    assert looks_like_dmarc(text) is looks
