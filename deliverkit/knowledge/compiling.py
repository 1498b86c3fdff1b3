"""Validates every part of the knowledge and writes all compiled files: what a wheel ships, and what CI runs.

Standard library only: it runs inside the build, where nothing else is installed.
"""

from __future__ import annotations

from functools import cached_property

from deliverkit.knowledge import Knowledge, _text, languages, store


def parts() -> tuple[str, ...]:
    """Names of all parts: every lazily loaded attribute of ``Knowledge``."""
    return tuple(name for name, value in vars(Knowledge).items() if isinstance(value, cached_property))


def text_kinds(lang: str) -> tuple[str, ...]:
    """Kinds of sentences a language has files for."""
    folder = store.HERE / "text" / lang
    return tuple(sorted({p.stem for p in folder.iterdir() if p.suffix == ".toml" or p.is_dir()}))


def compile_all() -> dict[str, int]:
    """Compile everything afresh and return how many entries each part has.

    Files of parts that no longer exist are removed: an installation trusts whatever it finds.
    Raises KnowledgeError that names file and key for the first entry that is malformed.
    """
    for path in store.COMPILED.glob("*.json"):
        path.unlink(missing_ok=True)
    _text.cache_clear()
    knowledge = Knowledge()
    counts = {name: len(getattr(knowledge, name)) for name in parts()}
    for lang in languages():
        counts |= {f"text/{lang}/{kind}": len(knowledge.text(kind, lang)) for kind in text_kinds(lang)}
    return counts
