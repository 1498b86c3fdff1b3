"""The include tree: counts, bounds, and what hostile records cost."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.checks import Target, World
from deliverkit.checks.spf import MAX_QUESTIONS as ALL_QUESTIONS
from deliverkit.checks.spf import run
from deliverkit.checks.spf_findings import MAX_EVIDENCE, MAX_SAME, MAX_SHOWN
from deliverkit.checks.spf_record import Qualifier
from deliverkit.checks.spf_tree import MAX_NODES, MAX_QUESTIONS, NodeState, spf_tree
from deliverkit.knowledge import Knowledge
from deliverkit.net.resolver import Answer, Status
from tests.checks.spf_zone import Zone


async def test_counts_every_node() -> None:
    zone = Zone(
        {
            "example.com": {"TXT": ["v=spf1 a include:b.example.net ip4:192.0.2.1 include:c.example.net -all"]},
            "b.example.net": {
                "TXT": ["v=spf1 mx exists:x.example.net redirect=d.example.net"],
                "MX": ["10 m.example.net"],
            },
            "c.example.net": {"TXT": ["v=spf1 ptr include:d.example.net ~all redirect=example.com mx"]},
            "d.example.net": {"TXT": ["v=spf1 exists:%{i}.example.net -all"]},
        }
    )
    tree = await spf_tree("example.com", zone)
    root = tree.root
    assert [child.domain for child in root.children] == ["b.example.net", "c.example.net"]
    assert [node.lookups for node in root.walk()] == [3, 3, 1, 2, 1]
    assert (root.total_lookups, root.total_void_lookups, tree.cut) == (10, 2, False)
    assert [node.uncountable for node in root.walk() if node.uncountable] == [("exists:%{i}.example.net",)] * 2
    assert tree.ends_with is Qualifier.FAIL


async def test_the_end_is_found_through_redirects() -> None:
    zone = Zone(
        {
            "example.com": {"TXT": ["v=spf1 include:b.example.net redirect=c.example.net"]},
            "b.example.net": {"TXT": ["v=spf1 -all"]},
            "c.example.net": {"TXT": ["v=spf1 ?all"]},
        }
    )
    assert (await spf_tree("example.com", zone)).ends_with is Qualifier.NEUTRAL


async def test_a_level_is_asked_at_once() -> None:
    """The depth of the tree, not its width, is what the network costs."""
    zone = Zone(
        {
            "example.com": {"TXT": ["v=spf1 a mx include:b.example.net include:c.example.net -all"]},
            "b.example.net": {"TXT": ["v=spf1 include:d.example.net -all"]},
            "c.example.net": {"TXT": ["v=spf1 a -all"]},
            "d.example.net": {"TXT": ["v=spf1 -all"]},
        }
    )
    waves: list[int] = []
    blocked: list[asyncio.Event] = []

    class Slow:
        async def query(self, name: str, rdtype: str, *, fresh: bool = False, server: str | None = None) -> Answer:
            event = asyncio.Event()
            blocked.append(event)
            await event.wait()
            return await zone.query(name, rdtype)

    task = asyncio.ensure_future(spf_tree("example.com", Slow()))
    while not task.done():
        for _ in range(20):
            await asyncio.sleep(0)
        waves.append(len(blocked))
        for event in blocked:
            event.set()
        blocked.clear()
    assert [wave for wave in waves if wave] == [1, 5, 3]


def wide(name: str) -> str:
    return "v=spf1 " + " ".join(f"include:{n}.{name}" for n in range(20)) + " -all"


class Endless:
    """Every name has a record that includes twenty names below it."""

    def __init__(self, record: str | None = None) -> None:
        self.record = record
        self.asked = 0

    async def query(self, name: str, rdtype: str, *, fresh: bool = False, server: str | None = None) -> Answer:
        self.asked += 1
        text = self.record or wide(name)
        return Answer(name, rdtype, Status.NOERROR, (text,) if rdtype == "TXT" else ("192.0.2.1",))


HOSTILE = [
    "v=spf1 include:%{d}.example.com",
    "v=spf1 redirect=x.%{d}",
    "v=spf1 " + "include:%{d}.example.com " * 3000,
    "v=spf1 " + " ".join(f"a:h{n}.example.net" for n in range(5000)),
    "v=spf1 " + " ".join(f"mx:h{n}.example.net/24//64" for n in range(2000)),
    "v=spf1 " + " ".join(f"ip4:192.0.2.{n % 256}" for n in range(5000)),
    "v=spf1 " + "foo" * 20_000,
    "v=spf1 " + "x " * 30_000,
    "v=spf1 \x1b[31mred\x1b[0m \x07 -all",
    "v=spf1 a\x00b -all\x00",
    "v=spf1 [bold]mark[/bold] <script>alert(1)</script> -all",
    "v=spf1 =cmd|' /C calc'!A0 -all",
    "v=spf1 \\x00\\xff -all",
    "v=spf1 exists:%{" + "i" * 60_000 + "}",
    "v=spf1 a:" + "a." * 30_000 + "example.com -all",
]


@pytest.mark.parametrize("record", [None, *HOSTILE], ids=range(len(HOSTILE) + 1))
async def test_hostile_trees_are_bounded(record: str | None, knowledge: Knowledge) -> None:
    resolver = Endless(record)
    tree = await spf_tree("example.com", resolver)
    assert resolver.asked == tree.questions <= MAX_QUESTIONS
    assert len(list(tree.root.walk())) <= MAX_NODES
    target = Target(domain="example.com", ips=("192.0.2.1", "2001:db8::1"))
    resolver = Endless(record)
    result = await run(target, World(resolver, knowledge))
    assert resolver.asked <= ALL_QUESTIONS
    ids = [finding.id for finding in result.findings]
    assert max(ids.count(i) for i in ids) <= MAX_SAME
    for finding in result.findings:
        assert all(len(value) <= MAX_SHOWN for value in finding.args.values() if isinstance(value, str))
        assert all(len(e.value) <= MAX_EVIDENCE for e in finding.evidence)


@pytest.mark.parametrize("status", [Status.TIMEOUT, Status.SERVFAIL, Status.REFUSED, Status.ERROR])
async def test_a_failure_is_a_state_of_its_own(status: Status) -> None:
    zone = Zone(
        {"example.com": {"TXT": ["v=spf1 include:b.example.net a -all"], "A": status}, "b.example.net": {"TXT": status}}
    )
    tree = await spf_tree("example.com", zone)
    assert [node.state for node in tree.root.walk()] == [NodeState.READ, NodeState.UNREACHABLE]
    assert tree.root.hosts[0].unanswered
    assert tree.root.total_void_lookups == 0


@given(st.lists(st.text(alphabet="aimx+-~?:/.=%{}dli4p6 0v\\", max_size=20), max_size=12))
async def test_any_record_makes_a_tree(terms: list[str]) -> None:
    resolver = Endless("v=spf1 " + " ".join(terms))
    tree = await spf_tree("example.com", resolver)
    assert resolver.asked <= MAX_QUESTIONS
    assert tree.root.total_lookups >= tree.root.lookups
