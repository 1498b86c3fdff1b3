"""``deliverkit config``: the settings, where each comes from, and whether they are right."""

from __future__ import annotations

import os
from pathlib import Path

import click

from deliverkit.cli.diagnostics import ExitCode, note
from deliverkit.cli.options import output_options
from deliverkit.cli.output import paint, width, write
from deliverkit.cli.settings import configuration, ignores
from deliverkit.config.places import Found, found, user_file
from deliverkit.config.schema import KEYS, Key, Value
from deliverkit.config.settings import Config, Origin
from deliverkit.language import _
from deliverkit.report.clean import one_line
from deliverkit.report.data import document, dumps
from deliverkit.report.text.layout import Page, Paint

_WIDE = 40
"""Characters of a value up to which the last column stays in line."""

EPILOG = """\b
Examples:
  deliverkit config show
  deliverkit config show --format json
  deliverkit config validate
  deliverkit --config ci.toml config show
"""


@click.group("config", epilog=EPILOG)
def command() -> None:
    """Show the settings and where each comes from: flag, environment, project file, your file, default."""


@command.command("show")
@click.option("--changed", is_flag=True, help="Only what is not at its default.")
@output_options("text", "json")
def show(changed: bool, fmt: str, output: str | None, lang: str | None, color: str) -> int:
    """Print every setting with its value and where it comes from."""
    config = configuration()
    config.check()
    shown = [key for key in KEYS if not changed or config.is_set(key.name)]
    if fmt == "json":
        write(dumps(document("config", **_data(config, shown))), output)
    else:
        write(_text(config, shown, paint(color, output)), output)
    return ExitCode.CLEAN


@command.command("path")
@output_options("text", "json")
def path(fmt: str, output: str | None, lang: str | None, color: str) -> int:
    """Print which files are read, weakest first, and where your own would stand."""
    files = _files()
    user = user_file(os.environ)
    if fmt == "json":
        read = [{"kind": file.kind, "path": file.path} for file in files]
        write(dumps(document("config", files=read, user_file=user)), output)
        return ExitCode.CLEAN
    if files:
        write("\n".join(file.path for file in files), output)
    else:
        note(_("no configuration file; your own would be {path}").format(path=user))
    return ExitCode.CLEAN


@command.command("validate")
@output_options("text", "json")
def validate(fmt: str, output: str | None, lang: str | None, color: str) -> int:
    """Check all files and variables; exits with 2 for the first mistake, which is named with its line."""
    config = configuration()
    config.check()
    ignores()
    files = [file.path for file in _files()]
    if fmt == "json":
        write(dumps(document("config", valid=True, files=files)), output)
    else:
        write("\n".join(_("{path}: valid").format(path=name) for name in files) or _("nothing is configured"), output)
    return ExitCode.CLEAN


@command.command("keys")
@output_options("text", "json", "markdown")
def keys(fmt: str, output: str | None, lang: str | None, color: str) -> int:
    """Print every setting there is: its type, default, environment variable, and what it does."""
    if fmt == "json":
        write(dumps(document("config", keys=[_described(key) for key in KEYS])), output)
    elif fmt == "markdown":
        write(reference(), output)
    else:
        page = Page(width(), paint(color, output))
        for key in KEYS:
            page.field(key.name, _(key.help), indent=0, pad=30, label_role="code")
            page.field("", f"{key.kind.value} · {toml(key.default)} · {key.variable}", indent=0, pad=30, role="dim")
        write(str(page), output)
    return ExitCode.CLEAN


def reference() -> str:
    """The settings as Markdown tables, one a section: what the reference page holds."""
    parts: list[str] = []
    for section in dict.fromkeys(key.name.partition(".")[0] for key in KEYS):
        parts.append(f"### [{section}]\n\n| key | type | default | does |\n|---|---|---|---|")
        for key in KEYS:
            if key.name.startswith(section + "."):
                choices = ": " + ", ".join(f"`{c}`" for c in key.choices) if key.choices else ""
                bounds = f", {key.least:g} to {key.most:g}" if key.least is not None and key.most is not None else ""
                name = key.name.partition(".")[2]
                kind = f"{key.kind.value}{choices}{bounds}"
                parts[-1] += f"\n| `{name}` | {kind} | `{toml(key.default)}` | {_(key.help)} |"
    return "\n\n".join(parts)


def toml(value: Value) -> str:
    """A value as it stands in a file; what is not set is ``-``."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(toml(each) for each in value) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{value:g}"


def _files() -> tuple[Found, ...]:
    chosen = click.get_current_context().find_root().obj
    file, files = (chosen.file, chosen.files) if chosen else (None, True)
    return found(None, os.environ, file=file) if files else ()


def _text(config: Config, shown: list[Key], colour: Paint) -> str:
    rows = [(key.name, toml(_safe(key, config)), config.origin(key.name)) for key in shown]
    rows += [(f"severity.{name}", toml(value), where) for name, (value, where) in config.severity_origins.items()]
    rows += [(f"keys.{name}", toml(value), where) for name, (value, where) in config.key_origins.items()]
    for ignore, where in config.ignore_origins:
        until = str(ignore.until) if ignore.until else "-"
        rows.append((f"ignore.{ignore.finding}", f"{ignore.domain} · {until} · {ignore.reason}", where))
    first = max((len(name) for name, _value, _where in rows), default=0)
    second = max((len(value) for _name, value, _where in rows if len(value) <= _WIDE), default=0)
    return "\n".join(
        colour(f"{one_line(name):<{first}}", "code" if where.kind == "default" else "strong")
        + f"  {one_line(value):<{second}}  "
        + colour(one_line(_place(where)), "dim")
        for name, value, where in rows
    )


def _place(where: Origin) -> str:
    if where.kind == "default":
        return _("default")
    try:
        near = Path(where.where).relative_to(Path.cwd())
    except (ValueError, OSError):
        return str(where)
    return str(where._replace(where=str(near)))


def _safe(key: Key, config: Config) -> Value:
    """A value that may be shown: a password in the URL of the store may not."""
    value = config.value(key.name)
    if key.name == "store.url" and isinstance(value, str) and "@" in value:
        scheme, _slashes, rest = value.partition("://")
        login, _at, host = rest.rpartition("@")
        user, colon, _secret = login.partition(":")
        return f"{scheme}://{user}{':***' if colon else ''}@{host}"
    return value


def _data(config: Config, shown: list[Key]) -> dict[str, object]:
    return {
        "files": [{"kind": file.kind, "path": file.path} for file in _files()],
        "settings": [
            {
                "key": key.name,
                "value": _plain(_safe(key, config)),
                "default": _plain(key.default),
                "origin": config.origin(key.name)._asdict(),
            }
            for key in shown
        ],
        "severity": [
            {"finding": name, "severity": severity, "origin": where._asdict()}
            for name, (severity, where) in config.severity_origins.items()
        ],
        "ignore": [
            {
                "finding": ignore.finding,
                "domain": ignore.domain,
                "reason": ignore.reason,
                "until": str(ignore.until) if ignore.until else None,
                "origin": where._asdict(),
            }
            for ignore, where in config.ignore_origins
        ],
        "keys": [
            {"binding": name, "key": key, "origin": where._asdict()}
            for name, (key, where) in config.key_origins.items()
        ],
    }


def _described(key: Key) -> dict[str, object]:
    return {
        "key": key.name,
        "type": key.kind.value,
        "default": _plain(key.default),
        "choices": list(key.choices),
        "least": key.least,
        "most": key.most,
        "variable": key.variable,
        "help": _(key.help),
    }


def _plain(value: Value) -> object:
    return list(value) if isinstance(value, tuple) else value
