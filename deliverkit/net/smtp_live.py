"""The only door to port 25: greet, STARTTLS, look at the certificate, QUIT. Never MAIL FROM.

Everything that comes from the other side is bounded: lines, bytes, seconds, connections.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress
from dataclasses import replace
from typing import Any

from deliverkit.net.public import is_public
from deliverkit.net.resolver import Resolver
from deliverkit.net.smtp import MAX_CHAIN, CertificateFault, SmtpSession, Visit

PORT = 25
MAX_BYTES = 16 * 1024
"""Of everything said before TLS; a talkative server says one."""
MAX_LINES = 100
MAX_LINE = 1024
"""Characters of a line that are kept; RFC 5321 section 4.5.3.1.5 allows 512."""
MAX_ADDRESSES = 2
"""Addresses of a host that are tried."""
TOGETHER = 4
"""Connections at the same time."""

_FAULTS = {
    9: CertificateFault.NOT_YET_VALID,
    10: CertificateFault.EXPIRED,
    18: CertificateFault.SELF_SIGNED,
    62: CertificateFault.WRONG_NAME,
    63: CertificateFault.WRONG_NAME,
    64: CertificateFault.WRONG_NAME,
}
"""By the numbers that OpenSSL gives its verdicts (X509_V_ERR_…)."""


class _SaidError(Exception):
    """The other side's words end the visit."""

    def __init__(self, status: Visit, detail: str = "", code: int | None = None, text: str = "") -> None:
        super().__init__(detail)
        self.status, self.detail, self.code, self.text = status, detail, code, text


