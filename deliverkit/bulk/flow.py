"""Domains in, results out: so many at a time, in the order of the input or as they come, holding few of either."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import suppress
from typing import Protocol, TypeVar

from deliverkit.bulk.order import Done, Order
from deliverkit.bulk.pace import Pace

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

AHEAD = 8
"""Results that may wait for a slow domain before them, as a multiple of the domains on their way."""


class Engine(Protocol[T_co]):
    """Whoever audits: this process, several, or a cluster."""

    @property
    def at_once(self) -> int:
        """Domains that it takes at the same time."""
        ...

    async def submit(self, order: Order) -> Done[T_co]:
        """Audit one domain. What goes wrong with it alone is part of ``Done``; what is raised ends the run."""
        ...


async def flow(
    orders: Iterable[Order],
    engine: Engine[T],
    *,
    ordered: bool = True,
    pace: Pace | None = None,
    patient: bool = False,
) -> AsyncGenerator[Done[T], None]:
    """The results of all orders. ``patient``: reading an order may take long (a pipe), so a thread does it.

    Closing the iterator gives up what is on its way.
    """
    source = _Source(orders, patient)
    results: asyncio.Queue[tuple[int, Done[T]] | None] = asyncio.Queue()
    window = asyncio.Semaphore(engine.at_once * AHEAD)
    pace = pace or Pace()

    async def work() -> None:
        while True:
            await window.acquire()
            place, order = await source.take()
            if order is None:
                return
            pace.begin(order.domain)
            done = await engine.submit(order)
            pace.end(order.domain, done.asked)
            results.put_nowait((place, done))

    async def all_of_them() -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(engine.at_once):
                    group.create_task(work())
        finally:
            results.put_nowait(None)

    working = asyncio.create_task(all_of_them())
    try:
        async for done in _in_order(results) if ordered else _as_they_come(results):
            window.release()
            yield done
        await _first_error(working)
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError, BaseExceptionGroup):
            await working
        source.close()


async def _first_error(working: asyncio.Task[None]) -> None:
    """Raise what ended the work, without the group around it: whoever meets it knows nothing of tasks."""
    try:
        await working
    except BaseExceptionGroup as group:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        raise error from None


async def _as_they_come(results: asyncio.Queue[tuple[int, Done[T]] | None]) -> AsyncIterator[Done[T]]:
    while (item := await results.get()) is not None:
        yield item[1]


async def _in_order(results: asyncio.Queue[tuple[int, Done[T]] | None]) -> AsyncIterator[Done[T]]:
    early: dict[int, Done[T]] = {}
    following = 0
    while (item := await results.get()) is not None:
        early[item[0]] = item[1]
        while following in early:
            yield early.pop(following)
            following += 1


class _Source:
    """Hands out the orders, numbered; nobody waits for another one's domain to be read."""

    def __init__(self, orders: Iterable[Order], patient: bool) -> None:
        self._lock = asyncio.Lock()
        self._place = -1
        self._iterator = iter(orders)
        self._pump = _Pump(self._iterator) if patient else None

    async def take(self) -> tuple[int, Order | None]:
        async with self._lock:
            order = next(self._iterator, None) if self._pump is None else await self._pump.take()
            self._place += 1
            return self._place, order

    def close(self) -> None:
        if self._pump is not None:
            self._pump.stop()


class _Pump:
    """Reads in a thread, one order ahead, so that a slow pipe does not stop the questions on their way.

    The thread is a daemon: one that waits for a line that never comes must not keep the program alive.
    """

    def __init__(self, iterator: Iterator[Order]) -> None:
        self._iterator = iterator
        self._loop = asyncio.get_running_loop()
        self._room = threading.Semaphore(64)
        self._stopped = False
        self._queue: asyncio.Queue[Order | BaseException | None] = asyncio.Queue()
        threading.Thread(target=self._run, daemon=True, name="deliverkit-reading").start()

    async def take(self) -> Order | None:
        item = await self._queue.get()
        self._room.release()
        if isinstance(item, BaseException):
            raise item
        if item is None:
            self._queue.put_nowait(None)
        return item

    def stop(self) -> None:
        self._stopped = True
        self._room.release()

    def _run(self) -> None:
        last: BaseException | None = None
        try:
            for order in self._iterator:
                self._room.acquire()
                if self._stopped:
                    return
                self._hand_over(order)
        except BaseException as error:  # told where the orders are awaited
            last = error
        self._hand_over(last)

    def _hand_over(self, item: Order | BaseException | None) -> None:
        # The loop may have ended meanwhile: then nobody waits any more.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._queue.put_nowait, item)
