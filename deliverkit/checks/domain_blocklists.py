"""Is the sending domain on a blocklist: the Author Domain and the MAIL FROM domain, asked of the lists of domains."""

from __future__ import annotations

from collections.abc import Mapping

from deliverkit.checks import Notes, Target, World
from deliverkit.checks.blocklist_findings import BlocklistReport, gather_facts, note_subject, outcome_of
from deliverkit.knowledge.schema_dns import Blocklist
from deliverkit.model import CheckResult

NAME = "domain-blocklists"


async def run(target: Target, world: World, *, lists: Mapping[str, Blocklist] | None = None) -> CheckResult:
    """Ask the lists of domains about ``target.domain`` and, where it differs, ``target.mail_from``.

    ``lists`` stand in for those of the knowledge. Facts: ``BlocklistReport``.
    """
    domains = tuple(dict.fromkeys(d for d in (target.domain, target.mail_from) if d))
    notes = Notes(NAME, domains[0] if domains else "", world.knowledge)
    if not domains:
        notes.add("blocklist-domain-none")
        return notes.result(BlocklistReport(()))
    facts = await gather_facts(domains, world, lists)
    for one in facts:
        note_subject(notes, "domain", one)
    return notes.result(BlocklistReport(facts), outcome=outcome_of(facts))
