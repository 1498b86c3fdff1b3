"""A bar on stderr for runs over many bytes: only on a terminal, gone when the run is over."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deliverkit.intake.run import Report
from deliverkit.language import _


def size_of(paths: Sequence[str]) -> int | None:
    """Bytes below ``paths``; None where stdin is among them."""
    return None if "-" in paths else sum(_sizes(paths))


def is_larger(paths: Sequence[str], size: int) -> bool:
    """Is there more than ``size`` bytes below ``paths``? Looks no further than it must."""
    total = 0
    for each in _sizes(paths):
        total += each
        if total > size:
            return True
    return False


def _sizes(paths: Sequence[str]) -> Iterator[int]:
    for path in paths:
        for file in _files(path):
            try:
                yield Path(file).stat().st_size
            except OSError:
                continue  # stdin, or gone


def _files(path: str) -> Iterator[str]:
    if not Path(path).is_dir():
        yield path
    for folder, _folders, names in os.walk(path):
        yield from (str(Path(folder) / name) for name in names)


@contextmanager
def progress(paths: Sequence[str], done: int = 0) -> Iterator[Callable[[Report], None]]:
    """What to call after every piece. ``done`` bytes were read by an earlier run."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda report: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import TransferSpeedColumn as Speed

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        Speed(),
        TextColumn("{task.fields[events]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(_("reading"), total=size_of(paths), completed=done, events="")

        def step(report: Report) -> None:
            events = _("{count} events").format(count=f"{report.events:,}")
            bar.update(task, completed=report.read, events=events)

        yield step
