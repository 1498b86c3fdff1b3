"""Audits in several processes of this machine: each has its own event loop, cache and share of the bounds.

A process that dies, for want of memory say, is replaced, and its domains are asked again by the new one.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import pickle
import queue
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from multiprocessing.connection import Connection
from typing import Generic, TypeVar

from deliverkit.bulk.engine import local_engine
from deliverkit.bulk.order import Done, Order, Plan
from deliverkit.errors import DeliverkitError
from deliverkit.language import current, use

T = TypeVar("T")

LIVES = 3
"""Times that one domain may take a process down with it before it is left out, as a bug."""
_Reply = tuple[int, "Done[T]"]


@asynccontextmanager
async def process_engine(plan: Plan[T]) -> AsyncIterator[ProcessEngine[T]]:
    """An engine of ``plan.bounds.processes`` processes. Raises as ``open_world`` does in any of them."""
    engine = ProcessEngine(plan)
    try:
        yield engine
    finally:
        engine.close()


class _Worker(Generic[T]):
    """One process, and what it has been given."""

    def __init__(self, plan: Plan[T]) -> None:
        # A fork would take over locks and loops of this process in whatever state they are in.
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, plan, current()), daemon=True)
        self.process.start()
        theirs.close()
        self.given: dict[int, tuple[Order, asyncio.Future[Done[T]], int]] = {}
        """By number: the domain, who waits for it, and how often it was given to a process that died."""


class ProcessEngine(Generic[T]):
    """Hands each domain to the process that has the fewest."""

    def __init__(self, plan: Plan[T]) -> None:
        self._plan = plan
        self._count = 0
        self._workers: list[_Worker[T]] = []
        for _ in range(max(plan.bounds.processes, 1)):
            self._start()

    @property
    def at_once(self) -> int:
        """See ``flow.Engine``."""
        return self._plan.bounds.at_once * max(self._plan.bounds.processes, 1)

    async def submit(self, order: Order) -> Done[T]:
        """See ``flow.Engine``."""
        waiting: asyncio.Future[Done[T]] = asyncio.get_running_loop().create_future()
        self._give(order, waiting, 0)
        return await waiting

    def _give(self, order: Order, waiting: asyncio.Future[Done[T]], died: int) -> None:
        worker = min(self._workers, key=lambda each: len(each.given))
        self._count += 1
        worker.given[self._count] = order, waiting, died
        # A dead process is noticed where its answers are read.
        with suppress(OSError):
            worker.pipe.send((self._count, order))

    def _start(self) -> None:
        worker = _Worker(self._plan)
        self._workers.append(worker)
        asyncio.get_running_loop().add_reader(worker.pipe.fileno(), self._read, worker)

    def _read(self, worker: _Worker[T]) -> None:
        try:
            while worker.pipe.poll():
                number, done = worker.pipe.recv()
                self._answered(worker, number, done)
        except (EOFError, OSError):
            self._lost(worker)

    def _answered(self, worker: _Worker[T], number: int, done: Done[T] | BaseException) -> None:
        if number == 0:
            # It could not begin: a name server that cannot be used, a file that cannot be read.
            for _, waiting, _ in worker.given.values():
                if not waiting.done() and isinstance(done, BaseException):
                    waiting.set_exception(done)
            return
        _, waiting, _ = worker.given.pop(number)
        if not waiting.done() and isinstance(done, Done):
            waiting.set_result(done)

    def _lost(self, worker: _Worker[T]) -> None:
        asyncio.get_running_loop().remove_reader(worker.pipe.fileno())
        worker.pipe.close()
        worker.process.join(1.0)
        self._workers.remove(worker)
        self._start()
        for order, waiting, died in worker.given.values():
            if waiting.done():
                continue
            if died + 1 >= LIVES:
                code = worker.process.exitcode
                waiting.set_result(Done(order, None, f"the process that audited it died {LIVES} times ({code})"))
            else:
                self._give(order, waiting, died + 1)

    def close(self) -> None:
        """End all processes at once; what they were at is lost."""
        for worker in self._workers:
            asyncio.get_running_loop().remove_reader(worker.pipe.fileno())
            worker.pipe.close()
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()


def _serve(pipe: Connection, plan: Plan[T], language: str) -> None:
    """The life of a process."""
    # Ctrl-C reaches every process of the terminal; the parent decides what becomes of the run.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    use(language)
    try:
        asyncio.run(_audit_all(pipe, plan))
    except DeliverkitError as error:
        with suppress(OSError):
            pipe.send((0, error))
            # The parent ends us when it has read it; to go now would look like a crash.
            pipe.recv_bytes()
    except (EOFError, OSError):
        return


async def _audit_all(pipe: Connection, plan: Plan[T]) -> None:
    loop = asyncio.get_running_loop()
    orders: asyncio.Queue[tuple[int, Order] | None] = asyncio.Queue()
    # A parent that is busy writing must not stop the questions that are on their way: a thread waits for it.
    answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    threading.Thread(target=_send, args=(pipe, answers), daemon=True).start()

    def read() -> None:
        try:
            while pipe.poll():
                orders.put_nowait(pipe.recv())
        except (EOFError, OSError):
            loop.remove_reader(pipe.fileno())
            orders.put_nowait(None)

    async with local_engine(plan) as engine, asyncio.TaskGroup() as group:
        loop.add_reader(pipe.fileno(), read)

        async def one(number: int, order: Order) -> None:
            answers.put(pickle.dumps((number, await engine.submit(order))))

        while (item := await orders.get()) is not None:
            group.create_task(one(*item))


def _send(pipe: Connection, answers: queue.SimpleQueue[bytes | None]) -> None:
    with suppress(OSError):
        while (data := answers.get()) is not None:
            pipe.send_bytes(data)
