"""Is the sending IP on a blocklist: all lists that say something about an address, asked so that the answer counts."""

from __future__ import annotations

from collections.abc import Mapping

from deliverkit.checks import Notes, Target, World
from deliverkit.checks.blocklist_findings import BlocklistReport, gather_facts, note_subject, outcome_of
from deliverkit.checks.names import is_ip
from deliverkit.checks.sending_ips import SendingIps, sending_ips
from deliverkit.knowledge.schema_dns import Blocklist
from deliverkit.model import CheckResult, Outcome

NAME = "ip-blocklists"
MAX_IPS = 16
"""IPs asked about in one check when the user named them."""
MAX_OWN_IPS = 8
"""IPs asked about when they were read from SPF."""


async def run(target: Target, world: World, *, lists: Mapping[str, Blocklist] | None = None) -> CheckResult:
    """Ask the blocklists about ``target.ips``, or about the IPs that the domain's own SPF record names.

    ``lists`` stand in for those of the knowledge. Facts: ``BlocklistReport``.
    """
    found = SendingIps()
    ips = tuple(dict.fromkeys(ip for ip in target.ips if is_ip(ip)))
    limit = MAX_IPS
    if not ips and target.domain is not None:
        found = await sending_ips(target.domain, world.resolver, limit=MAX_OWN_IPS)
        ips, limit = found.ips, MAX_OWN_IPS
    notes = Notes(NAME, ips[0] if len(ips) == 1 else target.domain or ", ".join(ips[:limit]), world.knowledge)
    if not ips:
        return _without_ip(notes, found)
    cut = found.cut or len(ips) > limit
    facts = await gather_facts(ips[:limit], world, lists)
    for one in facts:
        note_subject(notes, "ip", one)
    if cut:
        notes.add("blocklist-ip-some-left-out", count=len(ips[:limit]))
    outcome = outcome_of(facts)
    if found.incomplete:
        # An address that could not be read may be the one that is listed.
        notes.add("blocklist-ip-not-found")
        outcome = Outcome.FAIL if outcome is Outcome.FAIL else Outcome.UNKNOWN
    return notes.result(BlocklistReport(facts, cut, found.networks), outcome=outcome)


def _without_ip(notes: Notes, found: SendingIps) -> CheckResult:
    """Nothing to ask about: because there is no IP, or because it could not be read."""
    notes.add("blocklist-ip-not-found" if found.incomplete else "blocklist-ip-none")
    outcome = Outcome.UNKNOWN if found.incomplete else Outcome.NOT_APPLICABLE
    return notes.result(BlocklistReport((), found.cut, found.networks), outcome=outcome)
