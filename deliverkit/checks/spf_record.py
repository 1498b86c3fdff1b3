"""Reading one SPF record, strictly by the grammar (RFC 7208 sections 4.5, 4.6.1, 5, 6, 7 and 12).

Pure. ``parse`` refuses a record with any error in it, as receivers do; ``read`` gives what can be
understood of it beside every error, so that a person sees all of them at once.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from deliverkit.checks.spf_macro import MacroError, MacroString, ends_in_macro, parse_macros

VERSION = "v=spf1"

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


class Qualifier(StrEnum):
    """What a match means (section 4.6.2)."""

    PASS = "+"  # noqa: S105 (a word of RFC 7208)
    FAIL = "-"
    SOFTFAIL = "~"
    NEUTRAL = "?"


class Fault(StrEnum):
    """What is wrong with a term."""

    VERSION = "version"
    """The record does not begin with ``v=spf1`` and a space."""
    CHARACTER = "character"
    """Not a visible ASCII character: a control character, a typographic dash, a byte above 127."""
    UNKNOWN_MECHANISM = "unknown_mechanism"
    ARGUMENT_MISSING = "argument_missing"
    ARGUMENT_UNEXPECTED = "argument_unexpected"
    DOMAIN = "domain"
    """Not a domain-spec: empty, one label only, or a top label that cannot be one."""
    ADDRESS = "address"
    """Not an IP address of the mechanism's family."""
    PREFIX = "prefix"
    """A prefix length that is too long, has a leading zero or stands where none may."""
    MACRO = "macro"
    REPEATED_MODIFIER = "repeated_modifier"
    """``redirect=`` or ``exp=`` twice (section 6)."""


@dataclass(frozen=True, slots=True)
class TermFault:
    """One error of a record."""

    fault: Fault
    term: str
    """As written."""
    position: int
    """Offset of the term in the record, from 0."""


class SpfSyntaxError(ValueError):
    """A term breaks the grammar: receivers answer permerror for the whole record (section 4.6)."""

    def __init__(self, fault: Fault, term: str, position: int) -> None:
        super().__init__(f"{fault.value} at {position}: {term[:80]!r}")
        self.fault = fault
        self.term = term
        """As written."""
        self.position = position
        """Offset of the term in the record, from 0."""


@dataclass(frozen=True, slots=True)
class Mechanism:
    """A directive: qualifier and mechanism (section 4.6.2 and 5)."""

    text: str
    """As written."""
    position: int
    name: str
    """``all``, ``include``, ``a``, ``mx``, ``ptr``, ``ip4``, ``ip6`` or ``exists``."""
    qualifier: Qualifier
    domain: MacroString | None = None
    network: IpNetwork | None = None
    """Of ip4 and ip6; host bits are cut off."""
    prefix4: int = 32
    prefix6: int = 128

    @property
    def asks(self) -> bool:
        """It counts against the limit of 10 DNS look-ups (section 4.6.4)."""
        return self.name in _ASKING


@dataclass(frozen=True, slots=True)
class Modifier:
    """``redirect=``, ``exp=`` or one nobody has defined (section 6)."""

    text: str
    position: int
    name: str
    """Lower case."""
    value: MacroString


Term = Mechanism | Modifier


@dataclass(frozen=True, slots=True)
class SpfRecord:
    """A record in terms, in the order written."""

    text: str
    terms: tuple[Term, ...]

    @property
    def mechanisms(self) -> tuple[Mechanism, ...]:
        """The directives, in order."""
        return tuple(t for t in self.terms if isinstance(t, Mechanism))

    @property
    def evaluated(self) -> tuple[Mechanism, ...]:
        """The directives that can take effect: up to and with the first ``all`` (section 5.1)."""
        found = self.mechanisms
        for index, mechanism in enumerate(found):
            if mechanism.name == "all":
                return found[: index + 1]
        return found

    @property
    def all(self) -> Mechanism | None:
        """The first ``all``; what stands behind it has no effect."""
        return next((t for t in self.mechanisms if t.name == "all"), None)

    @property
    def redirect(self) -> Modifier | None:
        """``redirect=``; without effect where there is an ``all`` (section 6.1)."""
        return self.modifier("redirect")

    def modifier(self, name: str) -> Modifier | None:
        """The first modifier of that name."""
        return next((t for t in self.terms if isinstance(t, Modifier) and t.name == name), None)


