"""A name server at a distance: passes DNS questions on, and every answer back only after a delay.

It runs in a thread of its own, on loopback, over UDP and TCP, and keeps a log of what was asked and when, so that
a measurement can say how many questions a run took and how many of them had to wait for one another.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

START_WITHIN = 5.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Passed:
    """One question that was answered; times are seconds of ``time.perf_counter``."""

    question: str
    """``example.com TXT``."""
    asked: float
    answered: float
    tcp: bool


@dataclass(slots=True)
class Log:
    """What went through."""

    passed: list[Passed] = field(default_factory=list)
    started: float = 0.0
    """When the run began; set by whoever runs it."""

    def clear(self) -> None:
        """Forget it, before the next run."""
        self.passed.clear()

    @property
    def round_trips(self) -> int:
        """The longest row of questions of which each was asked after the answer to the one before.

        A bound from above: that one waited for another does not say that it had to.
        """
        ends, count = 0.0, 0
        for each in sorted(self.passed, key=lambda p: p.answered):
            if each.asked >= ends:
                ends, count = each.answered, count + 1
        return count


@contextmanager
def delay_proxy(upstream: str, delay: float) -> Iterator[tuple[str, Log]]:
    """``127.0.0.1:port`` of a proxy in front of ``upstream`` (``host:port``), and its log. ``delay`` in seconds."""
    log = Log()
    host, _, port = upstream.rpartition(":")
    started: list[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = []
    ready = threading.Event()

    async def serve() -> None:
        end = asyncio.Event()
        address = await _serve((host, int(port)), delay, log)
        started.append((address, asyncio.get_running_loop(), end))
        ready.set()
        await end.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    if not ready.wait(START_WITHIN):
        raise RuntimeError("the proxy did not start")
    address, loop, end = started[0]
    try:
        yield address, log
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(START_WITHIN)


async def _serve(upstream: tuple[str, int], delay: float, log: Log) -> str:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Front(upstream, delay, log), local_addr=("127.0.0.1", 0)
    )
    port = transport.get_extra_info("sockname")[1]
    await asyncio.start_server(lambda r, w: _tcp(r, w, upstream, delay, log), "127.0.0.1", port)
    return f"127.0.0.1:{port}"


class _Front(asyncio.DatagramProtocol):
    """Where questions arrive over UDP."""

    def __init__(self, upstream: tuple[str, int], delay: float, log: Log) -> None:
        self._upstream, self._delay, self._log = upstream, delay, log
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        task = asyncio.create_task(self._pass(data, addr, time.perf_counter()))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pass(self, data: bytes, addr: Any, asked: float) -> None:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.connect(self._upstream)
            await loop.sock_sendall(sock, data)
            answer = await loop.sock_recv(sock, 65535)
        await asyncio.sleep(max(asked + self._delay - time.perf_counter(), 0))
        self._transport.sendto(answer, addr)
        self._log.passed.append(Passed(question_in(data), asked, time.perf_counter(), tcp=False))


async def _tcp(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, upstream: tuple[str, int], delay: float, log: Log
) -> None:
    try:
        behind_reader, behind_writer = await asyncio.open_connection(*upstream)
        while True:
            data = await _frame(reader)
            asked = time.perf_counter()
            behind_writer.write(len(data).to_bytes(2, "big") + data)
            answer = await _frame(behind_reader)
            await asyncio.sleep(max(asked + delay - time.perf_counter(), 0))
            writer.write(len(answer).to_bytes(2, "big") + answer)
            await writer.drain()
            log.passed.append(Passed(question_in(data), asked, time.perf_counter(), tcp=True))
    except (asyncio.IncompleteReadError, OSError):
        writer.close()


async def _frame(reader: asyncio.StreamReader) -> bytes:
    return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))


_TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 48: "DNSKEY", 99: "SPF"}


def question_in(packet: bytes) -> str:
    """Name and type of the first question in a packet."""
    labels, at = [], 12
    while at < len(packet) and packet[at]:
        labels.append(packet[at + 1 : at + 1 + packet[at]].decode("ascii", "replace"))
        at += 1 + packet[at]
    number = int.from_bytes(packet[at + 1 : at + 3], "big")
    return f"{'.'.join(labels) or '.'} {_TYPES.get(number, f'TYPE{number}')}"
