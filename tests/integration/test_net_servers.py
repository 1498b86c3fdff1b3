"""The live resolver against real name servers."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from real_servers import Dnsmasq, Knot, Nsd, Rbldnsd, StartUnbound

from deliverkit.net import open_resolver
from deliverkit.net.cache import RunCache
from deliverkit.net.replay import ReplayResolver
from deliverkit.net.resolver import Answer, Resolver, Status

SHOP = (
    """
@ TXT "v=spf1 " "-all"
@ MX 10 MX.shop.example.
null MX 0 .
www CNAME @
far CNAME www.other.example.
loop CNAME loop2
loop2 CNAME loop
bytes TXT "\\195\\169 \\255 \\000"
*.wild A 192.0.2.80
deep.empty A 192.0.2.81
"""
    + "\n".join(f"many A 198.51.100.{i}" for i in range(1, 251))
    + "\n"
    + "\n".join(f"many A 203.0.113.{i}" for i in range(1, 51))
)
OTHER = "www A 192.0.2.82"

Open = Callable[..., RunCache]


@pytest_asyncio.fixture
async def door() -> AsyncIterator[Open]:
    """``door("127.0.0.1:port", …)``: a resolver that is closed when the test ends."""
    opened: list[RunCache] = []

    def start(*nameservers: str, **options: object) -> RunCache:
        opened.append(open_resolver(nameservers, 5.0, **options))  # type: ignore[arg-type]
        return opened[-1]

    yield start
    for resolver in opened:
        await resolver.aclose()


async def both(resolver: Resolver, name: str, rdtype: str) -> tuple[Status, tuple[str, ...]]:
    answer = await resolver.query(name, rdtype)
    return answer.status, answer.records


EXPECTED = [
    ("shop.example", "TXT", Status.NOERROR, ("v=spf1 -all",)),
    ("shop.example", "MX", Status.NOERROR, ("10 mx.shop.example",)),
    ("null.shop.example", "MX", Status.NOERROR, ("0 .",)),
    ("www.shop.example", "TXT", Status.NOERROR, ("v=spf1 -all",)),
    ("far.shop.example", "A", Status.NOERROR, ("192.0.2.82",)),
    ("bytes.shop.example", "TXT", Status.NOERROR, ("é \\xff \0",)),
    ("x.wild.shop.example", "A", Status.NOERROR, ("192.0.2.80",)),
    ("shop.example", "AAAA", Status.NODATA, ()),
    ("empty.shop.example", "A", Status.NODATA, ()),
    ("none.shop.example", "A", Status.NXDOMAIN, ()),
]


@pytest.mark.parametrize("server", ["knot", "nsd", "dnsmasq", "unbound", "tls", "https"])
async def test_every_kind_of_server_gives_the_same_answers(
    server: str, knot: Knot, nsd: Nsd, dnsmasq: Dnsmasq, unbound: StartUnbound, door: Open
) -> None:
    zones = {"shop.example": SHOP, "other.example": OTHER}
    authority = nsd(zones) if server == "nsd" else knot(zones)
    if server == "dnsmasq":
        # In front of a resolver, as in life: it believes an authority's lone CNAME to be the whole answer.
        resolver = door(dnsmasq(unbound(dict.fromkeys(zones, authority)).address))
    elif server in ("unbound", "tls", "https"):
        running = unbound(dict.fromkeys(zones, authority))
        address = {"unbound": running.address, "tls": running.tls, "https": running.https}[server]
        resolver = door(address, ca_file=running.ca_file)
    else:
        resolver = door(authority)
    seen = await asyncio.gather(*(both(resolver, name, rdtype) for name, rdtype, _, _ in EXPECTED))
    assert seen == [(status, records) for _, _, status, records in EXPECTED]
    many = await resolver.query("many.shop.example", "A")
    assert (many.status, len(set(many.records))) == (Status.NOERROR, 300)
    negative = (await resolver.query("none.shop.example", "TXT")).ttl
    assert negative is not None
    # What a resolver has kept is already running out.
    assert 0 < negative <= 60


async def test_refused_and_servfail_are_failures_and_no_absence(nsd: Nsd, unbound: StartUnbound, door: Open) -> None:
    authority = nsd({"shop.example": SHOP, "broken.example": None})
    assert (await both(door(authority), "x.broken.example", "A"))[0] is Status.SERVFAIL
    assert (await both(door(authority), "else.example", "A"))[0] is Status.REFUSED
    resolver = unbound({"broken.example": authority, "else.example": authority})
    for name in ("x.broken.example", "x.else.example"):
        assert (await both(door(resolver.address), name, "A"))[0] is Status.SERVFAIL


async def test_a_circle_of_cnames_is_an_error(knot: Knot, nsd: Nsd, door: Open) -> None:
    for authority in (knot({"shop.example": SHOP}), nsd({"shop.example": SHOP})):
        assert (await both(door(authority), "loop.shop.example", "A"))[0] in (Status.ERROR, Status.SERVFAIL)


async def test_a_referral_is_not_no_data(knot: Knot, door: Open) -> None:
    authority = knot({"shop.example": "sub NS ns.sub\nns.sub A 192.0.2.1"})
    assert (await both(door(authority), "x.sub.shop.example", "A"))[0] is Status.ERROR


async def test_the_domains_own_server_can_be_asked(knot: Knot, dnsmasq: Dnsmasq, door: Open) -> None:
    old = knot({"shop.example": '@ TXT "old"'})
    repaired = knot({"shop.example": '@ TXT "repaired"\nfar CNAME www.other.example.'})
    usual = knot({"shop.example": '@ TXT "old"', "other.example": OTHER})
    resolver = door(dnsmasq(usual))
    assert (await resolver.query("shop.example", "TXT")).records == ("old",)
    own = await resolver.query("shop.example", "TXT", fresh=True, server=repaired)
    assert (own.records, own.server, own.asked_server) == (("repaired",), repaired, repaired)
    assert (await resolver.query("shop.example", "TXT", server=old)).records == ("old",)
    assert (await resolver.query("far.shop.example", "A", server=repaired)).records == ("192.0.2.82",)


async def test_the_next_server_answers_for_one_that_refuses(knot: Knot, nsd: Nsd, door: Open) -> None:
    stranger = nsd({"else.example": OTHER})
    answer = await door(stranger, knot({"shop.example": SHOP})).query("shop.example", "TXT")
    assert answer.records == ("v=spf1 -all",)


BLOCKLIST = "$SOA 300 ns.bl.example. hostmaster.bl.example. 0 600 300 86400 60\n$TTL 120\n"
LISTED = ":127.0.0.2:Listed $\n127.0.0.2\n192.0.2.10\n"


async def test_blocklist_servers(rbldnsd: Rbldnsd, dnsmasq: Dnsmasq, door: Open) -> None:
    address = rbldnsd(
        {
            "bl.example": [("ip4trie", BLOCKLIST + LISTED)],
            "refuse.example": [("ip4trie", BLOCKLIST + LISTED), ("acl", "127.0.0.0/8 :refuse\n")],
        }
    )
    resolver = door(address)
    listed = await resolver.query("10.2.0.192.bl.example", "A")
    assert (listed.records, listed.ttl) == (("127.0.0.2",), 120)
    assert (await both(resolver, "10.2.0.192.bl.example", "TXT"))[1] == ("Listed 192.0.2.10",)
    clean = await resolver.query("11.2.0.192.bl.example", "A")
    assert (clean.status, clean.ttl) == (Status.NXDOMAIN, 60)
    assert (await both(resolver, "10.2.0.192.refuse.example", "A"))[0] is Status.REFUSED
    filtered = door(dnsmasq(address, "--stop-dns-rebind"))
    assert (await both(filtered, "10.2.0.192.bl.example", "A"))[0] is Status.NODATA


@pytest.mark.parametrize("way", ["address", "tls", "https"])
async def test_the_dig_line_asks_the_same_question(way: str, knot: Knot, unbound: StartUnbound, door: Open) -> None:
    if shutil.which("dig") is None:
        pytest.skip("dig is not installed (apt-get install bind9-dnsutils)")
    running = unbound({"shop.example": knot({"shop.example": SHOP})})
    resolver = door(getattr(running, way), ca_file=running.ca_file)
    for name in ("shop.example", "www.shop.example"):
        answer: Answer = await resolver.query(name, "MX")
        words = [*shlex.split(answer.dig), "+short", "+time=5", "+tries=1"]
        process = await asyncio.create_subprocess_exec(*words, stdout=subprocess.PIPE)
        output, _ = await process.communicate()
        assert answer.records == ("10 mx.shop.example",)
        assert output.decode().lower().split("\n")[-2] == "10 mx.shop.example."


async def test_thousands_of_questions_in_flight_are_all_answered(knot: Knot, door: Open) -> None:
    resolver = door(knot({"shop.example": SHOP}), in_flight=1000)
    answers = await asyncio.gather(*(resolver.query(f"n{i}.wild.shop.example", "A") for i in range(3000)))
    assert {a.records for a in answers} == {("192.0.2.80",)}


TWIN = {
    "@": {"TXT": ["apex"], "MX": ["10 mx.shop.example", "0 ."], "NS": ["ns.shop.example"]},
    "ns": {"A": ["127.0.0.1"]},
    "www": {"CNAME": ["shop.example"]},
    "to-star": {"CNAME": ["x.star.shop.example"]},
    "to-nothing": {"CNAME": ["no.shop.example"]},
    "to-empty": {"CNAME": ["empty.shop.example"]},
    "a.b.empty": {"A": ["192.0.2.1"]},
    "*.star": {"A": ["192.0.2.2"], "TXT": ["star"]},
    "known.star": {"TXT": ["known"]},
    "deep.below.star": {"TXT": ["deep"]},
    "*.alias": {"CNAME": ["www.shop.example"]},
}
ASKED = [
    *TWIN,
    "no",
    "x.www",
    "empty",
    "b.empty",
    "x.empty",
    "star",
    "x.star",
    "y.x.star",
    "below.star",
    "x.below.star",
]
ASKED += ["x.known.star", "alias", "x.alias", "y.x.alias", "X.Star"]


@pytest.mark.parametrize("server", ["knot", "nsd"])
async def test_the_hand_written_world_answers_as_a_real_server_does(
    server: str, knot: Knot, nsd: Nsd, door: Open
) -> None:
    zone = "@ SOA ns.shop.example. hostmaster.shop.example. 1 3600 600 604800 60\n"
    for owner, sets in TWIN.items():
        for rdtype, records in sets.items():
            for record in records:
                data = (
                    f'"{record}"' if rdtype == "TXT" else record if rdtype == "A" else f"{record}.".replace("..", ".")
                )
                zone += f"{owner} {rdtype} {data}\n"
    resolver = door((knot if server == "knot" else nsd)({"shop.example": zone}))
    world = ReplayResolver.from_zones({"zone": {"shop.example": {"ttl": 300, "negative_ttl": 60, **TWIN}}})
    for owner in ASKED:
        name = "shop.example" if owner == "@" else f"{owner}.shop.example"
        for rdtype in ("A", "TXT", "MX", "CNAME", "NS", "SOA"):
            real, said = await resolver.query(name, rdtype), await world.query(name, rdtype)
            assert (real.status, sorted(real.records), real.cname) == (said.status, sorted(said.records), said.cname)
            if rdtype != "SOA":
                assert real.ttl == said.ttl, (name, rdtype)
