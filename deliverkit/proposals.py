"""Records to publish, worked out from what is published now. Pure, and never a second SPF or DMARC record.

A fix that is not in ``_PROPOSALS``, or of which too little is known, gets no proposal: a step without a record
is better than a record that was guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from deliverkit.checks import dmarc_proposal, spf_proposal
from deliverkit.checks.dkim import DkimFacts
from deliverkit.checks.dkim_key import mended, without_testing
from deliverkit.checks.dmarc import DmarcFacts
from deliverkit.checks.spf import SpfFacts
from deliverkit.knowledge import load
from deliverkit.model import CheckResult, Record, Scalar

Values = Mapping[str, Scalar]
Results = Sequence[CheckResult]
F = TypeVar("F")


def propose(fix: str, values: Values, results: Results) -> Record | None:
    """The record that ``fix`` would have published, beside what stands there now; None where it cannot be told."""
    maker = _PROPOSALS.get(fix)
    record = maker(values, results) if maker else None
    return record if record and record.value and record.value not in record.now else None


def _spf(change: Callable[[SpfFacts, Values], str | None]) -> Callable[[Values, Results], Record | None]:
    """A proposal that starts from the SPF facts of a run that could ask."""

    def make(values: Values, results: Results) -> Record | None:
        facts = _facts(results, SpfFacts)
        if facts is None or not facts.asked:
            return None
        value = change(facts, values)
        return Record(facts.domain, "TXT", value, facts.records or facts.look_alikes) if value else None

    return make


def _dmarc(change: Callable[[DmarcFacts], str | None]) -> Callable[[Values, Results], Record | None]:
    """A proposal that starts from the DMARC facts; an inherited record is changed where it stands."""

    def make(values: Values, results: Results) -> Record | None:
        facts = _facts(results, DmarcFacts)
        if facts is None:
            return None
        value = change(facts)
        own = facts.record_domain in (None, facts.domain)
        now = facts.published if own else (facts.record or "",)
        return Record(f"_dmarc.{facts.record_domain or facts.domain}", "TXT", value, now) if value else None

    return make


def _repaired_dmarc(values: Values, results: Results) -> Record | None:
    """One mended record in the place of what stands at the domain that the finding names."""
    facts = _facts(results, DmarcFacts)
    if facts is None:
        return None
    where = str(values.get("domain"))
    where = where if where in facts.texts else facts.domain
    now = facts.texts.get(where, ())
    value = dmarc_proposal.repaired(now)
    return Record(f"_dmarc.{where}", "TXT", value, now) if value else None


def _key(change: Callable[[str], str | None]) -> Callable[[Values, Results], Record | None]:
    """A change of the key record that stands in the domain itself, not behind a platform's alias."""

    def make(values: Values, results: Results) -> Record | None:
        facts = _facts(results, DkimFacts)
        ours = [k for k in facts.keys if k.selector == values.get("selector") and not k.cname] if facts else []
        value = change(ours[0].text) if len(ours) == 1 else None
        return Record(ours[0].name, "TXT", value, (ours[0].text,)) if value else None

    return make


def _facts(results: Results, kind: type[F]) -> F | None:
    return next((r.facts for r in results if isinstance(r.facts, kind)), None)


def _publish_spf(values: Values, results: Results) -> Record | None:
    """A first SPF record: the platforms that DNS gives away, and the IP that is known to send.

    Where neither is known nothing is proposed: a record without senders would refuse the domain's own mail.
    """
    facts = _facts(results, SpfFacts)
    if facts is None or not facts.asked or facts.records:
        return None
    platforms = load().platforms
    seen = [p for r in results for p in getattr(r.facts, "platforms", ()) if p in platforms]
    includes = [platforms[p].spf_include[0] for p in dict.fromkeys(seen) if platforms[p].spf_include]
    plain = [include for include in includes if "*" not in include]
    ips = [str(values["ip"])] if values.get("ip") else []
    if not plain and not ips:
        return None
    return Record(facts.domain, "TXT", spf_proposal.minimal(plain, ips), facts.look_alikes)


def _with_ip(facts: SpfFacts, values: Values) -> str | None:
    if not values.get("ip"):
        return None
    if facts.record:
        return spf_proposal.add_ip(facts.record, str(values["ip"]))
    return spf_proposal.add_ip(spf_proposal.merge(facts.records), str(values["ip"])) if facts.records else None


def _repaired(facts: SpfFacts, values: Values) -> str | None:
    return next((m for m in map(spf_proposal.repair, (*facts.records, *facts.look_alikes)) if m), None)


def _without_term(facts: SpfFacts, values: Values) -> str | None:
    term = values.get("term")
    return spf_proposal.without(facts.record, str(term)) if facts.record and term else None


def _without_dead(facts: SpfFacts, values: Values) -> str | None:
    return spf_proposal.without_dead(facts.record, facts.dead_terms) if facts.record else None


def _ending(qualifier: str) -> Callable[[SpfFacts, Values], str | None]:
    return lambda facts, values: spf_proposal.with_all(facts.record, qualifier) if facts.record else None


def _with_reports(facts: DmarcFacts) -> str | None:
    return (
        dmarc_proposal.with_reports(facts.record, dmarc_proposal.reports_address(facts.record_domain or facts.domain))
        if facts.record
        else None
    )


_PROPOSALS: Mapping[str, Callable[[Values, Results], Record | None]] = {
    "spf-publish": _publish_spf,
    "spf-add-sender": _spf(_with_ip),
    "spf-merge-records": _spf(lambda facts, values: spf_proposal.merge(facts.records) if facts.records else None),
    "spf-repair-syntax": _spf(_repaired),
    "spf-remove-pass-all": _spf(_ending("~")),
    "spf-end-with-all": _spf(lambda facts, values: spf_proposal.ended(facts.record) if facts.record else None),
    "spf-remove-ptr": _spf(_without_term),
    "spf-remove-void": _spf(_without_dead),
    "spf-fix-include": _spf(_without_term),
    "spf-tidy": _spf(lambda facts, values: spf_proposal.tidied(facts.record) if facts.record else None),
    "dkim-repair-key": _key(mended),
    "dkim-end-testing": _key(without_testing),
    "dmarc-publish": _dmarc(lambda facts: None if facts.record else dmarc_proposal.first_record(facts.domain)),
    "dmarc-repair-record": _repaired_dmarc,
    "dmarc-merge-records": _repaired_dmarc,
    "dmarc-add-reports": _dmarc(_with_reports),
    "dmarc-tighten": _dmarc(lambda facts: dmarc_proposal.tightened(facts.record) if facts.record else None),
}
