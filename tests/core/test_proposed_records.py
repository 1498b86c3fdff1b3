"""Records that are safe to publish: none that shuts the sender out, none that undoes an earlier step."""

from __future__ import annotations

import json

import pytest

from deliverkit.audit import audit
from deliverkit.checks import Target, World
from deliverkit.knowledge import Knowledge
from deliverkit.model import Record
from deliverkit.net.replay import ReplayResolver
from deliverkit.net.world import World as DnsWorld

IP = "192.0.2.10"


async def proposed(
    knowledge: Knowledge,
    spf: str | list[str] | None,
    *ips: str,
    dmarc: str = "v=DMARC1; p=none; rua=mailto:d@a.example",
) -> list[tuple[str, Record]]:
    """(step, record) of the SPF and DMARC checks of a domain with these records."""
    texts = [] if spf is None else [spf] if isinstance(spf, str) else spf
    world = f"""
    [root]
    default = "nxdomain"
    [zone."a.example"]
    "@" = {{ TXT = {json.dumps(texts)}, MX = ["10 mail.a.example"] }}
    "mail" = {{ A = ["{IP}"] }}
    "_spf" = {{ TXT = ["v=spf1 ip4:192.0.2.99 -all"] }}
    "_dmarc" = {{ TXT = ["{dmarc}"] }}
    [zone."2.0.192.in-addr.arpa"]
    "10" = {{ PTR = ["mail.a.example"] }}
    """
    resolver = ReplayResolver(DnsWorld.read(world))
    found = await audit(Target(domain="a.example", ips=ips), World(resolver, knowledge), checks=["spf", "dmarc"])
    return [(step.id, step.record) for step in found.steps if step.record]


def of_spf(records: list[tuple[str, Record]]) -> list[str]:
    return [record.value for _, record in records if record.name == "a.example"]


@pytest.mark.parametrize(
    "spf",
    [
        "v=spf1 ptr -all",
        "v=spf1 include:gone.example -all",
        "v=spf1 redirect=gone.example",
        "v=spf1 a:old.a.example a:older.a.example mx:none.a.example -all",
        "v=spf1 +all",
    ],
)
async def test_no_record_is_proposed_that_lets_nobody_send(spf: str, knowledge: Knowledge) -> None:
    assert of_spf(await proposed(knowledge, spf)) == []


@pytest.mark.parametrize(
    ("spf", "value"),
    [
        ("v=spf1 +all", "v=spf1 ip4:192.0.2.10 ~all"),
        ("v=spf1 ptr:a.example include:_spf.a.example -all", "v=spf1 ip4:192.0.2.10 include:_spf.a.example -all"),
    ],
)
async def test_who_passed_by_a_term_that_goes_is_kept(spf: str, value: str, knowledge: Knowledge) -> None:
    assert of_spf(await proposed(knowledge, spf, IP)) == [value]


async def test_every_ip_that_was_named_is_added(knowledge: Knowledge) -> None:
    [value] = of_spf(await proposed(knowledge, "v=spf1 ip4:192.0.2.99 -all", IP, "192.0.2.99", "2001:db8::5"))
    assert value == "v=spf1 ip4:192.0.2.10 ip6:2001:db8::5 ip4:192.0.2.99 -all"
    [first] = of_spf(await proposed(knowledge, None, IP, "2001:db8::5"))
    assert first == "v=spf1 ip4:192.0.2.10 ip6:2001:db8::5 ~all"


@pytest.mark.parametrize("spf", ["v=spf1 include:_spf.a.example ?all", "v=spf1 include:_spf.a.example"])
async def test_the_records_of_one_name_build_on_each_other(spf: str, knowledge: Knowledge) -> None:
    records = await proposed(knowledge, spf, IP)
    assert {step.partition(".")[0] for step, _ in records} >= {"spf-end-with-all", "spf-add-sender"}
    assert of_spf(records)[-1] == "v=spf1 ip4:192.0.2.10 include:_spf.a.example ~all"
    assert {record.now for _, record in records if record.name == "a.example"} == {(spf,)}


async def test_reports_come_before_a_stricter_policy(knowledge: Knowledge) -> None:
    records = await proposed(knowledge, "v=spf1 mx -all", dmarc="v=DMARC1; p=none")
    assert [record.value for _, record in records] == ["v=DMARC1; p=none; rua=mailto:dmarc-reports@a.example"]


async def test_a_redirect_that_goes_leaves_an_end(knowledge: Knowledge) -> None:
    assert of_spf(await proposed(knowledge, "v=spf1 mx redirect=gone.example")) == ["v=spf1 mx ~all"]