_ASKING = frozenset({"include", "a", "mx", "ptr", "exists"})
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9\-_.]*)=(.*)", re.DOTALL)
_DIRECTIVE = re.compile(r"([+\-?~]?)([A-Za-z][A-Za-z0-9\-_.]*)(.*)", re.DOTALL)
_DUAL_PREFIX = re.compile(r"(.*?)(?:/(0|[1-9][0-9]?))?(?://(0|[1-9][0-9]{0,2}))?", re.DOTALL)
_PREFIX = re.compile(r"0|[1-9][0-9]{0,2}")
_VISIBLE = re.compile(r"[\x21-\x7e]*")
_ESCAPED_BYTE = re.compile(r"\\x[89a-fA-F][0-9a-fA-F]")
"""How a resolver answers a byte that is not text (``Answer.records``)."""
_LABEL = re.compile(r"[A-Za-z0-9\-]+")
_SELECTED = re.compile(r"v=spf1(?: .*)?", re.IGNORECASE | re.DOTALL)


def select(records: Sequence[str]) -> list[str]:
    """The TXT records that are SPF: exactly ``v=spf1`` in any case, then a space or the end (section 4.5)."""
    return [record for record in records if _SELECTED.fullmatch(record)]


def parse(record: str) -> SpfRecord:
    """Parse a whole record. Raises SpfSyntaxError for its first error, wherever it stands (section 4.6)."""
    parsed, errors = read(record)
    if errors:
        raise SpfSyntaxError(errors[0].fault, errors[0].term, errors[0].position)
    return parsed


@lru_cache(maxsize=256)
def read(record: str) -> tuple[SpfRecord, tuple[TermFault, ...]]:
    """What can be read of a record, and every error in it. Linear in its length; cached, for one run reads
    the same record once for its tree and once for each IP."""
    if not select((record,)):
        return SpfRecord(record, ()), (TermFault(Fault.VERSION, record.partition(" ")[0], 0),)
    terms: list[Term] = []
    errors: list[TermFault] = []
    once: set[str] = set()
    for text, position in _split(record):
        try:
            term = _term(text, position)
            if isinstance(term, Modifier) and term.name in ("redirect", "exp"):
                if term.name in once:
                    raise SpfSyntaxError(Fault.REPEATED_MODIFIER, text, position)
                once.add(term.name)
            terms.append(term)
        except SpfSyntaxError as error:
            errors.append(TermFault(error.fault, error.term, error.position))
    return SpfRecord(record, tuple(terms)), tuple(errors)


def is_domain_spec(text: str) -> bool:
    """It ends in a macro or in a dot and a top label (section 7.1)."""
    if ends_in_macro(text):
        return True
    head, dot, top = text.removesuffix(".").rpartition(".")
    # alphanum with one ALPHA at least, or alphanum at both ends with a hyphen between: "not digits alone".
    labelled = bool(_LABEL.fullmatch(top)) and top[0] != "-" != top[-1] and not top.isdigit()
    return bool(dot and head) and labelled


def _split(record: str) -> Iterator[tuple[str, int]]:
    """The terms after the version with their offsets. Only spaces separate (section 4.6.1)."""
    for match in re.finditer(r"[^ ]+", record):
        if match.start() > 0:
            yield match[0], match.start()


