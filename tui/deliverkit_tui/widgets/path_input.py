"""An input for a file or a folder: what could be meant stands behind what is typed, Right takes it."""

from __future__ import annotations

import asyncio
import os
from itertools import islice
from pathlib import Path

from textual.suggester import Suggester

from deliverkit_tui.widgets.plain_input import PlainInput

_MAX_ENTRIES = 2_000
"""Entries of a folder that are looked at."""


class PathInput(PlainInput):
    """Completes names of files and folders."""

    def __init__(self, placeholder: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(
            placeholder=placeholder, max_length=4000, suggester=_Names(use_cache=False), id=id, classes="panel"
        )


class _Names(Suggester):
    async def get_suggestion(self, value: str) -> str | None:
        """The first entry that begins with what is typed."""
        return await asyncio.to_thread(_first, value)


def _first(value: str) -> str | None:
    """Folders end with a slash."""
    folder, slash, begin = value.rpartition("/")
    if not begin:
        return None
    try:
        place = Path(folder + slash).expanduser() if slash else Path()
        with os.scandir(place) as entries:
            names = sorted(
                entry.name + ("/" if entry.is_dir() else "")
                for entry in islice(entries, _MAX_ENTRIES)
                if entry.name.startswith(begin) and entry.name.isprintable()
            )
    except (OSError, RuntimeError, ValueError):
        return None
    return f"{folder}{slash}{names[0]}" if names else None
