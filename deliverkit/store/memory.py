"""The memory of addresses: events go in, each at most once; how every address stands comes out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Engine, Table, func, inspect, select
from sqlalchemy.dialects import postgresql, sqlite

from deliverkit.bounces.event import Event, Kind
from deliverkit.errors import StoreError
from deliverkit.language import _
from deliverkit.model import Verdict
from deliverkit.store.database import address_of, engine_for, reading, shown, writing
from deliverkit.store.policy import ADDED, IMPORTED, REMOVED, Decision, Happened, Policy, State, decide
from deliverkit.store.rows import HASHED, Row, by_hand, hashed, normal, row
from deliverkit.store.secret import default_key_file, fingerprint, secret_from
from deliverkit.store.tables import VERSION, addresses, chunks, events, meta, metadata

T = TypeVar("T")

_TOGETHER = 900
"""Addresses asked for in one statement; SQLite of old takes 999 values."""
_CHUNK = 5000
"""Rows written or read at a time where there are many."""
_ENTRY = (
    addresses.c.address,
    addresses.c.domain,
    addresses.c.state,
    addresses.c.rule,
    addresses.c.reason,
    addresses.c.since,
    addresses.c.soft,
)
_COLUMNS = (events.c.at, events.c.id, *(events.c[name] for name in Happened._fields[2:]))


class Ingested(NamedTuple):
    """What came of a chunk."""

    new: int
    """Events that were not known."""
    known: int
    """Events that were, or stand in the chunk twice."""
    left_out: int
    """Records without a recipient that is an address."""
    skipped: bool = False
    """The whole chunk was known by its id; nothing was read from it."""


class Entry(NamedTuple):
    """How one address stands."""

    address: str
    """The address, or ``hmac:…`` where no plain address is kept."""
    domain: str
    state: State
    rule: str
    reason: str | None
    since: int | None
    """Milliseconds since 1970 UTC."""
    soft: int
    """Different days with failures that count."""


class Why(NamedTuple):
    """The whole story of one address."""

    entry: Entry
    decision: Decision
    history: tuple[Row, ...]
    """Every event, oldest first."""


class Store:
    """The memory of addresses behind one URL. A context manager; close it when done.

    ``with Store.open(url, policy=config.policy) as store: store.ingest(chunk_id, records)``

    Every writing call is one transaction: after a crash at any moment it has happened wholly or not at all. Several
    processes may use one store; one of them writes at a time, the others wait.
    """

    def __init__(self, engine: Engine, policy: Policy, secret: bytes | None) -> None:
        self._engine = engine
        self._policy = policy
        self._secret = secret
        self._insert: Any = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert

    @classmethod
    def open(
        cls,
        url: str | None = None,
        *,
        policy: Policy | None = None,
        hash_recipients: bool = False,
        key_file: Path | None = None,
        create: bool = True,
    ) -> Store:
        """Open the store at ``url``: a path, ``sqlite:///FILE``, ``postgresql://…``, or None for the user's own file.

        With ``create`` it is made when it is not there. ``hash_recipients`` makes it one that keeps no plain address;
        a store that was made so stays so, whatever is asked for. A policy other than that of the last time is applied
        to every address at once.

        Raises InputError for a URL of another database or a library that is not installed, StoreError for a store
        that cannot be used, is not there, or is of the other kind.
        """
        engine = engine_for(address_of(url), create=create)
        try:
            door: AbstractContextManager[Connection] = writing(engine) if create else reading(engine)
            with door as connection:
                if create:
                    metadata.create_all(connection)
                known = _meta(engine, connection)
            secret = _secret(engine, known, hash_recipients, key_file or default_key_file())
            store = cls(engine, policy or Policy(), secret)
            store._settle(known)
        except BaseException:
            engine.dispose()
            raise
        return store

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @property
    def name(self) -> str:
        """The store as it may be named in a sentence: its file, or its URL without a password."""
        return shown(self._engine.url)

    @property
    def hashes(self) -> bool:
        """Whether no plain address is kept."""
        return self._secret is not None

    # ---- in

    def ingest(self, chunk_id: str, records: Iterable[tuple[Event, Verdict | None]]) -> Ingested:
        """Take in the records of one chunk, in one transaction.

        ``chunk_id`` names the content of the chunk, not its place: a hash of its bytes after unpacking, so that the
        same file again, renamed or gzipped, is skipped at once. Even without that nothing is doubled: two events are
        the same when all that they say is the same. The records are read only if the chunk is not known, and are
        held in memory, so a chunk is some thousand records.

        Event by event: bounces, deliveries, complaints and unsubscribes count, all others are kept for the story.
        Raises StoreError; then nothing of the chunk was kept.
        """
        with writing(self._engine) as connection:
            if connection.scalar(select(chunks.c.id).where(chunks.c.id == chunk_id)) is not None:
                return Ingested(0, 0, 0, skipped=True)
            made = [row(event, verdict, self._secret) for event, verdict in records]
            rows = [each for each in made if each is not None]
            new = self._keep(connection, rows)
            connection.execute(self._insert(chunks).values(id=chunk_id, records=len(made)))
            return Ingested(new, len(rows) - new, len(made) - len(rows))

    def has(self, chunk_id: str) -> bool:
        """Whether a chunk was taken in."""
        with reading(self._engine) as connection:
            return connection.scalar(select(chunks.c.id).where(chunks.c.id == chunk_id)) is not None

    def add(self, given: Iterable[str], at: int, note: str = "") -> list[str]:
        """Suppress addresses by hand at a time (milliseconds since 1970 UTC); gives those that are no addresses."""
        return self._by_hand(((address, ADDED, None, None, at) for address in given), note)

    def remove(self, given: Iterable[str], at: int, note: str = "") -> list[str]:
        """Take addresses off the list by hand: nothing that happened before that time counts any more. Gives those
        that are no addresses."""
        return self._by_hand(((address, REMOVED, None, None, at) for address in given), note)

    def bring(self, given: Iterable[tuple[str, State, str | None, int | None]], note: str = "") -> list[str]:
        """Take over how addresses stand elsewhere: address, state, reason and since when. The same again changes
        nothing. Gives those that are no addresses."""
        return self._by_hand(((address, IMPORTED, state, reason, at) for address, state, reason, at in given), note)

    def _by_hand(self, given: Iterable[tuple[str, str, State | None, str | None, int | None]], note: str) -> list[str]:
        wrong: list[str] = []

        def rows() -> Iterator[Row]:
            for written, kind, state, reason, at in given:
                if (address := self._named(written)) is None:
                    wrong.append(written)
                else:
                    yield by_hand(address, kind, at, note, state=state, reason=reason, secret=self._secret)

        with writing(self._engine) as connection:
            for some in _batches(rows(), _CHUNK):
                self._keep(connection, some)
        return wrong

    def _named(self, written: str) -> str | None:
        """The address that is meant: a normal one, or the hash of one as an export has it."""
        text = written.strip()
        if self._secret and text.startswith(HASHED) and len(text) == len(HASHED) + 32:
            return text
        return normal(text)

    def _keep(self, connection: Connection, rows: Iterable[Row]) -> int:
        """Insert the rows that are not there and decide anew about their addresses; gives how many were new."""
        distinct = {(each.address, each.id): each for each in rows}
        if not distinct:
            return 0
        domains = {each.address: each.domain for each in distinct.values()}
        # By the driver itself: SQLAlchemy takes as long over each row as the database.
        result = connection.exec_driver_sql(
            _insertion(connection, events, "DO NOTHING"),
            [each[:-1] for each in distinct.values()],
            execution_options={"preserve_rowcount": True},
        )
        if result.rowcount:
            self._decide(connection, domains)
        return result.rowcount

    def _decide(self, connection: Connection, domains: Mapping[str, str]) -> None:
        """Decide about addresses from all that is known of them."""
        found: list[tuple[object, ...]] = []
        for some in _batches(domains, _TOGETHER):
            for address, made in self._decisions(connection, some):
                found.append(
                    (address, domains[address], made.state.value, made.rule, made.reason, made.since, made.soft)
                )
        taken = ", ".join(f"{name} = excluded.{name}" for name in ("state", "rule", "reason", "since", "soft"))
        connection.exec_driver_sql(_insertion(connection, addresses, f"(address) DO UPDATE SET {taken}"), found)

    def _decisions(self, connection: Connection, some: tuple[str, ...]) -> Iterator[tuple[str, Decision]]:
        """A decision for each address. Most have a long row of deliveries and nothing else: of these only the last is
        asked for."""
        other = select(events.c.address).where(events.c.address.in_(some), events.c.kind != Kind.DELIVERED.value)
        told = set(connection.scalars(other.distinct()))
        wanted = select(events.c.address, *_COLUMNS).where(events.c.address.in_(told)).order_by(events.c.address)
        for address, history in groupby(connection.execute(wanted), itemgetter(0)):
            yield address, decide([Happened(*each[1:]) for each in history], self._policy)
        fine = [address for address in some if address not in told]
        last = select(events.c.address, func.max(events.c.at)).where(events.c.address.in_(fine))
        for address, at in connection.execute(last.group_by(events.c.address)):
            yield address, decide([Happened(at, b"", Kind.DELIVERED)], self._policy)

    def _settle(self, known: Mapping[str, str]) -> None:
        """Apply this policy where another one was applied before."""
        policy = json.dumps(asdict(self._policy), sort_keys=True)
        if known.get("policy") == policy:
            return
        with writing(self._engine) as connection:
            last = ""
            while some := _page(connection, last):
                self._decide(connection, some)
                *_rest, last = some
            values = {"version": VERSION, "hashed": fingerprint(self._secret) if self._secret else "", "policy": policy}
            statement = self._insert(meta)
            connection.execute(
                statement.on_conflict_do_update(index_elements=["name"], set_={"value": statement.excluded.value}),
                [{"name": name, "value": value} for name, value in values.items()],
            )

    # ---- out

    def entries(self, states: Iterable[State] = (), domain: str | None = None) -> Iterator[Entry]:
        """How addresses stand, in the order of their names; those of some states, or of one domain."""
        wanted = select(*_ENTRY).order_by(addresses.c.address)
        if chosen := [state.value for state in states]:
            wanted = wanted.where(addresses.c.state.in_(chosen))
        if domain is not None:
            wanted = wanted.where(addresses.c.domain == domain.strip().lower())
        with reading(self._engine) as connection:
            for each in connection.execution_options(yield_per=_CHUNK).execute(wanted):
                yield _entry(each)

    def standing(self, given: Iterable[str]) -> dict[str, Entry]:
        """The entries of those of the given addresses that are known, by the address as it was given."""
        named = {written: address for written in given if (address := self._named(written)) is not None}
        keys = {written: self._key(address) for written, address in named.items()}
        found: dict[str, Entry] = {}
        with reading(self._engine) as connection:
            for some in _batches(set(keys.values()), _TOGETHER):
                for each in connection.execute(select(*_ENTRY).where(addresses.c.address.in_(some))):
                    found[each.address] = _entry(each)
        return {written: found[key] for written, key in keys.items() if key in found}

    def why(self, given: str) -> Why | None:
        """The whole story of one address, None where nothing is known of it."""
        entry = self.standing([given]).get(given)
        if entry is None:
            return None
        wanted = select(events).where(events.c.address == entry.address)
        with reading(self._engine) as connection:
            rows = [Row(**each._mapping, domain=entry.domain) for each in connection.execute(wanted)]
        rows.sort(key=lambda each: (each.at is not None, each.at or 0, each.id))
        return Why(entry, decide((_happened(each) for each in rows), self._policy), tuple(rows))

    def counts(self) -> dict[str, int]:
        """Addresses by state, and the number of ``events`` and ``chunks``."""
        by_state = select(addresses.c.state, func.count()).group_by(addresses.c.state)
        with reading(self._engine) as connection:
            found = {state.value: 0 for state in State} | {
                name: int(count) for name, count in connection.execute(by_state)
            }
            for name, table in (("events", events), ("chunks", chunks)):
                found[name] = connection.scalar(select(func.count()).select_from(table)) or 0
        return found

    def reasons(self) -> list[tuple[str, str | None, int]]:
        """State, reason and number of the addresses that must not be mailed, the most frequent first."""
        closed = [state.value for state in State if not state.mailed]
        count = func.count().label("count")
        wanted = (
            select(addresses.c.state, addresses.c.reason, count)
            .where(addresses.c.state.in_(closed))
            .group_by(addresses.c.state, addresses.c.reason)
            .order_by(count.desc(), addresses.c.state, addresses.c.reason)
        )
        with reading(self._engine) as connection:
            return [(state, reason, int(number)) for state, reason, number in connection.execute(wanted)]

    def _key(self, address: str) -> str:
        return hashed(address, self._secret) if self._secret and not address.startswith(HASHED) else address


def _insertion(connection: Connection, table: Table, conflict: str) -> str:
    """The statement that inserts one row, all columns in their order."""
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    names = [column.name for column in table.columns]
    values = ", ".join([mark] * len(names))
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({values}) ON CONFLICT {conflict}"  # noqa: S608 our own names


def _batches(given: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    rest = iter(given)
    while some := tuple(islice(rest, size)):
        yield some


def _entry(found: Any) -> Entry:
    return Entry(found[0], found[1], State(found[2]), *found[3:])


def _happened(each: Row) -> Happened:
    return Happened(each.at, each.id, each.kind, each.reason, each.confidence, each.action, each.detail)


def _page(connection: Connection, last: str) -> dict[str, str]:
    """The next addresses after ``last`` with their domains."""
    wanted = select(addresses.c.address, addresses.c.domain).where(addresses.c.address > last)
    return dict(connection.execute(wanted.order_by(addresses.c.address).limit(_CHUNK)).all())


def _meta(engine: Engine, connection: Connection) -> dict[str, str]:
    """What the store says of itself. Raises StoreError for one of another version."""
    if not inspect(connection).has_table(meta.name):
        raise StoreError(
            _("{store}: this is no memory of addresses").format(store=shown(engine.url)),
            advice=_("Check the name given with --store or as store.url."),
        )
    known = dict(connection.execute(select(meta.c.name, meta.c.value)).all())
    if known.get("version", VERSION) != VERSION:
        raise StoreError(
            _("{store}: made by another version of deliverkit").format(store=shown(engine.url)),
            advice=_("Use the version that made it, or export there and import here."),
        )
    return known


def _secret(engine: Engine, known: Mapping[str, str], wanted: bool, path: Path) -> bytes | None:
    """The key of the hashed addresses, None where plain ones are kept. Raises StoreError where the two do not fit."""
    if known.get("hashed"):
        secret = secret_from(path, create=False)
        if fingerprint(secret) != known["hashed"]:
            raise StoreError(
                _("{path}: not the key with which {store} was made").format(path=path, store=shown(engine.url)),
                advice=_("Name the right file with --key-file or store.key_file."),
            )
        return secret
    if not wanted:
        return None
    if known:
        raise StoreError(
            _("{store}: plain addresses are kept there already").format(store=shown(engine.url)),
            advice=_("Export it, and import that into a new store that is made with --hash-recipients."),
        )
    return secret_from(path, create=True)
