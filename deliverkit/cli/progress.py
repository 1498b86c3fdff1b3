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
    total = 0
    for path in paths:
        if path == "-":
            return None
        if Path(path).is_dir():
            for folder, _folders, files in os.walk(path):
                for name in files:
                    try:
                        total += (Path(folder) / name).stat().st_size
                    except OSError:
                        continue
        elif Path(path).exists():
            total += Path(path).stat().st_size
    return total


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
