"""From a URL to an engine: SQLite in a file, or PostgreSQL; one writer at a time in both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from deliverkit.errors import InputError, StoreError
from deliverkit.language import _

_PATIENCE = 60
"""Seconds to wait for another writer."""
_LOCK = 0x64656C6976
"""Number of the lock under which PostgreSQL lets one of us write."""


def default_file() -> Path:
    """The store of a user who names none."""
    from platformdirs import user_data_path

    return user_data_path("deliverkit", appauthor=False) / "addresses.db"


def address_of(given: str | None) -> URL:
    """The URL that a path, a URL or nothing means. Raises InputError for one of another database."""
    if given is None or "://" not in given:
        return URL.create("sqlite", database=str(Path(given).expanduser() if given else default_file()))
    try:
        url = make_url(given)
    except (ArgumentError, ValueError) as error:
        raise InputError(_("'{url}' is no URL of a database").format(url=given.partition("://")[0])) from error
    backend = url.get_backend_name()
    if backend == "sqlite" and url.database and url.database != ":memory:":
        return URL.create("sqlite", database=url.database)
    if backend in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    raise InputError(
        _("'{name}' is no database that addresses can be kept in").format(name=url.drivername[:40]),
        advice=_("Name a file, sqlite:///FILE, or postgresql://USER@HOST/DATABASE."),
    )


def engine_for(url: URL, *, create: bool) -> Engine:
    """An engine that is ready to be used. Raises StoreError where there is no store and none is to be made."""
    if url.get_backend_name() == "sqlite":
        path = Path(url.database or "")
        if not path.exists():
            if not create:
                raise StoreError(
                    _("{path}: there is no memory of addresses yet").format(path=path),
                    advice=_("Make one: {command}").format(command="deliverkit bounces PATH --store FILE"),
                )
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(_("{path}: {why}").format(path=path.parent, why=error.strerror)) from error
        engine = create_engine(url)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        return create_engine(url, connect_args={"connect_timeout": 10}, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise InputError(
            _("PostgreSQL needs psycopg, which is not installed"),
            advice=_("Install it: {command}").format(command="pip install 'deliverkit[postgres]'"),
        ) from error


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own way to begin takes the lock too late; see _begin_sqlite.
    connection.isolation_level = None
    for pragma in (f"busy_timeout={_PATIENCE * 1000}", "journal_mode=WAL", "synchronous=FULL", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once: two that read first and write later would both have to give up.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes, alone. Raises StoreError for what the database refuses."""
    with _told(engine), engine.execution_options(writes=True).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that reads: it sees one state, whatever is written meanwhile. Raises StoreError."""
    level = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with _told(engine), engine.execution_options(**level).begin() as connection:
        yield connection


@contextmanager
def _told(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        why = next(iter(str(error.orig).strip().splitlines()), type(error).__name__)
        raise StoreError(
            _("{store}: {why}").format(store=shown(engine.url), why=why[:300]),
            advice=_("Nothing of this step was kept; what was kept before is whole."),
        ) from error


def shown(url: URL) -> str:
    """The store as it may be named: a file, or a URL without its password."""
    return str(url.database) if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
