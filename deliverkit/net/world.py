"""A DNS world written by hand: the demo's and the tests' zones, in TOML.

::

    [zone."shop.example"]
    ttl = 3600                # optional, as are negative_ttl and status
    "@" = { TXT = ["v=spf1 ip4:192.0.2.10 -all"], MX = ["10 mx.shop.example"], NS = ["ns1.shop.example"] }
    "www" = { CNAME = "shop.example" }
    "*.host" = { A = ["192.0.2.80"], ttl = 60 }
    "slow" = { status = "timeout" }
    "half" = { A = ["192.0.2.81"], TXT = { status = "servfail" } }
    "_dmarc" = { status = "nxdomain", then = { TXT = ["v=DMARC1; p=none"] } }

    [zone."dead.example"]
    status = "servfail"

    [root]
    default = "nxdomain"      # for names outside all zones; "error" ("not in this world") when left out

Owner names are relative to their zone, ``@`` is the zone itself, a trailing dot makes a name absolute. Every
string is one record: TXT in one piece, MX ``10 host``, the null MX ``0 .``; names in records are always absolute.
As in DNS: a name that exists, or has names below it, is NODATA for other types; wildcards answer for names that
do not exist (RFC 4592); CNAMEs are followed; a zone below another takes over its names; a zone has a SOA.
``then`` (a table, or a list of them) is what changes by the next look: types that it names are replaced.
``signed = true`` in a zone: a validating resolver proves its answers; ``bogus = true``: it answers SERVFAIL, unless it
is asked not to check. DS, DNSKEY and RRSIG are records of the zone's own name, in the form of a zone file.
``[server."192.0.2.53".zone."shop.example"]`` is a zone as that one name server has it, instead of the common one;
``[server."192.0.2.54"]`` with ``status = "timeout"`` is a server that fails; a server without an entry gives what the
world gives.
Statuses: ``timeout``, ``servfail``, ``refused``, ``error``, ``nxdomain``, ``nodata``.

Documents that are fetched over HTTPS are tables ``[http."https://…"]``; ``documents.py`` has their keys.
Mail servers that are connected to are tables ``[smtp."mx.shop.example"]``; ``smtp.py`` has their keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from deliverkit.net.documents import Documents
from deliverkit.net.resolver import Answer, Dnssec, Status
from deliverkit.net.smtp import Sessions
from deliverkit.net.worldfile import Owner, Records, WorldFile, Zone, read_world

SERVER = "replay"
MAX_CHAIN = 8


@dataclass(slots=True)
class _Walk:
    """A question on its way through the world."""

    name: str
    rdtype: str
    server: str
    look: int
    dnssec: Dnssec = Dnssec.PLAIN
    proven: bool = True
    """Every zone on the way is signed."""
    chain: list[str] = field(default_factory=list)
    ttls: list[int] = field(default_factory=list)

    def end(self, status: Status, *, ttl: int | None = None, detail: str = "", records: tuple[str, ...] = ()) -> Answer:
        """The answer, with what the walk has gathered."""
        least = None
        if ttl is not None:
            least = min([ttl, *self.ttls])
        settled = status in (Status.NOERROR, Status.NODATA, Status.NXDOMAIN)
        answer = Answer(
            self.name, self.rdtype, status, records, least, tuple(self.chain), SERVER, 0.0, detail, self.server
        )
        # A server named in the question has its zone from itself: it proves nothing by signatures.
        by_resolver = self.dnssec is not Dnssec.UNCHECKED and not self.server
        return replace(answer, dnssec=self.dnssec, authenticated=settled and self.proven and by_resolver)


class World:
    """Zones as a ``replay.Source``: answers depend on the question and the look only."""

    per_server = False
    """Looks are counted together, whoever is asked."""
    made: float | None = None

    def __init__(self, file: WorldFile) -> None:
        self._zones = file.zones
        self._outside = file.outside
        self._servers = file.servers
        self.documents: Documents = file.documents
        self.sessions: Sessions = file.sessions
        self.asks_owners = bool(file.servers)

    @classmethod
    def read(cls, source: Path | str | Mapping[str, object]) -> World:
        """From a file, TOML text or data. Raises FileError that names path and key."""
        return cls(read_world(source))

    def answer(self, name: str, rdtype: str, server: str, look: int, dnssec: Dnssec = Dnssec.PLAIN) -> Answer:
        """See ``replay.Source``."""
        walk = _Walk(name, rdtype, server, look, dnssec)
        at = name
        view = self._servers.get(server)
        if view is not None and view.status is not None:
            return walk.end(view.status)
        if not is_name(name):
            return walk.end(Status.ERROR, detail="cannot be asked: an empty or too long label or name")
        while True:
            target = self._step(walk, at)
            if isinstance(target, Answer):
                return target
            circle = target == name or target in walk.chain
            if circle or len(walk.chain) == MAX_CHAIN:
                why = "the CNAME chain runs in a circle" if circle else f"more than {MAX_CHAIN} CNAMEs in a row"
                return walk.end(Status.ERROR, detail=why)
            walk.chain.append(target)
            at = target

    def _step(self, walk: _Walk, at: str) -> Answer | str:
        """The answer for the name ``at``, or the name its CNAME leads to."""
        view = self._servers.get(walk.server)
        zones = {**self._zones, **view.zones} if view is not None else self._zones
        zone = next((zones[n] for n in ancestors(at) if n in zones), None)
        walk.proven = walk.proven and zone is not None and zone.signed
        if zone is None:
            detail = "" if self._outside is Status.NXDOMAIN else "not in this world"
            return walk.end(self._outside, detail=detail)
        if zone.status is not None:
            return walk.end(zone.status)
        if zone.bogus and not walk.server and walk.dnssec is not Dnssec.UNCHECKED and walk.rdtype != "DS":
            return walk.end(Status.SERVFAIL, detail="the signatures do not validate")
        owner = _owner(zone, at, walk.look)
        if owner is None:
            exists = _exists(zone, at, walk.look)
            return walk.end(Status.NODATA if exists else Status.NXDOMAIN, ttl=zone.negative_ttl)
        if owner.status is not None:
            said_absent = owner.status in (Status.NODATA, Status.NXDOMAIN)
            return walk.end(owner.status, ttl=zone.negative_ttl if said_absent else None)
        found = owner.sets.get(walk.rdtype)
        if found is None and "CNAME" in owner.sets:
            alias = owner.sets["CNAME"]
            if alias.status is None and alias.values:
                walk.ttls.append(alias.ttl)
                return alias.values[0]
            found = alias
        answer = _said(walk, zone, found)
        return replace(answer, signatures=_over(walk, owner)) if walk.dnssec is not Dnssec.PLAIN else answer


def _over(walk: _Walk, owner: Owner) -> tuple[str, ...]:
    """The signatures of the owner over the type that was asked for."""
    kept = owner.sets.get("RRSIG")
    return tuple(text for text in kept.values if text.partition(" ")[0] == walk.rdtype) if kept else ()


def _said(walk: _Walk, zone: Zone, found: Records | None) -> Answer:
    if found is not None and found.status is not None and found.status is not Status.NODATA:
        return walk.end(found.status)
    if found is None or not found.values or found.status is Status.NODATA:
        return walk.end(Status.NODATA, ttl=zone.negative_ttl)
    return walk.end(Status.NOERROR, ttl=found.ttl, records=found.values)


def _owner(zone: Zone, name: str, look: int) -> Owner | None:
    """What the zone has for a name at a look: its own entry, else a wildcard's (RFC 4592 section 3.3.1)."""
    looks = zone.owners.get(name)
    if looks is not None:
        return looks[min(look, len(looks) - 1)]
    if _exists(zone, name, look):
        return None
    for encloser in ancestors(name):
        if _exists(zone, encloser, look):
            star = zone.owners.get(f"*.{encloser}")
            return None if star is None else star[min(look, len(star) - 1)]
    return None


def _exists(zone: Zone, name: str, look: int) -> bool:
    """Whether a name, or one below it, is there at a look. The zone's own name always is."""
    if name == zone.origin:
        return True
    found = (looks[min(look, len(looks) - 1)] for looks in zone.below.get(name, ()))
    return any(owner.status is not Status.NXDOMAIN for owner in found)


def ancestors(name: str) -> list[str]:
    """The name, its parent, and so on to the root."""
    if name == ".":
        return ["."]
    labels = name.split(".")
    return [*(".".join(labels[i:]) for i in range(len(labels))), "."]


def is_name(name: str) -> bool:
    """Whether DNS can carry it: labels of 1 to 63 characters, 253 together (RFC 1035 section 2.3.4)."""
    return name == "." or (len(name) <= 253 and all(0 < len(label) <= 63 for label in name.split(".")))
