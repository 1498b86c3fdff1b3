"""Two authoritative servers that differ, asked one by one, and the domain's own servers instead of a cache.

Name servers are asked on port 53, so these tests need the right to listen there.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest
from asking import command, finding_ids
from real_servers import Servers, StartUnbound, free_port, program, zone_file

ONE, TWO = "127.0.53.1", "127.0.53.2"


def _may_listen() -> bool:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((ONE, 53))
    except OSError:
        return False
    return True


pytestmark = pytest.mark.skipif(not _may_listen(), reason="port 53 of 127.0.53.1 cannot be listened to here")

ZONE = """@ SOA ns1 hostmaster {serial} 600 300 86400 60
@ NS ns1
@ NS ns2
ns1 A 127.0.53.1
ns2 A 127.0.53.2
@ MX 10 mx
mx A 127.0.0.25
@ TXT "{spf}"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:d@shop.example"
{more}"""
NEW, OLD = "v=spf1 ip4:192.0.2.10 -all", "v=spf1 ip4:192.0.2.99 -all"


def records(spf: str = NEW, serial: int = 2, more: str = "") -> str:
    return ZONE.format(spf=spf, serial=serial, more=more)


Pair = Callable[[str, str | None], str]


@pytest.fixture
def pair(servers: Servers, unbound: StartUnbound) -> Pair:
    """``pair(first, second)``: a resolver that has asked the first, and both servers; None is one that is down."""

    def start(first: str, second: str | None) -> str:
        ports = {}
        for address, text in ((ONE, first), (TWO, second)):
            folder, port = servers.folder(), free_port()
            zone = "" if text is None else "  - domain: shop.example\n    file: shop.zone\n"
            if text is not None:
                (folder / "shop.zone").write_text(zone_file("shop.example", text))
            conf = f"""
server:
    listen: [ 127.0.0.1@{port}, {address}@53 ]
    rundir: {folder}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {folder}
template:
  - id: default
    storage: {folder}
    zonefile-sync: -1
    journal-content: none
zone:
{zone}"""
            (folder / "knot.conf").write_text(conf)
            ports[address] = servers.start([program("knotd"), "-c", folder / "knot.conf"], folder, port)
        return unbound({"shop.example": ports[ONE]}).address

    return start


def asked(resolver: str, *more: str) -> tuple[int, set[str]]:
    ran = command(
        "audit", "shop.example", "-n", resolver, "--checks", "nameservers", "--allow-private", "-f", "json", *more
    )
    return ran.code, finding_ids(ran.json["audits"][0]["checks"])


def test_servers_that_agree(pair: Pair) -> None:
    code, found = asked(pair(records(), records()))
    assert (code, found) == (0, {"nameservers-one-network", "nameservers-agree"})


def test_a_change_that_reached_one_server_only(pair: Pair) -> None:
    code, found = asked(pair(records(), records(OLD, 1)))
    assert (code, found) == (1, {"nameservers-one-network", "nameservers-spf-differs", "nameservers-behind"})


def test_a_key_that_one_server_lacks(pair: Pair) -> None:
    key = 's1._domainkey TXT "v=DKIM1; p=MIGf"'
    code, found = asked(pair(records(more=key), records()), "-s", "s1")
    assert (code, found) == (1, {"nameservers-one-network", "nameservers-dkim-differs"})


def test_a_server_that_does_not_serve_the_zone(pair: Pair) -> None:
    code, found = asked(pair(records(), None))
    assert code == 0
    assert found == {"nameservers-one-network", "nameservers-lame"}


def test_private_servers_are_not_asked_unless_told(pair: Pair) -> None:
    resolver = pair(records(), records(OLD, 1))
    ran = command("audit", "shop.example", "-n", resolver, "--checks", "nameservers", "-f", "json")
    assert finding_ids(ran.json["audits"][0]["checks"]) == {"nameservers-private"}


def test_a_recording_says_the_same(pair: Pair, tmp_path: object) -> None:
    file = f"{tmp_path}/run.json"
    first = asked(pair(records(), records(OLD, 1)), "--record", file)
    again = command("audit", "shop.example", "--replay", file, "--checks", "nameservers", "-f", "json")
    assert (again.code, finding_ids(again.json["audits"][0]["checks"])) == first


def test_the_own_servers_know_what_the_cache_does_not(pair: Pair, servers: Servers, unbound: StartUnbound) -> None:
    resolver = pair(records(), records())
    stale = unbound(
        {"shop.example": resolver},
        'local-zone: "shop.example." transparent',
        f"local-data: 'shop.example. TXT \"{OLD}\"'",
        'local-data: "shop.example. SOA ns1.shop.example. h.shop.example. 1 2 3 4 5"',
        'local-data: "shop.example. NS ns1.shop.example."',
        'local-data: "ns1.shop.example. A 127.0.53.1"',
    ).address
    common = ("audit", "shop.example", "-n", stale, "--checks", "spf", "--allow-private", "-f", "json")
    seen = [
        command(*common, *more).json["audits"][0]["checks"][0]["facts"]["record"] for more in ((), ("--authoritative",))
    ]
    assert seen == [OLD, NEW]
