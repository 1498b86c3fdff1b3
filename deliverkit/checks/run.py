"""Running several checks at once and handing out each result as it arrives."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import AsyncIterator, Iterable

from deliverkit.checks import MODULES, OF_A_MESSAGE, Target, World, check
from deliverkit.model import CheckResult


async def run_checks(names: Iterable[str], target: Target, world: World) -> AsyncIterator[CheckResult]:
    """Run the named checks together; yields each ``CheckResult`` when it is there, fastest first.

    Closing the iterator early cancels what is still asking. An exception in a check is a bug and
    is raised; what DNS says or fails to say never is one.
    """
    # 17 ms that those who only explain a reply need not pay.
    import asyncio

    if world.authoritative:
        world = await at_owners(world, target.domain, target.mail_from, target.signing_domain)
    tasks = [asyncio.create_task(_timed(name, target, world)) for name in names]
    try:
        for finished in asyncio.as_completed(tasks):
            yield await finished
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def at_owners(world: World, *domains: str | None) -> World:
    """``world``, with the names of these domains asked of their own name servers instead of the resolver's cache.

    So a record that was just changed is seen as it is now. What the domains refer to elsewhere, such as the includes of
    SPF, is asked of the resolver as ever. A domain whose servers cannot be reached is unknown, not as the cache has it.
    """
    from deliverkit.net.authoritative import authoritative_resolver

    resolver = world.resolver
    for domain in dict.fromkeys(d for d in domains if d):
        found = await authoritative_resolver(world.resolver, domain, inner=resolver, allow_private=world.allow_private)
        resolver = found or resolver
    return dataclasses.replace(world, resolver=resolver)


async def _timed(name: str, target: Target, world: World) -> CheckResult:
    start = time.perf_counter()
    result = await check(name)(target, world)
    return dataclasses.replace(result, elapsed=time.perf_counter() - start)


def in_order(results: Iterable[CheckResult]) -> tuple[CheckResult, ...]:
    """Results in the order in which checks are shown, so that two runs can be compared."""
    order = {name: i for i, name in enumerate(MODULES)}
    return tuple(sorted(results, key=lambda r: (order[r.check], r.subject)))


NEEDS = {
    "spf": ("domain", "mail_from"),
    "dkim": ("domain", "signing_domain"),
    "dmarc": ("domain",),
    "mx": ("domain",),
    "ptr": ("ips", "domain"),
    "ip-blocklists": ("ips", "domain"),
    "domain-blocklists": ("domain",),
    "mta-sts": ("domain",),
    "tls-rpt": ("domain",),
    "bimi": ("domain",),
    **dict.fromkeys(("dnssec", "dane", "nameservers", "starttls", "platforms"), ("domain",)),
    "recipient-domain": ("recipient_domain",),
    **dict.fromkeys(OF_A_MESSAGE, ("message",)),
}
"""Of these, one has to be known for the check to have something to ask."""
OF_A_DOMAIN = tuple(name for name in MODULES if "domain" in NEEDS[name])
"""The checks that a sending domain is enough for."""


def can_run(name: str, target: Target) -> bool:
    """Whether ``target`` says enough for this check."""
    return any(getattr(target, value) for value in NEEDS[name])
