"""Many domains and a name server in trouble: what could not be asked is unknown, nothing is reported wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from asking import command
from lossy_proxy import Trouble, trouble
from real_servers import Knot
from shop_zone import TOP

COUNT = 120
CHECKS = "spf,dmarc,mx"
WRONG = {"spf-missing", "spf-domain-not-found", "dmarc-missing", "mx-missing", "mx-no-domain", "mx-none-usable"}


def zones() -> dict[str, str]:
    """Sound domains, all of them."""
    lines = []
    for i in range(COUNT):
        lines += [
            f'd{i} TXT "v=spf1 include:spf -all"'.replace("include:spf", "include:spf.bulk.example"),
            f'_dmarc.d{i} TXT "v=DMARC1; p=reject"',
            f"d{i} MX 10 mail",
        ]
    return {**TOP, "bulk.example": "\n".join([*lines, 'spf TXT "v=spf1 ip4:192.0.2.10 -all"', "mail A 192.0.2.10"])}


def audited(address: str, folder: Path, *more: str) -> tuple[int, list[dict[str, Any]]]:
    listed, out = folder / "list", folder / "out"
    listed.write_text("".join(f"d{i}.bulk.example\n" for i in range(COUNT)))
    argv = ["audit", "-i", str(listed), "--checks", CHECKS, "-n", address, "-f", "jsonl", "-o", str(out), *more]
    ran = command(*argv)
    return ran.code, [json.loads(line) for line in out.read_text().splitlines()]


def judged(found: list[dict[str, Any]]) -> tuple[set[str], set[str]]:
    """The outcomes, and the findings that nobody may have."""
    outcomes = {check["outcome"] for audit in found for check in audit["checks"]}
    ids = {f["id"] for audit in found for check in audit["checks"] for f in check["findings"]}
    return outcomes, ids & WRONG


@pytest.fixture
def server(knot: Knot) -> str:
    return knot(zones())


def test_in_good_health(server: str, tmp_path: Path) -> None:
    with trouble(server) as (address, _):
        code, found = audited(address, tmp_path)
    assert (code, len(found)) == (0, COUNT)
    assert judged(found) == ({"pass"}, set())


def test_the_server_dies_in_the_middle(server: str, tmp_path: Path) -> None:
    with trouble(server) as (address, proxy):
        proxy.dies_after = COUNT
        code, found = audited(address, tmp_path, "-t", "0.3", "-j", "8")
    outcomes, wrong = judged(found)
    assert (code, len(found), wrong) == (3, COUNT, set())
    assert "unknown" in outcomes
    assert "fail" not in outcomes


def test_a_third_of_all_packets_is_lost(server: str, tmp_path: Path) -> None:
    with trouble(server) as (address, proxy):
        proxy.loss = 0.3
        code, found = audited(address, tmp_path, "-t", "0.3")
    outcomes, wrong = judged(found)
    assert (code, len(found), wrong) == (3, COUNT, set())
    assert outcomes == {"pass", "unknown"}


def test_a_storm_of_servfail(server: str, tmp_path: Path) -> None:
    with trouble(server) as (address, proxy):
        proxy.servfail = 0.5
        code, found = audited(address, tmp_path)
    outcomes, wrong = judged(found)
    assert (code, len(found), wrong) == (3, COUNT, set())
    assert outcomes == {"pass", "unknown"}


def test_no_more_than_the_bound_reaches_a_server(server: str, tmp_path: Path) -> None:
    with trouble(server) as (address, proxy):
        code, found = audited(address, tmp_path, "--per-server", "5")
        assert (code, len(found)) == (0, COUNT)
        assert _busiest(proxy) <= 5


def _busiest(proxy: Trouble) -> int:
    return proxy.busiest
