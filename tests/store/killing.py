"""An ingest that is killed at random moments and gone on with, beside one that is left alone."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

SCRIPT = Path(__file__).parent / "ingest_in_steps.py"


def ingest(url: str, count: int, size: int, *, kill_after: float | None = None) -> bool:
    """Run the ingest, killed ``kill_after`` seconds after it began to work; tells whether it came to its end."""
    run = subprocess.Popen(
        [sys.executable, str(SCRIPT), url, str(count), str(size)], stdout=subprocess.PIPE, cwd=SCRIPT.parent
    )
    assert run.stdout is not None
    try:
        if kill_after is not None:
            run.stdout.readline()
            time.sleep(kill_after)
            run.kill()
        run.communicate()
    finally:
        run.kill()
        run.wait()
    return run.returncode == 0


def killed_often(url: str, count: int, size: int, *, times: int, longest: float, seed: int) -> int:
    """Kill an ingest at so many random moments, then let it come to its end; gives how often it was really killed."""
    dice = random.Random(seed)
    killed = sum(not ingest(url, count, size, kill_after=dice.uniform(0, longest)) for _ in range(times))
    assert ingest(url, count, size)
    return killed
