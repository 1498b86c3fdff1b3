"""The run's cache: one asking a question, bounded, with a deadline and a circuit breaker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from deliverkit.errors import ResolverError
from deliverkit.net.cache import TIMEOUTS_UNTIL_DOUBT, Afresh, RunCache
from deliverkit.net.resolver import Answer, Resolver, Status

Say = Callable[[str, str | None], Status]


class Scripted:
    """Answers by a function of name and server; waits at ``gate`` if closed; counts what it was asked."""

    def __init__(self, say: Say = lambda name, server: Status.NODATA) -> None:
        self.say = say
        self.asked: list[tuple[str, bool, str | None]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.arrived = asyncio.Event()
        self.now = 0
        self.most = 0
        self.closed = False

    async def query(self, name: str, rdtype: str, *, fresh: bool = False, server: str | None = None) -> Answer:
        self.asked.append((name, fresh, server))
        self.arrived.set()
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
        finally:
            self.now -= 1
        return Answer(name, rdtype, self.say(name, server), ttl=len(self.asked), elapsed=0.5)

    async def aclose(self) -> None:
        self.closed = True


def test_all_are_resolvers() -> None:
    assert isinstance(RunCache(Scripted()), Resolver)
    assert isinstance(Afresh(Scripted()), Resolver)


async def test_identical_questions_in_flight_are_asked_once() -> None:
    inner = Scripted()
    async with RunCache(inner) as cache:
        answers = await asyncio.gather(*(cache.query(n, "a") for n in ["x.example", "X.example."] * 25))
        again = await cache.query("x.example", "A")
    assert len(inner.asked) == cache.asked == 1
    assert len({a.ttl for a in [*answers, again]}) == 1
    assert (answers[0].elapsed, again.elapsed) == (0.5, 0.0)
    assert len(cache.answers()) == 1
    assert inner.closed


async def test_type_and_server_make_another_question() -> None:
    inner = Scripted()
    async with RunCache(inner) as cache:
        await cache.query("x.example", "A")
        await cache.query("x.example", "MX")
        await cache.query("x.example", "A", server="192.0.2.1")
    assert len(inner.asked) == 3


async def test_no_more_than_the_bound_are_on_their_way() -> None:
    inner = Scripted()
    async with RunCache(inner, in_flight=5) as cache:
        await asyncio.gather(*(cache.query(f"n{i}.example", "A") for i in range(40)))
    assert (inner.most, cache.asked) == (5, 40)


async def test_fresh_asks_again_and_replaces() -> None:
    inner = Scripted()
    async with RunCache(inner) as cache:
        first = await cache.query("x.example", "A")
        second = await cache.query("x.example", "A", fresh=True)
        third = await cache.query("x.example", "A")
    assert (first.ttl, second.ttl, third.ttl) == (1, 2, 2)
    assert inner.asked[1] == ("x.example", True, None)
    assert [a.ttl for a in cache.answers()] == [1, 2]


async def test_a_fresh_answer_is_not_replaced_by_an_older_question() -> None:
    class SlowFirst(Scripted):
        async def query(self, name: str, rdtype: str, *, fresh: bool = False, server: str | None = None) -> Answer:
            if not fresh:
                self.arrived.set()
                await self.gate.wait()
            return Answer(name, rdtype, Status.NXDOMAIN if fresh else Status.NODATA)

    inner = SlowFirst()
    inner.gate.clear()
    async with RunCache(inner) as cache:
        old = asyncio.create_task(cache.query("x.example", "A"))
        await inner.arrived.wait()
        fresh = await cache.query("x.example", "A", fresh=True)
        inner.gate.set()
        assert (await old).status is Status.NODATA
        assert (await cache.query("x.example", "A")).status is fresh.status is Status.NXDOMAIN


@pytest.mark.parametrize("status", [Status.TIMEOUT, Status.SERVFAIL, Status.REFUSED, Status.ERROR])
async def test_failures_are_kept_but_not_for_fresh_questions(status: Status) -> None:
    inner = Scripted(lambda name, server: status)
    async with RunCache(inner) as cache:
        assert (await cache.query("x.example", "A")).status is status
        assert (await cache.query("x.example", "A")).status is status
        assert len(inner.asked) == 1
        await cache.query("x.example", "A", fresh=True)
    assert len(inner.asked) == 2


async def test_a_cancelled_waiter_does_not_end_it_for_others() -> None:
    inner = Scripted()
    inner.gate.clear()
    async with RunCache(inner) as cache:
        first, second = (asyncio.create_task(cache.query("x.example", "A")) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        inner.gate.set()
        assert (await second).status is Status.NODATA
    assert len(inner.asked) == 1


async def test_closing_ends_what_is_on_its_way() -> None:
    inner = Scripted()
    inner.gate.clear()
    cache = RunCache(inner)
    waiting = asyncio.create_task(cache.query("x.example", "A"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await cache.aclose()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (inner.now, inner.closed) == (0, True)


async def test_an_error_of_the_caller_reaches_everybody_who_asked() -> None:
    class Broken(Scripted):
        async def query(self, name: str, rdtype: str, *, fresh: bool = False, server: str | None = None) -> Answer:
            raise ResolverError("no")

    async with RunCache(Broken()) as cache:
        ended = await asyncio.gather(*(cache.query("x", "A", server="?") for _ in range(3)), return_exceptions=True)
    assert [type(e) for e in ended] == [ResolverError] * 3


class Clock:
    """The event loop's time, moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self.ahead = 0.0
        real = loop.time
        monkeypatch.setattr(loop, "time", lambda: real() + self.ahead)


