"""Reading many bounces beside the screen: the jobs for ``Core.run_alone``, and the thread that does them.

The thread only cuts files and adds up. What costs time is done by processes, which share no lock with the screen, so
that no key waits; only what is read in a moment is read by the thread itself. Whoever leaves ends the processes.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, redirect_stderr, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from deliverkit.bounces.containers import is_packed
from deliverkit.bounces.event import Fault
from deliverkit.bounces.files import Chunk, chunks
from deliverkit.bounces.incidents import Incidents
from deliverkit.errors import FileError
from deliverkit.intake.crew import LocalCrew
from deliverkit.intake.filters import Only
from deliverkit.intake.journal import State
from deliverkit.intake.known_incidents import read_known, remember
from deliverkit.intake.run import Report, Run, Sink
from deliverkit.intake.work import Job
from deliverkit.language import _
from deliverkit.report.bounce_summary import summary_data
from deliverkit_tui.messages import Figures, RunMessage, Written
from deliverkit_tui.record_file import RecordFile, encoding

if TYPE_CHECKING:
    from deliverkit.report.sentences import Sentences
    from deliverkit_tui.worker import LocalJob

PIECE = 4 << 20
"""Bytes of a piece: small enough that figures move, and that little is lost when it is left."""
_LITTLE = 1 << 20
"""Bytes that are read sooner than a process is started."""
_OFTEN = 0.4
"""Seconds between two figures, at least."""
_SHARE = 10
"""Making figures takes at most this part of the time."""
_HEAD = 8


class Seen:
    """The incidents that were seen when a screen was opened, so that all its looks call the same ones new."""

    def __init__(self, file: Path) -> None:
        """``file`` remembers them from one opening to the next."""
        self._file = file
        self._known: Mapping[str, str] | None = None
        self._there = file.exists()
        self.wrong: FileError | None = None
        """Why they are not known, where the file cannot be used."""

    def ids(self) -> frozenset[str] | None:
        """None where nothing was ever seen: then nothing is new either."""
        if self._known is None and self._there:
            try:
                self._known = read_known(self._file)
            except FileError as error:
                self.wrong, self._there = error, False
        return frozenset(self._known) if self._known is not None else None

    def add(self, incidents: Incidents) -> None:
        """Remember these for the next opening."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            if self.wrong is None:
                remember(self._file, self._known or {}, incidents)
        except (FileError, OSError) as error:
            self.wrong = error if isinstance(error, FileError) else FileError(f"{self._file}: {error.strerror}")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be read."""

    path: str
    only: Only = field(default_factory=Only)
    seen: Seen | None = None
    """None where nobody wants to know what is new."""


class _StoppedError(Exception):
    """Nobody waits for the rest."""


def reading(wish: Wish, say: Sentences) -> LocalJob:
    """Read and count; posts ``Figures``. Raises DeliverkitError for a path that cannot be read."""
    return _beside(lambda tell, stop: _Reader(wish, say, tell, stop))


def writing(wish: Wish, say: Sentences, path: Path, form: str) -> LocalJob:
    """Read again and write the records as ``jsonl`` or ``csv``; posts ``Figures``, then ``Written``."""
    return _beside(lambda tell, stop: _Writer(wish, say, tell, stop, path, form))


_T = TypeVar("_T")
Tell = Callable[[RunMessage], None]


def _beside(make: Callable[[Tell, threading.Event], _Reader]) -> LocalJob:
    """A job that runs a reader in a thread of its own."""

    async def job() -> AsyncIterator[RunMessage]:
        loop = asyncio.get_running_loop()
        told: asyncio.Queue[RunMessage | Exception | None] = asyncio.Queue()

        def tell(item: RunMessage | Exception | None) -> None:
            with suppress(RuntimeError):  # the loop is closed: the program is ending
                loop.call_soon_threadsafe(told.put_nowait, item)

        stop = threading.Event()
        reader = make(tell, stop)
        # A daemon: whoever quits does not wait for the piece that is being read.
        threading.Thread(target=_run, args=(reader, tell), daemon=True, name="bounces").start()
        try:
            while (item := await told.get()) is not None:
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            reader.end()

    return job


def _run(reader: _Reader, tell: Callable[[RunMessage | Exception | None], None]) -> None:
    try:
        reader.read()
    except _StoppedError:
        pass
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        tell(FileError(f"{where}{error.strerror or error}", advice=_("Check the path and its rights.")))
    except Exception as error:
        if not reader.stopped:
            tell(error)
    finally:
        tell(None)


class _Processes(LocalCrew):
    """Processes that can be ended at once, in the middle of a piece."""

    def __enter__(self) -> Self:
        """Have what Python starts beside processes started with the real stderr: while a screen is there, the one in
        its place has no number that could be handed on."""
        if os.name == "posix":
            from multiprocessing import resource_tracker

            with redirect_stderr(sys.__stderr__):
                resource_tracker.ensure_running()
        return super().__enter__()

    def kill(self) -> None:
        """End them; what waits for them gets an error."""
        for process in list((getattr(self._pool, "_processes", None) or {}).values()):
            process.kill()


class _Reader:
    """One pass over one path."""

    def __init__(self, wish: Wish, say: Sentences, tell: Tell, stop: threading.Event) -> None:
        self._wish, self._say, self._tell, self._stop = wish, say, tell, stop
        self._crew: _Processes | None = None
        self._state = State(now=datetime.now(UTC).isoformat())
        self._known: frozenset[str] | None = None
        self._begun = self._shown = time.monotonic()
        self._cost = 0.0
        self._total = 0

    @property
    def stopped(self) -> bool:
        """Nobody wants to hear of it any more."""
        return self._stop.is_set()

    def end(self) -> None:
        """Give up at once. Called from the screen's side."""
        self._stop.set()
        if self._crew is not None:
            self._crew.kill()

    def read(self) -> None:
        """Do all of it. Raises DeliverkitError and OSError for what cannot be read."""
        path = checked(self._wish.path)
        self._total = sum(self._watched(_sizes(path)))
        self._known = self._wish.seen.ids() if self._wish.seen else None
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="deliverkit-", ignore_cleanup_errors=True))
            self._go(stack, path, Job(only=self._wish.only, spill=folder))
        self._figures(whole=True)
        if self._wish.seen and not self._wish.only and not self.stopped:
            self._wish.seen.add(self._state.summary.incidents)

    def _go(self, stack: ExitStack, path: str, job: Job, sink: Sink | None = None) -> None:
        now = datetime.fromisoformat(self._state.now)
        pieces = self._watched(chunks([path], now=now, size=PIECE))
        first = list(islice(pieces, 2))
        if not _is_little(first):
            self._crew = stack.enter_context(_Processes(max(1, (os.cpu_count() or 2) - 1)))
        Run(job, self._state, crew=self._crew, sink=sink, on_step=self._step).go(chain(first, pieces))

    def _watched(self, items: Iterable[_T]) -> Iterator[_T]:
        for item in items:
            if self.stopped:
                raise _StoppedError
            yield item

    def _step(self, report: Report) -> None:
        if self.stopped:
            raise _StoppedError
        now = time.monotonic()
        if now - self._shown >= max(_OFTEN, _SHARE * self._cost):
            self._figures()
        else:
            self._tell(Figures(report.read, self._total, now - self._begun))

    def _figures(self, *, whole: bool = False) -> None:
        started = time.monotonic()
        state = self._state
        data = summary_data(state.summary, self._say, units=state.units, failed=state.failed, known=self._known)
        self._shown = time.monotonic()
        self._cost = self._shown - started
        self._tell(Figures(state.read, self._total, self._shown - self._begun, data, whole=whole))


