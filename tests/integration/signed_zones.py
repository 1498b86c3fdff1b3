"""A small tree of signed zones: ``example`` above ``shop.example``, both signed by Knot, and unbound that validates."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import dns.dnssec
import dns.message
import dns.name
import dns.query
import dns.rdatatype
from real_servers import Servers, StartUnbound, Unbound, free_port, program, zone_file


@dataclass(frozen=True)
class Tree:
    """What was started."""

    resolver: Unbound
    shop: str
    """Address of the server of ``shop.example``."""


def signing_knot(servers: Servers, zones: dict[str, str]) -> str:
    """Knot that signs these zones by itself, with keys that it makes."""
    folder, port = servers.folder(), free_port()
    conf = f"""
server:
    listen: 127.0.0.1@{port}
    rundir: {folder}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {folder}
log:
  - target: stderr
    any: warning
policy:
  - id: p
    algorithm: ecdsap256sha256
    single-type-signing: on
template:
  - id: default
    storage: {folder}
    zonefile-sync: -1
    journal-content: none
    zonefile-load: whole
    dnssec-signing: on
    dnssec-policy: p
zone:
"""
    for number, (origin, records) in enumerate(zones.items()):
        (folder / f"{number}.zone").write_text(zone_file(origin, records))
        conf += f'  - domain: "{origin}"\n    file: {number}.zone\n'
    (folder / "knot.conf").write_text(conf)
    return servers.start([program("knotd"), "-c", folder / "knot.conf"], folder, port)


def delegation(server: str, origin: str) -> str:
    """The DS of a zone as a zone file writes it, from the key that its server shows once it has signed."""
    host, _, port = server.partition(":")
    name = dns.name.from_text(origin)
    for _ in range(200):
        answer = dns.query.udp(dns.message.make_query(name, "DNSKEY"), host, port=int(port), timeout=5)
        keys = [r for rrset in answer.answer if rrset.rdtype == dns.rdatatype.DNSKEY for r in rrset]
        if keys:
            return f"DS {dns.dnssec.make_ds(name, keys[0], 'SHA256')}"
        time.sleep(0.05)
    raise AssertionError(f"{origin} was not signed")


def plant(
    servers: Servers,
    unbound: StartUnbound,
    shop: str,
    *,
    ds: Callable[[str], str] = lambda found: found,
    validates: bool = True,
) -> Tree:
    """``shop.example`` with these records, ``example`` above it with the DS that ``ds`` makes of the right one."""
    authority = signing_knot(servers, {"shop.example": shop})
    above = ds(delegation(authority, "shop.example"))
    records = "shop NS ns.shop\nns.shop A 127.0.0.1\n" + (f"shop {above}\n" if above else "")
    parent = signing_knot(servers, {"example": records})
    anchor = delegation(parent, "example")
    lines = ["qname-minimisation: no", "harden-referral-path: no"]
    if validates:
        lines += ['module-config: "validator iterator"', f'trust-anchor: "example. {anchor}"']
    return Tree(unbound({"example": parent, "shop.example": authority}, *lines), authority)
