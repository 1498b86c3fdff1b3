"""pydnsbl behind our door: its checkers and providers, our lists, our resolver. Nothing else imports it.

The library takes any answer for a listing, asks through sockets of its own (c-ares) and cannot ask the test
points of RFC 5782. So each list is a ``Provider`` of ours that carries its code table, and the checkers ask
through the ``Resolver`` that they are given: recording, replay, ``--nameserver``, cache and bounds hold for
them as for every other check. What the library then says of a subject (``check_async``) agrees with ``read``:
only listings are listings, and refusals, false answers and failures are ``failed_providers``.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydnsbl.checker import DNSBLDomainChecker, DNSBLIpChecker, DNSBLResponse
from pydnsbl.providers import Provider

from deliverkit.checks.blocklist_answer import Listing, read
from deliverkit.checks.blocklist_keys import redacted
from deliverkit.checks.names import reversed_labels
from deliverkit.knowledge.schema_dns import Blocklist
from deliverkit.net.resolver import Answer, Resolver

MAX_NAME = 253
"""Characters of a name (RFC 1035 section 2.3.4, without the root's dot)."""
MAX_LABEL = 63


class BadNameError(ValueError):
    """The subject cannot be asked of this list as a DNS name. Says nothing of the name, which may hold a key."""


class UnusableError(Exception):
    """The list answered, but said nothing about the subject; ``args`` are the state and the codes."""


class ListProvider(Provider):
    """One blocklist of ours. ``host`` is the zone without any key, so that the library may show it."""

    def __init__(self, blocklist: Blocklist, key: str | None = None) -> None:
        super().__init__(blocklist.zone)  # type: ignore[no-untyped-call]  # pydnsbl has no types
        self.blocklist = blocklist
        self._key = key

    def name_for(self, query: str) -> str:
        """The name to ask, with the key where there is one. Raises BadNameError when it is no DNS name."""
        pattern = self.blocklist.query_with_key
        if self._key is not None and pattern is not None:
            name = pattern.replace("{q}", query).replace("{key}", self._key).lower()
        else:
            name = f"{query}.{self.host}"
        if len(name) > MAX_NAME or any(not 0 < len(label) <= MAX_LABEL for label in name.split(".")):
            raise BadNameError(f"no name to ask of {self.blocklist.id}")
        return name

    def shown(self, answer: Answer) -> Answer:
        """An answer of this list without its key."""
        return redacted(answer, (self._key,) if self._key is not None else ())

    def process_response(self, response: Iterable[_A]) -> set[str]:
        """The labels of the codes that mean a listing, in place of the library's categories."""
        return {label for record in response for label in record.labels}


@dataclass(frozen=True, slots=True)
class _A:
    """What the library expects of an answer's record: ``host`` (the address) and ``ttl`` (seconds)."""

    host: str
    ttl: int
    labels: tuple[str, ...]


class ListResponse(DNSBLResponse):
    """The library's response with the DNS answer, shown form (no key in it)."""

    def __init__(self, answer: Answer, **kwargs: Any) -> None:
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]  # pydnsbl has no types
        self.answer = answer


class _ThroughTheDoor:
    """Makes a pydnsbl checker ask through a Resolver.

    The library's own constructor is passed by: it opens a c-ares channel, which nobody here would use.
    """

    def __init__(self, providers: Iterable[ListProvider], resolver: Resolver, *, concurrency: int = 200) -> None:
        self.providers: list[Any] = list(providers)
        self._loop = asyncio.get_running_loop()
        self._door = resolver
        self._semaphore = asyncio.Semaphore(concurrency)

    async def dnsbl_request(self, request: str, provider: ListProvider) -> ListResponse:
        """Ask one list about one subject or test point; never raises for what DNS says."""
        async with self._semaphore:
            answer = await self.answer(request, provider)
        reading = read(answer, provider.blocklist)
        response = error = None
        if reading.state is Listing.LISTED:
            labels = tuple(code.label for code in reading.hits)
            response = [_A(code, answer.ttl or 0, labels) for code in reading.codes]
        elif not reading.state.known:
            error = UnusableError(reading.state.value, reading.codes)
        return ListResponse(answer, addr=request, provider=provider, response=response, error=error)

    async def answer(self, request: str, provider: ListProvider, rdtype: str = "A") -> Answer:
        """The DNS answer, without a key in it. Raises BadNameError when there is no such DNS name."""
        name = provider.name_for(self.prepare_query(request))
        return provider.shown(await self._door.query(name, rdtype))

    def prepare_query(self, request: str) -> str:
        """What stands in front of the zone; the checkers say."""
        raise NotImplementedError


class IpChecker(_ThroughTheDoor, DNSBLIpChecker):
    """Asks about IP addresses, IPv4-mapped IPv6 as the IPv4 that it is (RFC 5782 sections 2.1 and 2.4)."""

    def prepare_query(self, request: str | ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
        """Octets or nibbles back to front. Raises BadNameError for what is no IP address."""
        try:
            return reversed_labels(str(request))
        except ValueError as error:
            raise BadNameError("not an IP address") from error


class DomainChecker(_ThroughTheDoor, DNSBLDomainChecker):
    """Asks about domains; single labels (test points), underscores and a trailing dot pass, addresses do not."""

    def prepare_query(self, request: str) -> str:
        """Lower-case A-labels. Raises BadNameError for an address (DBL has an error code for those) and for no name."""
        name = request.strip().lower().removesuffix(".")
        if not name or _is_address(name):
            raise BadNameError("not a domain")
        if name.isascii():
            return name
        import idna

        try:
            return idna.encode(name, uts46=True).decode("ascii")
        except UnicodeError as error:
            raise BadNameError("not a domain") from error


def providers(lists: Iterable[Blocklist], keys: Mapping[str, str]) -> dict[str, ListProvider]:
    """A provider for each list, by its id; with the account's key where the list takes one and it is at hand."""
    return {b.id: ListProvider(b, keys.get(b.key) if b.key is not None else None) for b in lists}


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
