"""From files and variables to checked settings. Nothing that is written in vain is passed over in silence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deliverkit.config.lines import line_of
from deliverkit.config.places import PYPROJECT, Found, named
from deliverkit.config.schema import BY_NAME, KEYS, SECTIONS, TABLES, Key, Kind, Value
from deliverkit.config.settings import Config, Origin, Setting
from deliverkit.errors import ConfigError
from deliverkit.language import _

if TYPE_CHECKING:
    from deliverkit.config.tables import Where

_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def read(files: Iterable[Found], environ: Mapping[str, str]) -> Config:
    """Join files, weakest first, and the environment into one configuration. Raises ConfigError."""
    config = Config()
    for file in files:
        _file(config, file)
    by_variable = {key.variable: key for key in KEYS}
    for name in named(environ):
        if name not in by_variable:
            raise ConfigError(
                _("the environment variable {name} is no setting").format(name=name),
                advice=_near(name, by_variable) or _("deliverkit config keys lists them all."),
            )
        key, origin = by_variable[name], Origin("environment", name)
        config.settings[key.name] = Setting(_from_text(key, environ[name], origin), origin)
    return config


def parsed(path: str, data: bytes) -> dict[str, Any]:
    """A TOML file as tables. Raises ConfigError that names the line."""
    import tomllib

    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(_("{path}:{line}: not UTF-8").format(path=path, line=line)) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_("{path}: not valid TOML: {why}").format(path=path, why=error)) from error
    except RecursionError as error:
        raise ConfigError(_("{path}: nested too deeply").format(path=path)) from error


def _file(config: Config, file: Found) -> None:
    text = file.data.decode("utf-8", "replace")
    content: object = parsed(file.path, file.data)
    prefix = ""
    if isinstance(content, dict) and Path(file.path).name == PYPROJECT:
        content, prefix = content.get("tool", {}).get("deliverkit", {}), "tool.deliverkit."

    def origin(section: str, key: str = "", entry: int = 0) -> Origin:
        return Origin(file.kind, file.path, line_of(text, prefix + section, key, entry))

    if not isinstance(content, dict):
        raise ConfigError(_("{path}: [tool.deliverkit] is not a table").format(path=file.path))
    for section, table in content.items():
        if section in TABLES:
            _table(config, section, table, origin)
        elif section not in SECTIONS:
            known = (*SECTIONS, *TABLES)
            raise ConfigError(
                _("{place}: there is no section [{section}]").format(place=origin(section), section=section[:80]),
                advice=_near(section, known) or _("Known: {names}.").format(names=", ".join(known)),
            )
        else:
            _section(config, section, table, origin)


def _section(config: Config, section: str, table: object, where: Where) -> None:
    if not isinstance(table, dict):
        raise ConfigError(
            _("{place}: {section} has to be a table").format(place=where(section), section=section),
            advice=_("Write [{section}] on a line of its own and the keys below it.").format(section=section),
        )
    for name, value in table.items():
        place = where(section, name)
        key = BY_NAME.get(f"{section}.{name}")
        if key is None:
            known = [k.name.partition(".")[2] for k in KEYS if k.name.startswith(section + ".")]
            raise ConfigError(
                _("{place}: there is no key '{key}' in [{section}]").format(
                    place=place, key=name[:80], section=section
                ),
                advice=_near(name, known) or _("Known: {names}.").format(names=", ".join(known)),
            )
        config.settings[key.name] = Setting(_checked(key, value, place), place)


def _table(config: Config, section: str, table: object, where: Where) -> None:
    from deliverkit.config.tables import ignore_table, keys_table, severity_table

    if section == "severity":
        config.severity_origins.update(severity_table(table, where))
    elif section == "keys":
        config.key_origins.update(keys_table(table, where))
    else:
        config.ignore_origins.extend(ignore_table(table, where))


def _near(name: str, known: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, list(known), 1, 0.5)
    return _("Did you mean '{name}'?").format(name=near[0]) if near else ""


def _checked(key: Key, value: object, origin: Origin) -> Value:
    """A value as the program takes it. Raises ConfigError for one of another type or beyond the bounds."""
    if key.kind in (Kind.TEXTS, Kind.PATHS):
        if isinstance(value, list) and all(isinstance(each, str) and each.strip() for each in value):
            taken = tuple(each.strip() for each in value)
            return _known(key, tuple(origin.beside(p) for p in taken) if key.kind is Kind.PATHS else taken, origin)
    elif key.kind is Kind.SWITCH:
        if isinstance(value, bool):
            return value
    elif key.kind in (Kind.NUMBER, Kind.WHOLE):
        whole = key.kind is Kind.WHOLE
        if isinstance(value, int if whole else (int, float)) and not isinstance(value, bool):
            return _bounded(key, value if whole else float(value), origin)
    elif isinstance(value, str) and value.strip():
        return _known(key, _located(key, value.strip(), origin), origin)
    raise _wrong(key, origin, key.kind.wanted)


def _located(key: Key, value: str, origin: Origin) -> str:
    """A path as it is meant from the folder of the file that holds it."""
    if key.kind is Kind.PLACE:
        scheme, found, rest = value.partition("://")
        if found:
            relative = scheme.startswith("sqlite") and rest.startswith("/") and not rest.startswith("//")
            return f"{scheme}:///{origin.beside(rest[1:])}" if relative and rest != "/:memory:" else value
    return origin.beside(value) if key.kind in (Kind.PLACE, Kind.PATH) else value


def _bounded(key: Key, value: float, origin: Origin) -> float:
    least, most = key.least, key.most
    if (least is not None and not value >= least) or (most is not None and not value <= most):
        raise _wrong(
            key,
            origin,
            _("{wanted} from {least} to {most}").format(wanted=key.kind.wanted, least=f"{least:g}", most=f"{most:g}"),
        )
    return value


def _known(key: Key, value: Value, origin: Origin) -> Value:
    choices: tuple[str, ...] = key.choices
    if key.name == "audit.checks":
        from deliverkit.checks import MODULES

        choices = ("all", *MODULES)
    given = value if isinstance(value, tuple) else (value,)
    for each in given:
        if choices and each not in choices:
            raise _wrong(key, origin, _("one of {names}").format(names=", ".join(choices)), str(each))
    return value


def _wrong(key: Key, origin: Origin, wanted: str, given: str = "") -> ConfigError:
    if given:
        message = _("{place}: {key} cannot be '{given}'").format(place=origin, key=key.name, given=given[:80])
    else:
        message = _("{place}: {key} has a value it cannot have").format(place=origin, key=key.name)
    return ConfigError(message, advice=_("Wanted: {wanted}.").format(wanted=wanted))


def _from_text(key: Key, text: str, origin: Origin) -> Value:
    """A value from an environment variable; lists are comma-separated."""
    text = text.strip()
    value: object = text
    if key.kind in (Kind.TEXTS, Kind.PATHS):
        value = [part.strip() for part in text.split(",") if part.strip()]
    elif key.kind is Kind.SWITCH and text.lower() in (*_TRUE, *_FALSE):
        value = text.lower() in _TRUE
    elif key.kind in (Kind.NUMBER, Kind.WHOLE):
        try:
            value = int(text) if key.kind is Kind.WHOLE else float(text)
        except ValueError:
            raise _wrong(key, origin, key.kind.wanted, text) from None
    return _checked(key, value, origin)
