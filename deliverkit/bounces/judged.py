"""From what a source says to what it means: the verdict on every event, and on the cause behind it."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from deliverkit.bounces.classify import Classifier
from deliverkit.bounces.event import Event, Kind
from deliverkit.bounces.mail.result import Message
from deliverkit.bounces.mail.verdicts import verdict_of
from deliverkit.knowledge import Knowledge
from deliverkit.model import Alternative, Bounce, Confidence, Reply, Verdict

_MAX_REMEMBERED = 20_000
_NOTHING_SAID = Reply(None, None, "", "")


class Judged(NamedTuple):
    """An event and its verdict."""

    event: Event
    verdict: Verdict
    cause: Verdict | None = None
    """What the last temporary reply says, of a message that expired or still waits; None where nothing is known."""

    @property
    def provider(self) -> str | None:
        """Who refused or took it: by the reply, else by the one behind it."""
        return self.verdict.provider or (self.cause.provider if self.cause else None)


class Judge:
    """Gives every event its verdict: a bounce that of its words, all else that of its kind, never one by its words."""

    def __init__(self, classifier: Classifier, knowledge: Knowledge) -> None:
        """``classifier`` judges the bounces."""
        self._classify = classifier.classify
        self._provider_of = classifier.provider_of
        self._knowledge = knowledge
        self._of_kind: dict[tuple[Kind, str | None], Verdict] = {}
        self._delivered: dict[str, Verdict] = {}

    def __call__(self, event: Event) -> Judged:
        """The verdict. Never raises for what an event says."""
        kind = event.kind
        if kind is Kind.BOUNCE:
            cause = self._classify(replace(event.bounce, reply=event.last)) if event.last else None
            return Judged(event, self._classify(event.bounce), cause)
        if kind is Kind.DELIVERED or kind is Kind.RELAYED:
            return Judged(event, self._taken_by(event.bounce.mx or ""))
        verdict = self._verdict_of_kind(kind, event.feedback_type)
        if kind is not Kind.DELAYED:
            return Judged(event, verdict)
        cause = self._classify(event.bounce)
        if cause.confidence is Confidence.NONE:
            return Judged(event, replace(verdict, provider=cause.provider))
        return Judged(
            event,
            replace(verdict, provider=cause.provider, also_possible=(Alternative(cause.reason, cause.rule),)),
            cause,
        )

    def _verdict_of_kind(self, kind: Kind, feedback_type: str | None) -> Verdict:
        key = kind, feedback_type
        verdict = self._of_kind.get(key)
        if verdict is None:
            if len(self._of_kind) >= _MAX_REMEMBERED:
                self._of_kind.clear()
            message = Message(kind, feedback_type=feedback_type)
            verdict = self._of_kind[key] = verdict_of(message, self._knowledge)
        return verdict

    def _taken_by(self, mx: str) -> Verdict:
        """Deliveries are most of a log: one verdict a host, asked once. What the host said does not matter."""
        verdict = self._delivered.get(mx)
        if verdict is None:
            if len(self._delivered) >= _MAX_REMEMBERED:
                self._delivered.clear()
            provider = self._provider_of(Bounce(_NOTHING_SAID, mx=mx)) if mx else None
            verdict = replace(self._verdict_of_kind(Kind.DELIVERED, None), provider=provider)
            self._delivered[mx] = verdict
        return verdict


def is_temporary(reply: Reply) -> bool:
    """Did the server ask to try again? By the reply code, else by the enhanced code (RFC 5321 section 4.2.1)."""
    if reply.code is not None:
        return 400 <= reply.code < 500
    return bool(reply.enhanced_code and reply.enhanced_code[0] == "4")
