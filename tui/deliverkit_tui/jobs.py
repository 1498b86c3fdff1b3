"""The jobs: what can be asked of the core, each an async generator of messages for ``Core.run``.

The core is imported inside, when the first job runs: the first paint does not wait for it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TYPE_CHECKING

from deliverkit_tui.messages import AuditArrived, CheckArrived, LeftOut, RowArrived, RunMessage

if TYPE_CHECKING:
    from deliverkit.checks import Target, World
    from deliverkit.net.replay import ReplayResolver
    from deliverkit.net.resolver import Answer, Dnssec
    from deliverkit_tui.worker import Job


def checks(names: Sequence[str], target: Target, also_lists: Sequence[str] = (), *, whole: bool = False) -> Job:
    """The named checks of one target, each posted as ``CheckArrived`` when it is there.

    ``whole``: they are all there are, so those that a whole audit leaves out in this world (``audit.BEYOND``) are left
    out, which ``LeftOut`` says first.
    """

    async def job(world: World) -> AsyncIterator[RunMessage]:
        import dataclasses

        from deliverkit.audit import BEYOND
        from deliverkit.checks.run import run_checks

        left_out = tuple(name for name in names if name in BEYOND) if whole and not world.beyond else ()
        if left_out:
            yield LeftOut(left_out)
        world = dataclasses.replace(world, also_lists=(*world.also_lists, *also_lists))
        results = run_checks([name for name in names if name not in left_out], target, world)
        try:
            async for result in results:
                yield CheckArrived(result, target.domain or "")
        finally:
            await results.aclose()  # type: ignore[attr-defined]

    return job


def at_owners(name: str, target: Target) -> Job:
    """One check, asked of the domain's own name servers. Says nothing where they are not to be asked: the user named
    the servers to ask, or a recording answers that has none of theirs."""

    async def job(world: World) -> AsyncIterator[RunMessage]:
        import dataclasses

        from deliverkit.checks.run import run_checks

        if not (world.beyond or world.authoritative):
            return
        async for result in run_checks([name], target, dataclasses.replace(world, authoritative=True)):
            yield CheckArrived(result, target.domain or "")

    return job


def blocklists(subjects: Iterable[str]) -> Job:
    """Every blocklist about every subject, each answer posted as ``RowArrived``."""

    async def job(world: World) -> AsyncIterator[RunMessage]:
        from deliverkit.checks.blocklist_rows import in_world

        one_pass = in_world(world)
        for subject in subjects:
            async for row in one_pass.rows(subject):
                yield RowArrived(row)

    return job


def audits(targets: Sequence[Target], *, at_once: int = 8) -> Job:
    """An audit of every target, ``at_once`` at a time, each posted as ``AuditArrived`` when it is there."""

    async def job(world: World) -> AsyncIterator[RunMessage]:
        import asyncio

        from deliverkit.audit import audit

        slots = asyncio.Semaphore(at_once)

        async def one(number: int, target: Target) -> AuditArrived:
            async with slots:
                return AuditArrived(number, await audit(target, world))

        tasks = [asyncio.create_task(one(number, target)) for number, target in enumerate(targets)]
        try:
            for finished in asyncio.as_completed(tasks):
                yield await finished
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return job


def replayed(job: Job, recording: object) -> Job:
    """``job`` with its answers taken from a recording, so that a case from the history opens as it was left.

    What the recording does not hold is asked as usual.
    """

    async def again(world: World) -> AsyncIterator[RunMessage]:
        import dataclasses

        from deliverkit.net.replay import ReplayResolver

        stored = _Stored(ReplayResolver.from_dict(recording, "history"), world)
        stream = job(dataclasses.replace(world, resolver=stored))
        try:
            async for message in stream:
                yield message
        finally:
            await stream.aclose()  # type: ignore[attr-defined]

    return again


class _Stored:
    """Answers from a recording first, from the world where that has none."""

    def __init__(self, recording: ReplayResolver, world: World) -> None:
        self._recording = recording
        self._world = world

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
        answer = await self._recording.query(name, rdtype, fresh=fresh, server=server, **options)
        if answer.detail == "not in the recording":
            return await self._world.resolver.query(name, rdtype, fresh=fresh, server=server, **options)
        return answer
