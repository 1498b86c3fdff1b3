"""Records as Parquet: made in any process as Arrow batches, written in row groups by one. Extra ``parquet``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from deliverkit.bounces.judged import Judged
from deliverkit.errors import InputError
from deliverkit.language import _
from deliverkit.report.bounce_records import WHOLE_NUMBERS, Facts, flat

if TYPE_CHECKING:
    import pyarrow

ROW_GROUP = 65_536
"""Rows of a row group: what is held in memory before it is written."""


def arrow() -> ModuleType:
    """pyarrow. Raises InputError where it is not installed."""
    try:
        import pyarrow
    except ImportError as error:
        raise InputError(
            _("Parquet needs a library that is not installed"), advice="pip install 'deliverkit[parquet]'"
        ) from error
    module: ModuleType = pyarrow
    return module


def table_schema(columns: Sequence[str]) -> pyarrow.Schema:
    """Text, but for whole numbers and the list of steps."""
    pa = arrow()
    kinds = dict.fromkeys(WHOLE_NUMBERS, pa.int64()) | {"steps": pa.list_(pa.string())}
    return pa.schema([(name, kinds.get(name, pa.string())) for name in columns])


class ParquetEncoder:
    """Records as Arrow batches."""

    def __init__(self, facts: Facts, columns: Sequence[str]) -> None:
        self._facts = facts
        self._columns = columns
        self._schema = table_schema(columns)

    def one(self, judged: Judged, incident: str | None) -> tuple[Any, ...]:
        """One row."""
        record = flat(judged, incident, self._facts)
        return tuple(_plain(record[name]) for name in self._columns)

    def pack(self, records: list[tuple[Any, ...]]) -> bytes:
        """An Arrow stream of one batch."""
        pa = arrow()
        columns = [
            pa.array(column, type=field.type)
            for column, field in zip(zip(*records, strict=True), self._schema, strict=True)
        ]
        out = pa.BufferOutputStream()
        with pa.ipc.new_stream(out, self._schema) as stream:
            stream.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._schema))
        packed: bytes = out.getvalue().to_pybytes()
        return packed


class ParquetSink:
    """Writes batches to a file, in row groups of one size whatever the pieces were."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """Raises OSError where the file cannot be written."""
        from pyarrow import parquet

        self._schema = table_schema(columns)
        self._writer = parquet.ParquetWriter(path, self._schema, compression="zstd")
        self._waiting: list[Any] = []
        self._rows = 0

    def write(self, data: bytes, before: int) -> None:
        """Write packed records; ``before`` lines, mails or records of the file stand before them."""
        pa = arrow()
        table = pa.ipc.open_stream(data).read_all()
        if before and "number" in self._schema.names:
            from pyarrow import compute

            index = self._schema.get_field_index("number")
            table = table.set_column(index, "number", compute.add(table.column(index), before))
        self._waiting.append(table)
        self._rows += table.num_rows
        if self._rows >= ROW_GROUP:
            self._flush(keep=True)

    def _flush(self, *, keep: bool) -> None:
        table = arrow().concat_tables(self._waiting)
        whole = self._rows - self._rows % ROW_GROUP if keep else self._rows
        self._writer.write_table(table.slice(0, whole), row_group_size=ROW_GROUP)
        self._waiting = [table.slice(whole).combine_chunks()] if whole < self._rows else []
        self._rows -= whole

    def close(self) -> None:
        """Write what is left, and the end of the file."""
        if self._rows:
            self._flush(keep=False)
        self._writer.close()


def _plain(value: Any) -> Any:
    """Arrow takes text, not what derives from it; a lone surrogate is no text."""
    if isinstance(value, str):
        text = str(value)
        return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")
    return value
