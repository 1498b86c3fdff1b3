"""KumoMTA's bounce classifier files as rules of the user: ``[rules]``, classes with lists of expressions.

The class of an expression becomes the nearest of our reasons (``knowledge/crosswalk.toml``); a class may also be named
after one of our reasons. Rust's expressions and ours are of one family; what RE2 does not know is an error.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import re2

from deliverkit.bounces.matcher import compile_pattern
from deliverkit.errors import KnowledgeError
from deliverkit.knowledge import load
from deliverkit.knowledge.schema import Rule
from deliverkit.language import _

KEY = "rules"
"""The table that tells such a file from one of ours."""
PROVIDER = "own"
MAX_RULES = 50_000


def is_kumomta(data: Mapping[str, Any]) -> bool:
    """Is this parsed TOML a file of KumoMTA's?"""
    return KEY in data and "rule" not in data


def rules_of(path: Path, data: Mapping[str, Any]) -> tuple[Rule, ...]:
    """The rules, with ids such as ``own.kumomta.BadDomain.3``, in the order of the file.

    Raises KnowledgeError that names the file and the class: one without a counterpart here, and an expression that is
    not RE2.
    """
    extra = sorted(data.keys() - {KEY})
    if extra:
        raise KnowledgeError(
            _("{path}: unknown key '{key}'").format(path=path, key=extra[0]),
            advice=_("A rule file of KumoMTA holds [rules] alone."),
        )
    classes = data[KEY]
    if not isinstance(classes, dict):
        raise KnowledgeError(
            _("{path}: 'rules' must be a table of classes").format(path=path),
            advice=_("Write [rules], then a line Class = ['expression'] for each class."),
        )
    found = [rule for name, patterns in classes.items() for rule in _of_class(path, name, patterns)]
    if len(found) > MAX_RULES:
        raise KnowledgeError(
            _("{path}: more than {count} rules").format(path=path, count=MAX_RULES), advice=_("Split the file.")
        )
    return tuple(found)


def _of_class(path: Path, name: str, patterns: Any) -> list[Rule]:
    if not isinstance(patterns, list) or not all(isinstance(pattern, str) for pattern in patterns):
        raise KnowledgeError(
            _("{path}: class '{name}' must be a list of expressions").format(path=path, name=name[:80]),
            advice=_("Write {name} = ['expression', 'expression'].").format(name=name[:80]),
        )
    reason = _reason(path, name)
    rules = []
    for number, pattern in enumerate(patterns, 1):
        try:
            compile_pattern(pattern)
        except re2.error as error:
            raise KnowledgeError(
                _("{path}: class '{name}', expression {number} is not RE2: {pattern}").format(
                    path=path, name=name[:80], number=number, pattern=pattern[:200]
                ),
                advice=_("RE2 has no look-around, no back references and no sets within sets."),
            ) from error
        rules.append(Rule(id=f"own.kumomta.{name}.{number}", provider=PROVIDER, pattern=pattern, reason=reason))
    return rules


def _reason(path: Path, name: str) -> str:
    knowledge = load()
    classes = knowledge.vocabularies["kumomta"].classes
    reason = classes.get(name) or (name if name in knowledge.reasons else None)
    if reason is None:
        near = difflib.get_close_matches(name, classes, 1)
        raise KnowledgeError(
            _("{path}: class '{name}' has no counterpart among our reasons").format(path=path, name=name[:80]),
            advice=_("Did you mean '{name}'?").format(name=near[0])
            if near
            else _("Leave the class out, or name it after a reason: deliverkit reasons"),
        )
    return reason
