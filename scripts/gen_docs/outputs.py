"""Real output inside hand-written pages.

A line ``<!-- run: deliverkit … -->`` says what the fenced block after it shows; the block is filled with what the
command prints. ``<!-- run 20 lines: … -->`` shows the first 20 lines, ``<!-- run json: … -->`` the JSON document
with its longest parts cut, both marked with ``…``.
Only commands that ask nothing of the network belong here: offline ones, or with ``--replay demo``.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from deliverkit.cli.main import run
from scripts.gen_docs.markdown import block

_MARKED = re.compile(
    r"^(?P<mark><!-- run(?P<json> json)?( (?P<lines>\d+) lines)?: deliverkit (?P<args>.+?) -->)\n+"
    r"(?P<fence>```+)[^\n]*\n.*?^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
_SECONDS = re.compile(r"\d+\.\d s$")
"""How long it took, which is another each time."""
BUG = 70
README = "README.md"
"""The front page of the repository shows output too."""


def refreshed(content: str, where: str, lang: str = "en") -> str:
    """The page with every marked block filled anew. Raises RuntimeError for a command that ends in a bug."""

    def fill(match: re.Match[str]) -> str:
        argv = [*shlex.split(match["args"]), "--lang", lang]
        if match["json"]:
            shown = block(_shortened(_output([*argv, "--format", "json"], where)), "json")
        else:
            shown = block(_first(_output(argv, where), match["lines"]))
        return f"{match['mark']}\n\n{shown}"

    return _MARKED.sub(fill, content)


def marked_pages(docs: Path, langs: Sequence[str], generated: Collection[str]) -> dict[str, str]:
    """Hand-written pages that show output: path below ``docs`` to what they should say."""
    pages = {f"../{README}": refreshed((docs.parent / README).read_text(encoding="utf-8"), README)}
    for lang in langs:
        for path in sorted((docs / lang).rglob("*.md")):
            name = path.relative_to(docs / lang).as_posix()
            content = path.read_text(encoding="utf-8")
            if not {name, name.partition("/")[0]} & set(generated) and _MARKED.search(content):
                pages[f"{lang}/{name}"] = refreshed(content, f"{lang}/{name}", lang)
    return pages


def _output(argv: list[str], where: str) -> str:
    out, err = io.StringIO(), io.StringIO()
    plain = mock.patch.dict(os.environ, {"COLUMNS": "80", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"})
    with plain, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(argv)
    if code in (2, BUG) or not out.getvalue().strip():
        raise RuntimeError(f"docs/{where}: deliverkit {shlex.join(argv)} ended with {code}: {err.getvalue().strip()}")
    return "\n".join(_SECONDS.sub("0.1 s", line.rstrip()) for line in out.getvalue().splitlines())


def _first(output: str, lines: str | None) -> str:
    rows = output.splitlines()
    return output if lines is None or len(rows) <= int(lines) else "\n".join([*rows[: int(lines)], "…"])


def _shortened(document: str) -> str:
    """A JSON document short enough to read: facts left out, lists of more than two cut, seconds made the same."""
    return json.dumps(_cut(json.loads(document)), ensure_ascii=False, indent=2)


def _cut(value: Any, key: str = "") -> Any:
    if key == "elapsed":
        return 0.0
    if key == "facts" and value is not None:
        return "…"
    if isinstance(value, dict):
        return {k: _cut(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_cut(v) for v in value[:2]] + (["…"] if len(value) > 2 else [])
    return value
