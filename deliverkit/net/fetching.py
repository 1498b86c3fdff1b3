"""One run's documents: fetched once, a bounded number at a time, and not past the end of the run."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from deliverkit.net.http import MAX_BYTES, Fetched, Fetcher, FetchStatus

_Key = tuple[str, int, int]


class RunFetcher:
    """A Fetcher around another, for one run: each document is fetched once, at most ``in_flight`` at a time.

    ``deadline``: seconds from now on. Past it, documents are ``timeout`` at once, and those on their way are given up.
    ``keep``: documents kept at most, the oldest dropped first, for runs over many domains; without it all are.
    ``log``: whether ``documents`` is to know everything that was fetched, as a recording needs.
    Make it inside the event loop of the run, and close it with ``aclose``.
    """

    def __init__(
        self,
        inner: Fetcher,
        *,
        in_flight: int = 8,
        deadline: float | None = None,
        keep: int | None = None,
        log: bool = True,
    ) -> None:
        self._inner = inner
        self._keep = keep
        self._logs = log
        self._slots = asyncio.Semaphore(in_flight)
        self._ends = None if deadline is None else asyncio.get_running_loop().time() + deadline
        self._kept: dict[_Key, Fetched] = {}
        self._flights: dict[tuple[_Key, bool], asyncio.Task[Fetched]] = {}
        self._log: list[Fetched] = []

    def documents(self) -> tuple[Fetched, ...]:
        """Everything that was fetched, in the order it came; for ``record.save``."""
        return tuple(self._log)

    async def fetch(self, url: str, *, max_bytes: int = MAX_BYTES, redirects: int = 0, fresh: bool = False) -> Fetched:
        """See ``Fetcher.fetch``. From the cache, ``elapsed`` is 0.0."""
        key = (url, max_bytes, redirects)
        if not fresh and (kept := self._kept.get(key)) is not None:
            return replace(kept, elapsed=0.0)
        flight = self._flights.get((key, fresh))
        if flight is None:
            flight = self._flights[key, fresh] = asyncio.create_task(self._fly(key, fresh))
            flight.add_done_callback(lambda _: self._flights.pop((key, fresh), None))
        # The shield keeps the flight for the others when this one is cancelled.
        return await asyncio.shield(flight)

    async def _fly(self, key: _Key, fresh: bool) -> Fetched:
        url, max_bytes, redirects = key
        try:
            async with asyncio.timeout_at(self._ends) as limit, self._slots:
                fetched = await self._inner.fetch(url, max_bytes=max_bytes, redirects=redirects, fresh=fresh)
        except TimeoutError:
            if not limit.expired():
                raise
            fetched = Fetched(url, FetchStatus.TIMEOUT, detail="the time for the whole run was over")
        if self._logs:
            self._log.append(fetched)
        self._kept[key] = fetched
        if self._keep is not None and len(self._kept) > self._keep:
            del self._kept[next(iter(self._kept))]
        return fetched

    async def aclose(self) -> None:
        """Give up what is still on its way. Nobody may be waiting for a document."""
        tasks = list(self._flights.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
