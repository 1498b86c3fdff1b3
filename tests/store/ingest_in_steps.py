"""Takes a fixed mixture into a store, chunk after chunk, and says so: run by the tests, and killed by them.

``python ingest_in_steps.py URL COUNT SIZE``
"""

from __future__ import annotations

import sys
from itertools import islice

from address_events import mixture

from deliverkit.store import Store


def main() -> None:
    url, count, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    records, number = mixture(count), 0
    sys.stdout.write("start\n")
    sys.stdout.flush()
    with Store.open(url) as store:
        while some := list(islice(records, size)):
            store.ingest(f"chunk-{number}", some)
            number += 1
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
