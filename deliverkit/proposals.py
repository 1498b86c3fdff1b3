"""Records to publish, worked out from what is published now. Pure, and never a second SPF or DMARC record.

A fix that is not in ``_PROPOSALS``, or of which too little is known, gets no proposal: a step without a record
is better than a record that was guessed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from deliverkit.checks import dmarc_proposal, policy_proposals, spf_proposal
from deliverkit.checks.bimi import BimiFacts
from deliverkit.checks.dkim import DkimFacts
from deliverkit.checks.dkim_key import mended, without_testing
from deliverkit.checks.dmarc import DmarcFacts
from deliverkit.checks.mta_sts import MtaStsFacts
from deliverkit.checks.mta_sts_policy import Mode
from deliverkit.checks.platform_parts import PlatformFacts
from deliverkit.checks.spf import SpfFacts
from deliverkit.checks.spf_eval import SpfEvaluation, SpfResult
from deliverkit.checks.suffixes import registrable
from deliverkit.checks.tls_rpt import TlsRptFacts
from deliverkit.knowledge import load
from deliverkit.model import CheckResult, Record, Scalar
from deliverkit.net.resolver import Answer

Values = Mapping[str, Scalar]
Results = Sequence[CheckResult]
F = TypeVar("F")
P = TypeVar("P", MtaStsFacts, TlsRptFacts, BimiFacts)


def propose(fix: str, values: Values, results: Results) -> Record | None:
    """The record that ``fix`` would have published, beside what stands there now; None where it cannot be told."""
    maker = _PROPOSALS.get(fix)
    record = maker(values, results) if maker else None
    return record if record and record.value and record.value not in record.now else None


def published(record: Record, results: Results) -> tuple[CheckResult, ...]:
    """The results as they would be read with ``record`` published, so that the proposal of the next step keeps it."""
    return tuple(dataclasses.replace(r, facts=_with_record(r.facts, record)) for r in results)


def standing(name: str, rdtype: str, results: Results) -> tuple[str, ...]:
    """The records that the checks saw at a name; empty where they saw none or did not ask."""
    for answer in (answer for result in results for answer in _answers(result.facts)):
        if answer.found and (answer.name, answer.rdtype) == (name, rdtype) and not answer.cname:
            return answer.records
    return ()


_DEEP = 5
"""Levels of facts that answers are looked for in: an MX host's stand three deep."""


def _answers(facts: object, depth: int = 0) -> Iterator[Answer]:
    """The answers that facts hold as they came."""
    if isinstance(facts, Answer):
        yield facts
    elif depth < _DEEP and isinstance(facts, (tuple, list)):
        for each in facts:
            yield from _answers(each, depth + 1)
    elif depth < _DEEP and dataclasses.is_dataclass(facts):
        for field in dataclasses.fields(facts):
            yield from _answers(getattr(facts, field.name), depth + 1)


def _with_record(facts: object, record: Record) -> object:
    if record.rdtype != "TXT":
        return facts
    if isinstance(facts, PlatformFacts) and facts.domain == record.name:
        return dataclasses.replace(facts, spf=(record.value,))
    if isinstance(facts, SpfFacts) and facts.domain == record.name:
        return dataclasses.replace(facts, record=record.value, records=(record.value,), look_alikes=())
    if isinstance(facts, DmarcFacts) and record.name.startswith("_dmarc."):
        where = record.name.removeprefix("_dmarc.")
        return dataclasses.replace(
            facts,
            published=(record.value,) if where == facts.domain else facts.published,
            texts={**facts.texts, where: (record.value,)},
            record=record.value if where in (facts.record_domain, facts.domain) else facts.record,
            record_domain=where if where == facts.domain else facts.record_domain,
        )
    if isinstance(facts, DkimFacts):
        keys = (dataclasses.replace(k, text=record.value) if k.name == record.name else k for k in facts.keys)
        return dataclasses.replace(facts, keys=tuple(keys))
    return facts


def _spf(change: Callable[[SpfFacts, Values], str | None]) -> Callable[[Values, Results], Record | None]:
    """A proposal that starts from the SPF facts of a run that could ask."""

    def make(values: Values, results: Results) -> Record | None:
        facts = _facts(results, SpfFacts)
        if facts is None or not facts.asked or foreign_spf(results):
            return None
        value = change(facts, values)
        value = _with_senders(facts, value) if value else None
        return Record(facts.domain, "TXT", value, facts.records or facts.look_alikes) if value else None

    return make


def foreign_spf(results: Results) -> bool:
    """Whether the SPF record that was checked is not below the sender's own registered domain, or behind an alias: a
    MAIL FROM domain of a platform, whose record only the platform can change."""
    checked = _facts(results, SpfFacts)
    if checked is not None and checked.tree.alias:
        return True
    other = _facts(results, DmarcFacts) or _facts(results, DkimFacts)
    if checked is None or other is None or checked.domain == other.domain:
        return False
    return registrable(checked.domain) != registrable(other.domain)


def _with_senders(facts: SpfFacts, record: str) -> str | None:
    """The record with the sending IPs that it would shut out although they pass today, as when the term goes by
    which they passed. None for one that lets nobody send although the domain's record does or means to."""
    kept = {word.lower().removeprefix("+") for word in record.split(" ")}
    for found in facts.evaluations:
        term = found.trail[0].term.lower().removeprefix("+") if found.trail else ""
        if found.result is SpfResult.PASS and term not in kept:
            record = spf_proposal.add_ip(record, found.ip)
    now = [text for text in facts.records if not spf_proposal.shuts_out_all(text)]
    return None if now and spf_proposal.shuts_out_all(record) else record


