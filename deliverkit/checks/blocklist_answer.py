"""What one DNS answer says for one blocklist: pure, and in one order.

A blocklist answers with an address that is a code (RFC 5782 section 2.1). Three things make that less simple
than "any answer is a listing": refusals are answers too, a resolver in between can invent or swallow answers,
and a dead list says "not listed" for ever. So an error is looked for before any code, an empty answer is a
failure, and NXDOMAIN counts only where the list proved itself by its test points (RFC 5782 sections 5 and 7).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from deliverkit.knowledge.schema_dns import Blocklist, CodeKind, CodeRange, CodeStyle, ListCode
from deliverkit.net.resolver import Answer, Status

_LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
_BITS = ipaddress.ip_network("127.0.0.0/24")
_NOT_LISTED_TRAP = "127.0.0.1"
"""The address that must never be listed; as an answer it is a refusal unless the list gives it a meaning."""


class Listing(StrEnum):
    """What is known about a subject on one list. Only the first five are knowledge."""

    LISTED = "listed"
    POLICY = "policy"
    """Listed, but not for abuse: range, neighbours, a formal rule, age."""
    GOOD = "good"
    NEUTRAL = "neutral"
    NOT_LISTED = "not_listed"
    REFUSED = "refused"
    """The list does not serve this resolver, key or question."""
    HIJACKED = "hijacked"
    """Something else than the list answered: a parked domain or a resolver that rewrites."""
    FAILED = "failed"
    UNKNOWN_CODE = "unknown_code"
    NOT_KNOWN = "not_known"
    """The list answered, but did not prove that its answer means anything."""
    NOT_ASKED = "not_asked"

    @property
    def known(self) -> bool:
        """Something was learned about the subject."""
        return self in _KNOWN


_KNOWN = frozenset({Listing.LISTED, Listing.POLICY, Listing.GOOD, Listing.NEUTRAL, Listing.NOT_LISTED})

_BY_KIND = {
    CodeKind.LISTED: Listing.LISTED,
    CodeKind.POLICY: Listing.POLICY,
    CodeKind.GOOD: Listing.GOOD,
    CodeKind.NEUTRAL: Listing.NEUTRAL,
}
"""Gravest first: a list that says two things is taken at the graver one."""


class Why(StrEnum):
    """Why a list was not asked, or why its answer proves nothing; sentences are ``why.*`` of the blocklist texts."""

    NEEDS_KEY = "needs_key"
    NEEDS_REGISTRATION = "needs_registration"
    DEAD = "dead"
    SUPERSEDED = "superseded"
    COMPONENT = "component"
    NO_DNS = "no_dns"
    OTHER_KIND = "other_kind"
    NO_IPV6 = "no_ipv6"
    NOT_PUBLIC = "not_public"
    BAD_KEY = "bad_key"
    BAD_NAME = "bad_name"
    NO_TEST_POINT = "no_test_point"
    EMPTY = "empty"
    ANSWERS_EVERYTHING = "answers_everything"
    SILENT = "silent"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer, judged."""

    state: Listing
    codes: tuple[str, ...] = ()
    """Addresses as answered, sorted."""
    hits: tuple[ListCode, ...] = ()
    """What they mean, gravest first; for a refusal the error codes."""
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """What the test points of a list, asked through the same resolver in the same pass, proved."""

    present: Reading | None = None
    """Reading of the point that must be listed; None when there is none or it was not asked."""
    absent: Reading | None = None
    """Reading of the point that must not exist; None when there is none or it was not asked."""

    @property
    def answers(self) -> bool:
        """The list holds its own test entry, with a code that is no error."""
        return self.present is not None and self.present.state in _ANSWERED

    @property
    def fault(self) -> Reading | None:
        """Why the list proves nothing now, whatever it says about a subject; None when nothing is known against it."""
        points = [p for p in (self.present, self.absent) if p is not None]
        for state in (Listing.HIJACKED, Listing.REFUSED):
            for point in points:
                if point.state is state:
                    return point
        if self.absent is not None and self.absent.state in _ANSWERED:
            return Reading(Listing.NOT_KNOWN, self.absent.codes, (), Why.ANSWERS_EVERYTHING)
        if self.present is not None and self.present.state is Listing.FAILED:
            return Reading(Listing.FAILED, why=Why.SILENT)
        if self.present is not None and self.present.state is Listing.NOT_LISTED:
            return Reading(Listing.NOT_KNOWN, why=Why.EMPTY)
        return None


