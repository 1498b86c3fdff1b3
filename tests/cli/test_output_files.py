"""What ``-o`` does to the file it is given."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from deliverkit.cli.output import write
from deliverkit.errors import FileError


def test_a_pipe_or_a_device_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    write("text", str(pipe))
    reader.join(5)
    assert got == ["text\n"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_new_file_has_ordinary_rights_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    old.write_text("x")
    old.chmod(0o640)
    mask = os.umask(0o022)
    try:
        write("a", str(new))
        write("b", str(old))
    finally:
        os.umask(mask)
    assert stat.S_IMODE(new.stat().st_mode) == 0o644
    assert stat.S_IMODE(old.stat().st_mode) == 0o640


def test_a_link_stays_and_its_target_is_written(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("x")
    link.symlink_to(target)
    write("new", str(link))
    assert link.is_symlink()
    assert target.read_text() == "new\n"


def test_a_lone_surrogate_is_written_visibly_and_nothing_is_left_behind(tmp_path: Path) -> None:
    write("a\ud800b", str(tmp_path / "out"))
    assert (tmp_path / "out").read_text() == "a\\ud800b\n"
    with pytest.raises(FileError):
        write("x", str(tmp_path / "missing" / "out"))
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
