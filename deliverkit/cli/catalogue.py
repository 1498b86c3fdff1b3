"""What the catalogue commands share: list all entries, or show one, as text or JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from deliverkit.cli.diagnostics import ExitCode
from deliverkit.cli.output import paint, width, write
from deliverkit.errors import InputError
from deliverkit.language import _
from deliverkit.report.data import Data, document, dumps, plain
from deliverkit.report.text.catalogue import rows
from deliverkit.report.text.layout import Paint

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shelf(Generic[T]):
    """One kind of entry: where it is, what it is called, and how one looks."""

    plural: str
    entries: Mapping[str, T]
    title: Callable[[T], str]
    text: Callable[[T, int, Paint], str]
    more: Callable[[T], Data] = lambda entry: {}


def show(shelf: Shelf[T], wanted: tuple[str, ...], fmt: str, output: str | None, color: str) -> int:
    """Write the wanted entries, or a line for each when none is named. Raises InputError for an unknown id."""
    chosen = [shelf.entries[find(shelf, name)] for name in wanted]
    if fmt == "json":
        data = [{**plain(e), **shelf.more(e)} for e in chosen or shelf.entries.values()]
        write(dumps(document(shelf.plural, **{shelf.plural: data})), output)
    elif chosen:
        write("\n\n".join(shelf.text(entry, width(), paint(color, output)) for entry in chosen), output)
    else:
        pairs = [(key, shelf.title(entry)) for key, entry in shelf.entries.items()]
        write(rows(pairs, width=width(), paint=paint(color, output)), output)
    return ExitCode.CLEAN


def find(shelf: Shelf[T], name: str) -> str:
    """The id of an entry as typed. Raises InputError that names the nearest."""
    key = name.strip()
    for candidate in (key, key.lower()):
        if candidate in shelf.entries:
            return candidate
    import difflib

    near = difflib.get_close_matches(key.lower(), shelf.entries, 3, 0.5)
    if near:
        advice = _("Did you mean one of these: {names}?").format(names=", ".join(near))
    else:
        advice = _("Run the command without an id to list all.")
    raise InputError(_("'{id}' is not in the catalogue").format(id=key[:80]), advice=advice)
