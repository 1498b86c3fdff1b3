"""Reads the files of ``world.py``: strict, and every complaint names the file and the key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path

from deliverkit.errors import FileError
from deliverkit.net.documents import Documents, from_tables
from deliverkit.net.resolver import Status, canonical_name
from deliverkit.net.smtp import Sessions, sessions_from

MAX_BYTES = 8 * 1024 * 1024
MAX_RECORDS = 500
TTL = 3600
NEGATIVE_TTL = 300
_MAIL_TYPES = "A AAAA CAA CNAME MX NAPTR NS PTR SOA SPF SRV TXT"
_OTHER_TYPES = "CDS DNSKEY DS HTTPS LOC NSEC OPENPGPKEY RRSIG SMIMEA SSHFP SVCB TLSA"
TYPES = frozenset([*_MAIL_TYPES.split(), *_OTHER_TYPES.split()])

_STATUSES = {s.value: s for s in Status if s is not Status.NOERROR}
_NAMES = frozenset({"CNAME", "NS", "PTR"})
_HOST_AFTER_NUMBERS = {"MX": 1, "SRV": 3}


@dataclass(frozen=True, slots=True)
class Records:
    """The records of one type at one name; without values: NODATA."""

    values: tuple[str, ...]
    ttl: int
    status: Status | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """A name at one look."""

    sets: Mapping[str, Records]
    status: Status | None = None


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone: its names in full, each with its looks."""

    origin: str
    ttl: int
    negative_ttl: int
    status: Status | None
    owners: Mapping[str, tuple[Owner, ...]]
    below: Mapping[str, list[tuple[Owner, ...]]]
    """For every name, what stands at it and below it."""
    signed: bool = False
    """A validating resolver proves its answers."""
    bogus: bool = False
    """A validating resolver refuses them: SERVFAIL."""


@dataclass(frozen=True, slots=True)
class ServerView:
    """What one name server says where it differs from the others."""

    zones: Mapping[str, Zone]
    status: Status | None = None
    """What every question to it ends in."""


@dataclass(frozen=True, slots=True)
class WorldFile:
    """A world as read."""

    zones: Mapping[str, Zone]
    outside: Status
    """What names outside all zones end in."""
    documents: Documents
    """What is fetched over HTTPS, by address."""
    servers: Mapping[str, ServerView]
    """Name servers that differ, by address."""
    sessions: Sessions
    """What mail servers show, by host name."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in which file a value stands."""

    origin: str
    keys: tuple[str, ...] = ()

    def __truediv__(self, key: str) -> _Place:
        return replace(self, keys=(*self.keys, key))

    def wrong(self, what: str, advice: str) -> FileError:
        """The error that names the place."""
        path = ".".join(key if key.isidentifier() else f'"{key}"' for key in self.keys)
        return FileError(f"{self.origin}: {path}: {what}" if path else f"{self.origin}: {what}", advice=advice)


def read_world(source: Path | str | Mapping[str, object]) -> WorldFile:
    """Read a world. Raises FileError."""
    data, place = _load(source)
    for key in data:
        if key not in ("schema", "about", "root", "zone", "http", "smtp", "server"):
            raise (place / key).wrong("not a part of a world", 'Zones are tables such as [zone."shop.example"].')
    if data.get("schema", "deliverkit.world/1") != "deliverkit.world/1":
        raise (place / "schema").wrong("not a world that this version reads", 'It reads "deliverkit.world/1".')
    root = _table(data.get("root", {}), place / "root")
    outside = root.get("default", "error")
    if outside not in ("error", "nxdomain") or set(root) - {"default"}:
        raise (place / "root").wrong("only 'default' stands here", 'It is "error" or "nxdomain".')
    return WorldFile(
        zones=_zones(_table(data.get("zone", {}), place / "zone"), place / "zone"),
        outside=Status(str(outside)),
        documents=from_tables(data.get("http", {}), place.origin),
        servers=_servers(_table(data.get("server", {}), place / "server"), place / "server"),
        sessions=sessions_from(data.get("smtp", {}), place.origin),
    )


