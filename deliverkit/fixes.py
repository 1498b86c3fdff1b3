"""Which steps, in which order, with which values filled in.

A fix is data (``knowledge/fixes``); here its placeholders meet the case: the domain, the IP, the record
that is published now. Nothing is ever changed for the user; a record is only ever proposed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from deliverkit.knowledge import Knowledge
from deliverkit.knowledge.schema import FixSpec, StepSpec
from deliverkit.model import CheckResult, Finding, Outcome, Owner, Record, Scalar, Step

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_HARMLESS = re.compile(r"(?![-+@])[\w%+=:,./@-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Case:
    """What is known about the case; every text value fills the placeholder of the same name."""

    values: Mapping[str, Scalar] = field(default_factory=dict)
    provider: str | None = None
    """Receiving provider, which chooses between routes."""
    platforms: tuple[str, ...] = ()
    """Sending platforms, which choose between variants."""
    results: tuple[CheckResult, ...] = ()
    """Check results, for what is published now."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A fix somebody asked for: the finding or the reason, and the finding's own arguments."""

    fix: str
    because: str
    args: Mapping[str, Scalar] = field(default_factory=dict)


def wanted_by_findings(findings: Iterable[Finding], knowledge: Knowledge, *, on_request: bool = True) -> list[Wanted]:
    """The fixes that findings ask for, worst finding first, in the order the findings name them.

    Without ``on_request``, findings about what is a matter of choice ask for none.
    """
    asking = [f for f in findings if on_request or not knowledge.findings[f.id].on_request]
    ranked = sorted(asking, key=lambda f: _URGENCY.get(knowledge.findings[f.id].outcome, len(_URGENCY)))
    return [Wanted(fix, f.id, f.args) for f in ranked for fix in knowledge.findings[f.id].fixes]


_URGENCY = {Outcome.FAIL: 0, Outcome.WARN: 1, Outcome.UNKNOWN: 2}


_NO_DOMAIN = ("spf-domain-not-found", "mx-no-domain")
_NEEDS_DOMAIN = ("spf-publish", "spf-add-sender", "dmarc-", "dkim-", "sending-ip-find")


def possible(wanted: Iterable[Wanted], results: Iterable[CheckResult]) -> list[Wanted]:
    """The fixes that can be carried out now: nothing is published in a domain that does not exist, so that its
    spelling and registration come first and alone."""
    gone = any(finding.id in _NO_DOMAIN for result in results for finding in result.findings)
    return [want for want in wanted if not (gone and want.fix.startswith(_NEEDS_DOMAIN))]


def steps(wanted: Iterable[Wanted], case: Case, knowledge: Knowledge) -> tuple[Step, ...]:
    """Each wanted fix once, its steps in order, placeholders filled.

    A fix wanted by several keeps the place of the first and names them all in ``because``. Records proposed for one
    name build on each other, so that whoever follows the steps in order loses nothing of an earlier one.
    """
    asked: dict[str, list[Wanted]] = {}
    for want in wanted:
        asked.setdefault(want.fix, []).append(want)
    planned: list[Step] = []
    first: dict[tuple[str, str], tuple[str, ...]] = {}
    for fix_id, wants in asked.items():
        fix = knowledge.fixes[fix_id]
        for spec in fix_steps(fix, case):
            step = _fill(fix, spec, wants, case)
            if step.record and spec.record_value == "{computed}":
                # A later step for the same name builds on this one; what stands there today stays what it is.
                key = (step.record.name, step.record.rdtype)
                now = first.setdefault(key, step.record.now)
                built = replace(case, results=_published(step.record, case.results))
                step, case = replace(step, record=replace(step.record, now=now)), built
            planned.append(step)
    return tuple(planned)


def _published(record: Record, results: tuple[CheckResult, ...]) -> tuple[CheckResult, ...]:
    from deliverkit.proposals import published as with_record

    return with_record(record, results)


