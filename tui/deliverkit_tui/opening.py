"""What a file or folder is that the user names: many bounces, one mail, or a text to explain."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from deliverkit.errors import FileError
from deliverkit.language import _
from deliverkit_tui.files import MAX_BYTES

_FEW_LINES = 4
"""Lines of a log that are a case, as pasted ones are; more are counted."""


class Holds(StrEnum):
    """What is done with it."""

    MANY = "many"
    MAIL = "mail"
    TEXT = "text"


class Found(NamedTuple):
    """A file that was looked into."""

    holds: Holds
    data: bytes = b""
    """All of it, where it is one mail or a text."""

    @property
    def text(self) -> str:
        """The bytes as text; those that are not UTF-8 stay visible."""
        return self.data.decode("utf-8", "backslashreplace")


def look(path: str) -> Found:
    """Look into a file by its content, not by its name. Raises FileError for what cannot be read or told."""
    from deliverkit.bounces.containers import head_of, is_packed
    from deliverkit.bounces.reading import recognised, unrecognised
    from deliverkit.bounces.sources import MAX_HEAD, Unit, source
    from deliverkit_tui.bounce_reading import checked

    found = checked(path)
    if Path(found).is_dir():
        return Found(Holds.MANY)
    head = _begin(found, MAX_HEAD)
    if not head:
        raise FileError(_("{path}: the file is empty").format(path=path), advice=_("Is it the right one?"))
    name = recognised(head_of(found, MAX_HEAD) if is_packed(head) else head)
    if is_packed(head) and name is not None:
        return Found(Holds.MANY)
    small = Path(found).stat().st_size <= MAX_BYTES
    if name is None:
        if not small or is_packed(head):
            raise unrecognised(path)
        return Found(Holds.TEXT, _begin(found, MAX_BYTES))
    unit = source(name).UNIT
    if unit is Unit.MAIL and not head.startswith(b"From ") and small:
        return Found(Holds.MAIL, _begin(found, MAX_BYTES))
    if unit is Unit.LINE and len(head) < MAX_HEAD and head.count(b"\n") < _FEW_LINES:
        return Found(Holds.TEXT, head)
    return Found(Holds.MANY)


def _begin(path: str, count: int) -> bytes:
    try:
        with open(path, "rb") as handle:  # noqa: PTH123 a name with a NUL is an error of ours below
            return handle.read(count)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise FileError(f"{path}: {why}", advice=_("Check the path and its rights.")) from error
