"""How far a run has come, in a file: what a run that was killed goes on from.

The journal is written whole or not at all, after the output up to there is on the disk. Going on means to cut the
output to what the journal vouches for and to skip the pieces that are done: every record is written exactly once.
"""

from __future__ import annotations

import base64
import io
import json
import os
import pickle
import zlib
from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from deliverkit.bounces.event import Fault
from deliverkit.bounces.files import Chunk
from deliverkit.bounces.memory import Known, Note
from deliverkit.bounces.summary import Summary
from deliverkit.errors import FileError, InputError
from deliverkit.language import _
from deliverkit.model import Bounce, Reply

SCHEMA = "deliverkit.bounces-journal/1"
MAX_JOURNAL = 256 << 20


@dataclass(slots=True)
class State:
    """What the finished pieces came to."""

    run: str = ""
    """What the run was asked to do; a journal of another run is not gone on from."""
    now: str = ""
    """The clock that the logs are read by, ISO 8601."""
    done: int = 0
    """Pieces that are finished."""
    pieces: str = ""
    """A digest of these pieces: were they cut as they are now?"""
    path: str = ""
    """The file that is being read."""
    count: int = 0
    """Lines, mails or records of it that stand before the next piece."""
    read: int = 0
    """Bytes read."""
    units: int = 0
    """Lines, mails and records read, of all files."""
    failed: list[tuple[str, str]] = field(default_factory=list)
    """Files that could not be read, and why."""
    written: int = 0
    """Bytes of output that stand behind all this."""
    summary: Summary = field(default_factory=Summary)
    known: Known = field(default_factory=Known)

    def pass_by(self, entry: Chunk | Fault) -> None:
        """Note that a piece is finished."""
        self.done += 1
        told = (entry.path, entry.start, entry.end, entry.files) if isinstance(entry, Chunk) else tuple(entry)
        self.pieces = blake2b(f"{self.pieces}{told!r}".encode("utf-8", "replace"), digest_size=16).hexdigest()


def save(path: Path, state: State) -> None:
    """Write the journal. Raises FileError where that fails."""
    known = zlib.compress(pickle.dumps(state.known, protocol=pickle.HIGHEST_PROTOCOL), 1)
    data = {
        "schema": SCHEMA,
        **{name: getattr(state, name) for name in _PLAIN},
        "summary": state.summary.data(),
        "known": base64.b64encode(known).decode(),
    }
    beside = path.with_name(f".{path.name}.new")
    try:
        with beside.open("w", encoding="utf-8") as out:
            json.dump(data, out)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(path)
    except OSError as error:
        raise FileError(
            _("{path}: cannot be written: {why}").format(path=path, why=error.strerror or error),
            advice=_("Check the folder and its rights."),
        ) from error


_PLAIN = ("run", "now", "done", "pieces", "path", "count", "read", "units", "failed", "written")


def load(path: Path) -> State | None:
    """The journal in ``path``; None where there is none. Raises FileError for one that is damaged or foreign."""
    try:
        if path.stat().st_size > MAX_JOURNAL:
            raise _foreign(path)
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileError(
            _("{path}: cannot be read: {why}").format(path=path, why=error.strerror or error),
            advice=_("Check the path and its rights."),
        ) from error
    except ValueError as error:
        raise _foreign(path) from error
    try:
        if data["schema"] != SCHEMA:
            raise _foreign(path)
        state = State(**{name: data[name] for name in _PLAIN})
        state.failed = [(str(where), str(why)) for where, why in state.failed]
        state.summary = Summary.from_data(data["summary"])
        packed = zlib.decompress(base64.b64decode(data["known"]))
        state.known = _Unpickler(io.BytesIO(packed)).load()
    except (KeyError, TypeError, ValueError, AttributeError, zlib.error, pickle.UnpicklingError, EOFError) as error:
        raise _foreign(path) from error
    return state


def check(state: State, run: str, path: Path) -> None:
    """Raises InputError where the journal is one of another run."""
    if state.run != run:
        raise InputError(
            _("{path}: the journal of another run").format(path=path),
            advice=_("Give the same files and options as then, or remove the journal to start anew."),
        )


def _foreign(path: Path) -> FileError:
    return FileError(
        _("{path}: not a journal of deliverkit bounces, or damaged").format(path=path),
        advice=_("Name another file, or remove it to start anew."),
    )


class _Unpickler(pickle.Unpickler):
    """Knows only the types that a journal holds: a file from elsewhere runs no code of its own."""

    def find_class(self, module: str, name: str) -> Any:
        """One of ours, or nothing."""
        known = _TYPES.get((module, name))
        if known is None:
            raise pickle.UnpicklingError(f"{module}.{name}")
        return known


_TYPES: dict[tuple[str, str], Any] = {
    (cls.__module__, cls.__qualname__): cls for cls in (Known, Note, Bounce, Reply, OrderedDict, frozenset)
}
