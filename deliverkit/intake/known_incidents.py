"""Which incidents earlier runs have seen, in a small file: what is not in it is new."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from deliverkit.bounces.incidents import Incident
from deliverkit.errors import FileError
from deliverkit.language import _

SCHEMA = "deliverkit.known-incidents/1"
MAX_KNOWN = 50_000
"""Incidents that are remembered, those that were seen last."""
_MAX_BYTES = 20_000_000


def read_known(path: Path) -> Mapping[str, str]:
    """When each incident was seen last, by its id; empty where there is no file yet.

    Raises FileError for a file that cannot be read or is another one.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise _foreign(path)
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise FileError(
            _("{path}: cannot be read: {why}").format(path=path, why=error.strerror or error),
            advice=_("Check the path and its rights."),
        ) from error
    except ValueError as error:
        raise _foreign(path) from error
    if not isinstance(data, dict) or data.get("schema") != SCHEMA or not isinstance(data.get("incidents"), dict):
        raise _foreign(path)
    return {str(id_): str(last or "") for id_, last in data["incidents"].items()}


def remember(path: Path, known: Mapping[str, str], incidents: Iterable[Incident]) -> None:
    """Write ``known`` and ``incidents``, whole or not at all. Raises FileError where that fails."""
    merged = dict(known)
    for incident in incidents:
        merged[incident.id] = max(merged.get(incident.id, ""), incident.last or "")
    kept = sorted(merged.items(), key=lambda item: item[1], reverse=True)[:MAX_KNOWN]
    beside = path.with_name(f".{path.name}.new")
    try:
        with beside.open("w", encoding="utf-8") as out:
            json.dump({"schema": SCHEMA, "incidents": dict(sorted(kept))}, out, indent=1)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(path)
    except OSError as error:
        raise FileError(
            _("{path}: cannot be written: {why}").format(path=path, why=error.strerror or error),
            advice=_("Check the folder and its rights."),
        ) from error


def _foreign(path: Path) -> FileError:
    return FileError(
        _("{path}: not a file of known incidents").format(path=path),
        advice=_("Name another file; it is made by the first run."),
    )