def _dmarc(change: Callable[[DmarcFacts], str | None]) -> Callable[[Values, Results], Record | None]:
    """A proposal that starts from the DMARC facts; an inherited record is changed where it stands."""

    def make(values: Values, results: Results) -> Record | None:
        facts = _facts(results, DmarcFacts)
        if facts is None:
            return None
        if (facts.record_domain or facts.domain) in facts.aliases:
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
    if where in facts.aliases:
        return None
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
    if facts is None or not facts.asked or facts.records or foreign_spf(results):
        return None
    platforms = load().platforms
    seen = [p for r in results for p in getattr(r.facts, "platforms", ()) if p in platforms]
    includes = [platforms[p].spf_include[0] for p in dict.fromkeys(seen) if platforms[p].spf_include]
    plain = [include for include in includes if "*" not in include]
    ips = _senders(facts, values)
    if not plain and not ips:
        return None
    return Record(facts.domain, "TXT", spf_proposal.minimal(plain, ips), facts.look_alikes)


def _with_include(values: Values, results: Results) -> Record | None:
    """The one SPF record with the include of a platform; never a second one, and none where two stand already."""
    seen, found = _facts(results, SpfFacts), _facts(results, PlatformFacts)
    include = str(values.get("include") or "")
    if not include or (found is None and seen is None):
        return None
    if seen is not None and foreign_spf(results):
        return None
    domain, now = (seen.domain, seen.records) if seen else (found.domain, found.spf) if found else ("", ())
    known = seen.asked if seen else bool(found and found.asked)
    if not known or len(now) > 1:
        return None
    value = spf_proposal.add_include(now[0], include) if now else spf_proposal.minimal([include])
    return Record(domain, "TXT", value, now)


def _with_ip(facts: SpfFacts, values: Values) -> str | None:
    """The record with every sending IP that it does not let pass; the first of them stands first."""
    record = facts.record or (spf_proposal.merge(facts.records) if facts.records else None)
    ips = _senders(facts, values)
    if not record or not ips:
        return None
    for ip in reversed(ips):
        record = spf_proposal.add_ip(record, ip)
    return record


def _senders(facts: SpfFacts, values: Values) -> list[str]:
    """The IP of the step, and those named beside it that SPF surely does not let pass."""
    refused = [found.ip for found in facts.evaluations if _refused(found)]
    return list(dict.fromkeys([*([str(values["ip"])] if values.get("ip") else []), *refused]))


def _refused(found: SpfEvaluation) -> bool:
    refusing = (SpfResult.FAIL, SpfResult.SOFTFAIL, SpfResult.NEUTRAL, SpfResult.NONE)
    return found.result in refusing and not found.unanswered


def _repaired(facts: SpfFacts, values: Values) -> str | None:
    return next((m for m in map(spf_proposal.repair, (*facts.records, *facts.look_alikes)) if m), None)


def _without_term(facts: SpfFacts, values: Values) -> str | None:
    term = values.get("term")
    return spf_proposal.without_dead(facts.record, [str(term)]) if facts.record and term else None


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


def _tightened(facts: DmarcFacts) -> str | None:
    """One level, and only where reports have been asked for: without them nobody knows what would be refused."""
    watched = facts.record and dmarc_proposal.has_reports(facts.record)
    return dmarc_proposal.tightened(facts.record) if facts.record and watched else None


def _policy_record(
    kind: type[P], prefix: str, change: Callable[[P], str | None]
) -> Callable[[Values, Results], Record | None]:
    """A proposal that starts from the facts of a check whose record stands at a fixed name below the domain."""

    def make(values: Values, results: Results) -> Record | None:
        facts = _facts(results, kind)
        value = change(facts) if facts else None
        if facts is None or value is None:
            return None
        where = getattr(facts, "record_domain", None) or facts.domain
        return Record(f"{prefix}.{where}", "TXT", value, facts.published)

    return make


_PROPOSALS: Mapping[str, Callable[[Values, Results], Record | None]] = {
    "spf-publish": _publish_spf,
    "spf-add-sender": _spf(_with_ip),
    "platforms-add-include": _with_include,
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
    "dmarc-tighten": _dmarc(_tightened),
    "mta-sts-publish": _policy_record(MtaStsFacts, "_mta-sts", policy_proposals.mta_sts_first),
    "mta-sts-repair-record": _policy_record(MtaStsFacts, "_mta-sts", policy_proposals.mta_sts_repaired),
    "mta-sts-repair-policy": _policy_record(MtaStsFacts, "_mta-sts", policy_proposals.mta_sts_first),
    "mta-sts-enforce": _policy_record(
        MtaStsFacts, "_mta-sts", lambda facts: policy_proposals.mta_sts_first(facts, Mode.ENFORCE)
    ),
    "tls-rpt-publish": _policy_record(TlsRptFacts, "_smtp._tls", policy_proposals.tls_rpt_first),
    "tls-rpt-repair-record": _policy_record(TlsRptFacts, "_smtp._tls", policy_proposals.tls_rpt_repaired),
    "bimi-repair-record": _policy_record(BimiFacts, "default._bimi", policy_proposals.bimi_repaired),
}
