"""The cases of the demo, each on its recorded world."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from deliverkit.session import DEMO, Network
from deliverkit_tui.casefile import Given


@dataclass(frozen=True, slots=True)
class DemoCase:
    """A reply, what the user would name, and the world that answers."""

    title: str
    reply: str
    given: Given
    network: Network


@cache
def cases() -> tuple[DemoCase, ...]:
    """All of them, in the order of the demo."""
    rows = tomllib.loads((DEMO / "cases.toml").read_text(encoding="utf-8"))["case"]
    return tuple(
        DemoCase(
            title=row["title"],
            reply=row["reply"].strip(),
            given=Given(row.get("domain", ""), row.get("ip", ""), "", row.get("recipient", "")),
            network=Network(replay="demo"),
        )
        for row in rows
    )
