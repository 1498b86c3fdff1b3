"""Bytes to a name server and back: UDP, TCP, TLS and HTTPS. Nothing here knows what the bytes say.

Every function waits without end; the caller sets the time. What fails is an OSError.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from deliverkit.net.https import http_library
from deliverkit.net.packets import Question, random_id
from deliverkit.net.servers import Scheme, Server

_LARGEST = 65535
"""A DNS message has at most so many bytes: TCP gives its length in two."""
_DNS_MESSAGE = "application/dns-message"


class Channel(Protocol):
    """A connection kept for many questions."""

    async def exchange(self, question: Question) -> bytes:
        """Send a question; the packet that matches it."""
        ...

    async def aclose(self) -> None:
        """Let go of the connection."""
        ...


async def over_udp(server: Server, question: Question) -> bytes:
    """Ask from a port of its own (RFC 5452 section 9.2); what does not match the question is passed over.

    The socket is connected, so the kernel drops packets from anybody else, and says when nobody listens.
    """
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET6 if ":" in server.host else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect((server.host, server.port))
        await loop.sock_sendall(sock, question.wire)
        while True:
            data = await loop.sock_recv(sock, _LARGEST)
            if question.matches(data):
                return data


async def over_tcp(server: Server, question: Question) -> bytes:
    """Ask over a connection that is closed afterwards: only what does not fit a UDP packet comes here."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    try:
        writer.write(_framed(question.wire))
        while True:
            data = await _frame(reader)
            if question.matches(data):
                return data
    finally:
        writer.transport.abort()


def _framed(wire: bytes) -> bytes:
    return len(wire).to_bytes(2, "big") + wire


async def _frame(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
    except asyncio.IncompleteReadError as error:
        raise ConnectionResetError("the server closed the connection without an answer") from error


def open_channel(server: Server, ca_file: Path | None = None) -> Channel:
    """The kept connection for a TLS or HTTPS server; it connects at the first question."""
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    return _TlsChannel(server, context) if server.scheme is Scheme.TLS else _HttpsChannel(server, context)


class _Connection:
    """One open TLS connection, many questions at a time, told apart by id (RFC 7766 section 6.2.1)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._waiting: dict[int, tuple[Question, asyncio.Future[bytes]]] = {}
        self.closed = False
        self._task = asyncio.create_task(self._read(reader))

    async def exchange(self, question: Question) -> bytes:
        while question.id in self._waiting:
            question = question.with_id(random_id())
        answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[question.id] = (question, answered)
        try:
            self._writer.write(_framed(question.wire))
            return await answered
        finally:
            self._waiting.pop(question.id, None)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                data = await _frame(reader)
                question, answered = self._waiting.get(int.from_bytes(data[:2], "big"), (None, None))
                if question and answered and question.matches(data) and not answered.done():
                    answered.set_result(data)
        except OSError as error:
            self._fail(error)
        finally:
            self._fail(ConnectionResetError("the connection was closed"))

    def _fail(self, error: OSError) -> None:
        self.closed = True
        self._writer.transport.abort()
        for _, answered in self._waiting.values():
            if not answered.done():
                answered.set_exception(error)

    async def aclose(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task


class _TlsChannel:
    """DNS over TLS (RFC 7858): one connection, opened when needed and again after the server closed it."""

    def __init__(self, server: Server, context: ssl.SSLContext) -> None:
        self._server = server
        self._context = context
        self._opening = asyncio.Lock()
        self._connection: _Connection | None = None

    async def exchange(self, question: Question) -> bytes:
        kept, connection = await self._connected()
        try:
            return await connection.exchange(question)
        except ConnectionError:
            if not kept:
                raise
        # Servers close idle connections whenever they like (RFC 7766 section 6.2.3): that is no failure yet.
        _, connection = await self._connected()
        return await connection.exchange(question)

    async def _connected(self) -> tuple[bool, _Connection]:
        """The connection, and whether it was there before."""
        async with self._opening:
            if self._connection is not None and not self._connection.closed:
                return True, self._connection
            reader, writer = await asyncio.open_connection(
                self._server.host, self._server.port, ssl=self._context, server_hostname=self._server.host
            )
            self._connection = _Connection(reader, writer)
            return False, self._connection

    async def aclose(self) -> None:
        if self._connection is not None:
            await self._connection.aclose()


class _HttpsChannel:
    """DNS over HTTPS (RFC 8484), POST, HTTP/2 where the server has it."""

    def __init__(self, server: Server, context: ssl.SSLContext) -> None:
        host = f"[{server.host}]" if ":" in server.host else server.host
        self._url = f"https://{host}:{server.port}{server.path}"
        self._http: Any = http_library()
        self._client: Any = self._http.AsyncClient(http2=True, verify=context, timeout=None)

    async def exchange(self, question: Question) -> bytes:
        question = question.with_id(0)  # RFC 8484 section 4.1: the same question is the same bytes
        headers = {"accept": _DNS_MESSAGE, "content-type": _DNS_MESSAGE, "accept-encoding": "identity"}
        try:
            async with self._client.stream("POST", self._url, content=question.wire, headers=headers) as response:
                if response.status_code != 200:
                    raise ConnectionError(f"HTTP status {response.status_code}")
                if response.headers.get("content-type", "").partition(";")[0].strip().lower() != _DNS_MESSAGE:
                    raise ConnectionError("an HTTP answer that is no DNS message")
                data = await _bounded(response)
        except (self._http.HTTPError, self._http.InvalidURL) as error:
            raise ConnectionError(f"HTTPS: {error or type(error).__name__}") from error
        if not question.matches(data):
            raise ConnectionError("an answer to another question")
        return data

    async def aclose(self) -> None:
        await self._client.aclose()


async def _bounded(response: Any) -> bytes:
    """The body as sent: unpacking what a hostile server compressed could fill the memory before it is counted."""
    data = b""
    async for chunk in response.aiter_raw():
        data += chunk
        if len(data) > _LARGEST:
            raise ConnectionError("an HTTP answer too large for a DNS message")
    return data
