"""One run's questions: asked once, a bounded number at a time, and not for ever of a server that is dead."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from deliverkit.net.resolver import Answer, Dnssec, Resolver, Status, canonical_name

TIMEOUTS_UNTIL_DOUBT = 3
"""Questions in a row that must time out, with nothing ever heard, before a server is probed."""
SILENCE_UNTIL_DOUBT = 40
"""The same for a server that was heard before: many more, for broken domains and lost packets are no silence."""
DEAD_FOR = 5.0
"""Seconds until a server that fell silent is probed again: a long run outlives the restart of a name server."""
FAILURE_KEPT = 30.0
"""Seconds a failure is kept in a bounded cache, and an answer without a TTL."""

MAX_PULSES = 5000
"""Servers whose signs of life are kept in mind."""

_Key = tuple[str, str, str | None, Dnssec]


@dataclass(slots=True)
class _Pulse:
    """What is known of one server's life (``server=`` of the question; None for the resolver's own)."""

    timeouts: int = 0
    """In a row."""
    heard: bool = False
    probe: asyncio.Task[bool] | None = None
    again: float = 0.0
    """When a dead server is to be probed again; 0 for never."""


class RunCache:
    """A Resolver around another, for one run (one audit, one diagnosis, one "verify").

    * Each question (name, type, server, DNSSEC) is asked once; identical questions in flight share one asking, which
      goes on when one of those who wait for it is cancelled. Failures are kept as well: a dead server must not
      cost every check its full timeout again. ``fresh=True`` asks in any case and replaces what was kept.
    * At most ``in_flight`` questions are on their way at once.
    * ``deadline``: seconds from the first question on. Past it, questions are ``Status.TIMEOUT`` at once, and
      those on their way are given up.
    * Circuit breaker: when the first three questions to end have all timed out and no server ever said a word,
      the root is asked for, which every living server answers in some way from memory. Silence to that as well
      means that the server is dead, and questions that are not ``fresh`` are ``Status.TIMEOUT`` at once. So
      a dead server costs a run a few timeouts, not one for each of its questions. A slow server, or one asked
      for broken domains only, answers the probe, and is trusted from then on; until forty questions in a row time
      out, when it is probed once more, and every five seconds after that if it is silent.
    * ``keep``: answers kept at most, the least used dropped first, each for its TTL; for runs over many domains,
      whose memory must not grow. Without it everything is kept to the end.
    * ``log``: whether ``answers`` is to know every answer, as a recording needs.

    Use it as an async context manager, or call ``aclose``; that closes the inner resolver too.
    """

    def __init__(
        self,
        inner: Resolver,
        *,
        in_flight: int = 64,
        deadline: float | None = None,
        keep: int | None = None,
        log: bool = True,
    ) -> None:
        self._inner = inner
        self._deadline = deadline
        self._ends: float | None = None
        self._slots = asyncio.Semaphore(in_flight)
        self._keep = keep
        self._logs = log
        self._kept: dict[_Key, tuple[Answer, float]] = {}
        """Answers, least used first, and until when each counts."""
        self._flights: dict[tuple[_Key, bool], asyncio.Task[Answer]] = {}
        self._log: list[Answer] = []
        self._pulses: defaultdict[str | None, _Pulse] = defaultdict(_Pulse)
        self.asked = 0
        """Questions handed to the inner resolver so far, without probes."""
        self.ended = 0
        """Questions that came to an end, whatever it was, without those from the cache."""
        self.learned = 0
        """Of these, the ones that DNS settled: records, or that there are none."""

    @property
    def inner(self) -> Resolver:
        """The Resolver inside."""
        return self._inner

    def answers(self) -> tuple[Answer, ...]:
        """Every answer of the run that did not come from the cache, in the order they came; for ``record.save``."""
        return tuple(self._log)

    async def query(
        self,
        name: str,
        rdtype: str,
        *,
        fresh: bool = False,
        server: str | None = None,
        dnssec: Dnssec = Dnssec.PLAIN,
    ) -> Answer:
        """Ask; see ``Resolver.query``. From the cache, ``elapsed`` is 0.0."""
        key = (canonical_name(name), rdtype.upper(), server, dnssec)
        if not fresh and (kept := self._known(key)) is not None:
            return kept
        flight = self._flights.get((key, fresh))
        if flight is None:
            flight = self._flights[key, fresh] = asyncio.create_task(self._fly(key, fresh))
            flight.add_done_callback(lambda _: self._flights.pop((key, fresh), None))
        # The shield keeps the flight for the others when this one is cancelled.
        return await asyncio.shield(flight)

    @property
    def flying(self) -> int:
        """Questions on their way or waiting for their turn."""
        return len(self._flights)

    def within(self, seconds: float) -> Within:
        """A door to this cache that closes so many seconds after its first question: for one domain of many."""
        return Within(self, seconds)

    def _known(self, key: _Key) -> Answer | None:
        """What is kept for a question and still counts."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if self._keep is not None:
            del self._kept[key]
            if kept[1] <= asyncio.get_running_loop().time():
                return None
            self._kept[key] = kept
        return kept[0]

    async def _fly(self, key: _Key, fresh: bool) -> Answer:
        answer = await self._bounded(key, fresh)
        self.ended += 1
        self.learned += not answer.failed
        if self._logs:
            self._log.append(answer)
        # A fresh answer that came meanwhile is newer.
        if fresh or key not in self._kept:
            self._store(key, answer)
        return answer

    def _store(self, key: _Key, answer: Answer) -> None:
        until = 0.0
        if self._keep is not None:
            lasts = FAILURE_KEPT if answer.ttl is None or answer.failed else max(answer.ttl, 1)
            until = asyncio.get_running_loop().time() + lasts
            if len(self._kept) >= self._keep:
                del self._kept[next(iter(self._kept))]
        self._kept[key] = replace(answer, elapsed=0.0), until

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
        name, rdtype, server, dnssec = key
        pulse = self._pulses[server]
        if len(self._pulses) > MAX_PULSES:
            # Domains' own servers may be any number; the first named has long been at rest.
            del self._pulses[next(name for name in self._pulses if name is not None and name != server)]
        if not fresh and pulse.probe is not None and not await self._alive(pulse, server):
            return _silent(key, "not asked: the name server answers nothing")
        self.asked += 1
        if dnssec is Dnssec.PLAIN:
            # A resolver of somebody else's need not know of signatures.
            answer = await self._inner.query(name, rdtype, fresh=fresh, server=server)
        else:
            answer = await self._inner.query(name, rdtype, fresh=fresh, server=server, dnssec=dnssec)
        self._feel(pulse, server, answer.status)
        return answer

    def _feel(self, pulse: _Pulse, server: str | None, status: Status) -> None:
        """Take note of a sign of life, or of its absence. ``ERROR`` (no connection) is neither, and costs no time."""
        if status is Status.TIMEOUT:
            pulse.timeouts += 1
            if pulse.timeouts >= (SILENCE_UNTIL_DOUBT if pulse.heard else TIMEOUTS_UNTIL_DOUBT) and not pulse.probe:
                pulse.probe = asyncio.create_task(self._probe(pulse, server))
        elif status is not Status.ERROR:
            pulse.heard = True
            pulse.timeouts = 0
            pulse.probe = None

    async def _alive(self, pulse: _Pulse, server: str | None) -> bool:
        """What the probe says; one that found a server dead that had been alive is repeated after a while."""
        probe = pulse.probe
        if probe is not None and probe.done() and 0 < pulse.again <= asyncio.get_running_loop().time():
            probe = pulse.probe = asyncio.create_task(self._probe(pulse, server))
        return probe is None or await asyncio.shield(probe)

    async def _probe(self, pulse: _Pulse, server: str | None) -> bool:
        """Whether the server is alive."""
        pulse.again = 0.0
        answer = await self._inner.query(".", "NS", server=server)
        if answer.status is Status.TIMEOUT:
            if pulse.heard:
                pulse.again = asyncio.get_running_loop().time() + DEAD_FOR
            # An answer to another question may have come meanwhile.
            return pulse.probe is not asyncio.current_task()
        pulse.heard = True
        pulse.timeouts = 0
        return True

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