def _term(text: str, position: int) -> Term:
    if not _VISIBLE.fullmatch(text) or _ESCAPED_BYTE.search(text):
        raise SpfSyntaxError(Fault.CHARACTER, text, position)
    modifier = _MODIFIER.fullmatch(text)
    if modifier:
        return _modifier(text, position, modifier[1].lower(), modifier[2])
    directive = _DIRECTIVE.fullmatch(text)
    if directive is None:
        raise SpfSyntaxError(Fault.UNKNOWN_MECHANISM, text, position)
    qualifier, name, rest = Qualifier(directive[1] or "+"), directive[2].lower(), directive[3]
    if name == "all":
        if rest:
            raise SpfSyntaxError(Fault.ARGUMENT_UNEXPECTED, text, position)
        return Mechanism(text, position, name, qualifier)
    if name in ("ip4", "ip6"):
        return Mechanism(text, position, name, qualifier, network=_network(text, position, name, rest))
    if name in ("include", "exists"):
        if not rest.startswith(":"):
            raise SpfSyntaxError(Fault.ARGUMENT_MISSING, text, position)
        return Mechanism(text, position, name, qualifier, _domain(rest[1:], text, position))
    if name == "ptr":
        if rest and not rest.startswith(":"):
            raise SpfSyntaxError(Fault.ARGUMENT_UNEXPECTED, text, position)
        return Mechanism(text, position, name, qualifier, _domain(rest[1:], text, position) if rest else None)
    if name in ("a", "mx"):
        return _address_mechanism(text, position, name, qualifier, rest)
    raise SpfSyntaxError(Fault.UNKNOWN_MECHANISM, text, position)


def _modifier(text: str, position: int, name: str, value: str) -> Modifier:
    # The literal grammar would make a malformed redirect an unknown modifier; errata and the test suite say
    # that the known names are not for the taking.
    if name in ("redirect", "exp"):
        return Modifier(text, position, name, _domain(value, text, position))
    try:
        return Modifier(text, position, name, parse_macros(value, explanation=True))
    except MacroError as error:
        raise SpfSyntaxError(Fault.MACRO, text, position) from error


def _address_mechanism(text: str, position: int, name: str, qualifier: Qualifier, rest: str) -> Mechanism:
    match = _DUAL_PREFIX.fullmatch(rest)
    assert match is not None  # every part is optional
    domain, four, six = match[1], match[2], match[3]
    prefix4, prefix6 = int(four) if four else 32, int(six) if six else 128
    if domain.startswith("/") or prefix4 > 32 or prefix6 > 128:
        raise SpfSyntaxError(Fault.PREFIX, text, position)
    if domain and not domain.startswith(":"):
        raise SpfSyntaxError(Fault.UNKNOWN_MECHANISM, text, position)
    spec = _domain(domain[1:], text, position) if domain else None
    return Mechanism(text, position, name, qualifier, spec, prefix4=prefix4, prefix6=prefix6)


def _domain(spec: str, text: str, position: int) -> MacroString:
    try:
        macros = parse_macros(spec)
    except MacroError as error:
        raise SpfSyntaxError(Fault.MACRO, text, position) from error
    if not is_domain_spec(spec):
        raise SpfSyntaxError(Fault.DOMAIN, text, position)
    return macros


def _network(text: str, position: int, name: str, rest: str) -> IpNetwork:
    if not rest:
        raise SpfSyntaxError(Fault.ARGUMENT_MISSING, text, position)
    address, slash, length = rest[1:].partition("/")
    try:
        if not rest.startswith(":") or "%" in address:
            raise ValueError(address)  # ipaddress takes the zone of an address, SPF does not
        ip = ipaddress.IPv4Address(address) if name == "ip4" else ipaddress.IPv6Address(address)
    except ValueError as error:
        raise SpfSyntaxError(Fault.ADDRESS, text, position) from error
    if slash and not (_PREFIX.fullmatch(length) and int(length) <= ip.max_prefixlen):
        raise SpfSyntaxError(Fault.PREFIX, text, position)
    return ipaddress.ip_network((ip, int(length) if slash else ip.max_prefixlen), strict=False)
