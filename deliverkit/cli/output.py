"""The only writer to stdout, and to the file named by ``--output``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from deliverkit.errors import FileError
from deliverkit.language import _
from deliverkit.report.text.layout import Paint, no_paint

STYLES = {
    "good": {"fg": "green"},
    "bad": {"fg": "red", "bold": True},
    "warn": {"fg": "yellow"},
    "unknown": {"fg": "magenta"},
    "dim": {"dim": True},
    "strong": {"bold": True},
    "code": {"fg": "cyan"},
}


def write(text: str, path: str | None = None) -> None:
    """Write one result: to stdout, or whole or not at all to ``path``.

    Raises FileError when the file cannot be written.
    """
    write_lines([text], path)


def write_lines(lines: Iterable[str], path: str | None = None) -> None:
    """Write a result of any length as it is made, in the same way: a line feed goes behind each part."""
    if path is None or path == "-":
        for line in lines:
            click.echo(line)
        return
    target = Path(path)
    try:
        if target.exists() and not target.is_file():
            # A device or a pipe is written to; a file in its place would break it for the whole machine.
            with target.open("w", encoding="utf-8", errors="backslashreplace") as out:
                out.writelines(f"{line}\n" for line in lines)
        else:
            _replace(target.resolve(), lines)
    except (OSError, RuntimeError) as error:
        raise FileError(
            _("{path}: cannot be written: {why}").format(path=path, why=getattr(error, "strerror", None) or error),
            advice=_("Check the folder and its rights."),
        ) from error


def _replace(target: Path, lines: Iterable[str]) -> None:
    """Write a file beside ``target`` and put it in its place, with the rights that an ordinary file has."""
    import tempfile

    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as out:
            out.writelines(f"{line}\n" for line in lines)
        give_rights(Path(name), target)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def give_rights(temporary: Path, target: Path) -> None:
    """Give a temporary file, which only its owner can read, the rights of the file that it is to be."""
    mask = os.umask(0o077)
    os.umask(mask)
    temporary.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~mask)


def paint(color: str = "auto", path: str | None = None) -> Paint:
    """How to colour: ``auto`` only for a terminal, never with NO_COLOR (click does not look at it)."""
    if color == "never" or (color == "auto" and not _colourful(path)):
        return no_paint
    return _styled


def _colourful(path: str | None) -> bool:
    if os.environ.get("NO_COLOR") or path not in (None, "-"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (sys.stdout.isatty() and os.environ.get("TERM") != "dumb")


def _styled(text: str, role: str) -> str:
    style = STYLES.get(role)
    return click.style(text, **style) if style and text.strip() else text  # type: ignore[arg-type]


def width() -> int:
    """Columns to write for: the terminal's, 80 where there is none."""
    import shutil

    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() or "COLUMNS" in os.environ else 80
