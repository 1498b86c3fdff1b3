"""Reading one piece: the units of its bytes to the reader of its source, with constant memory."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import IO, Protocol, cast

from deliverkit.bounces import journal, units
from deliverkit.bounces.containers import Rejoined, broken, first_bytes, head_of, open_unpacked
from deliverkit.bounces.event import Event, Fault
from deliverkit.bounces.memory import Known, Memory, complete
from deliverkit.bounces.sources import MAX_HEAD, SOURCES, About, Numbered, Unit, detect
from deliverkit.bounces.sources import source as source_of
from deliverkit.bounces.units import Feed
from deliverkit.errors import FileError
from deliverkit.language import _


class Piece(Protocol):
    """What a reading needs of a ``files.Chunk``."""

    @property
    def path(self) -> str: ...  # noqa: D102
    @property
    def source(self) -> str | None: ...  # noqa: D102
    @property
    def start(self) -> int: ...  # noqa: D102
    @property
    def end(self) -> int: ...  # noqa: D102
    @property
    def files(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def columns(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def now(self) -> datetime | None: ...  # noqa: D102


class Reading:
    """The events and faults of one piece, in the order of the file. An iterable, to be used once.

    Raises ``FileError`` where the file is gone by now, or a pipe holds what nobody knows; else what it says never
    raises.
    """

    def __init__(self, piece: Piece) -> None:
        self._piece = piece
        self._now = piece.now or datetime.now(UTC)
        self.count = 0
        """Lines, mails or records read so far; final when the iteration has ended."""
        self.known = Known()
        """After the iteration: what the piece knows at its end, for ``complete`` on the pieces behind it."""

    def __iter__(self) -> Iterator[Event | Fault]:
        if not self._piece.files:
            yield from self._read(self._piece.path, self._piece.start, self._piece.end)
            return
        total = 0
        for path in self._piece.files:
            self.count = 0
            nothing = Known()
            for item in self._read(path, 0, 0):
                if isinstance(item, Event) and item.pending is not None:
                    yield from complete(item, nothing)
                else:
                    yield item
            total += self.count
        self.count = total
        self.known = Known()

    def _read(self, path: str, start: int, end: int) -> Iterator[Event | Fault]:
        try:
            with open_unpacked(path, start, end) as stream:
                yield from self._events(path, stream, start)
        except broken():
            yield Fault(path, self.count + 1, "packing")

    def _events(self, path: str, stream: IO[bytes], start: int) -> Iterator[Event | Fault]:
        here = first_bytes(stream, MAX_HEAD)
        head = head_of(path, MAX_HEAD) if start else here
        name = self._piece.source or recognised(head, self._piece.columns)
        if name is None:
            if here and not self._piece.files:
                raise unrecognised(path)
            if here:
                yield Fault(path, 0, "unrecognised")
            return
        source = source_of(name)
        whole = cast("IO[bytes]", io.BufferedReader(Rejoined(here, stream), 1 << 20))
        feed = Feed()
        reader = source.Reader(About(path, self._now, head, self._piece.columns))
        for item in reader.read(_units(whole, source.UNIT, head, feed)):
            self.count = feed.count
            if feed.faults:
                yield from _told(path, feed)
            yield item
        yield from _told(path, feed)
        self.count = feed.count
        memory = getattr(reader, "memory", None)
        if isinstance(memory, Memory):
            self.known = memory.known


def recognised(head: bytes, columns: Mapping[str, str] | None = None) -> str | None:
    """The source of a file by its beginning, also where a journal holds the lines, or by the columns it should have."""
    found = detect(journal.head_lines(head) if journal.is_journal(head) else head)
    if found is None and columns:
        from deliverkit.bounces.sources.csv import has_columns

        return "csv" if has_columns(head, columns) else None
    return found


def unrecognised(path: str) -> FileError:
    """The error for a file that was named itself and that no source knows."""
    return FileError(
        _("cannot tell what {path} holds").format(path=path),
        advice=_(
            "Say so with --source, or name the columns of a table: --columns recipient=Email,reply=Reason. "
            "Sources are: {names}."
        ).format(names=", ".join(SOURCES)),
    )


def _units(stream: IO[bytes], unit: Unit, head: bytes, feed: Feed) -> Iterable[Numbered]:
    if unit is Unit.MAIL:
        return units.mails(stream, head.startswith(b"From "), feed)
    if unit is Unit.JSON and not units.is_json_lines(head):
        return units.json_values(stream, feed)
    if unit is Unit.LINE and journal.is_journal(head):
        return journal.journal_lines(stream, feed)
    numbered = units.lines(stream, feed)
    if unit is Unit.JSON:
        return units.json_lines(numbered)
    return units.rows(numbered, feed) if unit is Unit.ROW else numbered


def _told(path: str, feed: Feed) -> Iterator[Fault]:
    faults, feed.faults = feed.faults, []
    for number, why in faults:
        yield Fault(path, number, why)
