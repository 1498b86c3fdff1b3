"""Where records are written: to stdout as they come, to a file that is whole or not there, or aside for a document."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from deliverkit.cli.output import give_rights
from deliverkit.errors import FileError, InputError
from deliverkit.language import _
from deliverkit.report.bounce_records import Encoding, placed


class Recording(Protocol):
    """Takes packed records (``intake.run.Sink``)."""

    def write(self, data: bytes, before: int) -> None:
        """Packed records; ``before`` lines, mails or records of their file stand before the piece."""
        ...

    def commit(self) -> int:
        """Bring all that was written to the disk; bytes so far."""
        ...


class Lines:
    """Lines of JSON or of a table."""

    def __init__(self, out: IO[bytes], header: bytes, written: int = 0) -> None:
        """``written`` bytes stand in ``out`` already, the header among them."""
        self._out = out
        self._written = written
        if not written and header:
            self._out.write(header)
            self._written = len(header)

    def write(self, data: bytes, before: int) -> None:
        """See ``Recording``."""
        final = placed(data, before)
        self._out.write(final)
        self._written += len(final)

    def commit(self) -> int:
        """See ``Recording``."""
        self._out.flush()
        if self._out.seekable():
            os.fsync(self._out.fileno())
        return self._written


class Rows:
    """A Parquet file, in row groups."""

    def __init__(self, path: Path, columns: tuple[str, ...]) -> None:
        from deliverkit.report.bounce_parquet import ParquetSink

        self._sink = ParquetSink(path, columns)

    def write(self, data: bytes, before: int) -> None:
        """See ``Recording``."""
        self._sink.write(data, before)

    def commit(self) -> int:
        """A Parquet file has its end only when it is closed."""
        return 0

    def close(self) -> None:
        """Write the end of the file."""
        self._sink.close()


@contextmanager
def recording(encoding: Encoding, output: str | None, *, written: int = 0, keep: bool = False) -> Iterator[Recording]:
    """Write records to stdout or to ``output``, which is there when all went well and not before.

    With ``keep`` (a journal is kept) the unfinished file stays beside it as ``NAME.part`` for the next run, which
    gives the ``written`` bytes that the journal vouches for. Raises FileError where it cannot be written.
    """
    if encoding.fmt == "parquet" and output in (None, "-"):
        raise InputError(_("Parquet is written to a file"), advice=_("Name it with -o FILE."))
    if output in (None, "-"):
        if encoding.fmt != "parquet":
            lines = Lines(sys.stdout.buffer, encoding.header())
            yield lines
            sys.stdout.buffer.flush()
        return
    target = Path(str(output))
    part = target.with_name(f"{target.name}.part")
    try:
        if target.exists() and not target.is_file():
            with target.open("wb") as out:
                yield Lines(out, encoding.header())
            return
        target = target.resolve()
        try:
            yield from _part(encoding, part, written)
        except BaseException:
            if not keep:
                part.unlink(missing_ok=True)
            raise
        give_rights(part, target)
        part.replace(target)
    except OSError as error:
        raise FileError(
            _("{path}: cannot be written: {why}").format(path=output, why=error.strerror or error),
            advice=_("Check the folder, its rights and its free space."),
        ) from error


def _part(encoding: Encoding, part: Path, written: int) -> Iterator[Recording]:
    if encoding.fmt == "parquet":
        rows = Rows(part, encoding.columns)
        try:
            yield rows
        finally:
            rows.close()
        return
    if written and (not part.exists() or part.stat().st_size < written):
        raise FileError(
            _("{path}: less is left of the unfinished output than the journal vouches for").format(path=part),
            advice=_("Remove the journal and start anew."),
        )
    with part.open("r+b" if written else "wb") as out:
        if written:
            out.truncate(written)
            out.seek(written)
        yield Lines(out, encoding.header(), written)


class Aside:
    """Records of a JSON document, kept aside until the document can be written in one go."""

    def __init__(self, folder: str) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 closed with the run's folder

    def write(self, data: bytes, before: int) -> None:
        """See ``Recording``."""
        self._file.write(placed(data, before))

    def commit(self) -> int:
        """Nothing of it outlives the run."""
        return 0

    def copy_to(self, out: IO[bytes]) -> None:
        """The records as the elements of a JSON array."""
        self._file.seek(0)
        first = True
        for line in self._file:
            out.write(b"\n    " if first else b",\n    ")
            out.write(line.rstrip(b"\n"))
            first = False


@contextmanager
def binary_output(output: str | None) -> Iterator[IO[bytes]]:
    """stdout, or a file that is there when all went well and not before."""
    if output in (None, "-"):
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with tempfile.TemporaryFile() as aside:
        yield aside
        aside.seek(0)
        target = Path(str(output))
        part = target.with_name(f".{target.name}.part")
        try:
            with part.open("wb") as out:
                shutil.copyfileobj(aside, out)
            give_rights(part, target)
            part.replace(target.resolve())
        except OSError as error:
            part.unlink(missing_ok=True)
            raise FileError(
                _("{path}: cannot be written: {why}").format(path=output, why=error.strerror or error),
                advice=_("Check the folder and its rights."),
            ) from error
