"""Audits on a Dask cluster: each worker process has its own resolver, cache and bounds, kept from task to task.

A task is a handful of domains. When a worker dies, Dask gives its tasks to another one; a result counts when it has
arrived here, so a domain is in the output once.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Generic, TypeVar

from deliverkit.bulk.engine import LocalEngine, described, local_engine
from deliverkit.bulk.order import Done, Order, Plan
from deliverkit.errors import InputError
from deliverkit.language import _, current, use

T = TypeVar("T")

BATCH = 32
"""Domains of one task: few enough that a dead worker costs little, enough that the scheduler is not what takes time."""
TASKS_AHEAD = 2
"""Tasks for each thread of the cluster: one that runs and one that waits for it."""
LINGER = 0.05
"""Seconds to wait for a task to fill up."""
RETRIES = 3
CONNECT = 10.0
"""Seconds."""


@asynccontextmanager
async def cluster_engine(plan: Plan[T], scheduler: str) -> AsyncIterator[ClusterEngine[T]]:
    """An engine on the cluster of a Dask scheduler (``tcp://HOST:PORT``).

    Raises InputError without Dask, and for a scheduler that does not answer or has no workers.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError(
            _("--scheduler needs Dask, which is not installed"), advice="pip install 'deliverkit[dask]'"
        ) from error
    try:
        client = await Client(  # type: ignore[no-untyped-call]
            scheduler, asynchronous=True, timeout=CONNECT, set_as_default=False
        )
    except (OSError, TimeoutError, ValueError) as error:
        raise InputError(
            _("the scheduler {address} does not answer: {why}").format(address=scheduler, why=error or "timeout"),
            advice=_("Name it as 'dask scheduler' prints it, such as tcp://192.0.2.1:8786."),
        ) from error
    try:
        threads = sum((await client.nthreads()).values())
        if not threads:
            raise InputError(
                _("the scheduler {address} has no workers").format(address=scheduler),
                advice=_("Start some: dask worker {address}").format(address=scheduler),
            )
        yield ClusterEngine(plan, client, threads)
    finally:
        with suppress(Exception):
            await client.close()


class ClusterEngine(Generic[T]):
    """Collects domains into tasks and hands those to the cluster."""

    def __init__(self, plan: Plan[T], client: Any, threads: int) -> None:
        self._plan = plan
        self._client = client
        self._batch = min(BATCH, plan.bounds.at_once)
        self._threads = threads
        self._open: list[tuple[Order, asyncio.Future[Done[T]]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def at_once(self) -> int:
        """See ``flow.Engine``."""
        return self._threads * TASKS_AHEAD * self._batch

    async def submit(self, order: Order) -> Done[T]:
        """See ``flow.Engine``."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[Done[T]] = loop.create_future()
        self._open.append((order, waiting))
        if len(self._open) >= self._batch:
            self._send()
        elif self._timer is None:
            self._timer = loop.call_later(LINGER, self._send)
        return await waiting

    def _send(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._open:
            batch, self._open = self._open, []
            task = asyncio.create_task(self._run(batch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, batch: list[tuple[Order, asyncio.Future[Done[T]]]]) -> None:
        orders = [order for order, _waiting in batch]
        try:
            future = self._client.submit(audit_batch, orders, self._plan, current(), pure=False, retries=RETRIES)
            found: Sequence[Done[T]] = await future
        except Exception as error:  # a worker that dies again and again, or a bug on the way: that of these domains
            found = [Done(order, None, described(error)) for order in orders]
        for (_order, waiting), done in zip(batch, found, strict=True):
            if not waiting.done():
                waiting.set_result(done)


def audit_batch(orders: Sequence[Order], plan: Plan[T], language: str) -> list[Done[T]]:
    """What a worker does: audit these domains together. Runs in a thread of the worker."""
    use(language)
    return _station(plan).audit(orders)


class _Station(Generic[T]):
    """The event loop of a worker process, in a thread of its own, with one engine."""

    def __init__(self, plan: Plan[T]) -> None:
        self.plan = plan
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True, name="deliverkit-station").start()
        self._context = local_engine(plan)
        entered: LocalEngine[T] = asyncio.run_coroutine_threadsafe(self._context.__aenter__(), self._loop).result()
        self._engine = entered

    def audit(self, orders: Sequence[Order]) -> list[Done[T]]:
        async def all_of_them() -> list[Done[T]]:
            return list(await asyncio.gather(*(self._engine.submit(order) for order in orders)))

        return asyncio.run_coroutine_threadsafe(all_of_them(), self._loop).result()

    def close(self) -> None:
        with suppress(Exception):
            asyncio.run_coroutine_threadsafe(self._context.__aexit__(None, None, None), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)


_stations: dict[str, _Station[Any]] = {}
_lock = threading.Lock()


def _station(plan: Plan[T]) -> _Station[T]:
    """The station of this worker for a plan; one of another run is closed."""
    import hashlib
    import pickle

    name = hashlib.sha256(pickle.dumps((plan.checks, plan.common, plan.network, plan.bounds, plan.make))).hexdigest()
    with _lock:
        if name not in _stations:
            for old in list(_stations):
                _stations.pop(old).close()
            _stations[name] = _Station(plan)
        return _stations[name]
