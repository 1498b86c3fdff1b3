"""The settings of one run, and where each of them comes from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from deliverkit.config.schema import BY_NAME, Value
from deliverkit.errors import ConfigError
from deliverkit.language import _

if TYPE_CHECKING:
    from deliverkit.model import Ignore
    from deliverkit.store.policy import Policy


class Origin(NamedTuple):
    """Where a value comes from."""

    kind: str
    """``default``, ``user``, ``project``, ``file`` (named with ``--config``) or ``environment``."""
    where: str = ""
    """The file, or the environment variable."""
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.where}:{self.line}" if self.line else self.where or self.kind

    def beside(self, path: str) -> str:
        """A path as it is meant there: relative to the file that holds it, to the working folder elsewhere."""
        path = os.path.expanduser(path)  # noqa: PTH111
        if self.kind in ("default", "environment") or os.path.isabs(path):  # noqa: PTH117
            return path
        return os.path.join(os.path.dirname(os.path.abspath(self.where)), path)  # noqa: PTH118,PTH120,PTH100


class Setting(NamedTuple):
    """One value that is set."""

    value: Value
    origin: Origin


_DEFAULT = Origin("default")


class Config:
    """What is configured; as made: nothing, all defaults.

    No dataclass: making one takes longer than reading a file.
    """

    __slots__ = ("ignore_origins", "key_origins", "settings", "severity_origins")

    def __init__(self) -> None:
        self.settings: dict[str, Setting] = {}
        self.severity_origins: dict[str, tuple[str, Origin]] = {}
        self.ignore_origins: list[tuple[Ignore, Origin]] = []
        self.key_origins: dict[str, tuple[str, Origin]] = {}

    def value(self, name: str) -> Value:
        """The value of ``section.key``. Raises KeyError for a name that the schema does not have."""
        key = BY_NAME[name]
        return self.settings[name].value if name in self.settings else key.default

    def origin(self, name: str) -> Origin:
        """Where that value comes from. Raises KeyError as ``value`` does."""
        key = BY_NAME[name]
        return self.settings[key.name].origin if name in self.settings else _DEFAULT

    def is_set(self, name: str) -> bool:
        """Whether somebody set it; else it is the default."""
        return name in self.settings

    @property
    def severities(self) -> Mapping[str, str]:
        """Finding id to ``error``, ``warning``, ``notice``, ``info`` or ``ignore``. Raises ConfigError for an id
        that no finding has."""
        for name, (_severity, origin) in self.severity_origins.items():
            _finding(name, origin)
        return {name: severity for name, (severity, _origin) in self.severity_origins.items()}

    @property
    def ignores(self) -> tuple[Ignore, ...]:
        """The entries of ``[[ignore]]``, of the user's file and of the project's, expired ones too.

        Raises ConfigError for an id that no finding has.
        """
        for ignore, origin in self.ignore_origins:
            _finding(ignore.finding, origin)
        return tuple(ignore for ignore, _origin in self.ignore_origins)

    @property
    def keys(self) -> Mapping[str, str]:
        """Id of a key binding of the screen to its key; the screen has to tell ids that it does not know."""
        return {name: key for name, (key, _origin) in self.key_origins.items()}

    @property
    def policy(self) -> Policy:
        """When an address is no longer mailed."""
        from dataclasses import fields

        from deliverkit.store.policy import Policy

        return Policy(**{f.name: self.value(f"suppression.{f.name}") for f in fields(Policy)})  # type: ignore[arg-type]

    def check(self) -> None:
        """Raise ConfigError for what is only looked at when it is used: the ids of findings."""
        for section in ("severities", "ignores"):
            getattr(self, section)


def _finding(name: str, origin: Origin) -> None:
    from deliverkit.knowledge import load

    known = load().findings
    if name in known:
        return
    import difflib

    near = difflib.get_close_matches(name, known, 1, 0.5)
    raise ConfigError(
        _("{place}: there is no finding '{name}'").format(place=origin, name=name[:80]),
        advice=_("Did you mean '{name}'?").format(name=near[0]) if near else _("deliverkit findings lists them all."),
    )
