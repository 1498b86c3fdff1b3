"""Who does the work: this process, processes beside it, or the workers of a Dask cluster."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from types import TracebackType
from typing import Any, Protocol, Self

from deliverkit.bounces.files import Chunk
from deliverkit.errors import DeliverkitError, InputError
from deliverkit.intake.work import Job, Piece, work
from deliverkit.language import _


class CrewError(DeliverkitError):
    """The processes that do the work are gone."""


class Handle(Protocol):
    """Work under way."""

    def result(self) -> Piece:
        """Wait for it. Raises CrewError where nobody is left to do it."""
        ...


class Crew(Protocol):
    """Takes pieces and does them, in whatever order."""

    ahead: int
    """Pieces under way at a time, so that memory stays bounded."""

    def submit(self, job: Job, chunk: Chunk) -> Handle:
        """Have a piece done."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def pieces_ahead(jobs: int) -> int:
    """Pieces under way for so many processes: each has the next one at hand."""
    return 2 * jobs + 1


class LocalCrew:
    """Processes on this machine. They are started with the first piece and share nothing with this one."""

    def __init__(self, jobs: int) -> None:
        """``jobs`` processes."""
        self.ahead = pieces_ahead(jobs)
        self._jobs = jobs
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, job: Job, chunk: Chunk) -> Handle:
        """Have a piece done."""
        if self._pool is None:
            ways = multiprocessing.get_all_start_methods()
            context = multiprocessing.get_context("forkserver" if "forkserver" in ways else "spawn")
            self._pool = ProcessPoolExecutor(self._jobs, mp_context=context, initializer=_begin)
        return _Local(self._pool, job, chunk)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            # What runs is at most a second from its end; what waits is not begun.
            self._pool.shutdown(wait=True, cancel_futures=True)


class _Local:
    def __init__(self, pool: ProcessPoolExecutor, job: Job, chunk: Chunk) -> None:
        self._path = chunk.path
        try:
            self._future = pool.submit(work, job, chunk)
        except BrokenProcessPool as error:
            raise _gone(self._path) from error

    def result(self) -> Piece:
        try:
            return self._future.result()
        except BrokenProcessPool as error:
            raise _gone(self._path) from error


def _gone(path: str) -> CrewError:
    return CrewError(
        _("a process that read {path} was ended from outside").format(path=path),
        advice=_("Was memory short? Go on with --resume if you used it, or start anew with fewer --jobs."),
    )


def _begin() -> None:
    """Ctrl-C is for the process that owns the terminal; it ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(50_000)
    threading.Thread(target=_end_with_owner, daemon=True).start()


def _end_with_owner() -> None:
    """Where the process that gives the work is killed, nobody else would end those that wait for more of it."""
    owner = multiprocessing.parent_process()
    if owner is not None:
        wait([owner.sentinel])
        os._exit(1)


class DaskCrew:
    """The workers of a Dask cluster. They have to see the same files under the same names, and the same deliverkit.

    The pieces of a worker that dies are done again by another one.
    """

    def __init__(self, address: str) -> None:
        """Connect to a scheduler (``tcp://HOST:PORT``). Raises InputError where that fails."""
        try:
            from distributed import Client
        except ImportError as error:
            raise InputError(
                _("a Dask cluster needs a library that is not installed"), advice="pip install 'deliverkit[dask]'"
            ) from error
        try:
            connect: Any = Client
            self._client = connect(address, timeout=10, set_as_default=False)
        except (OSError, ValueError, ImportError) as error:
            raise InputError(
                _("no Dask scheduler answers at {address}").format(address=address[:200]),
                advice=_("Start one with 'dask scheduler' and give its address: tcp://HOST:8786."),
            ) from error
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        self.ahead = pieces_ahead(max(1, sum(worker["nthreads"] for worker in workers)))

    def submit(self, job: Job, chunk: Chunk) -> Handle:
        """Have a piece done."""
        return _Remote(self._client.submit(work, job, chunk, pure=False), chunk.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()


class _Remote:
    def __init__(self, future: Any, path: str) -> None:
        self._future = future
        self._path = path

    def result(self) -> Piece:
        from distributed import CancelledError, KilledWorker

        try:
            piece: Piece = self._future.result()
        except (KilledWorker, CancelledError) as error:
            raise CrewError(
                _("the cluster gave up on a piece of {path}").format(path=self._path),
                advice=_("Several workers died of it: is their memory large enough?"),
            ) from error
        self._future.release()
        return piece
