"""DNS packets: a question to bytes, and bytes to what they say (RFC 1035, 2308, 6891).

dnspython reads the answers; what is done here is to say what they mean, and to bound them.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from deliverkit.net.quick import quick, section
from deliverkit.net.resolver import Dnssec, Status

PAYLOAD = 1232
"""Largest UDP answer asked for, in bytes: one that no path fragments."""
MAX_RECORDS = 500
MAX_TEXT = 65536
"""Characters of all records of one answer together."""
MAX_CHAIN = 8
MAX_SIGNATURES = 20
"""RRSIG records kept of one answer; a zone has one for each of its keys, mostly one or two."""
"""CNAMEs followed for one question."""

_EDNS = struct.pack("!BHHIH", 0, dns.rdatatype.OPT, PAYLOAD, 0, 0)
_EDNS_DO = struct.pack("!BHHIH", 0, dns.rdatatype.OPT, PAYLOAD, dns.flags.DO, 0)
_BARE_RCODES = frozenset({dns.rcode.FORMERR, dns.rcode.SERVFAIL, dns.rcode.NOTIMP, dns.rcode.REFUSED})
_NO_EDNS = frozenset({dns.rcode.FORMERR, dns.rcode.NOTIMP, dns.rcode.BADVERS})
_STATUS = {dns.rcode.SERVFAIL: Status.SERVFAIL, dns.rcode.REFUSED: Status.REFUSED}


def random_id() -> int:
    """An id that nobody can guess. (``secrets`` would do the same and costs 10 ms to import.)"""
    return int.from_bytes(os.urandom(2), "big")


class BadQuestionError(ValueError):
    """The name or the type cannot be put into a packet; the text says why."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question, ready to send."""

    text: str
    """The name as it was given."""
    rdtype: dns.rdatatype.RdataType
    asked: bytes
    """The question section."""
    id: int
    edns: bool = True
    dnssec: Dnssec = Dnssec.PLAIN

    @property
    def name(self) -> dns.name.Name:
        """The name as dnspython has it."""
        return dns.name.from_text(self.text)

    @property
    def wire(self) -> bytes:
        """The packet; recursion desired, which a server with the answer at hand ignores, and AD: tell what you proved
        (RFC 6840 section 5.7)."""
        flags = dns.flags.RD | dns.flags.AD | (dns.flags.CD if self.dnssec is Dnssec.UNCHECKED else 0)
        header = struct.pack("!HHHHHH", self.id, flags, 1, 0, 0, int(self.edns))
        edns = _EDNS if self.dnssec is Dnssec.PLAIN else _EDNS_DO
        return header + self.asked + (edns if self.edns else b"")

    def with_id(self, number: int) -> Question:
        """The same with another id."""
        return replace(self, id=number)

    def without_edns(self) -> Question:
        """The same for a server that does not know EDNS, with a new id."""
        return replace(self, id=random_id(), edns=False)

    def matches(self, data: bytes) -> bool:
        """Whether ``data`` answers this very question: id, response bit, name, type and class (RFC 5452 section 9.1).

        A server that could not read the question may leave it out.
        """
        if len(data) < 12 or int.from_bytes(data[:2], "big") != self.id or not data[2] & 0x80:
            return False
        if data[4:6] == b"\x00\x00":
            return (data[3] & 0x0F) in _BARE_RCODES
        return data[4:6] == b"\x00\x01" and data[12 : 12 + len(self.asked)].lower() == self.asked.lower()


