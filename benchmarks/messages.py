"""How many bounce mails a second are read and judged in one process: python benchmarks/messages.py FILE_OR_FOLDER…

Beside it, in the same run: the standard parser building its tree of the same mails, which reads nothing out of it. In
seconds of processor time, for other work on the machine is none of ours.
"""

from __future__ import annotations

import email
import sys
import time
from collections.abc import Callable
from pathlib import Path

from deliverkit.bounces.classify import Classifier
from deliverkit.bounces.message import judge, read_message
from deliverkit.knowledge import load

SECONDS = 4.0
LIMIT = 4_700
"""Mails of some 5 KB a second that have to be read and judged."""
DEFAULT = Path(__file__).parent.parent / "tests" / "data" / "bounces"


def mails(paths: list[Path]) -> list[bytes]:
    """All mails of the given files and folders."""
    files = [file for path in paths for file in (sorted(path.rglob("*.eml")) if path.is_dir() else [path])]
    return [file.read_bytes() for file in files]


def rate(work: Callable[[bytes], object], given: list[bytes]) -> float:
    """Mails a second of processor time."""
    for data in given:
        work(data)
    count, start = 0, time.process_time()
    while time.process_time() - start < SECONDS:
        for data in given:
            work(data)
        count += len(given)
    return count / (time.process_time() - start)


if __name__ == "__main__":
    given = mails([Path(name) for name in sys.argv[1:]] or [DEFAULT])
    knowledge = load()
    classifier = Classifier(knowledge)
    size = sum(map(len, given)) / len(given)
    judged = rate(lambda data: judge(read_message(data), classifier, knowledge), given)
    reading, standard = rate(read_message, given), rate(email.message_from_bytes, given)
    print(f"mails            {len(given):9,} of {size:,.0f} bytes on average")
    print(f"reading          {reading:9,.0f} mails a second")
    print(f"with verdict     {judged:9,.0f} mails a second, {judged / LIMIT:.2f} times the {LIMIT:,} that are wanted")
    print(f"standard parser  {standard:9,.0f} mails a second into a tree; ours is {judged / standard:.2f} of that")
