"""A run that is killed at random moments has every domain exactly once in the end."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COUNT = 1500
KILLS = int(os.environ.get("DELIVERKIT_KILLS", "6"))


@pytest.mark.parametrize("more", [(), ("--unordered", "--processes", "2")], ids=["in order", "in processes"])
def test_every_domain_exactly_once(tmp_path: Path, more: tuple[str, ...]) -> None:
    (tmp_path / "list").write_text("".join(f"d{i}.example\n" for i in range(COUNT)))
    command = [sys.executable, "-m", "deliverkit", "audit", "-i", str(tmp_path / "list"), "--replay", "demo", "-q"]
    command += ["-f", "jsonl", "-o", str(tmp_path / "out"), "--state", str(tmp_path / "state"), "--checks", "spf,mx"]
    chance, killed = random.Random(), 0
    for _ in range(KILLS):
        process = subprocess.Popen([*command, *more], stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.1, 1.6))
        killed += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert killed
    assert subprocess.run([*command, *more], check=False, stderr=subprocess.DEVNULL).returncode == 1
    found = [json.loads(line)["domain"] for line in (tmp_path / "out").read_text().splitlines()]
    assert sorted(found) == sorted(f"d{i}.example" for i in range(COUNT))
