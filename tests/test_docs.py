"""The documents say what the program is: pages are fresh and complete, and every command line in them exists."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from deliverkit.cli.main import cli
from deliverkit.knowledge import Knowledge
from deliverkit.language import LANGUAGES
from scripts import gen_docs
from scripts.gen_docs import outputs
from scripts.gen_docs.book import code_page
from scripts.gen_docs.markdown import block, code, text

ROOT = Path(__file__).parent.parent
SITE = ROOT / "docs"
DOCS = SITE / "en"
FENCE = re.compile(r"^( *)(```+)[^\n]*\n(.*?)^\1\2 *$", re.MULTILINE | re.DOTALL)


def _hand_written() -> list[Path]:
    generated = {*gen_docs.FOLDERS, *gen_docs.MADE}
    found = [p for p in sorted(DOCS.rglob("*.md")) if p.relative_to(DOCS).as_posix() not in generated]
    return [p for p in found if p.relative_to(DOCS).parts[0] not in generated]


def test_generated_pages_are_what_the_knowledge_says() -> None:
    assert gen_docs.drift(gen_docs.pages()) == [], "run: make docs-write"


@pytest.mark.parametrize(
    ("folder", "part"),
    [
        ("reasons", "reasons"),
        ("findings", "findings"),
        ("fixes", "fixes"),
        ("blocklists", "blocklists"),
        ("providers", "providers"),
        ("platforms", "platforms"),
        ("codes", "enhanced_codes"),
        ("codes", "basic_codes"),
    ],
)
def test_every_id_has_its_page(folder: str, part: str, knowledge: Knowledge) -> None:
    ids = getattr(knowledge, part)
    names = {code_page(key) if folder == "codes" else key for key in ids}
    assert {name for name in names if not (DOCS / folder / f"{name}.md").is_file()} == set()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_for_readers_is_there_in_every_language(lang: str) -> None:
    ours = {p.relative_to(DOCS).as_posix() for p in DOCS.rglob("*.md")}
    theirs = {p.relative_to(SITE / lang).as_posix() for p in (SITE / lang).rglob("*.md")}
    # Those who build the program read English.
    assert {p for p in ours - theirs if not p.startswith("dev/")} == set()
    assert theirs - ours == set()


def test_every_rule_has_its_place_on_a_page(knowledge: Knowledge) -> None:
    pages = {p: (DOCS / "providers" / f"{p}.md").read_text(encoding="utf-8") for p in knowledge.providers}
    assert [r.id for r in knowledge.rules if f"{{#{r.id}}}" not in pages[r.provider]] == []


def test_check_sees_what_is_changed_missing_and_left_over_and_writes_nothing(tmp_path: Path) -> None:
    wanted = {"en/fixes/a.md": "a\n", "id/fixes/b.md": "b\n"}
    (tmp_path / "en" / "fixes").mkdir(parents=True)
    (tmp_path / "en" / "fixes" / "a.md").write_text("old\n", encoding="utf-8")
    (tmp_path / "en" / "fixes" / "gone.md").write_text("x\n", encoding="utf-8")
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")}
    assert gen_docs.drift(wanted, tmp_path) == ["en/fixes/a.md", "en/fixes/gone.md", "id/fixes/b.md"]
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")} == before
    gen_docs.write(wanted, tmp_path)
    assert gen_docs.drift(wanted, tmp_path) == []


def test_every_hand_written_page_is_in_the_navigation() -> None:
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    listed = set(_leaves(nav))
    assert {str(p.relative_to(DOCS)) for p in _hand_written()} <= listed


def _leaves(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for item in node:
            yield from _leaves(item)
    elif isinstance(node, dict):
        for value in node.values():
            yield from _leaves(value)


def _documents() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]


def _command_lines() -> Iterator[tuple[str, str]]:
    for path in _documents():
        if path == DOCS / "cli.md":
            continue
        content = path.read_text(encoding="utf-8")
        where = str(path.relative_to(ROOT))
        for fence in FENCE.finditer(content):
            for line in fence[3].replace("\\\n", " ").splitlines():
                stripped = line.strip().removeprefix("$ ")
                if re.match(r"(\S+ \| )?(\.venv/bin/)?deliverkit( |$)", stripped):
                    yield where, stripped
        for inline in re.findall(r"(?<!`)`((?:\.venv/bin/)?deliverkit [^`]+)`(?!`)", FENCE.sub("", content)):
            yield where, inline


def _parse(line: str) -> None:
    """Let click parse the line as it would be typed. Raises UsageError."""
    words = _words(line.partition("deliverkit")[2])
    context = click.Context(cli, info_name="deliverkit")
    if not words or words[0].startswith("-"):
        cli.make_context("deliverkit", words or ["--help"])
        return
    name, command, rest = cli.resolve_command(context, words)
    assert command is not None
    command.make_context(name, rest, parent=context)


def _words(arguments: str) -> list[str]:
    """Words as a shell makes them, up to a pipe or a redirection."""
    lexer = shlex.shlex(arguments, posix=True, punctuation_chars="|<>;&")
    lexer.whitespace_split = True
    return list(itertools.takewhile(lambda word: not set(word) <= set("|<>;&") or not word, lexer))


def test_every_command_line_in_the_documents_parses() -> None:
    wrong = []
    lines = set(_command_lines())
    for where, line in sorted(lines):
        try:
            _parse(line)
        except click.exceptions.Exit:
            continue  # --help and --version end the parsing
        except (click.ClickException, ValueError) as error:
            message = error.format_message() if isinstance(error, click.ClickException) else str(error)
            wrong.append(f"{where}: {line}: {message}")
    assert wrong == []
    assert len(lines) > 20


@pytest.mark.parametrize("line", ["deliverkit nothing", "deliverkit audit --no-such-option example.com"])
def test_a_command_line_that_does_not_exist_is_noticed(line: str) -> None:
    with pytest.raises(click.UsageError):
        _parse(line)


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_readme_has_the_two_commands_on_lines_of_their_own(command: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = [
        line.partition("#")[0].strip().removeprefix("$ ")
        for fence in FENCE.finditer(readme)
        for line in fence[3].splitlines()
    ]
    assert command in lines


def test_every_command_is_documented() -> None:
    page = (DOCS / "cli.md").read_text(encoding="utf-8")
    missing = [name for name in cli.list_commands(click.Context(cli)) if f"## deliverkit {name}\n" not in page]
    assert missing == []


def test_prose_cannot_become_markup() -> None:
    assert text("a *b* <script> [x](y) {domain} | `z`") == r"a \*b\* &lt;script&gt; \[x\](y) `{domain}` \| \`z\`"
    assert text("see https://example.com/a_b.") == "see <https://example.com/a_b>."


def test_literals_stay_literal() -> None:
    assert block("a\n```\nb") == "````text\na\n```\nb\n````"
    assert code("a|b") == "<code>a&#124;b</code>"
    assert code("v=spf1 -all") == "`v=spf1 -all`"


def test_marked_blocks_are_filled_with_real_output() -> None:
    page = "before\n\n<!-- run 1 lines: deliverkit codes 550 5.7.26 -->\n\n```text\nold\n```\n\nafter\n"
    shown = outputs.refreshed(page, "x.md")
    assert "550" in shown
    assert "old" not in shown
    assert shown.startswith("before\n\n<!-- run 1 lines: deliverkit codes 550 5.7.26 -->\n\n```text\n")
    assert shown.endswith("\n…\n```\n\nafter\n")
    assert outputs.refreshed(shown, "x.md") == shown


def test_a_marked_command_that_fails_is_no_output() -> None:
    page = "<!-- run: deliverkit codes nonsense -->\n\n```text\nold\n```\n"
    with pytest.raises(RuntimeError, match=r"x\.md"):
        outputs.refreshed(page, "x.md")
