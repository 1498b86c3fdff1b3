"""Files: read what the user names, write what they export. Whole or not at all, bounded, errors with advice."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from deliverkit.errors import FileError
from deliverkit.language import _

MAX_BYTES = 4_000_000


def read(path: str) -> str:
    """A text file; bytes that are not UTF-8 stay visible. Raises FileError."""
    try:
        with Path(path).expanduser().open("rb") as handle:
            return handle.read(MAX_BYTES).decode("utf-8", "backslashreplace")
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise FileError(f"{path}: {why}", advice=_("Check the path and its rights")) from error


def state_file(name: str) -> Path:
    """A file of ours under the platform's state folder."""
    from platformdirs import user_state_path

    return user_state_path("deliverkit") / name


def write(path: Path, text: str) -> None:
    """Write ``text``, whole or not at all. Raises FileError."""
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8", errors="backslashreplace"
        ) as handle:
            temporary = Path(handle.name)
            handle.write(text)
        mask = os.umask(0o077)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()
        raise FileError(f"{path}: {error.strerror or error}", advice=_("Name a folder that you may write.")) from error


def free_name(folder: Path, stem: str, suffix: str) -> Path:
    """``stem.suffix`` in ``folder``, or with the next number where that is taken."""
    path = folder / f"{stem}{suffix}"
    number = 2
    while path.exists():
        path = folder / f"{stem}-{number}{suffix}"
        number += 1
    return path
