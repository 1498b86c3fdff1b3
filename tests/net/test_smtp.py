"""The door to port 25: what it sees of good, bad and hostile servers, where it does not go, and its recordings."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

import pytest
from loopback_smtp import HOST, Authority, Leads, LoopbackSmtp

from deliverkit.errors import FileError
from deliverkit.net import smtp_live
from deliverkit.net.record import document
from deliverkit.net.replay import ReplayResolver
from deliverkit.net.resolver import Status
from deliverkit.net.smtp import CertificateFault, NoDoor, ReplayDoor, SmtpSession, Visit, session_rows, sessions_from
from deliverkit.net.smtp_live import LiveDoor


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def look(server: LoopbackSmtp, *, ca: Path | None = None, seconds: float = 2.0) -> SmtpSession:
    door = LiveDoor(
        Leads("127.0.0.1"), seconds=seconds, allow_private=True, port=server.port, ca_file=str(ca) if ca else None
    )
    try:
        return await door.visit(HOST)
    finally:
        await door.aclose()


async def test_a_sound_server(authority: Authority) -> None:
    async with LoopbackSmtp(context=authority.server()) as server:
        seen = await look(server, ca=authority.file)
    assert (seen.status, seen.fault, seen.code, seen.greeting) == (Visit.TLS, None, 220, "mx.shop.example ESMTP")
    assert seen.tls_version == "TLSv1.3"
    assert len(seen.chain) == 2
    assert seen.extensions == ("STARTTLS", "SIZE 1000000")
    assert server.connections == 1


async def test_no_sender_and_no_recipient_is_ever_named(authority: Authority) -> None:
    async with LoopbackSmtp(context=authority.server(days=-1)) as server:
        await look(server, ca=authority.file)
    assert {line.split(" ")[0] for line in server.heard} <= {"EHLO", "STARTTLS", "QUIT"}
    assert server.heard[0] == "EHLO [127.0.0.1]"
    assert server.connections == 2


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        ({"days": -1}, CertificateFault.EXPIRED),
        ({"self_signed": True}, CertificateFault.SELF_SIGNED),
        ({"host": "other.example"}, CertificateFault.WRONG_NAME),
    ],
)
async def test_a_certificate_that_is_not_valid_is_looked_at_all_the_same(
    authority: Authority, made: dict[str, object], fault: CertificateFault
) -> None:
    async with LoopbackSmtp(context=authority.server(**made)) as server:
        seen = await look(server, ca=authority.file)
    assert (seen.status, seen.fault) == (Visit.TLS, fault)
    assert seen.chain


async def test_an_authority_that_nobody_knows(authority: Authority) -> None:
    async with LoopbackSmtp(context=authority.server()) as server:
        seen = await look(server)
    assert (seen.status, seen.fault) == (Visit.TLS, CertificateFault.UNTRUSTED)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
async def test_an_old_version_of_tls_is_seen(authority: Authority) -> None:
    context = authority.server()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    async with LoopbackSmtp(context=context) as server:
        seen = await look(server, ca=authority.file)
    assert (seen.status, seen.tls_version) == (Visit.TLS, "TLSv1.1")


async def test_a_server_without_starttls() -> None:
    async with LoopbackSmtp() as server:
        seen = await look(server)
    assert seen.status is Visit.NO_STARTTLS
    assert server.heard[-1] == "QUIT"


GREETED = b"220 hi\r\n250-mx\r\n250 STARTTLS\r\n"


def says(data: bytes, *, then_wait: bool = False):
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        if then_wait:
            await reader.read()

    return talk


async def no_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(GREETED)
    await reader.readuntil(b"STARTTLS\r\n")
    writer.write(b"220 go\r\n")
    await reader.read(1)


async def for_ever(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"220-welcome\r\n" * 100)
        await writer.drain()


HOSTILE = {
    "garbage": (says(b"\x00\xff\x16\x03garbage\r\n", then_wait=True), Visit.NOT_SMTP),
    "http": (says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Visit.NOT_SMTP),
    "one endless line": (says(b"2" * 100_000, then_wait=True), Visit.NOT_SMTP),
    "an endless banner": (for_ever, Visit.NOT_SMTP),
    "hangs up": (says(b""), Visit.NOT_SMTP),
    "never says a word": (says(b"", then_wait=True), Visit.TIMEOUT),
    "refuses": (says(b"554 no service for you\r\n", then_wait=True), Visit.REFUSED),
    "defers": (says(b"421 try later\r\n", then_wait=True), Visit.REFUSED),
    "refuses EHLO": (says(b"220 hi\r\n502 what\r\n", then_wait=True), Visit.REFUSED),
    "offers and refuses": (says(GREETED + b"454 not now\r\n", then_wait=True), Visit.NO_STARTTLS),
    "offers no TLS behind STARTTLS": (no_tls, Visit.TLS_FAILED),
    "talks on in the clear": (says(GREETED + b"220 go\r\n250 injected\r\n", then_wait=True), Visit.TLS_FAILED),
}


@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_hostile_server_ends_in_a_value(kind: str) -> None:
    talk, status = HOSTILE[kind]
    async with LoopbackSmtp(talk) as server:
        seen = await look(server, seconds=0.2)
    assert seen.status is status
    assert len(seen.greeting) <= smtp_live.MAX_LINE


async def test_nobody_listens() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        door = LiveDoor(Leads("127.0.0.1"), seconds=0.5, allow_private=True, port=sock.getsockname()[1])
        assert (await door.visit(HOST)).status is Visit.UNREACHABLE


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.1.1", "::1", "fd00::1", "::ffff:127.0.0.1"])
async def test_private_addresses_are_not_connected_to_unless_told(address: str) -> None:
    async with LoopbackSmtp() as server:
        seen = await LiveDoor(Leads(address), port=server.port).visit(HOST)
    assert seen.status is Visit.PRIVATE_ADDRESS
    assert server.connections == 0


@pytest.mark.parametrize(
    ("status", "visit"), [(Status.NXDOMAIN, Visit.NO_ADDRESS), (Status.SERVFAIL, Visit.DNS_FAILURE)]
)
async def test_a_host_without_a_known_address(status: Status, visit: Visit) -> None:
    assert (await LiveDoor(Leads(status=status)).visit(HOST)).status is visit


async def test_one_host_is_visited_once_a_run() -> None:
    async with LoopbackSmtp() as server:
        door = LiveDoor(Leads("127.0.0.1"), seconds=1, allow_private=True, port=server.port)
        await asyncio.gather(*(door.visit(name) for name in (HOST, HOST.upper(), HOST)))
        assert server.connections == 1
        await door.visit(HOST, fresh=True)
        assert server.connections == 2
        assert [s.host for s in door.sessions()] == [HOST]


async def test_a_recording_gives_the_same_visit() -> None:
    seen = SmtpSession(
        HOST, Visit.TLS, "192.0.2.25", 220, "hi", ("STARTTLS",), "TLSv1.3", "X", CertificateFault.EXPIRED, (b"\0der",)
    )
    recording = document([], sessions=[seen])
    again = ReplayDoor(ReplayResolver.from_dict(recording).sessions)
    assert await again.visit(HOST) == seen
    assert (await again.visit("other.example")).status is Visit.NOT_RECORDED
    assert session_rows(again.sessions()) == recording["smtp"]
    assert "smtp" not in document([])


async def test_a_closed_door_goes_nowhere() -> None:
    assert (await NoDoor().visit(HOST)).status is Visit.SWITCHED_OFF


@pytest.mark.parametrize(
    "row",
    [
        [],
        {HOST: []},
        {HOST: {"status": "fine"}},
        {HOST: {"status": "tls", "chain": ["***"]}},
        {HOST: {"status": "tls", "chain": 3}},
        {HOST: {"status": "tls", "code": "220"}},
        {HOST: {"status": "tls", "greeting": 5}},
        {HOST: {"status": "tls", "fault": "smell"}},
        {HOST: {"status": "tls", "what": 1}},
    ],
)
def test_a_malformed_recording_is_refused_and_named(row: object) -> None:
    with pytest.raises(FileError, match="smtp"):
        sessions_from(row, "file")
