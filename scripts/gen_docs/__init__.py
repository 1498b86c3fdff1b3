"""Makes the pages of the catalogue and of the command line from what the program itself reads, and fills in
the output that hand-written pages show.

``python -m scripts.gen_docs --write`` writes them below ``docs/``; ``--check`` only compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scripts.gen_docs import (
    blocklists,
    cli,
    codes,
    explain_page,
    findings,
    fixes,
    outputs,
    platforms,
    providers,
    reasons,
    vocabularies,
)
from scripts.gen_docs.book import Book

DOCS = Path(__file__).parent.parent.parent / "docs"
KINDS = (reasons, findings, fixes, codes, blocklists, providers, platforms, vocabularies, cli)
FOLDERS = ("reasons", "findings", "fixes", "codes", "blocklists", "providers", "platforms")
"""Folders that hold generated pages and nothing else."""


def pages(book: Book | None = None) -> Mapping[str, str]:
    """All pages that the script answers for: path below ``docs/`` to content."""
    book = book or Book.of()
    made = {path: content for kind in KINDS for path, content in kind.pages(book)}
    made |= dict(explain_page.rules(book)) | dict(explain_page.sentences(book))
    return made | outputs.marked_pages(DOCS, (*FOLDERS, "cli.md"))


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
    return [path.relative_to(docs).as_posix() for folder in FOLDERS for path in (docs / folder).rglob("*.md")]


def _read(path: Path) -> str | None:
    return path.read_bytes().decode("utf-8") if path.is_file() else None
