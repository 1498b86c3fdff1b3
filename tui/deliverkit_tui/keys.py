"""The keys of the screens by their ids: what ``[keys]`` in the configuration can name, for the reference page too."""

from __future__ import annotations

import difflib
import pkgutil
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import NamedTuple

from textual.binding import Binding
from textual.dom import DOMNode

from deliverkit.errors import ConfigError
from deliverkit.language import _


class Key(NamedTuple):
    """One thing that a key does."""

    id: str
    """``place.action``; stays the same when the key changes."""
    key: str
    """The key as shipped, in Textual's spelling; several with commas."""
    does: str


def keys() -> dict[str, Key]:
    """Every key by its id. Imports all screens: for those who change keys, and for the reference page."""
    import deliverkit_tui

    for module in pkgutil.walk_packages(deliverkit_tui.__path__, "deliverkit_tui."):
        import_module(module.name)
    return dict(sorted((key.id, key) for key in _keys()))


def _keys() -> Iterator[Key]:
    waiting: list[type] = [DOMNode]
    while waiting:
        node = waiting.pop()
        waiting += node.__subclasses__()
        if node.__module__.startswith("deliverkit_tui."):
            for binding in vars(node).get("BINDINGS", ()):
                if isinstance(binding, Binding) and binding.id:
                    yield Key(binding.id, binding.key, binding.description)


def checked(wanted: Mapping[str, str]) -> dict[str, str]:
    """``wanted`` (id to key) when every id is known. Raises ConfigError that names the nearest one otherwise."""
    known = keys() if wanted else {}
    for name in wanted:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.5)
            raise ConfigError(
                _("[keys]: there is nothing with the id '{id}'").format(id=name[:80]),
                advice=_("Did you mean '{near}'?").format(near=near[0])
                if near
                else _("The reference of the keys lists all ids."),
            )
    return dict(wanted)
