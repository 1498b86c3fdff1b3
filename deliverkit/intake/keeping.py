"""Handing events over to the memory of addresses, some thousand at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from deliverkit.bounces.files import Chunk
from deliverkit.bounces.judged import Judged

if TYPE_CHECKING:
    from deliverkit.model import Verdict
    from deliverkit.store import Store
    from deliverkit.store.policy import Policy

TOGETHER = 5_000
"""Events in one transaction."""


@contextmanager
def keeper(
    url: str, *, hash_recipients: bool = False, key_file: str | None = None, policy: Policy | None = None
) -> Iterator[Callable[[Chunk, Iterable[Judged]], None]]:
    """What to call with the events of every piece. Raises as ``Store.open`` and ``Store.ingest``."""
    from deliverkit.store import Store

    with Store.open(
        url, policy=policy, hash_recipients=hash_recipients, key_file=Path(key_file) if key_file else None
    ) as store:

        def keep(chunk: Chunk, judged: Iterable[Judged]) -> None:
            rest = iter(judged)
            while some := list(islice(rest, TOGETHER)):
                _ingest(store, some)

        yield keep


def _ingest(store: Store, some: list[Judged]) -> None:
    digest = blake2b(digest_size=16)
    for one in some:
        event = one.event
        # Not where it was read: the same file under another name says nothing new.
        said = (event.kind.value, event.bounce, event.message_id, event.queue_id, event.theirs, event.feedback_type)
        digest.update(repr((said, event.last, one.verdict.reason)).encode("utf-8", "replace"))
    store.ingest(digest.hexdigest(), [(one.event, _telling(one)) for one in some])


def _telling(one: Judged) -> Verdict:
    """What speaks for or against the address: of a message that expired, the refusal that kept it waiting.

    Who is greylisted or blocked for five days has an expired message, and an address that is fine.
    """
    return one.cause if one.cause is not None and one.verdict.reason == "recipient_error.expired" else one.verdict
