"""Many audits from Python: the same objects as one audit, one after another or inside a loop of your own."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from typing import TypeVar

from deliverkit.audit import ALL
from deliverkit.bulk.engine import local_engine
from deliverkit.bulk.flow import Engine, flow
from deliverkit.bulk.order import Bounds, Done, Order, Plan, keep_audit
from deliverkit.bulk.pace import Pace
from deliverkit.model import Audit
from deliverkit.session import Network, author_domain, target

T = TypeVar("T")

_LIVE = Network()
_POLITE = Bounds()
AHEAD = 64
"""Audits that wait for a script that is busy with an earlier one."""


@asynccontextmanager
async def engine_for(plan: Plan[T], scheduler: str | None = None) -> AsyncIterator[Engine[T]]:
    """The engine that a plan asks for: this process, several, or the cluster of a Dask ``scheduler``.

    Raises ResolverError and FileError as ``open_world`` does, InputError where Dask is missing or does not answer.
    """
    if scheduler is not None:
        from deliverkit.bulk.cluster import cluster_engine

        async with cluster_engine(plan, scheduler) as cluster:
            yield cluster
    elif plan.bounds.processes > 1:
        from deliverkit.bulk.processes import process_engine

        async with process_engine(plan) as several:
            yield several
    else:
        async with local_engine(plan) as here:
            yield here


async def run(
    orders: Iterable[Order],
    plan: Plan[T],
    *,
    ordered: bool = True,
    pace: Pace | None = None,
    patient: bool = False,
    scheduler: str | None = None,
) -> AsyncGenerator[Done[T], None]:
    """Everything a bulk run is, as one iterator: see ``flow`` and ``engine_for``."""
    async with (
        engine_for(plan, scheduler) as engine,
        aclosing(flow(orders, engine, ordered=ordered, pace=pace, patient=patient)) as results,
    ):
        async for done in results:
            yield done


async def audits(
    domains: Iterable[str],
    *,
    ips: Sequence[str] = (),
    selectors: Sequence[str] = (),
    checks: Sequence[str] = ALL,
    network: Network = _LIVE,
    bounds: Bounds = _POLITE,
    ordered: bool = True,
) -> AsyncGenerator[Audit, None]:
    """Audit many domains inside a running event loop; yields each ``Audit`` in the order of ``domains``.

    ``domains`` may be any iterable, however long: it is read as the run gets on. ``ordered=False`` yields each audit
    as soon as it is there. ``network.deadline`` is for each domain. Leaving the loop early (``aclose``) gives up what
    is on its way.

    Raises InputError for a domain, IP or selector that is none, ResolverError for a name server that cannot be used,
    AuditError for a bug in a check.
    """
    common = target(network, ips=ips, selectors=selectors)
    plan = Plan(keep_audit, tuple(checks), common, network, bounds)
    async with aclosing(run(_orders(domains), plan, ordered=ordered)) as results:
        async for done in results:
            if done.value is None:
                raise AuditError(f"{done.order.domain}: {done.error}")
            yield done.value


class AuditError(RuntimeError):
    """A bug in a check, or a process that died: the audit of one domain could not be made. Please report it."""


def audit_domains(
    domains: Iterable[str],
    *,
    ips: Sequence[str] = (),
    selectors: Sequence[str] = (),
    checks: Sequence[str] = ALL,
    network: Network = _LIVE,
    bounds: Bounds = _POLITE,
    ordered: bool = True,
) -> Iterator[Audit]:
    """Audit many domains; yields each ``Audit`` in the order of ``domains``. For scripts without an event loop.

    Takes and raises what ``deliverkit.bulk.audits`` does. The questions are asked by a thread, so what the script does
    between two audits may take its time; a few dozen audits are made ahead.
    """
    found = audits(
        domains, ips=ips, selectors=selectors, checks=checks, network=network, bounds=bounds, ordered=ordered
    )
    thread = _Asking(found)
    try:
        while (item := thread.results.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            thread.made_room()
            yield item
    finally:
        thread.stop()


class _Asking:
    """A thread with an event loop that makes audits, a bounded number ahead of whoever takes them."""

    def __init__(self, found: AsyncGenerator[Audit, None]) -> None:
        self.results: queue.SimpleQueue[Audit | BaseException | None] = queue.SimpleQueue()
        self._found = found
        self._loop = asyncio.new_event_loop()
        self._room = asyncio.Semaphore(AHEAD)
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="deliverkit-asking")
        self._thread.start()

    def made_room(self) -> None:
        """One result was taken."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._room.release)

    def stop(self) -> None:
        """Give up what is on its way, and wait until it is."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(lambda: self._task and self._task.cancel())
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner, suppress(asyncio.CancelledError):
            runner.run(self._all())
        self.results.put(None)

    async def _all(self) -> None:
        self._task = asyncio.current_task()
        try:
            async with aclosing(self._found) as found:
                async for audit in found:
                    await self._room.acquire()
                    self.results.put(audit)
        except Exception as error:  # told where the audits are awaited
            self.results.put(error)


def _orders(domains: Iterable[str]) -> Iterator[Order]:
    for text in domains:
        name, selectors = author_domain(text)
        yield Order(name, selectors)
