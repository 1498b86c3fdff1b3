"""What the lines of a log say of a message before the line of its bounce: sender, Message-ID, the last deferral.

A log is cut into pieces which are read side by side. A reader that meets a message whose first line it has not seen
marks the event as pending; when the pieces are walked in their order, ``complete`` fills in what the pieces before knew:

    known = Known()
    for reading in readings:            # in the order of the pieces
        for item in reading:
            if isinstance(item, Event) and item.pending: yield from complete(item, known)
            else: yield item
        known = known.then(reading.known)

All of it is bounded: a message is forgotten when its log says that it has left the queue, and the longest untouched
one when there are more than ``MAX_MESSAGES``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from deliverkit.bounces.event import Event

MAX_MESSAGES = 50_000
"""Messages in the queue that are remembered at a time."""


@dataclass(frozen=True, slots=True)
class Known:
    """What one piece of a log, or all up to a point, knows of the messages that are still in the queue. Picklable."""

    messages: dict[str, object] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()

    def then(self, later: Known) -> Known:
        """What is known after the next piece."""
        raise NotImplementedError


def complete(event: Event, known: Known) -> Iterator[Event]:
    """``event`` with what ``known`` adds: as a rule one; an expired message is one event a waiting recipient."""
    raise NotImplementedError
