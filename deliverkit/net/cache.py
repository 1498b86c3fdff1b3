"""One run's questions: asked once, a bounded number at a time, and not for ever of a server that is dead."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from deliverkit.net.resolver import Answer, Resolver, Status, canonical_name

TIMEOUTS_UNTIL_DOUBT = 3
"""Questions in a row that must time out, with nothing ever heard, before a server is probed."""

_Key = tuple[str, str, str | None]


@dataclass(slots=True)
class _Pulse:
    """What is known of one server's life (``server=`` of the question; None for the resolver's own)."""

    timeouts: int = 0
    heard: bool = False
    probe: asyncio.Task[bool] | None = None


class RunCache:
    """A Resolver around another, for one run (one audit, one diagnosis, one "verify").

    * Each question (name, type, server) is asked once; identical questions in flight share one asking, which
      goes on when one of those who wait for it is cancelled. Failures are kept as well: a dead server must not
      cost every check its full timeout again. ``fresh=True`` asks in any case and replaces what was kept.
    * At most ``in_flight`` questions are on their way at once.
    * ``deadline``: seconds from the first question on. Past it, questions are ``Status.TIMEOUT`` at once, and
      those on their way are given up.
    * Circuit breaker: when the first three questions to end have all timed out and no server ever said a word,
      the root is asked for, which every living server answers in some way from memory. Silence to that as well
      means that the server is dead, and questions that are not ``fresh`` are ``Status.TIMEOUT`` at once. So
      a dead server costs a run a few timeouts, not one for each of its questions. A slow server, or one asked
      for broken domains only, answers the probe, and is trusted from then on.

    Use it as an async context manager, or call ``aclose``; that closes the inner resolver too.
    """

    def __init__(self, inner: Resolver, *, in_flight: int = 64, deadline: float | None = None) -> None:
        self._inner = inner
        self._deadline = deadline
        self._ends: float | None = None
        self._slots = asyncio.Semaphore(in_flight)
        self._kept: dict[_Key, Answer] = {}
        self._flights: dict[tuple[_Key, bool], asyncio.Task[Answer]] = {}
        self._log: list[Answer] = []
        self._pulses: defaultdict[str | None, _Pulse] = defaultdict(_Pulse)
        self.asked = 0
        """Questions handed to the inner resolver so far, without probes."""

    def answers(self) -> tuple[Answer, ...]:
        """Every answer of the run that did not come from the cache, in the order they came; for ``record.save``."""
        return tuple(self._log)

    async def query(self, name: str, rdtype: str, *, fresh: bool = False, server: str | None = None) -> Answer:
        """Ask; see ``Resolver.query``. From the cache, ``elapsed`` is 0.0."""
        key = (canonical_name(name), rdtype.upper(), server)
        if not fresh and (kept := self._kept.get(key)) is not None:
            return replace(kept, elapsed=0.0)
        flight = self._flights.get((key, fresh))
        if flight is None:
            flight = self._flights[key, fresh] = asyncio.create_task(self._fly(key, fresh))
            flight.add_done_callback(lambda _: self._flights.pop((key, fresh), None))
        # The shield keeps the flight for the others when this one is cancelled.
        return await asyncio.shield(flight)

    async def _fly(self, key: _Key, fresh: bool) -> Answer:
        answer = await self._bounded(key, fresh)
        self._log.append(answer)
        if fresh:
            self._kept[key] = answer
        else:
            # A fresh answer that came meanwhile is newer.
            self._kept.setdefault(key, answer)
        return answer

    async def _bounded(self, key: _Key, fresh: bool) -> Answer:
        loop = asyncio.get_running_loop()
        if self._deadline is not None and self._ends is None:
            self._ends = loop.time() + self._deadline
        if self._ends is not None and loop.time() >= self._ends:
            return self._given_up(key)
        try:
            async with asyncio.timeout_at(self._ends) as limit, self._slots:
                return await self._ask(key, fresh)
        except TimeoutError:
            if not limit.expired():
                raise
            return self._given_up(key)

    async def _ask(self, key: _Key, fresh: bool) -> Answer:
        name, rdtype, server = key
        pulse = self._pulses[server]
        if not fresh and pulse.probe is not None and not await asyncio.shield(pulse.probe):
            return _silent(key, "not asked: the name server has answered nothing so far")
        self.asked += 1
        answer = await self._inner.query(name, rdtype, fresh=fresh, server=server)
        self._feel(pulse, server, answer.status)
        return answer

    def _feel(self, pulse: _Pulse, server: str | None, status: Status) -> None:
        """Take note of a sign of life, or of its absence. ``ERROR`` (no connection) is neither, and costs no time."""
        if status is Status.TIMEOUT:
            pulse.timeouts += 1
            if pulse.timeouts >= TIMEOUTS_UNTIL_DOUBT and not pulse.heard and pulse.probe is None:
                pulse.probe = asyncio.create_task(self._probe(pulse, server))
        elif status is not Status.ERROR:
            pulse.heard = True
            pulse.probe = None

    async def _probe(self, pulse: _Pulse, server: str | None) -> bool:
        """Whether the server is alive."""
        answer = await self._inner.query(".", "NS", server=server)
        pulse.heard = pulse.heard or answer.status is not Status.TIMEOUT
        return pulse.heard

    def _given_up(self, key: _Key) -> Answer:
        return _silent(key, f"the {self._deadline:g} seconds for the whole run were over")

    async def aclose(self) -> None:
        """Give up what is still on its way and close the inner resolver. Nobody may be waiting for an answer."""
        probes = [pulse.probe for pulse in self._pulses.values() if pulse.probe is not None]
        tasks = [*self._flights.values(), *probes]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        close = getattr(self._inner, "aclose", None)
        if close is not None:
            await close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _silent(key: _Key, detail: str) -> Answer:
    name, rdtype, server = key
    return Answer(name, rdtype, Status.TIMEOUT, detail=detail, asked_server=server or "")


class Afresh:
    """A Resolver that asks every question afresh, of ``server`` if one is given: the inside of a "verify".

    Around it goes a ``RunCache`` of its own, so that one look asks each question once:
    ``RunCache(Afresh(resolver, server="192.0.2.1"))``. It never closes ``inner``, which the first look still uses.
    """

    def __init__(self, inner: Resolver, server: str | None = None) -> None:
        self._inner = inner
        self._server = server

    async def query(self, name: str, rdtype: str, *, fresh: bool = True, server: str | None = None) -> Answer:
        """Ask; see ``Resolver.query``."""
        return await self._inner.query(name, rdtype, fresh=True, server=server or self._server)
