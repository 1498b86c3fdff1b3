"""The line of a TOML file on which a key stands; the parser of the standard library does not tell."""

from __future__ import annotations


def line_of(text: str, section: str, key: str = "", entry: int = 0) -> int | None:
    """Line, from 1, of ``key`` in ``[section]``, or of the section itself; None where it is written in another way.

    ``entry`` counts the tables of an ``[[array]]`` from 0.
    """
    current, seen, header = "", -1, None
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("["):
            current = _bare(stripped.strip("[").partition("]")[0])
            if current == section:
                seen += 1
                header = number if seen == entry else header
            elif header is None and current.startswith(section + "."):
                header = number
        elif "=" in stripped and not stripped.startswith("#"):
            name = _bare(stripped.partition("=")[0])
            path = f"{current}.{name}" if current else name
            if key and path == f"{section}.{key}" and max(seen, 0) == entry:
                return number
            if header is None and (path == section or path.startswith(section + ".")):
                header = number
    return header


def _bare(name: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in name.split("."))
