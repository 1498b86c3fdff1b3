"""A real mail server (aiosmtpd) on port 25 of a loopback address, its certificate, and what DANE says of it.

Mail servers are visited on port 25, so these tests need the right to listen there.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from asking import Ran, command, finding_ids
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from loopback_smtp import Authority
from real_servers import Knot, Servers, StartUnbound
from signed_zones import plant

ADDRESS = "127.0.53.3"


def _may_listen() -> bool:
    try:
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((ADDRESS, 25))
    except OSError:
        return False
    return True


pytestmark = pytest.mark.skipif(not _may_listen(), reason=f"port 25 of {ADDRESS} cannot be listened to here")

SHOP = f'@ MX 10 mx\nmx A {ADDRESS}\n@ TXT "v=spf1 mx -all"'


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


Start = Callable[[ssl.SSLContext | None], None]


@pytest.fixture
def mail_server() -> Iterator[Start]:
    """``mail_server(context)``: a server that offers STARTTLS with this context, or not at all."""
    running: list[Controller] = []

    def start(context: ssl.SSLContext | None) -> None:
        # It looks the client up by name to greet itself; the name given here spares that question.
        controller = Controller(
            Sink(), hostname=ADDRESS, port=25, tls_context=context, server_hostname="mx.shop.example"
        )
        controller.start()
        running.append(controller)

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture
def hostile() -> Iterator[Callable[[bytes], None]]:
    """``hostile(data)``: something on port 25 that says ``data`` over and over to everybody."""
    ended = threading.Event()
    threads: list[threading.Thread] = []

    def serve(listener: socket.socket, data: bytes) -> None:
        taken: list[socket.socket] = []
        with listener:
            listener.settimeout(0.05)
            while not ended.is_set():
                with suppress(OSError):
                    taken.append(listener.accept()[0])
                    taken[-1].settimeout(0.5)
                    while data and not ended.is_set():
                        taken[-1].sendall(data)
        for each in taken:
            each.close()

    def start(data: bytes) -> None:
        threads.append(threading.Thread(target=serve, args=(socket.create_server((ADDRESS, 25)), data)))
        threads[-1].start()

    yield start
    ended.set()
    for thread in threads:
        thread.join()


def looked(resolver: str, *more: str) -> Ran:
    return command(
        "audit", "shop.example", "-n", resolver, "--checks", "starttls", "--allow-private", "-f", "json", *more
    )


def found(ran: Ran) -> set[str]:
    return finding_ids(ran.json["audits"][0]["checks"])


def test_a_server_with_a_certificate_of_its_own(knot: Knot, mail_server: Start, authority: Authority) -> None:
    mail_server(authority.server(self_signed=True))
    ran = looked(knot({"shop.example": SHOP}))
    assert (ran.code, found(ran)) == (0, {"starttls-certificate-untrusted"})
    host = ran.json["audits"][0]["checks"][0]["facts"]["hosts"][0]
    assert (host["status"], host["tls_version"]) == ("tls", "TLSv1.3")


def test_the_same_server_breaks_mta_sts(knot: Knot, mail_server: Start, authority: Authority) -> None:
    mail_server(authority.server(self_signed=True))
    ran = looked(knot({"shop.example": SHOP + '\n_mta-sts TXT "v=STSv1; id=1"'}))
    assert found(ran) == {"starttls-mta-sts-broken", "starttls-certificate-untrusted"}


def test_a_server_without_tls(knot: Knot, mail_server: Start) -> None:
    mail_server(None)
    ran = looked(knot({"shop.example": SHOP}), "--fail-on", "warning")
    assert (ran.code, found(ran)) == (1, {"starttls-missing"})


def test_nobody_listens(knot: Knot) -> None:
    ran = looked(knot({"shop.example": SHOP}))
    assert (ran.code, found(ran)) == (3, {"starttls-unreachable"})


@pytest.mark.parametrize(
    ("data", "finding"),
    [
        (b"220-welcome\r\n", "starttls-no-smtp"),
        (b"\x00\xff\x1b[31m", "starttls-no-smtp"),
        (b"", "starttls-unreachable"),
    ],
    ids=["endless banner", "garbage", "silence"],
)
def test_a_hostile_server_is_unknown_and_the_run_ends(
    knot: Knot, hostile: Callable[[bytes], None], data: bytes, finding: str
) -> None:
    hostile(data)
    ran = looked(knot({"shop.example": SHOP}))
    assert (ran.code, found(ran)) == (3, {finding})
    assert "\x1b" not in ran.out


def test_without_leave_nothing_is_connected_to(knot: Knot, mail_server: Start) -> None:
    mail_server(None)
    server = knot({"shop.example": SHOP})
    ran = command("audit", "shop.example", "-n", server, "--checks", "starttls", "-f", "json")
    assert found(ran) == {"starttls-private"}
    ran = looked(server, "--no-smtp")
    assert (ran.code, found(ran)) == (3, {"starttls-not-looked"})


def test_dane_is_compared_with_what_is_shown(
    servers: Servers, unbound: StartUnbound, mail_server: Start, authority: Authority, tmp_path: Path
) -> None:
    mail_server(authority.server())
    pem = next(authority.folder.glob("server-*.pem")).read_bytes()
    key = x509.load_pem_x509_certificates(pem)[0].public_key()
    digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
    right = plant(servers, unbound, f"{SHOP}\n_25._tcp.mx TLSA 3 1 1 {digest}")
    file = str(tmp_path / "run.json")
    ran = looked(right.resolver.address, "--record", file)
    assert (ran.code, found(ran)) == (0, {"starttls-dane-match"})
    again = command("audit", "shop.example", "--replay", file, "--checks", "starttls", "-f", "json")
    assert (again.code, found(again)) == (0, {"starttls-dane-match"})
    wrong = plant(servers, unbound, f"{SHOP}\n_25._tcp.mx TLSA 3 1 1 {'ab' * 32}")
    ran = looked(wrong.resolver.address)
    assert ran.code == 1
    assert "starttls-dane-mismatch" in found(ran)
