"""How long a command takes from nothing to its last line: the best of several runs, in milliseconds."""

from __future__ import annotations

import subprocess
import sys
import time

RUNS = 7
COMMANDS = {
    "python alone": [sys.executable, "-c", "pass"],
    "import deliverkit": [sys.executable, "-c", "import deliverkit"],
    "--help": [sys.executable, "-m", "deliverkit", "--help"],
    "codes 5.7.26": [sys.executable, "-m", "deliverkit", "codes", "5.7.26"],
    "explain": [sys.executable, "-m", "deliverkit", "explain", "550 5.1.1 No such user here"],
    "audit, replayed": [sys.executable, "-m", "deliverkit", "audit", "shop.example", "--replay", "demo"],
}


def milliseconds(command: list[str]) -> float:
    """The fastest of ``RUNS`` runs: what is slower is the machine's business, not ours."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        times.append(time.perf_counter() - start)
    return min(times) * 1000


if __name__ == "__main__":
    for name, command in COMMANDS.items():
        print(f"{name:20} {milliseconds(command):7.0f} ms")
