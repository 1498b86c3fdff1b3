"""An ingest that is killed at random moments and gone on with, beside one that is left alone."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

SCRIPT = Path(__file__).parent / "ingest_in_steps.py"
_MOMENT = 0.02
"""Seconds, about as long as a chunk takes: the kill falls anywhere in one."""


def ingest(url: str, count: int, size: int, *, kill_after: int | None = None, wait: float = 0) -> bool:
    """Run the ingest, killed ``wait`` seconds after so many chunks; tells whether it came to its end."""
    run = subprocess.Popen(
        [sys.executable, str(SCRIPT), url, str(count), str(size)], stdout=subprocess.PIPE, cwd=SCRIPT.parent
    )
    assert run.stdout is not None
    try:
        if kill_after is not None:
            for _chunk in range(kill_after + 1):
                run.stdout.readline()
            time.sleep(wait)
            run.kill()
        run.communicate()
    finally:
        run.kill()
        run.wait()
    return run.returncode == 0


def killed_often(url: str, count: int, size: int, *, times: int, seed: int) -> int:
    """Kill an ingest at so many random moments, each further on, then let it come to its end; gives how often it was
    killed before that."""
    dice = random.Random(seed)
    step = count / size / (times + 1)
    killed = sum(
        not ingest(url, count, size, kill_after=int(step * (turn + dice.random())), wait=dice.uniform(0, _MOMENT))
        for turn in range(times)
    )
    assert ingest(url, count, size)
    return killed
