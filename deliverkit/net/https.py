"""The connection behind ``http.Fetcher``: one GET over TLS to a host whose addresses our own resolver found.

Imported only by a run that fetches something. Nothing of the environment takes part: no proxy, no cookie, no
password file; a redirect is followed only where the caller allows it, and then checked like the first address.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from deliverkit.net.http import MAX_BYTES, Fetched, FetchStatus, TlsFault
from deliverkit.net.public import is_public
from deliverkit.net.resolver import Resolver

PORT = 443
MAX_URL = 2048
MAX_ADDRESSES = 3
"""Addresses of a host that are tried, one after the other."""

_HOST = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_REDIRECTS = (301, 302, 303, 307, 308)
# OpenSSL's X509_V_ERR_… (x509_vfy.h).
_FAULTS = {9: TlsFault.NOT_YET_VALID, 10: TlsFault.EXPIRED, 62: TlsFault.WRONG_NAME, 64: TlsFault.WRONG_NAME}


@dataclass(frozen=True, slots=True)
class _Place:
    """An address on the Web taken apart."""

    host: str
    target: str
    """Path and query."""


class HttpsFetcher:
    """A Fetcher that connects, to port 443 of public addresses.

    ``seconds`` bounds one fetch with all its look-ups, connections and redirects. ``allow_private`` lets it connect
    to addresses that only this machine or network can reach. ``ca_file`` replaces the system's certificate
    authorities, ``port`` the port that is connected to, both for servers of one's own.
    """

    def __init__(
        self,
        resolver: Resolver,
        *,
        seconds: float = 10.0,
        allow_private: bool = False,
        ca_file: Path | None = None,
        port: int = PORT,
    ) -> None:
        self._resolver = resolver
        self._seconds = seconds
        self._allow_private = allow_private
        self._ca_file = ca_file
        self._port = port
        self._context: ssl.SSLContext | None = None

    async def fetch(self, url: str, *, max_bytes: int = MAX_BYTES, redirects: int = 0, fresh: bool = False) -> Fetched:
        """See ``Fetcher.fetch``. ``fresh`` asks DNS afresh too."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        try:
            async with asyncio.timeout(self._seconds) as limit:
                fetched = await self._follow(url, max_bytes, redirects, fresh)
        except TimeoutError:
            if not limit.expired():
                raise
            fetched = Fetched(url, FetchStatus.TIMEOUT, detail=f"not done within {self._seconds:g} seconds")
        return replace(fetched, url=url, elapsed=loop.time() - start)

    async def _follow(self, url: str, max_bytes: int, redirects: int, fresh: bool) -> Fetched:
        at = url
        for _ in range(redirects + 1):
            fetched = await self._once(at, max_bytes, fresh)
            if fetched.status is not FetchStatus.REDIRECT or not fetched.location:
                break
            at = urljoin(at, fetched.location)
        return replace(fetched, location=at) if at != url and fetched.status is not FetchStatus.REDIRECT else fetched

    async def _once(self, url: str, max_bytes: int, fresh: bool) -> Fetched:
        place = _place(url)
        if place is None:
            return Fetched(url, FetchStatus.BAD_URL)
        answers = await asyncio.gather(*(self._resolver.query(place.host, t, fresh=fresh) for t in ("A", "AAAA")))
        found = [record for answer in answers for record in answer.records if answer.found]
        if not found:
            failed = next((answer for answer in answers if answer.failed), None)
            if failed is None:
                return Fetched(url, FetchStatus.NO_HOST, detail=answers[0].status.value)
            return Fetched(url, FetchStatus.DNS_FAILURE, detail=failed.detail or failed.status.value)
        allowed = [ip for ip in found if self._allow_private or is_public(ip)]
        if not allowed:
            return Fetched(url, FetchStatus.PRIVATE_ADDRESS, ip=found[0])
        return await self._try(url, place, allowed[:MAX_ADDRESSES], max_bytes)

    async def _try(self, url: str, place: _Place, ips: Sequence[str], max_bytes: int) -> Fetched:
        """Ask the first address that can be connected to. Only when all refuse is the host one that refuses."""
        failed: Fetched | None = None
        for ip in ips:
            fetched = await self._ask(url, place, ip, max_bytes, last=ip == ips[-1])
            if fetched.status not in (FetchStatus.REFUSED, FetchStatus.TIMEOUT, FetchStatus.ERROR):
                return fetched
            if failed is None or failed.status is FetchStatus.REFUSED:
                failed = fetched
        return failed or Fetched(url, FetchStatus.ERROR)

    async def _ask(self, url: str, place: _Place, ip: str, max_bytes: int, *, last: bool) -> Fetched:
        http = http_library()
        if self._context is None:
            self._context = await asyncio.to_thread(
                ssl.create_default_context, cafile=str(self._ca_file) if self._ca_file else None
            )
        address = f"[{ip}]" if ":" in ip else ip
        # An address that is silent must leave time for the next one.
        timeout = http.Timeout(None if last else self._seconds / MAX_ADDRESSES)
        blank = Fetched(url, FetchStatus.ERROR, ip=ip)
        try:
            async with (
                http.AsyncClient(verify=self._context, trust_env=False, timeout=timeout) as client,
                client.stream(
                    "GET",
                    f"https://{address}:{self._port}{place.target}",
                    headers={"host": place.host, "accept-encoding": "identity", "user-agent": "deliverkit"},
                    extensions={"sni_hostname": place.host},
                    follow_redirects=False,
                ) as response,
            ):
                return await _read(blank, response, max_bytes)
        except http.TimeoutException:
            return replace(blank, status=FetchStatus.TIMEOUT, detail="the address was silent")
        except (http.HTTPError, http.InvalidURL, OSError) as error:
            return _failure(blank, error)


