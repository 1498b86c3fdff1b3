"""The run behind ``deliverkit audit``: domains in, rows out, and what the whole comes to."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path

import click

from deliverkit.bulk.api import run
from deliverkit.bulk.changes import Baseline
from deliverkit.bulk.journal import Journal, key
from deliverkit.bulk.order import Bounds, Done, Order, Plan
from deliverkit.bulk.pace import Pace
from deliverkit.bulk.profile import Profile
from deliverkit.bulk.sources import Dropped, Sources, count_lines
from deliverkit.checks import Target
from deliverkit.cli.diagnostics import ExitCode, note
from deliverkit.cli.forms import form
from deliverkit.cli.pace_line import progress
from deliverkit.cli.settings import configuration, ignores
from deliverkit.cli.sink import RESUMED, Sink
from deliverkit.errors import InputError
from deliverkit.knowledge import load
from deliverkit.language import _, plural
from deliverkit.report.clean import one_line
from deliverkit.report.row import Row, Rows, Totals
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.audit import counts_line
from deliverkit.session import Network

MANY = 200
"""Domains from which on several processes are worth their start."""
MAX_PROCESSES = 8
TOLD = 20
"""Lines of one kind on stderr; of more the number is told."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for, by option."""

    arguments: tuple[str, ...]
    files: tuple[str, ...]
    column: str | None
    common: Target
    checks: tuple[str, ...]
    network: Network
    lang: str
    jobs: int
    processes: int | None
    per_server: int
    rate: float | None
    unordered: bool
    state: str | None
    baseline: str | None
    scheduler: str | None
    exit_zero: bool
    allow_unknown: bool
    quiet: bool
    fail_on: str
    fmt: str
    output: str | None
    color: str
    evidence: bool


def audit_all(request: Request) -> int:
    """Run it, to an exit code. Raises InputError, FileError, ResolverError and KeyboardInterrupt."""
    _consistent(request)
    _end_as_by_hand()
    start = time.perf_counter()
    sources = Sources(request.arguments, request.files, request.column, sys.stdin.buffer if sys.stdin else None)
    journal = _journal(request)
    totals = Totals.from_data(journal.counts) if journal and journal.counts else Totals()
    say = Sentences(load(), request.lang)
    rows = _rows(request, totals)
    sink: Sink | None = None
    try:
        sink = Sink(rows.form, say, request.fmt, request.output, journal)
        orders = _orders(sources, journal)
        head = list(itertools.islice(orders, 1 if _slow_input(request) else MANY))
        if not head and not (journal and len(journal.done)):
            raise InputError(_("no domain to audit"), advice=_("Name one, or give a file with -i."))
        plan = Plan(rows, request.checks, request.common, request.network, _bounds(request, len(head)))
        pace = Pace(_total(request, head, journal))
        asyncio.run(_consume(request, plan, rows, itertools.chain(head, orders), sink, totals, pace))
        totals.dropped, totals.repeated, totals.left_out = sources.dropped_count, sources.repeated, _left_out(sources)
        totals.elapsed = round(totals.elapsed + time.perf_counter() - start, 3)
        sink.finish(totals)
    except BaseException as error:
        if sink is not None:
            sink.abort(totals)
        if isinstance(error, KeyboardInterrupt) and request.state:
            note(_("stopped after {count} domains; the same command goes on from there").format(count=totals.domains))
        raise
    _summary(request, totals, say)
    return _exit_code(request, totals)


def _end_as_by_hand() -> None:
    """What a service manager ends is left as Ctrl-C leaves it: a journal to go on from, no half a file."""
    with suppress(ValueError):  # not in the main thread: whoever started it sees to signals
        signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(*_given: object) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # Begun in the background by a shell, which lets such a run ignore Ctrl-C; not what ends it for good.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.raise_signal(signal.SIGINT)


def _consistent(request: Request) -> None:
    if request.state and (request.output in (None, "-") or request.fmt not in RESUMED):
        raise click.UsageError(
            _(
                "--state needs --output FILE and --format {forms}; 'deliverkit render' makes the other forms of it"
            ).format(forms=" / ".join(RESUMED))
        )
    if request.network.record and (request.scheduler or (request.processes or 1) > 1):
        raise click.UsageError(_("--record keeps the answers of one process: leave out --processes and --scheduler"))


def _journal(request: Request) -> Journal | None:
    if request.state is None:
        return None
    settings = {
        "checks": list(request.checks),
        "format": request.fmt,
        "ips": list(request.common.ips),
        "selectors": list(request.common.selectors),
        "lang": request.lang,
    }
    head = form(request.fmt).head(Sentences(load(), request.lang))
    journal = Journal.open(Path(request.state), Path(str(request.output)), settings, head)
    if journal.done and not request.quiet:
        count = len(journal.done)
        done = plural("{count} domain was done before", "{count} domains were done before", count)
        note(done.format(count=f"{count:,}"))
    return journal


