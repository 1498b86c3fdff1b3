"""How many events a second the memory of addresses takes in: python benchmarks/store.py [URL]

Beside it, in the same run, the limit: the same rows written by SQLite's own driver, with nothing decided about them.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from deliverkit.bounces.event import Event, Kind
from deliverkit.model import AddressAction, Basis, Bounce, Confidence, MessageAction, Owner, Reply, Verdict
from deliverkit.store import Store
from deliverkit.store.rows import row

COUNT, CHUNK, ADDRESSES = 200_000, 5_000, 100_000
TEXT = "550 5.1.1 The email account that you tried to reach does not exist. Please check the address for typing errors"
DEAD = Verdict(
    "invalid_address.unknown_user",
    Confidence.SURE,
    Basis.RULE,
    "gmail",
    "rule",
    MessageAction.DROP,
    AddressAction.SUPPRESS,
    Owner.SENDER,
)


def records() -> Iterator[tuple[Event, Verdict | None]]:
    """As a log gives them: most are delivered, each address appears a few times."""
    dice = random.Random(1)
    for number in range(COUNT):
        day, second = divmod(number * 2_500_000 // COUNT, 86_400)
        at = f"2026-10-{1 + day:02d}T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}+00:00"
        bounced = dice.random() < 0.3
        reply = Reply(550, "5.1.1", f"{TEXT} {number}", "") if bounced else Reply(250, "2.0.0", "250 2.0.0 Ok", "")
        bounce = Bounce(reply, f"user{dice.randrange(ADDRESSES)}@example.com", mx="mx.example.com", at=at)
        kind = Kind.BOUNCE if bounced else Kind.DELIVERED
        yield Event(kind, bounce, "mail.log", number, queue_id=f"4A{number}"), DEAD if bounced else None


def plain(given: list[tuple[Event, Verdict | None]], file: Path) -> float:
    """Seconds to write the same rows without deciding anything."""
    rows = [tuple(made) for event, verdict in given if (made := row(event, verdict))]
    with sqlite3.connect(file, isolation_level=None) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(
            f"CREATE TABLE e ({', '.join(f'c{n}' for n in range(len(rows[0])))}, PRIMARY KEY (c0, c1)) WITHOUT ROWID"
        )
        insert = f"INSERT INTO e VALUES ({', '.join('?' * len(rows[0]))}) ON CONFLICT DO NOTHING"
        start = time.perf_counter()
        for first in range(0, len(rows), CHUNK):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(insert, rows[first : first + CHUNK])
            connection.execute("COMMIT")
        return time.perf_counter() - start


if __name__ == "__main__":
    given = list(records())
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else str(Path(folder) / "a.db")
        with Store.open(url) as store:
            for turn in ("new", "known"):
                start = time.perf_counter()
                for first in range(0, COUNT, CHUNK):
                    store.ingest(f"{turn} {first}", given[first : first + CHUNK])
                elapsed = time.perf_counter() - start
                print(f"{turn + ' events':16}{COUNT / elapsed:9,.0f} a second")
                if turn == "new":
                    taken = elapsed
        limit = plain(given, Path(folder) / "b.db")
    print(f"{'rows, no more':16}{COUNT / limit:9,.0f} a second; ingest takes {taken / limit:.1f} times as long")
