"""A name server inside the test process, on loopback, that says exactly what a test wants, right or wrong."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import dns.message
import dns.rcode
import dns.rrset

Packet = dns.message.Message | bytes
Respond = Callable[[dns.message.Message, bool], Iterable[Packet]]
"""From a question, and whether it came over TCP, to the packets to send: none at all is silence."""


@dataclass(frozen=True)
class Asked:
    name: str
    rdtype: str
    tcp: bool
    port: int
    id: int
    edns: int


def reply(
    query: dns.message.Message, *records: str, rcode: str = "NOERROR", authority: str = ""
) -> dns.message.Message:
    """A response to a question. Records as ``name ttl IN type data``."""
    response = dns.message.make_response(query, recursion_available=True)
    response.set_rcode(dns.rcode.from_text(rcode))
    for section, texts in ((response.answer, records), (response.authority, (authority,) if authority else ())):
        for text in texts:
            name, ttl, _, rdtype, data = text.split(None, 4)
            rrset = dns.rrset.from_text(name, int(ttl), "IN", rdtype, data)
            same = next((r for r in section if (r.name, r.rdtype) == (rrset.name, rrset.rdtype)), None)
            if same is None:
                section.append(rrset)
            else:
                same.update(rrset)  # type: ignore[no-untyped-call]
    return response


def wire(packet: Packet) -> bytes:
    return packet if isinstance(packet, bytes) else packet.to_wire(max_size=65535)


class LoopbackDns(asyncio.DatagramProtocol):
    """``async with LoopbackDns(respond) as server: … server.address … server.asked``."""

    def __init__(self, respond: Respond, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self._respond = respond
        self._host = host
        self._tls = tls
        self.asked: list[Asked] = []
        self.connections = 0
        self._writers: list[asyncio.StreamWriter] = []
        self._arrival = asyncio.Condition()
        self._tasks: set[asyncio.Future[None]] = set()

    async def heard(self, count: int) -> None:
        """Wait until so many questions have come."""
        async with self._arrival:
            await self._arrival.wait_for(lambda: len(self.asked) >= count)

    async def _arrived(self) -> None:
        async with self._arrival:
            self._arrival.notify_all()

    async def __aenter__(self) -> Self:
        self._stream = await asyncio.start_server(self._serve, self._host, 0, ssl=self._tls)
        self.port = self._stream.sockets[0].getsockname()[1]
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self._host, self.port))
        self.address = f"[{self._host}]:{self.port}" if ":" in self._host else f"{self._host}:{self.port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._udp.close()
        self._stream.close()
        self.hang_up()
        await self._stream.wait_closed()

    def hang_up(self) -> None:
        """Close every connection that is open, as servers do to idle ones."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        pass

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for packet in self._respond(self._note(data, addr[1], tcp=False), False):
            self._udp.sendto(wire(packet), addr)

    def _note(self, data: bytes, port: int, *, tcp: bool) -> dns.message.Message:
        query = dns.message.from_wire(data)
        name = query.question[0].name.to_text(omit_final_dot=True)
        rdtype = dns.rdatatype.to_text(query.question[0].rdtype)
        self.asked.append(Asked(name, rdtype, tcp, port, query.id, query.edns))
        task = asyncio.ensure_future(self._arrived())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return query

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                query = self._note(await reader.readexactly(size), 0, tcp=True)
                for packet in self._respond(query, True):
                    data = wire(packet)
                    writer.write(len(data).to_bytes(2, "big") + data)
        except (asyncio.IncompleteReadError, OSError):
            writer.transport.abort()
