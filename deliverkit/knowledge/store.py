"""Where knowledge is read from: TOML files that people edit, or the JSON made from them.

Parsing the reply rules as TOML takes ten times as long as the same as JSON (50 ms against 5 ms), which
every start of the program would pay. So the first reader of a changed part writes ``.compiled/PART.json``
beside the sources, as Python does with its byte code; a wheel ships with these files made.
A part is fresh while the names, sizes and times of its sources are those it was made from.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deliverkit.errors import KnowledgeError
from deliverkit.knowledge.build import MalformedError
from deliverkit.language import _

HERE = Path(__file__).parent
COMPILED = HERE / ".compiled"

Table = dict[str, Any]


def read_toml(path: Path) -> Table:
    """Parse one TOML file. Raises KnowledgeError that names file and line when it cannot."""
    import tomllib

    try:
        with path.open("rb") as handle:
            return tomllib.load(handle)
    except tomllib.TOMLDecodeError as error:
        raise KnowledgeError(
            _("{path}: not valid TOML: {error}").format(path=path, error=error),
            advice=_("Mend the line that is named."),
        ) from error
    except UnicodeDecodeError as error:
        raise KnowledgeError(
            _("{path}: not UTF-8 (byte {start})").format(path=path, start=error.start),
            advice=_("Save the file as UTF-8."),
        ) from error
    except OSError as error:
        raise KnowledgeError(
            f"{path}: {error.strerror or error}", advice=_("Check the path and its rights.")
        ) from error


def sources(*patterns: str) -> list[Path]:
    """The TOML files of a part, in a stable order. Patterns are globs below this folder."""
    return sorted(path for pattern in patterns for path in HERE.glob(pattern))


def compiled(part: str, patterns: tuple[str, ...], make: Callable[[], Any]) -> Any:
    """The JSON value of a part: from the compiled file while it is fresh, else made anew and, if the folder
    can be written, kept."""
    path = COMPILED / f"{part}.json"
    stamp = _stamp(patterns)
    try:
        stored = json.loads(path.read_bytes())
    except (OSError, ValueError):
        stored = None
    if stored and (not stamp or stored["stamp"] == stamp):
        return stored["value"]
    if not stamp:
        raise KnowledgeError(
            _("knowledge part '{part}' is missing from this installation").format(part=part),
            advice=_("Install deliverkit again."),
        )
    value = make()
    _keep(path, {"stamp": stamp, "value": value})
    return value


def present(part: str, patterns: tuple[str, ...]) -> bool:
    """Whether the part is there at all, as sources or compiled."""
    return bool(sources(*patterns)) or (COMPILED / f"{part}.json").is_file()


def _stamp(patterns: tuple[str, ...]) -> list[list[Any]]:
    """Names, sizes and times of the sources; empty in a wheel, which ships without them."""
    return [[str(p.relative_to(HERE)), s.st_size, s.st_mtime_ns] for p in sources(*patterns) for s in (p.stat(),)]


def _keep(path: Path, stored: Table) -> None:
    import tempfile

    try:
        path.parent.mkdir(exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(stored, out, ensure_ascii=False, separators=(",", ":"))
        Path(name).replace(path)
    except OSError:
        # A folder that may not be written costs time at each start, nothing else.
        return


@contextmanager
def located(path: Path, table: str | int) -> Iterator[None]:
    """Give the file and the line to a MalformedError raised inside; ``table`` as in ``line_of``."""
    try:
        yield
    except MalformedError as error:
        raise KnowledgeError(f"{place(path, table, error.key)}: {error}", advice=error.advice) from error


def place(path: Path, table: str | int, key: str | None = None) -> str:
    """``file:line`` of a table or of a key in it, for a message."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return str(path)
    return f"{path}:{line_of(text, table, key)}"


def line_of(text: str, table: str | int, key: str | None) -> int:
    """Line, from 1, of a table or of a key in it, in a TOML text that parses.

    ``table`` is a table's dotted name without quotes (``dmarc.policy`` finds ``["dmarc.policy"]``), or the
    index of an entry of the file's array of tables (2 is the third ``[[rule]]``). ``key`` may be a path
    into the table, as MalformedError gives it: ``owner``, ``steps[2].url``. Falls back to the table's line
    when the key is not found, and to 1 when the table is not.
    """
    lines = _structure(text)
    start = _entry(lines, table) if isinstance(table, int) else _named(lines, table)
    if start is None:
        return 1
    name = lines[start][2]
    end = next((i for i in range(start + 1, len(lines)) if _leaves(lines[i], name)), len(lines))
    found = lines[start][0]
    for part in re.findall(r"[^.\[\]]+", key or ""):
        if part.isdigit():
            entries = [i for i in range(start, end) if lines[i][1:] == ("entry", name)]
            start = entries[int(part)] if int(part) < len(entries) else start
            end = next((i for i in range(start + 1, len(lines)) if _leaves(lines[i], name)), len(lines))
        else:
            name = f"{name}.{part}"
            start = next((i for i in range(start, end) if lines[i][2] == name), start)
        found = lines[start][0]
    return found


_Line = tuple[int, str, str]
"""Line number, kind (``table``, ``entry`` or ``key``) and full dotted name."""

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*((?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*=\s*(.*)$")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'")


def _structure(text: str) -> list[_Line]:
    """Headers and keys with their lines; the insides of multi-line strings and lists are passed over."""
    found: list[_Line] = []
    table, fence, depth = "", "", 0
    for number, line in enumerate(text.split("\n"), 1):
        if fence:
            fence = "" if fence in line else fence
            continue
        header = _HEADER.match(line) if depth == 0 else None
        if header:
            table = _plain(header[2])
            found.append((number, "entry" if header[1] == "[[" else "table", table))
            continue
        pair = _KEY.match(line) if depth == 0 else None
        if pair:
            found.append((number, "key", f"{table}.{_plain(pair[1])}" if table else _plain(pair[1])))
        value = pair[2] if pair else line
        fence = next((f for f in ('"""', "'''") if value.count(f) % 2), "")
        bare = _QUOTED.sub("", value).partition("#")[0]
        depth = max(0, depth + bare.count("[") - bare.count("]"))
    return found


def _plain(name: str) -> str:
    return ".".join(part.strip("\"' ") for part in re.findall(r"\"[^\"]*\"|'[^']*'|[^.]+", name))


def _named(lines: list[_Line], table: str) -> int | None:
    return next((i for i, (_, _, name) in enumerate(lines) if name == table), None)


def _entry(lines: list[_Line], index: int) -> int | None:
    entries = [i for i, (_, kind, name) in enumerate(lines) if kind == "entry" and "." not in name]
    return entries[index] if index < len(entries) else None


def _leaves(line: _Line, name: str) -> bool:
    """Does this line stand outside the table of that name, or start its next entry?"""
    return line[1] != "key" and not line[2].startswith(f"{name}.")
