"""Whoever does the work, however it is cut and however often it is interrupted: the same bytes."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest
from mail_log import command, write_log

FOUR = 4
SIZE = 15_000
ROOT = Path(__file__).parent.parent.parent
SEED = os.environ.get("DELIVERKIT_KILL_SEED", "7")
ENV = {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write_log(tmp_path / "mail.log", 600)


def ran(argv: list[str], cwd: Path) -> bytes:
    done = subprocess.run(argv, cwd=cwd, env=ENV, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def records(data: bytes) -> list[dict[str, object]]:
    return [json.loads(line) for line in data.splitlines()]


def test_numbers_senders_and_order_are_right_across_pieces_and_processes(tmp_path: Path, log: Path) -> None:
    lines = log.read_text().splitlines()
    whole = ran(command(tmp_path, 1 << 30, "mail.log", "-j", "1", "-f", "jsonl"), tmp_path)
    cut = ran(command(tmp_path, 20_000, "mail.log", "-j", "1", "-f", "jsonl"), tmp_path)
    many = ran(command(tmp_path, 20_000, "mail.log", "-j", "2", "-f", "jsonl"), tmp_path)
    assert cut == many == whole
    found = records(whole)
    assert len(found) == 600 // FOUR
    for record in found:
        line = lines[int(str(record["number"])) - 1]
        assert f"to=<{record['recipient']}>" in line
        number = int(str(record["recipient"]).removeprefix("user").partition("@")[0])
        assert record["sender"] == f"news@s{number % 3}.example.com"
        assert record["message_id"] == f"{number}@example.com"


def test_the_summary_is_the_same_with_any_number_of_processes(tmp_path: Path, log: Path) -> None:
    one = ran(command(tmp_path, 20_000, "mail.log", "-j", "1", "-f", "json"), tmp_path)
    two = ran(command(tmp_path, 20_000, "mail.log", "-j", "2", "-f", "json"), tmp_path)
    whole = ran(command(tmp_path, 1 << 30, "mail.log", "-j", "1", "-f", "json"), tmp_path)
    assert one == two
    # Which addresses are shown as examples depends on where the file is cut, no figure does.
    cut_, whole_ = (json.loads(data)["summary"] for data in (one, whole))
    for summary in (cut_, whole_):
        for row in summary["active"]:
            del row["examples"]
    assert cut_ == whole_


def killed_at_random(argv: list[str], cwd: Path, seconds: float) -> bool:
    """Start, and kill so many seconds behind the first entry of the journal; was it still running?"""
    process = subprocess.Popen(argv, cwd=cwd, env=ENV, stderr=subprocess.DEVNULL, start_new_session=True)
    while not (cwd / "journal").exists() and process.poll() is None:
        time.sleep(0.01)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    assert process.returncode == 0
    return False


@pytest.mark.parametrize("fmt", ["jsonl", pytest.param("csv", marks=pytest.mark.integration)])
def test_a_run_that_is_killed_goes_on_to_the_same_bytes(tmp_path: Path, fmt: str) -> None:
    write_log(tmp_path / "mail.log", 1500)
    options = ("mail.log", "-j", "1", "-f", fmt)
    expected = ran(command(tmp_path, SIZE, *options), tmp_path)
    journalled = command(tmp_path, SIZE, *options, "-o", "out", "--resume", "journal")
    draw = random.Random(SEED)
    kills = sum(killed_at_random(journalled, tmp_path, draw.uniform(0, 0.15)) for _ in range(3))
    assert kills > 0
    ran(journalled, tmp_path)
    assert (tmp_path / "out").read_bytes() == expected
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mail.log", "out", "small_pieces.py"]


def test_an_interruption_is_told_and_gone_on_from(tmp_path: Path) -> None:
    argv = command(tmp_path, SIZE, "mail.log", "-j", "2", "-f", "jsonl", "-o", "out", "--resume", "journal")
    for messages in (3_000, 12_000, 48_000):  # a quick machine may be done before it is interrupted
        write_log(tmp_path / "mail.log", messages)
        code, told = _interrupted(argv, tmp_path)
        if code:
            break
        (tmp_path / "out").unlink()
        (tmp_path / "journal").unlink(missing_ok=True)
    assert code == 130
    assert "Traceback" not in told
    assert not (tmp_path / "out").exists()
    ran(argv, tmp_path)
    whole = ran(command(tmp_path, SIZE, "mail.log", "-j", "1", "-f", "jsonl"), tmp_path)
    assert (tmp_path / "out").read_bytes() == whole


def _interrupted(argv: list[str], folder: Path) -> tuple[int, str]:
    process = subprocess.Popen(argv, cwd=folder, env=ENV, stderr=subprocess.PIPE, start_new_session=True)
    while process.poll() is None and not (folder / "journal").exists():
        time.sleep(0.01)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
    assert process.stderr is not None
    told = process.stderr.read().decode()
    return process.wait(), told


def test_the_journal_of_another_run_or_a_changed_file_is_refused(tmp_path: Path) -> None:
    write_log(tmp_path / "mail.log", 3000)
    argv = command(tmp_path, SIZE, "mail.log", "-j", "1", "-f", "jsonl", "-o", "out", "--resume", "journal")
    process = subprocess.Popen(argv, cwd=tmp_path, env=ENV, stderr=subprocess.DEVNULL, start_new_session=True)
    while not (tmp_path / "journal").exists():
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    other = subprocess.run([*argv, "--delivered"], cwd=tmp_path, env=ENV, capture_output=True)
    assert other.returncode == 2
    text = (tmp_path / "mail.log").read_text()
    (tmp_path / "mail.log").write_text("Nov 22 00:00:00 mail postfix/anvil[1]: statistics\n" + text)
    changed = subprocess.run(argv, cwd=tmp_path, env=ENV, capture_output=True)
    assert changed.returncode == 2
    (tmp_path / "journal").write_text("{}")
    assert subprocess.run(argv, cwd=tmp_path, env=ENV, capture_output=True).returncode == 2


def stored(path: Path) -> dict[str, list[str]]:
    """All rows of a memory of addresses."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: sorted(map(repr, connection.execute(f"select * from deliverkit_{table}")))
            for table in ("addresses", "events", "chunks")
        }


def test_a_memory_that_was_killed_while_it_was_filled_is_the_same_row_for_row(tmp_path: Path) -> None:
    pytest.importorskip("sqlalchemy")
    write_log(tmp_path / "mail.log", 1500)
    ran(command(tmp_path, SIZE, "mail.log", "-j", "1", "--store", "clean.db"), tmp_path)
    argv = command(tmp_path, SIZE, "mail.log", "-j", "1", "--store", "killed.db", "--resume", "journal")
    draw = random.Random(SEED)
    assert sum(killed_at_random(argv, tmp_path, draw.uniform(0, 0.15)) for _ in range(2)) > 0
    ran(argv, tmp_path)
    clean = stored(tmp_path / "clean.db")
    assert len(clean["events"]) == 1500
    assert stored(tmp_path / "killed.db") == clean
