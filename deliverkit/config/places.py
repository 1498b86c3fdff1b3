"""Where configuration stands: which files there are, and which environment variables speak to us."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from deliverkit.errors import ConfigError
from deliverkit.language import _

NAME = "deliverkit.toml"
PYPROJECT = "pyproject.toml"
PREFIX = "DELIVERKIT_"
CONFIG_VARIABLE = "DELIVERKIT_CONFIG"
"""Names a file as ``--config`` does."""
LARGEST = 1_000_000
"""Bytes of a configuration file."""
_NOT_SETTINGS = ("DELIVERKIT_KEY_",)
"""Account keys of blocklists: secrets, which no file holds and ``config show`` does not print."""
_NOT_SETTING = (CONFIG_VARIABLE, "DELIVERKIT_TRACEBACK")


class Found(NamedTuple):
    """One file with configuration, read."""

    kind: str
    """``user``, ``project``, or ``file`` for one that was named."""
    path: str
    data: bytes


def found(start: Path | None, environ: Mapping[str, str], *, file: str | None = None) -> tuple[Found, ...]:
    """The files that count, weakest first. Raises ConfigError for one that is there and cannot be read."""
    file = file or environ.get(CONFIG_VARIABLE) or None
    if file is not None:
        data = _read(file)
        if data is None:
            raise ConfigError(
                _("{path}: there is no such file").format(path=file), advice=_("Check the name given with --config.")
            )
        return (Found("file", file, data),)
    path = user_file(environ)
    user = _read(path)
    project = _project(start)
    return ((Found("user", path, user),) if user is not None else ()) + ((project,) if project else ())


def user_file(environ: Mapping[str, str]) -> str:
    """Where the user's own file stands, there or not."""
    if sys.platform not in ("win32", "darwin"):
        # What platformdirs says on these systems; importing it takes longer than all the rest (4 ms).
        base = environ.get("XDG_CONFIG_HOME", "").strip()
        base = base if os.path.isabs(base) else os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".config")  # noqa: PTH111,PTH117,PTH118
        return os.path.join(base, "deliverkit", NAME)  # noqa: PTH118
    from platformdirs import user_config_path

    return str(user_config_path("deliverkit", appauthor=False) / NAME)


def named(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The environment variables that are meant as settings."""
    return tuple(
        name
        for name in environ
        if name.startswith(PREFIX) and name not in _NOT_SETTING and not name.startswith(_NOT_SETTINGS)
    )


def _project(start: Path | None) -> Found | None:
    """The nearest project file from ``start`` upwards."""
    try:
        folder = str(start.resolve()) if start else os.getcwd()  # noqa: PTH109
    except OSError:
        return None  # the working folder is gone
    while True:
        path = os.path.join(folder, NAME)  # noqa: PTH118
        if (data := _read(path)) is not None:
            return Found("project", path, data)
        path = os.path.join(folder, PYPROJECT)  # noqa: PTH118
        if (data := _read(path)) is not None and b"deliverkit" in data and _has_table(path, data):
            return Found("project", path, data)
        parent = os.path.dirname(folder)  # noqa: PTH120
        if parent == folder:
            return None
        folder = parent


def _has_table(path: str, data: bytes) -> bool:
    """Whether a ``pyproject.toml`` has ``[tool.deliverkit]``; it may well name us in another place only.

    A look at the lines comes first, because parsing a long file takes 8 ms.
    """
    import re

    if not re.search(
        rb"""^[ \t]*(\[?[ \t]*tool[ \t]*\.[ \t]*["']?deliverkit|\[[ \t]*tool[ \t]*\]|tool[ \t]*=)""", data, re.M
    ):
        return False
    from deliverkit.config.reading import parsed

    tool = parsed(path, data).get("tool")
    return isinstance(tool, dict) and "deliverkit" in tool


def _read(path: str) -> bytes | None:
    """The content of a file, None where there is none. Raises ConfigError for one that cannot be read."""
    try:
        os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return None  # not there, or in a folder that we may not look into: nobody can mean it
    try:
        with open(path, "rb") as handle:  # noqa: PTH123
            data = handle.read(LARGEST + 1)
    except OSError as error:
        raise ConfigError(
            _("{path}: the configuration cannot be read: {why}").format(path=path, why=error.strerror),
            advice=_("Check its rights, or leave it out with --no-config."),
        ) from error
    if len(data) > LARGEST:
        raise ConfigError(_("{path}: more than {limit} bytes are no configuration").format(path=path, limit=LARGEST))
    return data
