"""Joins what the receiver said with what DNS shows: causes ranked by proof, steps in order."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence

from deliverkit.bounces.classify import Classifier
from deliverkit.checks import MODULES, OF_NAMES, Target, World
from deliverkit.checks.run import can_run, in_order, run_checks
from deliverkit.errors import InputError
from deliverkit.fixes import Case, Wanted, possible, steps, wanted_by_findings
from deliverkit.knowledge import Knowledge
from deliverkit.model import (
    Bounce,
    Cause,
    CheckResult,
    Diagnosis,
    Outcome,
    Proof,
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
    evidence = _with_names(classifier.evidence(bounce, verdict), bounce, verdict)
    return join(bounce, verdict, evidence, (), target_of(bounce, evidence, Target(), verdict.reason), knowledge)


async def diagnose(
    bounce: Bounce, classifier: Classifier, target: Target, world: World, *, asked: Sequence[str] = ()
) -> Diagnosis:
    """Explain a bounce and run the checks that can prove or refute it.

    ``target`` holds what the user knows; what the bounce itself says fills the gaps. ``asked`` names
    the checks to run instead of those that the reason calls for.
    """
    verdict = classifier.classify(bounce)
    evidence = _with_names(classifier.evidence(bounce, verdict), bounce, verdict)
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
    about_domain = reason in ("blocked.domain_listed", "sender_setup.sender_invalid")
    given = author or sender or (named if about_domain or reason == "dmarc.spf_fail" else None)
    domain = target.domain or given
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


_OURS = ("blocked", "dmarc", "reputation", "rate_limit", "rejected", "sender_setup")
"""Categories where an address in the reply is the sender's; elsewhere it may be the receiving host's."""
_ADDRESS = re.compile(
    r"(?<![\w.:-])(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{1,4}:[0-9a-f:]{2,37})(?![\w:-]|\.\w)", re.IGNORECASE
)
_NAMED = re.compile(
    r"(?:policy (?:for|of)|sending domain|(?:from|author|your) domain|SPF|e?mail from|sender address)[\s:'\"<(\[]{1,3}"
    r"(?:[\w.+=-]{1,64}@)?((?:[a-z0-9_-]{1,63}\.){1,10}[a-z][a-z0-9-]{1,62})(?![\w@-])",
    re.IGNORECASE,
)
_MAX_READ = 4096


def _with_names(evidence: RuleEvidence, bounce: Bounce, verdict: Verdict) -> RuleEvidence:
    """The evidence with the IP and the domain that stand in the reply, where the rule did not point them out.

    Only what is unmistakable: one address in a reply about the sender, one domain in a reply about DMARC.
    """
    groups, text = dict(evidence.groups), bounce.reply.text[:_MAX_READ]
    if verdict.category in _OURS and not groups.get("ip"):
        ips = {ip for ip in map(_ip, _ADDRESS.findall(text)) if ip}
        if len(ips) == 1:
            groups["ip"] = ips.pop()
    if verdict.reason.startswith(("dmarc.", "blocked.domain_listed", "sender_setup.sender_invalid")) and not groups.get(
        "domain"
    ):
        domains = {domain for name in _NAMED.findall(text) if (domain := _domain(f"@{name}"))}
        if len(domains) == 1:
            groups["domain"] = domains.pop()
    return evidence if groups == evidence.groups else dataclasses.replace(evidence, groups=groups)


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
        not_asked=tuple(name for name in OF_NAMES if name not in asked),
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
    wanted = [want for cause in causes for want in wanted_by_findings(cause.findings, knowledge)]
    info = knowledge.rule_info.get(verdict.rule) if verdict.rule else None
    if info is not None:
        wanted += [Wanted(fix, verdict.reason) for fix in info.fixes]
    wanted += [Wanted(fix, verdict.reason) for fix in knowledge.reasons[verdict.reason].fixes]
    beside = [f for r in results for f in r.findings if f not in told and knowledge.findings[f.id].outcome in PROVES]
    decided = {r.check for r in results if r.outcome in (Outcome.PASS, Outcome.FAIL, Outcome.WARN)}
    open_ones = _not_settled_by(results, target)
    wanted = [
        w
        for w in wanted
        if w.because != verdict.reason or w.fix in open_ones or not _settled(w.fix, decided, knowledge)
    ]
    if causes[0].proof is Proof.CONTRADICTED and verdict.category == "dmarc":
        # What was refused came from somebody else under this name, or is mended by now.
        wanted.append(Wanted("dmarc-align", verdict.reason))
    if causes[0].proof is not Proof.PROVEN:
        unheard = [f for r in results for f in r.findings if knowledge.findings[f.id].outcome is Outcome.UNKNOWN]
        wanted += [w for w in wanted_by_findings(unheard, knowledge) if w.fix in _ASK_AGAIN]
    wanted += wanted_by_findings(beside, knowledge)
    wanted = possible(wanted, results)
    values: dict[str, Scalar] = {
        **values_of(target),
        "recipient": bounce.recipient,
        "provider": verdict.provider,
        "mx": bounce.mx,
        # "host" is a host of the sender: the greeting name, never the receiving server.
        "host": target.helo,
        "help_url": info.help_url if info else None,
        "lookup_url": evidence.groups.get("url") or (info.help_url if info else None),
        **{k: v for k, v in evidence.groups.items() if k in ("list", "limit", "url")},
    }
    case = Case(values, verdict.provider, platforms_in(results), tuple(results))
    return steps(wanted, case, knowledge)


def values_of(target: Target) -> dict[str, Scalar]:
    """What is known of the sending side, by the placeholder that it fills."""
    return {
        "domain": target.domain,
        "ip": target.ips[0] if target.ips else None,
        "selector": target.selectors[0] if target.selectors else None,
        "recipient_domain": target.recipient_domain,
        "mail_from": target.mail_from or target.domain,
        "helo": target.helo,
    }


_ASK_AGAIN = ("dns-retry", "dns-retry-recipient", "spf-check-dns", "blocklist-ask-properly", "dkim-find-selector")
"""Fixes that turn an open question into an answer."""


def _not_settled_by(results: Sequence[CheckResult], target: Target) -> set[str]:
    """Fixes of which a check that passed says nothing, because it was not told what to compare."""
    compared = any(f.id == "dmarc-aligned" for r in results for f in r.findings)
    return {*(() if compared else ("dmarc-align",)), *(() if target.helo else ("helo-set",))}


def _settled(fix: str, decided: set[str], knowledge: Knowledge) -> bool:
    """A general fix that findings ask for, and whose every verifiable step belongs to a check that has already
    spoken: if something is wrong there, a finding has asked for the right fix; if not, there is nothing to do."""
    checks = {s.verify_check for s in knowledge.fixes[fix].steps if s.verify_check}
    return bool(decided and checks) and checks <= decided and any(fix in f.fixes for f in knowledge.findings.values())


def platforms_in(results: Iterable[CheckResult]) -> tuple[str, ...]:
    """Sending platforms that the DKIM or MX check noticed, by id."""
    seen = (getattr(result.facts, "platforms", ()) for result in results)
    return tuple(dict.fromkeys(platform for found in seen for platform in found))
