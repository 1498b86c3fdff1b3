"""How ``deliverkit bounces`` is carried out: what was wished for, done and shown."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import chain, islice
from pathlib import Path
from typing import Any

from deliverkit.bounces.event import Fault
from deliverkit.bounces.files import SIZE, Chunk, chunks
from deliverkit.cli.bounces import Wish
from deliverkit.cli.diagnostics import ExitCode, note
from deliverkit.cli.options import language
from deliverkit.cli.output import paint, width, write
from deliverkit.cli.progress import is_larger, progress
from deliverkit.cli.recording import Aside, binary_output, recording
from deliverkit.cli.settings import configuration
from deliverkit.errors import DeliverkitError, FileError, InputError
from deliverkit.intake import journal
from deliverkit.intake.crew import Crew, DaskCrew, LocalCrew, pieces_ahead
from deliverkit.intake.filters import only
from deliverkit.intake.journal import State
from deliverkit.intake.keeping import keeper
from deliverkit.intake.known_incidents import read_known, remember
from deliverkit.intake.parts import MAX_BYTES
from deliverkit.intake.run import Keeper, Run, Sink
from deliverkit.intake.work import Job, RuleRow
from deliverkit.knowledge import RULE_FIELDS, load
from deliverkit.language import _, plural
from deliverkit.report.bounce_records import Encoding, chosen_columns
from deliverkit.report.bounce_summary import fault_place, summary_data
from deliverkit.report.data import document, dumps
from deliverkit.report.sentences import Sentences

_RECORDS = ("jsonl", "csv", "parquet")
_SMALL = 2 << 20
"""Bytes that one process reads before others have started."""
_HELD = 96 << 20
"""Bytes of results that wait in memory to be written."""


def read_bounces(wish: Wish) -> int:
    """Read, write, tell; the exit code. Raises DeliverkitError for what cannot be done at all."""
    say = Sentences(load(), language(wish.lang))
    known_before = read_known(Path(wish.known)) if wish.known else None
    encoding = _encoding(wish)
    _check(wish, encoding)
    state, unread = _state(wish), _unreadable(wish)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="deliverkit-", ignore_cleanup_errors=True))
        aside = Aside(folder) if wish.fmt == "json" and encoding else None
        sink = aside or _sink(stack, wish, encoding, state)
        _read(stack, wish, _job(wish, encoding, folder), state, sink, [p for p in wish.paths if p not in unread])
        state.failed = [*((path, str(error)) for path, error in unread.items()), *state.failed]
        if state.failed and not state.units and not state.summary.events:
            raise FileError("; ".join(why for _path, why in state.failed[:3]), advice=_("No file could be read."))
        seen = frozenset(known_before) if known_before is not None else None
        data = summary_data(state.summary, say, units=state.units, failed=state.failed, known=seen)
        _show(wish, data, say, aside)
    if wish.known and known_before is not None:
        remember(Path(wish.known), known_before, state.summary.incidents)
    if wish.drafts:
        write(_drafts(data), wish.drafts)
    if wish.resume:
        Path(wish.resume).unlink(missing_ok=True)
    return _told(wish, data)


def _encoding(wish: Wish) -> Encoding | None:
    """The form of the records, None where none are asked for."""
    if wish.vocabulary:
        from deliverkit.bounces.vocabulary import find

        find(wish.vocabulary)
    columns = chosen_columns(wish.fields)
    if wish.fields is None and not wish.vocabulary:
        columns = tuple(name for name in columns if name != "word")
    if wish.fmt in _RECORDS:
        return Encoding(wish.fmt, columns, wish.vocabulary)
    return Encoding("jsonl", columns, wish.vocabulary) if wish.fmt == "json" and wish.records else None


def _check(wish: Wish, encoding: Encoding | None) -> None:
    """Raises InputError for wishes that do not go together."""
    _check_outputs(wish)
    if wish.fmt == "parquet":
        from deliverkit.report.bounce_parquet import arrow

        arrow()
        if wish.output in (None, "-"):
            raise InputError(_("Parquet is written to a file"), advice=_("Name it with -o FILE."))
    if wish.resume:
        if "-" in wish.paths:
            raise InputError(_("stdin cannot be resumed"), advice=_("Save it to a file and name that."))
        if wish.fmt == "parquet" or (wish.fmt == "json" and encoding):
            raise InputError(
                _("--resume goes with jsonl, csv and the summary"),
                advice=_("Leave it out, or choose another --format."),
            )
        if wish.fmt in _RECORDS and wish.output in (None, "-"):
            raise InputError(_("--resume needs a file for the records"), advice=_("Name it with -o FILE."))
    if wish.scheduler and (relative := [path for path in wish.paths if not Path(path).is_absolute()]):
        raise InputError(
            _("{path}: not the whole path, which a cluster needs").format(path=relative[0]),
            advice=_("Its workers have working folders of their own; stdin they have not at all."),
        )


def _check_outputs(wish: Wish) -> None:
    """What is written never takes the place of what is read. Raises InputError."""
    written = {"-o": wish.output, "--known": wish.known, "--drafts": wish.drafts, "--resume": wish.resume}
    for option, path in written.items():
        for read in (*wish.paths, *wish.rule_files):
            if path not in (None, "-") and read != "-" and _is_same(Path(str(path)), Path(read)):
                raise InputError(
                    _("{option} {path}: this file is read here, and would be overwritten").format(
                        option=option, path=path
                    ),
                    advice=_("Name another file."),
                )


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other) and not one.is_char_device()
    except OSError:
        return False


def _columns(text: str | None) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in (text or "").split(",") if pair.strip()]
    if wrong := [name for name, equals, _column in pairs if not equals]:
        raise InputError(
            _("--columns {name}: written as NAME=COLUMN").format(name=wrong[0][:80]),
            advice=_("Such as --columns recipient=Email,reply=Reason. Columns of the output are --fields."),
        )
    return {name.strip(): column.strip() for name, _equals, column in pairs}


def _job(wish: Wish, encoding: Encoding | None, folder: str) -> Job:
    rules: tuple[RuleRow, ...] = ()
    if wish.rule_files:
        from deliverkit.bounces.user_rules import load_rules

        found = [rule for path in wish.rule_files for rule in load_rules(Path(path))]
        rules = tuple(tuple(getattr(rule, name) for name in RULE_FIELDS) for rule in found)
    return Job(
        rules=rules,
        only=only(wish.only),
        delivered=wish.delivered,
        encoding=encoding,
        keep=wish.store is not None,
        spill=None if wish.scheduler else folder,
        # With many processes many results wait to be written; this process holds that much of all of them together.
        hold=min(MAX_BYTES, _HELD // pieces_ahead(_jobs(wish))),
    )


def _state(wish: Wish) -> State:
    """Where to begin: at the journal's last entry, or anew. Raises InputError for the journal of another run."""
    asked = (
        wish.paths, wish.source, wish.columns, wish.only, wish.delivered, wish.fields, wish.vocabulary, wish.fmt,
        wish.output, wish.store, [Path(path).read_bytes() for path in wish.rule_files if Path(path).is_file()],
    )  # fmt: skip
    run = blake2b(repr(asked).encode("utf-8", "replace"), digest_size=16).hexdigest()
    found = journal.load(Path(wish.resume)) if wish.resume else None
    if found is None:
        return State(run=run, now=datetime.now(UTC).isoformat())
    journal.check(found, run, Path(str(wish.resume)))
    note(_("going on behind {count} bytes that are read").format(count=f"{found.read:,}"))
    return found


