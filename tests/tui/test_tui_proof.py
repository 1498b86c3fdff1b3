"""The evidence panes of the checks about servers, and the row of what providers demand."""

from __future__ import annotations

import pytest
from piloting import Opened, keys, settle
from test_audit_screen import audited

from deliverkit.checks.dane import DaneFacts, HostTlsa
from deliverkit.checks.dnssec import DnssecFacts
from deliverkit.checks.mta_sts import MtaStsFacts
from deliverkit.checks.mta_sts_policy import read_policy
from deliverkit.checks.nameservers import NameserverFacts, ServerAnswers
from deliverkit.checks.tlsa import read
from deliverkit.net.resolver import Answer, Status
from deliverkit_tui.proof_servers import servers_of
from deliverkit_tui.screens.domain import DomainScreen
from deliverkit_tui.widgets.page_view import PageView
from deliverkit_tui.widgets.row_grid import RowGrid

EVIL = "3 1 1 \x1b[2J\u202e"
POLICY = read_policy("version: STSv1\nmode: enforce\nmx: a.shop.example\nmax_age: 86400\n")


def asked(status: Status = Status.NOERROR) -> tuple[Answer, ...]:
    return (Answer("shop.example", "SOA", status, ("x",) if status is Status.NOERROR else ()),)


@pytest.mark.parametrize(
    ("facts", "words", "marks"),
    [
        (
            MtaStsFacts(
                "shop.example", policy=POLICY, hosts=("a.shop.example", "b.shop.example"), uncovered=("b.shop.example",)
            ),
            ("a.shop.example", "enforce"),
            "✓✗",
        ),
        (
            DaneFacts("shop.example", (HostTlsa("a.shop.example", asked()[0], read(["3 1 1 " + "ab" * 32, EVIL])),)),
            ("3 1 1 abab",),
            "✓✗",
        ),
        (
            NameserverFacts(
                "shop.example",
                "shop.example",
                (
                    ServerAnswers("ns1.shop.example", "192.0.2.1", 7, asked()),
                    ServerAnswers("ns2.shop.example", "192.0.2.2", None, asked(Status.TIMEOUT)),
                    ServerAnswers("ns3.shop.example", "192.0.2.3", None, asked(Status.REFUSED)),
                ),
            ),
            ("ns1.shop.example", "192.0.2.2"),
            "✓?✗",
        ),
        (DnssecFacts("shop.example", "shop.example", True, False, ("13",), 1_800_000_000), ("13", "2027-01-15"), "✗"),
    ],
)
def test_each_server_is_a_row_with_its_mark(facts: object, words: tuple[str, ...], marks: str) -> None:
    shown = [block.content.plain for block in servers_of(facts)]
    text = "\n".join(shown)
    assert all(word in text for word in words)
    assert "".join(line[0] for line in shown if line[0] in "✓✗?") == marks
    assert not {"\x1b", "\u202e"} & set(text)


async def test_a_domain_is_held_against_what_providers_demand(opened: Opened) -> None:
    async with opened(size=(100, 40)) as pilot:
        await audited(pilot, "shop.example")
        await keys(pilot, "enter")
        screen = pilot.app.screen
        assert isinstance(screen, DomainScreen)
        assert screen.query_one(RowGrid).move_to("demands:all")
        await settle(pilot)
        page = screen.query_one(PageView).text
        assert "Gmail" in page
        assert "✓" in page
