"""The line of a TOML file on which a key stands; the parser of the standard library does not tell."""

from __future__ import annotations

import re

_HEADER = re.compile(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=""")


def line_of(text: str, section: str, key: str = "", entry: int = 0) -> int | None:
    """Line, from 1, of ``key`` in ``[section]``, or of the section itself; None where it is written in another way.

    ``entry`` counts the tables of an ``[[array]]`` from 0.
    """
    current, seen, header = "", -1, None
    for number, line in enumerate(text.splitlines(), 1):
        if match := _HEADER.fullmatch(line):
            current = _bare(match[1])
            if current == section:
                seen += 1
                header = number if seen == entry else header
        elif match := _KEY.match(line):
            name = _bare(match[1])
            path = f"{current}.{name}" if current else name
            inside = current == section and seen == entry
            if key and (path == f"{section}.{key}" if entry == 0 and seen < 1 else inside and name == key):
                return number
            if not key and header is None and (path == section or path.startswith(section + ".")):
                header = number
    return header


def _bare(name: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in name.split("."))