def _servers(tables: Mapping[str, object], place: _Place) -> dict[str, ServerView]:
    servers = {}
    for address, table in tables.items():
        here = place / address
        own = _table(table, here)
        if unknown := set(own) - {"zone", "status"}:
            raise (here / min(unknown)).wrong("unknown", "A server takes zone and status.")
        zones = _zones(_table(own.get("zone", {}), here / "zone"), here / "zone")
        servers[address] = ServerView(zones, _status(own.get("status"), here / "status"))
    return servers


def _zones(tables: Mapping[str, object], place: _Place) -> dict[str, Zone]:
    zones: dict[str, Zone] = {}
    for name, table in tables.items():
        here = place / name
        zone = _zone(_name(name, here), _table(table, here), here)
        if zone.origin in zones:
            raise here.wrong("the zone stands here twice", "Merge the two.")
        zones[zone.origin] = zone
    return zones


def _load(source: Path | str | Mapping[str, object]) -> tuple[Mapping[str, object], _Place]:
    import tomllib

    if isinstance(source, Mapping):
        return source, _Place("world")
    place = _Place(str(source) if isinstance(source, Path) else "world")
    try:
        if isinstance(source, Path):
            if source.stat().st_size > MAX_BYTES:
                raise place.wrong(f"larger than {MAX_BYTES // 1024 // 1024} MB", "Leave out what is not asked for.")
            source = source.read_text(encoding="utf-8")
        return tomllib.loads(source), place
    except OSError as error:
        raise place.wrong(error.strerror or str(error), "Check the path and its rights.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise place.wrong(f"not valid TOML: {error}", "Mend the line that is named.") from error


def _zone(origin: str, table: Mapping[str, object], place: _Place) -> Zone:
    """Settings of a zone are plain values, its names are tables; so a name may be called ``ttl``."""
    settings = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    if unknown := set(settings) - {"ttl", "negative_ttl", "status", "signed", "bogus"}:
        key = min(unknown)
        raise (place / key).wrong("neither a setting nor a name", 'Names are tables: "www" = { A = ["192.0.2.1"] }.')
    ttl = _seconds(settings.get("ttl", TTL), place / "ttl")
    negative_ttl = _seconds(settings.get("negative_ttl", NEGATIVE_TTL), place / "negative_ttl")
    owners: dict[str, tuple[Owner, ...]] = {}
    for key, value in table.items():
        if key in settings:
            continue
        here = place / key
        name = _owner_name(key, origin, here)
        if name in owners:
            raise here.wrong("the name stands here twice", "Merge the two.")
        owners[name] = _looks(_table(value, here), ttl, here)
    soa = f"ns.{origin} hostmaster.{origin} 1 3600 600 604800 {negative_ttl}".replace("..", ".")
    owners[origin] = tuple(_with_soa(look, soa, ttl) for look in owners.get(origin, (Owner({}),)))
    below: dict[str, list[tuple[Owner, ...]]] = {}
    for name, looks in owners.items():
        while name not in (origin, ""):
            below.setdefault(name, []).append(looks)
            name = name.partition(".")[2]
    status = _status(settings.get("status"), place / "status")
    signed, bogus = (_flag(settings.get(key, False), place / key) for key in ("signed", "bogus"))
    return Zone(origin, ttl, negative_ttl, status, owners, below, signed, bogus)


def _with_soa(look: Owner, soa: str, ttl: int) -> Owner:
    return replace(look, sets={"SOA": Records((soa,), ttl), **look.sets})


def _owner_name(key: str, origin: str, place: _Place) -> str:
    if key in ("@", ""):
        return origin
    if not key.endswith("."):
        return _name(key if origin == "." else f"{key}.{origin}", place)
    name = _name(key, place)
    if origin not in (".", name) and not name.endswith(f".{origin}"):
        raise place.wrong(f"not a name of the zone {origin}", "Leave out the last dot, or put it into its own zone.")
    return name


def _looks(table: Mapping[str, object], ttl: int, place: _Place) -> tuple[Owner, ...]:
    """The first look, and one for each ``then``."""
    first = {key: value for key, value in table.items() if key != "then"}
    looks = [_look(first, Owner({}), ttl, place)]
    later = table.get("then", [])
    for number, change in enumerate(later if isinstance(later, list) else [later]):
        here = place / "then" / str(number) if isinstance(later, list) else place / "then"
        looks.append(_look(_table(change, here), looks[-1], ttl, here))
    return tuple(looks)


def _look(table: Mapping[str, object], before: Owner, ttl: int, place: _Place) -> Owner:
    ttl = _seconds(table.get("ttl", ttl), place / "ttl")
    sets = {key: _records(key, value, ttl, place / key) for key, value in table.items() if key not in ("ttl", "status")}
    sets = {**before.sets, **sets}
    held = [rdtype for rdtype, records in sets.items() if records.values]
    if "CNAME" in held and len(held) > 1:
        raise place.wrong(
            "a CNAME stands alone at its name", "Remove it or the other records (RFC 1034 section 3.6.2)."
        )
    return Owner(sets, _status(table.get("status"), place / "status"))


def _records(rdtype: str, value: object, ttl: int, place: _Place) -> Records:
    if rdtype not in TYPES:
        raise place.wrong(
            "not a type of record", f"Types are {', '.join(sorted(TYPES))}; settings are ttl, status, then."
        )
    status = None
    if isinstance(value, Mapping):
        if unknown := set(value) - {"records", "ttl", "status"}:
            raise (place / min(unknown)).wrong("unknown", "A type takes records, ttl and status.")
        status = _status(value.get("status"), place / "status")
        ttl = _seconds(value.get("ttl", ttl), place / "ttl")
        value = value.get("records", [])
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list | tuple) or not all(isinstance(v, str) for v in values):
        raise place.wrong("a text or a list of texts is needed", 'One string a record: TXT = ["v=spf1 -all"].')
    if len(values) > MAX_RECORDS:
        raise place.wrong(f"more than {MAX_RECORDS} records", "No answer holds so many.")
    if rdtype == "CNAME" and len(values) > 1:
        raise place.wrong("more than one CNAME", "A name has one CNAME at most.")
    return Records(tuple(_value(rdtype, v, place) for v in values), ttl, status)


