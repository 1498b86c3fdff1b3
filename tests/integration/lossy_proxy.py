"""A name server in trouble: passes questions on, loses some, answers SERVFAIL to some, or falls silent for good."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Trouble(asyncio.DatagramProtocol):
    """What stands between the program and a name server. Set its fields at any time."""

    def __init__(self, upstream: tuple[str, int]) -> None:
        self.upstream = upstream
        self.loss = 0.0
        """Share of questions, and of answers, that get lost."""
        self.servfail = 0.0
        self.dies_after: int | None = None
        """Questions after which nothing is answered any more."""
        self.seen = 0
        self.busiest = 0
        self._chance = random.Random(5)
        self._waiting: dict[int, tuple[bytes, Any]] = {}
        self._behind: Any = None

    def connection_made(self, transport: Any) -> None:
        self._front = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.seen += 1
        if (self.dies_after is not None and self.seen > self.dies_after) or self._chance.random() < self.loss:
            return
        if self._chance.random() < self.servfail:
            self._front.sendto(
                data[:2] + b"\x81\x82" + data[4:6] + bytes(6) + data[12:].partition(b"\x00\x00\x29")[0], addr
            )
            return
        # An id of our own tells apart questions of many ports.
        number = self.seen & 0xFFFF
        self._waiting[number] = data[:2], addr
        self.busiest = max(self.busiest, len(self._waiting))
        self._behind.sendto(number.to_bytes(2, "big") + data[2:])

    def answered(self, data: bytes) -> None:
        found = self._waiting.pop(int.from_bytes(data[:2], "big"), None)
        if found and self._chance.random() >= self.loss:
            self._front.sendto(found[0] + data[2:], found[1])


class _Behind(asyncio.DatagramProtocol):
    def __init__(self, trouble: Trouble) -> None:
        self._trouble = trouble

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._trouble.answered(data)


@contextmanager
def trouble(upstream: str) -> Iterator[tuple[str, Trouble]]:
    """``127.0.0.1:port`` in front of ``upstream``, and its troubles."""
    host, _, port = upstream.rpartition(":")
    made: list[tuple[str, Trouble, asyncio.AbstractEventLoop, asyncio.Event]] = []
    ready = threading.Event()

    async def serve() -> None:
        loop, end = asyncio.get_running_loop(), asyncio.Event()
        front, protocol = await loop.create_datagram_endpoint(
            lambda: Trouble((host, int(port))), local_addr=("127.0.0.1", 0)
        )
        behind, _ = await loop.create_datagram_endpoint(lambda: _Behind(protocol), remote_addr=(host, int(port)))
        protocol._behind = behind
        made.append((f"127.0.0.1:{front.get_extra_info('sockname')[1]}", protocol, loop, end))
        ready.set()
        await end.wait()
        front.close()
        behind.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(5)
    address, protocol, loop, end = made[0]
    try:
        yield address, protocol
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(5)
