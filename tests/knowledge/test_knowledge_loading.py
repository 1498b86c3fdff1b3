"""The loader: malformed data names file, line and key, and an edit is seen at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.errors import KnowledgeError
from deliverkit.knowledge import Knowledge, store

GOOD = """\
# two reasons

["a.one"]
owner = "sender"
address_4xx = "keep"
address_5xx = "keep"

["a.two"]
owner = "nobody"
address_4xx = "keep"
fixes = [
  "x",
]
address_5xx = "suppress"
"""
FIX = """\
[mend]
owner = "sender"

[[mend.steps]]
id = "first"
owner = "sender"

[[mend.steps]]
id = "second"
owner = "somebody"
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(store, "HERE", tmp_path)
    monkeypatch.setattr(store, "COMPILED", tmp_path / ".compiled")
    return tmp_path


def _edit(path: Path, was: str, becomes: str) -> None:
    """Change a file as a person would: later than it was made, by more than the clock of the file system can miss."""
    before = path.stat()
    path.write_text(path.read_text(encoding="utf-8").replace(was, becomes), encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1_000_000_000))


@pytest.mark.parametrize(
    ("was", "becomes", "line", "named"),
    [
        ('owner = "nobody"', 'owner = "nobod"', 9, "owner"),
        ('owner = "nobody"', "owner = 1", 9, "owner"),
        ('address_5xx = "suppress"', 'adress_5xx = "suppress"', 14, "adress_5xx"),
        ('address_5xx = "suppress"\n', "", 8, "address_5xx"),
        ("fixes = [", "fixes = [ 7,", 11, "fixes[0]"),
        ('fixes = [\n  "x",\n]', 'fixes = "x"', 11, "fixes"),
        ('["a.two"]', '["a.one"]', 8, "a.one"),
        ('["a.two"]', '["a.two"', 8, "TOML"),
    ],
)
def test_a_malformed_table_names_file_line_and_key(was: str, becomes: str, line: int, named: str, home: Path) -> None:
    (home / "reasons.toml").write_text(GOOD.replace(was, becomes), encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        _ = Knowledge().reasons
    assert "reasons.toml" in str(caught.value)
    assert f"reasons.toml:{line}:" in str(caught.value) or f"line {line}" in str(caught.value)
    assert named.partition("[")[0] in str(caught.value)
    assert caught.value.advice


def test_a_fault_in_a_step_names_the_line_in_that_step(home: Path) -> None:
    (home / "fixes").mkdir()
    (home / "fixes" / "mend.toml").write_text(FIX, encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"mend\.toml:10: \[mend\]: steps\[1\]\.owner"):
        _ = Knowledge().fixes


def test_a_misspelt_key_is_answered_with_the_nearest(home: Path) -> None:
    (home / "reasons.toml").write_text(GOOD.replace("address_5xx", "adress_5xx", 1), encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        _ = Knowledge().reasons
    assert "address_5xx" in caught.value.advice


def test_a_top_level_value_is_not_a_table(home: Path) -> None:
    (home / "reasons.toml").write_text('\nstray = "x"\n' + GOOD, encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"reasons\.toml:2: 'stray'"):
        _ = Knowledge().reasons


def test_the_same_id_in_two_files_names_both(home: Path) -> None:
    (home / "fixes").mkdir()
    for name in ("a", "b"):
        (home / "fixes" / f"{name}.toml").write_text('[mend]\nowner = "sender"\nsteps = []\n', encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"b\.toml:1: 'mend' stands in a\.toml"):
        _ = Knowledge().fixes


def test_a_missing_group_is_said(home: Path) -> None:
    (home / "codes").mkdir()
    (home / "codes" / "parts.toml").write_text('[class.4]\nname = "x"\nreference = "y"\n', encoding="utf-8")
    assert list(Knowledge().code_classes) == ["4"]
    with pytest.raises(KnowledgeError, match="subject"):
        _ = Knowledge().code_subjects


def test_text_that_is_not_utf8_is_said(home: Path) -> None:
    (home / "reasons.toml").write_bytes(b'["a.one"]\nowner = "\xff"\n')
    with pytest.raises(KnowledgeError, match=r"reasons\.toml: not UTF-8"):
        _ = Knowledge().reasons


def test_a_part_that_was_never_installed_is_said(home: Path) -> None:
    with pytest.raises(KnowledgeError, match="reasons"):
        _ = Knowledge().reasons
    assert not (home / ".compiled").exists()


def test_an_edit_is_seen_and_an_unchanged_file_is_not_read_again(home: Path) -> None:
    source = home / "reasons.toml"
    source.write_text(GOOD, encoding="utf-8")
    assert set(Knowledge().reasons) == {"a.one", "a.two"}
    made = home / ".compiled" / "reasons.json"
    made.write_text(made.read_text(encoding="utf-8").replace("a.two", "a.kept"), encoding="utf-8")
    assert set(Knowledge().reasons) == {"a.one", "a.kept"}, "fresh: the compiled form is trusted"
    _edit(source, "a.two", "a.new")
    assert set(Knowledge().reasons) == {"a.one", "a.new"}


def test_a_damaged_compiled_file_is_made_anew(home: Path) -> None:
    (home / "reasons.toml").write_text(GOOD, encoding="utf-8")
    (home / ".compiled").mkdir()
    (home / ".compiled" / "reasons.json").write_text("{", encoding="utf-8")
    assert set(Knowledge().reasons) == {"a.one", "a.two"}


def test_an_installation_without_sources_uses_the_compiled_form(home: Path) -> None:
    source = home / "reasons.toml"
    source.write_text(GOOD, encoding="utf-8")
    _ = Knowledge().reasons
    source.unlink()
    assert set(Knowledge().reasons) == {"a.one", "a.two"}


def test_english_stands_in_for_what_a_language_lacks(home: Path) -> None:
    for lang, text in (
        ("en", '[a]\ntitle = "one"\nwhy = "because"\n[b]\ntitle = "two"\n'),
        ("id", '[a]\ntitle = "satu"\n'),
    ):
        (home / "text" / lang).mkdir(parents=True)
        (home / "text" / lang / "kind-of-test.toml").write_text(text, encoding="utf-8")
    assert Knowledge().text("kind-of-test", "id") == {"a": {"title": "satu", "why": "because"}, "b": {"title": "two"}}


PROVIDERS = '[x]\nname = "X"\nkind = "mailbox"\n'
REPLIES = """\
provider = "x"

[[rule]]
id = "x.one"
pattern = "one"
reason = "a.one"
examples = ["one"]
example_kind = "log"
source = "seen"
as_of = "2026-01-01"

[[rule]]
id = "x.two"
pattern = "two"
reason = "a.two"
examples = ["two"]
example_kind = "log"
source = "seen"
as_of = "2026-01-01"
"""


@pytest.mark.parametrize(
    ("was", "becomes", "place"),
    [
        ('provider = "x"', 'provider = "y"', r"some\.toml:1: provider 'y'"),
        ('pattern = "two"', "pattern = 2", r"some\.toml:14: \[\[rule\]\] x\.two: pattern"),
        ('pattern = "two"', 'patern = "two"', r"some\.toml:12: \[\[rule\]\] x\.two: key 'pattern'"),
        ('source = "seen"\nas_of = "2026-01-01"\n\n', "as_of = 7\n\n", r"some\.toml:3: .*'source'"),
        ('examples = ["two"]', "examples = [2]", r"some\.toml:16: .*examples\[0\]"),
    ],
)
def test_a_malformed_rule_names_file_line_and_key(was: str, becomes: str, place: str, home: Path) -> None:
    (home / "providers.toml").write_text(PROVIDERS, encoding="utf-8")
    (home / "replies").mkdir()
    (home / "replies" / "some.toml").write_text(REPLIES, encoding="utf-8")
    assert [r.id for r in Knowledge().rules] == ["x.one", "x.two"]
    assert list(Knowledge().rule_info) == ["x.one", "x.two"]
    _edit(home / "replies" / "some.toml", was, becomes)
    with pytest.raises(KnowledgeError, match=place):
        _ = (Knowledge().rules, Knowledge().rule_info)


RULES = '''\
provider = "x"

[[rule]]
id = "one"
pattern = """
[[rule]]
id = "no table"
"""
examples = [
  "[[rule]]",
  "]",
]

[[rule]]  # the second
id = 'two'
"quoted" = 1
inline = { id = 3 }
'''


@pytest.mark.parametrize(
    ("table", "key", "line"),
    [
        (0, None, 3),
        (0, "id", 4),
        (0, "examples", 9),
        (0, "nothing", 3),
        (1, None, 14),
        (1, "id", 15),
        (1, "quoted", 16),
        (2, "id", 1),
        ("provider", None, 1),
        ("rule", "id", 4),
        ("absent", None, 1),
    ],
)
def test_line_of_finds_tables_and_keys(table: str | int, key: str | None, line: int) -> None:
    assert store.line_of(RULES, table, key) == line


@pytest.mark.parametrize("name", ["a.one", "a.two"])
def test_line_of_finds_quoted_names(name: str) -> None:
    wanted = GOOD.split("\n").index(f'["{name}"]') + 1
    assert store.line_of(GOOD, name, None) == wanted
    assert store.line_of(GOOD, name, "owner") == wanted + 1


@given(st.text(max_size=300), st.one_of(st.integers(0, 5), st.text(max_size=5)), st.none() | st.text(max_size=12))
def test_line_of_stays_inside_any_text(text: str, table: str | int, key: str | None) -> None:
    assert 1 <= store.line_of(text, table, key) <= text.count("\n") + 1