def fix_steps(fix: FixSpec, case: Case) -> list[StepSpec]:
    """The steps of a fix that apply: variants for other platforms or providers left out, and the
    common step gone where a variant of the same id stands in its place."""
    seen = "\n".join(published(case.results))
    apply = [
        s
        for s in fix.steps
        if (s.platform is None or s.platform in case.platforms)
        and (s.provider is None or s.provider == case.provider)
        and not (s.unless and s.unless in seen)
    ]
    special = {s.id.partition("@")[0] for s in apply if s.platform or s.provider}
    return [s for s in apply if s.platform or s.provider or s.id not in special]


def published(results: Iterable[CheckResult]) -> list[str]:
    """The SPF and DMARC records that the checks saw."""
    facts = [result.facts for result in results]
    return [text for f in facts for name in ("records", "published") for text in getattr(f, name, ())]


def _fill(fix: FixSpec, spec: StepSpec, wants: list[Wanted], case: Case) -> Step:
    values = {**case.values, **{k: v for want in reversed(wants) for k, v in want.args.items() if v not in (None, "")}}
    values.setdefault("ptr_name", _ptr_name(values.get("ip")))
    if len(lists := dict.fromkeys(str(want.args["list"]) for want in wants if want.args.get("list"))) > 1:
        # Several blocklists ask for the same steps: the one place that names them must name them all.
        values["list"] = ", ".join(lists)
    return Step(
        id=f"{fix.id}.{spec.id}",
        owner=Owner.SENDING_PLATFORM if _foreign(fix, case) else spec.owner or fix.owner,
        args=values,
        record=_record(fix, spec, values, case),
        command=_command(spec.command, values),
        url=_whole(spec.url, values),
        verify=_command(spec.verify, values),
        verify_check=spec.verify_check,
        because=tuple(dict.fromkeys(want.because for want in wants)),
    )


def _foreign(fix: FixSpec, case: Case) -> bool:
    """Whether the SPF record to be changed stands in the domain of whoever sends for us."""
    if not fix.id.startswith("spf-") or not case.results:
        return False
    from deliverkit.proposals import foreign_spf

    return foreign_spf(case.results)


def fill(template: str | None, values: Mapping[str, Scalar]) -> str | None:
    """Put values into braces; what is not known stands as ``YOUR-DOMAIN``, ``YOUR-IP``, to be replaced by hand."""
    if template is None:
        return None

    def value(match: re.Match[str]) -> str:
        known = values.get(match[1])
        return str(known) if known not in (None, "") else "YOUR-" + match[1].upper().replace("_", "-")

    return PLACEHOLDER.sub(value, template)


def _command(template: str | None, values: Mapping[str, Scalar]) -> str | None:
    """A filled command. It is made to be pasted into a shell and values come from DNS and bounces, so one that a
    shell or a program's option parser would act on is left to be filled in by hand."""
    return fill(template, {k: v if v is not None and _HARMLESS.fullmatch(str(v)) else None for k, v in values.items()})


def _whole(template: str | None, values: Mapping[str, Scalar]) -> str | None:
    """A filled address, or None while a value is missing: half an address helps nobody."""
    missing = template is None or any(values.get(name) in (None, "") for name in PLACEHOLDER.findall(template))
    return None if missing else fill(template, values)


def _record(fix: FixSpec, spec: StepSpec, values: Mapping[str, Scalar], case: Case) -> Record | None:
    if spec.record_value is None or spec.record_type is None:
        return None
    if spec.record_value == "{computed}":
        if not case.results:
            return None
        # Knows the checks' facts, and so their libraries: not for those who only explain a reply.
        from deliverkit.proposals import propose

        return propose(fix.id, values, case.results)
    name = fill(spec.record_name, values) or ""
    value = fill(spec.record_value, values) or ""
    rdtype = "AAAA" if spec.record_type == "A" and ":" in value else spec.record_type
    if not case.results:
        return Record(name, rdtype, value)
    from deliverkit.proposals import standing

    now = standing(name, rdtype, case.results)
    # What is published already needs no publishing; what stands there otherwise is shown, for it may be in use.
    return None if value in now else Record(name, rdtype, value, now)


def _ptr_name(ip: Scalar) -> str | None:
    """Where the PTR of the sending IP stands, if the IP is known."""
    if ip is None:
        return None
    from deliverkit.checks.names import reverse_name

    try:
        return reverse_name(str(ip))
    except ValueError:
        return None
