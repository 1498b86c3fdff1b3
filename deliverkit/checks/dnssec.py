"""The check ``dnssec``: is the zone signed, does it validate, and will it tomorrow? (RFC 4033 to 4035, RFC 8624)

Whether signatures prove anything is for a validating resolver to say (the AD bit). What the records alone show, such as
a DS that no key fits, is seen through any resolver. A resolver that does not validate leaves the rest unknown.
"""

from __future__ import annotations

import asyncio
import calendar
import time
from collections.abc import Iterable
from dataclasses import dataclass

from deliverkit.checks import Notes, Target, World
from deliverkit.model import CheckResult, Outcome
from deliverkit.net.authoritative import zone_of
from deliverkit.net.resolver import Answer, Dnssec, Resolver, Status

MAX_RECORDS = 20
"""DS and DNSKEY records read of one zone; a change of keys has four."""
LAST_PART = 0.1
"""A signature in the last tenth of its life has been forgotten: signers renew at half to a fifth of it at the latest,
whether they sign for two days or for thirty."""

ALGORITHMS = {
    1: "RSAMD5",
    3: "DSA",
    5: "RSASHA1",
    6: "DSA-NSEC3-SHA1",
    7: "RSASHA1-NSEC3-SHA1",
    8: "RSASHA256",
    10: "RSASHA512",
    12: "ECC-GOST",
    13: "ECDSAP256SHA256",
    14: "ECDSAP384SHA384",
    15: "ED25519",
    16: "ED448",
}
_OLD = frozenset({1, 3, 5, 6, 7, 12})
"""Not to be signed with any more (RFC 8624 section 3.1, RFC 9905, RFC 9906); some systems take them for unsigned."""
_OLD_DIGESTS = frozenset({1, 3})
"""SHA-1 and GOST in a DS (RFC 8624 section 3.3)."""

_DIGESTS = {"1": "SHA1", "2": "SHA256", "4": "SHA384"}
"""By their number in a DS."""


