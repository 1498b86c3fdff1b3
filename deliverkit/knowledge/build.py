"""Dataclasses from parsed tables, strictly: an unknown or missing key or a wrong type is an error that says where."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

from deliverkit.errors import KnowledgeError
from deliverkit.language import _

T = TypeVar("T")


class MalformedError(KnowledgeError):
    """A table does not fit its dataclass.

    ``key`` is the path of the key at fault inside the table (``owner``, ``steps[2].url``), or of the inner
    table where a key is missing; None where the table itself lacks one. Who knows the file turns it into a
    KnowledgeError with file and line (``store.located``).
    """

    def __init__(self, message: str, *, advice: str, key: str | None) -> None:
        super().__init__(message, advice=advice)
        self.key = key


@cache
def _shape(cls: Any) -> tuple[dict[str, Any], frozenset[str]]:
    hints = typing.get_type_hints(cls)
    fields = dataclasses.fields(cls)
    required = frozenset(
        f.name for f in fields if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    )
    return {f.name: hints[f.name] for f in fields}, required


def build(cls: type[T], table: dict[str, Any], where: str) -> T:
    """Make ``cls`` from a parsed table.

    ``where`` names the table for the message. Raises MalformedError (a KnowledgeError) for a key that is
    unknown, missing or of the wrong type.
    """
    return _build(cls, table, where, "")


class Tables(Mapping[str, T]):
    """Entries by id, each made when it is first asked for.

    A run that explains one reply needs a handful of the thousands of entries; making all of them would
    take longer than the rest of the run.
    """

    def __init__(self, cls: type[T], tables: Mapping[str, dict[str, Any]], where: str = "") -> None:
        self._cls = cls
        self._tables = tables
        self._where = where
        self._made: dict[str, T] = {}

    def __getitem__(self, key: str) -> T:
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = build(self._cls, {"id": key, **self._tables[key]}, f"[{self._where}{key}]")
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def __contains__(self, key: object) -> bool:
        return key in self._tables


def _build(cls: type[T], table: dict[str, Any], where: str, path: str) -> T:
    hints, required = _shape(typing.cast("Any", cls))
    prefix = f"{path}." if path else ""
    unknown = table.keys() - hints.keys()
    if unknown:
        key = min(unknown)
        raise MalformedError(
            _("{where}: unknown key '{prefix}{key}'").format(where=where, prefix=prefix, key=key),
            advice=_nearest(key, tuple(hints)),
            key=prefix + key,
        )
    missing = required - table.keys()
    if missing:
        message = f"{where}: key '{prefix}{min(missing)}' is missing"
        raise MalformedError(
            message, advice=_("It needs: {names}.").format(names=", ".join(sorted(required))), key=path or None
        )
    return cls(**{key: _convert(hints[key], value, where, prefix + key) for key, value in table.items()})


def _nearest(key: str, known: tuple[str, ...]) -> str:
    import difflib

    near = difflib.get_close_matches(key, known, 1)
    return f"Did you mean '{near[0]}'?" if near else f"Known keys: {', '.join(known)}."


def _convert(hint: Any, value: Any, where: str, path: str) -> Any:
    """The value as its hint wants it; ``path`` is the key's place inside the table."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None:
            return None
        hint = next(h for h in typing.get_args(hint) if h is not type(None))
        origin = typing.get_origin(hint)
    if origin is tuple:
        _demand(isinstance(value, list), where, path, "must be a list", "Write it in square brackets.")
        item = typing.get_args(hint)[0]
        return tuple(_convert(item, v, where, f"{path}[{i}]") for i, v in enumerate(value))
    table = origin is dict or dataclasses.is_dataclass(hint)
    _demand(not table or isinstance(value, dict), where, path, "must be a table", "Write it in braces.")
    if origin is dict:
        item = typing.get_args(hint)[1]
        return {str(k): _convert(item, v, where, f"{path}.{k}") for k, v in value.items()}
    if table:
        return _build(typing.cast("type[Any]", hint), value, where, path)
    if issubclass(hint, StrEnum):
        words = [member.value for member in hint]
        _demand(value in words, where, path, f"'{value}' is not one of {', '.join(words)}", "Use one of these words.")
        return hint(value)
    fits = isinstance(value, hint) and (hint is bool or not isinstance(value, bool))
    _demand(fits, where, path, f"must be {_PLAIN[hint]}", "Mend the value.")
    return value


def _demand(holds: bool, where: str, path: str, message: str, advice: str) -> None:
    if not holds:
        raise MalformedError(f"{where}: {path}: {message}", advice=advice, key=path)


_PLAIN = {str: "a text in quotes", int: "a whole number", bool: "true or false"}
