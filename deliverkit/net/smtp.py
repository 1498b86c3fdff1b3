"""Visits to mail servers as values: what the rest of deliverkit knows of SMTP connections.

A visit greets, looks whether STARTTLS is offered, looks at the certificate and says QUIT. It never names a sender or a
recipient. ``smtp_live.py`` holds the connection; this module imports neither sockets nor TLS.

In a recording (``smtp``) and in a world (``[smtp."mx.shop.example"]``) a visit is a table::

    status = "tls"                 # see ``Visit``; the rest may be left out
    code = 220                     # of the reply that ended the visit, or of the greeting
    greeting = "mx.shop.example ESMTP"
    extensions = ["STARTTLS", "SIZE 1000000"]
    tls_version = "TLSv1.3"
    cipher = "TLS_AES_256_GCM_SHA384"
    fault = "expired"              # see ``CertificateFault``; left out for a certificate that is valid for the name
    chain = ["MIIB…"]              # certificates in Base64 of DER, the server's own first
    address = "192.0.2.25"
    detail = ""
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from deliverkit.errors import FileError
from deliverkit.language import _, marked

if TYPE_CHECKING:
    from deliverkit.net.resolver import Resolver
    from deliverkit.net.smtp_live import LiveDoor

MAX_SESSIONS = 10_000
MAX_CHAIN = 10
"""Certificates kept of one server."""
_ADVICE = marked("Record it again with --record FILE.")


class Visit(StrEnum):
    """What came of a visit."""

    TLS = "tls"
    """STARTTLS worked; see the certificate."""
    NO_STARTTLS = "no-starttls"
    """The server does not offer it, or refuses it when asked."""
    TLS_FAILED = "tls-failed"
    """The server offers STARTTLS, and no TLS connection came about."""
    REFUSED = "refused"
    """The server answered, and wants nothing of us: another reply than 220 and 250."""
    NOT_SMTP = "not-smtp"
    """What came was no SMTP, or without end."""
    UNREACHABLE = "unreachable"
    """No connection: refused, no route, or silence, as where port 25 is blocked on the way out."""
    TIMEOUT = "timeout"
    """A connection, and then silence."""
    NO_ADDRESS = "no-address"
    DNS_FAILURE = "dns-failure"
    """The question for the host's addresses failed."""
    PRIVATE_ADDRESS = "private-address"
    """The host has only addresses that the Internet cannot reach; nothing was sent there."""
    SWITCHED_OFF = "switched-off"
    """The user wants no SMTP connections."""
    NOT_RECORDED = "not-recorded"
    """The recording has no such visit."""


class CertificateFault(StrEnum):
    """Why a certificate is not valid for the host by the usual rules (RFC 5280, RFC 6125)."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    WRONG_NAME = "wrong-name"
    SELF_SIGNED = "self-signed"
    UNTRUSTED = "untrusted"
    """From an authority that is not known here, or without the certificates between."""


@dataclass(frozen=True, slots=True)
class SmtpSession:
    """One visit to port 25 of one host. ``visit`` never raises for what the network does."""

    host: str
    status: Visit
    address: str = ""
    """The address that was connected to."""
    code: int | None = None
    """Of the reply that ended the visit early, else of the greeting."""
    greeting: str = ""
    """Text of the greeting, or of the reply that ended the visit; hostile until cleaned."""
    extensions: tuple[str, ...] = ()
    """What EHLO was answered with, without the first line."""
    tls_version: str = ""
    """``TLSv1.2``, ``TLSv1.3``; as OpenSSL says it."""
    cipher: str = ""
    fault: CertificateFault | None = None
    """None for a certificate that is valid for the host, and where there was no TLS."""
    chain: tuple[bytes, ...] = ()
    """The certificates the server sent (DER), its own first; only that one where Python cannot tell the others."""
    detail: str = ""
    """More on a failure, for a person: never parsed."""
    elapsed: float = 0.0
    """Seconds; 0.0 from the cache or a recording."""

    @property
    def secured(self) -> bool:
        """A TLS connection came about."""
        return self.status is Visit.TLS

    @property
    def learned(self) -> bool:
        """The visit showed whether the host offers STARTTLS and what comes of it."""
        return self.status in (Visit.TLS, Visit.NO_STARTTLS, Visit.TLS_FAILED)

    @property
    def openssl(self) -> str:
        """The command that looks at the same."""
        from shlex import quote

        return f"openssl s_client -starttls smtp -connect {quote(self.host)}:25 -servername {quote(self.host)} -brief"


class SmtpDoor(Protocol):
    """Visits mail servers: ``smtp_live.LiveDoor``, ``ReplayDoor``, ``NoDoor``."""

    async def visit(self, host: str, *, fresh: bool = False) -> SmtpSession:
        """Look at port 25 of ``host``. ``fresh`` passes by what was seen in this run."""
        ...

    def sessions(self) -> tuple[SmtpSession, ...]:
        """Every visit of the run so far, for the recording."""
        ...


class NoDoor:
    """Where the user wants no SMTP connections, and where nobody opened a door."""

    async def visit(self, host: str, *, fresh: bool = False) -> SmtpSession:
        """See ``SmtpDoor.visit``."""
        return SmtpSession(host, Visit.SWITCHED_OFF)

    def sessions(self) -> tuple[SmtpSession, ...]:
        """See ``SmtpDoor.sessions``."""
        return ()


class LazyDoor:
    """A live door that is made when it is first used: sockets and TLS are loaded only for those who visit somebody."""

    def __init__(self, resolver: Resolver, *, allow_private: bool) -> None:
        self._resolver = resolver
        self._allow_private = allow_private
        self._door: LiveDoor | None = None

    async def visit(self, host: str, *, fresh: bool = False) -> SmtpSession:
        """See ``SmtpDoor.visit``."""
        if self._door is None:
            from deliverkit.net.smtp_live import LiveDoor

            self._door = LiveDoor(self._resolver, allow_private=self._allow_private)
        return await self._door.visit(host, fresh=fresh)

    def sessions(self) -> tuple[SmtpSession, ...]:
        """See ``SmtpDoor.sessions``."""
        return self._door.sessions() if self._door else ()

    async def aclose(self) -> None:
        """Give up visits on their way."""
        if self._door is not None:
            await self._door.aclose()


Sessions = Mapping[str, SmtpSession]
"""Visits by host name."""


class ReplayDoor:
    """Visits from a recording or a world."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._seen: dict[str, SmtpSession] = {}

    async def visit(self, host: str, *, fresh: bool = False) -> SmtpSession:
        """See ``SmtpDoor.visit``."""
        found = self._sessions.get(host.lower()) or SmtpSession(host, Visit.NOT_RECORDED)
        self._seen[host.lower()] = found
        return found

    def sessions(self) -> tuple[SmtpSession, ...]:
        """See ``SmtpDoor.sessions``."""
        return tuple(s for s in self._seen.values() if s.status is not Visit.NOT_RECORDED)


