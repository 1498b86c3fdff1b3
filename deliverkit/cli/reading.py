"""What the user gave: texts from arguments, files and stdin, names and addresses, checked and bounded."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from deliverkit.checks import MODULES
from deliverkit.errors import FileError, InputError

MAX_TEXT = 1_000_000
"""Characters of one pasted text; a reply is a few hundred."""


def texts(arguments: Sequence[str], files: Sequence[str] = ()) -> list[tuple[str, str]]:
    """``(where, text)`` for every argument and file; ``-`` is stdin.

    Raises InputError for nothing, empty or oversized text, FileError for a file that cannot be read.
    """
    found = [("stdin", _stdin()) if text == "-" else (f"argument {i}", text) for i, text in enumerate(arguments, 1)]
    found += [(path, read_file(path)) for path in files]
    if not found:
        raise InputError("nothing to explain", advice='Give the reply in quotes, or "-" to read it from stdin.')
    for where, text in found:
        if not text.strip():
            raise InputError(f"{where}: the text is empty", advice="Paste what the receiving server said.")
        if len(text) > MAX_TEXT:
            raise InputError(
                f"{where}: {len(text):,} characters are more than a reply",
                advice=f"Give the lines with the reply alone; at most {MAX_TEXT:,} characters.",
            )
    return found


def read_file(path: str) -> str:
    """A text file, bytes that are not UTF-8 kept visible. ``-`` is stdin. Raises FileError."""
    if path == "-":
        return _stdin()
    try:
        with Path(path).open("rb") as handle:
            return handle.read(MAX_TEXT * 4 + 1).decode("utf-8", "backslashreplace")
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}", advice="Check the path and its rights.") from error


def _stdin() -> str:
    if sys.stdin.isatty():
        click.echo("Paste the reply, then press Ctrl-D:", err=True)
    return sys.stdin.buffer.read(MAX_TEXT * 4 + 1).decode("utf-8", "backslashreplace")


def check_names(value: str | None, default: Sequence[str]) -> tuple[str, ...]:
    """``--checks spf,dkim``; ``all`` for every one, None for ``default``. Raises UsageError for an unknown name."""
    if value is None:
        return tuple(default)
    if value == "all":
        return tuple(MODULES)
    names = [name.strip() for name in value.split(",") if name.strip()]
    for name in names:
        if name not in MODULES:
            import difflib

            near = difflib.get_close_matches(name, MODULES, 1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise click.UsageError(f"--checks: no check '{name}'.{hint} Known: {', '.join(MODULES)}.")
    if not names:
        raise click.UsageError("--checks: name at least one check")
    return tuple(dict.fromkeys(names))
