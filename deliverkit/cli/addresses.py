"""``deliverkit addresses``: which addresses of a list can take mail, without connecting to any mail server."""

from __future__ import annotations

import asyncio
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TextIO

import click

from deliverkit.addresses.clean import Cleaner, Summary
from deliverkit.addresses.domains import Domains
from deliverkit.addresses.table import Record, Table, open_table
from deliverkit.addresses.verdict import Judged, Reason, Verdict
from deliverkit.cli.diagnostics import ExitCode, note
from deliverkit.cli.options import fail_on_option, language, network_options, output_options
from deliverkit.cli.output import give_rights, paint, width
from deliverkit.cli.pace_line import shown
from deliverkit.errors import FileError
from deliverkit.knowledge import load
from deliverkit.language import _
from deliverkit.report.addresses import address_data, csv_head, csv_row, summary_data, summary_text
from deliverkit.report.data import VERSION, document, dumps
from deliverkit.report.sentences import Sentences
from deliverkit.session import Network, open_world

EVERY = 0.5
"""Seconds between two lines of progress."""

EPILOG = """\b
Examples:
  deliverkit addresses customers.csv --format csv -o checked.csv
  deliverkit addresses list.txt
  deliverkit addresses - --no-dns --format jsonl < list.txt
  deliverkit addresses export.csv --column "Work e-mail" --format csv -o checked.csv
"""

Write = Callable[[str], object]


@click.command("addresses", epilog=EPILOG)
@click.argument("file")
@click.option("--column", metavar="NAME", help="Column with the addresses: a name, or a number from 1.")
@click.option("--no-dns", is_flag=True, help="Look at syntax, names and duplicates only.")
@click.option("-q", "--quiet", is_flag=True, help="No progress on stderr.")
@fail_on_option
@network_options
@output_options("text", "csv", "json", "jsonl")
def command(
    file: str,
    column: str | None,
    no_dns: bool,
    quiet: bool,
    fail_on: str,
    network: Network,
    fmt: str,
    output: str | None,
    lang: str | None,
    color: str,
) -> int:
    """Check a list of addresses: syntax, domains, typos, roles, throw-away addresses, duplicates.

    FILE is plain lines or CSV; '-' reads from stdin. CSV comes back as it was, in its order, with columns added.
    No mail server is ever connected to, so nobody can say that a mailbox exists.
    """
    say = Sentences(load(), language(lang))
    with _input(file) as handle, _result(output) as write:
        table, records = open_table(handle, "stdin" if file == "-" else file, column)
        put = _Put(fmt, table, write)
        show = _Progress(quiet)
        run = _offline if no_dns else _online
        summary = run(records, network, put, show)
        show.end()
        put.end(summary)
        if fmt == "text":
            write(summary_text(summary, say, width=width(), paint=paint(color, output)) + "\n")
    if fmt == "csv":
        note(_told(summary))
    return _exit(summary, fail_on)


class _Put:
    """Writes each address as it comes."""

    def __init__(self, fmt: str, table: Table, write: Write) -> None:
        self._fmt = fmt
        self._table = table
        self._write = write
        self._first = True
        self._end = (table.header.end if table.header else "") or "\n"
        head = csv_head(table) if fmt == "csv" else None
        if head is not None:
            write(head + self._end)

    def __call__(self, record: Record, judged: Judged) -> None:
        if self._fmt == "csv":
            self._write(csv_row(self._table, record, judged) + (record.end or self._end))
        elif self._fmt == "jsonl":
            self._write(dumps(document("addresses", **address_data(record, judged)), indent=None) + "\n")
        elif self._fmt == "json":
            opening = (
                f'{{\n  "schema": "deliverkit.addresses/{VERSION}",\n  "addresses": [\n    '
                if self._first
                else ",\n    "
            )
            self._write(opening + dumps(address_data(record, judged), indent=None))
        self._first = False

    def end(self, summary: Summary) -> None:
        """What a document ends with."""
        if self._fmt == "json":
            opening = f'{{\n  "schema": "deliverkit.addresses/{VERSION}",\n  "addresses": [' if self._first else "\n  "
            self._write(f'{opening}],\n  "summary": {dumps(summary_data(summary), indent=None)}\n}}\n')


