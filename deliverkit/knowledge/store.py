"""Where knowledge is read from: TOML files that people edit, or the JSON made from them.

Parsing the reply rules as TOML takes ten times as long as the same as JSON (50 ms against 5 ms), which
every start of the program would pay. So the first reader of a changed part writes ``.compiled/PART.json``
beside the sources, as Python does with its byte code; a wheel ships with these files made.
A part is fresh while the names, sizes and times of its sources are those it was made from.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deliverkit.errors import KnowledgeError

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
        raise KnowledgeError(f"{path}: not valid TOML: {error}", advice="Mend the line that is named.") from error
    except UnicodeDecodeError as error:
        raise KnowledgeError(f"{path}: not UTF-8 (byte {error.start})", advice="Save the file as UTF-8.") from error
    except OSError as error:
        raise KnowledgeError(f"{path}: {error.strerror or error}", advice="Check the path and its rights.") from error


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
        raise KnowledgeError(f"knowledge part '{part}' is missing from this installation", advice="Install deliverkit again.")
    value = make()
    _keep(path, {"stamp": stamp, "value": value})
    return value


def _stamp(patterns: tuple[str, ...]) -> list[list[Any]]:
    """Names, sizes and times of the sources; empty in a wheel, which ships without them."""
    return [[str(p.relative_to(HERE)), s.st_size, s.st_mtime_ns] for p in sources(*patterns) for s in (p.stat(),)]


def _keep(path: Path, stored: Table) -> None:
    try:
        path.parent.mkdir(exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(stored, out, ensure_ascii=False, separators=(",", ":"))
        os.replace(name, path)
    except OSError:
        # A folder that may not be written costs time at each start, nothing else.
        return
