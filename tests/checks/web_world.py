"""Small worlds with documents: zones and pages in, ids out."""

from __future__ import annotations

from collections.abc import Mapping

from dns_world import Zones

from deliverkit.checks import Target, World, check
from deliverkit.knowledge import load
from deliverkit.model import CheckResult
from deliverkit.net.documents import ReplayFetcher
from deliverkit.net.http import Off
from deliverkit.net.replay import ReplayResolver

Pages = Mapping[str, Mapping[str, object]]


async def browse(
    name: str, target: Target, zones: Zones, pages: Pages | None = None, *, http: bool = True, now: float | None = None
) -> CheckResult:
    """Run a check in a world of these zones and pages; names outside do not exist."""
    world = {"zone": zones, "root": {"default": "nxdomain"}, "http": pages or {}}
    resolver = ReplayResolver.from_zones(world)
    fetcher = ReplayFetcher(resolver.documents, resolver) if http else Off()
    more = {} if now is None else {"now": now}
    return await check(name)(target, World(resolver, load(), http=fetcher, **more))


def shop(**names: object) -> dict[str, dict[str, object]]:
    """The zone shop.example; ``_mta_sts`` and the like stand for names that Python cannot write."""
    at = names.pop("at", {"MX": ["10 mx.shop.example"]})
    return {"shop.example": {"@": at, "mx": {"A": ["192.0.2.1"]}, **names}}
