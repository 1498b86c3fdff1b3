"""Where mail for a domain is to be delivered: MX, null MX, the domain's own address, and whether the hosts exist.

Not a check: ``mx`` asks it of sending domains, ``recipient_domain`` of receiving ones.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from deliverkit.checks.names import is_ip, reaches
from deliverkit.net.resolver import Answer, Resolver

MAX_HOSTS = 20
"""MX hosts looked at, most preferred first; senders seldom try more than five."""
MAX_RECORDS = 100
"""MX records read, to know the most preferred hosts and the doubles among them."""
MAX_ADDRESSES = 50
"""Addresses kept of one host."""


class Mail(StrEnum):
    """Where mail for the domain goes."""

    HOSTS = "hosts"
    """To the MX hosts."""
    NULL = "null"
    """Nowhere: the null MX says that the domain takes no mail (RFC 7505)."""
    IMPLICIT = "implicit"
    """No MX; to the domain's own address (RFC 5321 section 5.1)."""
    NONE = "none"
    """The name exists, with neither MX nor address."""
    NO_DOMAIN = "no_domain"
    """The name does not exist (NXDOMAIN)."""
    UNKNOWN = "unknown"
    """The question failed."""


@dataclass(frozen=True, slots=True)
class MailHost:
    """One MX record and what its host came to."""

    preference: int
    """Lower is tried first."""
    host: str
    addresses: tuple[str, ...] = ()
    """IPv4 first."""
    cname: tuple[str, ...] = ()
    """Names that the host is an alias of; an MX host must not be one (RFC 2181 section 10.3)."""
    literal: bool = False
    """An IP address stands where a name must."""
    failed: bool = False
    """No address is known because a question failed."""
    answers: tuple[Answer, ...] = ()
    """A and AAAA, as they came."""

    @property
    def reachable(self) -> tuple[str, ...]:
        """The addresses that can be reached over the Internet."""
        return tuple(ip for ip in self.addresses if reaches(ip))

    @property
    def missing(self) -> bool:
        """DNS said that the host has no address at all."""
        return not self.literal and not self.addresses and not self.failed


@dataclass(frozen=True, slots=True)
class MailHosts:
    """Where mail for one domain goes."""

    domain: str
    mail: Mail
    hosts: tuple[MailHost, ...] = ()
    """Most preferred first, each name once; the domain itself where there is no MX but an address."""
    duplicates: tuple[str, ...] = ()
    """Hosts that are named more than once."""
    null_mixed: bool = False
    """A null MX stands beside other hosts, which it must not (RFC 7505 section 3)."""
    total: int = 0
    """MX records published."""
    cut: bool = False
    """More hosts are named than ``MAX_HOSTS``; the rest was not looked at."""
    answer: Answer | None = None
    """The answer to the MX question."""
    address_answers: tuple[Answer, ...] = ()
    """A and AAAA of the domain itself, where its MX question called for them."""

    @property
    def usable(self) -> tuple[MailHost, ...]:
        """The hosts that a sender can reach."""
        return tuple(host for host in self.hosts if host.reachable)

    @property
    def undecided(self) -> tuple[MailHost, ...]:
        """The hosts about which a failed question leaves no word."""
        return tuple(host for host in self.hosts if host.failed)


async def mail_hosts(domain: str, resolver: Resolver) -> MailHosts:
    """Ask for the MX of ``domain`` and for the addresses of at most ``MAX_HOSTS`` hosts.

    Never raises for what DNS says; a failed MX question makes ``mail`` ``unknown``.
    """
    answer = await resolver.query(domain, "MX")
    if answer.failed:
        return MailHosts(domain, Mail.UNKNOWN, answer=answer)
    records = _records(answer)
    if not records:
        return await _without_mx(domain, answer, resolver)
    named = [(preference, host) for preference, host in records if host]
    if not named:
        return MailHosts(domain, Mail.NULL, total=len(records), answer=answer)
    first: dict[str, int] = {}
    for preference, host in named:
        first.setdefault(host, preference)
    wanted = list(first.items())[:MAX_HOSTS]
    hosts = await asyncio.gather(*(_host(preference, host, resolver) for host, preference in wanted))
    names = [host for _, host in named]
    return MailHosts(
        domain,
        Mail.HOSTS,
        hosts=tuple(hosts),
        duplicates=tuple(host for host in first if names.count(host) > 1),
        null_mixed=len(named) < len(records),
        total=len(answer.records),
        cut=len(first) > len(wanted) or len(answer.records) > len(records),
        answer=answer,
    )


def _records(answer: Answer) -> list[tuple[int, str]]:
    """(preference, host) in the order senders try them; an empty host is the null MX."""
    parsed = []
    for record in answer.records[:MAX_RECORDS]:
        preference, _, host = record.strip().partition(" ")
        number = int(preference) if preference.isascii() and preference.isdigit() and len(preference) <= 5 else 0
        parsed.append((number, host.strip().lower().removesuffix(".")))
    return sorted(parsed)


async def _without_mx(domain: str, answer: Answer, resolver: Resolver) -> MailHosts:
    """No MX: mail goes to the domain's own address, if it has one (RFC 5321 section 5.1)."""
    host = await _host(0, domain, resolver)
    if host.addresses:
        mail = Mail.IMPLICIT
    elif host.failed:
        mail = Mail.UNKNOWN
    else:
        statuses = {a.status for a in (answer, *host.answers)}
        mail = Mail.NO_DOMAIN if statuses == {answer.status.NXDOMAIN} else Mail.NONE
    hosts = (host,) if host.addresses else ()
    return MailHosts(domain, mail, hosts=hosts, answer=answer, address_answers=host.answers)


async def _host(preference: int, host: str, resolver: Resolver) -> MailHost:
    if is_ip(host):
        return MailHost(preference, host, literal=True)
    answers = await asyncio.gather(resolver.query(host, "A"), resolver.query(host, "AAAA"))
    addresses = tuple(record for answer in answers for record in answer.records if answer.found)[:MAX_ADDRESSES]
    return MailHost(
        preference,
        host,
        addresses=addresses,
        cname=next((answer.cname for answer in answers if answer.cname), ()),
        failed=not addresses and any(answer.failed for answer in answers),
        answers=tuple(answers),
    )
