"""How long ``explain`` takes as a whole process, in starts of Python that do nothing; both in turn in the same run.

python benchmarks/explain.py [--runs N]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from statistics import median

TARGET = 12
"""Times ``python -c pass``."""
REPLY = (
    "550-5.7.26 Your email has been blocked because the sender is unauthenticated. Gmail requires all senders to"
    " authenticate with either SPF or DKIM."
)
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "explain": [sys.executable, "-m", "deliverkit", "explain", REPLY],
    "explain, JSON": [sys.executable, "-m", "deliverkit", "explain", REPLY, "--format", "json"],
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=21)
    runs = parser.parse_args().runs
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(runs + 1):
        for name, command in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            times[name].append((time.perf_counter() - start) * 1000)
    # The first round compiles what is not compiled yet.
    for name, taken in times.items():
        print(f"{name:18} best {min(taken[1:]):5.1f} ms, middle {median(taken[1:]):5.1f} ms")
    ratio = median(times["explain"][1:]) / median(times["python -c pass"][1:])
    print(f"explain / python -c pass {ratio:.1f}; target {TARGET}: {'met' if ratio <= TARGET else 'MISSED'}")


if __name__ == "__main__":
    main()