class Within:
    """A Resolver on a shared ``RunCache`` for one domain of many: past its deadline, questions are
    ``Status.TIMEOUT`` at once, while those that others wait for as well go on."""

    def __init__(self, cache: RunCache, seconds: float) -> None:
        self._cache = cache
        self._seconds = seconds
        self._ends: float | None = None
        self.asked = 0
        """Questions so far, those from the cache among them."""
        self.learned = 0
        """Of these, the ones that DNS settled."""

    async def query(
        self,
        name: str,
        rdtype: str,
        *,
        fresh: bool = False,
        server: str | None = None,
        dnssec: Dnssec = Dnssec.PLAIN,
    ) -> Answer:
        """Ask; see ``Resolver.query``."""
        loop = asyncio.get_running_loop()
        if self._ends is None:
            self._ends = loop.time() + self._seconds
        self.asked += 1
        try:
            async with asyncio.timeout_at(self._ends) as limit:
                answer = await self._cache.query(name, rdtype, fresh=fresh, server=server, dnssec=dnssec)
        except TimeoutError:
            if not limit.expired():
                raise
            key = (canonical_name(name), rdtype.upper(), server, dnssec)
            return _silent(key, f"the {self._seconds:g} seconds for this domain were over")
        self.learned += not answer.failed
        return answer


def _silent(key: _Key, detail: str) -> Answer:
    name, rdtype, server, dnssec = key
    return Answer(name, rdtype, Status.TIMEOUT, detail=detail, asked_server=server or "", dnssec=dnssec)


class Afresh:
    """A Resolver that asks every question afresh, of ``server`` if one is given: the inside of a "verify".

    Around it goes a ``RunCache`` of its own, so that one look asks each question once:
    ``RunCache(Afresh(resolver, server="192.0.2.1"))``. It never closes ``inner``, which the first look still uses.
    """

    def __init__(self, inner: Resolver, server: str | None = None) -> None:
        self._inner = inner
        self._server = server

    async def query(
        self,
        name: str,
        rdtype: str,
        *,
        fresh: bool = True,
        server: str | None = None,
        dnssec: Dnssec = Dnssec.PLAIN,
    ) -> Answer:
        """Ask; see ``Resolver.query``."""
        named = server or self._server
        if dnssec is Dnssec.PLAIN:
            return await self._inner.query(name, rdtype, fresh=True, server=named)
        return await self._inner.query(name, rdtype, fresh=True, server=named, dnssec=dnssec)
