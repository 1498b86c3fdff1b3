"""Policies and logos from a real web server over TLS, found through a real name server: right and wrong."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from asking import command, finding_ids
from loopback_web import Authority, Respond, Web, says
from real_servers import Knot

from deliverkit.checks import Target, World, check
from deliverkit.knowledge import load
from deliverkit.model import CheckResult, Outcome
from deliverkit.net import open_resolver
from deliverkit.net.https import HttpsFetcher

POLICY_HOST = "mta-sts.shop.example"
POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: mx.shop.example\r\nmax_age: 604800\r\n"
LOGO = (
    b'<svg xmlns="http://www.w3.org/2000/svg" version="1.2" baseProfile="tiny-ps" viewBox="0 0 64 64">'
    b"<title>Shop</title></svg>"
)
ZONE = """
@ MX 10 mx
@ TXT "v=spf1 -all"
mx A 192.0.2.25
mta-sts A 127.0.0.1
mta-sts AAAA ::1
www A 127.0.0.1
_mta-sts TXT "v=STSv1; id=2026"
_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tls@shop.example"
default._bimi TXT "v=BIMI1; l=https://www.shop.example/logo.svg; a="
_dmarc TXT "v=DMARC1; p=reject"
"""
LOOPBACK_443 = "127.0.0.1"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def run(name: str, server: str, authority: Authority, port: int, **more: Any) -> CheckResult:
    async with open_resolver([server]) as resolver:
        fetcher = HttpsFetcher(resolver, ca_file=authority.file, port=port, **{"allow_private": True, **more})
        return await check(name)(Target(domain="shop.example"), World(resolver, load(), http=fetcher))


def ids(result: CheckResult) -> list[str]:
    return [finding.id for finding in result.findings]


async def mta_sts(knot: Knot, authority: Authority, respond: Respond, **more: Any) -> CheckResult:
    names: Sequence[str] = more.pop("names", (POLICY_HOST,))
    begins, ends = more.pop("days", (-2, 2))
    server = knot({"shop.example": ZONE})
    async with Web(respond, authority.context(*names, begins=begins, ends=ends)) as web:
        return await run("mta-sts", server, authority, web.port, **more)


async def test_a_policy_that_fits(knot: Knot, authority: Authority) -> None:
    result = await mta_sts(knot, authority, says(POLICY))
    assert (ids(result), result.outcome) == (["mta-sts-ok"], Outcome.PASS)


@pytest.mark.parametrize(
    ("more", "fault"),
    [({"days": (-9, -1)}, "expired"), ({"names": ("www.shop.example",)}, "wrong-name")],
)
async def test_a_certificate_that_is_not_valid(
    knot: Knot, authority: Authority, more: dict[str, Any], fault: str
) -> None:
    result = await mta_sts(knot, authority, says(POLICY), **more)
    assert ids(result) == ["mta-sts-policy-certificate"]
    assert result.findings[0].args["fault"] == fault


async def _drip(_: str, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 99\r\n\r\nversion: STSv1\r\n")
    await writer.drain()
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("respond", "finding", "outcome"),
    [
        (says(b"", "301 Moved", location=f"https://{POLICY_HOST}/other.txt"), "mta-sts-policy-redirect", Outcome.WARN),
        (says(b"x" * 100_000), "mta-sts-policy-too-large", Outcome.WARN),
        (says(POLICY, content_type="text/html"), "mta-sts-policy-type", Outcome.PASS),
        (says(b"<html>", "404 Not Found"), "mta-sts-policy-missing", Outcome.WARN),
        (says(b"", "503 Busy"), "mta-sts-policy-unreachable", Outcome.UNKNOWN),
        (says(POLICY.replace(b"mx.shop", b"old.shop")), "mta-sts-mx-uncovered", Outcome.FAIL),
        (_drip, "mta-sts-policy-unreachable", Outcome.UNKNOWN),
    ],
)
async def test_what_a_web_server_does_wrong(
    knot: Knot, authority: Authority, respond: Respond, finding: str, outcome: Outcome
) -> None:
    result = await mta_sts(knot, authority, respond, seconds=1.0)
    assert finding in ids(result)
    assert result.outcome is outcome


async def test_nothing_is_sent_to_a_private_address(knot: Knot, authority: Authority) -> None:
    server = knot({"shop.example": ZONE})
    async with Web(says(POLICY), authority.context(POLICY_HOST)) as web:
        result = await run("mta-sts", server, authority, web.port, allow_private=False)
    assert ids(result) == ["mta-sts-policy-private"]
    assert web.heads == []


@pytest.mark.parametrize("body", [LOGO, gzip.compress(LOGO)])
async def test_a_logo_from_a_web_server(knot: Knot, authority: Authority, body: bytes) -> None:
    server = knot({"shop.example": ZONE})
    async with Web(says(body, content_type="image/svg+xml"), authority.context("www.shop.example")) as web:
        result = await run("bimi", server, authority, web.port)
    assert ids(result) == ["bimi-no-certificate", "bimi-ok"]


@pytest.fixture
def port_443() -> None:
    """The command line connects to port 443 and to no other."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((LOOPBACK_443, 443))
        except OSError as error:
            pytest.skip(f"port 443 of {LOOPBACK_443} cannot be taken: {error}")


@pytest.mark.usefixtures("port_443")
async def test_the_command_as_a_user_runs_it(
    knot: Knot, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    server, recording = knot({"shop.example": ZONE}), tmp_path / "run.json"
    words = ("audit", "shop.example", "--checks", "mta-sts,tls-rpt", "-f", "json")
    async with Web(says(POLICY), authority.context(POLICY_HOST), LOOPBACK_443, 443) as web:
        seen = await asyncio.to_thread(command, *words, "-n", server, "--allow-private", "--record", str(recording))
        private = await asyncio.to_thread(command, *words, "-n", server)
        off = await asyncio.to_thread(command, *words, "-n", server, "--allow-private", "--no-http")
    assert seen.code == 0, seen.err + seen.out
    assert finding_ids(seen.json["audits"][0]["checks"]) == {"mta-sts-ok", "tls-rpt-ok"}
    assert "mta-sts-policy-private" in finding_ids(private.json["audits"][0]["checks"])
    assert off.code == 3
    assert "mta-sts-policy-not-fetched" in finding_ids(off.json["audits"][0]["checks"])
    assert len(web.heads) == 1
    assert [document["status"] for document in json.loads(recording.read_text())["documents"]] == ["ok"]
    again = await asyncio.to_thread(command, *words, "--replay", str(recording))
    assert again.code == 0
    assert finding_ids(again.json["audits"][0]["checks"]) == {"mta-sts-ok", "tls-rpt-ok"}