def _unreadable(wish: Wish) -> dict[str, DeliverkitError]:
    """Of several paths, those that cannot be read: they are told, and the rest goes on. One alone is an error."""
    if len(wish.paths) < 2:
        return {}
    unread: dict[str, DeliverkitError] = {}
    for path in dict.fromkeys(wish.paths):
        if path == "-" or Path(path).is_dir():
            continue
        try:
            next(chunks([path], wish.source, columns=_columns(wish.columns)), None)
        except FileError as error:
            unread[path] = error
            note(_("left out: {why}").format(why=error))
    return unread


def _sink(stack: ExitStack, wish: Wish, encoding: Encoding | None, state: State) -> Sink | None:
    if encoding is None:
        return None
    keep = wish.resume is not None
    return stack.enter_context(recording(encoding, wish.output, written=state.written, keep=keep))


def _read(stack: ExitStack, wish: Wish, job: Job, state: State, sink: Sink | None, paths: list[str]) -> None:
    clock = datetime.fromisoformat(state.now)
    pieces = chunks(paths, wish.source, columns=_columns(wish.columns), now=clock, size=SIZE)
    first = list(islice(pieces, 2))
    crew = _crew(wish, first)
    if crew is not None:
        stack.enter_context(crew)
    try:
        # The bar is gone before anything is shown.
        with ExitStack() as while_reading:
            on_step = while_reading.enter_context(progress(paths, state.read))
            keep: Keeper | None = None
            if wish.store is not None:
                policy = configuration().policy
                keep = while_reading.enter_context(
                    keeper(wish.store, hash_recipients=wish.hash_recipients, key_file=wish.key_file, policy=policy)
                )
            journal_file = Path(wish.resume) if wish.resume else None
            run = Run(job, state, crew=crew, sink=sink, keeper=keep, journal=journal_file, on_step=on_step)
            run.go(chain(first, pieces))
    except KeyboardInterrupt:
        _interrupted(wish)
        raise


