"""Everything is compiled, and nothing else is left for an installation to trust."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deliverkit.errors import KnowledgeError
from deliverkit.knowledge import Knowledge, compiling, store
from deliverkit.knowledge import __main__ as command


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(store, "COMPILED", tmp_path)
    return tmp_path


def test_every_part_is_counted_and_written_and_no_other_is_left(folder: Path) -> None:
    (folder / "gone.json").write_text("{}", encoding="utf-8")
    counts = compiling.compile_all()
    assert set(compiling.parts()) <= set(counts)
    assert {"text/en/reasons", "text/en/findings", "text/en/words"} <= set(counts)
    assert min(counts.values()) > 0
    assert len(json.loads((folder / "reasons.json").read_bytes())["value"]) == counts["reasons"]
    assert not (folder / "gone.json").exists()


def test_the_command_names_what_is_malformed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> dict[str, int]:
        raise KnowledgeError("reasons.toml:3: no such key", advice="Mend it.")

    monkeypatch.setattr(command, "compile_all", broken)
    assert command.main() == 2
    assert "reasons.toml:3" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_the_command_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main() == 0
    assert "  reasons\n" in capsys.readouterr().out


def test_english_stands_in_for_a_kind_that_a_language_lacks(knowledge: Knowledge) -> None:
    assert knowledge.text("reasons", "xx") == knowledge.text("reasons", "en")
