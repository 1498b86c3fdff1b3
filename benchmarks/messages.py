"""How many bounce mails a second are read and judged in one process: python benchmarks/messages.py FILE_OR_FOLDER…"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from deliverkit.bounces.classify import Classifier
from deliverkit.bounces.message import judge, read_message
from deliverkit.knowledge import load

SECONDS = 5.0
DEFAULT = Path(__file__).parent.parent / "tests" / "data" / "bounces"


def mails(paths: list[Path]) -> list[bytes]:
    """All mails of the given files and folders."""
    files = [file for path in paths for file in (sorted(path.rglob("*.eml")) if path.is_dir() else [path])]
    return [file.read_bytes() for file in files]


if __name__ == "__main__":
    given = mails([Path(name) for name in sys.argv[1:]] or [DEFAULT])
    knowledge = load()
    classifier = Classifier(knowledge)
    for data in given:
        judge(read_message(data), classifier, knowledge)
    size = sum(map(len, given)) / len(given)
    count = 0
    reading = 0.0
    start = time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        for data in given:
            before = time.perf_counter()
            message = read_message(data)
            reading += time.perf_counter() - before
            judge(message, classifier, knowledge)
        count += len(given)
    elapsed = time.perf_counter() - start
    print(f"mails           {len(given):9,} of {size:,.0f} bytes on average")
    print(f"reading         {count / reading:9,.0f} mails a second")
    print(f"with verdict    {count / elapsed:9,.0f} mails a second")
