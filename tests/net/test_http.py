"""The door for HTTPS: what a server can do wrong becomes a value, and nothing private is ever connected to."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loopback_web import Authority, Respond, Web, says

from deliverkit.net.fetching import RunFetcher
from deliverkit.net.http import Again, Fetched, Fetcher, FetchStatus, Off, TlsFault
from deliverkit.net.https import HttpsFetcher
from deliverkit.net.public import is_public
from deliverkit.net.replay import ReplayResolver

HOST = "mta-sts.shop.example"
URL = f"https://{HOST}/.well-known/mta-sts.txt"
ZONES = {
    "shop.example": {
        "mta-sts": {"A": ["127.0.0.1"]},
        "other": {"A": ["127.0.0.1"]},
        "both": {"A": ["127.0.0.9", "127.0.0.1"]},
        "inside": {"A": ["10.0.0.1"]},
        "mail": {"MX": ["10 mx.shop.example"]},
        "dead": {"status": "servfail"},
    }
}


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def door(authority: Authority, port: int, **more: Any) -> HttpsFetcher:
    resolver = ReplayResolver.from_zones({"zone": ZONES, "root": {"default": "nxdomain"}})
    return HttpsFetcher(resolver, ca_file=authority.file, port=port, **{"allow_private": True, **more})


async def fetched(authority: Authority, respond: Respond, url: str = URL, **more: Any) -> tuple[Fetched, list[str]]:
    options = {key: more.pop(key) for key in ("max_bytes", "redirects") if key in more}
    async with Web(respond, authority.context(HOST, "other.shop.example")) as web:
        return await door(authority, web.port, **more).fetch(url, **options), web.heads


async def test_a_document_comes_as_it_was_sent(authority: Authority) -> None:
    found, heads = await fetched(authority, says(b"version: STSv1\n", content_type="Text/Plain; charset=utf-8"))
    assert (found.status, found.code, found.content_type) == (FetchStatus.OK, 200, "text/plain")
    assert found.body == b"version: STSv1\n"
    assert found.url == URL
    assert found.ip == "127.0.0.1"
    assert heads[0].startswith("GET /.well-known/mta-sts.txt HTTP/1.1\r\n")
    assert f"host: {HOST}\r\n" in heads[0].lower()


async def test_neither_proxy_nor_cookie_nor_password_of_the_environment_takes_part(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    async with Web(says(b"x", set_cookie="a=b"), authority.context(HOST)) as web:
        fetcher = door(authority, web.port)
        assert [(await fetcher.fetch(URL)).status for _ in range(2)] == [FetchStatus.OK] * 2
    assert not [head for head in web.heads if "cookie" in head.lower() or "authorization" in head.lower()]


@pytest.mark.parametrize(
    ("names", "days", "fault"),
    [
        ((HOST,), (-5, -1), TlsFault.EXPIRED),
        ((HOST,), (1, 5), TlsFault.NOT_YET_VALID),
        (("shop.example",), (-2, 2), TlsFault.WRONG_NAME),
    ],
)
async def test_a_certificate_that_is_not_valid_for_the_host_now(
    authority: Authority, names: tuple[str, ...], days: tuple[float, float], fault: TlsFault
) -> None:
    async with Web(says(b"x"), authority.context(*names, begins=days[0], ends=days[1])) as web:
        found = await door(authority, web.port).fetch(URL)
    assert (found.status, found.tls_fault) == (FetchStatus.TLS_ERROR, fault)
    assert not found.failed
    assert not web.heads


async def test_an_authority_that_nobody_knows(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    async with Web(says(b"x"), Authority(tmp_path / "other").context(HOST)) as web:
        found = await door(authority, web.port).fetch(URL)
    assert (found.status, found.tls_fault) == (FetchStatus.TLS_ERROR, TlsFault.UNTRUSTED)


async def test_a_server_without_tls(authority: Authority) -> None:
    async def greet(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def loud(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail ready\r\n")
        await writer.drain()
        await reader.read(10)
        writer.close()

    server = await asyncio.start_server(loud, "127.0.0.1", 0)
    async with server:
        found = await door(authority, server.sockets[0].getsockname()[1]).fetch(URL)
    assert (found.status, found.tls_fault) == (FetchStatus.TLS_ERROR, TlsFault.HANDSHAKE)


@pytest.mark.parametrize(("code", "failed"), [("404 Not Found", False), ("503 Busy", True), ("429 Slow", True)])
async def test_a_status_other_than_200(authority: Authority, code: str, failed: bool) -> None:
    found, _ = await fetched(authority, says(b"<html>", code))
    assert (found.status, found.code, found.failed) == (FetchStatus.HTTP_ERROR, int(code[:3]), failed)
    assert found.body == b""


async def test_a_redirect_is_not_followed_unless_allowed(authority: Authority) -> None:
    away = says(b"", "301 Moved", location="https://other.shop.example/policy")
    found, heads = await fetched(authority, away)
    assert (found.status, found.location) == (FetchStatus.REDIRECT, "https://other.shop.example/policy")
    assert len(heads) == 1
    found, heads = await fetched(authority, away, redirects=3)
    assert found.status is FetchStatus.REDIRECT
    assert len(heads) == 4


async def test_an_allowed_redirect_leads_to_the_document(authority: Authority) -> None:
    async def respond(head: str, writer: asyncio.StreamWriter) -> None:
        lost = "other.shop.example" not in head
        await (says(b"", "302 Found", location="//other.shop.example/x") if lost else says(b"there"))(head, writer)

    found, _ = await fetched(authority, respond, redirects=1)
    assert (found.status, found.body, found.url) == (FetchStatus.OK, b"there", URL)
    assert found.location == "https://other.shop.example/x"


@pytest.mark.parametrize(
    "location", ["http://shop.example/", "https://127.0.0.1/", "file:///etc/passwd", "https://[::1]/"]
)
async def test_a_redirect_leads_nowhere_but_to_https_hosts(authority: Authority, location: str) -> None:
    found, heads = await fetched(authority, says(b"", "302 Found", location=location), redirects=2)
    assert found.status is FetchStatus.BAD_URL
    assert len(heads) == 1


async def test_a_redirect_into_a_private_network_is_not_followed(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deliverkit.net.https.is_public", lambda ip: ip == "127.0.0.1")
    away = says(b"", "302 Found", location="https://inside.shop.example/admin")
    found, heads = await fetched(authority, away, redirects=2, allow_private=False)
    assert (found.status, found.ip) == (FetchStatus.PRIVATE_ADDRESS, "10.0.0.1")
    assert len(heads) == 1


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_over_the_bound_is_not_read_to_its_end(authority: Authority, chunked: bool) -> None:
    async def endless(_: str, writer: asyncio.StreamWriter) -> None:
        length = "transfer-encoding: chunked" if chunked else f"content-length: {10**12}"
        writer.write(f"HTTP/1.1 200 OK\r\n{length}\r\n\r\n".encode())
        while True:
            writer.write((b"3e8\r\n" if chunked else b"") + b"x" * 1000 + (b"\r\n" if chunked else b""))
            await writer.drain()

    found, _ = await fetched(authority, endless, max_bytes=5000)
    assert (found.status, found.body) == (FetchStatus.TOO_LARGE, b"")


async def test_a_head_without_end_is_an_error(authority: Authority) -> None:
    async def endless(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"x-more: " + b"x" * 1000 + b"\r\n")
            await writer.drain()

    found, _ = await fetched(authority, endless)
    assert found.status is FetchStatus.ERROR
    assert found.failed


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n1234", b"\x00\xff nonsense\r\n\r\n"]
)
async def test_what_is_no_whole_answer_is_an_error(authority: Authority, answer: bytes) -> None:
    async def respond(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    found, _ = await fetched(authority, respond)
    assert found.status is FetchStatus.ERROR


async def test_a_server_that_drips_is_given_up(authority: Authority) -> None:
    async def drip(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx")
        await writer.drain()
        await asyncio.Event().wait()

    found, _ = await fetched(authority, drip, seconds=0.5)
    assert found.status is FetchStatus.TIMEOUT


async def test_the_next_address_is_tried_when_one_refuses(authority: Authority) -> None:
    context = authority.context("both.shop.example")
    async with Web(says(b"here"), context) as web:
        found = await door(authority, web.port).fetch("https://both.shop.example/")
    assert (found.status, found.ip) == (FetchStatus.OK, "127.0.0.1")
    found = await door(authority, web.port).fetch("https://both.shop.example/")
    assert found.status is FetchStatus.REFUSED


@pytest.mark.parametrize(
    ("host", "status", "failed"),
    [
        ("none.shop.example", FetchStatus.NO_HOST, False),
        ("mail.shop.example", FetchStatus.NO_HOST, False),
        ("dead.shop.example", FetchStatus.DNS_FAILURE, True),
        ("mta-sts.shop.example", FetchStatus.PRIVATE_ADDRESS, False),
    ],
)
async def test_hosts_are_found_through_our_resolver(
    authority: Authority, host: str, status: FetchStatus, failed: bool
) -> None:
    found = await door(authority, 1, allow_private=False).fetch(f"https://{host}/")
    assert (found.status, found.failed) == (status, failed)


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://[::1]/",
        "https://localhost/",
        "https://user@shop.example/",
        "https://shop.example:8443/",
        "https://shop.example:x/",
        "https:///x",
        "https://shop.example/\r\nx: y",
        "https://shop.example/ x",
        "https://" + "a" * 3000 + ".example/",
        "javascript:alert(1)",
        "",
        "https://[",
    ],
)
async def test_what_is_no_https_address_of_a_host_is_never_asked(authority: Authority, url: str) -> None:
    assert (await door(authority, 1).fetch(url)).status is FetchStatus.BAD_URL


@given(st.text(max_size=60) | st.text(max_size=60).map(lambda text: f"https://none.shop.example/{text}"))
def test_no_address_makes_it_raise(url: str) -> None:
    resolver = ReplayResolver.from_zones({"zone": {}, "root": {"default": "nxdomain"}})
    found = asyncio.run(HttpsFetcher(resolver).fetch(url))
    assert found.status in (FetchStatus.BAD_URL, FetchStatus.NO_HOST)


@pytest.mark.parametrize("ip", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1"])
def test_addresses_of_the_internet(ip: str) -> None:
    assert is_public(ip)


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "240.0.0.1",
        "192.0.2.1",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:a00:1::1",
        "2001:db8::1",
        "2001:0:1:1::f5ff:fffe",
        "localhost",
    ],
)
def test_addresses_that_are_not_connected_to(ip: str) -> None:
    assert not is_public(ip)


class Counts:
    """A Fetcher that counts."""

    def __init__(self, gate: asyncio.Event | None = None) -> None:
        self.asked: list[str] = []
        self.gate = gate
        self.together = 0
        self.most = 0

    async def fetch(self, url: str, *, max_bytes: int = 0, redirects: int = 0, fresh: bool = False) -> Fetched:
        self.asked.append(url)
        self.together += 1
        self.most = max(self.most, self.together)
        await (self.gate.wait() if self.gate else asyncio.sleep(0))
        self.together -= 1
        return Fetched(url, FetchStatus.OK, 200, body=str(len(self.asked)).encode(), elapsed=1.0)


async def test_a_run_fetches_each_document_once() -> None:
    inner = Counts()
    run = RunFetcher(inner)
    first, second = await asyncio.gather(run.fetch("a"), run.fetch("a"))
    third = await run.fetch("a")
    assert first == second
    assert third.body == first.body
    assert third.elapsed == 0.0
    assert inner.asked == ["a"]
    again = await Again(run).fetch("a")
    assert again.body == b"2"
    assert (await run.fetch("a")).body == b"2"
    assert [d.body for d in run.documents()] == [b"1", b"2"]


async def test_a_run_is_bounded_in_connections_and_in_what_it_keeps() -> None:
    inner = Counts()
    run = RunFetcher(inner, in_flight=2, keep=3, log=False)
    await asyncio.gather(*(run.fetch(str(i)) for i in range(10)))
    assert inner.most == 2
    await run.fetch("0")
    assert len(inner.asked) == 11
    assert run.documents() == ()


async def test_past_the_deadline_nothing_is_waited_for() -> None:
    run = RunFetcher(Counts(asyncio.Event()), deadline=0.01)
    assert (await run.fetch("a")).status is FetchStatus.TIMEOUT
    assert (await run.fetch("b")).status is FetchStatus.TIMEOUT
    await run.aclose()


async def test_one_who_stops_waiting_does_not_stop_the_others() -> None:
    gate = asyncio.Event()
    run = RunFetcher(Counts(gate))
    first, second = asyncio.create_task(run.fetch("a")), asyncio.create_task(run.fetch("a"))
    await asyncio.sleep(0)
    first.cancel()
    gate.set()
    assert (await second).ok


async def test_switched_off_is_said_of_everything() -> None:
    off: Fetcher = Off()
    found = await off.fetch(URL)
    assert found.status is FetchStatus.SWITCHED_OFF
    assert found.failed


def test_commands_that_fetch_nothing_load_nothing_for_it() -> None:
    heavy = {"asyncio", "ssl", "httpx", "httpx2", "cryptography"}
    probe = f"import sys, deliverkit.checks, deliverkit.net.http; sys.exit(bool({heavy!r} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0


def test_the_command_that_asks_the_same_is_safe_to_paste() -> None:
    make: Callable[[str], str] = lambda url: Fetched(url, FetchStatus.OK).curl  # noqa: E731
    assert make("https://shop.example/a'b;reboot").endswith("'https://shop.example/a'\"'\"'b;reboot'")
