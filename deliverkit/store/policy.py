"""When an address is no longer mailed: a pure function from a history to a decision that explains itself."""

from __future__ import annotations

from dataclasses import dataclass


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
    """Failures longer ago than this before the last one do not count."""
    complaint: bool = True
    unsubscribe: bool = True
    delivery_revives: bool = True
    """Whether a delivery ends a suppression for failures that came before it."""
