"""Which lists are asked about a subject, and why the others are not."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from deliverkit.checks.blocklist_answer import Why
from deliverkit.checks.blocklist_keys import is_key
from deliverkit.checks.suffixes import registrable
from deliverkit.knowledge.schema_dns import Blocklist

_NEVER_PUBLIC = frozenset({"home.arpa", "internal", "intranet", "lan", "local", "localdomain", "localhost", "onion"})
"""Endings of names that live inside one network (RFC 6761, 6762, 7686, 8375 and custom): asking would only tell."""


class Kind(StrEnum):
    """What is asked about; the words of ``Blocklist.kinds``."""

    IP4 = "ip4"
    IP6 = "ip6"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True)
class Choice:
    """One list, to be asked when ``why`` is None."""

    blocklist: Blocklist
    why: Why | None = None


def kind_of(subject: str) -> tuple[Kind, str]:
    """What a subject is, and how it is written for lists: IPv4-mapped IPv6 as IPv4, names in lower case."""
    try:
        ip = ipaddress.ip_address(subject.strip("[]"))
    except ValueError:
        return Kind.DOMAIN, subject.strip().lower().removesuffix(".")
    if isinstance(ip, ipaddress.IPv6Address):
        return (Kind.IP4, str(ip.ipv4_mapped)) if ip.ipv4_mapped else (Kind.IP6, str(ip))
    return Kind.IP4, str(ip)


def inside_only(domain: str) -> bool:
    """Whether a name means something inside one network only."""
    return any(domain == ending or domain.endswith("." + ending) for ending in _NEVER_PUBLIC)


def asked_as(subject: str, blocklist: Blocklist, kind: Kind) -> str:
    """What of a subject the list is asked about: the registrable domain where it holds nothing below (URIBL)."""
    if kind is not Kind.DOMAIN or blocklist.query_as != "registrable":
        return subject
    return registrable(subject) or subject


def points(blocklist: Blocklist, kind: Kind) -> tuple[str | None, str | None]:
    """The test points to ask for a kind of subject: one that must be listed, one that must not exist.

    An IPv6 subject is proved by the IPv4 points where a list names no IPv6 points: same zone, same resolver.
    """
    return _point(blocklist.test_listed, kind), _point(blocklist.test_clean, kind)


def _point(candidates: Sequence[str], kind: Kind) -> str | None:
    kinds = [(kind_of_point(point), point) for point in candidates]
    wanted = (Kind.IP6, Kind.IP4) if kind is Kind.IP6 else (kind,)
    return next((point for want in wanted for have, point in kinds if have is want), None)


def kind_of_point(point: str) -> Kind:
    """As ``kind_of``, but an IPv4-mapped point (``::ffff:7f00:2``) is the IPv6 point that RFC 5782 section 5 means."""
    return Kind.IP6 if ":" in point else kind_of(point)[0]


def provable(blocklist: Blocklist, kind: Kind) -> bool:
    """Whether test points can prove both a listing and its absence."""
    return all(point is not None for point in points(blocklist, kind))


def dead_zone(zone: str, lists: Mapping[str, Blocklist]) -> Blocklist | None:
    """The dead list that a zone belongs to, by its name, its other names or their endings; None for a living zone."""
    zone = zone.lower().removesuffix(".")
    for blocklist in lists.values():
        if blocklist.status == "dead" and zone:
            names = (blocklist.zone, *blocklist.aliases)
            if zone in names or any(zone == s or zone.endswith("." + s) for s in (*blocklist.suffixes, blocklist.zone)):
                return blocklist
    return None


def choose(
    lists: Mapping[str, Blocklist],
    kind: Kind,
    *,
    keys: Mapping[str, str] | None = None,
    also: Collection[str] = (),
    graveyard: Mapping[str, Blocklist] | None = None,
) -> tuple[Choice, ...]:
    """The lists to ask about a kind of subject, in the order of ``lists``, with those that could be asked but are not.

    ``keys`` are account keys by their name; ``also`` are ids to ask beside the default ones (lists whose operator
    knows the resolver, lists without test points). Dead zones are never asked, whatever ``also`` says or a user's
    own list is called; ``graveyard`` holds the dead lists where ``lists`` does not.
    """
    keys = keys or {}
    dead = {**(graveyard or {}), **lists}
    replaced = {b.stands_for for b in lists.values() if b.stands_for and _has_key(b, keys)}
    chosen = []
    for blocklist in lists.values():
        named = blocklist.id in also
        if blocklist.id in replaced and not named:
            continue
        why = _refusal(blocklist, kind, keys, named)
        if isinstance(why, _LeftOut):
            continue
        if why is None and dead_zone(blocklist.zone, dead) is not None:
            why = Why.DEAD
        chosen.append(Choice(blocklist, why))
    asked = {c.blocklist.id for c in chosen if c.why is None}
    return tuple(
        Choice(c.blocklist, Why.COMPONENT) if c.why is None and c.blocklist.component_of in asked else c for c in chosen
    )


class _LeftOut:
    """Not worth a word: nobody asked for the list."""


_LEFT_OUT = _LeftOut()


def _refusal(blocklist: Blocklist, kind: Kind, keys: Mapping[str, str], named: bool) -> Why | _LeftOut | None:
    """Why a list is not asked; None when it is."""
    keyed = _has_key(blocklist, keys)
    standing = _STANDING.get(blocklist.status)
    if standing is not None or not blocklist.zone:
        return (standing or Why.NO_DNS) if named else _LEFT_OUT
    if kind.value not in blocklist.kinds:
        if kind is Kind.IP6 and Kind.IP4.value in blocklist.kinds and (named or blocklist.asked_by_default):
            return Why.NO_IPV6
        return Why.OTHER_KIND if named else _LEFT_OUT
    if keyed and not is_key(keys[blocklist.key or ""]):
        return Why.BAD_KEY
    if blocklist.status == "key_required" and not keyed:
        missed = blocklist.query_with_key is not None and blocklist.stands_for is None and provable(blocklist, kind)
        return Why.NEEDS_KEY if named or missed else _LEFT_OUT
    if blocklist.status == "registration_required" and not named:
        return Why.NEEDS_REGISTRATION if blocklist.type == "block" else _LEFT_OUT
    by_itself = blocklist.asked_by_default and (not blocklist.test_listed or provable(blocklist, kind))
    bought = keyed and blocklist.component_of is None
    return None if named or by_itself or bought else _LEFT_OUT


_STANDING = {"dead": Why.DEAD, "superseded": Why.SUPERSEDED, "no_dns": Why.NO_DNS}


def _has_key(blocklist: Blocklist, keys: Mapping[str, str]) -> bool:
    return blocklist.key is not None and bool(keys.get(blocklist.key))
