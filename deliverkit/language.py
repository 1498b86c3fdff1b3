"""The language of what the program itself says: labels, messages, help. Sentences of the knowledge stand in
``knowledge/text`` by id; the two never mix.

The source language is English, so a text is its own key: ``_("no such file: {path}").format(path=path)``. The text in
``_()`` is always a literal, whole sentences with named placeholders, so that it can be collected and translated.
"""

from __future__ import annotations

import gettext as _gettext
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).parent / "locale"
SOURCE = "en"
_current = SOURCE


def use(lang: str) -> None:
    """Speak ``lang`` from now on, in this process; English where a text has no translation."""
    global _current
    _current = lang


def current() -> str:
    """The language that ``_`` speaks."""
    return _current


@cache
def _catalogue(lang: str) -> _gettext.NullTranslations:
    return _gettext.translation("deliverkit", LOCALES, [lang], fallback=True)


def _(text: str) -> str:
    """``text`` in the language in use."""
    return text if _current == SOURCE else _catalogue(_current).gettext(text)


def plural(one: str, many: str, count: int) -> str:
    """The form for ``count`` in the language in use; both hold ``{count}``."""
    if _current == SOURCE:
        return one if count == 1 else many
    return _catalogue(_current).ngettext(one, many, count)