class LiveDoor:
    """Visits hosts once a run each; belongs to the event loop that first uses it.

    Addresses come from ``resolver``. ``seconds`` for a connection and for each of greeting, EHLO, STARTTLS and
    handshake; a visit as a whole takes four times that at most. ``port`` and ``ca_file`` are for tests and for
    networks with authorities of their own.
    """

    def __init__(
        self,
        resolver: Resolver,
        *,
        seconds: float = 8.0,
        allow_private: bool = False,
        port: int = PORT,
        ca_file: str | None = None,
    ) -> None:
        self._resolver = resolver
        self._seconds = seconds
        self._allow_private = allow_private
        self._port = port
        self._ca_file = ca_file
        self._slots = asyncio.Semaphore(TOGETHER)
        self._visits: dict[str, asyncio.Task[SmtpSession]] = {}

    async def visit(self, host: str, *, fresh: bool = False) -> SmtpSession:
        """Look at port 25 of ``host``; see ``SmtpDoor.visit``."""
        key = host.lower()
        if fresh or key not in self._visits:
            self._visits[key] = asyncio.create_task(self._timed(key))
        return await asyncio.shield(self._visits[key])

    def sessions(self) -> tuple[SmtpSession, ...]:
        """Every visit that came to its end, the last one of each host."""
        done = (task for task in self._visits.values() if task.done() and not task.cancelled())
        return tuple(task.result() for task in done if task.exception() is None)

    async def aclose(self) -> None:
        """Give up visits on their way."""
        for task in self._visits.values():
            task.cancel()
        await asyncio.gather(*self._visits.values(), return_exceptions=True)

    async def _timed(self, host: str) -> SmtpSession:
        loop = asyncio.get_running_loop()
        started = loop.time()
        session = await self._visit(host)
        return replace(session, elapsed=loop.time() - started)

    async def _visit(self, host: str) -> SmtpSession:
        answers = await asyncio.gather(self._resolver.query(host, "A"), self._resolver.query(host, "AAAA"))
        found = [record for answer in answers for record in answer.records if answer.found]
        if not found:
            failed = any(answer.failed for answer in answers)
            return SmtpSession(host, Visit.DNS_FAILURE if failed else Visit.NO_ADDRESS)
        allowed = [ip for ip in found if self._allow_private or is_public(ip)][:MAX_ADDRESSES]
        if not allowed:
            return SmtpSession(host, Visit.PRIVATE_ADDRESS, address=found[0])
        session = SmtpSession(host, Visit.UNREACHABLE)
        async with self._slots:
            for address in allowed:
                session = await self._at(host, address)
                if session.status is not Visit.UNREACHABLE:
                    break
        return session

    async def _at(self, host: str, address: str) -> SmtpSession:
        """Look with a strict eye first; where that fails, once more to see what is there instead."""
        strict = await self._bounded(host, address, strict=True)
        if strict.status is not Visit.TLS_FAILED:
            return strict
        lenient = await self._bounded(host, address, strict=False)
        if not lenient.secured:
            return lenient if lenient.status is Visit.TLS_FAILED else strict
        return replace(lenient, fault=strict.fault, detail=strict.detail)

    async def _bounded(self, host: str, address: str, *, strict: bool) -> SmtpSession:
        blank = SmtpSession(host, Visit.TIMEOUT, address=address)
        try:
            async with asyncio.timeout(4 * self._seconds):
                return await self._talk(blank, strict=strict)
        except TimeoutError:
            return replace(blank, detail=f"not done within {4 * self._seconds:g} seconds")

    async def _talk(self, session: SmtpSession, *, strict: bool) -> SmtpSession:
        family = socket.AF_INET6 if ":" in session.address else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.setblocking(False)
            loop = asyncio.get_running_loop()
            try:
                async with asyncio.timeout(self._seconds):
                    await loop.sock_connect(sock, (session.address, self._port))
            except TimeoutError:
                return replace(session, status=Visit.UNREACHABLE, detail="no connection within the time")
            except OSError as error:
                return replace(session, status=Visit.UNREACHABLE, detail=error.strerror or str(error))
            words = _Words(sock, self._seconds)
            try:
                return await self._greeted(session, words, strict=strict)
            except _SaidError as said:
                text = said.text or session.greeting
                return replace(session, status=said.status, code=said.code, greeting=text, detail=said.detail)
            except TimeoutError:
                return replace(session, detail="connected, and then silence")
            except OSError as error:
                return replace(session, status=Visit.NOT_SMTP, detail=error.strerror or str(error))

    async def _greeted(self, session: SmtpSession, words: _Words, *, strict: bool) -> SmtpSession:
        code, lines = await words.reply()
        session = replace(session, code=code, greeting=lines[0])
        if code != 220:
            raise _SaidError(Visit.REFUSED, code=code, text=lines[0])
        await words.say(f"EHLO {words.own_name()}")
        code, lines = await words.reply()
        if code != 250:
            await words.quit()
            raise _SaidError(Visit.REFUSED, code=code, text=lines[0])
        session = replace(session, extensions=tuple(lines[1:]))
        if "STARTTLS" not in (line.split(" ")[0].upper() for line in lines[1:]):
            await words.quit()
            return replace(session, status=Visit.NO_STARTTLS)
        await words.say("STARTTLS")
        code, lines = await words.reply()
        if code != 220:
            await words.quit()
            return replace(session, status=Visit.NO_STARTTLS, code=code, detail=lines[0])
        if words.left_over:
            # Text in the clear behind the go-ahead would be taken for part of the secured talk (CVE-2011-0411).
            raise _SaidError(Visit.TLS_FAILED, "the server goes on in the clear after its go-ahead for TLS")
        return await self._secured(session, words, strict=strict)

    async def _secured(self, session: SmtpSession, words: _Words, *, strict: bool) -> SmtpSession:
        context = _strict(self._ca_file) if strict else _lenient()
        try:
            # The transport gets a socket of its own to close, so that ours can be closed in any case.
            reader, writer = await asyncio.open_connection(
                sock=words.sock.dup(),
                ssl=context,
                server_hostname=session.host,
                ssl_handshake_timeout=self._seconds,
                ssl_shutdown_timeout=1.0,
                limit=MAX_BYTES,
            )
        except ssl.SSLCertVerificationError as error:
            fault = _FAULTS.get(error.verify_code, CertificateFault.UNTRUSTED)
            return replace(session, status=Visit.TLS_FAILED, fault=fault, detail=error.verify_message)
        except (ssl.SSLError, OSError) as error:
            detail = getattr(error, "reason", None) or str(error) or type(error).__name__
            return replace(session, status=Visit.TLS_FAILED, detail=str(detail)[:200])
        tls = writer.get_extra_info("ssl_object")
        with suppress(OSError, TimeoutError):
            writer.write(b"QUIT\r\n")
            await writer.drain()
        transport: Any = writer.transport
        transport.abort()
        del reader
        return replace(
            session,
            status=Visit.TLS,
            tls_version=tls.version() or "",
            cipher=(tls.cipher() or ("",))[0],
            chain=_chain(tls),
        )


