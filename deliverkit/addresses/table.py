"""The list in a file: lines or CSV records, each with its own text, so that what goes out is what came in."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from deliverkit.errors import FileError, InputError
from deliverkit.language import _

MAX_RECORD = 1_000_000
"""Characters of one record."""
COLUMNS = (
    "email", "e-mail", "email address", "email_address", "emailaddress", "mail", "e_mail", "alamat email", "surel",
    "endereço de e-mail", "address",
)  # fmt: skip
"""Names by which a column with addresses is known, best first."""
_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Record:
    """One line or CSV record."""

    number: int
    """Of its first line in the file, from 1."""
    raw: str
    """As it stands, without its line end."""
    end: str
    """Its line end; empty for a last line without one."""
    given: str
    """The cell with the address."""
    missing: int = 0
    """Cells that it has fewer than the first record: they are filled up, or what is added would stand too far left."""


@dataclass(frozen=True, slots=True)
class Table:
    """A list that was opened: its head is read, its records are still to come."""

    delimiter: str | None
    """None for plain lines."""
    header: Record | None
    column: int
    """Of the address, from 0."""
    name: str
    """How the column is called, or its number."""
    width: int = 1
    """Cells of the first record."""


def open_table(handle: TextIO, where: str, column: str | None = None) -> tuple[Table, Iterator[Record]]:
    """Look at the first record and hand out the rest one by one; memory does not grow with the list.

    ``handle`` is opened with ``newline=""``. ``column`` is a name or a number from 1. Raises InputError for an empty
    list or a column that is not there, FileError for a quotation mark that is never closed.
    """
    records = _raw_records(handle, where)
    first = next((entry for entry in records if entry[1].strip()), None)
    if first is None:
        raise InputError(
            _("{where}: there is no address in it").format(where=where), advice=_("Give one address a line, or CSV.")
        )
    number, raw, end = first
    delimiter = _delimiter(raw) if column is None else _delimiter(raw) or ","
    cells = _cells(raw, delimiter)
    names = [cell.strip().lower().removeprefix("\ufeff") for cell in cells]
    index = _column(names, column, where)
    headed = not any("@" in cell for cell in cells) and (delimiter is not None or names[0] in COLUMNS)
    label = cells[index].strip() if headed else str(index + 1)
    table = Table(delimiter, Record(number, raw, end, "") if headed else None, index, label, len(cells))
    return table, _records(table, None if headed else first, records)


def _records(
    table: Table, first: tuple[int, str, str] | None, rest: Iterator[tuple[int, str, str]]
) -> Iterator[Record]:
    if first is not None:
        yield _record(table, first)
    for entry in rest:
        # An empty line of a plain list is no address; an empty record of a table is one that is missing.
        if entry[1].strip():
            yield _record(table, entry)


def _record(table: Table, entry: tuple[int, str, str]) -> Record:
    number, raw, end = entry
    if table.delimiter is None:
        return Record(number, raw, end, raw)
    cells = _cells(raw, table.delimiter)
    given = cells[table.column] if table.column < len(cells) else ""
    return Record(number, raw, end, given, max(0, table.width - len(cells)))


def _raw_records(handle: TextIO, where: str) -> Iterator[tuple[int, str, str]]:
    """Records as they stand; a quoted line end belongs to its record (RFC 4180)."""
    number = 0
    parts: list[str] = []
    size, started, odd = 0, 1, False
    while line := handle.readline(MAX_RECORD):
        if not parts:
            started = number + 1
        number += line.endswith(("\n", "\r"))
        parts.append(line)
        size += len(line)
        if size >= MAX_RECORD:
            raise FileError(
                _("{where}:{line}: a record of more than {limit} characters").format(
                    where=where, line=started, limit=f"{MAX_RECORD:,}"
                ),
                advice=_("Look for a quotation mark that is never closed."),
            )
        odd = odd != bool(line.count('"') % 2)
        if odd and not (len(parts) == 1 and not _quoted(line)):
            continue
        text = "".join(parts)
        body = text.rstrip("\r\n") if len(parts) == 1 else text[: len(text) - _end(text)]
        yield started, body, text[len(body) :]
        parts, size, odd = [], 0, False
    if parts:
        raise FileError(
            _("{where}:{line}: a quotation mark is never closed").format(where=where, line=started),
            advice=_("Close it, or double it where it is part of the text."),
        )


def _quoted(line: str) -> bool:
    """Whether a cell of the line begins with a quotation mark: elsewhere it is a character like any other."""
    text = line.lstrip("\ufeff")
    return text.startswith('"') or any(f'{mark}"' in text for mark in _DELIMITERS)


def _end(text: str) -> int:
    return 2 if text.endswith("\r\n") else 1 if text.endswith(("\n", "\r")) else 0


def _delimiter(raw: str) -> str | None:
    """The mark that splits the first record; None for a plain line. ``Last, First <a@b>`` is a plain line too."""
    outside = "".join(raw.split('"')[::2])
    if "<" in outside and outside.count("@") == 1 and outside.rstrip().endswith(">"):
        return None
    counts = {mark: outside.count(mark) for mark in _DELIMITERS}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else None


def _cells(raw: str, delimiter: str | None) -> list[str]:
    if delimiter is None:
        return [raw]
    if '"' not in raw:
        return raw.split(delimiter)
    try:
        return next(csv.reader([raw], delimiter=delimiter), [""])
    except csv.Error:
        return raw.split(delimiter)


def _column(names: list[str], column: str | None, where: str) -> int:
    """Which cell holds the address: named by the user, named so in the header, or the first with an ``@``."""
    if column is not None:
        if column.isdigit() and 1 <= int(column) <= len(names):
            return int(column) - 1
        if column.strip().lower() in names:
            return names.index(column.strip().lower())
        raise InputError(
            _("{where}: no column '{column}'").format(where=where, column=column[:60]),
            advice=_("Columns: {names}.").format(names=", ".join(name[:40] for name in names[:30])),
        )
    if len(names) == 1:
        return 0
    found = next((names.index(known) for known in COLUMNS if known in names), None)
    if found is None:
        found = next((i for i, name in enumerate(names) if "@" in name or "mail" in name), None)
    if found is None:
        raise InputError(
            _("{where}: no column holds addresses").format(where=where),
            advice=_("Name it with --column; columns: {names}.").format(
                names=", ".join(name[:40] for name in names[:30])
            ),
        )
    return found
