"""A long list that goes from one process to another without ever being whole in memory."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Generic, TypeVar

T = TypeVar("T")

MAX_BYTES = 16 << 20
"""What is held in memory; the rest goes to a file of the run's own folder."""


class Parts(Generic[T]):
    """Filled in one process, walked once in another. Picklable after ``close``."""

    def __init__(self, folder: str | None, hold: int = MAX_BYTES) -> None:
        """``folder`` is where a file may be made for what is more than ``hold`` bytes; None keeps all in memory."""
        self._folder = folder
        self._hold = hold
        self._held: list[T] = []
        self._size = 0
        self._file: str | None = None
        self._out: IO[bytes] | None = None

    def append(self, part: T, size: int) -> None:
        """Add a part of about ``size`` bytes."""
        self._held.append(part)
        self._size += size
        if self._size > self._hold and self._folder is not None:
            self._spill(self._folder)

    def _spill(self, folder: str) -> None:
        if self._out is None:
            # Closed by close(), read and removed by whoever walks the parts.
            self._out = tempfile.NamedTemporaryFile(dir=folder, delete=False)  # noqa: SIM115
            self._file = self._out.name
        pickle.dump(self._held, self._out, protocol=pickle.HIGHEST_PROTOCOL)
        self._held, self._size = [], 0

    def close(self) -> None:
        """Nothing more comes."""
        if self._out is not None:
            self._out.close()
            self._out = None

    def __iter__(self) -> Iterator[T]:
        """All parts in their order. The file is gone afterwards."""
        if self._file is not None:
            path = Path(self._file)
            with path.open("rb") as handle:
                while True:
                    try:
                        # Written by this very run, in a folder that nobody else may write to.
                        held: list[T] = pickle.load(handle)  # noqa: S301
                    except EOFError:
                        break
                    yield from held
            path.unlink(missing_ok=True)
        yield from self._held