@dataclass(frozen=True, slots=True)
class DnssecFacts:
    """What was seen."""

    domain: str
    zone: str
    """The zone that holds the domain; empty where it was not found out."""
    signed: bool | None = None
    """A DS stands in the zone above; None where it could not be asked for."""
    validated: bool | None = None
    """The resolver proved the zone (True), refuses it (False), or does not say (None)."""
    algorithms: tuple[str, ...] = ()
    """Of the DS records."""
    expires: int | None = None
    """When the first signature ends that was looked at, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class _Signature:
    expires: int
    begins: int


async def run(target: Target, world: World) -> CheckResult:
    """Check the zone of the Author Domain: three questions, two more where the resolver refuses it."""
    domain = target.domain
    notes = Notes("dnssec", domain or "", world.knowledge)
    if not domain:
        return notes.result(outcome=Outcome.NOT_APPLICABLE)
    soa = await zone_of(domain, world.resolver, dnssec=Dnssec.SIGNED)
    if soa.status is Status.NXDOMAIN:
        return notes.result(DnssecFacts(domain, ""), outcome=Outcome.NOT_APPLICABLE)
    bogus = await _bogus(soa, world.resolver) if soa.status is Status.SERVFAIL else None
    if soa.failed and bogus is None:
        notes.add("dnssec-unanswered", soa, domain=domain, status=soa.status.value)
        return notes.result(DnssecFacts(domain, ""))
    zone = soa.name
    how = Dnssec.UNCHECKED if bogus is not None else Dnssec.SIGNED
    ds, keys = await asyncio.gather(world.resolver.query(zone, "DS"), world.resolver.query(zone, "DNSKEY", dnssec=how))
    seen = bogus or soa
    if bogus is not None:
        notes.add("dnssec-bogus", soa, bogus, domain=zone)
    expires = _judge(notes, zone, ds, keys, seen, world.now)
    validated = False if bogus is not None else soa.authenticated or None
    signed = None if ds.failed else ds.found
    return notes.result(DnssecFacts(domain, zone, signed, validated, _algorithms(ds), expires))


async def _bogus(soa: Answer, resolver: Resolver) -> Answer | None:
    """The answer that the resolver gives without checking, where it surely fails by its checks alone: a server that
    is dead stays dead with CD, and a passing trouble is gone when asked once more."""
    unchecked = await resolver.query(soa.name, "SOA", dnssec=Dnssec.UNCHECKED)
    if unchecked.failed:
        return None
    again = await resolver.query(soa.name, "SOA", dnssec=Dnssec.SIGNED, fresh=True)
    return unchecked if again.status is Status.SERVFAIL else None


def _judge(notes: Notes, zone: str, ds: Answer, keys: Answer, soa: Answer, now: float) -> int | None:
    """What DS, keys and signatures show by themselves; gives when the first of the signatures ends."""
    failed = next((a for a in (ds, keys) if a.failed), None)
    if failed is not None:
        notes.add("dnssec-unanswered", failed, domain=zone, status=failed.status.value)
        return None
    if not ds.found:
        notes.add("dnssec-no-ds" if keys.found else "dnssec-unsigned", ds, keys, domain=zone)
        return None
    if not keys.found:
        notes.add("dnssec-ds-without-key", ds, keys, domain=zone)
        return None
    if not _any_fits(zone, ds.records, keys.records):
        notes.add("dnssec-ds-mismatch", ds, keys, domain=zone)
    for algorithm in _old_algorithms(ds):
        notes.add("dnssec-algorithm-old", ds, domain=zone, algorithm=algorithm)
    broken = any(f.id == "dnssec-bogus" for f in notes.findings)
    expires = _signatures(notes, zone, (soa, keys), now)
    if not notes.findings or (not broken and all(f.id in _BESIDE for f in notes.findings)):
        # AD is the resolver's word; without it nothing is known, for it may not validate at all.
        if soa.authenticated:
            notes.add("dnssec-valid", soa, ds, domain=zone, algorithm=", ".join(_algorithms(ds)))
        else:
            notes.add("dnssec-not-validated", soa, ds, domain=zone)
    return expires


_BESIDE = ("dnssec-algorithm-old", "dnssec-signature-expiring")
"""Findings beside which the zone may still be valid."""


def _signatures(notes: Notes, zone: str, answers: Iterable[Answer], now: float) -> int | None:
    """Judge the signature of each answer that lasts longest."""
    lasting = [max(read, key=lambda s: s.expires) for a in answers if (read := _read(a.signatures))]
    if not lasting:
        return None
    first = min(lasting, key=lambda s: s.expires)
    proof = tuple(answers)
    date = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(first.expires))
    if first.expires <= now:
        notes.add("dnssec-signature-expired", *proof, domain=zone, date=date)
    elif first.expires - now < LAST_PART * (first.expires - first.begins):
        notes.add("dnssec-signature-expiring", *proof, domain=zone, date=date)
    return first.expires


def _read(signatures: Iterable[str]) -> list[_Signature]:
    """RRSIG records (RFC 4034 section 3.2): the fifth and sixth word are when it ends and begins."""
    found = []
    for text in signatures:
        words = text.split()
        try:
            ends, begins = (calendar.timegm(time.strptime(word, "%Y%m%d%H%M%S")) for word in words[4:6])
        except ValueError:
            continue
        found.append(_Signature(ends, begins))
    return found


def _any_fits(zone: str, ds: Iterable[str], keys: Iterable[str]) -> bool:
    """Whether a key has the digest that a DS names (RFC 4034 section 5.1.4). Digests that we do not know may fit."""
    import dns.dnssec
    import dns.name
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype

    origin = dns.name.from_text(zone)
    for text in list(ds)[:MAX_RECORDS]:
        tag, _, kind, digest = (*text.lower().split(maxsplit=3), "", "", "", "")[:4]
        if kind not in _DIGESTS:
            return True
        for key_text in list(keys)[:MAX_RECORDS]:
            try:
                key = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.DNSKEY, key_text)
                made = dns.dnssec.make_ds(origin, key, _DIGESTS[kind], policy=dns.dnssec.allow_all_policy)
            except (dns.exception.DNSException, ValueError):
                continue
            if str(made.key_tag) == tag and made.digest.hex() == digest.replace(" ", ""):
                return True
    return False


def _numbers(ds: Answer, place: int) -> list[int]:
    words = (text.split() for text in ds.records[:MAX_RECORDS])
    return [int(w[place]) for w in words if len(w) > place and w[place].isascii() and w[place].isdigit()]


def _algorithms(ds: Answer) -> tuple[str, ...]:
    numbers = dict.fromkeys(_numbers(ds, 1)) if ds.found else {}
    return tuple(ALGORITHMS.get(number, str(number)) for number in numbers)


def _old_algorithms(ds: Answer) -> list[str]:
    """Names of what is out of use; a modern DS beside an old one is a change on its way, not a fault."""
    numbers, digests = set(_numbers(ds, 1)), set(_numbers(ds, 2))
    old = [ALGORITHMS[number] for number in sorted(numbers)] if numbers and numbers <= _OLD else []
    if digests and digests <= _OLD_DIGESTS:
        old.append("SHA-1" if 1 in digests else "GOST")
    return old
