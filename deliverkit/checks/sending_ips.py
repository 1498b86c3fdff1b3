"""Which IPs send for a domain, as far as its own SPF record tells: for checks that were given none.

Own means the record of the domain and of names below it that it includes or redirects to; the
networks of a platform that a thousand others share say nothing about this sender.
"""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import dataclass, field

from deliverkit.checks.spf_macro import IpAddress, askable, known_name
from deliverkit.checks.spf_record import IpNetwork, Mechanism, Qualifier, SpfRecord, read, select
from deliverkit.net.resolver import Answer, Resolver

LIMIT = 16
"""IPs handed out unless the caller says otherwise."""
_MAX_RECORDS = 12
"""The domain's own record and those below it."""
_MAX_MX_TERMS = 5
"""Terms ``mx`` that are asked; the rest is said to be cut."""
_MAX_MX = 10
"""RFC 7208 section 4.6.4."""
_MAX_NAMES = 16
"""Hosts of ``a`` and ``mx`` that are asked."""
_SMALL = 4
"""Addresses in a network that is written out: /30 and longer, or /126."""
_NEVER_SENDS = tuple(
    ipaddress.ip_network(n)
    for n in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.168.0.0/16", "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10", "ff00::/8",
    )
)  # fmt: skip
"""Networks that no receiver ever sees as a client: asking a blocklist about them is noise."""


@dataclass(frozen=True, slots=True)
class IpSource:
    """Where an IP was read."""

    ip: str
    term: str
    """The SPF term as written: ``mx``, ``ip4:192.0.2.10``."""
    domain: str
    """The domain whose record holds the term."""


@dataclass(frozen=True, slots=True)
class SendingIps:
    """The IPs that a domain's own SPF record lets send."""

    ips: tuple[str, ...] = ()
    """In the order of the record: addresses written out first, then those of ``a`` and ``mx``."""
    networks: tuple[str, ...] = ()
    """Networks too large to write out."""
    cut: bool = False
    """There are more than were asked for or than the bounds allow."""
    incomplete: bool = False
    """A question failed (timeout, SERVFAIL, refused): an empty list then proves nothing."""
    sources: tuple[IpSource, ...] = ()
    """One for each of ``ips``, in the same order."""


@dataclass(slots=True)
class _Search:
    """What has been gathered so far."""

    resolver: Resolver
    root: str
    ips: dict[IpAddress, IpSource] = field(default_factory=dict)
    networks: dict[IpNetwork, None] = field(default_factory=dict)
    hosts: list[tuple[str, str, str]] = field(default_factory=list)
    """Name, term, domain."""
    mail: list[tuple[str, str, str]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    cut: bool = False
    incomplete: bool = False

    def own(self, name: str) -> bool:
        return name == self.root or name.endswith("." + self.root)

    def add(self, ip: IpAddress, term: str, domain: str) -> None:
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        if not any(ip in net for net in _NEVER_SENDS):
            self.ips.setdefault(ip, IpSource(str(ip), term, domain))

    def add_network(self, network: IpNetwork, term: str, domain: str) -> None:
        if network.num_addresses <= _SMALL:
            for ip in network:
                self.add(ip, term, domain)
        else:
            self.networks[network] = None

    def note(self, answer: Answer) -> tuple[str, ...]:
        self.incomplete |= answer.failed
        return answer.records if answer.found else ()


async def sending_ips(domain: str, resolver: Resolver, *, limit: int = LIMIT) -> SendingIps:
    """Read the IPs that ``domain`` itself lets send: ip4, ip6, a and mx that pass (RFC 7208 section 5).

    Asks at most some 60 questions, those of one kind at the same time. Never raises for what DNS says;
    see ``cut`` and ``incomplete``.
    """
    search = _Search(resolver, domain)
    wave = [domain]
    while wave:
        if len(search.seen) + len(wave) > _MAX_RECORDS:
            search.cut = True
            wave = wave[: _MAX_RECORDS - len(search.seen)]
        search.seen.update(wave)
        answers = await asyncio.gather(*(resolver.query(name, "TXT") for name in wave))
        wave = [n for name, answer in zip(wave, answers, strict=True) for n in _read(search, name, answer)]
        wave = [name for name in dict.fromkeys(wave) if name not in search.seen]
    await _ask_mail(search)
    await _ask_hosts(search)
    found = list(search.ips.values())
    cut = search.cut or len(found) > limit
    return SendingIps(
        ips=tuple(source.ip for source in found[:limit]),
        networks=tuple(str(network) for network in search.networks),
        cut=cut,
        incomplete=search.incomplete,
        sources=tuple(found[:limit]),
    )


def _read(search: _Search, name: str, answer: Answer) -> list[str]:
    """Gather the terms of one record; gives the names whose records come next."""
    records = select(search.note(answer))
    if len(records) != 1:
        # None to read, or two of which no receiver picks one.
        return []
    record, _ = read(records[0])
    following: list[str] = []
    for mechanism in record.evaluated:
        if mechanism.qualifier is Qualifier.PASS:
            _gather(search, name, mechanism, following)
    target = _redirect(record, name, search.root)
    return [*following, target] if target and search.own(target) else following


def _gather(search: _Search, name: str, mechanism: Mechanism, following: list[str]) -> None:
    if mechanism.network is not None:
        search.add_network(mechanism.network, mechanism.text, name)
        return
    target = known_name(mechanism.domain, name, search.root)
    if target is None:
        return
    if mechanism.name == "include" and search.own(target):
        following.append(target)
    elif mechanism.name == "a":
        search.hosts.append((target, mechanism.text, name))
    elif mechanism.name == "mx":
        search.mail.append((target, mechanism.text, name))


def _redirect(record: SpfRecord, name: str, root: str) -> str | None:
    return known_name(record.redirect.value, name, root) if record.redirect and not record.all else None


async def _ask_mail(search: _Search) -> None:
    """Turn ``mx`` into host names."""
    search.cut |= len(search.mail) > _MAX_MX_TERMS
    mail = search.mail[:_MAX_MX_TERMS]
    answers = await asyncio.gather(*(search.resolver.query(name, "MX") for name, _, _ in mail))
    for (_, term, domain), answer in zip(mail, answers, strict=True):
        for record in search.note(answer)[:_MAX_MX]:
            host = record.partition(" ")[2]
            if host != "." and askable(host):
                search.hosts.append((host, term, domain))


async def _ask_hosts(search: _Search) -> None:
    """Turn host names into addresses."""
    search.cut |= len(search.hosts) > _MAX_NAMES
    hosts = search.hosts[:_MAX_NAMES]
    questions = [(name, rdtype) for name, _, _ in hosts for rdtype in ("A", "AAAA")]
    answers = await asyncio.gather(*(search.resolver.query(*question) for question in questions))
    for index, answer in enumerate(answers):
        _, term, domain = hosts[index // 2]
        for record in search.note(answer):
            try:
                search.add(ipaddress.ip_address(record), term, domain)
            except ValueError:
                search.incomplete = True
