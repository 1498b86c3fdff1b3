"""Proposed SPF records: they parse, allow what was asked for, and lose nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.checks.spf_eval import SpfResult, check_host
from deliverkit.checks.spf_proposal import (
    add_include,
    add_ip,
    ended,
    merge,
    minimal,
    repair,
    tidied,
    with_all,
    without,
    without_dead,
)
from deliverkit.checks.spf_record import Modifier, Qualifier, parse, select
from tests.checks.spf_zone import Zone

IPS = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str)
NETWORKS = ["ip4:192.0.2.0/24", "ip4:192.0.2.7", "ip4:198.51.100.0/25", "ip6:2001:db8::/48", "ip4:0.0.0.0/0"]
HOSTS = ["a", "mx", "a:mail.example.com/24", "include:_spf.example.net", "exists:%{ir}.example.com"]
MECHANISMS = st.builds(str.__add__, st.sampled_from(["", "+", "-", "~", "?"]), st.sampled_from(NETWORKS + HOSTS))
ENDS = st.sampled_from([[], ["-all"], ["~all"], ["?all"], ["+all"], ["all"], ["redirect=_spf.example.com"]])
EXTRAS = st.sampled_from([[], ["exp=why.example.com"], ["ra=postmaster"]])
RECORDS = st.builds(
    lambda terms, end, extra: " ".join(["v=spf1", *terms, *end, *extra]), st.lists(MECHANISMS, max_size=6), ENDS, EXTRAS
)


def terms(record: str) -> list[str]:
    return [term.text for term in parse(record).terms]


async def result(record: str, ip: str) -> SpfResult:
    zone = Zone({"example.com": {"TXT": [record]}, "_spf.example.net": {"TXT": ["v=spf1 ip4:203.0.113.9 -all"]}})
    return (await check_host(ip, "example.com", "a@example.com", "example.com", zone)).result


@given(RECORDS, IPS)
async def test_an_added_ip_passes_and_nothing_is_lost(record: str, ip: str) -> None:
    proposal = add_ip(record, ip)
    assert [term for term in terms(proposal) if term in terms(record)] == terms(record)
    assert len(terms(proposal)) - len(terms(record)) <= 1
    assert add_ip(proposal, ip) == proposal
    if proposal != record:
        assert await result(proposal, ip) is SpfResult.PASS


@pytest.mark.parametrize(
    ("record", "ip", "proposal"),
    [
        ("v=spf1 include:_spf.example.net -all", "192.0.2.10", "v=spf1 ip4:192.0.2.10 include:_spf.example.net -all"),
        ("v=spf1 -all", "2001:db8::1", "v=spf1 ip6:2001:db8::1 -all"),
        ("v=spf1 ip4:192.0.2.0/24 -all", "192.0.2.10", "v=spf1 ip4:192.0.2.0/24 -all"),
        ("v=spf1 mx ip4:192.0.2.0/24 -all", "192.0.2.10", "v=spf1 mx ip4:192.0.2.0/24 -all"),
        ("v=spf1 -ip4:192.0.2.0/25 a", "192.0.2.10", "v=spf1 ip4:192.0.2.10 -ip4:192.0.2.0/25 a"),
        ("v=spf1 -all ip4:192.0.2.10", "192.0.2.10", "v=spf1 ip4:192.0.2.10 -all"),
        ("v=spf1 ~mx ip4:192.0.2.10", "192.0.2.10", "v=spf1 ip4:192.0.2.10 ~mx"),
        ("v=spf1 -all", "::ffff:192.0.2.10", "v=spf1 ip4:192.0.2.10 -all"),
        ("v=spf1 -all", "192.0.2.0/29", "v=spf1 ip4:192.0.2.0/29 -all"),
        ("v=spf1 redirect=a.example.net", "192.0.2.1", "v=spf1 ip4:192.0.2.1 redirect=a.example.net"),
    ],
)  # fmt: skip
def test_where_an_ip_is_added(record: str, ip: str, proposal: str) -> None:
    assert add_ip(record, ip) == proposal


def test_what_is_no_ip_is_refused() -> None:
    with pytest.raises(ValueError, match="host"):
        add_ip("v=spf1 -all", "host")


@given(st.lists(RECORDS, min_size=1, max_size=4))
def test_merging_keeps_every_term_in_one_record(records: list[str]) -> None:
    merged = merge(records)
    assert select([merged]) == [merged]
    after = [term.lower().removeprefix("+") for term in terms(merged)]
    assert len(after) == len(set(after))
    for record in records:
        for term in parse(record).terms:
            if isinstance(term, Modifier) and term.name == "redirect":
                assert term.text in after or f"include:{term.value.text}" in after
            elif isinstance(term, Modifier) or term.name != "all":
                assert term.text.lower().removeprefix("+") in after
    final = parse(merged).all
    assert final is None or final.qualifier is not Qualifier.PASS


@pytest.mark.parametrize(
    ("records", "merged"),
    [
        (["v=spf1 mx -all", "v=spf1 include:a.example.net ~all"], "v=spf1 mx include:a.example.net ~all"),
        (["v=spf1 mx +all", "v=spf1 a +all"], "v=spf1 mx a ~all"),
        (["v=spf1 mx", "v=spf1 a ?all"], "v=spf1 mx a ?all"),
        (["v=spf1 mx", "v=spf1 redirect=a.example.net"], "v=spf1 mx redirect=a.example.net"),
        (["v=spf1 mx -all", "v=spf1 redirect=a.example.net"], "v=spf1 mx include:a.example.net ~all"),
        (["v=spf1 redirect=a.example.net", "v=spf1 redirect=b.example.net"],
         "v=spf1 include:a.example.net include:b.example.net ~all"),
        (["v=spf1 mx -all", "v=spf1 a -all"], "v=spf1 mx a -all"),
        (["v=spf1 -all", "v=spf1 mx +all"], "v=spf1 mx ~all"),
        (["v=spf1 mx", "v=spf1 a -all"], "v=spf1 mx a ~all"),
        (["v=spf1 -ip4:192.0.2.9 ip4:192.0.2.0/24 ~all", "v=spf1 ip4:192.0.2.9 ~all"],
         "v=spf1 ip4:192.0.2.9 -ip4:192.0.2.9 ip4:192.0.2.0/24 ~all"),
        (["v=spf1 exp=a.example.net -all", "v=spf1 exp=b.example.net -all"], "v=spf1 exp=a.example.net -all"),
    ],
)  # fmt: skip
def test_how_records_merge(records: list[str], merged: str) -> None:
    assert merge(records) == merged


@given(st.lists(st.sampled_from(["_spf.example.net", "mail.example.org"])), st.lists(IPS, max_size=5), st.booleans())
async def test_a_first_record_allows_its_ips_and_never_refuses(includes: list[str], ips: list[str], mx: bool) -> None:
    record = minimal(includes, ips, mx=mx)
    final = parse(record).all
    assert final is not None
    assert final.qualifier is Qualifier.SOFTFAIL
    for ip in ips:
        assert await result(record, ip) is SpfResult.PASS
    assert {f"include:{name}" for name in includes} <= set(terms(record))
    assert ("mx" in terms(record)) is mx


@given(RECORDS, st.sampled_from(list(Qualifier)))
def test_with_all_ends_in_all(record: str, qualifier: Qualifier) -> None:
    changed = parse(with_all(record, qualifier))
    assert changed.terms[-1].text == f"{qualifier}all"
    assert sum(mechanism.name == "all" for mechanism in changed.mechanisms) == 1
    assert changed.redirect is None
    kept = {m.text for m in parse(record).mechanisms if m.name != "all"}
    assert kept <= {m.text for m in changed.mechanisms}


def test_with_all_keeps_what_a_redirect_allowed() -> None:
    assert with_all("v=spf1 mx redirect=a.example.net", "~") == "v=spf1 mx include:a.example.net ~all"
    assert with_all("v=spf1 redirect=a.example.net -all", Qualifier.FAIL) == "v=spf1 -all"


@pytest.mark.parametrize(
    ("record", "ended_record"),
    [
        ("v=spf1 mx", "v=spf1 mx ~all"),
        ("v=spf1 mx ?all", "v=spf1 mx ~all"),
        ("v=spf1 mx +all", "v=spf1 mx ~all"),
        ("v=spf1 -all mx", "v=spf1 mx -all"),
        ("v=spf1 ~all redirect=a.example.net", "v=spf1 ~all"),
    ],
)
def test_an_end_neither_hardens_nor_softens(record: str, ended_record: str) -> None:
    assert ended(record) == ended_record


def test_dead_terms_go_together() -> None:
    assert without_dead("v=spf1 a mx include:a.example.net -all", ["a", "include:a.example.net"]) == "v=spf1 mx -all"


@given(RECORDS)
async def test_tidying_changes_no_result(record: str) -> None:
    tidy = tidied(record)
    assert set(terms(tidy)) <= set(terms(record))
    for ip in ("192.0.2.7", "198.51.100.9", "2001:db8::1", "203.0.113.1"):
        before = await result(record, ip)
        assert before is SpfResult.PERMERROR or await result(tidy, ip) is before


@given(RECORDS, MECHANISMS)
def test_without_takes_one_term_away(record: str, term: str) -> None:
    left = terms(without(record, term))
    gone = term.removeprefix("+")
    assert left == [t for t in terms(record) if t.removeprefix("+") != gone]


def test_an_include_goes_in_front_of_the_end() -> None:
    assert add_include("v=spf1 mx -all", "a.example.net") == "v=spf1 mx include:a.example.net -all"
    assert add_include("v=spf1 mx", "a.example.net") == "v=spf1 mx include:a.example.net"
    assert (
        add_include("v=spf1 redirect=b.example.net", "a.example.net")
        == "v=spf1 include:a.example.net redirect=b.example.net"
    )
    assert add_include("v=spf1 include:A.example.net -all", "a.example.net") == "v=spf1 include:A.example.net -all"


@pytest.mark.parametrize(
    ("record", "mended"),
    [
        ("v=spf1 ipv4:192.0.2.1 -all", "v=spf1 ip4:192.0.2.1 -all"),
        ("v=spf1 ip:2001:db8::1 -all", "v=spf1 ip6:2001:db8::1 -all"),
        ("v=spf1 192.0.2.1 ~all", "v=spf1 ip4:192.0.2.1 ~all"),
        ("v=spf1 a:192.0.2.1 ~all", "v=spf1 ip4:192.0.2.1 ~all"),
        ("v=spf1 ip4:2001:db8::1 ~all", "v=spf1 ip6:2001:db8::1 ~all"),
        ("v=spf1 include=_spf.example.net -all", "v=spf1 include:_spf.example.net -all"),
        ("v=spf1 redirect:_spf.example.net", "v=spf1 redirect=_spf.example.net"),
        ("v=spf1 mx, a; –all", "v=spf1 mx a -all"),
        ("v=spf1; mx -all", "v=spf1 mx -all"),
        ("“v=spf1 mx -all”", "v=spf1 mx -all"),
        ("spf1 mx -all", "v=spf1 mx -all"),
        ("v=spf1-all", "v=spf1 -all"),
        ("v=spf1 mx -all.", "v=spf1 mx -all"),
        ("v=spf1 exists:%{l,}.example.com -all", "v=spf1 exists:%{l,}.example.com -all"),
        ("v=spf1 frobnicate:192.0.2.1 -all", None),
        ("v=spf1 include: -all", None),
        ("v=spf2.0 mx -all", None),
        ("hello", None),
    ],
)
def test_repair_mends_what_is_plain_and_leaves_the_rest(record: str, mended: str | None) -> None:
    assert repair(record) == mended


@given(RECORDS)
def test_repair_leaves_sound_records_alone(record: str) -> None:
    assert repair(record) == record


@given(st.text(max_size=200))
def test_a_repaired_record_is_sound(text: str) -> None:
    mended = repair("v=spf1 " + text)
    if mended is not None:
        parse(mended)
