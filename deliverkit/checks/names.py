"""Domain names and IP addresses: from what a person types to what is asked, and back to front for reverse look-ups."""

from __future__ import annotations

import ipaddress
import re
from enum import StrEnum

from deliverkit.errors import InputError
from deliverkit.language import _, marked

MAX_INPUT = 2048
"""Characters read of an input; no name, address or URL that means something is longer."""
MAX_NAME = 253
"""Characters of a name (RFC 1035 section 2.3.4, without the root's dot)."""
MAX_LABEL = 63

_LABEL = re.compile(r"_?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_PORT = re.compile(r":[0-9]{1,5}")
_DOMAIN_ADVICE = marked("Give a domain such as example.com; an e-mail address or a web address will do too.")
_IP_ADVICE = marked("Give one IPv4 or IPv6 address such as 203.0.113.7.")

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class Scope(StrEnum):
    """Who can see an address (IANA special-purpose registries, RFC 6890)."""

    PUBLIC = "public"
    PRIVATE = "private"
    """RFC 1918, unique local IPv6 and the old site-local range."""
    SHARED = "shared"
    """Between a provider and its customers, 100.64.0.0/10 (RFC 6598)."""
    LOOPBACK = "loopback"
    LINK_LOCAL = "link_local"
    MULTICAST = "multicast"
    UNSPECIFIED = "unspecified"
    DOCUMENTATION = "documentation"
    """For examples (RFC 5737, 3849, 9637): public in a replayed world, nobody's on the Internet."""
    RESERVED = "reserved"


_DOCUMENTATION = tuple(
    ipaddress.ip_network(n) for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20")
)
_SHARED = ipaddress.ip_network("100.64.0.0/10")

_WORDS = {
    Scope.PRIVATE: marked("a private address of a local network"),
    Scope.SHARED: marked("an address inside an internet provider's network (carrier NAT)"),
    Scope.LOOPBACK: marked("the machine's address for itself"),
    Scope.LINK_LOCAL: marked("an address for one cable or radio link"),
    Scope.MULTICAST: marked("a multicast address, which sends no mail"),
    Scope.UNSPECIFIED: marked("the empty address"),
    Scope.DOCUMENTATION: marked("an address for examples"),
    Scope.RESERVED: marked("a reserved address"),
}


def domain_name(text: str) -> str:
    """The domain that a person means, as lower-case A-labels without trailing dot (RFC 5890).

    Takes domains in any script, a trailing dot, an e-mail address, a URL, a name with a port. An underscore
    may begin a label (``_dmarc.example.com``). Raises InputError, with advice, for everything else.
    """
    if len(text) > MAX_INPUT:
        raise InputError(_("The domain is too long."), advice=_(_DOMAIN_ADVICE))
    host = _host(text)
    if not host:
        raise InputError(_("No domain was given."), advice=_(_DOMAIN_ADVICE))
    if _as_ip(host) is not None:
        raise InputError(
            _("'{host}' is an IP address, not a domain.").format(host=_shown(host)),
            advice=_("Name the address with --ip."),
        )
    labels = [_a_label(label, host) for label in _mapped(host).removesuffix(".").split(".")]
    name = ".".join(labels)
    if len(name) > MAX_NAME:
        raise InputError(
            _("'{host}' is longer than {max_name} characters.").format(host=_shown(host), max_name=MAX_NAME),
            advice=_(_DOMAIN_ADVICE),
        )
    if len(labels) < 2:
        raise InputError(
            _("'{host}' is a single word, not a domain.").format(host=_shown(host)),
            advice=_("Add its ending, as in example.com."),
        )
    if labels[-1].isdigit():
        raise InputError(
            _("'{host}' ends in a number, as no domain does.").format(host=_shown(host)), advice=_(_DOMAIN_ADVICE)
        )
    return name


def ip_address(text: str, *, allow_documentation: bool = False) -> str:
    """The IP address that a person means, in its canonical form (RFC 5952); ``::ffff:a.b.c.d`` as IPv4.

    Takes ``[192.0.2.1]`` and ``[IPv6:2001:db8::1]`` too. Raises InputError, with advice, for what is no IP and
    for addresses that nobody outside can see. Those for examples (192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24,
    2001:db8::/32, 3fff::/20) pass with ``allow_documentation``: the demo and replayed worlds live there.
    """
    ip = _as_ip(text.strip()) if len(text) <= MAX_INPUT else None
    if ip is None:
        advice = _("Give one address of that network.") if "/" in text else _(_IP_ADVICE)
        raise InputError(_("'{text}' is not an IP address.").format(text=_shown(text)), advice=advice)
    seen = scope(str(ip))
    if seen is Scope.PUBLIC or (allow_documentation and seen is Scope.DOCUMENTATION):
        return str(ip)
    raise InputError(
        _("{ip} is {words}: nobody outside can see it.").format(ip=ip, words=_(_WORDS[seen])),
        advice=_("Give the public address that the receiving server saw; it often stands in its reply."),
    )


def scope(ip: str) -> Scope:
    """Who can see ``ip``. Raises ValueError for what is no IP."""
    address = _unmapped(ipaddress.ip_address(ip))
    if any(address in network for network in _DOCUMENTATION if network.version == address.version):
        return Scope.DOCUMENTATION
    if address.version == 4 and address in _SHARED:
        return Scope.SHARED
    kinds = (
        (address.is_unspecified, Scope.UNSPECIFIED),
        (address.is_loopback, Scope.LOOPBACK),
        (address.is_link_local, Scope.LINK_LOCAL),
        (address.is_multicast, Scope.MULTICAST),
        (address.is_reserved, Scope.RESERVED),
        (address.version == 6 and getattr(address, "is_site_local", False), Scope.PRIVATE),
        (not address.is_global, Scope.PRIVATE if _is_local(address) else Scope.RESERVED),
    )
    return next((kind for fits, kind in kinds if fits), Scope.PUBLIC)


def reaches(ip: str) -> bool:
    """Whether mail can be brought to ``ip`` over the Internet; addresses for examples count as such."""
    try:
        return scope(ip) in (Scope.PUBLIC, Scope.DOCUMENTATION)
    except ValueError:
        return False


def same_ip(one: str, other: str) -> bool:
    """Whether two texts are the same address, however each is written."""
    first = _as_ip(one)
    return first is not None and first == _as_ip(other)


def is_ip(text: str) -> bool:
    """Whether ``text`` is an IP address, bare or in brackets."""
    return canonical_ip(text) is not None


def canonical_ip(text: str) -> str | None:
    """The canonical form of any IP address, ``::ffff:a.b.c.d`` as IPv4; None for what is none."""
    ip = _as_ip(text) if len(text) <= MAX_INPUT else None
    return None if ip is None else str(ip)


def is_host_name(name: str) -> bool:
    """Whether a name from DNS is one that a host can have: two labels or more, letters, digits and hyphens
    (RFC 1123 section 2.1), no number at the end."""
    labels = name.lower().split(".")
    return (
        len(name) <= MAX_NAME
        and len(labels) > 1
        and all(len(label) <= MAX_LABEL and _LABEL.fullmatch(label) and label[0] != "_" for label in labels)
        and not labels[-1].isdigit()
    )


def reverse_name(ip: str) -> str:
    """The name below in-addr.arpa (RFC 1035 section 3.5) or ip6.arpa (RFC 3596 section 2.5) with the PTR of ``ip``.

    Raises ValueError for what is no IP.
    """
    return _unmapped(ipaddress.ip_address(ip)).reverse_pointer


def reversed_labels(ip: str) -> str:
    """``ip`` back to front as DNS blocklists take it (RFC 5782 section 2): ``2.0.0.127``, or 32 hex digits for IPv6.

    Raises ValueError for what is no IP.
    """
    return reverse_name(ip).removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")


def _host(text: str) -> str:
    """The host part of an address, a URL or a bare name."""
    text = text.strip()
    if "<" in text and ">" in text:
        text = text.rpartition("<")[2].partition(">")[0]
    text = text.strip(" \t'\"")
    if text[:7].lower() == "mailto:":
        text = text[7:]
    _, scheme, rest = text.rpartition("://")
    text = re.split(r"[/?#]", rest if scheme else text, maxsplit=1)[0]
    text = text.rpartition("@")[2]
    name, _, port = text.rpartition(":")
    return name if name and ":" not in name and _PORT.fullmatch(":" + port) else text


def _mapped(host: str) -> str:
    """Lower case, full-width letters and the dots of other scripts folded (UTS 46)."""
    if host.isascii():
        return host.lower()
    # Imported here: it takes longer than everything else in this module, and most names are ASCII.
    import idna

    try:
        return idna.uts46_remap(host, std3_rules=False, transitional=False)
    except UnicodeError as error:
        raise InputError(
            _("'{host}' has characters that no domain can have.").format(host=_shown(host)), advice=_(_DOMAIN_ADVICE)
        ) from error


def _a_label(label: str, host: str) -> str:
    if not label:
        raise InputError(
            _("'{host}' has an empty part between its dots.").format(host=_shown(host)), advice=_(_DOMAIN_ADVICE)
        )
    if not label.isascii():
        import idna

        try:
            label = idna.alabel(label).decode("ascii")
        except UnicodeError as error:
            raise InputError(
                _("'{host}' has characters that no domain can have.").format(host=_shown(host)),
                advice=_("If the domain exists, give it in its form that begins with xn--."),
            ) from error
    if len(label) > MAX_LABEL:
        raise InputError(
            _("'{host}' has a part of more than {max_label} characters.").format(
                host=_shown(host), max_label=MAX_LABEL
            ),
            advice=_("Check it for a missing dot."),
        )
    if not _LABEL.fullmatch(label):
        raise InputError(
            _("'{host}' is not a domain.").format(host=_shown(host)),
            advice=_("Only letters, digits and hyphens (not at either end), with dots between; no spaces."),
        )
    return label


def _as_ip(text: str) -> IpAddress | None:
    text = text.removeprefix("[").removesuffix("]")
    if text[:5].lower() == "ipv6:":
        text = text[5:]
    try:
        return _unmapped(ipaddress.ip_address(text)) if "%" not in text else None
    except ValueError:
        return None


def _unmapped(ip: IpAddress) -> IpAddress:
    return ip.ipv4_mapped or ip if isinstance(ip, ipaddress.IPv6Address) else ip


def _is_local(ip: IpAddress) -> bool:
    local = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16") if ip.version == 4 else ("fc00::/7",)
    return any(ip in ipaddress.ip_network(network) for network in local)


def _shown(text: str) -> str:
    """Input for a message: printable, short, nothing a terminal would act on."""
    clean = "".join(c if c.isprintable() else "?" for c in text.strip()[:60])
    return clean + "…" if len(text.strip()) > 60 else clean
