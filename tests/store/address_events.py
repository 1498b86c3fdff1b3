"""Events for the memory of addresses, made in one line each."""

from __future__ import annotations

import random
from collections.abc import Iterator

from deliverkit.bounces.event import Event, Kind
from deliverkit.model import AddressAction, Basis, Bounce, Confidence, MessageAction, Owner, Reply, Verdict
from deliverkit.store.policy import Happened

DEAD, FULL, BLOCKED = "invalid_address.unknown_user", "mailbox_full.over_quota", "blocked.ip_listed"
Record = tuple[Event, Verdict | None]


def verdict(reason: str, action: str = "keep", confidence: str = "sure") -> Verdict:
    return Verdict(
        reason,
        Confidence(confidence),
        Basis.RULE,
        "generic",
        None,
        MessageAction.DROP,
        AddressAction(action),
        Owner.NOBODY,
    )


def record(
    recipient: str | None,
    day: int,
    reason: str = DEAD,
    *,
    kind: Kind = Kind.BOUNCE,
    path: str = "a.log",
    number: int = 1,
    text: str = "550 5.1.1 no",
    feedback: str | None = None,
) -> Record:
    at = f"2026-{1 + day // 28:02d}-{1 + day % 28:02d}T08:00:00+00:00"
    bounce = Bounce(Reply(int(text[:3]), None, text, text), recipient, mx="mx.example.net", at=at)
    action = "suppress" if reason == DEAD else "review" if reason == FULL else "keep"
    event = Event(kind, bounce, path, number, queue_id=f"Q{day}", feedback_type=feedback)
    return event, verdict(reason, action) if kind is Kind.BOUNCE else None


def happened(day: float | None, kind: str = "bounce", reason: str = FULL, **more: str) -> Happened:
    at = None if day is None else round(day * 86_400_000)
    action = more.pop("action", "suppress" if reason == DEAD else "review")
    word = f"{day}{kind}{reason}{more}".encode()
    confidence = more.pop("confidence", "sure")
    return Happened(at, word, kind, reason, confidence, action, **more)


def mixture(count: int, seed: int = 1, addresses: int = 300) -> Iterator[Record]:
    """Records of every kind, the same for the same seed."""
    dice = random.Random(seed)
    kinds = [Kind.BOUNCE] * 6 + [Kind.DELIVERED] * 3 + [Kind.COMPLAINT, Kind.UNSUBSCRIBE, Kind.AUTO_REPLY]
    for number in range(count):
        kind = dice.choice(kinds if dice.random() < 0.2 else kinds[:9])
        yield record(
            f"user{dice.randrange(addresses)}@example.com",
            dice.randrange(300),
            dice.choice([DEAD, FULL, FULL, FULL, BLOCKED]),
            kind=kind,
            number=number,
            text=f"550 number {number}",
        )
