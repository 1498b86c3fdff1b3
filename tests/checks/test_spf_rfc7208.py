"""The openspf test suite for RFC 7208 (tests/data/rfc7208, BSD licence): every case is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from deliverkit.checks.spf_eval import check_host
from deliverkit.net.resolver import Status
from tests.checks.spf_zone import Zone

SUITE = Path(__file__).parent.parent / "data" / "rfc7208" / "rfc7208-tests.yml"


def records(entries: list[Any]) -> dict[str, list[str] | Status]:
    """One name of the suite's zone. Type SPF stands for TXT as well where no TXT is written; ``TXT: NONE``
    switches that off; a bare TIMEOUT is the answer to every type that has no records."""
    found: dict[str, list[str] | Status] = {}
    dual: list[str] = []
    generated = True
    timeout = False
    for entry in entries:
        if entry == "TIMEOUT":
            timeout = True
            continue
        ((rdtype, value),) = entry.items()
        generated &= rdtype != "TXT"
        if rdtype in ("TXT", "SPF"):
            value = "".join(value) if isinstance(value, list) else value
            if rdtype == "SPF":
                dual.append(value)
                continue
        if value == "NONE":
            continue
        if rdtype == "MX":
            value = f"{value[0]} {value[1].lower() or '.'}"
        if rdtype in ("PTR", "CNAME"):
            value = value.lower().removesuffix(".")
        answers = found.setdefault(rdtype, [])
        assert isinstance(answers, list)
        answers.append(value)
    if generated and dual:
        found["TXT"] = dual
    if timeout:
        return dict.fromkeys(("TXT", "A", "AAAA", "MX", "PTR"), Status.TIMEOUT) | found
    return found


def follow(zone: dict[str, dict[str, list[str] | Status]]) -> dict[str, dict[str, list[str] | Status]]:
    """Resolve CNAMEs as a name server does; a loop is SERVFAIL."""
    resolved = {}
    for name, types in zone.items():
        seen = {name}
        while "CNAME" in types:
            target = types["CNAME"][0]
            if target in seen:
                types = dict.fromkeys(("TXT", "A", "AAAA", "MX", "PTR"), Status.SERVFAIL)
                break
            seen.add(target)
            types = zone.get(target, {})
        resolved[name] = types
    return resolved


def cases() -> list[Any]:
    found = []
    for scenario in yaml.safe_load_all(SUITE.read_bytes()):
        zone = follow({str(name).lower(): records(entries) for name, entries in scenario["zonedata"].items()})
        found += [pytest.param(zone, case, id=name) for name, case in scenario["tests"].items()]
    return found


def test_the_suite_is_whole() -> None:
    assert len(cases()) == 203


@pytest.mark.parametrize(("zone", "case"), cases())
async def test_case(zone: dict[str, Any], case: dict[str, Any]) -> None:
    helo, mail_from = str(case["helo"]), case["mailfrom"]
    sender = mail_from or f"postmaster@{helo}"
    domain = sender.rpartition("@")[2]
    evaluation = await check_host(case["host"], domain, sender, helo, Zone(zone), explain=True)
    allowed = case["result"] if isinstance(case["result"], list) else [case["result"]]
    assert evaluation.result in allowed, evaluation
    if "explanation" in case:
        assert (evaluation.explanation or "DEFAULT") == case["explanation"]
