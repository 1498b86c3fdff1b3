"""Whole passes over lists: what each way to break them looks like, and what is asked of whom."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter

import pytest
from blocklist_world import SILENT, ListDns, asked_name, catalogue, world
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.checks.blocklist_answer import Listing, Why
from deliverkit.checks.blocklist_rows import MAX_CODES, MAX_TXT, PER_OPERATOR, BlocklistPass, BlocklistRow, rows
from deliverkit.knowledge.schema_dns import Blocklist
from deliverkit.net.resolver import Answer, Status

IP = "192.0.2.10"
ZEN = catalogue()["spamhaus-zen"]
SPAMCOP = catalogue()["spamcop"]


async def rows_of(dns: ListDns, subject: str, *lists: Blocklist, **more: object) -> dict[str, BlocklistRow]:
    one_pass = BlocklistPass(dns, {b.id: b for b in lists} or catalogue(), **more)  # type: ignore[arg-type]
    return {row.list: row async for row in one_pass.rows(subject)}


def healthy() -> ListDns:
    return ListDns().healthy(catalogue().values())


async def test_a_healthy_world_lists_nobody_and_asks_no_reason() -> None:
    dns = healthy()
    rows = await rows_of(dns, IP)
    asked = [row for row in rows.values() if row.state is not Listing.NOT_ASKED]
    assert {row.state for row in asked} == {Listing.NOT_LISTED}
    assert Counter(rdtype for _, rdtype in dns.asked) == {"A": 3 * len(asked)}
    assert len(set(dns.asked)) == len(dns.asked)


async def test_a_listing_carries_code_reason_and_pages() -> None:
    dns = healthy()
    dns.put(IP, ZEN, "127.0.0.4", "127.0.0.10", txt="https://check.spamhaus.org/query/ip/192.0.2.10")
    row = (await rows_of(dns, IP))["spamhaus-zen"]
    assert row.state is Listing.LISTED
    assert row.labels == ("XBL", "PBL")
    assert row.codes == ("127.0.0.4", "127.0.0.10")
    assert row.reason == "https://check.spamhaus.org/query/ip/192.0.2.10"
    assert row.lookup_url == f"https://check.spamhaus.org/results?query={IP}"
    assert [e.dig for e in row.evidence if e.dig] == [
        f"dig A {asked_name(IP, ZEN)} @192.0.2.53", f"dig TXT {asked_name(IP, ZEN)} @192.0.2.53",
    ]  # fmt: skip


async def test_a_refusal_of_the_test_point_is_enough_and_names_the_resolver() -> None:
    dns = healthy()
    dns.put("127.0.0.2", ZEN, "127.255.255.254", txt="Error: open resolver; https://example.org/pub/192.0.2.53/")
    row = (await rows_of(dns, IP, ZEN))["spamhaus-zen"]
    assert (row.state, row.resolver) == (Listing.REFUSED, "192.0.2.53")
    assert asked_name(IP, ZEN) not in dns.names()


async def test_a_refusal_of_the_subject_alone_is_a_refusal() -> None:
    dns = healthy()
    dns.put(IP, ZEN, "127.255.255.255", txt="too many questions from 2001:db8::53")
    row = (await rows_of(dns, IP, ZEN))["spamhaus-zen"]
    assert (row.state, row.resolver) == (Listing.REFUSED, "2001:db8::53")


async def test_a_code_in_the_words_of_a_refusal_is_not_the_resolver() -> None:
    uribl = catalogue()["uribl-multi"]
    dns = ListDns()
    dns.put("test.uribl.com", uribl, "127.0.0.1", txt="127.0.0.1 -> Query Refused. [Your DNS IP: 192.0.2.53]")
    row = (await rows_of(dns, "shop.example", uribl))["uribl-multi"]
    assert (row.state, row.resolver) == (Listing.REFUSED, "192.0.2.53")


@pytest.mark.parametrize(
    ("said", "state", "why"),
    [
        (("203.0.113.80",), Listing.HIJACKED, None),
        (("127.0.0.2",), Listing.NOT_KNOWN, Why.ANSWERS_EVERYTHING),
        (("127.0.0.77",), Listing.NOT_KNOWN, Why.ANSWERS_EVERYTHING),
        (Status.NXDOMAIN, Listing.NOT_KNOWN, Why.EMPTY),
        (SILENT, Listing.FAILED, Why.SILENT),
        (Status.SERVFAIL, Listing.FAILED, Why.SILENT),
        (Status.REFUSED, Listing.FAILED, Why.SILENT),
        (Status.NODATA, Listing.FAILED, Why.SILENT),
        (("127.255.255.254",), Listing.REFUSED, None),
    ],
)
async def test_a_broken_list_is_never_believed_nor_told_the_subject(
    said: tuple[str, ...] | Status, state: Listing, why: Why | None
) -> None:
    dns = ListDns(zones={ZEN.zone: said})
    row = (await rows_of(dns, IP, ZEN))["spamhaus-zen"]
    assert (row.state, row.why) == (state, why)
    assert asked_name(IP, ZEN) not in dns.names()


async def test_a_rebinding_filter_makes_failures_not_clean_answers() -> None:
    """A filter empties answers from 127.0.0.0/8 and lets NXDOMAIN pass."""
    dns = healthy()
    dns.said = dict.fromkeys(dns.said, Status.NODATA)
    rows = await rows_of(dns, IP)
    assert {row.state for row in rows.values()} == {Listing.FAILED, Listing.NOT_ASKED}


async def test_a_filter_that_empties_only_the_subject_is_seen() -> None:
    dns = healthy()
    dns.said[asked_name(IP, SPAMCOP), "A"] = Status.NODATA
    assert (await rows_of(dns, IP, SPAMCOP))["spamcop"].state is Listing.FAILED


async def test_an_assumed_test_point_that_is_missing_does_not_hide_a_listing() -> None:
    virusfree = catalogue()["virusfree-bip"]
    assert virusfree.test_basis == "rfc5782"
    dns = ListDns()
    dns.put(IP, virusfree, "127.0.0.2")
    assert (await rows_of(dns, IP, virusfree))["virusfree-bip"].state is Listing.LISTED
    assert (await rows_of(ListDns(), IP, virusfree))["virusfree-bip"].state is Listing.NOT_KNOWN


async def test_a_list_without_test_points_never_says_not_listed() -> None:
    fresh = dataclasses.replace(catalogue()["sem-netblack"], asked_by_default=True)
    row = (await rows_of(ListDns(), IP, fresh))["sem-netblack"]
    assert (row.state, row.why) == (Listing.NOT_KNOWN, Why.NO_TEST_POINT)


async def test_ipv6_is_asked_in_nibbles_and_only_where_taken() -> None:
    dns = healthy()
    ip = "2001:db8:1:2::7"
    dns.put(ip, ZEN, "127.0.0.3")
    rows = await rows_of(dns, ip)
    assert rows["spamhaus-zen"].state is Listing.LISTED
    assert (rows["spamcop"].state, rows["spamcop"].why) == (Listing.NOT_ASKED, Why.NO_IPV6)
    assert not any(name.endswith(SPAMCOP.zone) for name in dns.names())
    assert "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.zen.spamhaus.org" in dns.names()


async def test_an_ipv4_mapped_address_is_asked_as_ipv4() -> None:
    dns = healthy()
    dns.put(IP, ZEN, "127.0.0.2")
    row = (await rows_of(dns, f"::ffff:{IP}", ZEN))["spamhaus-zen"]
    assert (row.state, row.subject) == (Listing.LISTED, IP)


async def test_domains_go_to_domain_lists_only() -> None:
    dns = healthy()
    dbl = catalogue()["spamhaus-dbl"]
    dns.put("shop.example", dbl, "127.0.1.102")
    rows = await rows_of(dns, "shop.example")
    assert rows["spamhaus-dbl"].about == "abused"
    assert all("domain" in catalogue()[name].kinds for name in rows)


@pytest.mark.parametrize(
    "subject", ["10.0.0.1", "127.0.0.2", "169.254.1.1", "fe80::1", "::1", "mail.corp.local", "localhost"]
)
async def test_what_nobody_outside_can_see_is_never_sent_to_a_list(subject: str) -> None:
    dns = healthy()
    rows = await rows_of(dns, subject)
    assert not dns.asked
    assert {row.state for row in rows.values()} == {Listing.NOT_ASKED}


async def test_dead_and_doubled_lists_are_never_on_the_wire() -> None:
    dns = healthy()
    unwanted = tuple(b.id for b in catalogue().values() if b.status in ("dead", "superseded", "no_dns"))
    await rows_of(dns, IP, also=unwanted)
    await rows_of(dns, "shop.example", also=unwanted)
    zones = [z for name in unwanted for z in (catalogue()[name].zone, *catalogue()[name].suffixes) if z]
    assert not [name for name in dns.names() if any(name.endswith("." + zone) for zone in zones)]


async def test_names_that_dns_cannot_hold_are_not_asked() -> None:
    dns = healthy()
    long = ".".join(["a" * 60] * 4) + ".example"
    rows = await rows_of(dns, long)
    asked_about = [name for name in dns.names() if "aaaa" in name]
    assert all(len(name) <= 253 for name in asked_about)
    assert {row.why for row in rows.values() if row.state is Listing.NOT_ASKED} >= {Why.BAD_NAME}


async def test_test_points_are_asked_once_for_all_subjects() -> None:
    dns = healthy()
    one_pass = BlocklistPass(dns, {"spamcop": SPAMCOP})
    for subject in (IP, "192.0.2.11", "192.0.2.12"):
        assert [row.state async for row in one_pass.rows(subject)] == [Listing.NOT_LISTED]
    assert len(dns.asked) == 5


async def test_one_operator_is_not_asked_everything_at_once() -> None:
    class Counting(ListDns):
        now = most = 0

        async def query(self, name: str, rdtype: str, *, fresh: bool = False, server: str | None = None) -> Answer:
            Counting.now += 1
            Counting.most = max(Counting.most, Counting.now)
            await asyncio.sleep(0)
            Counting.now -= 1
            return await super().query(name, rdtype)

    lists = [dataclasses.replace(SPAMCOP, id=f"list{i}", zone=f"l{i}.example.net", operator="one") for i in range(12)]
    dns = Counting().healthy(lists)
    rows = await rows_of(dns, IP, *lists)
    assert len(rows) == 12
    # Two lists at a time, each with its two test points.
    assert Counting.most <= 2 * PER_OPERATOR


async def test_rows_come_one_by_one_and_the_asking_can_be_stopped() -> None:
    gate = asyncio.Event()

    class Held(ListDns):
        async def query(self, name: str, rdtype: str, *, fresh: bool = False, server: str | None = None) -> Answer:
            if name.endswith(SPAMCOP.zone):
                await gate.wait()
            return await super().query(name, rdtype)

    dns = Held().healthy(catalogue().values())
    stream = BlocklistPass(dns, {b.id: b for b in (ZEN, SPAMCOP)}).rows(IP)
    assert (await anext(stream)).list == "spamhaus-zen"
    await stream.aclose()
    assert not [name for name in dns.names() if name.endswith(SPAMCOP.zone)]


async def test_a_world_streams_its_rows() -> None:
    dns = healthy()
    dns.put(IP, SPAMCOP, "127.0.0.2")
    found = {row.list: row.state async for row in rows(IP, world(dns))}
    assert found["spamcop"] is Listing.LISTED
    own = {row.list: row.state async for row in rows(IP, world(dns), {"spamcop": SPAMCOP})}
    assert own == {"spamcop": Listing.LISTED}


async def test_long_answers_are_cut() -> None:
    dns = healthy()
    dns.put(IP, SPAMCOP, *(f"127.0.{i}.2" for i in range(200)), txt="x" * 5000)
    row = (await rows_of(dns, IP, SPAMCOP))["spamcop"]
    assert row.state is Listing.LISTED
    assert len(row.codes) == MAX_CODES
    assert row.reason == "x" * MAX_TXT


said = st.one_of(
    st.sampled_from(list(Status)),
    st.lists(
        st.sampled_from(["127.0.0.1", "127.0.0.2", "127.0.0.4", "127.0.0.10", "127.255.255.254", "203.0.113.80"]),
        min_size=1, max_size=3,
    ).map(tuple),
)  # fmt: skip


@given(present=said, absent=said, subject=said)
async def test_no_false_listing_and_no_false_clean_whatever_is_answered(
    present: object, absent: object, subject: object
) -> None:
    dns = ListDns({(asked_name(n, ZEN), "A"): v for n, v in
                   (("127.0.0.2", present), ("127.0.0.1", absent), (IP, subject))})  # type: ignore[misc]  # fmt: skip
    row = (await rows_of(dns, IP, ZEN))["spamhaus-zen"]
    if row.state is Listing.LISTED:
        assert {"127.0.0.2", "127.0.0.4"} & set(subject)  # type: ignore[call-overload]
        assert absent is Status.NXDOMAIN
    if row.state is Listing.NOT_LISTED:
        assert subject is Status.NXDOMAIN
        assert isinstance(present, tuple)
        assert not {"127.0.0.1", "127.255.255.254", "203.0.113.80"} & set(present)
