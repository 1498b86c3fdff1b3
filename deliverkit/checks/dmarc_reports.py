"""Can reports reach the addresses in ``rua`` and ``ruf``? (RFC 9990 section 4)

A destination in another organization has to agree, by a record of its own; and it has to take mail at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from deliverkit.checks._checkdmarc import ReportUri
from deliverkit.checks.dmarc_record import is_dmarc
from deliverkit.checks.dmarc_walk import walk
from deliverkit.net.resolver import Answer, Resolver, Status

MAX_DESTINATIONS = 5
"""Domains of report addresses that are looked up."""


@dataclass(frozen=True, slots=True)
class Destination:
    """One domain that reports go to."""

    domain: str
    tags: tuple[str, ...]
    """``rua``, ``ruf`` or both."""
    external: bool | None
    """In another organization than the policy's domain; None when that could not be asked."""
    authorised: bool | None
    """It agrees to receive them; None when that could not be asked."""
    takes_mail: bool | None
    """It has MX or address records; None when that could not be asked."""
    authorisation: Answer | None = None
    """The answer at ``<policy domain>._report._dmarc.<domain>``, where it was needed."""
    mail: Answer | None = None
    """The answer to the MX question."""


async def check_destinations(
    policy_domain: str, organizational_domain: str | None, reports: Iterable[ReportUri], resolver: Resolver
) -> tuple[Destination, ...]:
    """Look at each domain once, all at the same time; at most ``MAX_DESTINATIONS``."""
    tags: dict[str, dict[str, None]] = {}
    for uri in reports:
        if uri.domain is not None:
            tags.setdefault(uri.domain, {})[uri.tag] = None
    asked = list(tags.items())[:MAX_DESTINATIONS]
    return tuple(
        await asyncio.gather(
            *(_check(policy_domain, organizational_domain, name, tuple(of), resolver) for name, of in asked)
        )
    )


async def _check(
    policy_domain: str, organizational_domain: str | None, domain: str, tags: tuple[str, ...], resolver: Resolver
) -> Destination:
    if domain == policy_domain:
        takes_mail, mail = await _takes_mail(domain, resolver)
        return Destination(domain, tags, False, True, takes_mail, mail=mail)
    (takes_mail, mail), theirs, answer = await asyncio.gather(
        _takes_mail(domain, resolver),
        walk(domain, resolver),
        resolver.query(f"{policy_domain}._report._dmarc.{domain}", "TXT"),
    )
    open_question = organizational_domain is None or theirs.organizational_domain is None
    external = None if open_question else theirs.organizational_domain != organizational_domain
    authorised: bool | None
    if external is False or (answer.found and any(is_dmarc(text) for text in answer.records)):
        authorised = True
    else:
        authorised = None if open_question or answer.failed else False
    return Destination(domain, tags, external, authorised, takes_mail, answer, mail)


async def _takes_mail(domain: str, resolver: Resolver) -> tuple[bool | None, Answer]:
    """MX, or address records where there is no MX (RFC 5321 section 5.1); a null MX takes none (RFC 7505)."""
    mx = await resolver.query(domain, "MX")
    if mx.status is not Status.NODATA:
        return (None if mx.failed else mx.found and mx.records != ("0 .",)), mx
    addresses = await asyncio.gather(resolver.query(domain, "A"), resolver.query(domain, "AAAA"))
    if any(answer.found for answer in addresses):
        return True, mx
    return (None if any(answer.failed for answer in addresses) else False), mx
