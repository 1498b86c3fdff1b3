"""Name servers as people write them: ``192.0.2.53``, ``[2001:db8::53]:5353``, ``tls://…``, ``https://…``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path

from deliverkit.errors import ResolverError
from deliverkit.language import _, marked
from deliverkit.net.resolver import split_port

FORMS = marked(
    "Give an address such as 192.0.2.53, 192.0.2.53:5353, [2001:db8::53]:5353, tls://HOST or https://HOST/dns-query."
)
RESOLV_CONF = Path("/etc/resolv.conf")

_HOST_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?", re.I)
_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")


class Scheme(StrEnum):
    """How a server is spoken to."""

    UDP = "udp"
    """Plain DNS: UDP first, TCP for what does not fit (RFC 1035 section 4.2, RFC 7766)."""
    TLS = "tls"
    """DNS over TLS (RFC 7858)."""
    HTTPS = "https"
    """DNS over HTTPS (RFC 8484)."""


_SCHEMES = {"": Scheme.UDP, "tls://": Scheme.TLS, "https://": Scheme.HTTPS}
_PORTS = {Scheme.UDP: 53, Scheme.TLS: 853, Scheme.HTTPS: 443}


@dataclass(frozen=True, slots=True)
class Server:
    """One name server."""

    scheme: Scheme
    host: str
    """An address; for TLS and HTTPS also a name, which the certificate must carry."""
    port: int
    path: str = ""
    """For HTTPS only."""

    @property
    def text(self) -> str:
        """As in ``Answer.server``: the shortest form that ``parse_server`` reads back."""
        usual = self.port == _PORTS[self.scheme]
        if self.scheme is Scheme.UDP and usual:
            return self.host
        host = f"[{self.host}]" if ":" in self.host else self.host
        at = host if usual else f"{host}:{self.port}"
        return at if self.scheme is Scheme.UDP else f"{self.scheme}://{at}{self.path}"


def parse_server(text: str) -> Server:
    """Read one server. Raises ResolverError, with the forms that are known, for anything else."""
    scheme_text, separator, rest = text.strip().rpartition("://")
    scheme = _SCHEMES.get(scheme_text.lower() + separator)
    if scheme is None:
        raise _refused(text, f"'{scheme_text}' is no way to ask")
    at, path = rest, ""
    if scheme is Scheme.HTTPS:
        at, slash, tail = rest.partition("/")
        path = slash + tail if tail else "/dns-query"
        if not _PATH.fullmatch(path):
            raise _refused(text, _("the path of the URL holds characters that do not belong there"))
    host, port = split_port(at)
    if port is None and not _whole(at):
        raise _refused(text, _("the port is not a number"))
    if port is not None and not 0 < port < 65536:
        raise _refused(text, _("a port is a number from 1 to 65535"))
    return Server(scheme, _host(text, host, scheme), port or _PORTS[scheme], path)


def _whole(at: str) -> bool:
    """Without a port: a name, an IPv4 address, or an IPv6 address with or without brackets."""
    return at.endswith("]") if at.startswith("[") else at.count(":") != 1


def _host(text: str, host: str, scheme: Scheme) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        if not _HOST_NAME.fullmatch(host) or host.replace(".", "").isdigit():
            raise _refused(text, _("there is neither an address nor a host name in it")) from None
    if scheme is Scheme.UDP:
        # Asking another resolver for it first would make two sources of truth of one option.
        raise _refused(text, _("plain DNS needs the address of the server, not its name"))
    return host.lower().removesuffix(".")


def _refused(text: str, why: str) -> ResolverError:
    return ResolverError(_("name server '{text}' cannot be used: {why}").format(text=text, why=why), advice=_(FORMS))


def system_servers(path: Path = RESOLV_CONF) -> tuple[Server, ...]:
    """The servers this machine is set up with. Raises ResolverError when there are none.

    The ``nameserver`` lines are read here, because dnspython's reader brings in all of its transports,
    60 ms at every start; it is asked where there is no such file (Windows).
    """
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        found = _from_dnspython()
    else:
        words = [line.split() for line in lines]
        found = [w[1] for w in words if len(w) > 1 and w[0] == "nameserver"]
    servers = []
    for address in found:
        try:
            servers.append(Server(Scheme.UDP, str(ip_address(address)), 53))
        except ValueError:
            continue
    if not servers:
        raise ResolverError(
            _("this machine names no name server to ask"), advice=_("Use --nameserver. {forms}").format(forms=_(FORMS))
        )
    return tuple(servers)


def _from_dnspython() -> list[str]:
    import dns.resolver

    try:
        return [str(server) for server in dns.resolver.Resolver().nameservers]
    except dns.resolver.NoResolverConfiguration:
        return []
