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
    Outcome,
    RuleEvidence,
    Scalar,
    Step,
    Verdict,
)
from deliverkit.ranking import PROVES, rank
from deliverkit.ranking import lists_named as lists_named


def explain(bounce: Bounce, classifier: Classifier, knowledge: Knowledge) -> Diagnosis:
    """Verdict and steps from the reply alone, without any question to the network."""
    verdict = classifier.classify(bounce)
    evidence = classifier.evidence(bounce, verdict)
    return join(bounce, verdict, evidence, (), target_of(bounce, evidence, Target(), verdict.reason), knowledge)


async def diagnose(
    bounce: Bounce, classifier: Classifier, target: Target, world: World, *, asked: Sequence[str] = ()
) -> Diagnosis:
    """Explain a bounce and run the checks that can prove or refute it.

    ``target`` holds what the user knows; what the bounce itself says fills the gaps. ``asked`` names
    the checks to run instead of those that the reason calls for.
    """
    verdict = classifier.classify(bounce)
    evidence = classifier.evidence(bounce, verdict)
    target = target_of(bounce, evidence, target, verdict.reason)
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


def target_of(bounce: Bounce, evidence: RuleEvidence, target: Target, reason: str = "") -> Target:
    """``target`` with its gaps filled from the bounce: the refused IP, the sender's and recipient's domains.

    The IP that the reply names comes first even where others were given: it is the one that was refused.
    """
    sender, said = _domain(bounce.sender), _ip(evidence.groups.get("ip"))
    ip = said or (None if target.ips else _ip(bounce.ip))
    named = _named_domain(evidence)
    recipient = named if reason.startswith(("invalid_address.", "recipient_error.")) else None
    # What a DMARC reply names is the domain in From, a failed SPF names the MAIL FROM domain.
    author = named if reason.startswith("dmarc.") and reason != "dmarc.spf_fail" else None
    mail_from = named if reason == "dmarc.spf_fail" else sender
    domain = target.domain or author or sender or (mail_from if reason == "dmarc.spf_fail" else None)
    return dataclasses.replace(
        target,
        domain=domain,
        ips=tuple(dict.fromkeys((ip, *target.ips))) if ip else target.ips,
        mail_from=target.mail_from or (mail_from if mail_from != domain else None),
        recipient_domain=target.recipient_domain or _domain(bounce.recipient) or recipient,
    )


def _named_domain(evidence: RuleEvidence) -> str | None:
    """The domain that the reply's own words name, if it can be asked about."""
    text = evidence.groups.get("domain")
    return _domain(f"@{text.rpartition('@')[2].rstrip('.')}") if text else None


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
    causes = rank(verdict, results, target, knowledge, evidence)
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


def _steps(
    verdict: Verdict,
    evidence: RuleEvidence,
    causes: Sequence[Cause],
    results: Sequence[CheckResult],
    bounce: Bounce,
    target: Target,
    knowledge: Knowledge,
) -> tuple[Step, ...]:
    """Proven causes first, then the provider's own route, then what the reason asks for in general, and last the
    faults that have nothing to do with this refusal."""
    told = [f for cause in causes for f in cause.findings]
    wanted = wanted_by_findings(told, knowledge)
    info = knowledge.rule_info.get(verdict.rule) if verdict.rule else None
    if info is not None:
        wanted += [Wanted(fix, verdict.reason) for fix in info.fixes]
    wanted += [Wanted(fix, verdict.reason) for fix in knowledge.reasons[verdict.reason].fixes]
    beside = [f for r in results for f in r.findings if f not in told and knowledge.findings[f.id].outcome in PROVES]
    decided = {r.check for r in results if r.outcome in (Outcome.PASS, Outcome.FAIL, Outcome.WARN)}
    wanted = [w for w in wanted if w.because != verdict.reason or not _settled(w.fix, decided, knowledge)]
    wanted += wanted_by_findings(beside, knowledge)
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
