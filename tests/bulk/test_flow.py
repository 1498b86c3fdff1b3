"""Orders in, results out: bounded, in order, one bad domain alone."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import aclosing

import pytest

import deliverkit
from deliverkit.bulk import Bounds, Done, Order, Plan
from deliverkit.bulk.api import audits, run
from deliverkit.bulk.flow import AHEAD, flow
from deliverkit.bulk.order import keep_audit
from deliverkit.bulk.pace import Pace
from deliverkit.checks import Target, World
from deliverkit.model import Audit, CheckResult
from deliverkit.session import Network

DEMO = Network(replay="demo")


class Counting:
    """An engine that takes some turns of the loop for each order."""

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        self.now = self.most = self.taken = 0
        self.held: asyncio.Event | None = None

    async def submit(self, order: Order) -> Done[str]:
        self.now += 1
        self.taken += 1
        self.most = max(self.most, self.now)
        if self.held is not None and order.domain == "d0.example":
            await self.held.wait()
        for _ in range(random.Random(order.domain).randint(0, 5)):
            await asyncio.sleep(0)
        self.now -= 1
        return Done(order, order.domain)


def orders(count: int) -> Iterator[Order]:
    return (Order(f"d{i}.example") for i in range(count))


@pytest.mark.parametrize("patient", [False, True])
async def test_results_come_in_the_order_of_the_input(patient: bool) -> None:
    engine = Counting(7)
    found = [done.value async for done in flow(orders(100), engine, patient=patient)]
    assert found == [f"d{i}.example" for i in range(100)]
    assert engine.most <= 7
    assert patient or engine.most == 7


async def test_unordered_loses_none() -> None:
    found = [done.value async for done in flow(orders(100), Counting(7), ordered=False)]
    assert sorted(map(str, found)) == sorted(f"d{i}.example" for i in range(100))


async def test_a_slow_domain_does_not_pile_up_the_others() -> None:
    engine = Counting(4)
    engine.held = asyncio.Event()
    async with aclosing(flow(orders(1000), engine)) as results:
        first = asyncio.create_task(anext(results))
        for _ in range(2000):
            await asyncio.sleep(0)
        assert engine.taken <= 4 * AHEAD
        engine.held.set()
        assert (await first).value == "d0.example"


async def test_the_pace_is_kept() -> None:
    pace = Pace(total=10)
    assert len([d async for d in flow(orders(10), Counting(3), pace=pace)]) == 10
    assert (pace.done, pace.running, pace.left) == (10, {}, 0)


async def test_what_an_engine_raises_ends_the_run() -> None:
    class Broken(Counting):
        async def submit(self, order: Order) -> Done[str]:
            raise deliverkit.ResolverError("no")

    with pytest.raises(deliverkit.ResolverError):
        [d async for d in flow(orders(10), Broken(3))]


async def test_what_the_input_raises_ends_the_run() -> None:
    def bad() -> Iterator[Order]:
        yield Order("a.example")
        raise deliverkit.InputError("no")

    for patient in (False, True):
        with pytest.raises(deliverkit.InputError):
            [d async for d in flow(bad(), Counting(2), patient=patient)]


async def test_one_bad_domain_never_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    from deliverkit.checks import mx

    plain = mx.run

    async def sometimes(target: Target, world: World) -> CheckResult:
        if target.domain == "twospf.example":
            raise ZeroDivisionError("on purpose")
        return await plain(target, world)

    monkeypatch.setattr(mx, "run", sometimes)
    plan = Plan(keep_audit, ("mx",), network=DEMO)
    given = (Order(name) for name in ("bakery.example", "twospf.example", "shop.example"))
    found = [done async for done in run(given, plan)]
    assert [done.error is None for done in found] == [True, False, True]
    assert "ZeroDivisionError" in str(found[1].error)


async def test_audits_async() -> None:
    given = ["bakery.example", "joe@twospf.example"]
    found = [a async for a in audits(given, checks=("spf",), network=DEMO)]
    assert [(a.domain, str(a.outcome)) for a in found] == [("bakery.example", "pass"), ("twospf.example", "fail")]


def test_audits_sync_and_in_processes_are_the_same() -> None:
    given = ["bakery.example", "twospf.example", "shop.example"]

    def seen(found: Iterator[Audit]) -> list[tuple[str, str, list[str]]]:
        return [(a.domain, str(a.outcome), [f.id for c in a.checks for f in c.findings]) for a in found]

    here = seen(deliverkit.audit_domains(given, checks=("spf", "mx"), network=DEMO))
    there = seen(deliverkit.audit_domains(given, checks=("spf", "mx"), network=DEMO, bounds=Bounds(processes=2)))
    assert here == there
    assert len(here) == 3


def test_a_script_may_stop_early_and_meets_errors() -> None:
    endless = (f"d{i}.example" for i in range(10**9))
    found = deliverkit.audit_domains(endless, checks=("mx",), network=DEMO)
    assert next(found).domain == "d0.example"
    found.close()  # type: ignore[attr-defined]
    with pytest.raises(deliverkit.InputError):
        list(deliverkit.audit_domains(["no domain"], checks=("mx",), network=DEMO))


async def test_a_domain_that_hangs_is_given_up_and_is_no_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    from deliverkit.bulk import engine
    from deliverkit.checks import mx

    async def hang(target: Target, world: World) -> CheckResult:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(mx, "run", hang)
    monkeypatch.setattr(engine, "GRACE", 0.01)
    plan = Plan(keep_audit, ("mx",), network=Network(replay="demo", deadline=0.01))
    [done] = [done async for done in run([Order("bakery.example")], plan)]
    assert (done.value, done.late) == (None, True)
