"""The words of a bulk run: a domain to be audited, what is the same for all of them, and what one came to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from deliverkit.audit import ALL
from deliverkit.checks import Target
from deliverkit.model import Audit
from deliverkit.net.limits import Limits
from deliverkit.session import Network

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Order:
    """One domain that is to be audited."""

    domain: str
    selectors: tuple[str, ...] = ()
    """Selectors that the input named beside the domain."""
    file: str | None = None
    """Where it was named; None for an argument."""
    line: int | None = None
    """From 1."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much at once, and how fast."""

    jobs: int = 32
    """Domains at a time, in all processes of this machine together; so are the next three."""
    in_flight: int = 256
    """Questions on their way at once."""
    per_server: int = 200
    """Of these, to one name server."""
    rate: float | None = None
    """Questions a second to one name server; None for ``deliverkit.net.limits.POLITE`` where it is on the Internet."""
    keep: int = 20_000
    """Answers kept in memory by one process."""
    processes: int = 1

    def limits(self) -> Limits:
        """What one of the processes may ask."""
        count = max(self.processes, 1)
        return Limits(
            in_flight=max(self.in_flight // count, 1),
            per_server=max(self.per_server // count, 1),
            rate=self.rate,
            share=1.0 / count,
            keep=self.keep,
        )

    @property
    def at_once(self) -> int:
        """Domains at a time in one of the processes."""
        return max(-(-self.jobs // max(self.processes, 1)), 1)


@dataclass(frozen=True, slots=True)
class Plan(Generic[T]):
    """What is the same for every domain of a run. It travels to other processes, so it holds plain values only."""

    make: Callable[[Audit, Order], T]
    """What becomes of an audit, done where it was made: a line of JSON, a row, the audit itself."""
    checks: Sequence[str] = ALL
    common: Target = field(default_factory=Target)
    """IPs, selectors and names that hold for all domains."""
    network: Network = field(default_factory=Network)
    """Its ``deadline`` is for one domain, not for the run."""
    bounds: Bounds = field(default_factory=Bounds)

    def target(self, order: Order) -> Target:
        """What is asked about one domain."""
        selectors = tuple(dict.fromkeys((*self.common.selectors, *order.selectors)))
        return replace(self.common, domain=order.domain, selectors=selectors)


@dataclass(frozen=True, slots=True)
class Done(Generic[T_co]):
    """What one domain came to."""

    order: Order
    value: T_co | None
    """None where the audit of this domain did not come to its end."""
    error: str | None = None
    """Why there is no value; most often a bug: type, message and place."""
    asked: int = 0
    """Questions, those answered from memory among them."""
    learned: int = 0
    """Of these, the ones that DNS settled. None of some: no name server answered for this domain."""
    elapsed: float = 0.0
    """Seconds."""
    late: bool = False
    """It was no bug: the domain took too long and was given up; nothing is known of it."""


def keep_audit(audit: Audit, order: Order) -> Audit:
    """The ``make`` of a plan that wants the audits themselves."""
    return audit
