"""The tables, for SQLite and PostgreSQL alike."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import TEXT

VERSION = "1"
"""Of the tables; a store of another one is not touched."""

metadata = MetaData()
_NAME = Text().with_variant(TEXT(collation="C"), "postgresql")
"""Sorted by its bytes in both databases, whatever the language of the server."""

# A table without hidden row numbers keeps the events of an address side by side: one place to write to and to read
# from instead of three.
events = Table(
    "deliverkit_events",
    metadata,
    Column("address", _NAME, primary_key=True),
    Column("id", LargeBinary(16), primary_key=True),
    Column("at", BigInteger),
    Column("kind", Text, nullable=False),
    Column("reason", Text),
    Column("confidence", Text),
    Column("action", Text),
    Column("detail", Text),
    Column("provider", Text),
    Column("code", Integer),
    Column("enhanced", Text),
    Column("text", Text, nullable=False),
    Column("mx", Text),
    sqlite_with_rowid=False,
)
addresses = Table(
    "deliverkit_addresses",
    metadata,
    Column("address", _NAME, primary_key=True),
    Column("domain", Text, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("rule", Text, nullable=False),
    Column("reason", Text),
    Column("since", BigInteger),
    Column("soft", Integer, nullable=False),
    sqlite_with_rowid=False,
)
chunks = Table(
    "deliverkit_chunks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("records", Integer, nullable=False),
    sqlite_with_rowid=False,
)
meta = Table(
    "deliverkit_meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)
