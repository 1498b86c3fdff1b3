"""The one place that runs the core: opens the world, runs a job in it, posts what the job yields.

A job is an async generator: ``async def job(world: World) -> AsyncIterator[RunMessage]`` (see ``jobs.py``).

One ``Core`` belongs to one screen and keeps one resolver open for the screen's life, so that a later look at the same
question is a second look (a replayed world changes between looks) and so that all answers can be exported. Each run has
a cache and a deadline of its own around it; a fresh run passes by everything that is kept.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.worker import Worker

from deliverkit_tui.messages import Failed, Finished, RunMessage

if TYPE_CHECKING:
    from textual.screen import Screen

    from deliverkit.checks import World
    from deliverkit.net.cache import RunCache
    from deliverkit.net.resolver import Answer, Dnssec
    from deliverkit.session import Network

Job = Callable[["World"], AsyncIterator[RunMessage]]

LocalJob = Callable[[], AsyncIterator[RunMessage]]

_LASTING = 7 * 86400.0
"""Deadline in seconds of the resolver that lives as long as its screen; each run has the real one."""


class Core:
    """Runs jobs for one screen and posts their messages to it."""

    def __init__(self, owner: Screen[Any], network: Network, on_bug: Callable[[Exception], None]) -> None:
        self._owner = owner
        self._network = network
        self._on_bug = on_bug
        self._stack = AsyncExitStack()
        self._world: World | None = None
        self._closed = False
        self._numbers: dict[str, int] = {}

    def current(self, group: str = "run") -> int:
        """Number of the latest run of a group."""
        return self._numbers.get(group, 0)

    def is_current(self, message: RunMessage) -> bool:
        """Whether a message is of the latest run of its group, and not of one that was cancelled meanwhile."""
        return message.run == self.current(message.group)

    def run(self, job: Job, *, fresh: bool = False, group: str = "run") -> Worker[None]:
        """Start ``job``; an earlier run of the same ``group`` is cancelled.

        ``fresh`` asks every question anew, whatever was answered before: the inside of a "verify".
        """
        number = self._numbers[group] = self.current(group) + 1
        # Not the coroutine itself: of a run that is cancelled before it starts, nothing may be left unawaited.
        work = partial(self._told, partial(self._messages, job, fresh), group, number)
        return self._owner.run_worker(work, name=f"{group} {number}", group=group, exclusive=True, exit_on_error=False)

    def run_alone(self, job: LocalJob, *, group: str = "run") -> Worker[None]:
        """Start a job that needs no world, such as reading files; else as ``run``."""
        number = self._numbers[group] = self.current(group) + 1
        work = partial(self._told, partial(_closing, job), group, number)
        return self._owner.run_worker(work, name=f"{group} {number}", group=group, exclusive=True, exit_on_error=False)

    def cancel(self, group: str = "run") -> None:
        """Stop what runs of a group; nothing more of it is posted."""
        self._numbers[group] = self.current(group) + 1
        self._owner.workers.cancel_group(self._owner, group)

    def share(self, other: Core) -> None:
        """Ask through the world of a screen below this one, so that a second look there is a second look here too."""
        self._world = other._world

    def answers(self) -> tuple[Answer, ...]:
        """Every answer so far, in the order they came, without the account keys of blocklists."""
        if self._world is None:
            return ()
        from deliverkit.checks.blocklist_keys import redacted

        kept: RunCache = self._world.resolver  # type: ignore[assignment]
        return tuple(redacted(answer, self._world.keys.values()) for answer in kept.answers())

    async def aclose(self) -> None:
        """Give up what is on its way and close the world."""
        self._closed = True
        await self._stack.aclose()

    async def _told(self, messages: LocalJob, group: str, number: int) -> None:
        from deliverkit.errors import DeliverkitError

        start = time.perf_counter()
        try:
            async for message in messages():
                self._post(message, group, number)
            self._post(Finished(time.perf_counter() - start), group, number)
        except DeliverkitError as error:
            self._post(Failed(str(error), error.advice), group, number)
        except Exception as error:
            self._on_bug(error)

    def _post(self, message: RunMessage, group: str, number: int) -> None:
        if not self._closed and number == self.current(group):
            message.run, message.group = number, group
            self._owner.post_message(message)

    async def _messages(self, job: Job, fresh: bool) -> AsyncIterator[RunMessage]:
        from deliverkit.net.cache import Afresh, RunCache
        from deliverkit.net.http import Again

        world = await self._open()
        inner = Afresh(world.resolver) if fresh else _Kept(world.resolver)
        http = Again(world.http) if fresh else world.http
        async with RunCache(inner, deadline=self._network.deadline) as cache:
            async for message in _closing(partial(job, dataclasses.replace(world, resolver=cache, http=http))):
                yield message

    async def _open(self) -> World:
        if self._world is None:
            from deliverkit.session import open_world

            lasting = dataclasses.replace(self._network, deadline=_LASTING, record=None)
            self._world = await self._stack.enter_async_context(open_world(lasting))
        return self._world


async def _closing(job: LocalJob) -> AsyncIterator[RunMessage]:
    """What ``job`` says. However this ends, the job is ended with it."""
    stream = job()
    try:
        async for message in stream:
            yield message
    finally:
        await stream.aclose()  # type: ignore[attr-defined]


class _Kept:
    """A Resolver that hands on to one which lives longer, and so is never closed with the run."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def query(
        self,
        name: str,
        rdtype: str,
        *,
        fresh: bool = False,
        server: str | None = None,
        **options: Dnssec,
    ) -> Answer:
        """Ask; see ``Resolver.query``."""
        answer: Answer = await self._inner.query(name, rdtype, fresh=fresh, server=server, **options)
        return answer
