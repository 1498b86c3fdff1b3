"""What lies on the disk between two moments of a run: results that wait, and the journal."""

from __future__ import annotations

import base64
import json
import os
import pickle
import zlib
from pathlib import Path

import pytest

from deliverkit.bounces.files import Chunk
from deliverkit.bounces.memory import Note
from deliverkit.bounces.reply import parse_reply
from deliverkit.errors import FileError, InputError
from deliverkit.intake import journal
from deliverkit.intake.filters import only
from deliverkit.intake.journal import State
from deliverkit.intake.known_incidents import read_known, remember
from deliverkit.intake.parts import Parts
from deliverkit.model import Bounce


@pytest.mark.parametrize("hold", [0, 3, 10**6])
def test_parts_come_out_as_they_went_in_and_leave_no_file(tmp_path: Path, hold: int) -> None:
    parts: Parts[int] = Parts(str(tmp_path), hold)
    for number in range(20):
        parts.append(number, 1)
    parts.close()
    assert any(tmp_path.iterdir()) is (hold < 20)
    assert list(pickle.loads(pickle.dumps(parts))) == list(range(20))
    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_all_stays_in_memory() -> None:
    parts: Parts[int] = Parts(None, 0)
    parts.append(1, 10**9)
    parts.close()
    assert list(parts) == [1]


def a_state() -> State:
    state = State(run="r", now="2026-11-22T07:00:00+00:00", path="mail.log", count=5, written=7)
    state.pass_by(Chunk("mail.log", "postfix", 0, 10))
    bounce = Bounce(parse_reply("452 4.2.2 full"), "a@example.com")
    state.known.messages[b"mail A1"] = Note(sender="news@example.com", waiting={"a@example.com": bounce})
    return state


def test_a_journal_brings_back_what_was_known(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    state = a_state()
    journal.save(path, state)
    found = journal.load(path)
    assert found is not None
    assert (found.run, found.done, found.pieces, found.count, found.written) == ("r", 1, state.pieces, 5, 7)
    assert found.known == state.known
    assert found.summary.data() == state.summary.data()
    assert journal.load(tmp_path / "none") is None
    journal.check(found, "r", path)
    with pytest.raises(InputError):
        journal.check(found, "another", path)


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("made-by-a-journal",)


def test_a_journal_from_elsewhere_runs_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "journal"
    journal.save(path, a_state())
    data = json.loads(path.read_text())
    data["known"] = base64.b64encode(zlib.compress(pickle.dumps(Evil()))).decode()
    path.write_text(json.dumps(data))
    with pytest.raises(FileError):
        journal.load(path)
    assert [p.name for p in tmp_path.iterdir()] == ["journal"]


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"schema": "deliverkit.bounces-journal/1"}', "\x00"])
def test_what_is_no_journal_is_told_as_such(tmp_path: Path, text: str) -> None:
    path = tmp_path / "journal"
    path.write_text(text)
    with pytest.raises(FileError):
        journal.load(path)
    with pytest.raises(FileError):
        read_known(path)


def test_known_incidents_are_kept_together(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    assert read_known(path) == {}
    remember(path, {"a": "2026-11-22T07:00:00Z"}, [])
    assert read_known(path) == {"a": "2026-11-22T07:00:00Z"}


def test_values_of_one_key_are_one_or_the_other() -> None:
    wish = only(["ip=a, B", "ip=c", "provider=gmail"])
    assert dict(wish.wanted) == {"ip": {"a", "b", "c"}, "provider": {"gmail"}}
    assert not only([])
