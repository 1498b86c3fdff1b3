"""Asks real name servers. Imported only by a run that goes to the network."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from deliverkit.net import transport
from deliverkit.net.limits import Gate, Limits, gate
from deliverkit.net.packets import MAX_CHAIN, BadQuestionError, Question, Reading, question, read
from deliverkit.net.resolver import Answer, Dnssec, Status, canonical_name
from deliverkit.net.servers import Scheme, Server, parse_server, system_servers

_SOCKETS = 200
"""Questions on the wire at once. Each has a socket, and a process may often open only 256."""
MAX_GATES = 1000
"""Servers whose pace is kept in mind."""

_SETTLED = (Status.NOERROR, Status.NODATA, Status.NXDOMAIN)
_TELLING = (Status.SERVFAIL, Status.REFUSED, Status.ERROR, Status.TIMEOUT)
"""When no server settles a question, the first of these that one of them came to is the answer."""


class LiveResolver:
    """A Resolver that asks name servers; belongs to the event loop that first uses it.

    ``nameservers`` are tried in order (see ``parse_server`` for their forms); none means the system's.
    A server has ``timeout`` seconds for each of ``tries`` rounds. One that failed in another way than by
    silence is not asked again for that question. ``ca_file`` replaces the system's certificate
    authorities for ``tls://`` and ``https://``. With ``limits`` each server is asked so fast and no faster.

    Raises ResolverError for a server that cannot be read, here and in ``query(server=…)``.
    """

    def __init__(
        self,
        nameservers: Sequence[str] = (),
        timeout: float = 3.0,
        tries: int = 2,
        *,
        ca_file: Path | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits
        self._gates: dict[Server, Gate] = {}
        self._servers = tuple(map(parse_server, nameservers)) or system_servers()
        self._timeout = timeout
        self._tries = max(tries, 1)
        self._ca_file = ca_file
        self._sockets = asyncio.Semaphore(_SOCKETS)
        self._channels: dict[Server, transport.Channel] = {}
        self._silences: dict[Server, int] = {}
        """Timeouts in a row: of several servers, a silent one is asked last."""

    @property
    def nameservers(self) -> tuple[str, ...]:
        """The servers asked, in the form of ``Answer.server``."""
        return tuple(server.text for server in self._servers)

    async def query(
        self,
        name: str,
        rdtype: str,
        *,
        fresh: bool = False,
        server: str | None = None,
        dnssec: Dnssec = Dnssec.PLAIN,
    ) -> Answer:
        """Ask; see ``Resolver.query``. ``fresh`` changes nothing, as nothing is kept here."""
        named = parse_server(server) if server else None
        at = named.text if named else ""
        blank = Answer(canonical_name(name), rdtype.upper(), Status.ERROR, asked_server=at, dnssec=dnssec)
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            answer = await self._chase(blank, question(name, rdtype, dnssec), (named,) if named else self._servers)
        except BadQuestionError as error:
            return replace(blank, detail=str(error))
        return replace(answer, elapsed=loop.time() - started)

    async def _chase(self, answer: Answer, asked: Question, servers: Sequence[Server]) -> Answer:
        """Ask, and follow CNAMEs that a server leaves open. A server named in the question may know nothing
        of the target's zone, so the rest of the chain is asked of the resolver's own servers."""
        ttls: list[int] = []
        proven = True
        while True:
            reading, server = await self._ask(asked, servers)
            chain = (*answer.cname, *reading.chain)
            ttls += [] if reading.ttl is None else [reading.ttl]
            answer = replace(
                answer,
                status=reading.status,
                records=reading.records,
                ttl=min(ttls, default=None) if reading.status in _SETTLED else None,
                cname=chain[:MAX_CHAIN],
                server=server.text,
                detail=reading.detail,
                authenticated=proven and reading.authenticated,
                signatures=reading.signatures,
                referral=reading.referral,
            )
            proven = answer.authenticated
            if len({answer.name, *chain}) <= len(chain):
                return replace(answer, status=Status.ERROR, records=(), detail="the CNAME chain runs in a circle")
            if len(chain) > MAX_CHAIN:
                return replace(answer, status=Status.ERROR, records=(), detail=f"more than {MAX_CHAIN} CNAMEs in a row")
            if reading.onward is None:
                return answer
            asked = question(reading.onward, answer.rdtype, answer.dnssec)
            servers = self._servers

    async def _ask(self, asked: Question, servers: Sequence[Server]) -> tuple[Reading, Server]:
        """The first answer that settles the question, else the most telling failure."""
        failures: dict[Server, Reading] = {}
        order = sorted(servers, key=lambda server: self._silences.get(server, 0))
        for _ in range(self._tries):
            for server in order:
                if server in failures and failures[server].status is not Status.TIMEOUT:
                    continue
                if self._limits is None:
                    async with self._sockets:
                        reading = await self._once(server, asked)
                else:
                    async with self._gate(server, self._limits)():
                        reading = await self._once(server, asked)
                silent = reading.status is Status.TIMEOUT
                self._silences[server] = self._silences.get(server, 0) + 1 if silent else 0
                if reading.status in _SETTLED:
                    return reading, server
                failures[server] = reading
        told = min(failures, key=lambda server: _TELLING.index(failures[server].status))
        detail = "; ".join(_said(server, reading, len(failures) > 1) for server, reading in failures.items())
        return replace(failures[told], detail=detail), told

    def _gate(self, server: Server, limits: Limits) -> Gate:
        found = self._gates.get(server)
        if found is None:
            found = self._gates[server] = gate(server, limits, named=server not in self._servers)
            if len(self._gates) > MAX_GATES:
                # Of servers that questions name there may be any number; the oldest has long been at rest.
                del self._gates[next(name for name in self._gates if name not in self._servers)]
        return found

    async def _once(self, server: Server, asked: Question) -> Reading:
        """One server, one try: over UDP, then TCP for a long answer, without EDNS for an old server."""
        over_tcp = False
        try:
            while True:
                async with asyncio.timeout(self._timeout):
                    reading = read(asked, await self._exchange(server, asked, over_tcp))
                if reading.truncated and server.scheme is Scheme.UDP and not over_tcp:
                    over_tcp = True
                elif asked.edns and not reading.knows_edns:
                    asked = asked.without_edns()
                else:
                    return reading
        except TimeoutError:
            return Reading(Status.TIMEOUT, detail="no answer over TCP" if over_tcp else "")
        except OSError as error:
            return Reading(Status.ERROR, detail=error.strerror or str(error) or type(error).__name__)

    async def _exchange(self, server: Server, asked: Question, over_tcp: bool) -> bytes:
        if over_tcp:
            return await transport.over_tcp(server, asked)
        if server.scheme is Scheme.UDP:
            return await transport.over_udp(server, asked)
        channel = self._channels.get(server)
        if channel is None:
            channel = self._channels[server] = transport.open_channel(server, self._ca_file)
        return await channel.exchange(asked)

    async def aclose(self) -> None:
        """Close the connections kept for TLS and HTTPS."""
        channels, self._channels = list(self._channels.values()), {}
        for channel in channels:
            await channel.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _said(server: Server, reading: Reading, several: bool) -> str:
    what = f"{reading.status.value}: {reading.detail}" if reading.detail else reading.status.value
    return f"{server.text} {what}" if several else (reading.detail or what)
