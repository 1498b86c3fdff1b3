"""Documents over HTTPS as values: what the rest of deliverkit knows of HTTP.

Imports no HTTP library and no asyncio, so that commands that fetch nothing stay light; ``https.py`` holds the
connection, ``fetching.py`` one run's fetches.
"""

from __future__ import annotations

from dataclasses import dataclass
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
    """Fetches documents: ``https.HttpsFetcher``, ``documents.ReplayFetcher``, ``fetching.RunFetcher``, ``Off``."""

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