async def test_past_the_deadline_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    inner = Scripted()
    async with RunCache(inner, deadline=60.0) as cache:
        assert (await cache.query("x.example", "A")).status is Status.NODATA
        clock.ahead = 61.0
        late = await cache.query("y.example", "A")
        assert (await cache.query("x.example", "A")).status is Status.NODATA
        assert (await cache.query("x.example", "A", fresh=True)).status is Status.TIMEOUT
    assert (late.status, late.name, bool(late.detail)) == (Status.TIMEOUT, "y.example", True)
    assert len(inner.asked) == 1


async def test_the_deadline_ends_questions_on_their_way_and_in_line(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    inner = Scripted()
    inner.gate.clear()
    async with RunCache(inner, deadline=60.0, in_flight=1) as cache:
        waiting = [asyncio.create_task(cache.query(f"n{i}.example", "A")) for i in range(3)]
        await inner.arrived.wait()
        clock.ahead = 61.0
        answers = await asyncio.gather(*waiting)
    assert [a.status for a in answers] == [Status.TIMEOUT] * 3
    assert (len(inner.asked), inner.now) == (1, 0)


async def _in_turn(cache: RunCache, count: int, server: str | None = None) -> list[Status]:
    return [(await cache.query(f"n{i}.example", "A", server=server)).status for i in range(count)]


async def test_a_dead_server_is_not_asked_for_ever() -> None:
    inner = Scripted(lambda name, server: Status.TIMEOUT)
    async with RunCache(inner) as cache:
        assert await _in_turn(cache, 20) == [Status.TIMEOUT] * 20
        assert cache.asked == TIMEOUTS_UNTIL_DOUBT
        assert len(inner.asked) == TIMEOUTS_UNTIL_DOUBT + 1
        assert len(cache.answers()) == 20


async def test_a_server_that_comes_back_is_found_by_a_fresh_question() -> None:
    inner = Scripted(lambda name, server: Status.TIMEOUT)
    async with RunCache(inner) as cache:
        await _in_turn(cache, 6)
        inner.say = lambda name, server: Status.NXDOMAIN
        assert (await cache.query("other.example", "A")).status is Status.TIMEOUT
        assert (await cache.query("other.example", "A", fresh=True)).status is Status.NXDOMAIN
        assert (await cache.query("third.example", "A")).status is Status.NXDOMAIN


async def test_a_living_server_asked_about_dead_domains_stays_trusted() -> None:
    inner = Scripted(lambda name, server: Status.REFUSED if name == "." else Status.TIMEOUT)
    async with RunCache(inner) as cache:
        await _in_turn(cache, 20)
    assert cache.asked == 20
    assert [name for name, _, _ in inner.asked].count(".") == 1


async def test_one_answer_ever_is_a_sign_of_life() -> None:
    inner = Scripted(lambda name, server: Status.NODATA if name == "n0.example" else Status.TIMEOUT)
    async with RunCache(inner) as cache:
        await _in_turn(cache, 20)
    assert cache.asked == len(inner.asked) == 20


async def test_each_named_server_has_a_life_of_its_own() -> None:
    inner = Scripted(lambda name, server: Status.TIMEOUT if server else Status.NODATA)
    async with RunCache(inner) as cache:
        await _in_turn(cache, 10, server="192.0.2.1")
        assert await _in_turn(cache, 10) == [Status.NODATA] * 10
    assert cache.asked == TIMEOUTS_UNTIL_DOUBT + 10


async def test_a_dead_server_and_many_questions_at_once() -> None:
    inner = Scripted(lambda name, server: Status.TIMEOUT)
    async with RunCache(inner, in_flight=4) as cache:
        answers = await asyncio.gather(*(cache.query(f"n{i}.example", "A") for i in range(100)))
    assert {a.status for a in answers} == {Status.TIMEOUT}
    assert cache.asked <= 2 * 4


async def test_afresh_asks_everything_afresh_of_the_server_given() -> None:
    inner = Scripted()
    async with RunCache(inner) as first:
        await first.query("x.example", "A")
        async with RunCache(Afresh(first, "192.0.2.1")) as look:
            await look.query("x.example", "A")
            await look.query("x.example", "A")
            await look.query("x.example", "A", server="192.0.2.2")
        assert not inner.closed
    assert inner.asked == [
        ("x.example", False, None),
        ("x.example", True, "192.0.2.1"),
        ("x.example", True, "192.0.2.2"),
    ]
