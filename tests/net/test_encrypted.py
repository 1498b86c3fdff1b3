"""DNS over TLS and over HTTPS, against servers in this process."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import Callable, Iterable
from pathlib import Path

import dns.message
import pytest
from loopback_dns import LoopbackDns, Packet, reply
from loopback_tls import LoopbackHttps, http, self_signed, server_context

from deliverkit.net.live import LiveResolver
from deliverkit.net.resolver import Status

SHORT = 0.1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    cert_file, key_file = self_signed(tmp_path_factory.mktemp("tls"))
    return cert_file, server_context(cert_file, key_file)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def _named(query: dns.message.Message, tcp: bool) -> Iterable[Packet]:
    """Every name has its own text, so that answers given to the wrong question would show."""
    name = query.question[0].name.to_text()
    return [reply(query, f'{name} 9 IN TXT "{name}"')]


Certificate = tuple[Path, ssl.SSLContext]


async def test_one_tls_connection_carries_all_questions(certificate: Certificate) -> None:
    async with (
        LoopbackDns(_named, tls=certificate[1]) as server,
        LiveResolver([f"tls://{server.address}"], ca_file=certificate[0]) as resolver,
    ):
        answers = await asyncio.gather(*(resolver.query(f"n{i}.example", "TXT") for i in range(200)))
    assert [a.records for a in answers] == [(f"n{i}.example.",) for i in range(200)]
    assert server.connections == 1
    assert answers[0].server == f"tls://{server.address}"


async def test_a_tls_connection_that_was_closed_is_opened_again(certificate: Certificate) -> None:
    async with (
        LoopbackDns(_named, tls=certificate[1]) as server,
        LiveResolver([f"tls://{server.address}"], ca_file=certificate[0]) as resolver,
    ):
        assert (await resolver.query("a.example", "TXT")).found
        server.hang_up()
        assert (await resolver.query("b.example", "TXT")).found
    assert server.connections == 2


async def test_tls_passes_over_what_does_not_match(certificate: Certificate) -> None:
    def respond(query: dns.message.Message, tcp: bool) -> Iterable[Packet]:
        other = dns.message.make_query("other.example", "TXT", id=query.id)
        return [b"", b"\0", reply(other, "other.example. 9 IN TXT spoofed"), *_named(query, tcp)]

    async with (
        LoopbackDns(respond, tls=certificate[1]) as server,
        LiveResolver([f"tls://{server.address}"], ca_file=certificate[0]) as resolver,
    ):
        assert (await resolver.query("a.example", "TXT")).records == ("a.example.",)


async def test_a_silent_tls_server_is_a_timeout(certificate: Certificate) -> None:
    async with (
        LoopbackDns(lambda query, tcp: (), tls=certificate[1]) as server,
        LiveResolver([f"tls://{server.address}"], SHORT, 1, ca_file=certificate[0]) as resolver,
    ):
        assert (await resolver.query("a.example", "TXT")).status is Status.TIMEOUT


async def test_a_tls_server_that_hangs_up_is_an_error(certificate: Certificate) -> None:
    def respond(query: dns.message.Message, tcp: bool) -> Iterable[Packet]:
        raise ConnectionResetError

    async with (
        LoopbackDns(respond, tls=certificate[1]) as server,
        LiveResolver([f"tls://{server.address}"], ca_file=certificate[0]) as resolver,
    ):
        assert (await resolver.query("a.example", "TXT")).status is Status.ERROR


@pytest.mark.parametrize("scheme", ["tls", "https"])
async def test_a_certificate_that_nobody_vouches_for_is_an_error(certificate: Certificate, scheme: str) -> None:
    async with (
        LoopbackDns(_named, tls=certificate[1]) as server,
        LiveResolver([f"{scheme}://{server.address}"]) as resolver,
    ):
        answer = await resolver.query("a.example", "TXT")
    assert (answer.status, server.asked) == (Status.ERROR, [])


def _doh_message(body: bytes) -> bytes:
    return reply(dns.message.from_wire(body), "a.example. 9 IN TXT x").to_wire()


def _doh(body: bytes) -> bytes:
    return http(_doh_message(body))


async def test_https_posts_the_question_with_id_0(certificate: Certificate) -> None:
    async with (
        LoopbackHttps(_doh, certificate[1]) as server,
        LiveResolver([server.url], ca_file=certificate[0]) as resolver,
    ):
        answers = [await resolver.query("a.example", "TXT") for _ in range(2)]
    assert [a.records for a in answers] == [("x",), ("x",)]
    assert answers[0].server == server.url
    head, body = server.requests[0]
    assert head.startswith("POST /dns-query ")
    assert body[:2] == b"\0\0"


@pytest.mark.parametrize(
    "respond",
    [
        lambda body: http(_doh_message(body), "403 Forbidden"),
        lambda body: http(b"", "302 Found\r\nlocation: https://127.0.0.1:1/"),
        lambda body: http(_doh_message(body), kind="text/html"),
        lambda body: http(b"garbage"),
        lambda body: http(_doh_message(body) + b"\0" * 70_000),
        lambda body: http(gzip.compress(_doh_message(body)), "200 OK\r\ncontent-encoding: gzip"),
        lambda body: http(b"\0\1" + body[2:]),
        lambda body: b"no http at all\r\n\r\n",
    ],
)
async def test_an_https_server_that_says_nonsense_is_an_error(
    certificate: Certificate, respond: Callable[[bytes], bytes]
) -> None:
    async with (
        LoopbackHttps(respond, certificate[1]) as server,
        LiveResolver([server.url], ca_file=certificate[0]) as resolver,
    ):
        assert (await resolver.query("a.example", "TXT")).status is Status.ERROR


async def test_a_silent_https_server_is_a_timeout(certificate: Certificate) -> None:
    async with (
        LoopbackHttps(lambda body: b"", certificate[1]) as server,
        LiveResolver([server.url], SHORT, 1, ca_file=certificate[0]) as resolver,
    ):
        assert (await resolver.query("a.example", "TXT")).status is Status.TIMEOUT
