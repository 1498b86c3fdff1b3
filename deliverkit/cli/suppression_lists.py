"""Lists of addresses that are checked against the memory, brought into it, or taken out of it."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from deliverkit.addresses.table import Record, Table, open_table
from deliverkit.errors import FileError, InputError
from deliverkit.language import _
from deliverkit.report.bounce_records import cell
from deliverkit.report.data import dumps
from deliverkit.report.suppression import COLUMNS
from deliverkit.store.policy import State
from deliverkit.store.rows import HASHED, iso, moment, normal

if TYPE_CHECKING:
    from deliverkit.store.memory import Entry

_TOGETHER = 5000
"""Records looked up at a time."""
_ADDED = ("mail", "state", "reason")
_FORMULA = "=+-@"


@contextmanager
def opened(path: str, column: str | None = None) -> Iterator[tuple[Table, Iterator[Record]]]:
    """A list in a file, or on stdin (``-``). Raises FileError, InputError."""
    where = "stdin" if path == "-" else path
    try:
        raw = sys.stdin.buffer if path == "-" else Path(path).open("rb")  # noqa: SIM115 closed below
    except OSError as error:
        raise FileError(
            _("{path}: {why}").format(path=path, why=error.strerror), advice=_("Check the path and its rights.")
        ) from error
    text = io.TextIOWrapper(raw, "utf-8-sig", "backslashreplace", newline="")
    try:
        yield open_table(text, where, column)
    finally:
        text.detach()  # stdin is not ours to close
        if path != "-":
            raw.close()


class Checked:
    """The records of a list, each with what the memory says; counts as it goes."""

    def __init__(self, table: Table, fmt: str, only: str | None) -> None:
        self._table = table
        self._fmt = fmt
        self._only = only
        self.total = self.closed = self.unknown = 0

    def lines(self, records: Iterator[Record], standing: Callable[[Iterable[str]], dict[str, Entry]]) -> Iterator[str]:
        """What goes out for each record, in their order."""
        header = self._table.header
        if self._only is None and self._fmt == "csv":
            yield self._joined(header.raw if header else "address", _ADDED)
        elif header is not None and self._fmt == "csv":
            yield header.raw
        while some := list(islice(records, _TOGETHER)):
            known = standing({record.given for record in some})
            for record in some:
                line = self._line(record, known.get(record.given))
                if line is not None:
                    yield line

    def _line(self, record: Record, entry: Entry | None) -> str | None:
        given = record.given.strip()
        self.total += 1
        mail = "yes" if entry is None or entry.state.mailed else "no"
        if entry is None and not given.startswith(HASHED) and normal(given) is None:
            mail = "unknown"
        self.closed += mail == "no"
        self.unknown += mail == "unknown"
        if self._only is not None and (mail == "yes") is not (self._only == "allowed"):
            return None
        state = entry.state.value if entry else ""
        reason = (entry.reason or entry.rule) if entry else ""
        if self._fmt == "jsonl":
            row = {"address": given, "mail": mail, "state": state or None, "reason": reason or None}
            return dumps({**row, "line": record.number}, indent=None)
        return record.raw if self._only else self._joined(record.raw, (mail, state, reason))

    def _joined(self, raw: str, cells: Iterable[str]) -> str:
        """The record as it came, with cells behind it: nothing that came in is written anew."""
        mark = self._table.delimiter
        if mark is None:
            mark, raw = ",", _packed([raw])
        return mark.join((raw, *cells))


def _packed(cells: Iterable[object]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([cell(each) for each in cells])
    return out.getvalue()


def exported(entries: Iterable[Entry]) -> Iterator[str]:
    """Entries as CSV (RFC 4180), with a header."""
    yield ",".join(COLUMNS)
    for entry in entries:
        yield _packed((entry.address, entry.state.value, entry.reason, iso(entry.since), entry.rule))


def brought(
    table: Table, records: Iterator[Record], where: str, default: State
) -> Iterator[tuple[str, State, str | None, int | None]]:
    """What a list says of addresses: the columns ``state``, ``reason`` and ``since``, where it has them.

    Raises InputError for a state or a time that is none, with its line.
    """
    names = [name.strip().lower() for name in _cells(table, table.header)] if table.header else []
    at = {name: names.index(name) for name in COLUMNS[1:4] if name in names}
    for record in records:
        cells = _cells(table, record) if at else []
        given = {name: cells[index].strip() for name, index in at.items() if index < len(cells)}
        state, since = given.get("state") or default.value, given.get("since") or None
        if state not in [each.value for each in State]:
            raise InputError(
                _("{where}:{line}: '{state}' is no state").format(where=where, line=record.number, state=state[:40]),
                advice=_("Known: {names}.").format(names=", ".join(each.value for each in State)),
            )
        when = moment(since)
        if since is not None and when is None:
            raise InputError(
                _("{where}:{line}: '{since}' is no time").format(where=where, line=record.number, since=since[:40]),
                advice=_("Wanted: a day or a time, such as 2026-11-22 or 2026-11-22T08:30:00Z."),
            )
        yield plain(record.given), State(state), given.get("reason") or None, when


def plain(text: str) -> str:
    """A cell as it was before an export kept a spreadsheet from taking it for a formula."""
    text = text.strip()
    return text[1:] if text[:1] == "'" and text[1:2] in _FORMULA and text[1:2] else text


def _cells(table: Table, record: Record | None) -> list[str]:
    if record is None or table.delimiter is None:
        return [record.raw] if record else []
    return next(csv.reader([record.raw], delimiter=table.delimiter), [])
