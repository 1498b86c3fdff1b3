"""Broken mails, log lines and events by the million: python benchmarks/fuzz_bounces.py [COUNT [PROCESSES [FOLDER…]]]

Every input is made from a number, so ``--only NUMBER`` makes it again. Counts exceptions, inputs that take more than a
second, and growth of memory. ``FOLDER``: more mails to break.
"""

from __future__ import annotations

import os
import random
import resource
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from deliverkit.bounces.classify import default_classifier
from tests.bounces.fuzzing import Seed, mutated, read_all, seeds

COUNT = 1_000_000
SLOW = 1.0
"""Seconds of processor time."""
WARM = 20_000
"""Inputs after which memory should have come to rest."""
BOUND = 250
"""Megabytes a process may hold at its peak."""


class Result(NamedTuple):
    """What one process saw."""

    raised: Counter[str]
    slow: list[tuple[float, int]]
    warm_mb: int
    peak_mb: int
    by_source: Counter[str]


def made(number: int, of: list[Seed]) -> Seed:
    """The input with this number."""
    chance = random.Random(number)
    name, data = chance.choice(of)
    if chance.random() < 0.6:
        # There are far more mails than anything else: have every format as often.
        wanted = chance.choice(sorted({name for name, _ in of}))
        name, data = chance.choice([seed for seed in of if seed[0] == wanted])
    return name, mutated(chance, data, of)


def peak() -> int:
    """Megabytes this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def run(start: int, end: int, folders: list[Path]) -> Result:
    """Inputs ``start`` to ``end``."""
    of, classifier = seeds(*folders), default_classifier()
    raised: Counter[str] = Counter()
    slow: list[tuple[float, int]] = []
    by_source: Counter[str] = Counter()
    warm = 0
    for number in range(start, end):
        name, data = made(number, of)
        by_source[name] += 1
        before = time.process_time()
        try:
            read_all(name, data, classifier)
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            raised[f"{name} {type(error).__name__} {Path(last.filename).name}:{last.lineno} e.g. --only {number}"] += 1
        took = time.process_time() - before
        if took > SLOW:
            slow.append((took, number))
        if number == start + WARM:
            warm = peak()
    return Result(raised, slow, warm or peak(), peak(), by_source)


def main(words: list[str]) -> int:
    """Number of things that are wrong, as an exit code."""
    if words[:1] == ["--only"]:
        folders = [Path(word) for word in words[2:]]
        name, data = made(int(words[1]), seeds(*folders))
        Path("fuzz-input").write_bytes(data)
        print(f"{name}, {len(data):,} bytes, written to fuzz-input")
        read_all(name, data, default_classifier())
        return 0
    count = int(words[0]) if words else COUNT
    processes = int(words[1]) if len(words) > 1 else os.cpu_count() or 1
    folders = [Path(word) for word in words[2:]]
    edges = [count * n // processes for n in range(processes + 1)]
    began = time.perf_counter()
    with ProcessPoolExecutor(processes) as pool:
        done = list(pool.map(run, edges, edges[1:], [folders] * processes))
    raised = sum((result.raised for result in done), Counter[str]())
    slow = [one for result in done for one in result.slow]
    print(f"inputs      {count:12,} in {time.perf_counter() - began:,.0f} s, {processes} processes")
    print(f"exceptions  {raised.total():12,}")
    print("\n".join(f"  {number:8,} {what}" for what, number in raised.most_common(30)))
    print(f"over {SLOW:.0f} s    {len(slow):12,} {sorted(slow, reverse=True)[:5]}")
    for result in done:
        print(f"memory      {result.peak_mb:9,} MB at the peak, {result.warm_mb:,} MB after {WARM:,} inputs")
    print("sources    ", dict(sum((result.by_source for result in done), Counter[str]())))
    return int(bool(raised or slow or any(result.peak_mb > BOUND for result in done)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
