"""A few hundred broken mails, lines and events of every format; ``benchmarks/fuzz_bounces.py`` does a million."""

from __future__ import annotations

import random

import pytest

from deliverkit.bounces.classify import default_classifier
from tests.bounces.fuzzing import mutated, read_all, seeds


def test_every_format_is_fuzzed() -> None:
    names = {name for name, _ in seeds()}
    assert {"mail", "text", "postfix", "exim", "opensmtpd", "sendmail", "qmail", "powermta", "kumomta", "ses"} <= names


@pytest.mark.parametrize("name", sorted({name for name, _ in seeds()}))
def test_nothing_broken_raises(name: str) -> None:
    classifier = default_classifier()
    own = [data for source, data in seeds() if source == name]
    for number in range(60):
        chance = random.Random(f"{name} {number}")
        data = mutated(chance, chance.choice(own), seeds())
        assert read_all(name, data, classifier) >= 0
