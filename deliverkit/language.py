"""The language of what the program itself says: labels, messages, help. Sentences of the knowledge stand in
``knowledge/text`` by id; the two never mix.

The source language is English, so a text is its own key: ``_("no such file: {path}").format(path=path)``. The text in
``_()`` is always a literal, whole sentences with named placeholders, so that it can be collected and translated.
"""

from __future__ import annotations

import gettext as _gettext
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).parent / "locale"
SOURCE = "en"
LANGUAGES = ("en", "id", "pt")
"""Those the program speaks, by ISO 639-1; ids, JSON keys, records and commands are the same in all of them."""
_current = SOURCE


def use(lang: str) -> None:
    """Speak ``lang`` from now on, in this process; English where a text has no translation."""
    global _current
    _current = lang


def current() -> str:
    """The language that ``_`` speaks."""
    return _current


def choose(wanted: str | None, environ: Mapping[str, str]) -> str:
    """``wanted`` where we speak it, else the first language of the locale that we speak, else English.

    The locale is read as gettext(3) does: LANGUAGE (a list), LC_ALL, LC_MESSAGES, LANG.
    """
    if wanted in LANGUAGES:
        return wanted
    locale = next((environ[v] for v in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(v)), "")
    # The C locale turns the list off.
    several = environ.get("LANGUAGE", "") if locale.partition(".")[0] not in ("C", "POSIX") else ""
    for name in (*several.split(":"), locale):
        short = name.partition("_")[0].partition(".")[0].partition("@")[0].lower()
        if short in LANGUAGES:
            return short
    return SOURCE


@cache
def _catalogue(lang: str) -> _gettext.NullTranslations:
    return _gettext.translation("deliverkit", LOCALES, [lang], fallback=True)


def _(text: str) -> str:
    """``text`` in the language in use."""
    return text if _current == SOURCE else _catalogue(_current).gettext(text)


def marked(text: str) -> str:
    """``text`` as it is: for a constant, which is made before the language is known and goes through ``_`` later."""
    return text


def plural(one: str, many: str, count: int) -> str:
    """The form for ``count`` in the language in use; both hold ``{count}``."""
    if _current == SOURCE:
        return one if count == 1 else many
    return _catalogue(_current).ngettext(one, many, count)