def _place(url: str) -> _Place | None:
    """An ``https`` address of a named host on the usual port; None for everything else."""
    if len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = (parts.hostname or "").removesuffix(".")
    if parts.scheme != "https" or port not in (None, PORT) or "@" in parts.netloc or not _HOST.fullmatch(host):
        return None
    return _Place(host, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))


async def _read(blank: Fetched, response: Any, max_bytes: int) -> Fetched:
    """The answer, its body read only where there is something to learn from it."""
    code = int(response.status_code)
    kind = response.headers.get("content-type", "")[:200].partition(";")[0].strip().lower()
    seen = replace(blank, code=code, content_type=kind)
    if code in _REDIRECTS:
        return replace(seen, status=FetchStatus.REDIRECT, location=response.headers.get("location", "")[:MAX_URL])
    if code != 200:
        return replace(seen, status=FetchStatus.HTTP_ERROR)
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > max_bytes:
            return replace(seen, status=FetchStatus.TOO_LARGE)
    return replace(seen, status=FetchStatus.OK, body=bytes(body))


def _failure(blank: Fetched, error: BaseException) -> Fetched:
    """What the library's exception stands for; the reason lies somewhere in its chain."""
    causes = list(_chain(error))
    detail = str(error)[:300] or type(error).__name__
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            fault = _FAULTS.get(cause.verify_code, TlsFault.UNTRUSTED)
            return replace(blank, status=FetchStatus.TLS_ERROR, tls_fault=fault, detail=cause.verify_message)
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return replace(blank, status=FetchStatus.TLS_ERROR, tls_fault=TlsFault.HANDSHAKE, detail=detail)
        if isinstance(cause, ConnectionRefusedError):
            return replace(blank, status=FetchStatus.REFUSED, detail=detail)
    return replace(blank, detail=detail)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception and those behind it; at most ten, however they are knotted."""
    waiting: list[BaseException] = [error]
    for _ in range(10):
        if not waiting:
            return
        found = waiting.pop(0)
        yield found
        if isinstance(found, BaseExceptionGroup):
            waiting += found.exceptions
        waiting += [e for e in (found.__cause__, found.__context__) if e is not None and e is not found]


def http_library() -> Any:
    """The HTTP client that the installed dnspython brought: httpx, from 2.9 on its successor httpx2."""
    for name in ("httpx2", "httpx"):
        with suppress(ImportError):
            return import_module(name)
    raise ConnectionError("HTTPS needs httpx: install deliverkit with all it depends on")
