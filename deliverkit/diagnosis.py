"""Joins what the receiver said with what DNS shows: causes ranked by proof, steps in order."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from deliverkit.bounces.classify import Classifier
from deliverkit.checks import MODULES, Target, World
from deliverkit.checks.run import can_run, in_order, run_checks
from deliverkit.errors import InputError
from deliverkit.fixes import Case, Wanted, steps, wanted_by_findings
from deliverkit.knowledge import Knowledge
from deliverkit.model import (
    Bounce,
    Cause,
    CheckResult,
    Diagnosis,
    Finding,
    Outcome,
    Proof,
    RuleEvidence,
    Scalar,
    Step,
    Verdict,
)

PROVES = (Outcome.FAIL, Outcome.WARN)
NEVER_PROVEN = ("reputation", "rate_limit")
"""Categories that a provider decides by what nobody outside can see: a finding can weigh there, not prove."""


def explain(bounce: Bounce, classifier: Classifier, knowledge: Knowledge) -> Diagnosis:
    """Verdict and steps from the reply alone, without any question to the network."""
    verdict = classifier.classify(bounce)
    evidence = classifier.evidence(bounce, verdict)
    return join(bounce, verdict, evidence, (), target_of(bounce, evidence, Target()), knowledge)


async def diagnose(
    bounce: Bounce, classifier: Classifier, target: Target, world: World, *, asked: Sequence[str] = ()
) -> Diagnosis:
    """Explain a bounce and run the checks that can prove or refute it.

    ``target`` holds what the user knows; what the bounce itself says fills the gaps. ``asked`` names
    the checks to run instead of those that the reason calls for.
    """
    verdict = classifier.classify(bounce)
    evidence = classifier.evidence(bounce, verdict)
    target = target_of(bounce, evidence, target)
    if named := lists_named(evidence, world.knowledge):
        world = dataclasses.replace(world, also_lists=(*world.also_lists, *named))
    names = [name for name in asked or checks_for(verdict, world.knowledge) if can_run(name, target)]
    results = in_order([result async for result in run_checks(names, target, world)])
    return join(bounce, verdict, evidence, results, target, world.knowledge)


def checks_for(verdict: Verdict, knowledge: Knowledge) -> tuple[str, ...]:
    """Checks that can prove the verdict or what else was close, in the order they are shown."""
    reasons = [verdict.reason, *(a.reason for a in verdict.also_possible)]
    named = {check for reason in reasons for check in knowledge.reasons[reason].checks}
    return tuple(name for name in MODULES if name in named)


def target_of(bounce: Bounce, evidence: RuleEvidence, target: Target) -> Target:
    """``target`` with its gaps filled from the bounce: the refused IP, the sender's and recipient's domains."""
    sender, ip = _domain(bounce.sender), _ip(evidence.groups.get("ip") or bounce.ip)
    return dataclasses.replace(
        target,
        domain=target.domain or sender,
        ips=target.ips or ((ip,) if ip else ()),
        mail_from=target.mail_from or (sender if target.domain else None),
        recipient_domain=target.recipient_domain or _domain(bounce.recipient),
    )


def lists_named(evidence: RuleEvidence, knowledge: Knowledge) -> tuple[str, ...]:
    """Ids of the blocklists that the reply names, so that they are asked whether or not they are by default."""
    words = f"{evidence.matched} {evidence.groups.get('list', '')}".lower()
    return tuple(b.id for b in knowledge.blocklists.values() if b.zone and b.zone in words)


def _domain(address: str | None) -> str | None:
    """The domain of an address that a bounce names, if it can be asked about at all."""
    if not address or "@" not in address:
        return None
    from deliverkit.checks.names import domain_name

    try:
        return domain_name(address.rpartition("@")[2])
    except InputError:
        return None


def _ip(text: str | None) -> str | None:
    """An IP that a bounce names, unless it is one that nobody outside can see: an internal relay."""
    if not text:
        return None
    from deliverkit.checks.names import canonical_ip, reaches

    ip = canonical_ip(text)
    return ip if ip and reaches(ip) else None


def join(
    bounce: Bounce,
    verdict: Verdict,
    evidence: RuleEvidence,
    results: Sequence[CheckResult],
    target: Target,
    knowledge: Knowledge,
) -> Diagnosis:
    """The diagnosis from a verdict and whatever results are there; call it again as more arrive."""
    causes = rank(verdict, results, target, knowledge)
    asked = {result.check for result in results}
    return Diagnosis(
        bounce=bounce,
        verdict=verdict,
        evidence=evidence,
        causes=causes,
        checks=tuple(results),
        steps=_steps(verdict, evidence, causes, results, bounce, target, knowledge),
        not_asked=tuple(name for name in MODULES if name not in asked),
    )


def rank(verdict: Verdict, results: Sequence[CheckResult], target: Target, knowledge: Knowledge) -> tuple[Cause, ...]:
    """Causes, best proven first: proven > consistent > contradicted.

    Reputation and rate limits are never proven: what a finding shows there is known to weigh, no more.
    A finding proves a reason when ``findings/*.toml`` says that it explains it. The verdict is
    contradicted only when every check that could prove it ran and passed, for a known sending IP: a check
    that came to ``unknown`` leaves it consistent, and so does an SPF record that was never evaluated.
    """
    failing = [f for r in results for f in r.findings if knowledge.findings[f.id].outcome in PROVES]
    explaining = [f for f in failing if verdict.reason in knowledge.findings[f.id].explains]
    main = Cause(verdict.reason, _proof(verdict.reason, explaining, results, target, knowledge), tuple(explaining))
    others: dict[str, list[Finding]] = {}
    for finding in failing:
        if finding not in explaining and (reason := _nearest(finding, verdict, knowledge)):
            others.setdefault(reason, []).append(finding)
    causes = [main]
    causes += [Cause(r, _proof(r, found, results, target, knowledge), tuple(found)) for r, found in others.items()]
    order = list(Proof)
    causes.sort(key=lambda c: (order.index(c.proof), c is not main, c.reason.partition(".")[0] != verdict.category))
    return tuple(causes)


def _nearest(finding: Finding, verdict: Verdict, knowledge: Knowledge) -> str | None:
    explains = knowledge.findings[finding.id].explains
    return next((r for r in explains if r.startswith(verdict.category + ".")), explains[0] if explains else None)


def _proof(
    reason: str, explaining: Iterable[Finding], results: Sequence[CheckResult], target: Target, knowledge: Knowledge
) -> Proof:
    if tuple(explaining):
        return Proof.CONSISTENT if reason.startswith(NEVER_PROVEN) else Proof.PROVEN
    outcomes = {r.check: r.outcome for r in results}
    able = knowledge.reasons[reason].checks
    evaluated = bool(target.ips) or "spf" not in able
    if able and evaluated and all(outcomes.get(name) is Outcome.PASS for name in able):
        return Proof.CONTRADICTED
    return Proof.CONSISTENT


def _steps(
    verdict: Verdict,
    evidence: RuleEvidence,
    causes: Sequence[Cause],
    results: Sequence[CheckResult],
    bounce: Bounce,
    target: Target,
    knowledge: Knowledge,
) -> tuple[Step, ...]:
    """Proven causes first, then the provider's own route, then what the reason asks for in general."""
    proven = [f for cause in causes for f in cause.findings]
    wanted = wanted_by_findings(proven, knowledge)
    info = knowledge.rule_info.get(verdict.rule) if verdict.rule else None
    if info is not None:
        wanted += [Wanted(fix, verdict.reason) for fix in info.fixes]
    wanted += [Wanted(fix, verdict.reason) for fix in knowledge.reasons[verdict.reason].fixes]
    decided = {r.check for r in results if r.outcome in (Outcome.PASS, Outcome.FAIL, Outcome.WARN)}
    wanted = [w for w in wanted if w.because != verdict.reason or not _settled(w.fix, decided, knowledge)]
    values: dict[str, Scalar] = {
        "domain": target.domain,
        "ip": target.ips[0] if target.ips else None,
        "selector": target.selectors[0] if target.selectors else None,
        "recipient": bounce.recipient,
        "recipient_domain": target.recipient_domain,
        "mail_from": target.mail_from or target.domain,
        "helo": target.helo,
        "provider": verdict.provider,
        "host": bounce.mx,
        "help_url": info.help_url if info else None,
        "lookup_url": evidence.groups.get("url") or (info.help_url if info else None),
        **{k: v for k, v in evidence.groups.items() if k in ("list", "limit", "url")},
    }
    case = Case(values, verdict.provider, platforms_in(results), tuple(results))
    return steps(wanted, case, knowledge)


def _settled(fix: str, decided: set[str], knowledge: Knowledge) -> bool:
    """A general fix that findings ask for, and whose every verifiable step belongs to a check that has already
    spoken: if something is wrong there, a finding has asked for the right fix; if not, there is nothing to do."""
    checks = {s.verify_check for s in knowledge.fixes[fix].steps if s.verify_check}
    return bool(decided and checks) and checks <= decided and any(fix in f.fixes for f in knowledge.findings.values())


def platforms_in(results: Iterable[CheckResult]) -> tuple[str, ...]:
    """Sending platforms that the DKIM or MX check noticed, by id."""
    seen = (getattr(result.facts, "platforms", ()) for result in results)
    return tuple(dict.fromkeys(platform for found in seen for platform in found))
