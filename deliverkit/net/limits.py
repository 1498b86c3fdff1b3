"""How much may be asked at once and how fast, for runs over many domains."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address

from deliverkit.net.servers import Server

POLITE = 500.0
"""Questions a second to a server on the Internet, unless another rate is named: public resolvers begin to refuse at
1,500 a second from one address. A server of one's own, on this machine or the local network, is asked as fast as it
answers."""
NAMED_RATE = 50.0
"""Questions a second to a server that a question names: the domain's own, which somebody else pays for."""
NAMED_IN_FLIGHT = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of a long run."""

    in_flight: int = 256
    """Questions on their way at once, to all servers together."""
    per_server: int = 200
    """To one server."""
    rate: float | None = None
    """Questions a second to one server; None for ``POLITE`` where the server is on the Internet."""
    share: float = 1.0
    """The part of a rate that is ours, where several processes share it."""
    keep: int = 20_000
    """Answers kept in memory."""
    documents: int = 200
    """Documents kept in memory."""


class Gate:
    """What questions to one server pass through."""

    def __init__(self, in_flight: int, rate: float | None) -> None:
        self._slots = asyncio.Semaphore(max(in_flight, 1))
        self._pause = 1.0 / rate if rate else 0.0
        self._next = 0.0

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[None]:
        """Wait for one's turn, and hold a slot meanwhile."""
        async with self._slots:
            if self._pause:
                now = asyncio.get_running_loop().time()
                turn = max(self._next, now)
                self._next = turn + self._pause
                # Timers are not exact below a millisecond; what comes early now waits longer next time.
                if turn - now > 0.001:
                    await asyncio.sleep(turn - now)
            yield


def gate(server: Server, limits: Limits, *, named: bool) -> Gate:
    """The gate for a server; ``named`` when the question chose it."""
    if named:
        return Gate(min(NAMED_IN_FLIGHT, limits.per_server), (limits.rate or NAMED_RATE) * limits.share)
    rate = limits.rate if limits.rate is not None else None if _own(server) else POLITE
    return Gate(limits.per_server, rate * limits.share if rate else None)


def _own(server: Server) -> bool:
    try:
        return not ip_address(server.host).is_global
    except ValueError:
        return False
