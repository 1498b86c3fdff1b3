"""A receiving server that refuses each recipient with words of its own, and keeps the reports that come back.

Every refusal has its own loopback address, so the server knows from the connection alone what to say and when: in its
greeting, to MAIL, RCPT, DATA or after the message.
"""

from __future__ import annotations

import asyncio
import re
import socket
import textwrap
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import cast

SENDER_DOMAIN = "sender.example"
SENDER_IP = "127.20.0.1"
"""Where the reports go to."""
NAME_SERVER = "127.22.0.1"
"""Says of every name that it is not there; without an answer OpenSMTPD waits for the name of each address."""
PHASES = ("connect", "mail", "rcpt", "data", "eod")
_CODE = re.compile(r"([45]\d\d)[ -]((?:[45]\.\d{1,3}\.\d{1,3}\b ?)?)")
_LETTERS = "bcdfghjklm"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What one recipient's server says, and to which command."""

    number: int
    text: str
    """The reply as a rule's example has it; it begins with its code."""
    phase: str
    folded: bool = False
    """In many short lines, code and enhanced code on each, as Gmail writes them."""

    @property
    def name(self) -> str:
        """A word that no rule looks for."""
        return "".join(_LETTERS[int(digit)] for digit in f"{self.number:04}")

    @property
    def domain(self) -> str:
        return f"{self.name}.dest.example"

    @property
    def recipient(self) -> str:
        return f"jane.{self.name}@{self.domain}"

    @property
    def sender(self) -> str:
        return f"news.{self.name}@{SENDER_DOMAIN}"

    @property
    def ip(self) -> str:
        return f"127.21.{self.number // 250}.{self.number % 250 + 1}"

    @property
    def is_temporary(self) -> bool:
        return self.text.startswith("4")

    def lines(self) -> list[str]:
        """The reply as it goes over the wire (RFC 5321 section 4.2.1)."""
        found = _CODE.match(self.text)
        assert found
        code, enhanced = found[1], found[2]
        if "\n" in self.text:
            return self.text.split("\n")
        if self.text[3] == "-":
            # Copied from a page that lost the line ends, or the last line.
            *first, last = re.split(rf" (?={code}[ -])", self.text)
            return [*(f"{code}-{line[4:]}" for line in first), f"{code} {last[4:]}"]
        if not self.folded and len(self.text) < 500:
            return [self.text]
        rest = self.text[found.end() :]
        pieces = textwrap.wrap(rest, 60 if self.folded else 400, break_on_hyphens=False, break_long_words=False) or [""]
        last = len(pieces) - 1
        return [f"{code}{' ' if n == last else '-'}{enhanced}{piece}" for n, piece in enumerate(pieces)]


class _NoSuchName(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        # Flags: an answer, recursion available, NXDOMAIN; the question stands in it as it came.
        self._transport.sendto(data[:2] + b"\x81\x83" + data[4:6] + bytes(6) + _question(data), addr)


def _question(data: bytes) -> bytes:
    end = data.find(b"\0", 12)
    return data[12 : end + 5]


class RefusingServer:
    """``async with RefusingServer(refusals) as server``: listens on ``server.port`` of every refusal's address."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self._by_ip = {refusal.ip: refusal for refusal in refusals}
        self.reports: dict[str, list[bytes]] = {}
        """Mails that came to a sender, by its address."""
        self.port = 0

    async def __aenter__(self) -> RefusingServer:
        sockets: list[socket.socket] = []
        for ip in (SENDER_IP, *self._by_ip):
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((ip, self.port))
            self.port = sock.getsockname()[1]
            sockets.append(sock)
        self._servers = [await asyncio.start_server(self._session, sock=sock, backlog=100) for sock in sockets]
        loop = asyncio.get_running_loop()
        self._names, _ = await loop.create_datagram_endpoint(_NoSuchName, local_addr=(NAME_SERVER, 53))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._names.close()
        for server in self._servers:
            server.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        refusal = self._by_ip.get(writer.get_extra_info("sockname")[0])
        with suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            await self._talk(reader, writer, refusal)
        writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, refusal: Refusal | None) -> None:
        async def say(*lines: str) -> None:
            writer.write("".join(line + "\r\n" for line in lines).encode())
            await writer.drain()

        async def answer(phase: str, *lines: str) -> bool:
            refused = refusal is not None and refusal.phase == phase
            await say(*(refusal.lines() if refusal and refused else lines))
            return refused

        if await answer("connect", "220 mx.dest.example ESMTP"):
            return
        to: list[str] = []
        while line := (await reader.readline()).decode("utf-8", "replace").strip():
            verb = line[:4].upper()
            if verb == "EHLO":
                await say("250-mx.dest.example", "250-8BITMIME", "250 ENHANCEDSTATUSCODES")
            elif verb == "MAIL":
                await answer("mail", "250 2.1.0 Ok")
            elif verb == "RCPT":
                if not await answer("rcpt", "250 2.1.5 Ok"):
                    to.append(line.partition("<")[2].partition(">")[0])
            elif verb == "DATA":
                if await answer("data", "354 Go ahead"):
                    continue
                data = await self._content(reader)
                if not await answer("eod", "250 2.0.0 Ok: taken"):
                    for address in to:
                        self.reports.setdefault(address, []).append(data)
                to = []
            elif verb == "QUIT":
                await say("221 2.0.0 Bye")
                return
            else:
                await say("250 2.0.0 Ok")

    @staticmethod
    async def _content(reader: asyncio.StreamReader) -> bytes:
        lines: list[bytes] = []
        while (line := await reader.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        return b"".join(lines)


async def submit(port: int, groups: Sequence[Sequence[Refusal]], connections: int = 8) -> None:
    """Hand one message for each group of recipients to the server on ``port``; the first one's sender sends it.

    Raises AssertionError where the server does not take one."""
    waiting = list(reversed(groups))

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def expect(code: bytes, line: str = "") -> None:
            if line:
                writer.write(line.encode() + b"\r\n")
            while (got := await reader.readline())[3:4] == b"-":
                pass
            assert got.startswith(code), (line, got)

        await expect(b"220")
        await expect(b"250", "EHLO app.sender.example")
        while waiting:
            group = waiting.pop()
            await expect(b"250", f"MAIL FROM:<{group[0].sender}>")
            for refusal in group:
                await expect(b"250", f"RCPT TO:<{refusal.recipient}>")
            await expect(b"354", "DATA")
            await expect(b"250", _message(group[0]) + "\r\n.")
        await expect(b"221", "QUIT")
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))


def _message(refusal: Refusal) -> str:
    return (
        f"From: Shop <shop@{SENDER_DOMAIN}>\r\nTo: <{refusal.recipient}>\r\nSubject: Your order\r\n"
        f"Date: Sun, 22 Nov 2026 07:00:00 +0000\r\nMessage-ID: <{refusal.name}@{SENDER_DOMAIN}>\r\n\r\n"
        "Thank you. Your mailbox is full of ideas; a user unknown to us may be blocked for spam.\r\n"
    )
