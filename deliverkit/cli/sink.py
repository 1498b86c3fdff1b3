"""Where the results of a run over many domains go: to stdout as they come, to a file as a whole, or by a journal."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from deliverkit.bulk.journal import Journal
from deliverkit.bulk.order import Order
from deliverkit.cli.output import give_rights
from deliverkit.errors import FileError
from deliverkit.language import _
from deliverkit.report.row import Form, Row, Totals
from deliverkit.report.sentences import Sentences

STREAMED = ("text", "jsonl", "csv", "markdown", "github")
"""Forms of which each part stands for itself: on stdout they appear while the run goes on. The others are one document,
which is shown when it is whole."""
RESUMED = ("jsonl", "csv")
"""Forms that a run can go on with after a crash: they have no end."""


class Sink:
    """Takes row after row; ``finish`` or ``abort`` ends it."""

    def __init__(self, form: Form, say: Sentences, name: str, path: str | None, journal: Journal | None = None) -> None:
        self._form = form
        self._say = say
        self._journal = journal
        self._path = None if path in (None, "-") else path
        self._first = True
        self._parts: list[str] = []
        self._temporary: Path | None = None
        self._out = self._open(name)
        if journal is None and not form.gathers:
            self._put(form.head(say))

    def _open(self, name: str) -> IO[str]:
        if self._path is None:
            if name in STREAMED or self._journal is not None:
                return sys.stdout
            return tempfile.TemporaryFile("w+", encoding="utf-8", errors="backslashreplace")
        target = Path(self._path)
        try:
            if self._journal is not None or (target.exists() and not target.is_file()):
                # A device or a pipe is written to; a file in its place would break it for the whole machine.
                return Path(os.devnull if self._journal else target).open("w", encoding="utf-8")
            folder = target.resolve().parent
            handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{target.name}.")
            self._temporary = Path(temporary)
            return os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace")
        except (OSError, RuntimeError) as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: Exception) -> FileError:
        why = getattr(error, "strerror", None) or error
        return FileError(
            _("{path}: cannot be written: {why}").format(path=self._path or "stdout", why=why),
            advice=_("Check the folder and its rights."),
        )

    def write(self, order: Order, row: Row, totals: Totals) -> None:
        """Add one result. Raises FileError when there is no room, BrokenPipeError when nobody reads any more."""
        # A domain without a finding leaves nothing to write in SARIF; then nothing parts it from others.
        text = row.text if self._first or not row.text else self._form.between + row.text
        self._first = self._first and not row.text
        if self._journal is not None:
            self._journal.write(order, text)
            self.commit(totals)
        elif self._form.gathers:
            self._parts.append(row.text)
        else:
            self._put(text)
            if self._out is sys.stdout:
                self._out.flush()

    def commit(self, totals: Totals, *, now: bool = False, finished: bool = False) -> None:
        """Make safe what was written, where there is a journal and it is time."""
        if self._journal is None or not (now or self._journal.due):
            return
        try:
            self._journal.commit(totals.data(), finished=finished)
        except OSError as error:
            raise self._unwritable(error) from error

    def finish(self, totals: Totals) -> None:
        """Write the end, and put the file in its place."""
        if self._journal is not None:
            self.commit(totals, now=True, finished=True)
            self._journal.close()
            return
        self._put(self._form.gather(self._parts, totals) if self._form.gathers else self._form.tail(totals, self._say))
        try:
            self._out.flush()
            if self._temporary is not None:
                self._out.close()
                target = Path(str(self._path)).resolve()
                give_rights(self._temporary, target)
                self._temporary.replace(target)
            elif self._path is None and self._out is not sys.stdout:
                self._out.seek(0)
                shutil.copyfileobj(self._out, sys.stdout)
                sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise self._unwritable(error) from error

    def abort(self, totals: Totals) -> None:
        """The run ends early: keep what a journal can go on from, and no half a file."""
        with suppress(OSError, FileError):
            self.commit(totals, now=True)
        if self._journal is not None:
            self._journal.close()
        if self._temporary is not None:
            with suppress(OSError):
                self._out.close()
                self._temporary.unlink(missing_ok=True)

    def _put(self, text: str) -> None:
        try:
            self._out.write(text)
        except UnicodeEncodeError:
            self._out.write(text.encode("ascii", "backslashreplace").decode())
        except BrokenPipeError:
            raise
        except OSError as error:
            raise self._unwritable(error) from error