class _Progress:
    """One line on stderr that is written over, where somebody looks."""

    def __init__(self, quiet: bool) -> None:
        self._shown = shown(quiet)
        self._began = self._last = time.monotonic()

    def __call__(self, summary: Summary) -> None:
        if not self._shown or summary.total % 500:
            return
        now = time.monotonic()
        if now - self._last < EVERY:
            return
        self._last = now
        text = _("{done} addresses · {rate}/s · {domains} domains").format(
            done=f"{summary.total:,}",
            rate=f"{summary.total / (now - self._began):,.0f}",
            domains=f"{summary.domains:,}",
        )
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()

    def end(self) -> None:
        """Take the line away."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _offline(records: Iterator[Record], network: Network, put: _Put, show: _Progress) -> Summary:
    cleaner = Cleaner(load(), Domains(load(), None))
    for record, judged in cleaner.offline(records):
        put(record, judged)
        show(cleaner.summary)
    return cleaner.summary


def _online(records: Iterator[Record], network: Network, put: _Put, show: _Progress) -> Summary:
    from deliverkit.net.limits import Limits

    async def run() -> Summary:
        async with open_world(network, Limits()) as world:
            cleaner = Cleaner(load(), Domains(load(), world.resolver))
            async for record, judged in cleaner.online(records):
                put(record, judged)
                show(cleaner.summary)
            return cleaner.summary

    return asyncio.run(run())


@contextmanager
def _input(path: str) -> Iterator[TextIO]:
    """The list as text, byte for byte recoverable; line ends are left as they are."""
    if path == "-":
        yield io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="surrogateescape", newline="")
        return
    try:
        handle = Path(path).open(encoding="utf-8", errors="surrogateescape", newline="")  # noqa: SIM115 (closed below)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}", advice=_("Check the path and its rights.")) from error
    with handle:
        yield handle


@contextmanager
def _result(path: str | None) -> Iterator[Write]:
    """Where the result goes: stdout as it comes, or a file, whole or not at all. Raises FileError."""
    if path is None or path == "-":
        with _unless_gone():
            yield _writer(sys.stdout.buffer) if hasattr(sys.stdout, "buffer") else sys.stdout.write
            sys.stdout.flush()
        return
    if Path(path).exists() and not Path(path).is_file():
        # A device or a pipe is written to; a file in its place would break it for the whole machine.
        with Path(path).open("wb") as out, _unless_gone():
            yield _writer(out)
        return
    target = Path(path).resolve()
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise FileError(
            _("{path}: cannot be written: {why}").format(path=path, why=error.strerror or error),
            advice=_("Check the folder and its rights."),
        ) from error
    try:
        with os.fdopen(handle, "wb", buffering=1 << 20) as out:
            yield _writer(out)
        give_rights(Path(name), target)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def _unless_gone() -> Iterator[None]:
    """The reader of our output may go away (``| head``): that is no error. Python would complain at exit."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(0) from None


def _writer(out: IO[bytes]) -> Write:
    # What came in as bytes that are no UTF-8 goes out as the same bytes.
    return lambda text: out.write(text.encode("utf-8", "surrogateescape"))


def _told(summary: Summary) -> str:
    counts = ", ".join(f"{summary.verdicts[verdict]:,} {verdict.value}" for verdict in Verdict)
    twice = summary.reasons[Reason.DUPLICATE]
    return _("{count} addresses: {counts}; {twice} stood in the list before").format(
        count=f"{summary.total:,}", counts=counts, twice=f"{twice:,}"
    )


def _exit(summary: Summary, fail_on: str) -> ExitCode:
    """4 over 1 over 3 over 0: an undeliverable address is an error, a risky one a warning, a double one a notice."""
    found = summary.verdicts
    if summary.silent:
        note(_("no name server answered: nothing could be checked; see --nameserver, --timeout, or your network"))
        return ExitCode.NOTHING_CHECKED
    levels = {
        "error": found[Verdict.UNDELIVERABLE],
        "warning": found[Verdict.RISKY],
        "notice": summary.reasons[Reason.DUPLICATE] + summary.reasons[Reason.SAME_MAILBOX],
    }
    names = list(levels)
    if fail_on != "never" and any(levels[name] for name in names[: names.index(fail_on) + 1]):
        return ExitCode.FINDINGS
    return ExitCode.INCOMPLETE if found[Verdict.UNKNOWN] else ExitCode.CLEAN
