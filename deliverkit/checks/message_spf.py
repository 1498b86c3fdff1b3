"""The check ``message-spf``: SPF of the host that handed the message over (RFC 7208), and why that host."""

from __future__ import annotations

from dataclasses import dataclass

from deliverkit.checks import Notes, Target, World, evidence_of
from deliverkit.checks.message_auth import MAX_QUESTIONS, Choice, Delivery, delivery_of
from deliverkit.checks.spf_ask import Questions
from deliverkit.checks.spf_eval import SpfEvaluation, SpfResult, check_host
from deliverkit.model import CheckResult, Evidence, Outcome


@dataclass(frozen=True, slots=True)
class MessageSpfFacts:
    """What was evaluated."""

    delivery: Delivery
    domain: str | None
    """The domain that SPF is about."""
    evaluation: SpfEvaluation | None = None


async def run(target: Target, world: World) -> CheckResult:
    """Choose the delivering host of ``target.message`` and evaluate SPF for it."""
    message = target.message
    notes = Notes("message-spf", target.domain or "", world.knowledge)
    if message is None:
        return notes.result(outcome=Outcome.NOT_APPLICABLE)
    delivery = delivery_of(message, target)
    domain = delivery.domain
    _note_hop(notes, delivery)
    if delivery.sender is None:
        notes.add("message-spf-sender-unknown")
    elif domain is None:
        notes.add("message-spf-no-domain", sender=delivery.sender[:100], helo=(delivery.helo or "")[:100])
    if delivery.ip is None or domain is None:
        return notes.result(MessageSpfFacts(delivery, domain))
    questions = Questions(world.resolver, MAX_QUESTIONS)
    sender = delivery.sender or f"postmaster@{domain}"
    found = await check_host(delivery.ip, domain, sender, delivery.helo or domain, questions)
    _note_result(notes, found)
    return notes.result(MessageSpfFacts(delivery, domain, found))


def _note_hop(notes: Notes, delivery: Delivery) -> None:
    args = {"ip": delivery.ip, "by": delivery.by or ""}
    match delivery.choice:
        case Choice.GIVEN:
            notes.add("message-hop-given", ip=delivery.ip)
        case Choice.RECEIVED_SPF:
            notes.add("message-hop-received-spf", ip=delivery.ip)
        case Choice.BOUNDARY:
            notes.add("message-hop-boundary", **args, passed_over=delivery.passed_over)
        case Choice.NONE:
            notes.add("message-hop-none")


_FINDINGS = {
    SpfResult.PASS: "message-spf-pass",
    SpfResult.FAIL: "message-spf-fail",
    SpfResult.SOFTFAIL: "message-spf-softfail",
    SpfResult.NEUTRAL: "message-spf-neutral",
    SpfResult.NONE: "message-spf-none",
    SpfResult.PERMERROR: "message-spf-permerror",
    SpfResult.TEMPERROR: "message-spf-temperror",
}


def _note_result(notes: Notes, found: SpfEvaluation) -> None:
    trail = " → ".join(f"{hop.domain} {hop.term}".strip() for hop in found.trail)
    proof = [Evidence("SPF", f"{found.result.value}: {trail}")] if trail else []
    proof += [evidence_of(answer) for answer in found.unanswered[:3]]
    notes.add(_FINDINGS[found.result], *proof, mail_from=found.domain, ip=found.ip)