class _Words:
    """The talk in the clear: replies of RFC 5321 section 4.2, bounded."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self.sock = sock
        self._seconds = seconds
        self._buffer = b""
        self._bytes = 0

    @property
    def left_over(self) -> bool:
        """Something came behind the last reply."""
        return bool(self._buffer)

    def own_name(self) -> str:
        """Our address as a literal: we are no mail server and have no name to give (RFC 5321 section 4.1.3)."""
        address = self.sock.getsockname()[0]
        return f"[IPv6:{address}]" if ":" in address else f"[{address}]"

    async def say(self, line: str) -> None:
        """Send one command."""
        await asyncio.get_running_loop().sock_sendall(self.sock, line.encode("ascii") + b"\r\n")

    async def quit(self) -> None:
        """Take leave, without waiting for the answer."""
        with suppress(OSError):
            await self.say("QUIT")

    async def reply(self) -> tuple[int, list[str]]:
        """Code and lines of one reply. Raises TimeoutError, OSError and ``_SaidError`` for what is no SMTP."""
        lines: list[str] = []
        async with asyncio.timeout(self._seconds):
            while len(lines) < MAX_LINES:
                line = (await self._line()).decode("utf-8", "replace")
                if not line[:3].isascii() or not line[:3].isdigit() or line[3:4] not in ("", " ", "-"):
                    raise _SaidError(Visit.NOT_SMTP, "what came is no reply of a mail server", text=line[:MAX_LINE])
                lines.append(line[4:][:MAX_LINE])
                if line[3:4] != "-":
                    return int(line[:3]), lines
        raise _SaidError(Visit.NOT_SMTP, f"a reply of more than {MAX_LINES} lines")

    async def _line(self) -> bytes:
        while b"\n" not in self._buffer:
            data = await asyncio.get_running_loop().sock_recv(self.sock, 4096)
            self._bytes += len(data)
            if not data:
                raise _SaidError(Visit.NOT_SMTP, "the server hung up without a word")
            if self._bytes > MAX_BYTES:
                raise _SaidError(Visit.NOT_SMTP, f"more than {MAX_BYTES} bytes of greeting")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.removesuffix(b"\r")


def _strict(ca_file: str | None) -> ssl.SSLContext:
    """What a sender that verifies accepts: a chain to a known authority, the host's name, TLS 1.2."""
    return ssl.create_default_context(cafile=ca_file)


def _lenient() -> ssl.SSLContext:
    """Whatever can be agreed on: to see what is there, not to send anything."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with suppress(ssl.SSLError):
        context.set_ciphers("ALL:@SECLEVEL=0")
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    return context


def _chain(tls: Any) -> tuple[bytes, ...]:
    """Every certificate the server sent. Python says it since 3.13; before, its inner object does."""
    own = tls.getpeercert(binary_form=True)
    ask = getattr(tls, "get_unverified_chain", None)
    if ask is not None:
        return tuple(ask() or (own,))[:MAX_CHAIN]
    inner: Any = getattr(tls, "_sslobj", None)
    try:
        import _ssl

        sent = [certificate.public_bytes(_ssl.ENCODING_DER) for certificate in inner.get_unverified_chain()]
    except (AttributeError, ImportError, TypeError):
        return (own,) if own else ()
    return tuple(sent or [own])[:MAX_CHAIN]
