"""Small worlds for the tests of single checks: zones in, ids out."""

from __future__ import annotations

from collections.abc import Mapping

from deliverkit.checks import Target, World, check
from deliverkit.knowledge import load
from deliverkit.model import CheckResult
from deliverkit.net.replay import ReplayResolver
from deliverkit.net.resolver import Answer, Dnssec, Status

Zones = Mapping[str, Mapping[str, object]]


async def look(name: str, target: Target, zones: Zones) -> CheckResult:
    """Run a check in a world of these zones; names outside them do not exist."""
    resolver = ReplayResolver.from_zones({"zone": zones, "root": {"default": "nxdomain"}})
    return await check(name)(target, World(resolver, load()))


def ids(result: CheckResult) -> list[str]:
    """The findings, in order."""
    return [finding.id for finding in result.findings]


class Says:
    """A resolver that gives these records for the questions named, whatever they hold, and NODATA for the rest."""

    def __init__(
        self, records: Mapping[tuple[str, str], list[str]], rest: Mapping[str, list[str]] | None = None
    ) -> None:
        self.records = records
        self.rest = rest or {}
        self.asked: list[tuple[str, str]] = []

    async def query(
        self,
        name: str,
        rdtype: str,
        *,
        fresh: bool = False,
        server: str | None = None,
        dnssec: Dnssec = Dnssec.PLAIN,
    ) -> Answer:
        self.asked.append((name, rdtype))
        found = tuple(self.records.get((name, rdtype), self.rest.get(rdtype, ())))
        return Answer(name, rdtype, Status.NOERROR if found else Status.NODATA, found)