class _Writer(_Reader):
    """A pass that writes the records of what it reads."""

    def __init__(self, wish: Wish, say: Sentences, tell: Tell, stop: threading.Event, path: Path, form: str) -> None:
        super().__init__(wish, say, tell, stop)
        self._path, self._form = path, form

    def read(self) -> None:
        """Do all of it; the file is there when all went well and not before."""
        path = checked(self._wish.path)
        self._total = sum(self._watched(_sizes(path)))
        made = encoding(self._form)
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="deliverkit-", ignore_cleanup_errors=True))
            file = stack.enter_context(RecordFile(self._path, made.header()))
            self._go(stack, path, Job(only=self._wish.only, spill=folder, encoding=made), file)
            if self.stopped:
                raise _StoppedError
            file.keep()
        self._tell(Written(str(self._path)))

    def _figures(self, *, whole: bool = False) -> None:
        self._shown = time.monotonic()
        self._tell(Figures(self._state.read, self._total, self._shown - self._begun, whole=whole))


def checked(path: str) -> str:
    """The path with its ``~`` resolved, when it is a file or a folder. Raises FileError."""
    try:
        found = Path(path).expanduser()
        if not found.exists():
            raise FileError(_("no such file: {path}").format(path=path), advice=_("Check the name."))
        if not found.is_dir() and not found.is_file():
            raise FileError(
                _("{path}: neither a file nor a folder").format(path=path),
                advice=_("What comes from a pipe is read by 'deliverkit bounces -'."),
            )
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise FileError(f"{path}: {why}", advice=_("Check the path and its rights.")) from error
    return str(found)


def _sizes(path: str) -> Iterator[int]:
    if not Path(path).is_dir():
        yield Path(path).stat().st_size
        return
    for folder, _folders, names in os.walk(path):
        for name in names:
            with suppress(OSError):
                yield Path(folder, name).stat().st_size


def _is_little(first: list[Chunk | Fault]) -> bool:
    """Is this all there is, and read in a moment? A packed file may hold a thousand times its size."""
    found = [piece for piece in first if isinstance(piece, Chunk)]
    return len(first) < 2 and sum(c.size for c in found) < _LITTLE and not any(_packed(c) for c in found)


def _packed(chunk: Chunk) -> bool:
    if chunk.files:
        return False
    with open(chunk.path, "rb") as stream:  # noqa: PTH123
        return is_packed(stream.read(_HEAD))
