"""From what the user names (files, folders, mailboxes, stdin) to pieces that can be read side by side.

``chunks`` walks and cuts, ``read`` reads one piece in whatever process. What a file is, is told by its content.
Logs come last, sorted by their first time stamp, so that what one says of a message is known when the next is read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from deliverkit.bounces.containers import STDIN, DamagedFileError, head_of, is_packed, unreadable
from deliverkit.bounces.event import Event, Fault
from deliverkit.bounces.journal import is_journal
from deliverkit.bounces.mail.looks import looks_like_mail
from deliverkit.bounces.reading import Reading, recognised, unrecognised
from deliverkit.bounces.sources import MAX_HEAD, SOURCES, Unit
from deliverkit.bounces.sources import source as source_of
from deliverkit.bounces.syslog import Clock, plain, stamp_and_host
from deliverkit.bounces.units import MBOX_NEXT, is_json_lines
from deliverkit.errors import FileError, InputError
from deliverkit.language import _

__all__ = ["Chunk", "Event", "Fault", "Reading", "chunks", "read"]

SIZE = 8 << 20
"""Bytes of a piece that is cut from a large file."""
_SMALL = 256 << 10
_BATCH_FILES = 2_000
_BATCH_BYTES = SIZE
_LOOK = 4_096


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece of work: a stretch of a file, a whole packed file, stdin, or many small files. Picklable."""

    path: str
    """As the user named it; of a batch, the folder."""
    source: str | None
    """Name of the source; None where each file of a batch, or stdin, is asked when it is read."""
    start: int = 0
    """First byte. Greater than 0: the file goes on from the chunk before, and so do its numbers: add the ``count`` of
    the chunks of this path before it to ``Event.number`` and ``Fault.number``."""
    end: int = 0
    """Byte behind the last."""
    files: tuple[str, ...] = ()
    """Of a batch: its files. Their events are numbered within their own file."""
    columns: Mapping[str, str] = field(default_factory=dict)
    now: datetime | None = None

    @property
    def is_stdin(self) -> bool:
        """Is it stdin or another pipe, which only this process can read, and only once?"""
        return self.path == STDIN or not (self.end or self.files)

    @property
    def size(self) -> int:
        """Bytes on disk, for progress; 0 where unknown (stdin)."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class _Plan:
    """What holds for all pieces of a run."""

    source: str | None
    columns: Mapping[str, str]
    now: datetime
    size: int

    def chunk(self, path: str, source: str | None, start: int, end: int, files: tuple[str, ...] = ()) -> Chunk:
        return Chunk(path, source, start, end, files, self.columns, self.now)


def chunks(
    paths: Sequence[str],
    source: str | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    now: datetime | None = None,
    size: int = SIZE,
) -> Iterator[Chunk | Fault]:
    """The pieces of all ``paths``, in their order; a ``Fault`` (number 0) for a file in a folder that nothing reads.

    Raises ``FileError`` for a path that is missing, cannot be read, or is not recognised and was named itself, and
    for a packed file whose library is not installed; ``InputError`` for a ``source`` that there is not.
    """
    if source is not None and source not in SOURCES:
        raise InputError(
            _("there is no source {name}").format(name=source),
            advice=_("Sources are: {names}.").format(names=", ".join(SOURCES)),
        )
    plan = _Plan(source, dict(columns or {}), now or datetime.now(UTC), size)
    logs: list[tuple[str, str, str]] = []
    for path in paths:
        if path != STDIN and not os.path.lexists(path):
            raise FileError(_("no such file: {path}").format(path=path), advice=_("Check the name."))
        if path == STDIN or _is_pipe(path):
            yield plan.chunk(path, source, 0, 0)
        elif Path(path).is_dir():
            yield from _folder(path, plan, logs)
        else:
            yield from _named(path, plan, logs)
    for _stamp, path, found in sorted(logs, key=lambda log: log[0]):
        yield from _cut(path, found, plan)


def _is_pipe(path: str) -> bool:
    """Such as a shell makes of ``<(zcat old.gz)``: nothing can be looked at twice."""
    return not Path(path).is_dir() and not Path(path).is_file() and Path(path).exists()


def _named(path: str, plan: _Plan, logs: list[tuple[str, str, str]]) -> Iterator[Chunk]:
    head = head_of(path, MAX_HEAD)
    if not head:
        return
    found = plan.source or recognised(head) or ("csv" if plan.columns else None)
    if found is None:
        raise unrecognised(path)
    if found == "csv":
        _check_columns(path, head, plan.columns)
    yield from _file(path, found, head, plan, logs)


def _check_columns(path: str, head: bytes, columns: Mapping[str, str]) -> None:
    """A table that lacks a column is told before anything is read. Raises FileError."""
    from deliverkit.bounces.sources.csv import layout

    try:
        layout(head, columns)
    except InputError as error:
        raise FileError(f"{path}: {error}", advice=error.advice) from error


def _file(path: str, found: str, head: bytes, plan: _Plan, logs: list[tuple[str, str, str]]) -> Iterator[Chunk]:
    if source_of(found).UNIT is Unit.LINE:
        logs.append((_first_stamp(head, plan.now), path, found))
    else:
        yield from _cut(path, found, plan)


def _first_stamp(head: bytes, now: datetime) -> str:
    """When a log begins; files without a time stay in the order they were named in."""
    return Clock(now).iso(stamp_and_host(plain(head[:1000]))[0]) or ""


def _folder(path: str, plan: _Plan, logs: list[tuple[str, str, str]]) -> Iterator[Chunk | Fault]:
    batch: list[str] = []
    total = 0
    for file, bytes_ in _walk(path):
        try:
            quick = bytes_ <= _SMALL and _is_batchable(file)
            head = b"" if quick else head_of(file, MAX_HEAD)
        except DamagedFileError:
            yield Fault(file, 1, "packing")
            continue
        except (OSError, FileError) as error:
            if isinstance(error, FileError) and not isinstance(error.__cause__, OSError):
                raise
            yield Fault(file, 0, "unreadable")
            continue
        if quick:
            batch.append(file)
            total += bytes_
            if len(batch) >= _BATCH_FILES or total >= _BATCH_BYTES:
                yield plan.chunk(path, plan.source, 0, total, tuple(batch))
                batch, total = [], 0
        elif head and (found := plan.source or recognised(head, plan.columns)):
            yield from _file(file, found, head, plan, logs)
        elif head:
            yield Fault(file, 0, "unrecognised")
    if batch:
        yield plan.chunk(path, plan.source, 0, total, tuple(batch))


def _walk(path: str) -> Iterator[tuple[str, int]]:
    """Files below a folder with their sizes, sorted; of a Maildir what was delivered (``cur``, ``new``)."""
    with os.scandir(path) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    kinds = {entry.name for entry in found}
    for entry in found:
        if entry.name == "tmp" and {"cur", "new"} <= kinds:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path)
        elif entry.is_file():
            yield entry.path, entry.stat().st_size


def _is_batchable(path: str) -> bool:
    """A small mail or a stored event: nothing that stands in it speaks of other files."""
    with open(path, "rb", buffering=0) as stream:  # noqa: PTH123
        head = stream.read(_LOOK)
    if not head or is_packed(head):
        return False
    first = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return looks_like_mail(head) or (first in (b"{", b"[") and not is_journal(head))


def _cut(path: str, source: str, plan: _Plan) -> Iterator[Chunk]:
    """The pieces of one file: at line ends or between mails, where it can be cut at all."""
    try:
        with open(path, "rb") as stream:  # noqa: PTH123
            head = stream.read(MAX_HEAD)
            total = stream.seek(0, os.SEEK_END)
            start = 0
            if _can_be_cut(head, source_of(source).UNIT):
                next_end = _next_mail if source_of(source).UNIT is Unit.MAIL else _next_line
                while total - start > plan.size * 3 // 2:
                    end = next_end(stream, start + plan.size, total)
                    yield plan.chunk(path, source, start, min(end, total))
                    start = min(end, total)
            if start < total:
                yield plan.chunk(path, source, start, total)
    except OSError as error:
        raise unreadable(path, error) from error


def _can_be_cut(head: bytes, unit: Unit) -> bool:
    if is_packed(head) or is_journal(head) or unit is Unit.ROW:
        return False
    if unit is Unit.JSON:
        return is_json_lines(head)
    return unit is Unit.LINE or head.startswith(b"From ")


def _next_line(stream: BinaryIO, start: int, total: int) -> int:
    stream.seek(start - 1)
    while block := stream.readline(1 << 20):
        if block.endswith(b"\n"):
            break
    return min(stream.tell(), total)


def _next_mail(stream: BinaryIO, start: int, total: int) -> int:
    position = start
    while position < total:
        stream.seek(position)
        block = stream.read(1 << 20)
        if match := MBOX_NEXT.search(block):
            return position + match.end()
        position += max(1, len(block) - 400) if position + len(block) < total else len(block)
    return total


def read(chunk: Chunk) -> Reading:
    """Open and read one piece. Raises ``FileError`` where the file is gone; what it says never raises."""
    return Reading(chunk)
