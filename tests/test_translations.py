"""Nothing is left untranslated, orphaned or stale, and no placeholder is lost."""

from __future__ import annotations

import pytest

from deliverkit import language
from deliverkit.knowledge import languages
from scripts.languages import messages, sentences


@pytest.mark.parametrize("lang", messages.TRANSLATED)
def test_messages_are_translated(lang: str) -> None:
    assert messages.faults(lang) == [], "run: python -m scripts.languages update, then translate what is empty"


@pytest.mark.parametrize("lang", messages.TRANSLATED)
def test_messages_are_compiled(lang: str) -> None:
    compiled = messages.po_file(lang).with_suffix(".mo")
    assert compiled.exists(), "run: python -m scripts.languages compile"


@pytest.mark.parametrize("lang", messages.TRANSLATED)
def test_sentences_are_translated_and_none_is_stale(lang: str) -> None:
    assert sentences.faults(lang) == []


def test_the_languages_of_messages_and_sentences_are_the_same() -> None:
    assert languages() == language.LANGUAGES
