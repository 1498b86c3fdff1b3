"""Blocklists as rbldnsd serves them, asked directly and through resolvers that forward, filter and rewrite."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from conftest import Dnsmasq, Nsd, Rbldnsd, StartUnbound

from deliverkit.checks import Target, World, ip_blocklists
from deliverkit.checks.blocklist_answer import Listing, Why
from deliverkit.checks.blocklist_rows import BlocklistPass, BlocklistRow
from deliverkit.knowledge import load
from deliverkit.knowledge.schema_dns import Blocklist, CodeKind, ListCode, Weight
from deliverkit.model import Outcome
from deliverkit.net import open_resolver
from deliverkit.net.resolver import Resolver

IP4 = """
$SOA 300 ns.bl.example. hostmaster.bl.example. 0 600 300 86400 60
$NS 300 ns.bl.example.
$TTL 120
:127.0.0.2:Listed, see https://bl.example/lookup?ip=$
127.0.0.2
192.0.2.10
192.0.2.11 :127.0.0.10:Policy entry of $
198.51.100.0/24 :127.0.0.3:Whole /24, $
!198.51.100.7
"""
IP6 = """
$TTL 120
:127.0.0.2:Listed, see https://bl.example/lookup?ip=$
0:0:0:0:0:ffff:7f00:2
2001:db8:1:2::/64 :127.0.0.3:IPv6 /64 of $
!2001:db8:1:2::7
"""
DOMAINS = """
$SOA 300 ns.dbl.example. hostmaster.dbl.example. 0 600 300 86400 60
$TTL 120
:127.0.1.2:Domain $ is listed
test
.spam.example
exact.example :127.0.1.102:misused $
!good.spam.example
"""


def soa(zone: str) -> str:
    return f"$SOA 300 ns.{zone}. hostmaster.{zone}. 0 600 300 86400 60\n"


ZONES = {
    "bl.example": [("ip4trie", IP4), ("ip6trie", IP6)],
    "dbl.example": [("dnset", DOMAINS)],
    "multi.example": [
        ("ip4set", soa("multi.example") + ":127.0.0.2:SBL $\n127.0.0.2\n192.0.2.20\n"),
        ("ip4set", ":127.0.0.4:XBL $\n127.0.0.2\n192.0.2.20\n"),
    ],
    "world.example": [("ip4trie", soa("world.example") + "0.0.0.0/0 :127.0.0.2:everything\n")],
    "parked.example": [("ip4trie", soa("parked.example") + "0.0.0.0/0 :203.0.113.80:parked\n")],
    "empty.example": [("ip4set", soa("empty.example"))],
    "refcode.example": [
        ("ip4trie", IP4),
        ("acl", "127.0.0.0/8 :127.255.255.254:Error: open resolver; https://example.org/returnc/pub/198.51.100.53\n"),
    ],
    "refuse.example": [("ip4trie", IP4), ("acl", "127.0.0.0/8 :refuse\n")],
    "quiet.example": [("ip4trie", IP4), ("acl", "127.0.0.0/8 :empty\n")],
}
SILENT = {"silent.example": [("ip4trie", IP4), ("acl", "127.0.0.0/8 :ignore\n")]}

CODES = tuple(
    ListCode(a, kind, label, "listed")
    for a, kind, label in (
        ("127.0.0.2", CodeKind.LISTED, "SBL"),
        ("127.0.0.3", CodeKind.LISTED, "CSS"),
        ("127.0.0.4", CodeKind.LISTED, "XBL"),
        ("127.0.0.10", CodeKind.POLICY, "PBL"),
        ("127.0.1.2", CodeKind.LISTED, "spam"),
        ("127.0.1.102", CodeKind.LISTED, "abused"),
    )
)


def blocklist(zone: str, **more: object) -> Blocklist:
    """A list in the shape of the catalogue's."""
    plain = Blocklist(
        id=zone.partition(".")[0],
        name=zone,
        zone=zone,
        operator=zone,
        kinds=("ip4", "ip6"),
        status="active",
        codes=CODES,
        error_net="127.255.255.0/24",
        test_listed=("127.0.0.2",),
        test_clean=("127.0.0.1",),
        test_basis="operator",
        weight=Weight.HIGH,
        asked_by_default=True,
    )
    return dataclasses.replace(plain, **more)  # type: ignore[arg-type]


LISTS = {b.id: b for b in map(blocklist, ZONES) if b.id != "dbl"}
DBL = blocklist("dbl.example", kinds=("domain",), test_listed=("test",), test_clean=("invalid",))
EXPECTED = {
    "bl": Listing.LISTED,
    "multi": Listing.NOT_LISTED,
    "world": Listing.NOT_KNOWN,
    "parked": Listing.HIJACKED,
    "empty": Listing.NOT_KNOWN,
    "refcode": Listing.REFUSED,
    "refuse": Listing.FAILED,
    "quiet": Listing.NOT_KNOWN,
}

Ask = Callable[..., Resolver]


@pytest_asyncio.fixture
async def through() -> AsyncIterator[Ask]:
    """``through("127.0.0.1:port", timeout)``: a resolver that is closed when the test ends."""
    opened = []

    def start(server: str, timeout: float = 5.0) -> Resolver:
        opened.append(open_resolver((server,), timeout))
        return opened[-1]

    yield start
    for resolver in opened:
        await resolver.aclose()


async def asked(resolver: Resolver, subject: str, *lists: Blocklist) -> dict[str, BlocklistRow]:
    one_pass = BlocklistPass(resolver, {b.id: b for b in lists} or LISTS)
    return {row.list: row async for row in one_pass.rows(subject)}


def states(rows: dict[str, BlocklistRow]) -> dict[str, Listing]:
    return {name: row.state for name, row in rows.items()}


