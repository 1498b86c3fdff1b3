"""Records that are proposed as they stand in the knowledge say what is there today."""

from __future__ import annotations

from deliverkit.audit import audit
from deliverkit.checks import Target, World
from deliverkit.knowledge import Knowledge
from deliverkit.model import Record
from deliverkit.net.replay import ReplayResolver


async def records(zones: dict[str, object], knowledge: Knowledge, **known: object) -> list[Record]:
    resolver = ReplayResolver.from_zones({"zone": zones, "root": {"default": "nxdomain"}})
    target = Target("shop.example", **known)  # type: ignore[arg-type]
    found = await audit(target, World(resolver, knowledge), checks=("mx", "ptr"))
    return [step.record for step in found.steps if step.record]


async def test_a_null_mx_is_shown_beside_the_mx_that_replaces_it(knowledge: Knowledge) -> None:
    zones = {"shop.example": {"@": {"MX": ["0 ."], "TXT": ["v=spf1 mx -all"]}}}
    (mx,) = (r for r in await records(zones, knowledge) if r.rdtype == "MX")
    assert (mx.value, mx.now) == ("10 mail.shop.example", ("0 .",))


async def test_the_addresses_of_a_host_are_shown_and_not_published_twice(knowledge: Knowledge) -> None:
    ptr = {"10": {"PTR": ["mail.shop.example"]}}
    zones = {
        "shop.example": {"@": {"MX": ["10 mail.shop.example"]}, "mail": {"A": ["192.0.2.25"]}},
        "2.0.192.in-addr.arpa": ptr,
    }
    (a,) = (r for r in await records(zones, knowledge, ips=("192.0.2.10",)) if r.rdtype == "A")
    assert (a.name, a.value, a.now) == ("mail.shop.example", "192.0.2.10", ("192.0.2.25",))
    zones["shop.example"]["mail"]["A"].append("192.0.2.10")
    assert not [r for r in await records(zones, knowledge, ips=("192.0.2.10",)) if r.rdtype == "A"]
