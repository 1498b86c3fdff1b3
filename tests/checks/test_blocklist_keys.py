"""Account keys stay out of everything that is shown or kept."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from blocklist_world import ListDns, catalogue, world
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.checks import Target, domain_blocklists, ip_blocklists
from deliverkit.checks.blocklist_answer import Listing
from deliverkit.checks.blocklist_keys import REDACTED, keys_from, redact, redacted
from deliverkit.checks.blocklist_rows import BlocklistPass
from deliverkit.net.record import document
from deliverkit.net.resolver import Answer, Status

KEY = "Zq7secretsecret0987"


def test_keys_come_from_the_environment_by_name() -> None:
    environment = {"DELIVERKIT_KEY_SPAMHAUS_DQS": f" {KEY} ", "DELIVERKIT_KEY_ABUSIX": "", "HOME": "/x"}
    assert keys_from(environment) == {"spamhaus-dqs": KEY}


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_key_never_survives_in_any_case(before: str, after: str) -> None:
    assert KEY.lower() not in redact(f"{before}{KEY.upper()}{after}{KEY}", [KEY]).lower()


def test_a_recording_can_be_made_without_the_key() -> None:
    answer = Answer(f"2.0.0.127.{KEY}.zen.dq.spamhaus.net".lower(), "A", Status.NOERROR, ("127.0.0.2",), detail=KEY)
    kept = json.dumps(document([redacted(answer, [KEY])]))
    assert KEY.lower() not in kept.lower()
    assert REDACTED in kept


async def test_no_result_holds_a_key() -> None:
    keyed = [b for b in catalogue().values() if b.key]
    dns = ListDns().healthy(keyed, key=KEY)
    zen, dbl = catalogue()["spamhaus-dqs-zen"], catalogue()["spamhaus-dqs-dbl"]
    dns.put("192.0.2.10", zen, "127.0.0.4", txt=f"see {KEY}", key=KEY)
    dns.put("shop.example", dbl, "127.255.255.250", txt=f"key {KEY} is off", key=KEY)
    keys = dict.fromkeys({b.key for b in keyed if b.key}, KEY)
    here = world(dns, keys=keys)
    target = Target(domain="shop.example", ips=("192.0.2.10",))
    results = [await ip_blocklists.run(target, here), await domain_blocklists.run(target, here)]
    rows = {row.list: row for result in results for one in result.facts.subjects for row in one.rows}
    assert rows["spamhaus-dqs-zen"].state is Listing.LISTED
    assert rows["spamhaus-dqs-dbl"].state is Listing.REFUSED
    assert any(KEY.lower() in name for name in dns.names())
    shown = (
        repr(results)
        + repr(dataclasses.replace(here, resolver=ListDns()))
        + json.dumps([dataclasses.asdict(row) for row in rows.values()], default=str)
    )
    assert KEY.lower() not in shown.lower()


async def test_a_recorded_run_holds_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from deliverkit.session import Network, open_world

    monkeypatch.setenv("DELIVERKIT_KEY_SPAMHAUS_DQS", KEY)
    empty, kept = tmp_path / "world.toml", tmp_path / "kept.json"
    empty.write_text('[root]\ndefault = "nxdomain"\n')
    async with open_world(Network(replay=str(empty), record=str(kept))) as here:
        await ip_blocklists.run(Target(ips=("192.0.2.10",)), here)
    text = kept.read_text().lower()
    assert "zen.dq.spamhaus.net" in text
    assert KEY.lower() not in text


async def test_a_pass_does_not_show_its_keys() -> None:
    one_pass = BlocklistPass(ListDns(), catalogue(), {"spamhaus-dqs": KEY})
    assert KEY not in repr(one_pass)


async def test_a_key_that_is_no_label_is_neither_asked_nor_shown() -> None:
    dns = ListDns()
    one_pass = BlocklistPass(dns, {"abusix-combined": catalogue()["abusix-combined"]}, {"abusix": "bad.key.bad.key"})
    rows = [row async for row in one_pass.rows("192.0.2.10")]
    assert [row.why for row in rows] == ["bad_key"]
    assert "bad.key" not in repr(rows)
    assert not dns.asked
