"""Everything that stands in a store, in a fixed order: two stores are the same when this is."""

from __future__ import annotations

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

TABLES = ("meta", "events", "addresses", "chunks")


def all_rows(url: str, tables: tuple[str, ...] = TABLES) -> dict[str, list[tuple[object, ...]]]:
    """Rows of each table, sorted."""
    engine = create_engine(make_url(url if "://" in url else f"sqlite:///{url}").set())
    try:
        with engine.connect() as connection:
            return {
                name: sorted(
                    (tuple(row) for row in connection.execute(text(f"SELECT * FROM deliverkit_{name}"))), key=repr
                )
                for name in tables
            }
    finally:
        engine.dispose()