async def test_every_kind_of_list_is_told_apart(rbldnsd: Rbldnsd, through: Ask) -> None:
    rows = await asked(through(rbldnsd(ZONES)), "192.0.2.10")
    assert states(rows) == EXPECTED
    assert rows["bl"].reason == "Listed, see https://bl.example/lookup?ip=192.0.2.10"
    assert rows["refcode"].resolver == "198.51.100.53"
    assert (rows["world"].why, rows["empty"].why, rows["quiet"].why) == (
        Why.ANSWERS_EVERYTHING, Why.EMPTY, Why.EMPTY,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ip", "name", "state", "labels"),
    [
        ("192.0.2.11", "bl", Listing.POLICY, ("PBL",)),
        ("198.51.100.9", "bl", Listing.LISTED, ("CSS",)),
        ("198.51.100.7", "bl", Listing.NOT_LISTED, ()),
        ("192.0.2.20", "multi", Listing.LISTED, ("SBL", "XBL")),
        ("2001:db8:1:2::99", "bl", Listing.LISTED, ("CSS",)),
        ("2001:db8:1:2::7", "bl", Listing.NOT_LISTED, ()),
        ("::ffff:192.0.2.10", "bl", Listing.LISTED, ("SBL",)),
    ],
)
async def test_entries_of_addresses(
    rbldnsd: Rbldnsd, through: Ask, ip: str, name: str, state: Listing, labels: tuple[str, ...]
) -> None:
    row = (await asked(through(rbldnsd(ZONES)), ip, LISTS[name]))[name]
    assert (row.state, row.labels) == (state, labels)


async def test_entries_of_domains(rbldnsd: Rbldnsd, through: Ask) -> None:
    resolver = through(rbldnsd(ZONES))
    found = {}
    for name in ("spam.example", "www.spam.example", "good.spam.example", "exact.example", "www.exact.example"):
        row = (await asked(resolver, name, DBL))["dbl"]
        found[name] = (row.state, row.labels)
    assert found == {
        "spam.example": (Listing.LISTED, ("spam",)),
        "www.spam.example": (Listing.LISTED, ("spam",)),
        "good.spam.example": (Listing.NOT_LISTED, ()),
        "exact.example": (Listing.LISTED, ("abused",)),
        "www.exact.example": (Listing.NOT_LISTED, ()),
    }


async def test_a_silent_list_is_a_failure(rbldnsd: Rbldnsd, through: Ask) -> None:
    silent = blocklist("silent.example")
    row = (await asked(through(rbldnsd(SILENT), 0.2), "192.0.2.10", silent))["silent"]
    assert (row.state, row.why) == (Listing.FAILED, Why.SILENT)


async def test_a_server_failure_and_an_empty_answer_are_failures(nsd: Nsd, through: Ask) -> None:
    zones: dict[str, str | None] = {"broken.example": None, "txt.example": '*.127 TXT "no address here"'}
    rows = await asked(through(nsd(zones)), "192.0.2.10", *map(blocklist, zones))
    assert states(rows) == {"broken": Listing.FAILED, "txt": Listing.FAILED}


async def test_a_plain_forwarder_changes_nothing(rbldnsd: Rbldnsd, dnsmasq: Dnsmasq, through: Ask) -> None:
    assert states(await asked(through(dnsmasq(rbldnsd(ZONES))), "192.0.2.10")) == EXPECTED


@pytest.mark.parametrize("ip", ["192.0.2.10", "192.0.2.11", "203.0.113.1"])
async def test_a_rebinding_filter_in_dnsmasq_leaves_nothing_known(
    rbldnsd: Rbldnsd, dnsmasq: Dnsmasq, through: Ask, ip: str
) -> None:
    rows = await asked(through(dnsmasq(rbldnsd(ZONES), "--stop-dns-rebind")), ip)
    assert not [row for row in rows.values() if row.state.known]
    assert rows["bl"].state is Listing.FAILED
    # This option lets addresses from 127.0.0.0/8 pass, which is all that lists answer.
    mended = through(dnsmasq(rbldnsd(ZONES), "--stop-dns-rebind", "--rebind-localhost-ok"))
    assert (await asked(mended, ip, LISTS["bl"]))["bl"].state.known


async def test_a_private_address_filter_in_unbound_leaves_nothing_known(
    rbldnsd: Rbldnsd, unbound: StartUnbound, through: Ask
) -> None:
    stubs = dict.fromkeys(ZONES, rbldnsd(ZONES))
    open_way = await asked(through(unbound(stubs).address), "192.0.2.10")
    assert states(open_way) == EXPECTED
    filtered = await asked(through(unbound(stubs, "private-address: 127.0.0.0/8").address), "192.0.2.10")
    assert not [row for row in filtered.values() if row.state.known]
    assert filtered["bl"].state is Listing.FAILED
    assert filtered["parked"].state is Listing.HIJACKED


async def test_the_check_concludes_from_real_servers(rbldnsd: Rbldnsd, dnsmasq: Dnsmasq, through: Ask) -> None:
    authority = rbldnsd(ZONES)
    own = {name: LISTS[name] for name in ("bl", "multi")}

    async def outcome(server: str, ip: str) -> Outcome:
        target, world = Target(ips=(ip,)), World(through(server), load())
        return (await ip_blocklists.run(target, world, lists=own)).outcome

    assert await outcome(authority, "192.0.2.10") is Outcome.FAIL
    assert await outcome(authority, "192.0.2.11") is Outcome.WARN
    assert await outcome(authority, "203.0.113.1") is Outcome.PASS
    assert await outcome(dnsmasq(authority, "--stop-dns-rebind"), "192.0.2.10") is Outcome.UNKNOWN
