"""Cases that are kept: a small SQLite file under the platform's state folder.

A file that cannot be read is moved aside and costs the history, never the start. Every method that meets a broken file
or a locked one raises ``HistoryError`` and nothing else.
"""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deliverkit.errors import DeliverkitError
from deliverkit.language import _

if TYPE_CHECKING:
    from deliverkit.net.resolver import Answer
    from deliverkit.session import Network
    from deliverkit_tui.casefile import CaseFile

MAX_CASES = 500
"""Cases kept; the oldest go."""
MAX_RECORDING = 2_000_000
"""Characters of one case's recorded answers; a longer recording is not kept."""
MAX_TEXT = 100_000
_VERSION = 1
_LOCKED = 0.25
"""Seconds to wait for another window that is writing."""

_BROKEN = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR)
"""No database, a damaged one, or one with other tables; a locked or read-only one is not broken."""

_TABLE = """
create table if not exists cases (
    key integer primary key, at text not null, text text not null, place integer not null,
    domain text not null, ip text not null, selector text not null, recipient text not null,
    replay text not null, category text not null, reason text not null, mark text not null, subject text not null,
    done integer not null, total integer not null, standings text not null, recording text
)
"""
_COLUMNS = (
    *("key", "at", "text", "place", "domain", "ip", "selector", "recipient", "replay"),
    *("category", "reason", "mark", "subject", "done", "total", "standings"),
)


class HistoryError(DeliverkitError):
    """The history cannot be read or written now."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One case as it was left."""

    text: str
    """The whole paste, or the reply."""
    category: str
    reason: str
    mark: str
    """Outcome whose symbol stands for the verdict."""
    subject: str
    key: int | None = None
    at: str = ""
    """When it was last changed, ISO 8601, UTC."""
    place: int = 0
    """Which reply of the paste."""
    domain: str = ""
    ip: str = ""
    selector: str = ""
    recipient: str = ""
    replay: str = ""
    done: int = 0
    total: int = 0
    standings: str = "{}"
    """Marks of the steps by id, JSON."""
    recording: Any = field(default=None, compare=False)
    """The answers, as ``net.record.document`` has them; only filled by ``Store.get``."""

    def restore(self, case: CaseFile) -> None:
        """Give a case its number and the marks of its steps back."""
        from deliverkit_tui.casefile import Mark, Standing

        case.key = self.key
        with suppress(ValueError, AttributeError):
            for step_id, mark in json.loads(self.standings).items():
                case.standings[str(step_id)] = Standing(Mark(mark))

    def without_recording(self) -> Kept:
        """The same, with nothing to replay."""
        return dataclasses.replace(self, recording=None)


def kept(case: CaseFile, network: Network, answers: tuple[Answer, ...], place: int = 0) -> Kept:
    """A case as it is now."""
    from deliverkit.net.record import document
    from deliverkit_tui.casefile import Mark, latest
    from deliverkit_tui.widgets.banner import mark_of

    marks = {k: s.mark.value for k, s in case.standings.items() if s.mark not in (Mark.TODO, Mark.ASKING)}
    return Kept(
        text=case.text[:MAX_TEXT],
        category=case.diagnosis.verdict.category,
        reason=case.diagnosis.verdict.reason,
        mark=mark_of(case.diagnosis).value,
        subject=case.subject,
        key=case.key,
        place=place,
        domain=case.given.domain,
        ip=case.given.ip,
        selector=case.given.selector,
        recipient=case.given.recipient,
        replay=network.replay or "",
        done=case.done,
        total=len(case.plan),
        standings=json.dumps(marks),
        recording=document(latest(answers)) if answers else None,
    )


class Store:
    """The file of the history."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_path()
        self.moved: Path | None = None
        """Where a broken file was moved to, if one was found."""

    def save(self, case: Kept) -> int:
        """Keep a case, or replace it if it has a key; gives its key. Raises HistoryError."""
        recording = json.dumps(case.recording) if case.recording is not None else None
        if recording is not None and len(recording) > MAX_RECORDING:
            recording = None
        row = dataclasses.replace(case, at=datetime.now(UTC).isoformat(timespec="seconds"))
        values = [getattr(row, name) for name in _COLUMNS] + [recording]
        marks = ", ".join("?" * len(values))
        with self._open() as db:
            cursor = db.execute(
                f"insert or replace into cases ({', '.join(_COLUMNS)}, recording) values ({marks})",  # noqa: S608
                [_storable(value) for value in values],
            )
            db.execute(
                "delete from cases where key not in (select key from cases order by at desc, key desc limit ?)",
                [MAX_CASES],
            )
            return int(cursor.lastrowid or 0)

    def cases(self, limit: int = MAX_CASES) -> list[Kept]:
        """The latest first, without their recordings. Raises HistoryError."""
        with self._open() as db:
            found = db.execute(
                f"select {', '.join(_COLUMNS)} from cases order by at desc, key desc limit ?",  # noqa: S608
                [limit],
            ).fetchall()
        return [_case(row) for row in found]

    def get(self, key: int) -> Kept | None:
        """One case with its recording. Raises HistoryError."""
        with self._open() as db:
            found = db.execute(
                f"select {', '.join(_COLUMNS)}, recording from cases where key = ?",  # noqa: S608
                [key],
            ).fetchone()
        if found is None:
            return None
        recording = None
        with suppress(ValueError, TypeError):
            recording = json.loads(found[-1])
        return dataclasses.replace(_case(found[:-1]), recording=recording)

    def delete(self, key: int) -> None:
        """Forget a case. Raises HistoryError."""
        with self._open() as db:
            db.execute("delete from cases where key = ?", [key])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            db = self._connect()
            try:
                with db:
                    yield db
            finally:
                db.close()
        except (sqlite3.Error, OSError) as error:
            raise HistoryError(
                _("{path}: the history cannot be used: {error}").format(path=self.path, error=error),
                advice=_("The case itself is not affected."),
            ) from error

    def _connect(self) -> sqlite3.Connection:
        """Open the file, made when there is none. One that is no history is moved aside, once."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for attempt in (1, 2):
            db = sqlite3.connect(self.path, timeout=_LOCKED)
            try:
                db.execute(_TABLE)
                db.execute(f"select {', '.join(_COLUMNS)}, recording from cases limit 1").fetchall()  # noqa: S608
            except sqlite3.DatabaseError as error:
                db.close()
                if attempt == 2 or error.sqlite_errorcode & 0xFF not in _BROKEN:
                    raise
                self._move_aside()
            else:
                return db
        raise AssertionError("unreachable")

    def _move_aside(self) -> None:
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        self.moved = self.path.with_name(_("{name}.broken-{stamp}").format(name=self.path.name, stamp=stamp))
        self.path.replace(self.moved)


def default_path() -> Path:
    """``…/state/deliverkit/history.sqlite3`` as the platform has it."""
    from platformdirs import user_state_path

    return user_state_path("deliverkit", appauthor=False) / "history.sqlite3"


def _storable(value: object) -> object:
    # Halves of surrogate pairs, which a paste can hold, are no UTF-8.
    return value.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(value, str) else value


def _case(row: tuple[Any, ...]) -> Kept:
    values = dict(zip(_COLUMNS, row, strict=True))
    return Kept(**values)
