"""The live resolver against a name server in this process that says right and wrong things."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
import warnings
from collections.abc import Iterable

import dns.edns
import dns.flags
import dns.message
import dns.rdatatype
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loopback_dns import LoopbackDns, Packet, Respond, reply

from deliverkit.net import packets
from deliverkit.net.live import LiveResolver
from deliverkit.net.resolver import Answer, Status

SOA = "shop.example. 300 IN SOA ns.shop.example. hostmaster.shop.example. 1 600 300 86400 60"
SILENCE: Respond = lambda query, tcp: ()  # noqa: E731
SHORT = 0.05
"""Seconds until a silent server is given up."""


def saying(*records: str, rcode: str = "NOERROR", authority: str = "") -> Respond:
    return lambda query, tcp: [reply(query, *records, rcode=rcode, authority=authority)]


async def ask(
    *respond: Respond, name: str = "shop.example", rdtype: str = "TXT", wait: float = 5.0, tries: int = 1
) -> Answer:
    """One question to servers that answer so, in order."""
    async with LoopbackDns(respond[0]) as first, LoopbackDns(respond[-1]) as last:
        servers = [first.address, last.address] if len(respond) > 1 else [first.address]
        async with LiveResolver(servers, wait, tries) as resolver:
            return await resolver.query(name, rdtype)


@pytest.mark.parametrize(
    ("rdtype", "record", "text"),
    [
        ("TXT", r'"v=spf1 " "-all"', "v=spf1 -all"),
        ("TXT", r'"caf\195\169 \255\000"', "café \\xff\0"),
        ("TXT", '""', ""),
        ("MX", "10 MX.Shop.Example.", "10 mx.shop.example"),
        ("MX", "0 .", "0 ."),
        ("A", "192.0.2.1", "192.0.2.1"),
        ("AAAA", "2001:DB8:0:0::1", "2001:db8::1"),
        ("NS", "NS1.shop.example.", "ns1.shop.example"),
        ("PTR", r"a\032b.shop.example.", r"a\032b.shop.example"),
        ("CNAME", "Other.example.", "other.example"),
        ("SRV", "0 5 993 Imap.shop.example.", "0 5 993 imap.shop.example"),
        ("SOA", SOA.split(None, 4)[4], "ns.shop.example hostmaster.shop.example 1 600 300 86400 60"),
        ("CAA", '0 issue "ca.example.net"', '0 issue "ca.example.net"'),
        ("TLSA", "3 1 1 " + "0f" * 32, "3 1 1 " + "0f" * 32),
        ("DS", "1 13 2 00ff" + "00" * 30, "1 13 2 00ff" + "00" * 30),
        ("DNSKEY", "257 3 13 AAAA", "257 3 13 AAAA"),
        ("TYPE65400", r"\# 2 0102", r"\# 2 0102"),
    ],
)
async def test_records_come_as_text(rdtype: str, record: str, text: str) -> None:
    answer = await ask(saying(f"shop.example. 300 IN {rdtype} {record}"), name="Shop.Example.", rdtype=rdtype)
    assert (answer.status, answer.records, answer.ttl) == (Status.NOERROR, (text,), 300)
    assert (answer.name, answer.rdtype, answer.server.split(":")[0]) == ("shop.example", rdtype, "127.0.0.1")


@pytest.mark.parametrize(
    ("respond", "status", "ttl"),
    [
        (saying(authority=SOA), Status.NODATA, 60),
        (saying(), Status.NODATA, None),
        (saying(rcode="NXDOMAIN", authority=SOA), Status.NXDOMAIN, 60),
        (saying(rcode="NXDOMAIN", authority=SOA.replace(" 300 ", " 20 ", 1)), Status.NXDOMAIN, 20),
        (saying(rcode="NXDOMAIN", authority=SOA.replace("shop.example.", "other.example.", 1)), Status.NXDOMAIN, None),
        (saying(rcode="SERVFAIL"), Status.SERVFAIL, None),
        (saying(rcode="REFUSED"), Status.REFUSED, None),
        (saying(rcode="YXDOMAIN"), Status.ERROR, None),
        (saying("shop.example. 9 IN TXT x", rcode="NXDOMAIN"), Status.ERROR, None),
        (saying(authority="example. 300 IN NS ns.example."), Status.ERROR, None),
        (saying("else.example. 9 IN TXT x"), Status.NODATA, None),
    ],
)
async def test_what_is_no_record(respond: Respond, status: Status, ttl: int | None) -> None:
    answer = await ask(respond)
    assert (answer.status, answer.records, answer.ttl) == (status, (), ttl)


async def test_silence_is_a_timeout_after_all_tries() -> None:
    async with LoopbackDns(SILENCE) as server, LiveResolver([server.address], SHORT, 3) as resolver:
        answer = await resolver.query("shop.example", "A")
    assert (answer.status, answer.server) == (Status.TIMEOUT, server.address)
    assert len(server.asked) == 3
    assert len({a.port for a in server.asked}) == 3


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 on this machine")
async def test_a_server_is_asked_over_ipv6_and_its_tcp() -> None:
    try:
        server = await LoopbackDns(_over_tcp("shop.example. 9 IN TXT six"), host="::1").__aenter__()
    except OSError:
        pytest.skip("no IPv6 loopback on this machine")
    async with LiveResolver([server.address], 5.0) as resolver:
        answer = await resolver.query("shop.example", "TXT")
    await server.__aexit__(None, None, None)
    assert (answer.records, answer.server) == (("six",), server.address)


async def test_what_a_server_explains_is_kept_without_control_characters() -> None:
    def respond(query: dns.message.Message, tcp: bool) -> Iterable[Packet]:
        refused = reply(query, rcode="REFUSED")
        refused.use_edns(0, options=[dns.edns.EDEOption(18, "go\x1b[31m away" + "!" * 500)])
        return [refused]

    answer = await ask(respond)
    assert answer.status is Status.REFUSED
    assert "away" in answer.detail
    assert answer.detail.isprintable()
    assert len(answer.detail) <= 200


async def test_nobody_listening_is_an_error() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    answer = await LiveResolver([f"127.0.0.1:{port}"], 5.0).query("shop.example", "A")
    assert answer.status is Status.ERROR


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        (SILENCE, saying("shop.example. 9 IN TXT x"), Status.NOERROR),
        (saying(rcode="SERVFAIL"), saying("shop.example. 9 IN TXT x"), Status.NOERROR),
        (saying(rcode="REFUSED"), saying(rcode="NXDOMAIN"), Status.NXDOMAIN),
        (saying(rcode="SERVFAIL"), SILENCE, Status.SERVFAIL),
        (SILENCE, saying(rcode="SERVFAIL"), Status.SERVFAIL),
        (saying(rcode="REFUSED"), saying(rcode="SERVFAIL"), Status.SERVFAIL),
        (saying(rcode="REFUSED"), saying(rcode="REFUSED"), Status.REFUSED),
        (saying(rcode="REFUSED"), SILENCE, Status.REFUSED),
        (SILENCE, SILENCE, Status.TIMEOUT),
    ],
)
async def test_the_next_server_is_asked_and_the_most_telling_failure_kept(
    first: Respond, second: Respond, status: Status
) -> None:
    assert (await ask(first, second, wait=SHORT, tries=2)).status is status


async def test_a_server_that_failed_aloud_is_not_asked_twice() -> None:
    async with LoopbackDns(saying(rcode="SERVFAIL")) as server, LiveResolver([server.address], 5.0, 3) as resolver:
        await resolver.query("shop.example", "A")
    assert len(server.asked) == 1


async def test_a_silent_server_is_asked_last_from_then_on() -> None:
    async with (
        LoopbackDns(SILENCE) as dead,
        LoopbackDns(saying("shop.example. 9 IN A 192.0.2.1")) as alive,
        LiveResolver([dead.address, alive.address], SHORT) as resolver,
    ):
        for _ in range(3):
            assert (await resolver.query("shop.example", "A")).server == alive.address
    assert (len(dead.asked), len(alive.asked)) == (1, 3)


def _spoofs(query: dns.message.Message) -> Iterable[Packet]:
    wrong_id = reply(query, "shop.example. 9 IN TXT spoofed")
    wrong_id.id = query.id ^ 1
    other = dns.message.make_query("other.example", "TXT", id=query.id)
    no_response = reply(query, "shop.example. 9 IN TXT spoofed")
    no_response.flags &= ~dns.flags.QR
    other_type = dns.message.make_query("shop.example", "A", id=query.id)
    return [
        wrong_id,
        reply(other, "other.example. 9 IN TXT spoofed"),
        reply(other_type, "shop.example. 9 IN TXT spoofed"),
        no_response,
        b"",
        b"garbage",
        query.id.to_bytes(2, "big") + b"\xff" * 40,
        query.id.to_bytes(2, "big") + b"\x80\x00" + b"\0" * 8,
    ]


async def test_packets_that_do_not_match_are_passed_over() -> None:
    answer = await ask(lambda query, tcp: [*_spoofs(query), reply(query, "shop.example. 9 IN TXT right")])
    assert answer.records == ("right",)


async def test_nothing_but_packets_that_do_not_match_is_a_timeout() -> None:
    assert (await ask(lambda query, tcp: _spoofs(query), wait=SHORT)).status is Status.TIMEOUT


async def test_a_matching_packet_with_a_broken_body_is_an_error() -> None:
    def broken(query: dns.message.Message, tcp: bool) -> Iterable[Packet]:
        data = bytearray(reply(query, "shop.example. 9 IN A 192.0.2.1").to_wire())
        data[7] = 9
        return [bytes(data)]

    assert (await ask(broken, rdtype="A")).status is Status.ERROR


async def test_a_truncated_answer_is_asked_again_over_tcp() -> None:
    many = [f"shop.example. 9 IN A 198.51.100.{i}" for i in range(1, 201)]

    def respond(query: dns.message.Message, tcp: bool) -> Iterable[Packet]:
        if tcp:
            return [reply(query, *many)]
        cut = reply(query, *many[:2])
        cut.flags |= dns.flags.TC
        return [cut]

    answer = await ask(respond, rdtype="A")
    assert (answer.status, len(answer.records)) == (Status.NOERROR, 200)


@pytest.mark.parametrize("tcp_says", ["silence", "truncated", "closed"])
async def test_a_truncated_answer_without_tcp_is_no_answer(tcp_says: str) -> None:
    def respond(query: dns.message.Message, tcp: bool) -> Iterable[Packet]:
        cut = reply(query, "shop.example. 9 IN A 192.0.2.1")
        cut.flags |= dns.flags.TC
        if tcp and tcp_says == "closed":
            raise ConnectionResetError
        return [] if tcp and tcp_says == "silence" else [cut]

    answer = await ask(respond, rdtype="A", wait=SHORT)
    assert answer.status is (Status.TIMEOUT if tcp_says == "silence" else Status.ERROR)


async def test_a_server_without_edns_is_asked_without() -> None:
    def respond(query: dns.message.Message, tcp: bool) -> Iterable[Packet]:
        if query.edns >= 0:
            bare = dns.message.make_response(query)
            bare.use_edns(False)
            bare.set_rcode(dns.rcode.FORMERR)
            return [bare.to_wire()[:4] + b"\0" * 8]
        return [reply(query, "shop.example. 9 IN TXT old")]

    assert (await ask(respond)).records == ("old",)
    assert (await ask(saying(rcode="FORMERR"))).status is Status.ERROR


async def test_a_very_long_txt_arrives_whole() -> None:
    chunks = " ".join(['"' + "x" * 255 + '"'] * 250)
    assert len((await ask(_over_tcp(f"shop.example. 9 IN TXT {chunks}"))).records[0]) == 250 * 255


async def test_too_many_records_are_cut_and_said() -> None:
    many = [f"shop.example. 9 IN A 10.0.{i // 250}.{i % 250}" for i in range(packets.MAX_RECORDS + 1)]
    answer = await ask(_over_tcp(*many), rdtype="A")
    assert (answer.status, len(answer.records)) == (Status.NOERROR, packets.MAX_RECORDS)
    assert answer.detail


async def test_too_much_text_is_cut_and_said() -> None:
    half = " ".join(['"' + r"\255" * 255 + '"'] * 60)
    answer = await ask(_over_tcp(f'shop.example. 9 IN TXT "1" {half}', f'shop.example. 9 IN TXT "2" {half}'))
    assert (answer.status, len(answer.records)) == (Status.NOERROR, 1)
    assert answer.detail


async def test_one_record_that_is_too_large_is_an_error_and_no_empty_answer() -> None:
    chunks = " ".join(['"' + r"\255" * 255 + '"'] * 100)
    answer = await ask(_over_tcp(f"shop.example. 9 IN TXT {chunks}"))
    assert (answer.status, answer.records, bool(answer.detail)) == (Status.ERROR, (), True)


async def test_a_ttl_with_the_highest_bit_set_is_zero() -> None:
    def respond(query: dns.message.Message, tcp: bool) -> Iterable[Packet]:
        data = reply(query, "shop.example. 2147483647 IN A 192.0.2.1").to_wire()
        return [data.replace(b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff")]

    answer = await ask(respond, rdtype="A")
    assert (answer.records, answer.ttl) == (("192.0.2.1",), 0)


def _over_tcp(*records: str) -> Respond:
    def respond(query: dns.message.Message, tcp: bool) -> Iterable[Packet]:
        whole = reply(query, *(records if tcp else ()))
        if not tcp:
            whole.flags |= dns.flags.TC
        return [whole]

    return respond


async def test_a_cname_chain_in_one_answer() -> None:
    records = ("shop.example. 9 IN CNAME A.example.", "a.example. 5 IN CNAME b.example.", "b.example. 7 IN TXT x")
    answer = await ask(saying(*records))
    assert (answer.records, answer.cname, answer.ttl) == (("x",), ("a.example", "b.example"), 5)


@pytest.mark.parametrize(
    ("rcode", "authority", "status", "asked"),
    [
        ("NXDOMAIN", "", Status.NXDOMAIN, 1),
        ("SERVFAIL", "", Status.SERVFAIL, 1),
        ("NOERROR", SOA, Status.NODATA, 2),
        ("NOERROR", SOA.replace("shop.", "else.", 1), Status.NODATA, 1),
        ("NOERROR", "", Status.NODATA, 2),
    ],
)
async def test_a_cname_that_leads_nowhere(rcode: str, authority: str, status: Status, asked: int) -> None:
    def respond(query: dns.message.Message, tcp: bool) -> Iterable[Packet]:
        if query.question[0].name == dns.name.from_text("shop.example"):
            return [reply(query, "shop.example. 9 IN CNAME a.else.example.", rcode=rcode, authority=authority)]
        return [reply(query)]

    async with LoopbackDns(respond) as server, LiveResolver([server.address], 5.0) as resolver:
        answer = await resolver.query("shop.example", "TXT")
    assert (answer.status, len(server.asked)) == (status, asked)
    if status is not Status.SERVFAIL:
        assert answer.cname == ("a.else.example",)


def _aliases(query: dns.message.Message, tcp: bool) -> Iterable[Packet]:
    """n0 → n1 → … one CNAME an answer; n8 has the text; a ↔ b; self → self."""
    name = query.question[0].name.to_text(omit_final_dot=True)
    if name == "n8":
        return [reply(query, "n8. 9 IN TXT end")]
    target = {"a": "b", "b": "a", "self": "self"}.get(name) or f"n{int(name[1:]) + 1}"
    return [reply(query, f"{name}. 9 IN CNAME {target}.")]


@pytest.mark.parametrize(
    ("name", "status", "asked"),
    [("n0", Status.NOERROR, 9), ("n9", Status.ERROR, 9), ("a", Status.ERROR, 2), ("self", Status.ERROR, 1)],
)
async def test_lone_cnames_are_asked_on_within_bounds(name: str, status: Status, asked: int) -> None:
    async with LoopbackDns(_aliases) as server, LiveResolver([server.address], 5.0) as resolver:
        answer = await resolver.query(name, "TXT")
    assert (answer.status, len(server.asked)) == (status, asked)
    assert len(answer.cname) <= packets.MAX_CHAIN


@pytest.mark.parametrize("records", [3000, 2])
async def test_a_hostile_chain_in_one_packet_ends(records: int) -> None:
    if records == 2:
        chain = ["shop.example. 9 IN CNAME a.", "a. 9 IN CNAME shop.example."]
    else:
        chain = ["shop.example. 9 IN CNAME c0.", *(f"c{i}. 9 IN CNAME c{i + 1}." for i in range(1000))]
    assert (await ask(_over_tcp(*chain))).status is Status.ERROR


def test_a_packet_full_of_cnames_is_not_followed_to_its_end() -> None:
    asked = packets.question("c0", "A")
    query = dns.message.from_wire(asked.wire)
    data = reply(query, *(f"c{i}. 9 IN CNAME c{i + 1}." for i in range(300))).to_wire(max_size=65535)
    assert len(packets.read(asked, data).chain) == packets.MAX_CHAIN + 1


async def test_a_cname_asked_for_is_not_followed() -> None:
    answer = await ask(saying("shop.example. 9 IN CNAME a.example.", "a.example. 9 IN TXT x"), rdtype="CNAME")
    assert (answer.records, answer.cname) == (("a.example",), ())


async def test_a_named_server_is_asked_and_the_rest_of_the_chain_elsewhere() -> None:
    async with (
        LoopbackDns(saying("shop.example. 9 IN CNAME a.example.")) as own,
        LoopbackDns(saying("a.example. 9 IN TXT x")) as usual,
        LiveResolver([usual.address], 5.0) as resolver,
    ):
        answer = await resolver.query("shop.example", "TXT", server=own.address)
    assert (answer.records, answer.asked_server) == (("x",), own.address)
    assert [a.name for a in own.asked] == ["shop.example"]
    assert [a.name for a in usual.asked] == ["a.example"]


@pytest.mark.parametrize(
    ("name", "rdtype"),
    [
        ("", "A"),
        ("a..example", "A"),
        (".example", "A"),
        ("x" * 64 + ".example", "A"),
        (".".join(["abcdefg"] * 40), "A"),
        ("shop.example", "NONSENSE"),
        ("shop.example", "ANY"),
        ("shop.example", "AXFR"),
        ("a\\", "A"),
        ("\ud800.example", "A"),
    ],
)
async def test_what_cannot_be_asked_is_an_error_and_sends_nothing(name: str, rdtype: str) -> None:
    async with LoopbackDns(SILENCE) as server, LiveResolver([server.address], 5.0) as resolver:
        assert (await resolver.query(name, rdtype)).status is Status.ERROR
    assert server.asked == []


@pytest.mark.parametrize("name", ["_dmarc.shop.example", "*.shop.example", "a b;$(x).example", r"a\.b.example", "."])
async def test_odd_names_can_be_asked(name: str) -> None:
    answer = await ask(lambda query, tcp: [reply(query, rcode="NXDOMAIN")], name=name)
    assert (answer.status, answer.name) == (Status.NXDOMAIN, name)


@given(st.binary(max_size=200), st.booleans())
@settings(max_examples=120)
def test_any_bytes_after_a_matching_question_are_read(tail: bytes, as_answer: bool) -> None:
    asked = packets.question("shop.example", "TXT")
    counts = b"\0\1\0\2\0\1\0\0" if as_answer else (tail[:8].ljust(8, b"\0"))
    data = asked.wire[:2] + b"\x84\x00" + counts + asked.asked + tail
    assert packets.read(asked, data).status in Status
    packets.read(asked, asked.wire[:2] + b"\x80\x00" + tail.ljust(8, b"\0"))


@given(st.text(max_size=80))
def test_any_name_is_a_question_or_refused(name: str) -> None:
    try:
        asked = packets.question(name, "A")
    except packets.BadQuestionError:
        return
    assert dns.message.from_wire(asked.wire).question[0].name == asked.name


async def test_cancelling_a_question_leaves_nothing_open() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        async with LoopbackDns(SILENCE) as server, LiveResolver([server.address], 60.0) as resolver:
            tasks = [asyncio.create_task(resolver.query(f"n{i}.example", "A")) for i in range(20)]
            await server.heard(20)
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        del tasks
        gc.collect()
    assert all(isinstance(e, asyncio.CancelledError) for e in ended)
    assert [w for w in caught if issubclass(w.category, ResourceWarning)] == []


def test_the_protocol_imports_no_dns_library() -> None:
    import subprocess

    code = "import sys, deliverkit.net.resolver, deliverkit.net.cache; sys.exit('dns' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
