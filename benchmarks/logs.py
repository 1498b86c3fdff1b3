"""How many lines of a Postfix log a second are read and judged in one process: python benchmarks/logs.py [LINES]

Beside it, in the same run: a bare ``for line in file`` loop, and one regular expression on each line, which is the
least that any reader of such a log does.
"""

from __future__ import annotations

import random
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from deliverkit.bounces import said
from deliverkit.bounces.classify import Classifier
from deliverkit.bounces.event import Event, Kind
from deliverkit.bounces.files import Chunk, chunks, read
from deliverkit.knowledge import load
from tests.bounces.made_logs import NOW, Attempt, Message, interleaved, stamped

LINES = 400_000
_ONE = re.compile(
    rb"^(\w{3} [ \d]\d \d\d:\d\d:\d\d) (\S+) (\S+)\[(\d+)\]: ([0-9A-Za-z]+): to=<([^>]*)>,(?: orig_to=<([^>]*)>,)? "
    rb"relay=([^,]*), delay=([^,]*), delays=([^,]*), dsn=([^,]*), status=(\w+) \((.*)\)$"
)


def log(path: Path, lines: int) -> int:
    """A day of a sender: of ten attempts six are taken, two deferred, two refused; texts repeat in part."""
    chance = random.Random(1)
    examples = [
        " ".join(example.split())
        for info in load().rule_info.values()
        for example in info.examples
        if example[:1] in "45" and example[1:3].isdigit()
    ]
    soft = [text for text in examples if text[0] == "4"]
    hard = [text for text in examples if text[0] == "5"]
    written = number = 0
    with path.open("wb") as out:
        while written < lines:
            batch = []
            for _ in range(200):
                number += 1
                who = f"user{chance.randrange(10**6)}@example{chance.randrange(500)}.net"
                kind = chance.random()
                if kind < 0.6:
                    attempt = Attempt(who, f"250 2.0.0 OK {number:x} x-{chance.randrange(10**9)} - gsmtp", "sent")
                elif kind < 0.8:
                    attempt = Attempt(who, chance.choice(soft), "deferred")
                elif kind < 0.9:
                    attempt = Attempt(who, chance.choice(hard), "bounced")
                else:
                    attempt = Attempt(who, f"550 5.1.1 <{who}>: Recipient address rejected: User unknown", "bounced")
                batch.append(Message([attempt], number))
            made = stamped(interleaved(batch, number, noise=8))
            out.write(b"\n".join(made) + b"\n")
            written += len(made)
    return written


def measured(work: Callable[[], int]) -> tuple[float, int]:
    """The best of three, in seconds, and what came out."""
    best, result = 1e9, 0
    for _ in range(3):
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return best, result


def bare(path: Path) -> int:
    with path.open("rb") as stream:
        return sum(1 for _ in stream)


def expression(path: Path) -> int:
    with path.open("rb") as stream:
        return sum(1 for line in stream if _ONE.match(line))


def events(path: Path, judge: bool) -> int:
    # What an earlier run remembers is no merit of this one.
    said._remembered.clear()
    classifier = Classifier(load())
    found = 0
    for chunk in chunks([str(path)], now=NOW):
        assert isinstance(chunk, Chunk)
        for item in read(chunk):
            found += 1
            if judge and isinstance(item, Event) and item.kind is Kind.BOUNCE:
                classifier.classify(item.bounce)
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mail.log"
        lines = log(path, int(sys.argv[1]) if len(sys.argv) > 1 else LINES)
        loop, _ = measured(lambda: bare(path))
        one, _ = measured(lambda: expression(path))
        print(f"lines                        {lines:12,}  ({path.stat().st_size / lines:.0f} bytes each)")
        print(f"for line in file             {lines / loop:12,.0f} lines a second")
        print(f"one expression a line        {lines / one:12,.0f} lines a second")
        for name, judge in (("reading", False), ("reading and judging", True)):
            took, found = measured(lambda judge=judge: events(path, judge))  # type: ignore[misc]
            print(f"{name:28} {lines / took:12,.0f} lines a second, {found:,} events: {took / loop:.1f} x the loop, "
                  f"{took / one:.1f} x the expression")  # fmt: skip