def question(name: str, rdtype: str, dnssec: Dnssec = Dnssec.PLAIN) -> Question:
    """Make a question. Raises BadQuestionError for a name that is too long, has an empty label or a type unknown."""
    plain = section(name, rdtype)
    if plain is not None:
        return Question(name, dns.rdatatype.RdataType(plain[-3]), plain, random_id(), dnssec=dnssec)
    try:
        qtype = dns.rdatatype.from_text(rdtype)
        if dns.rdatatype.is_metatype(qtype):
            raise BadQuestionError(f"'{rdtype}' is no type of record")
        if not name:
            raise BadQuestionError("the name is empty")
        qname = dns.name.from_text(name)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise BadQuestionError(f"cannot be asked: {error}") from error
    asked = qname.to_wire() or b""
    return Question(name, qtype, asked + struct.pack("!HH", qtype, dns.rdataclass.IN), random_id(), dnssec=dnssec)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one packet says."""

    status: Status
    records: tuple[str, ...] = ()
    ttl: int | None = None
    chain: tuple[str, ...] = ()
    """Names the CNAMEs of the packet lead through."""
    onward: str | None = None
    """The end of the chain, when the packet does not say what is there: to be asked for."""
    detail: str = ""
    truncated: bool = False
    knows_edns: bool = True
    authenticated: bool = False
    """The AD bit: whoever answered proved the answer by its signatures."""
    signatures: tuple[str, ...] = ()
    """RRSIG records over the answer."""
    referral: bool = False
    """The server hands the question on to others."""


def read(asked: Question, data: bytes) -> Reading:
    """Read a packet that ``matches`` the question. Never raises: what cannot be read is ``Status.ERROR``."""
    if data[2] & (dns.flags.TC >> 8):
        return Reading(Status.ERROR, detail="truncated", truncated=True)
    if (plain := quick(asked.asked, data)) is not None:
        status, records, ttl, proven = plain
        return Reading(status, records, ttl, authenticated=proven and asked.dnssec is not Dnssec.UNCHECKED)
    return read_carefully(asked, data)


def read_carefully(asked: Question, data: bytes) -> Reading:
    """``read`` by dnspython alone, for what is not plain."""
    try:
        message = dns.message.from_wire(data, ignore_trailing=True)
        reading = _interpret(asked, message)
        if reading.status not in (Status.NOERROR, Status.NODATA, Status.NXDOMAIN):
            return reading
        # CD asks not to be told lies apart from truth, so AD says nothing then.
        proven = bool(message.flags & dns.flags.AD) and asked.dnssec is not Dnssec.UNCHECKED
        return replace(reading, authenticated=proven, signatures=_signatures(asked, message))
    except Exception as error:  # whatever the parser makes of hostile bytes, it is one outcome here
        return Reading(Status.ERROR, detail=f"malformed packet ({type(error).__name__})")


def _interpret(asked: Question, message: dns.message.Message) -> Reading:
    rcode = message.rcode()
    detail = _explained(message)
    if rcode not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        said = _STATUS.get(rcode, Status.ERROR)
        named = detail if said is not Status.ERROR else f"{dns.rcode.to_text(rcode)} {detail}".strip()
        return Reading(said, detail=named, knows_edns=rcode not in _NO_EDNS)
    sets = {(r.name, r.rdtype): r for r in message.answer if r.rdclass == dns.rdataclass.IN}
    chain, end, ttl = _follow(asked, sets)
    found = sets.get((end, asked.rdtype))
    names = tuple(name_text(n) for n in chain)
    if found is not None:
        if rcode == dns.rcode.NXDOMAIN:
            return Reading(Status.ERROR, detail="NXDOMAIN with records: contradicts itself")
        records, cut = texts(found)
        if not records:
            return Reading(Status.ERROR, chain=names, detail=cut)
        return Reading(Status.NOERROR, records, min([found.ttl, *ttl]), names, detail=cut or detail)
    denied = _negative_ttl(end, message.authority)
    least = min([*ttl, *(() if denied is None else (denied,))], default=None)
    if rcode == dns.rcode.NXDOMAIN:
        return Reading(Status.NXDOMAIN, ttl=least, chain=names, detail=detail)
    if chain and denied is None:
        return Reading(Status.NODATA, ttl=least, chain=names, onward=names[-1])
    if denied is None and _is_referral(message):
        delegated = next((r for r in message.authority if r.rdtype == asked.rdtype and r.name == asked.name), None)
        if delegated is not None:
            return Reading(Status.NOERROR, texts(delegated)[0], delegated.ttl, detail=detail, referral=True)
        return Reading(Status.ERROR, referral=True, detail="the server knows only who else to ask (a referral)")
    return Reading(Status.NODATA, ttl=least, chain=names, detail=detail)


def _signatures(asked: Question, message: dns.message.Message) -> tuple[str, ...]:
    """RRSIG records over the set that was asked for."""
    over = (r for r in message.answer if r.rdtype == dns.rdatatype.RRSIG and r.covers == asked.rdtype)
    return tuple(rdata.to_text() for rrset in over for rdata in rrset)[:MAX_SIGNATURES]


def _explained(message: dns.message.Message) -> str:
    """What the server adds for a person (extended errors, RFC 8914), printable and short."""
    words = "; ".join(e.to_text() for e in message.extended_errors()[:3])[:200]
    return "".join(c if c.isprintable() else "?" for c in words)


_Sets = dict[tuple[dns.name.Name, dns.rdatatype.RdataType], dns.rrset.RRset]


def _follow(asked: Question, sets: _Sets) -> tuple[list[dns.name.Name], dns.name.Name, list[int]]:
    """The CNAMEs from the name asked on: names passed, the last of them, and their TTLs. Stops where it turns round."""
    chain: list[dns.name.Name] = []
    ttl: list[int] = []
    end = asked.name
    while asked.rdtype != dns.rdatatype.CNAME and (end, asked.rdtype) not in sets and len(chain) <= MAX_CHAIN:
        alias = sets.get((end, dns.rdatatype.CNAME))
        if alias is None:
            break
        end = alias[0].target
        ttl.append(alias.ttl)
        turned = end in chain or end == asked.name
        chain.append(end)
        if turned:
            break
    return chain, end, ttl


def _negative_ttl(name: dns.name.Name, authority: Iterable[dns.rrset.RRset]) -> int | None:
    """TTL of an absence (RFC 2308 section 5); None when no SOA of a zone that holds ``name`` came with it."""
    for rrset in authority:
        if rrset.rdtype == dns.rdatatype.SOA and name.is_subdomain(rrset.name):
            return min(rrset.ttl, int(rrset[0].minimum))
    return None


def _is_referral(message: dns.message.Message) -> bool:
    """RFC 2308 section 2.2: without a SOA, name servers in the authority section make it a referral, no NODATA."""
    return not message.flags & dns.flags.AA and any(r.rdtype == dns.rdatatype.NS for r in message.authority)


def texts(rrset: dns.rrset.RRset) -> tuple[tuple[str, ...], str]:
    """The records as text, bounded, and what to say if some were left out."""
    kept: list[str] = []
    size = 0
    for rdata in rrset:
        text = rdata_text(rdata)
        size += len(text)
        if size > MAX_TEXT or len(kept) == MAX_RECORDS:
            return tuple(kept), f"only the first {len(kept)} of {len(rrset)} records were kept"
        kept.append(text)
    return tuple(kept), ""


def name_text(name: dns.name.Name) -> str:
    """Lower case, no trailing dot; the root is ``.``; bytes outside host names as ``\\DDD``."""
    return name.to_text(omit_final_dot=True).lower()


def rdata_text(rdata: dns.rdata.Rdata) -> str:
    """One record in the form that ``Answer.records`` promises."""
    make = _TEXT.get(rdata.rdtype)
    return make(rdata) if make else rdata.to_text()


def _txt(rdata: dns.rdata.Rdata) -> str:
    joined: bytes = b"".join(rdata.strings)  # type: ignore[attr-defined]
    return joined.decode("utf-8", "backslashreplace")


def _target(rdata: dns.rdata.Rdata) -> str:
    return name_text(rdata.target)  # type: ignore[attr-defined]


def _mx(rdata: dns.rdata.Rdata) -> str:
    return f"{rdata.preference} {name_text(rdata.exchange)}"  # type: ignore[attr-defined]


def _srv(rdata: dns.rdata.Rdata) -> str:
    return f"{rdata.priority} {rdata.weight} {rdata.port} {_target(rdata)}"  # type: ignore[attr-defined]


def _soa(rdata: dns.rdata.Rdata) -> str:
    numbers = (getattr(rdata, field) for field in ("serial", "refresh", "retry", "expire", "minimum"))
    names = f"{name_text(rdata.mname)} {name_text(rdata.rname)}"  # type: ignore[attr-defined]
    return " ".join([names, *map(str, numbers)])


_TEXT: dict[int, Callable[[dns.rdata.Rdata], str]] = {
    dns.rdatatype.TXT: _txt,
    dns.rdatatype.SPF: _txt,
    dns.rdatatype.NS: _target,
    dns.rdatatype.PTR: _target,
    dns.rdatatype.CNAME: _target,
    dns.rdatatype.DNAME: _target,
    dns.rdatatype.MX: _mx,
    dns.rdatatype.SRV: _srv,
    dns.rdatatype.SOA: _soa,
}
