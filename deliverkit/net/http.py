"""Documents over HTTPS as values: what the rest of deliverkit knows of HTTP.

Imports no HTTP library, so that commands that fetch nothing stay light; ``https.py`` holds the connection.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from enum import StrEnum
from shlex import quote
from typing import Protocol

MAX_BYTES = 256 * 1024
"""Of a document, when the caller names no bound."""


class FetchStatus(StrEnum):
    """What came of a fetch."""

    OK = "ok"
    """Status 200, certificate valid for the host, whole body within the bounds."""
    HTTP_ERROR = "http-error"
    """A status other than 200; see ``Fetched.code``."""
    REDIRECT = "redirect"
    """The server points elsewhere, and no (more) redirects were to be followed; see ``Fetched.location``."""
    TOO_LARGE = "too-large"
    TLS_ERROR = "tls-error"
    """No TLS, or a certificate that is not valid for the host now; see ``Fetched.tls_fault``."""
    REFUSED = "refused"
    """Every address of the host refused the connection."""
    NO_HOST = "no-host"
    """DNS says that the host has no address."""
    PRIVATE_ADDRESS = "private-address"
    """The host has only addresses that the Internet cannot reach; nothing was sent there."""
    BAD_URL = "bad-url"
    """No ``https://`` address of a named host on the usual port."""
    DNS_FAILURE = "dns-failure"
    """The question for the host's addresses failed."""
    TIMEOUT = "timeout"
    SWITCHED_OFF = "switched-off"
    """The user wants no HTTPS connections."""
    ERROR = "error"
    """No way to the host, a connection that broke, nonsense instead of HTTP; see ``Fetched.detail``."""


