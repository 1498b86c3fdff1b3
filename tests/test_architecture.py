"""What keeps the house in order and no linter knows: cheap starts, a silent core, small files."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = ("checkdmarc", "dns", "textual", "rich", "pydnsbl", "aiodns", "sqlalchemy")
SURFACES = ("cli", "__main__.py")
"""Below deliverkit/, only these may write to the terminal."""


def _sources() -> Iterator[Path]:
    yield from sorted((ROOT / "deliverkit").rglob("*.py"))
    yield from sorted((ROOT / "tui").rglob("*.py"))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _core() -> list[Path]:
    base = ROOT / "deliverkit"
    return [
        p
        for p in sorted(base.rglob("*.py"))
        if p.relative_to(base).parts[0] not in SURFACES and p.name != "__main__.py"
    ]


def _loaded_after(code: str) -> list[str]:
    """Heavy modules that a fresh interpreter has loaded after running ``code``."""
    probe = f"import sys\n{code}\nsys.stderr.write('loaded:' + ','.join(m for m in {HEAVY!r} if m in sys.modules))"
    run = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, cwd=ROOT, check=True)
    return [name for name in run.stderr.rpartition("loaded:")[2].split(",") if name]


EXPLAIN = "from deliverkit.cli.main import run\nassert run({argv!r}) in (0, 1)"


@pytest.mark.parametrize(
    "code",
    [
        "import deliverkit",
        "import deliverkit.cli.main",
        EXPLAIN.format(
            argv=["explain", "550-5.7.26 This mail has been blocked because the sender is unauthenticated."]
        ),
        EXPLAIN.format(argv=["explain", "--format", "json", "550 5.1.1 user unknown"]),
        EXPLAIN.format(argv=["codes", "5.7.26"]),
        EXPLAIN.format(argv=["--help"]),
    ],
)
def test_offline_work_loads_nothing_heavy(code: str) -> None:
    assert _loaded_after(code) == []


def test_the_probe_sees_what_is_loaded() -> None:
    assert _loaded_after("import dns") == ["dns"]


def _touches_the_terminal(node: ast.AST) -> str | None:
    names = ("print", "input", "exit", "quit", "breakpoint")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
        return f"{node.func.id}()"
    streams = ("stdout", "stderr", "stdin", "exit", "argv")
    of_sys = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sys"
    return f"sys.{node.attr}" if of_sys and node.attr in streams else None


def test_the_core_never_writes_to_the_terminal_and_never_exits() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {what}"
        for path in _core()
        for node in ast.walk(_tree(path))
        if (what := _touches_the_terminal(node))
    ]
    assert found == []


def test_files_stay_small() -> None:
    sizes = {str(p.relative_to(ROOT)): len(p.read_text(encoding="utf-8").splitlines()) for p in _sources()}
    assert {path: lines for path, lines in sizes.items() if lines > 400} == {}


def test_functions_stay_small() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in _sources()
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno > 70
    ]
    assert long == []


def test_no_drawer_for_odds_and_ends() -> None:
    assert [str(p) for p in _sources() if p.stem in ("utils", "util", "helpers", "common", "misc")] == []