def _interrupted(wish: Wish) -> None:
    if wish.resume:
        note(
            _("to go on from here, give the same command again; {path} knows how far it came").format(path=wish.resume)
        )
    else:
        note(_("to be able to go on after an interruption, keep a journal with --resume FILE"))


def _crew(wish: Wish, first: list[Chunk | Fault]) -> Crew | None:
    """Who does it; None for this process alone, which is faster for little and the only one that reads stdin."""
    if wish.scheduler:
        return DaskCrew(wish.scheduler)
    jobs = _jobs(wish)
    if jobs == 1 or len(first) < 2 or not is_larger(wish.paths, _SMALL):
        return None
    return LocalCrew(jobs)


def _jobs(wish: Wish) -> int:
    """Processes: as many as were asked for, else one for each core that we may use."""
    if wish.jobs:
        return wish.jobs
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _show(wish: Wish, data: dict[str, Any], say: Sentences, aside: Aside | None) -> None:
    if wish.fmt in _RECORDS:
        return
    if wish.fmt == "json":
        if aside is None:
            write(dumps(document("bounces", summary=data)), wish.output)
            return
        with binary_output(wish.output) as out:
            head = dumps(document("bounces", summary=data))
            out.write(head.removesuffix("\n}").encode("utf-8", "backslashreplace") + b',\n  "records": [')
            aside.copy_to(out)
            out.write(b"\n  ]\n}\n")
        return
    if wish.fmt == "markdown":
        from deliverkit.report.bounce_markdown import bounce_summary_markdown

        write(bounce_summary_markdown(data, say, top=wish.top), wish.output)
        return
    from deliverkit.report.text.bounce_summary import bounce_summary_text

    colour = paint(wish.color, wish.output)
    write(bounce_summary_text(data, say, top=wish.top, width=width(), paint=colour), wish.output)


def _drafts(data: dict[str, Any]) -> str:
    """A file for ``--rules``."""
    head = "# Drafted by deliverkit bounces. Write the right reason into each rule, then use the file with --rules."
    return "\n\n".join([head, *(f"# seen {entry['count']} times\n{entry['draft']}" for entry in data["unknown"])])


def _told(wish: Wish, data: dict[str, Any]) -> ExitCode:
    """What is worth saying on stderr, and the exit code."""
    totals = data["totals"]
    if wish.fmt in _RECORDS:
        note(
            _("{units} lines, mails and records read; {hard} hard, {soft} soft, {delivered} delivered").format(
                units=f"{data['units']:,}",
                hard=f"{totals['hard']:,}",
                soft=f"{totals['soft']:,}",
                delivered=f"{totals['delivered']:,}",
            )
        )
        for fault in data["faults"]["examples"][:5]:
            note(_("not read: {place}: {why}").format(place=fault_place(fault), why=fault["why"]))
        if totals["faults"] > 5:
            note(
                plural("{count} could not be read in all", "{count} could not be read in all", totals["faults"]).format(
                    count=f"{totals['faults']:,}"
                )
            )
    if wish.source and not wish.only and not data["events"]:
        note(
            _(
                "nothing was found that {source} would write; without --source the content tells what the files hold"
            ).format(source=wish.source)
        )
    for entry in data["failed"]:
        note(f"{entry['path']}: {entry['why']}" if entry["path"] not in entry["why"] else entry["why"])
    if data["failed"] or (wish.fail_on_unknown and totals["unknown"]):
        return ExitCode.INCOMPLETE
    return ExitCode.CLEAN
