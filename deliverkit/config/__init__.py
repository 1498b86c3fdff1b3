"""The settings: files, environment and flags, and where each value comes from.

A value is looked for in this order: flag, environment (``DELIVERKIT_NETWORK_TIMEOUT``), project file
(``deliverkit.toml``, or ``[tool.deliverkit]`` in ``pyproject.toml``, in the working folder or the nearest one above
it), user file, default. Reading creates nothing.

Nearly every run has no configuration at all, so this module imports nothing before it has found some.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deliverkit.config.settings import Config


def load_config(
    start: Path | None = None, environ: Mapping[str, str] | None = None, *, file: str | None = None, files: bool = True
) -> Config:
    """Everything that is configured for a run in folder ``start`` (default: the working folder).

    ``file`` is read in place of the project's and the user's; with ``files`` false no file is read at all. The
    environment (default: an empty one) counts in any case.

    Raises ConfigError for a file that cannot be read, and for what is no setting, with its place and the nearest key.
    """
    from deliverkit.config.places import found, named

    environ = environ or {}
    sources = found(start, environ, file=file) if files else ()
    if not sources and not named(environ):
        from deliverkit.config.settings import Config

        return Config()
    from deliverkit.config.reading import read

    return read(sources, environ)
