"""Packed files that break off or are damaged: what stands before the damage is read, and the damage is told."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from made_logs import Attempt, Message, stamped
from made_logs import postfix as written

from deliverkit.bounces.containers import DamagedFileError
from deliverkit.bounces.event import Event, Fault
from deliverkit.bounces.files import chunks, read

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.compress,
}


def _log() -> bytes:
    messages = [Message([Attempt(f"r{n}.{n * 7919 % 99991}@example.net")], n) for n in range(4_000)]
    return b"\n".join(stamped([line for message in messages for line in written(message)])) + b"\n"


def _read(path: Path) -> tuple[list[Event], list[Fault]]:
    items: list[Event | Fault] = []
    for chunk in chunks([str(path)]):
        items.extend([chunk] if isinstance(chunk, Fault) else read(chunk))
    return [i for i in items if isinstance(i, Event)], [i for i in items if isinstance(i, Fault)]


@pytest.mark.parametrize("packer", PACKERS)
def test_what_stands_before_the_damage_is_read_and_the_damage_is_told(tmp_path: Path, packer: str) -> None:
    packed = PACKERS[packer](_log())
    (tmp_path / "cut").write_bytes(packed[: len(packed) * 9 // 10])
    events, faults = _read(tmp_path / "cut")
    assert [fault.why for fault in faults] == ["packing"]
    assert faults[0].number > 1
    assert len(events) > 1_000
    whole, none = _read_whole(tmp_path, packed)
    assert not none
    assert [event.bounce.recipient for event in events] == whole[: len(events)]


def _read_whole(folder: Path, packed: bytes) -> tuple[list[str | None], list[Fault]]:
    (folder / "whole").write_bytes(packed)
    events, faults = _read(folder / "whole")
    return [event.bounce.recipient for event in events], faults


@pytest.mark.parametrize("packer", PACKERS)
def test_a_file_of_which_nothing_can_be_unpacked_is_an_error_and_never_an_empty_one(
    tmp_path: Path, packer: str
) -> None:
    packed = PACKERS[packer](b"x" * 100_000)
    (tmp_path / "torn").write_bytes(packed[:10] + b"\xff" * 30)
    with pytest.raises(DamagedFileError):
        _read(tmp_path / "torn")
    (tmp_path / "folder").mkdir()
    (tmp_path / "torn").rename(tmp_path / "folder" / "torn")
    assert [fault.why for fault in _read(tmp_path / "folder")[1]] == ["packing"]
