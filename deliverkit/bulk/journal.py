"""The journal of a run: which domains are done and how much of the output is good, so that a run can go on.

Results are written to the output first and made safe (fsync); only then the journal says so. Whatever stands in the
output beyond the last line of the journal was cut off by a crash, and is cut off for good when the run goes on.
A domain is therefore in the output exactly once, whenever the run was ended, and however often.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from deliverkit.bulk.order import Order
from deliverkit.bulk.seen import Seen
from deliverkit.errors import FileError
from deliverkit.language import _

SCHEMA = "deliverkit.state/1"
BATCH = 500
"""Domains after which results are made safe,"""
EVERY = 1.0
"""or seconds."""


def key(order: Order) -> str:
    """What stands for a domain in the journal."""
    return " ".join((order.domain, *order.selectors))


@dataclass(slots=True)
class Journal:
    """An open journal and the output it speaks of. Use ``Journal.open`` and ``close``."""

    path: Path
    output: Path
    done: Seen
    """Domains whose results are in the output."""
    counts: dict[str, Any]
    """The counts of the earlier runs, as they were given to ``commit``."""
    finished: bool
    """An earlier run came to its end."""
    _log: IO[bytes]
    _out: IO[bytes]
    _bytes: int
    _waiting: list[str] = field(default_factory=list)
    _since: float = field(default_factory=time.monotonic)

    @classmethod
    def open(cls, path: Path, output: Path, settings: Mapping[str, Any], head: str = "") -> Journal:
        """Begin a journal, or take up the one that is there. ``head`` stands at the top of a new output.

        Raises FileError for a journal of a run with other ``settings``, of another output, in use, or damaged.
        """
        try:
            log = path.open("a+b")
        except OSError as error:
            message = _("{path}: {why}").format(path=path, why=error.strerror or error)
            raise FileError(message, advice=_("Check the folder and its rights.")) from error
        try:
            _lock(log, path)
            earlier = _read(log, path)
            # The first line alone says nothing yet: the first commit goes with it.
            log.truncate(earlier.size if earlier.lines > 1 else 0)
            if earlier.lines > 1:
                return _resume(cls, path, output, log, settings, earlier)
            return _begin(cls, path, output, log, settings, head)
        except BaseException:
            log.close()
            raise

    def write(self, order: Order, text: str) -> None:
        """Add a result to the output; it counts from the next ``commit`` on."""
        data = text.encode("utf-8", "backslashreplace")
        self._out.write(data)
        self._bytes += len(data)
        self._waiting.append(key(order))

    @property
    def due(self) -> bool:
        """Whether enough has been written for a commit."""
        return len(self._waiting) >= BATCH or (bool(self._waiting) and time.monotonic() - self._since >= EVERY)

    def commit(self, counts: Mapping[str, Any], *, finished: bool = False) -> None:
        """Make what was written safe, and say so. Raises OSError when the disk is full."""
        self._out.flush()
        os.fsync(self._out.fileno())
        line: dict[str, Any] = {"bytes": self._bytes, "counts": dict(counts), "done": self._waiting}
        if finished:
            line["finished"] = True
        self._log.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        self._log.flush()
        os.fsync(self._log.fileno())
        self._waiting = []
        self._since = time.monotonic()

    def close(self) -> None:
        """Let go of both files. What was not committed is asked again by the next run."""
        for handle in (self._out, self._log):
            with suppress(OSError):
                handle.close()


def _lock(log: IO[bytes], path: Path) -> None:
    """Two runs on one journal would tear it apart. (Windows has no such lock; there nobody watches.)"""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise FileError(
            _("{path}: another run is using this state file").format(path=path),
            advice=_("Wait until it has ended, or give this run a state file of its own."),
        ) from error


@dataclass(slots=True)
class _Earlier:
    """What a journal says of the runs before."""

    first: dict[str, Any] = field(default_factory=dict)
    last: dict[str, Any] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)
    lines: int = 0
    size: int = 0
    """Bytes of its whole lines: the last one may have been cut off by a crash."""


def _read(log: IO[bytes], path: Path) -> _Earlier:
    log.seek(0)
    earlier = _Earlier()
    for raw in log:
        if not raw.endswith(b"\n"):
            break
        try:
            line = json.loads(raw)
        except ValueError:
            line = None
        if not isinstance(line, dict) or (not earlier.lines and line.get("schema") != SCHEMA):
            raise FileError(
                _("{path}: line {number} is no line of a state file").format(path=path, number=earlier.lines + 1),
                advice=_("Name another file with --state; this one is left as it is."),
            )
        earlier.first = earlier.first or line
        earlier.last = line
        for name in line.pop("done", ()):
            earlier.seen.add(name)
        earlier.lines += 1
        earlier.size += len(raw)
    return earlier


def _begin(
    cls: type[Journal], path: Path, output: Path, log: IO[bytes], settings: Mapping[str, Any], head: str
) -> Journal:
    out = _opened(output, "wb")
    journal = cls(path, output, Seen(), {}, False, log, out, 0)
    log.write(json.dumps({"schema": SCHEMA, "output": str(output), "settings": dict(settings)}).encode() + b"\n")
    data = head.encode()
    out.write(data)
    journal._bytes = len(data)
    journal.commit({})
    return journal


def _resume(
    cls: type[Journal],
    path: Path,
    output: Path,
    log: IO[bytes],
    settings: Mapping[str, Any],
    earlier: _Earlier,
) -> Journal:
    for name, now in {"output": str(output), **settings}.items():
        before = earlier.first.get("output") if name == "output" else earlier.first.get("settings", {}).get(name)
        if before != now:
            raise FileError(
                _("{path} belongs to a run with another {name}: {before}, not {now}").format(
                    path=path, name=name, before=json.dumps(before), now=json.dumps(now)
                ),
                advice=_("Repeat the command as it was, or name another file with --state."),
            )
    last = earlier.last
    good = int(last.get("bytes", 0))
    out = _opened(output, "r+b")
    if out.seek(0, os.SEEK_END) < good:
        raise FileError(
            _("{output} is shorter than {path} says: results are missing").format(output=output, path=path),
            advice=_("Put it back, or delete the state file to begin anew."),
        )
    out.truncate(good)
    out.seek(good)
    return cls(path, output, earlier.seen, last.get("counts", {}), bool(last.get("finished")), log, out, good)


def _opened(path: Path, mode: str) -> IO[bytes]:
    try:
        return path.open(mode)
    except OSError as error:
        raise FileError(
            _("{path}: {why}").format(path=path, why=error.strerror or error),
            advice=_("Check the path and its rights; without its output, delete the state file to begin anew."),
        ) from error
