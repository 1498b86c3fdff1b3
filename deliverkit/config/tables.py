"""The sections with names of the user's choice: ``[severity]``, ``[[ignore]]``, ``[keys]``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from deliverkit.config.schema import SEVERITIES
from deliverkit.config.settings import Origin
from deliverkit.errors import ConfigError
from deliverkit.language import _
from deliverkit.model import Ignore

Where = Callable[..., Origin]
"""``where(section, key, entry)``: the place to name in an error."""

_FIELDS = ("finding", "domain", "reason", "until")


def severity_table(table: object, where: Where) -> dict[str, tuple[str, Origin]]:
    """Finding id to severity, each with its place. Whether the finding exists is asked when it is used."""
    found: dict[str, tuple[str, Origin]] = {}
    for name, value in _pairs(table, "severity", where):
        if value not in SEVERITIES:
            raise ConfigError(
                _("{place}: '{given}' is no severity").format(place=where("severity", name), given=str(value)[:80]),
                advice=_("Wanted: {wanted}.").format(wanted=", ".join(SEVERITIES)),
            )
        found[name] = (str(value), where("severity", name))
    return found


def keys_table(table: object, where: Where) -> dict[str, tuple[str, Origin]]:
    """Id of a key binding of the screen to the key, each with its place; the screen knows which ids there are.

    The ids hold dots (``app.audit``): in quotes or as tables of tables, both are read.
    """
    found: dict[str, tuple[str, Origin]] = {}
    for name, value in _pairs(table, "keys", where):
        for binding, key in _flat(name, value):
            place = where("keys", binding)
            if not isinstance(key, str) or not key.strip() or len(key) > 80:
                raise ConfigError(
                    _("{place}: the key for {binding} has to be a text").format(place=place, binding=binding[:80]),
                    advice=_("Such as 'f2' or 'ctrl+b'; several are separated by commas."),
                )
            found[binding] = (key.strip(), place)
    return found


def ignore_table(table: object, where: Where) -> list[tuple[Ignore, Origin]]:
    """The ``[[ignore]]`` entries, each with its place."""
    if not isinstance(table, list) or not all(isinstance(entry, dict) for entry in table):
        raise ConfigError(
            _("{place}: ignore has to be a list of tables").format(place=where("ignore")),
            advice=_("Write [[ignore]] with two brackets before each entry."),
        )
    return [(_ignore(entry, number, where), where("ignore", "", number)) for number, entry in enumerate(table)]


def _ignore(entry: dict[str, object], number: int, where: Where) -> Ignore:
    for name in entry:
        if name not in _FIELDS:
            raise ConfigError(
                _("{place}: there is no key '{key}' in [[ignore]]").format(
                    place=where("ignore", name, number), key=name[:80]
                ),
                advice=_("Known: {names}.").format(names=", ".join(_FIELDS)),
            )
    until = entry.get("until")
    return Ignore(
        finding=_text(entry, "finding", number, where),
        reason=_text(entry, "reason", number, where),
        domain=_text(entry, "domain", number, where) if "domain" in entry else "*",
        until=None if until is None else _day(until, where("ignore", "until", number)),
    )


def _text(entry: dict[str, object], name: str, number: int, where: Where) -> str:
    value = entry.get(name)
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise ConfigError(
        _("{place}: an entry of [[ignore]] needs a '{key}'").format(place=where("ignore", name, number), key=name),
        advice=_("Say what is ignored, and why: whoever reads it in a year will ask."),
    )


def _day(value: object, place: Origin) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ConfigError(
            _("{place}: 'until' is no day").format(place=place), advice=_("Wanted: a day, such as 2027-01-31.")
        ) from None


def _pairs(table: object, section: str, where: Where) -> list[tuple[str, object]]:
    if isinstance(table, dict):
        return list(table.items())
    raise ConfigError(
        _("{place}: {section} has to be a table").format(place=where(section), section=section),
        advice=_("Write [{section}] on a line of its own and the keys below it.").format(section=section),
    )


def _flat(name: str, value: object, depth: int = 0) -> list[tuple[str, object]]:
    if isinstance(value, dict) and depth < 5:
        return [pair for key, each in value.items() for pair in _flat(f"{name}.{key}", each, depth + 1)]
    return [(name, value)]
