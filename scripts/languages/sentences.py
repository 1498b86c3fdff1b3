"""Sentences of the knowledge: which are translated, from which English sentence, and which are stale."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from scripts.languages.messages import ROOT, placeholders

TEXT = ROOT / "deliverkit" / "knowledge" / "text"
MARKS = "made-from.json"
"""Beside the files of a language: for each sentence a mark of the English one that it was made from."""


def english() -> dict[str, dict[str, str]]:
    """English sentences by file (relative to ``text/en``) and path of keys."""
    return _read("en")


def _read(lang: str) -> dict[str, dict[str, str]]:
    folder = TEXT / lang
    return {
        path.relative_to(folder).as_posix(): dict(_leaves(tomllib.loads(path.read_text(encoding="utf-8"))))
        for path in sorted(folder.rglob("*.toml"))
    }


def _leaves(table: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        here = f"{path}/{key}" if path else key
        if isinstance(value, Mapping):
            yield from _leaves(value, here)
        elif isinstance(value, list):
            yield from ((f"{here}/{i}", str(item)) for i, item in enumerate(value))
        else:
            yield here, str(value)


def mark(sentence: str) -> str:
    """A short mark of a sentence."""
    return hashlib.sha256(sentence.encode()).hexdigest()[:8]


def marks(lang: str) -> dict[str, dict[str, str]]:
    """The marks that stand beside the translations of ``lang``."""
    path = TEXT / lang / MARKS
    found: dict[str, dict[str, str]] = json.loads(path.read_text()) if path.exists() else {}
    return found


def stamp(lang: str, files: list[str]) -> None:
    """Say that the translations in ``files`` (all when empty) were made from the English sentences of today."""
    source, have, known = english(), _read(lang), marks(lang)
    for name in files or sorted(have):
        known[name] = {key: mark(source[name][key]) for key in have[name] if key in source.get(name, {})}
    kept = {name: known[name] for name in sorted(known) if name in source}
    (TEXT / lang / MARKS).write_text(json.dumps(kept, indent=0, sort_keys=True) + "\n")


def faults(lang: str) -> list[str]:
    """What is wrong with the translations of ``lang``: missing, orphaned, stale, placeholders that differ."""
    source, have, known = english(), _read(lang), marks(lang)
    found = [f"{lang}/{name}: no such file in English" for name in have if name not in source]
    for name, sentences in source.items():
        theirs = have.get(name, {})
        found += [f"{lang}/{name}: orphaned: {key}" for key in theirs if key not in sentences]
        for key, sentence in sentences.items():
            text = theirs.get(key, "")
            if not text.strip():
                found.append(f"{lang}/{name}: not translated: {key}")
            elif known.get(name, {}).get(key) != mark(sentence):
                found.append(f"{lang}/{name}: stale, the English sentence changed: {key}")
            elif placeholders(text) != placeholders(sentence):
                found.append(f"{lang}/{name}: placeholders differ: {key}")
            elif text != text.strip():
                found.append(f"{lang}/{name}: white space around: {key}")
    return found
