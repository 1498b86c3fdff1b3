"""One run over all pieces: done by whoever is there, put together in their order.

Pieces are judged, counted and made into records by a crew; this process fills in what a piece could not know (the
lines before it, the number of its first line), writes and adds up. So the result is the same whoever did the work.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from deliverkit.bounces.event import Event, Fault
from deliverkit.bounces.files import Chunk
from deliverkit.bounces.judged import Judged
from deliverkit.bounces.memory import Known, complete
from deliverkit.bounces.summary import Summary
from deliverkit.errors import InputError
from deliverkit.intake.crew import Crew, Handle
from deliverkit.intake.journal import State, save
from deliverkit.intake.work import Job, Packed, Part, Tray, Walk, bench
from deliverkit.language import _

INTERVAL = 5.0
"""Seconds between two entries of the journal; what was done since the last one is done again."""


class Sink(Protocol):
    """Where records go."""

    def write(self, data: bytes, before: int) -> None:
        """Packed records; ``before`` lines, mails or records of their file stand before the piece."""
        ...

    def commit(self) -> int:
        """Bring all that was written to the disk; bytes so far."""
        ...


class Keeper(Protocol):
    """A memory of addresses."""

    def __call__(self, chunk: Chunk, judged: Iterable[Judged], /) -> None:
        """Take over all events of a piece: all or none. They are made while they are taken."""
        ...


class Report(NamedTuple):
    """How far a run is; for progress."""

    read: int
    units: int
    events: int


class _Entry(NamedTuple):
    """A piece on its way: with a crew, or to be done here."""

    chunk: Chunk | Fault
    handle: Handle | None


class Run:
    """Reads everything once. ``state`` grows piece by piece and is always that of finished pieces."""

    def __init__(
        self,
        job: Job,
        state: State,
        *,
        crew: Crew | None = None,
        sink: Sink | None = None,
        keeper: Keeper | None = None,
        journal: Path | None = None,
        on_step: Callable[[Report], None] | None = None,
    ) -> None:
        """Without ``crew`` all is done in this process, streaming. ``journal`` is written now and then."""
        self.state = state
        self._job = job
        self._crew = crew
        self._sink = sink
        self._keeper = keeper
        self._journal = journal
        self._on_step = on_step
        self._written_at = time.monotonic()
        self._whole = True

    def go(self, pieces: Iterable[Chunk | Fault]) -> None:
        """Do all pieces that are not done yet. Raises InputError where those that are done have changed."""
        under_way: deque[_Entry] = deque()
        try:
            for entry in self._left(iter(pieces)):
                under_way.append(_Entry(entry, self._begin(entry)))
                if len(under_way) >= (self._crew.ahead if self._crew else 1):
                    self._settle(under_way.popleft())
            while under_way:
                self._settle(under_way.popleft())
        except KeyboardInterrupt:
            self._note(now=True)
            raise
        self._note(now=True)

    def _left(self, pieces: Iterator[Chunk | Fault]) -> Iterator[Chunk | Fault]:
        """The pieces behind those that the journal vouches for."""
        done = State()
        while done.done < self.state.done:
            entry = next(pieces, None)
            if entry is None:
                break
            done.pass_by(entry)
        if (done.done, done.pieces) != (self.state.done, self.state.pieces):
            raise InputError(
                _("the files have changed since the journal was written"),
                advice=_("Remove the journal and start anew."),
            )
        yield from pieces

    def _begin(self, entry: Chunk | Fault) -> Handle | None:
        if self._crew is None or isinstance(entry, Fault) or entry.is_stdin:
            return None
        return self._crew.submit(self._job, entry)

    def _settle(self, entry: _Entry) -> None:
        chunk = entry.chunk
        if isinstance(chunk, Fault):
            self._whole = False
            self.state.summary.add_fault(chunk)
            if chunk.why == "unreadable":
                # What holds no bounces at all is left out of a folder; what could not be opened is missing.
                self.state.failed.append((chunk.path, chunk.why))
        else:
            self._settle_chunk(chunk, entry.handle)
        self.state.pass_by(chunk)
        self._whole = True
        self._note()
        if self._on_step is not None:
            state = self.state
            self._on_step(Report(state.read, state.units, state.summary.events))

    def _settle_chunk(self, chunk: Chunk, handle: Handle | None) -> None:
        state = self.state
        before = state.count if chunk.start and chunk.path == state.path else 0
        if handle is not None:
            piece = handle.result()
            parts: Iterable[Part] = piece.parts
        else:
            walk = Walk(self._job, chunk)
            parts = walk.parts()
        self._whole = False
        late = _Late(self._job, state.known)
        judged = self._put_together(parts, late, before)
        if self._keeper is not None:
            self._keeper(chunk, judged)
        for _judged in judged:
            pass  # writing is what it does by the way
        done = piece if handle is not None else walk
        summary = done.summary
        if before:
            summary.fault_examples = [f._replace(number=f.number + before) for f in summary.fault_examples]
        state.summary.merge(summary)
        if late.summary is not None:
            state.summary.merge(late.summary)
        state.known = state.known.then(done.known)
        state.path, state.count = chunk.path, before + done.count
        state.read += chunk.size
        state.units += done.count
        if done.failed:
            state.failed.append((chunk.path, done.failed[0]))

    def _put_together(self, parts: Iterable[Part], late: _Late, before: int) -> Iterator[Judged]:
        """Write all records of a piece in their order; the events, where a store wants them."""
        for part in parts:
            if isinstance(part, Packed):
                yield from self._put(late.packed(), before)
                yield from self._put([part], before)
            else:
                late.take(part)
                if late.is_full:
                    yield from self._put(late.packed(), before)
        yield from self._put(late.packed(), before)

    def _put(self, packed: Iterable[Packed], before: int) -> Iterator[Judged]:
        for data, judged in packed:
            if self._sink is not None and data:
                self._sink.write(data, before)
            for one in judged:
                event = one.event
                yield one._replace(event=event._replace(number=event.number + before)) if before else one

    def _note(self, *, now: bool = False) -> None:
        """Write the journal, if it is time and no piece is half done."""
        if self._journal is None or not self._whole:
            return
        if now or time.monotonic() - self._written_at >= INTERVAL:
            self.state.written = self._sink.commit() if self._sink is not None else 0
            save(self._journal, self.state)
            self._written_at = time.monotonic()


class _Late:
    """Events whose sender stands in an earlier piece: completed, judged and counted here."""

    def __init__(self, job: Job, known: Known) -> None:
        self._job = job
        self._known = known
        self._tray: Tray | None = None

    @property
    def summary(self) -> Summary | None:
        """What was counted, if there was anything."""
        return self._tray.summary if self._tray else None

    @property
    def is_full(self) -> bool:
        return self._tray is not None and self._tray.is_full

    def take(self, event: Event) -> None:
        if self._tray is None:
            self._tray = Tray(bench(self._job))
        for whole in complete(event, self._known):
            self._tray.take(whole)

    def packed(self) -> Iterable[Packed]:
        return self._tray.packed() if self._tray else ()
