"""Records of bounces as a file that is whole or not there: a ``Sink`` for ``intake.run.Run``."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from deliverkit.errors import FileError
from deliverkit.language import _
from deliverkit.report.bounce_records import FIELDS, Encoding, placed


def encoding(form: str) -> Encoding:
    """``jsonl``, or ``csv`` with every column that always has something to say."""
    return Encoding(form, tuple(name for name in FIELDS if name != "word"))


class RecordFile:
    """Written beside its place, and put there by ``keep``."""

    def __init__(self, path: Path, header: bytes) -> None:
        """Raises FileError where it cannot be written."""
        self._path = path
        self._part = path.with_name(f".{path.name}.part")
        try:
            self._out = self._part.open("wb")
            self._out.write(header)
        except OSError as error:
            raise self._complaint(error) from error

    def write(self, data: bytes, before: int) -> None:
        """See ``intake.run.Sink``. Raises FileError, such as for a full disk."""
        try:
            self._out.write(placed(data, before))
        except OSError as error:
            raise self._complaint(error) from error

    def commit(self) -> int:
        """See ``intake.run.Sink``."""
        self._out.flush()
        return self._out.tell()

    def keep(self) -> None:
        """It is whole: put it in its place. Raises FileError."""
        try:
            self._out.flush()
            os.fsync(self._out.fileno())
            self._out.close()
            self._part.replace(self._path)
        except OSError as error:
            raise self._complaint(error) from error

    def _complaint(self, error: OSError) -> FileError:
        return FileError(
            f"{self._path}: {error.strerror or error}", advice=_("Name a folder that you may write, with room left.")
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._out.close()
        with suppress(OSError):
            self._part.unlink(missing_ok=True)
