"""A domain's own name servers: who they are, and a resolver that asks them instead of a cache.

Resolvers remember. Whether a record that was just changed is right shows only at the servers that hold the zone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from deliverkit.net.public import is_public
from deliverkit.net.resolver import Answer, Dnssec, Resolver, Status

MAX_SERVERS = 8
"""Name servers of one zone that are looked at; the largest operators have six or eight."""
MAX_ADDRESSES = 2
"""Addresses of one name server that are asked."""
MAX_DEPTH = 12
"""Labels gone up from a name to find its zone."""


@dataclass(frozen=True, slots=True)
class NameServer:
    """One name server of a zone."""

    name: str
    addresses: tuple[str, ...] = ()
    """Where it is asked: IPv4 where it has any, for many networks know no IPv6."""
    hidden: tuple[str, ...] = ()
    """Addresses that only some networks reach, and that are not asked."""
    six: tuple[str, ...] = ()
    """Its IPv6 addresses."""
    failed: bool = False
    """Its addresses could not be asked for."""
    cname: tuple[str, ...] = ()
    """Names that it is an alias of, which a name server must not be (RFC 2181 section 10.3)."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Who answers for a domain."""

    domain: str
    zone: str
    """The zone that holds the domain; empty where it could not be found out."""
    soa: Answer
    """The SOA of the zone, or the answer at which the search ended."""
    answer: Answer | None = None
    """The NS of the zone, as the resolver has them."""
    servers: tuple[NameServer, ...] = ()
    total: int = 0
    """Name servers published; more than ``servers`` when cut at ``MAX_SERVERS``."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """One address of each server first, then the second ones."""
        ranked = [(i, ip) for server in self.servers for i, ip in enumerate(server.addresses)]
        return tuple(dict.fromkeys(ip for _, ip in sorted(ranked, key=lambda pair: pair[0])))


async def zone_of(domain: str, resolver: Resolver, *, dnssec: Dnssec = Dnssec.PLAIN) -> Answer:
    """The SOA answer of the zone that holds ``domain``, or the answer at which the search ended: a failure, or
    NXDOMAIN of the domain itself."""
    name = domain
    answer = await resolver.query(name, "SOA", dnssec=dnssec)
    for _ in range(MAX_DEPTH):
        if (answer.found and not answer.cname) or answer.failed or "." not in name:
            return answer
        if answer.status is Status.NXDOMAIN and name == domain:
            return answer
        name = name.partition(".")[2]
        answer = await resolver.query(name, "SOA", dnssec=dnssec)
    return answer


async def authority(domain: str, resolver: Resolver, *, allow_private: bool = False) -> Authority:
    """Find the name servers of ``domain``. Never raises for what DNS says; what could not be asked leaves gaps."""
    soa = await zone_of(domain, resolver)
    if not soa.found:
        return Authority(domain, "", soa)
    answer = await resolver.query(soa.name, "NS")
    names = list(dict.fromkeys(answer.records)) if answer.found else []
    servers = await asyncio.gather(*(_server(name, resolver, allow_private) for name in names[:MAX_SERVERS]))
    return Authority(domain, soa.name, soa, answer, tuple(servers), len(names))


async def _server(name: str, resolver: Resolver, allow_private: bool) -> NameServer:
    four, six = await asyncio.gather(resolver.query(name, "A"), resolver.query(name, "AAAA"))
    found = [*(four.records if four.found else ()), *(six.records if six.found else ())]
    open_ones = [ip for ip in found if allow_private or is_public(ip)]
    fours = [ip for ip in open_ones if ":" not in ip]
    return NameServer(
        name,
        addresses=tuple((fours or open_ones)[:MAX_ADDRESSES]),
        hidden=tuple(ip for ip in found if ip not in open_ones),
        six=tuple(ip for ip in open_ones if ":" in ip),
        failed=not found and (four.failed or six.failed),
        cname=four.cname or six.cname,
    )


class AuthoritativeResolver:
    """A Resolver that asks a zone's own name servers for the names of that zone, and another one for all else.

    The servers are asked in turn until one settles the question. A name below that they hand on to other servers
    (a delegation) is asked of ``inner``. Where none of them can be reached the answer is a failure: what a cache
    remembers is not what was asked for.
    """

    def __init__(self, inner: Resolver, zone: str, servers: Iterable[str]) -> None:
        self._inner = inner
        self._zone = zone
        self._servers = tuple(servers)

    async def query(
        self,
        name: str,
        rdtype: str,
        *,
        fresh: bool = False,
        server: str | None = None,
        dnssec: Dnssec = Dnssec.PLAIN,
    ) -> Answer:
        """Ask; see ``Resolver.query``. DS stands in the zone above, so it is asked of ``inner``."""
        inside = name == self._zone or name.endswith(f".{self._zone}")
        signed = dnssec is not Dnssec.PLAIN or rdtype.upper() == "DS"
        if server or not inside or signed:
            return await self._inner.query(name, rdtype, fresh=fresh, server=server, dnssec=dnssec)
        answer = Answer(name, rdtype, Status.ERROR, detail="its own name servers have no address to be asked at")
        for address in self._servers:
            answer = await self._inner.query(name, rdtype, fresh=fresh, server=address)
            if not answer.failed and not answer.referral:
                return answer
            if answer.referral and name != self._zone:
                return await self._inner.query(name, rdtype, fresh=True)
        return answer


async def authoritative_resolver(
    resolver: Resolver, domain: str, *, inner: Resolver | None = None, allow_private: bool = False
) -> AuthoritativeResolver | None:
    """A resolver that asks the own name servers of ``domain``, and ``inner`` (``resolver`` itself, when not given) for
    all else; None where the domain has no zone, or it could not be found out."""
    found = await authority(domain, resolver, allow_private=allow_private)
    servers = [f"[{ip}]" if ":" in ip else ip for ip in found.addresses]
    return AuthoritativeResolver(inner or resolver, found.zone, servers) if found.zone else None
