"""What a mail came to."""

from __future__ import annotations

from dataclasses import dataclass

from deliverkit.bounces.event import Kind
from deliverkit.model import Bounce

_REASONS = {
    Kind.DELAYED: "not_a_bounce.delayed",
    Kind.DELIVERED: "not_a_bounce.delivered",
    Kind.RELAYED: "not_a_bounce.delivered",
    Kind.COMPLAINT: "not_a_bounce.complaint",
    Kind.AUTO_REPLY: "not_a_bounce.auto_reply",
    Kind.CHALLENGE: "not_a_bounce.challenge",
    Kind.UNSUBSCRIBE: "not_a_bounce.unsubscribe",
    Kind.ORDINARY: "unknown.unclassified",
}


@dataclass(frozen=True, slots=True)
class Original:
    """Headers of the message that came back, as far as the report returned them; decoded, hostile until cleaned."""

    message_id: str | None = None
    sender: str | None = None
    """Address in From."""
    subject: str | None = None
    date: str | None = None
    """ISO 8601 where it can be read, else as written."""
    to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """What one mail is."""

    kind: Kind
    bounces: tuple[Bounce, ...] = ()
    """One for every failed recipient. For what is no bounce, one that names whom it is about, with the words in it."""
    original: Original | None = None
    reporter: str | None = None
    """Host or address that wrote the report."""
    feedback_type: str | None = None
    """Of a complaint: ``abuse``, ``fraud``, ``opt-out``, … (RFC 5965 section 3.1)."""

    @property
    def is_bounce(self) -> bool:
        """Has a delivery failed for good, as far as this mail says?"""
        return self.kind is Kind.BOUNCE

    @property
    def reason(self) -> str | None:
        """The reason that the kind itself is; None for a bounce, which the classifier judges."""
        if self.kind is Kind.COMPLAINT and self.feedback_type in ("opt-out", "opt-out-list"):
            return "not_a_bounce.unsubscribe"
        return _REASONS.get(self.kind)
