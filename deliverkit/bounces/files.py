"""From what the user names (files, folders, mailboxes, stdin) to pieces that can be read side by side.

``chunks`` walks and cuts, ``read`` reads one piece in whatever process. What a file is, is told by its content.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from deliverkit.bounces.event import Event, Fault
from deliverkit.bounces.memory import Known


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
        """Can it be read only in the process that owns stdin?"""
        return self.path == "-"

    @property
    def size(self) -> int:
        """Bytes on disk, for progress; 0 where unknown (stdin)."""
        return self.end - self.start


class Reading(Protocol):
    """What ``read`` gives: an iterator, to be used once."""

    count: int
    """Lines, mails or records read so far; final when the iteration has ended."""
    known: Known
    """After the iteration: what the chunk knows at its end, for ``complete`` on the chunks behind it."""

    def __iter__(self) -> Iterator[Event | Fault]:
        """Events and faults in the order of the file; memory stays constant."""
        ...


def chunks(
    paths: Sequence[str],
    source: str | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    now: datetime | None = None,
    size: int = 8 << 20,
) -> Iterator[Chunk | Fault]:
    """The pieces of all ``paths``, in their order; a ``Fault`` (number 0) for a file in a folder that nothing reads.

    Raises ``FileError`` for a path that is missing, cannot be read, or is not recognised and was named itself, and
    for a packed file whose library is not installed.
    """
    raise NotImplementedError


def read(chunk: Chunk) -> Reading:
    """Open and read one piece. Raises ``FileError`` where the file is gone; what it says never raises."""
    raise NotImplementedError
