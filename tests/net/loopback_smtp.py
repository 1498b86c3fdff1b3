"""Mail servers on loopback that offer STARTTLS, well or badly, and the certificates they show."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deliverkit.net.resolver import Answer, Dnssec, Status

HOST = "mx.shop.example"


@dataclass
class Authority:
    """A certificate authority of the tests, and what it signs."""

    folder: Path
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "deliverkit test authority")])
        self.certificate = self._sign(self.name, self.key, ca=True)
        self.file = self.folder / "ca.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def _sign(
        self, name: x509.Name, key: ec.EllipticCurvePrivateKey, *, ca: bool = False, host: str = HOST, days: int = 30
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if not ca:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def server(self, *, host: str = HOST, days: int = 30, self_signed: bool = False) -> ssl.SSLContext:
        """A context with a certificate for ``host`` that ends in ``days``."""
        signer = Authority.__new__(Authority) if self_signed else self
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        if self_signed:
            signer.key, signer.name = key, name
        leaf = signer._sign(name, key, host=host, days=days)
        chain = [leaf] if self_signed else [leaf, self.certificate]
        file = self.folder / f"server-{x509.random_serial_number()}.pem"
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(pem + b"".join(c.public_bytes(serialization.Encoding.PEM) for c in chain))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class LoopbackSmtp:
    """A server on a free port of 127.0.0.1 that talks as ``talk`` says, and keeps what it was told."""

    def __init__(self, talk: Talk | None = None, *, context: ssl.SSLContext | None = None, port: int = 0) -> None:
        self._talk = talk or self._polite
        self._context = context
        self._wanted = port
        self.heard: list[str] = []
        self.connections = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._wanted)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(OSError, asyncio.IncompleteReadError):
            await self._talk(reader, writer)
        writer.transport.abort()

    async def _polite(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx.shop.example ESMTP\r\n")
        while line := await reader.readline():
            said = line.decode().strip()
            self.heard.append(said)
            if said.startswith("EHLO"):
                offer = b"250-STARTTLS\r\n" if self._context else b""
                writer.write(b"250-mx.shop.example\r\n" + offer + b"250 SIZE 1000000\r\n")
            elif said == "STARTTLS" and self._context:
                writer.write(b"220 go ahead\r\n")
                await writer.drain()
                await writer.start_tls(self._context)
            elif said == "QUIT":
                writer.write(b"221 bye\r\n")
                return
            else:
                writer.write(b"500 what?\r\n")


class Leads:
    """A resolver by which every host is at these addresses."""

    def __init__(self, *addresses: str, status: Status = Status.NODATA) -> None:
        self.addresses, self.status = addresses, status

    async def query(
        self, name: str, rdtype: str, *, fresh: bool = False, server: str | None = None, dnssec: Dnssec = Dnssec.PLAIN
    ) -> Answer:
        fitting = tuple(a for a in self.addresses if (":" in a) == (rdtype == "AAAA"))
        return Answer(name, rdtype, Status.NOERROR if fitting else self.status, fitting)
