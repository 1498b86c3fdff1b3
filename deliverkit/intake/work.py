"""What is done with one piece of the input, in whatever process: read, judge, count, make records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from deliverkit.bounces.classify import Classifier, default_classifier
from deliverkit.bounces.event import Event, Fault, Kind
from deliverkit.bounces.files import Chunk, read
from deliverkit.bounces.incidents import Masks
from deliverkit.bounces.judged import Judge, Judged
from deliverkit.bounces.memory import Known
from deliverkit.bounces.summary import Summary
from deliverkit.errors import DeliverkitError
from deliverkit.intake.filters import Only
from deliverkit.intake.parts import MAX_BYTES, Parts
from deliverkit.knowledge import Knowledge, load
from deliverkit.knowledge.schema import Rule

BATCH = 1_000
"""Records that are made before they are packed."""
_INCIDENTS = frozenset({Kind.BOUNCE, Kind.DELAYED})
_QUIET = frozenset({Kind.DELIVERED, Kind.RELAYED})

RuleRow = tuple[str, str, str, str, int | None, str | None]


class Encoder(Protocol):
    """Makes records of one form."""

    def one(self, judged: Judged, incident: str | None) -> Any:
        """One record."""
        ...

    def pack(self, records: list[Any]) -> bytes:
        """Many, as they are written; their numbers are still those within the piece."""
        ...


class Encoding(Protocol):
    """Which form; picklable and hashable."""

    def encoder(self, classifier: Classifier, knowledge: Knowledge) -> Encoder:
        """The encoder for this process."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done with every piece. Picklable and hashable: it goes to every process."""

    rules: tuple[RuleRow, ...] = ()
    """The user's own rules, which come before ours."""
    only: Only = field(default_factory=Only)
    delivered: bool = False
    """Records of deliveries too."""
    encoding: Encoding | None = None
    """None: no records are made."""
    keep: bool = False
    """Hand the judged events over, for a store."""
    spill: str | None = None
    """Folder for results that are too large for memory; None where no folder is shared."""
    hold: int = MAX_BYTES
    """Bytes of results of one piece that are kept in memory."""


class Packed(NamedTuple):
    """Some records, in order."""

    data: bytes
    judged: tuple[Judged, ...] = ()
    """The events themselves, where a store wants them. Their numbers are those within the piece."""


Part = Packed | Event
"""Records, or an event that still lacks what earlier pieces know."""


@dataclass(slots=True)
class Piece:
    """What one piece came to. Picklable."""

    parts: Parts[Part]
    summary: Summary
    known: Known = field(default_factory=Known)
    count: int = 0
    """Lines, mails or records read."""
    failed: tuple[str, str] | None = None
    """Message and advice, where the piece could not be read to its end."""


class Bench:
    """The tools of one process."""

    def __init__(self, job: Job) -> None:
        knowledge = load()
        classifier = Classifier(knowledge, [Rule(*row) for row in job.rules]) if job.rules else default_classifier()
        self.job = job
        self.judge = Judge(classifier, knowledge)
        self.masks = Masks()
        self.encoder = job.encoding.encoder(classifier, knowledge) if job.encoding else None


@lru_cache(maxsize=2)
def bench(job: Job) -> Bench:
    """The tools for this job, made once in a process."""
    return Bench(job)


class Tray:
    """Counts events and gathers their records."""

    def __init__(self, tools: Bench) -> None:
        self._tools = tools
        self._records: list[Any] = []
        self._judged: list[Judged] = []
        self.summary = Summary()

    def take(self, event: Event) -> None:
        """One event that lacks nothing."""
        tools = self._tools
        job = tools.job
        judged = tools.judge(event)
        if job.only and not job.only.takes(judged):
            return
        self.summary.add(judged)
        incident = None
        kind = event.kind
        if kind in _INCIDENTS:
            incident, words = tools.masks.of(judged)
            self.summary.incidents.add(judged, incident, words)
        if job.keep:
            self._judged.append(judged)
        if tools.encoder is not None and (job.delivered or kind not in _QUIET):
            self._records.append(tools.encoder.one(judged, incident))

    @property
    def is_full(self) -> bool:
        """Is it time for ``packed``?"""
        return len(self._records) >= BATCH or len(self._judged) >= BATCH

    def packed(self) -> Iterator[Packed]:
        """What was gathered since the last time: one, or nothing."""
        if self._records or self._judged:
            encoder = self._tools.encoder
            data = encoder.pack(self._records) if encoder is not None and self._records else b""
            yield Packed(data, tuple(self._judged))
            self._records, self._judged = [], []


class Walk:
    """One walk through a piece; ``parts`` once, then the rest."""

    def __init__(self, job: Job, chunk: Chunk) -> None:
        self._tray = Tray(bench(job))
        self._chunk = chunk
        self.known = Known()
        self.count = 0
        self.failed: tuple[str, str] | None = None

    @property
    def summary(self) -> Summary:
        """What was counted."""
        return self._tray.summary

    def parts(self) -> Iterator[Part]:
        """Records and pending events in their order; memory stays constant."""
        try:
            reading = read(self._chunk)
            yield from self._walk(reading)
            self.count, self.known = reading.count, reading.known
        except DeliverkitError as error:
            self.failed = str(error), error.advice
        except OSError as error:
            self.failed = f"{error.filename or self._chunk.path}: {error.strerror or error}", ""
        yield from self._tray.packed()
        self.summary.settle()

    def _walk(self, items: Any) -> Iterator[Part]:
        tray = self._tray
        take = tray.take
        for item in items:
            if type(item) is Fault:
                tray.summary.add_fault(item)
            elif item.pending is not None:
                yield from tray.packed()
                yield item
            else:
                take(item)
                if tray.is_full:
                    yield from tray.packed()


def work(job: Job, chunk: Chunk) -> Piece:
    """Do one piece to its end. What cannot be read is told in the result, never raised."""
    walk = Walk(job, chunk)
    parts: Parts[Part] = Parts(job.spill, job.hold)
    for part in walk.parts():
        parts.append(part, len(part.data) + 400 * len(part.judged) if isinstance(part, Packed) else 400)
    parts.close()
    return Piece(parts, walk.summary, walk.known, walk.count, walk.failed)
