"""Verdicts on whole mails: bounces are for the classifier, everything else is what its kind says."""

from __future__ import annotations

from dataclasses import replace

from deliverkit.bounces.classify import Classifier
from deliverkit.bounces.event import Kind
from deliverkit.bounces.mail.deciding import last_cause
from deliverkit.bounces.mail.result import Message
from deliverkit.knowledge import Knowledge, load
from deliverkit.model import (
    AddressAction,
    Alternative,
    Basis,
    Bounce,
    Confidence,
    Reply,
    RuleEvidence,
    Verdict,
)


def judge(message: Message, classifier: Classifier, knowledge: Knowledge | None = None) -> list[tuple[Bounce, Verdict]]:
    """The verdict on every bounce of a mail; what is no bounce gets the reason of its kind, never one by its words."""
    if message.reason is None:
        return [(bounce, _judged(bounce, classifier)) for bounce in message.bounces]
    verdict = verdict_of(message, knowledge or load())
    if message.kind is not Kind.DELAYED:
        return [(bounce, verdict) for bounce in message.bounces]
    # What keeps the message waiting is told beside the notice itself.
    causes = [classifier.classify(bounce) for bounce in message.bounces]
    return [
        (bounce, replace(verdict, provider=cause.provider, also_possible=_beside(cause)))
        for bounce, cause in zip(message.bounces, causes, strict=True)
    ]


def _judged(bounce: Bounce, classifier: Classifier) -> Verdict:
    """What expired is said to be expired; the refusal that kept it in the queue is told beside it."""
    verdict = classifier.classify(bounce)
    if verdict.reason == "recipient_error.expired" and (behind := last_cause(bounce.reply.text)):
        beside = _beside(classifier.classify(replace(bounce, reply=behind)))
        return replace(verdict, also_possible=(*beside, *verdict.also_possible))
    return verdict


def verdict_of(message: Message, knowledge: Knowledge) -> Verdict:
    """The ready verdict on a mail that is no bounce. Raises ValueError for a bounce."""
    reason = message.reason
    if reason is None:
        raise ValueError("a bounce is for the classifier")
    spec = knowledge.reasons[reason]
    ordinary = message.kind is Kind.ORDINARY
    # A report on failed authentication is about a message, not about a wish of its recipient.
    wish = message.feedback_type in (None, "abuse", "fraud", "virus", "opt-out", "opt-out-list", "other")
    return Verdict(
        reason=reason,
        confidence=Confidence.NONE if ordinary else Confidence.SURE,
        basis=Basis.NOTHING if ordinary else Basis.RULE,
        provider=None,
        rule=None,
        message_action=None if ordinary else spec.on_5xx,
        address_action=spec.address_5xx if wish and not ordinary else AddressAction.KEEP,
        owner=spec.owner,
    )


def _beside(cause: Verdict) -> tuple[Alternative, ...]:
    return (Alternative(cause.reason, cause.rule),) if cause.confidence is not Confidence.NONE else ()


class MailClassifier(Classifier):
    """A classifier that gives what is no bounce the verdict of its kind, and asks the one it wraps for the rest."""

    def __init__(self, inner: Classifier) -> None:
        """``inner`` judges bounces."""
        self._inner = inner
        self._ready: dict[int, tuple[Bounce, Verdict, Kind]] = {}

    def take(self, message: Message, knowledge: Knowledge) -> tuple[Bounce, ...]:
        """Remember what ``message`` is; its bounces, to be given to ``classify``."""
        if message.reason is not None:
            for bounce, verdict in judge(message, self._inner, knowledge):
                self._ready[id(bounce)] = (bounce, verdict, message.kind)
        return message.bounces

    def classify(self, bounce: Bounce | Reply) -> Verdict:
        """The ready verdict of a bounce that was taken, else that of the wrapped classifier."""
        found = self._ready.get(id(bounce))
        return found[1] if found else self._inner.classify(bounce)

    def provider_of(self, bounce: Bounce) -> str | None:
        """As the wrapped classifier."""
        return self._inner.provider_of(bounce)

    def evidence(self, bounce: Bounce, verdict: Verdict) -> RuleEvidence:
        """The words of the rule, or the kind of the mail where that decided."""
        found = self._ready.get(id(bounce))
        if found:
            return RuleEvidence(rule=None, matched="" if found[2] is Kind.ORDINARY else found[2].value)
        return self._inner.evidence(bounce, verdict)
