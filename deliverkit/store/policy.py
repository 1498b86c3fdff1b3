"""When an address is no longer mailed: a pure function from a history to a decision that explains itself.

Nothing here asks the clock or the order in which events were read: the same events give the same decision, always.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from deliverkit.bounces.event import Kind
from deliverkit.model import AddressAction, Confidence, Scalar

DAY = 86_400_000
"""Milliseconds."""


class State(StrEnum):
    """How an address stands. All but the first two must not be mailed."""

    ACTIVE = "active"
    SOFT = "soft"
    """Failing for now; still mailed."""
    SUPPRESSED = "suppressed"
    """Dead, or failing for too long."""
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINT = "complaint"
    MANUAL = "manual"
    """Somebody put it on the list by hand."""

    @property
    def mailed(self) -> bool:
        """Whether mail may go there."""
        return self in (State.ACTIVE, State.SOFT)


ADDED, REMOVED, IMPORTED = "added", "removed", "imported"
"""Kinds of happenings beside those of ``Kind``: what was done by hand."""

_RANK = {state: rank for rank, state in enumerate(State)}
"""A state is only taken over by a stronger one; the first event of the strongest decides."""

COUNTED = frozenset({"mailbox_full", "mailbox_unavailable", "invalid_address", "recipient_error"})
"""Categories whose failures speak against the address when they go on. What the sender caused (blocked, dmarc,
reputation, rate_limit, sender_setup, rejected) and what nobody understood never does."""
NEVER_COUNTED = frozenset({"mailbox_unavailable.restricted", "recipient_error.tls_failure", "recipient_error.protocol"})
"""Of these categories, what the mailbox can live with: it takes mail, only not this, or not from here."""
NO_COMPLAINTS = frozenset({"not-spam", "auth-failure", "virus", "dmarc"})
"""Feedback types that are no complaint of the recipient (RFC 5965 section 7.3, RFC 6430, RFC 6591)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The numbers behind every decision; the section ``[suppression]`` of the configuration."""

    dead_at_once: bool = True
    """Suppress when a reply proves, surely or likely, that the address is dead."""
    soft_failures: int = 5
    """Suppress after temporary failures on so many different days (UTC) without a delivery in between; 0: never."""
    soft_days: int = 7
    """And only when at least so many days lie between the first and the last of them."""
    forget_days: int = 90
    """Failures that are more days older than the last one do not count."""
    complaint: bool = True
    unsubscribe: bool = True
    delivery_revives: bool = True
    """Whether a delivery ends a suppression for failures that came before it."""


class Happened(NamedTuple):
    """What the policy has to know about one event of an address."""

    at: int | None
    """Milliseconds since 1970 UTC; None where the source does not say: such events count as the oldest."""
    id: bytes
    kind: str
    """A ``Kind``, or ``added``, ``removed``, ``imported``."""
    reason: str | None = None
    confidence: str | None = None
    action: str | None = None
    """``address_action`` of the verdict; of an import the state that the file says."""
    detail: str | None = None
    """Feedback type of a complaint."""


@dataclass(frozen=True, slots=True)
class Decision:
    """How an address stands and why: ids and arguments, the sentence is made by the surface."""

    state: State = State.ACTIVE
    rule: str = "nothing"
    """What decided: ``dead``, ``soft-repeated``, ``soft-counting``, ``complaint``, ``unsubscribe``, ``added``,
    ``imported``, ``removed``, ``delivered``, ``nothing``."""
    reason: str | None = None
    """Why the delivery failed that decided."""
    since: int | None = None
    """Milliseconds since 1970 UTC of the event that decided."""
    events: tuple[bytes, ...] = ()
    """Ids of the events that decided, oldest first."""
    args: Mapping[str, Scalar] = field(default_factory=dict)
    """Numbers of the policy and of the history that the rule compared."""
    changes: tuple[str, ...] = ()
    """What would change it: ``delivery``, ``more-failures``, ``dead``, ``complaint``, ``remove``."""
    soft: int = 0
    """Different days with failures that count."""


def decide(history: Iterable[Happened], policy: Policy) -> Decision:
    """What the events of one address come to under ``policy``, in whatever order they are given."""
    course = _Course(policy)
    for happened in sorted(history, key=_when):
        course.take(happened)
    return course.decision()


def _when(happened: Happened) -> tuple[int, bytes]:
    return (-(1 << 62) if happened.at is None else happened.at, happened.id)


class _Course:
    """The history of one address as far as it was told."""

    __slots__ = ("decided", "policy", "reason", "rule", "soft", "state")

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.state = State.ACTIVE
        self.rule = "nothing"
        self.decided: list[Happened] = []
        self.reason: str | None = None
        self.soft: list[Happened] = []
        """The first failure of each day that counts, oldest first."""

    def take(self, event: Happened) -> None:
        kind = event.kind
        if kind == Kind.DELIVERED:
            self._delivered(event)
        elif kind == Kind.BOUNCE:
            self._failed(event)
        elif kind == Kind.COMPLAINT:
            self._complained(event)
        elif kind == Kind.UNSUBSCRIBE:
            if self.policy.unsubscribe:
                self._become(State.UNSUBSCRIBED, "unsubscribe", [event])
        elif kind == ADDED:
            self._become(State.MANUAL, "added", [event])
        elif kind == IMPORTED:
            self._become(State(event.action or State.MANUAL), "imported", [event])
        elif kind == REMOVED:
            self.soft = []
            self._set(State.ACTIVE, "removed", [event])

    def _become(self, state: State, rule: str, events: list[Happened]) -> None:
        if _RANK[state] > _RANK[self.state]:
            self._set(state, rule, events)

    def _set(self, state: State, rule: str, events: list[Happened]) -> None:
        self.state, self.rule, self.decided = state, rule, events
        self.reason = None if rule == "delivered" else events[-1].reason

    def _delivered(self, event: Happened) -> None:
        self.soft = []
        if self.state is State.ACTIVE or (self.state is State.SUPPRESSED and self.policy.delivery_revives):
            self._set(State.ACTIVE, "delivered", [event])

    def _complained(self, event: Happened) -> None:
        if event.detail == "opt-out":
            if self.policy.unsubscribe:
                self._become(State.UNSUBSCRIBED, "unsubscribe", [event])
        elif self.policy.complaint and event.detail not in NO_COMPLAINTS:
            self._become(State.COMPLAINT, "complaint", [event])

    def _failed(self, event: Happened) -> None:
        policy, reason = self.policy, event.reason or ""
        if event.action == AddressAction.SUPPRESS and event.confidence in (Confidence.SURE, Confidence.LIKELY):
            if policy.dead_at_once:
                self._become(State.SUPPRESSED, "dead", [event])
                return
        elif reason.partition(".")[0] not in COUNTED or reason in NEVER_COUNTED:
            return
        if event.at is None:
            return  # nobody knows on which day that was
        if not self.soft or (self.soft[-1].at or 0) // DAY != event.at // DAY:
            oldest = event.at - policy.forget_days * DAY
            self.soft = [each for each in self.soft if (each.at or 0) >= oldest]
            self.soft.append(event)
        span = event.at - (self.soft[0].at or 0)
        if policy.soft_failures and len(self.soft) >= policy.soft_failures and span >= policy.soft_days * DAY:
            self._become(State.SUPPRESSED, "soft-repeated", [*self.soft])

    def decision(self) -> Decision:
        if self.state is State.ACTIVE and self.soft:
            self._set(State.SOFT, "soft-counting", self.soft)
        args: dict[str, Scalar] = {}
        if self.rule.startswith("soft"):
            args = {
                "days": len(self.decided),
                "needed": self.policy.soft_failures,
                "span": ((self.decided[-1].at or 0) - (self.decided[0].at or 0)) // DAY,
                "span_needed": self.policy.soft_days,
                "forget": self.policy.forget_days,
            }
        return Decision(
            state=self.state,
            rule=self.rule,
            reason=self.reason,
            since=self.decided[-1].at if self.decided else None,
            events=tuple(each.id for each in self.decided),
            args=args,
            changes=self._changes(),
            soft=len(self.soft),
        )

    def _changes(self) -> tuple[str, ...]:
        if self.state is State.SUPPRESSED:
            # What was put there by a file is ended by a delivery as well: it is the same state.
            return ("delivery", "remove") if self.policy.delivery_revives else ("remove",)
        if not self.state.mailed:
            return ("remove",)
        more = ("delivery", "more-failures") if self.state is State.SOFT and self.policy.soft_failures else ()
        return (*more, "dead", "complaint") if self.policy.dead_at_once else (*more, "complaint")
