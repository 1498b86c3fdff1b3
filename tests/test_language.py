"""The language of messages: chosen once, and every text that a person reads goes through the catalogue."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from deliverkit import language
from deliverkit.cli.translated import in_language

ROOT = Path(__file__).resolve().parent.parent
# What a program is told, not a person.
_FOR_PROGRAMS = {
    *("KeyError", "ValueError", "TypeError", "AssertionError", "OSError", "RuntimeError", "AttributeError"),
    *("NotImplementedError", "IndexError", "LookupError", "ConnectionError", "ConnectionResetError", "UnicodeError"),
    *(
        "_NotLogoError",
        "BadQuestionError",
        "BadNameError",
        "SpfSyntaxError",
        "DialectError",
        "TimeoutError",
        "EOFError",
        "NotLogoError",
    ),
}
_WORDS = re.compile(r"[A-Za-z]{2,}[ ,][A-Za-z]{2,}")


@pytest.mark.parametrize(
    ("wanted", "environ", "chosen"),
    [
        (None, {}, "en"),
        (None, {"LANG": "id_ID.UTF-8"}, "id"),
        (None, {"LANG": "pt_BR.UTF-8"}, "pt"),
        (None, {"LANG": "pt_PT.UTF-8", "LC_ALL": "C"}, "en"),
        (None, {"LANG": "de_DE.UTF-8"}, "en"),
        (None, {"LANG": "de_DE.UTF-8", "LANGUAGE": "de:pt:en"}, "pt"),
        (None, {"LC_MESSAGES": "id_ID", "LANG": "en_US"}, "id"),
        ("pt", {"LANG": "id_ID.UTF-8"}, "pt"),
        ("xx", {"LANG": "id_ID.UTF-8"}, "id"),
    ],
)
def test_the_language_is_the_one_asked_for_else_that_of_the_locale(
    wanted: str | None, environ: dict[str, str], chosen: str
) -> None:
    assert language.choose(wanted, environ) == chosen


def test_a_command_in_another_language_is_a_copy() -> None:
    command = click.Command("x", help="Show the version and exit.", params=[click.Option(["--y"], help="Working")])
    language.use("pt")
    try:
        shown = in_language(command)
    finally:
        language.use("en")
    assert shown is not command
    assert command.help == "Show the version and exit."
    assert in_language(command) is command


def _texts_for_people() -> Iterator[str]:
    """Texts in errors and notes that do not go through the catalogue."""
    for folder in ("deliverkit", "tui"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and _tells_people(node.func):
                    said = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "advice")]
                    for text in said:
                        if isinstance(text, (ast.Constant, ast.JoinedStr)) and _WORDS.search(
                            _literal(text).removeprefix("pip install")
                        ):
                            yield f"{path.relative_to(ROOT)}:{text.lineno}: {ast.unparse(text)[:80]}"


def _literal(text: ast.Constant | ast.JoinedStr) -> str:
    parts = text.values if isinstance(text, ast.JoinedStr) else [text]
    return "{}".join(str(part.value) for part in parts if isinstance(part, ast.Constant))


def _tells_people(function: ast.expr) -> bool:
    name = (
        function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
    )
    return name == "note" or (name.endswith("Error") and name not in _FOR_PROGRAMS)


def test_errors_and_notes_go_through_the_catalogue() -> None:
    assert list(_texts_for_people()) == []


def test_nothing_is_put_together_inside_a_translated_text() -> None:
    """A catalogue finds literal texts only."""
    wrong = []
    for folder in ("deliverkit", "tui", "scripts/gen_docs"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_"
                if called and any(isinstance(a, (ast.JoinedStr, ast.BinOp)) for a in node.args):  # type: ignore[attr-defined]
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert wrong == []
