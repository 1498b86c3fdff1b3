"""Makes the pages of the catalogue and of the command line from what the program itself reads, and fills in
the output that hand-written pages show.

``python -m scripts.gen_docs --write`` writes them below ``docs/``, a folder a language; ``--check`` only compares.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from deliverkit.cli.translated import speak
from deliverkit.language import LANGUAGES, SOURCE
from scripts.gen_docs import (
    blocklists,
    cli,
    codes,
    explain_page,
    findings,
    fixes,
    keys,
    outputs,
    platforms,
    providers,
    reasons,
    vocabularies,
)
from scripts.gen_docs.book import Book

DOCS = Path(__file__).parent.parent.parent / "docs"
KINDS = (reasons, findings, fixes, codes, blocklists, providers, platforms, vocabularies, cli, keys)
FOLDERS = ("reasons", "findings", "fixes", "codes", "blocklists", "providers", "platforms")
"""Folders of each language that hold generated pages and nothing else."""
MADE = ("cli.md", "reference/vocabularies.md", "reference/keys.md")
"""Generated pages that stand beside hand-written ones."""


def pages(langs: Sequence[str] = LANGUAGES) -> Mapping[str, str]:
    """All pages that the script answers for: path below ``docs/`` to content."""
    made = {f"{SOURCE}/{path}": content for path, content in explain_page.rules(Book.of())}
    for lang in langs:
        speak(["--lang", lang], os.environ)
        try:
            book = Book.of(lang=lang)
            made |= {f"{lang}/{path}": content for kind in KINDS for path, content in kind.pages(book)}
            # Beside the rules: the page finds both by its own address, whatever its language.
            made |= {f"{SOURCE}/{path}": content for path, content in explain_page.sentences(book)}
        finally:
            speak(["--lang", SOURCE], os.environ)
    made |= outputs.marked_pages(DOCS, langs, (*FOLDERS, *MADE))
    speak(["--lang", SOURCE], os.environ)  # the last command that ran has spoken another one
    return made


def drift(wanted: Mapping[str, str], docs: Path = DOCS) -> list[str]:
    """Paths that are missing, differ, or stand in a generated folder without belonging there. Reads only."""
    changed = [path for path, content in wanted.items() if _read(docs / path) != content]
    return sorted(changed + [path for path in _present(docs) if path not in wanted])


def write(wanted: Mapping[str, str], docs: Path = DOCS) -> list[str]:
    """Make ``docs`` hold exactly the wanted pages; gives the paths that changed."""
    changed = drift(wanted, docs)
    for path in changed:
        if path in wanted:
            (docs / path).parent.mkdir(parents=True, exist_ok=True)
            (docs / path).write_text(wanted[path], encoding="utf-8", newline="\n")
        else:
            (docs / path).unlink()
    return changed


def _present(docs: Path) -> list[str]:
    found = [path for lang in LANGUAGES for folder in FOLDERS for path in (docs / lang / folder).rglob("*.md")]
    return [path.relative_to(docs).as_posix() for path in found]


def _read(path: Path) -> str | None:
    return path.read_bytes().decode("utf-8") if path.is_file() else None
