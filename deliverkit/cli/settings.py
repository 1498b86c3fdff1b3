"""The configuration of this run, and the defaults of the flags that come from it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from deliverkit.cli.diagnostics import note
from deliverkit.errors import ConfigError
from deliverkit.language import _

if TYPE_CHECKING:
    from deliverkit.config.settings import Config
    from deliverkit.model import Ignore


@dataclass(slots=True, eq=False)
class Settings:
    """What ``--config`` and ``--no-config`` say, and what was read then."""

    argv: Sequence[str] = ()
    file: str | None = None
    files: bool = True
    config: Config | None = None

    def read(self) -> Config:
        """The configuration, read once. Raises ConfigError."""
        if self.config is None:
            from deliverkit.config import load_config

            self.config = load_config(None, os.environ, file=self.file, files=self.files)
        return self.config

    @property
    def wants_json(self) -> bool:
        """Whether JSON is what results are written in unless a flag says otherwise."""
        return self.config is not None and self.config.value("output.format") == "json"


def configure(ctx: click.Context, file: str | None, files: bool) -> None:
    """Read the configuration and give it to the flags of the command that is called. Raises ConfigError.

    The command ``config`` reads for itself: it has to work where a file is broken.
    """
    chosen = ctx.obj = ctx.obj if isinstance(ctx.obj, Settings) else Settings()
    chosen.file, chosen.files = file, files
    if ctx.invoked_subcommand == "config":
        return
    try:
        config = _written(chosen)
    except ConfigError:
        if not {"-h", "--help"}.intersection(chosen.argv):
            raise
        return  # help is shown whatever is wrong
    if config is None:
        return
    if config.is_set("output.lang") and not any(a.partition("=")[0] == "--lang" for a in chosen.argv):
        from deliverkit.cli.translated import speak

        speak(["--lang", str(config.value("output.lang"))], os.environ)
    if isinstance(ctx.command, click.Group):
        name = ctx.invoked_subcommand or "tui"
        if command := ctx.command.get_command(ctx, name):
            ctx.default_map = {name: defaults(command, config, name)}


def _written(chosen: Settings) -> Config | None:
    """What is configured, None where nothing is. Raises ConfigError."""
    from deliverkit.config.places import found, named

    if not named(os.environ) and not (chosen.files and found(None, os.environ, file=chosen.file)):
        return None  # nearly every run; the rest is not even imported
    return chosen.read()


def defaults(command: click.Command, config: Config, name: str) -> dict[str, Any]:
    """What is set in the configuration for the parameters of command ``name``, in the form click takes it."""
    from deliverkit.config.schema import KEYS

    if isinstance(command, click.Group):
        return {child: defaults(sub, config, name) for child, sub in command.commands.items()}
    parameters = {parameter.name: parameter for parameter in command.params}
    found: dict[str, Any] = {}
    for key in KEYS:
        parameter = parameters.get(key.parameter)
        if parameter is None or not config.is_set(key.name) or (key.commands and name not in key.commands):
            continue
        value = config.value(key.name)
        if isinstance(parameter.type, click.Choice) and value not in parameter.type.choices:
            continue  # a form that this command does not have
        found[key.parameter] = ",".join(value) if isinstance(value, tuple) and not parameter.multiple else value
    return found


def configuration() -> Config:
    """The configuration of the command that runs now. Raises ConfigError."""
    ctx = click.get_current_context(silent=True)
    chosen = ctx.find_root().obj if ctx else None
    return (chosen if isinstance(chosen, Settings) else Settings()).read()


def ignores() -> tuple[Ignore, ...]:
    """The entries of ``[[ignore]]`` that hold today; those that have expired are told. Raises ConfigError."""
    config = configuration()
    if not config.ignore_origins:
        return ()
    from datetime import UTC, datetime

    today = datetime.now(UTC).date()
    for ignore, origin in config.ignore_origins:
        if ignore.expired(today):
            note(
                _("{place}: the entry that ignores {finding} expired on {day} and no longer applies").format(
                    place=origin, finding=ignore.finding, day=ignore.until
                )
            )
    return tuple(ignore for ignore in config.ignores if not ignore.expired(today))
