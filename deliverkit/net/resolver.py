"""The Resolver protocol and Answer: what the rest of deliverkit knows of DNS.

Imports no DNS library, so that offline commands stay light.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable


class Status(StrEnum):
    """What DNS said, or that it said nothing."""

    NOERROR = "noerror"
    """The name has records of the type."""
    NODATA = "nodata"
    """The name exists, without records of the type (RFC 2308 section 2.2)."""
    NXDOMAIN = "nxdomain"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    ERROR = "error"
    """No connection, a malformed packet, another rcode; see ``Answer.detail``."""


class Dnssec(StrEnum):
    """What a question says about signatures (RFC 4035 sections 3.1 and 3.2).

    Every question sets the AD bit, so that a validating resolver tells what it could prove (RFC 6840 section 5.7).
    """

    PLAIN = ""
    """The answer alone."""
    SIGNED = "do"
    """The signatures come along (the DO bit)."""
    UNCHECKED = "cd"
    """The signatures come along, and the resolver hands out what it would not let pass (the CD bit)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as a value. ``query`` never raises for what DNS says."""

    name: str
    """The name asked, lower case, no trailing dot."""
    rdtype: str
    status: Status
    records: tuple[str, ...] = ()
    """One string a record: TXT joined without separator (RFC 7208 section 3.3), bytes that are not
    UTF-8 as ``\\xNN``; names lower case without trailing dot (``10 mx.example.com``); the null MX is ``0 .``."""
    ttl: int | None = None
    """Seconds: smallest TTL of the answer, or the negative TTL (SOA) of NODATA and NXDOMAIN if sent."""
    cname: tuple[str, ...] = ()
    """Names the question was led through, in order, without the name asked."""
    server: str = ""
    """Who answered: ``192.0.2.53``, ``127.0.0.1:5353``, ``tls://…``, ``https://…`` or ``replay``."""
    elapsed: float = 0.0
    """Seconds on the wire; 0.0 from the cache."""
    detail: str = ""
    """More on a failure, for a person: never parsed."""
    asked_server: str = ""
    """The server that the question named (``server=``); empty when the resolver chose."""
    authenticated: bool = False
    """The resolver says that it proved every part of the answer by signatures (the AD bit, RFC 4035 section 3.2.3).
    False where nothing is signed, and where the resolver does not validate."""
    signatures: tuple[str, ...] = ()
    """RRSIG records over the answer, as text; only where ``dnssec`` asked for them."""
    dnssec: Dnssec = Dnssec.PLAIN
    """What the question said about signatures."""
    referral: bool = False
    """The server holds no such zone and names others to ask. ``status`` is ``error`` then, unless NS was asked for:
    those of a delegation are what the zone above says (RFC 1034 section 4.3.2)."""

    @property
    def found(self) -> bool:
        """There are records."""
        return self.status is Status.NOERROR

    @property
    def absent(self) -> bool:
        """DNS said that there is nothing: NODATA or NXDOMAIN. A failure is not an absence."""
        return self.status in (Status.NODATA, Status.NXDOMAIN)

    @property
    def failed(self) -> bool:
        """Nothing was learned."""
        return not (self.found or self.absent)

    @property
    def dig(self) -> str:
        """The dig command line that asks the same."""
        line = dig_line(self.name, self.rdtype, self.server)
        return line + {Dnssec.PLAIN: "", Dnssec.SIGNED: " +dnssec", Dnssec.UNCHECKED: " +dnssec +cd"}[self.dnssec]


def canonical_name(name: str) -> str:
    """A name as ``Answer.name`` has it: lower case, no trailing dot; the root is ``.``."""
    return name.lower().removesuffix(".") or name


def dig_line(name: str, rdtype: str, server: str = "") -> str:
    """The ``dig`` command (BIND 9.18 or later) for a question; ``server`` in any form that ``--nameserver`` takes.

    Names come from DNS and the line is made to be pasted into a shell, so every part is quoted.
    """
    from shlex import quote

    # dig would take a bare word for a type or a class, and these three first characters for options.
    plain = "." in name and name[0] not in "-+@"
    parts = ["dig", rdtype, name] if plain else ["dig", "-t", rdtype, "-q", name]
    scheme, _, rest = server.rpartition("://")
    if server and server != "replay":
        at, slash, path = rest.partition("/")
        host, port = split_port(at)
        parts.append(f"@{host}")
        if port is not None:
            parts += ["-p", str(port)]
        if scheme == "tls":
            parts.append("+tls")
        elif scheme == "https":
            parts.append(f"+https={slash}{path}" if path else "+https")
    return " ".join(map(quote, parts))


def split_port(server: str) -> tuple[str, int | None]:
    """``192.0.2.53:5353`` and ``[2001:db8::53]:5353`` into host and port; a bare address has port None."""
    if server.startswith("["):
        host, _, rest = server[1:].partition("]")
        return host, int(rest[1:]) if rest[1:].isdigit() else None
    host, _, port = server.rpartition(":")
    if host and ":" not in host and port.isdigit():
        return host, int(port)
    return server, None


@runtime_checkable
class Resolver(Protocol):
    """Asks questions. Implementations: ``live``, ``replay``, ``record``, and the per-run ``cache`` around any."""

    async def query(
        self,
        name: str,
        rdtype: str,
        *,
        fresh: bool = False,
        server: str | None = None,
        dnssec: Dnssec = Dnssec.PLAIN,
    ) -> Answer:
        """Ask for ``rdtype`` records of ``name``.

        ``fresh`` passes by the run's cache; ``server`` asks that server instead (the domain's own, for verify).
        ``dnssec`` asks for the signatures as well, or for what does not validate.
        Never raises for what DNS says or for a network failure; those are ``Answer.status``.
        """
        ...