_ANSWERED = frozenset({Listing.LISTED, Listing.POLICY, Listing.GOOD, Listing.NEUTRAL, Listing.UNKNOWN_CODE})


def read(answer: Answer, blocklist: Blocklist) -> Reading:
    """Read one answer by itself, without asking whether the list proved itself.

    ``NOT_LISTED`` here means only "NXDOMAIN"; ``judge`` says whether it counts. Never raises.
    """
    if answer.status is Status.NXDOMAIN:
        return Reading(Listing.NOT_LISTED)
    if not answer.found or not answer.records:
        # NODATA too: a list has no reason to answer so, a filter against DNS rebinding has.
        return Reading(Listing.FAILED)
    addresses = _addresses(answer.records)
    if addresses is None:
        return Reading(Listing.FAILED)
    codes = tuple(str(a) for a in addresses)
    if any(a not in _LOOPBACK for a in addresses):
        return Reading(Listing.HIJACKED, codes)
    meanings = [meaning for a in addresses for meaning in _meanings(a, blocklist)]
    errors = _unique(m for m in meanings if m.kind is CodeKind.ERROR)
    if errors or any(_refusal(a, blocklist) for a in addresses):
        return Reading(Listing.REFUSED, codes, errors)
    hits = _unique(m for kind in _BY_KIND for m in meanings if m.kind is kind)
    if not hits:
        return Reading(Listing.UNKNOWN_CODE, codes)
    return Reading(_BY_KIND[hits[0].kind], codes, hits)


def judge(answer: Answer, blocklist: Blocklist, health: Health) -> Reading:
    """What is known about the subject: its answer, weighed by what the list's test points proved.

    A listing counts unless the list answers everything, or the point that rules that out could not be asked;
    NXDOMAIN counts only when the list holds its own test entry.
    """
    reading = read(answer, blocklist)
    if not reading.state.known and reading.state is not Listing.UNKNOWN_CODE:
        return reading
    fault = health.fault
    if reading.state is Listing.NOT_LISTED:
        if fault is not None:
            return fault
        return reading if health.answers else Reading(Listing.NOT_KNOWN, why=Why.NO_TEST_POINT)
    if fault is not None and fault.state is not Listing.FAILED and fault.why is not Why.EMPTY:
        return Reading(fault.state, reading.codes, fault.hits, fault.why)
    if health.absent is not None and health.absent.state is Listing.FAILED:
        return Reading(Listing.NOT_KNOWN, reading.codes, (), Why.UNPROVEN)
    return reading


def _addresses(records: Sequence[str]) -> list[ipaddress.IPv4Address] | None:
    try:
        return sorted({ipaddress.IPv4Address(record) for record in records})
    except ValueError:
        return None


def _refusal(address: ipaddress.IPv4Address, blocklist: Blocklist) -> bool:
    if blocklist.error_net is not None and address in ipaddress.ip_network(blocklist.error_net):
        return True
    return str(address) == _NOT_LISTED_TRAP and not any(True for _ in _meanings(address, blocklist))


def _meanings(address: ipaddress.IPv4Address, blocklist: Blocklist) -> Iterator[ListCode]:
    """The codes of the list that this address carries; whole addresses win over bits and ranges."""
    text = str(address)
    exact = [code for code in blocklist.codes if code.a == text]
    if exact:
        yield from exact
        return
    last = address.packed[3]
    if blocklist.code_style is CodeStyle.BITMASK and address in _BITS:
        for code in blocklist.codes:
            if code.a.startswith("bit:") and last & int(code.a[4:]):
                yield code
    span = blocklist.code_range
    if span is not None and _within(address, span):
        yield span.code


def _within(address: ipaddress.IPv4Address, span: CodeRange) -> bool:
    _, _, third, fourth = address.packed
    return (
        address in ipaddress.ip_network(span.code.a)
        and span.third[0] <= third <= span.third[1]
        and span.fourth[0] <= fourth <= span.fourth[1]
    )


def _unique(codes: Iterator[ListCode]) -> tuple[ListCode, ...]:
    return tuple(dict.fromkeys(codes))
