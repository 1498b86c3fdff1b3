"""Alignment by the tree walk (RFC 9989 section 4.4, 4.10.2)."""

from __future__ import annotations

import pytest
from test_dmarc_walk import FAILURES, NONE, Tree

from deliverkit.checks.alignment import Mode, align
from deliverkit.checks.dmarc_walk import walk
from deliverkit.net.resolver import Status


async def aligned(
    author: str, identifier: str, records: dict[str, str | list[str] | Status], mode: Mode = Mode.RELAXED
) -> bool | None:
    tree = Tree(records)
    return (await align(await walk(author, tree), identifier, mode, tree)).aligned


@pytest.mark.parametrize(
    ("author", "identifier", "records", "relaxed", "strict"),
    [
        ("example.com", "example.com", {"example.com": NONE}, True, True),
        ("example.com", "bounce.example.com", {"example.com": NONE}, True, False),
        ("news.example.com", "bounce.example.com", {"example.com": NONE}, True, False),
        ("example.com", "example.net", {"example.com": NONE, "example.net": NONE}, False, False),
        ("example.com", "example.net", {"example.com": NONE}, False, False),
        ("example.com", "notexample.com", {"example.com": NONE}, False, False),
        # A part of the tree that declares itself an organization (psd=n) leaves the one above.
        ("a.example.com", "b.example.com", {"example.com": NONE, "b.example.com": NONE + ";psd=n"}, False, False),
        # Below a public suffix each customer is an organization.
        ("a.example.com", "b.example.com", {"example.com": NONE + ";psd=y"}, False, False),
        ("a.example.com", "x.a.example.com", {"example.com": NONE + ";psd=y"}, True, False),
    ],
)
async def test_modes(
    author: str, identifier: str, records: dict[str, str | list[str] | Status], relaxed: bool, strict: bool
) -> None:
    assert await aligned(author, identifier, records) is relaxed
    assert await aligned(author, identifier, records, Mode.STRICT) is strict


@pytest.mark.parametrize("status", FAILURES)
async def test_failed_walk_leaves_it_open(status: Status) -> None:
    assert await aligned("example.com", "b.example.net", {"example.com": NONE, "b.example.net": status}) is None
    assert await aligned("example.com", "example.com", {"example.com": NONE, "com": status}) is True
    found = await align(
        await walk("example.com", Tree({"example.com": NONE})),
        "b.example.net",
        Mode.RELAXED,
        Tree({"b.example.net": status}),
    )
    assert [step.domain for step in found.failed] == ["b.example.net"]


async def test_equal_names_and_strict_mode_ask_nothing() -> None:
    tree = Tree({"example.com": NONE})
    author = await walk("example.com", tree)
    tree.asked.clear()
    await align(author, "example.com", Mode.RELAXED, tree)
    await align(author, "example.net", Mode.STRICT, tree)
    assert tree.asked == []
