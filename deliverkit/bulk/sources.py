"""Domains from arguments, lists and CSV, one at a time: however long a list is, a line of it is in memory."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from deliverkit.bulk.order import Order
from deliverkit.bulk.seen import Seen
from deliverkit.errors import DeliverkitError, FileError, InputError
from deliverkit.language import _
from deliverkit.session import author_domain

MAX_LINE = 16_384
"""Characters of one line; the rest of a longer one is passed over."""
COLUMNS = (
    "domain",
    "domain_name",
    "domainname",
    "domain name",
    "hostname",
    "host",
    "website",
    "url",
    "email",
    "e-mail",
)
"""Columns that are taken without being named, first of these first."""
_DELIMITERS = ",;\t|"
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class Dropped:
    """A line that gave no domain, and why."""

    file: str
    line: int
    text: str
    """What stood there, shortened; hostile until cleaned."""
    why: str


@dataclass(slots=True)
class Sources:
    """Everything the user named, to be read once, from the first to the last."""

    arguments: Sequence[str] = ()
    files: Sequence[str] = ()
    """Paths; ``-`` is ``stdin``."""
    column: str | None = None
    """Name of the CSV column with the domains; None to find it."""
    stdin: IO[bytes] | None = None
    dropped: list[Dropped] = field(default_factory=list)
    """Filled while reading, up to ``MAX_DROPPED``."""
    dropped_count: int = 0
    repeated: int = 0
    """Domains that were named before; they are audited once."""
    seen: Seen = field(default_factory=Seen)

    def __iter__(self) -> Iterator[Order | Dropped]:
        """Each domain once, and each line that was left out when it is met.

        Raises InputError for an argument that is no domain, FileError for a file that cannot be read.
        """
        for text in self.arguments:
            name, selectors = author_domain(text)
            yield from self._once(Order(name, selectors))
        for path in self.files:
            for item in self._file(path):
                yield from self._once(item) if isinstance(item, Order) else self._noted(item)

    def _once(self, order: Order) -> Iterator[Order]:
        if self.seen.add(" ".join((order.domain, *order.selectors))):
            yield order
        else:
            self.repeated += 1

    def _noted(self, dropped: Dropped) -> Iterator[Dropped]:
        self.dropped_count += 1
        if len(self.dropped) < MAX_DROPPED:
            self.dropped.append(dropped)
        yield dropped

    def _file(self, path: str) -> Iterator[Order | Dropped]:
        if path == "-":
            if self.stdin is None:
                raise InputError(_("there is no stdin to read from"), advice=_("Name a file with -i."))
            yield from _orders(self.stdin, "stdin", self.column)
            return
        try:
            with Path(path).open("rb") as handle:
                yield from _orders(handle, path, self.column)
        except OSError as error:
            message = _("{path}: {why}").format(path=path, why=error.strerror or error)
            raise FileError(message, advice=_("Check the path and its rights.")) from error


MAX_DROPPED = 1000
"""Lines kept that were left out; of more only the number is known."""


def _orders(handle: IO[bytes], file: str, column: str | None) -> Iterator[Order | Dropped]:
    handle = handle if isinstance(handle, io.BufferedReader) else io.BufferedReader(handle)  # type: ignore[type-var]
    head = handle.peek(4)[:4]
    encoding = next((name for bom, name in _BOMS if head.startswith(bom)), "utf-8")
    text = io.TextIOWrapper(handle, encoding, "backslashreplace", newline=None)
    try:
        lines = _lines(text)
        first = next(lines, None)
        if first is None:
            return
        table = _table(first[1], file, column)
        if table is None:
            yield from _from_lines(first, lines, file)
        else:
            yield from _from_table(table, lines, file)
    finally:
        # stdin is not ours to close.
        text.detach()


def _lines(text: IO[str]) -> Iterator[tuple[int, str]]:
    """Lines with their numbers from 1, each cut at ``MAX_LINE``."""
    number = 0
    while line := text.readline(MAX_LINE):
        number += 1
        rest = line
        while rest and not rest.endswith("\n") and len(rest) == MAX_LINE:
            rest = text.readline(MAX_LINE)
        yield number, line.removesuffix("\n").lstrip("\ufeff") if number == 1 else line.removesuffix("\n")


def _from_lines(first: tuple[int, str], rest: Iterable[tuple[int, str]], file: str) -> Iterator[Order | Dropped]:
    """A plain list: one domain a line, ``#`` begins a comment."""
    for lines in ((first,), rest):
        for number, line in lines:
            text = line.partition(" #")[0].partition("\t#")[0].strip()
            if text and not text.startswith("#"):
                yield _order(text, file, number)


@dataclass(frozen=True, slots=True)
class _Table:
    delimiter: str
    column: int
    name: str


def _table(header: str, file: str, column: str | None) -> _Table | None:
    """What the first line says of a CSV table; None for a plain list. Raises InputError for a column not there."""
    delimiter = max(_DELIMITERS, key=header.count)
    names = next(csv.reader([header], delimiter=delimiter), [])
    folded = [name.strip().lower() for name in names]
    if column is not None:
        if column.strip().lower() not in folded:
            known = ", ".join(name.strip()[:40] for name in names[:20])
            raise InputError(
                _("{file}: there is no column '{column}'").format(file=file, column=column),
                advice=_("The first line names these: {names}").format(names=known),
            )
        return _Table(delimiter, folded.index(column.strip().lower()), column)
    # One column without a known name is a plain list; so is "example.com, example.org".
    found = next((name for name in COLUMNS if name in folded), None)
    return None if found is None else _Table(delimiter, folded.index(found), found)


def _from_table(table: _Table, lines: Iterator[tuple[int, str]], file: str) -> Iterator[Order | Dropped]:
    at = 1

    def texts() -> Iterator[str]:
        nonlocal at
        for at, line in lines:  # noqa: B007 told to the reader of the rows
            yield line + "\n"

    rows = csv.reader(texts(), delimiter=table.delimiter)
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Dropped(file, at, "", _("not a row of CSV: {why}").format(why=error))
            continue
        if len(row) > table.column and row[table.column].strip():
            yield _order(row[table.column].strip(), file, at)
        elif any(cell.strip() for cell in row):
            yield Dropped(file, at, table.delimiter.join(row)[:80], _("the column with the domain is empty"))


def _order(text: str, file: str, number: int) -> Order | Dropped:
    try:
        name, selectors = author_domain(text)
    except DeliverkitError as error:
        return Dropped(file, number, text[:80], str(error))
    return Order(name, selectors, file, number)


def count_lines(paths: Iterable[str]) -> int | None:
    """How many lines the files have together, for a guess at the time left; None where one cannot be read twice."""
    total = 0
    for path in paths:
        if path == "-" or not Path(path).is_file():
            return None
        with Path(path).open("rb") as handle:
            while block := handle.read(1 << 20):
                total += block.count(b"\n")
    return total