def session_rows(sessions: Iterable[SmtpSession]) -> dict[str, dict[str, object]]:
    """Visits as a recording holds them, the last one of each host; times are not kept."""
    found = {}
    for session in sorted(sessions, key=lambda s: s.host):
        row = {f.name: getattr(session, f.name) for f in fields(session) if f.name not in ("host", "elapsed")}
        row["chain"] = [base64.b64encode(der).decode("ascii") for der in session.chain]
        row["extensions"] = list(session.extensions)
        row["fault"] = session.fault.value if session.fault else None
        row["status"] = session.status.value
        found[session.host] = {key: value for key, value in row.items() if value not in (None, "", [])}
    return found


def sessions_from(data: object, origin: str) -> Sessions:
    """The ``smtp`` part of a recording or a world. Raises FileError that names the place."""
    if not isinstance(data, Mapping) or len(data) > MAX_SESSIONS:
        raise FileError(
            _("{origin}: smtp: at most {max_sessions} tables by host are needed").format(
                origin=origin, max_sessions=MAX_SESSIONS
            ),
            advice=_(_ADVICE),
        )
    return {str(host).lower(): _session(str(host).lower(), row, f"{origin}: smtp.{host}") for host, row in data.items()}


def _session(host: str, row: object, where: str) -> SmtpSession:
    known = {f.name for f in fields(SmtpSession)} - {"host", "elapsed"}
    if not isinstance(row, Mapping) or set(row) - known:
        raise FileError(
            _("{where}: a table with only {names} is needed").format(where=where, names=", ".join(sorted(known))),
            advice=_(_ADVICE),
        )
    try:
        session = SmtpSession(host, Visit(str(row.get("status"))))
        fault = CertificateFault(row["fault"]) if "fault" in row else None
        chain = tuple(base64.b64decode(text, validate=True) for text in _list(row.get("chain", []))[:MAX_CHAIN])
        texts = {key: row[key] for key in ("address", "greeting", "tls_version", "cipher", "detail") if key in row}
        if not all(isinstance(text, str) and len(text) <= 65536 for text in texts.values()):
            raise ValueError("a text is needed")
        code = row.get("code")
        if code is not None and not (isinstance(code, int) and 100 <= code <= 999):
            raise ValueError("code is no reply code")
    except (ValueError, TypeError, binascii.Error) as error:
        raise FileError(f"{where}: {error}", advice=_(_ADVICE)) from None
    return replace(
        session, fault=fault, chain=chain, code=code, extensions=tuple(_list(row.get("extensions", []))), **texts
    )


def _list(value: object) -> list[str]:
    if not isinstance(value, list) or len(value) > 200 or not all(isinstance(item, str) for item in value):
        raise ValueError("a list of texts is needed")
    return value
