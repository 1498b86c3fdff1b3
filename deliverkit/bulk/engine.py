"""Audits of many domains in this process: one world, one bounded cache, a deadline for each domain."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Generic, TypeVar

from deliverkit.audit import audit
from deliverkit.bulk.order import Done, Order, Plan
from deliverkit.checks import World
from deliverkit.net.cache import RunCache
from deliverkit.session import open_world

T = TypeVar("T")

BACKLOG = 4
"""Questions waiting for each one on its way, at most."""
GRACE = 60.0
"""Seconds after its deadline at which a domain is given up whatever it does: its mail servers, say, that speak a word
a minute. Every check has bounds of its own, so hardly any domain gets there."""


@asynccontextmanager
async def local_engine(plan: Plan[T]) -> AsyncIterator[LocalEngine[T]]:
    """An engine in this process and this event loop. Raises as ``open_world`` does."""
    async with open_world(plan.network, plan.bounds.limits()) as world:
        yield LocalEngine(plan, world)


class LocalEngine(Generic[T]):
    """Audits each domain it is given, all of them through one cache."""

    def __init__(self, plan: Plan[T], world: World) -> None:
        self._plan = plan
        self._world = world
        bounds = plan.bounds.limits()
        # Questions that wait for their turn use up the time of their domain, so no domain is begun while many do.
        self._backlog = bounds.in_flight * BACKLOG
        if bounds.rate:
            self._backlog = min(self._backlog, int(bounds.rate * bounds.share * plan.network.deadline / 4))
        self._beginning = asyncio.Lock()

    @property
    def at_once(self) -> int:
        """See ``flow.Engine``."""
        return self._plan.bounds.at_once

    async def submit(self, order: Order) -> Done[T]:
        """Audit one domain; an exception in a check is a bug, and that domain's alone."""
        await self._turn()
        start = time.perf_counter()
        deadline = self._plan.network.deadline
        cache = self._world.resolver
        door = cache.within(deadline) if isinstance(cache, RunCache) else None
        world = replace(self._world, resolver=door) if door else self._world
        value, error, late = None, None, False
        try:
            async with asyncio.timeout(deadline + GRACE) as limit:
                value = self._plan.make(await audit(self._plan.target(order), world, checks=self._plan.checks), order)
        except Exception as bug:
            late = isinstance(bug, TimeoutError) and limit.expired()
            error = f"not finished within {deadline + GRACE:g} seconds" if late else described(bug)
        asked, learned = (door.asked, door.learned) if door else (0, 0)
        return Done(order, value, error, asked, learned, time.perf_counter() - start, late)

    async def _turn(self) -> None:
        """Wait until the questions of the domains before have thinned out."""
        cache = self._world.resolver
        async with self._beginning:
            # A domain begun just now has asked nothing yet: it needs a few turns of the loop to do so.
            for _ in range(4):
                await asyncio.sleep(0)
            while isinstance(cache, RunCache) and cache.flying > self._backlog:  # noqa: ASYNC110 an event a question?
                await asyncio.sleep(0.005)


def described(bug: BaseException) -> str:
    """Type, message and place of an exception, on one line."""
    last = traceback.extract_tb(bug.__traceback__)[-1:]
    where = f" ({last[0].filename.rpartition('deliverkit')[2].lstrip('/')}:{last[0].lineno})" if last else ""
    return " ".join(f"{type(bug).__name__}: {bug}{where}".split())[:500]