class TlsFault(StrEnum):
    """Why a TLS connection was not accepted."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    WRONG_NAME = "wrong-name"
    UNTRUSTED = "untrusted"
    """Self-signed, from an unknown authority, or without the intermediate certificate."""
    HANDSHAKE = "handshake"
    """The two found no common ground, or the other side does not speak TLS."""


_NOTHING_LEARNED = frozenset(
    {FetchStatus.DNS_FAILURE, FetchStatus.TIMEOUT, FetchStatus.SWITCHED_OFF, FetchStatus.ERROR}
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """One fetch as a value. ``fetch`` never raises for what the network says."""

    url: str
    """The address that was asked for."""
    status: FetchStatus
    code: int | None = None
    """HTTP status code, where one came."""
    content_type: str = ""
    """Media type, lower case, without parameters."""
    body: bytes = b""
    """As sent, not unpacked; empty unless ``ok``. Hostile until judged."""
    location: str = ""
    """Where a redirect points, or the address the document came from after redirects were followed."""
    tls_fault: TlsFault | None = None
    detail: str = ""
    """More on a failure, for a person: never parsed."""
    ip: str = ""
    """The address that was connected to."""
    elapsed: float = 0.0
    """Seconds; 0.0 from the cache or a recording."""

    @property
    def ok(self) -> bool:
        """There is a document."""
        return self.status is FetchStatus.OK

    @property
    def failed(self) -> bool:
        """Nothing was learned of the document: a failure on the way, or a server that has trouble just now."""
        busy = (
            self.status is FetchStatus.HTTP_ERROR and self.code is not None and (self.code >= 500 or self.code == 429)
        )
        return busy or self.status in _NOTHING_LEARNED

    @property
    def text(self) -> str:
        """The body as UTF-8; other bytes become replacement characters."""
        return self.body.decode("utf-8", "replace")

    @property
    def curl(self) -> str:
        """The curl command that asks the same."""
        return f"curl -sSi --max-time 20 {quote(self.url)}"


class Fetcher(Protocol):
    """Fetches documents: ``https.HttpsFetcher``, ``documents.ReplayFetcher``, ``RunFetcher`` around either, ``Off``."""

    async def fetch(self, url: str, *, max_bytes: int = MAX_BYTES, redirects: int = 0, fresh: bool = False) -> Fetched:
        """GET ``url``: at most ``max_bytes`` of body, following at most ``redirects`` (RFC 8461 section 3.3: none).

        ``fresh`` passes by the run's cache. Never raises for what the network says; that is ``Fetched.status``.
        """
        ...


class Off:
    """The Fetcher of a run without HTTPS: every document is ``switched-off``."""

    async def fetch(self, url: str, *, max_bytes: int = MAX_BYTES, redirects: int = 0, fresh: bool = False) -> Fetched:
        """See ``Fetcher.fetch``."""
        return Fetched(url, FetchStatus.SWITCHED_OFF)


class Again:
    """A Fetcher that fetches everything afresh: the inside of a "verify"."""

    def __init__(self, inner: Fetcher) -> None:
        self._inner = inner

    async def fetch(self, url: str, *, max_bytes: int = MAX_BYTES, redirects: int = 0, fresh: bool = True) -> Fetched:
        """See ``Fetcher.fetch``."""
        return await self._inner.fetch(url, max_bytes=max_bytes, redirects=redirects, fresh=True)


_Key = tuple[str, int, int]


class RunFetcher:
    """A Fetcher around another, for one run: each document is fetched once, at most ``in_flight`` at a time.

    ``deadline``: seconds from now on. Past it, documents are ``timeout`` at once, and those on their way are given up.
    ``keep``: documents kept at most, the oldest dropped first, for runs over many domains; without it all are.
    ``log``: whether ``documents`` is to know everything that was fetched, as a recording needs.
    Make it inside the event loop of the run, and close it with ``aclose``.
    """

    def __init__(
        self,
        inner: Fetcher,
        *,
        in_flight: int = 8,
        deadline: float | None = None,
        keep: int | None = None,
        log: bool = True,
    ) -> None:
        self._inner = inner
        self._keep = keep
        self._logs = log
        self._slots = asyncio.Semaphore(in_flight)
        self._ends = None if deadline is None else asyncio.get_running_loop().time() + deadline
        self._kept: dict[_Key, Fetched] = {}
        self._flights: dict[tuple[_Key, bool], asyncio.Task[Fetched]] = {}
        self._log: list[Fetched] = []

    def documents(self) -> tuple[Fetched, ...]:
        """Everything that was fetched, in the order it came; for ``record.save``."""
        return tuple(self._log)

    async def fetch(self, url: str, *, max_bytes: int = MAX_BYTES, redirects: int = 0, fresh: bool = False) -> Fetched:
        """See ``Fetcher.fetch``. From the cache, ``elapsed`` is 0.0."""
        key = (url, max_bytes, redirects)
        if not fresh and (kept := self._kept.get(key)) is not None:
            return replace(kept, elapsed=0.0)
        flight = self._flights.get((key, fresh))
        if flight is None:
            flight = self._flights[key, fresh] = asyncio.create_task(self._fly(key, fresh))
            flight.add_done_callback(lambda _: self._flights.pop((key, fresh), None))
        # The shield keeps the flight for the others when this one is cancelled.
        return await asyncio.shield(flight)

    async def _fly(self, key: _Key, fresh: bool) -> Fetched:
        url, max_bytes, redirects = key
        try:
            async with asyncio.timeout_at(self._ends) as limit, self._slots:
                fetched = await self._inner.fetch(url, max_bytes=max_bytes, redirects=redirects, fresh=fresh)
        except TimeoutError:
            if not limit.expired():
                raise
            fetched = Fetched(url, FetchStatus.TIMEOUT, detail="the time for the whole run was over")
        if self._logs:
            self._log.append(fetched)
        self._kept[key] = fetched
        if self._keep is not None and len(self._kept) > self._keep:
            del self._kept[next(iter(self._kept))]
        return fetched

    async def aclose(self) -> None:
        """Give up what is still on its way. Nobody may be waiting for a document."""
        tasks = list(self._flights.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
