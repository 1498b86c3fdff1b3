"""How a run gets on: how many are done, how fast, what is left, what is slow."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

WINDOW = 30.0
"""Seconds over which the speed is measured."""
SLOW = 5.0
"""Seconds after which a domain on its way counts as slow."""


@dataclass(slots=True)
class Pace:
    """Counts of a run. ``flow`` keeps them; whoever shows them reads."""

    total: int | None = None
    """How many there will be, where that is known or guessed."""
    done: int = 0
    questions: int = 0
    running: dict[str, float] = field(default_factory=dict)
    """Domains on their way and when each began, oldest first."""
    _marks: deque[tuple[float, int]] = field(default_factory=lambda: deque([(time.monotonic(), 0)]))

    def begin(self, domain: str) -> None:
        """A domain is handed out."""
        self.running[domain] = time.monotonic()

    def end(self, domain: str, questions: int) -> None:
        """A domain came back."""
        self.running.pop(domain, None)
        self.done += 1
        self.questions += questions
        now = time.monotonic()
        if now - self._marks[-1][0] > 0.5:
            self._marks.append((now, self.done))
            while len(self._marks) > 2 and now - self._marks[0][0] > WINDOW:
                self._marks.popleft()

    @property
    def rate(self) -> float:
        """Domains a second of late."""
        since, before = self._marks[0]
        passed = time.monotonic() - since
        return (self.done - before) / passed if passed > 0 else 0.0

    @property
    def left(self) -> float | None:
        """Seconds until the end at this rate; None while nobody can tell."""
        if self.total is None or self.rate <= 0:
            return None
        return max(self.total - self.done, 0) / self.rate

    def slow(self) -> list[tuple[str, float]]:
        """Domains on their way for long, and for how long, slowest first."""
        now = time.monotonic()
        return [(domain, now - began) for domain, began in self.running.items() if now - began > SLOW]