def _value(rdtype: str, value: str, place: _Place) -> str:
    """A record in the form of ``Answer.records``."""
    if len(value) > 65535:
        raise place.wrong("longer than a DNS message", "A record has at most 65535 bytes.")
    if rdtype in ("A", "AAAA"):
        try:
            address = ip_address(value)
        except ValueError:
            raise place.wrong(f"'{value}' is no address", "Write it as 192.0.2.1 or 2001:db8::1.") from None
        if (address.version == 4) != (rdtype == "A"):
            raise place.wrong(f"'{value}' is of the other family", "A is for IPv4, AAAA for IPv6.")
        return str(address)
    if rdtype in _NAMES:
        return _name(value, place)
    numbers = _HOST_AFTER_NUMBERS.get(rdtype)
    if numbers is None:
        return value
    *head, host = value.split() or [""]
    if len(head) != numbers or not all(word.isascii() and word.isdigit() for word in head):
        raise place.wrong(
            f"'{value}' is no {rdtype} record", f"Write {numbers} number(s) and a name: 10 mx.shop.example."
        )
    return " ".join([*(str(int(word)) for word in head), _name(host, place)])


def _name(text: str, place: _Place) -> str:
    name = canonical_name(text)
    labels = name.split(".")
    if name != "." and (len(name) > 253 or not all(0 < len(label) <= 63 and label.isascii() for label in labels)):
        raise place.wrong(f"'{text[:80]}' is no domain name", "Labels have 1 to 63 ASCII characters, 253 together.")
    return name


def _status(value: object, place: _Place) -> Status | None:
    if value is None:
        return None
    if not isinstance(value, str) or value not in _STATUSES:
        raise place.wrong("not a status", f"It is one of {', '.join(_STATUSES)}.")
    return _STATUSES[value]


def _flag(value: object, place: _Place) -> bool:
    if not isinstance(value, bool):
        raise place.wrong("neither true nor false", "Write true or false, without quotes.")
    return value


def _seconds(value: object, place: _Place) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise place.wrong("not a number of seconds", "It is a whole number from 0 to 2147483647.")
    return value


def _table(value: object, place: _Place) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise place.wrong("a table is needed", 'Write it as [zone."shop.example"] or { A = ["192.0.2.1"] }.')
    return value