def _rows(request: Request, totals: Totals) -> Rows:
    shape = form(request.fmt, color=request.color, output=request.output, evidence=request.evidence)
    config = configuration()
    profile = Profile(dict(config.severities), ignores()) if config.severity_origins or config.ignore_origins else None
    baseline = Baseline.read(Path(request.baseline)) if request.baseline else None
    return Rows(shape, request.lang, request.fail_on, profile or Profile(), baseline)


def _slow_input(request: Request) -> bool:
    """Whether domains come through a pipe, at the pace of whoever writes them."""
    if "-" not in request.files:
        return False
    try:
        return not stat.S_ISREG(os.fstat(sys.stdin.fileno()).st_mode)
    except (OSError, ValueError):
        return False


def _bounds(request: Request, known: int) -> Bounds:
    """The bounds of the run; a recording, or a world that answers from memory, stays in one process."""
    single = request.network.record or request.network.replay or request.scheduler or known < MANY
    processes = request.processes or (1 if single else min(os.cpu_count() or 1, MAX_PROCESSES))
    return Bounds(jobs=request.jobs, per_server=request.per_server, rate=request.rate, processes=processes)


def _total(request: Request, head: list[Order], journal: Journal | None) -> int | None:
    if len(head) < MANY and not _slow_input(request):
        return len(head)
    lines = count_lines(request.files)
    return None if lines is None else lines + len(request.arguments) - (len(journal.done) if journal else 0)


def _orders(sources: Sources, journal: Journal | None) -> Iterator[Order]:
    """The domains that are left to do; lines that gave none are told."""
    for item in sources:
        if isinstance(item, Order):
            if journal is None or key(item) not in journal.done:
                yield item
        else:
            _tell_dropped(item, sources.dropped_count)
    if sources.dropped_count > TOLD:
        count = sources.dropped_count - TOLD
        note(
            plural("and {count} more line left out", "and {count} more lines left out", count).format(
                count=f"{count:,}"
            )
        )
    if sources.repeated:
        count = sources.repeated
        told = plural("{count} domain stands in the input twice", "{count} domains stand in the input again", count)
        note(told.format(count=f"{count:,}"))


def _tell_dropped(dropped: Dropped, count: int) -> None:
    if count <= TOLD:
        place = f"{dropped.file}:{dropped.line}"
        note(_("{place}: left out: {why}").format(place=place, why=one_line(dropped.why, 200)))


def _left_out(sources: Sources) -> list[dict[str, object]]:
    return [{"file": d.file, "line": d.line, "text": d.text, "why": d.why} for d in sources.dropped]


async def _consume(
    request: Request,
    plan: Plan[Row],
    rows: Rows,
    orders: Iterable[Order],
    sink: Sink,
    totals: Totals,
    pace: Pace,
) -> None:
    results = run(
        orders,
        plan,
        ordered=not request.unordered,
        pace=pace,
        patient=_slow_input(request),
        scheduler=request.scheduler,
    )
    async with aclosing(results), progress(pace, request.quiet):
        async for done in results:
            row = done.value if done.value is not None else rows.broken(done)
            totals.add(row, done)
            _tell(request, row, done, totals)
            # In a thread: a reader that is slow must not stop the questions on their way.
            await asyncio.to_thread(sink.write, done.order, row, totals)


def _tell(request: Request, row: Row, done: Done[Row], totals: Totals) -> None:
    if done.error is not None and totals.errors <= TOLD:
        bug, late = _("{domain}: a bug in deliverkit ended its audit: {error}"), _("{domain}: given up: {error}")
        told = late if done.late else bug
        note(told.format(domain=done.order.domain, error=one_line(done.error, 300)))
    if not request.quiet:
        for line in row.told:
            note(one_line(line, 300))


def _summary(request: Request, totals: Totals, say: Sentences) -> None:
    if request.quiet:
        return
    if totals.domains > 1:
        note(counts_line(totals.outcomes, say))
    if request.baseline:
        told = _("since {file}: {new} new findings, {fixed} fixed")
        note(told.format(file=request.baseline, new=totals.new, fixed=totals.fixed))
    if totals.ignored:
        told = plural(
            "{count} finding is ignored by the configuration",
            "{count} findings are ignored by the configuration",
            totals.ignored,
        )
        note(told.format(count=totals.ignored))


def _exit_code(request: Request, totals: Totals) -> ExitCode:
    """70 over 4 over 1 over 3 over 0."""
    if totals.errors:
        note(_("Please report it with the command you ran; DELIVERKIT_TRACEBACK=1 prints the whole trace."))
        return ExitCode.BUG
    if totals.silent:
        note(_("no name server answered: nothing could be checked; see --nameserver, --timeout, or your network"))
    if request.exit_zero:
        return ExitCode.CLEAN
    if totals.silent:
        return ExitCode.NOTHING_CHECKED
    if totals.failing:
        return ExitCode.FINDINGS
    if totals.incomplete and not request.allow_unknown:
        return ExitCode.INCOMPLETE
    return ExitCode.CLEAN
