"""Messages of the program: collected from the code and from the commands' help into ``deliverkit/locale``."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import click
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from deliverkit.language import LANGUAGES, LOCALES, SOURCE

ROOT = Path(__file__).parents[2]
KEYWORDS = {"_": 1, "marked": 1, "plural": 2, "ngettext": 2}
"""Functions that translate, and how many of their arguments are texts."""
TRANSLATED = tuple(lang for lang in LANGUAGES if lang != SOURCE)


def template() -> Catalog:
    """Every message of the program, with the files it stands in."""
    catalog = Catalog(project="deliverkit", charset="utf-8", fuzzy=False)
    for message, where in _all():
        catalog.add(message, locations=[(where, 0)])
    return catalog


def _all() -> Iterator[tuple[str | tuple[str, str], str]]:
    for folder in ("deliverkit", "tui", "scripts/gen_docs"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield from _in_code(path, path.relative_to(ROOT).as_posix())
    yield from _help()
    for key in import_module("deliverkit.config.schema").KEYS:
        yield key.help, "deliverkit/config/schema.py"
    cases = tomllib.loads((ROOT / "deliverkit/demo/cases.toml").read_text(encoding="utf-8"))["case"]
    yield from ((case["title"], "deliverkit/demo/cases.toml") for case in cases)
    yield from ((what, "deliverkit/cli/demo.py") for what, _ in import_module("deliverkit.cli.demo").NEXT)
    # What click says by itself: it looks its words up in our catalogue.
    for path in sorted(Path(click.__file__).parent.glob("*.py")):
        yield from _in_code(path, f"click/{path.name}")


def _in_code(path: Path, where: str) -> Iterator[tuple[str | tuple[str, str], str]]:
    """Literal texts in calls of the functions that translate, also where the call stands inside an f-string."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
        given = node.args[: KEYWORDS.get(name, 0)]
        texts = [a.value for a in given if isinstance(a, ast.Constant) and isinstance(a.value, str) and a.value]
        if texts and len(texts) == KEYWORDS[name]:
            yield texts[0] if len(texts) == 1 else (texts[0], texts[1]), where


def _help() -> Iterator[tuple[str, str]]:
    main = import_module("deliverkit.cli.main")
    yield from ((what, "deliverkit/cli/main.py") for what in main.COMMANDS.values())
    yield from ((text, "deliverkit/cli/main.py") for text in _of(main.cli))
    for name in main.COMMANDS:
        command = import_module(f"deliverkit.cli.{name}").command
        yield from ((text, f"deliverkit/cli/{name}.py") for text in _of(command))


def _of(command: click.Command) -> Iterator[str]:
    texts: Iterable[str | None] = (command.help, command.epilog, *(getattr(p, "help", None) for p in command.params))
    yield from (text for text in texts if text)
    if isinstance(command, click.Group):
        for sub in command.commands.values():
            yield from _of(sub)


def po_file(lang: str) -> Path:
    """Where the translations of ``lang`` stand."""
    return LOCALES / lang / "LC_MESSAGES" / "deliverkit.po"


def read(lang: str) -> Catalog:
    """The translations of ``lang`` as they are; empty if there are none."""
    path = po_file(lang)
    if not path.exists():
        return Catalog(locale=lang, project="deliverkit", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=lang)


def update() -> None:
    """Bring every ``.po`` to what the code says: new messages come empty, those no longer said go."""
    wanted = template()
    for lang in TRANSLATED:
        catalog = read(lang)
        catalog.update(wanted, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        buffer = BytesIO()
        write_po(buffer, catalog, width=120, sort_output=True, ignore_obsolete=True, include_lineno=False)
        # A date would change the file each time.
        text = re.sub(rb'"(?:POT-Creation|PO-Revision)-Date:[^\n]*\n', b"", buffer.getvalue())
        po_file(lang).parent.mkdir(parents=True, exist_ok=True)
        po_file(lang).write_bytes(text)


def compile_all() -> None:
    """Write the ``.mo`` beside every ``.po``."""
    for lang in TRANSLATED:
        if po_file(lang).exists():
            with po_file(lang).with_suffix(".mo").open("wb") as out:
                write_mo(out, read(lang))


def faults(lang: str) -> list[str]:
    """What is wrong with the translations of ``lang``: missing, no longer said, placeholders that differ."""
    have, wanted = read(lang), template()
    found = [f"{lang}: not translated: {_key(m.id)}" for m in wanted if m.id and not _done(have, m.id)]
    found += [f"{lang}: no longer said: {_key(m.id)}" for m in have if m.id and wanted.get(m.id) is None]
    for message in have:
        for text in message.string if isinstance(message.string, tuple) else (message.string,):
            if message.id and text and placeholders(_key(message.id)) != placeholders(_key(text)):
                found.append(f"{lang}: placeholders differ: {_key(message.id)}")
    return found


def _done(have: Catalog, key: Any) -> bool:
    message = have.get(key)
    if message is None or message.fuzzy:
        return False
    return all(message.string) if isinstance(message.string, tuple) else bool(message.string)


def _key(key: Any) -> str:
    return str(key[-1] if isinstance(key, (tuple, list)) else key)


def placeholders(text: str) -> set[str]:
    """Names in braces, and click's ``%(name)s``."""
    return set(re.findall(r"\{([a-zA-Z_][\w.]*)[^{}]*\}", text)) | set(re.findall(r"%\((\w+)\)", text))
