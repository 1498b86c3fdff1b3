"""The user's own reply rules: the same TOML as ``knowledge/replies``, checked before they are trusted.

Files of KumoMTA's bounce classifier are taken as they are (``kumomta_rules``).
"""

from __future__ import annotations

import dataclasses
import difflib
from pathlib import Path
from typing import Any

import re2

from deliverkit.bounces.kumomta_rules import is_kumomta, rules_of
from deliverkit.bounces.matcher import compile_pattern
from deliverkit.bounces.reply import parse_reply
from deliverkit.errors import KnowledgeError
from deliverkit.knowledge import load, store
from deliverkit.knowledge.build import MalformedError, build
from deliverkit.knowledge.schema import Rule, RuleInfo
from deliverkit.language import _

MAX_FILE = 5_000_000
"""Bytes of a rule file."""
_OWN_PROVIDER = "own"
_RULE = frozenset(field.name for field in dataclasses.fields(Rule))
_INFO = frozenset(field.name for field in dataclasses.fields(RuleInfo))
_FILL = {"example_kind": "log", "source": "own", "as_of": ""}


def load_rules(path: Path) -> tuple[Rule, ...]:
    """The rules of one file, in its order, ready for ``Classifier(extra_rules=…)``.

    Needs of each rule: ``id``, ``pattern``, ``reason`` and at least one of ``examples``; ``provider`` may stand at the
    top of the file or be left out. Raises KnowledgeError that names file, line and key for TOML that cannot be read,
    an unknown or missing key, a reason that is not in the list, a pattern that is not RE2, an id that comes twice, and
    an example that its own rule does not match. Of KumoMTA's files the classes become reasons.
    """
    return tuple(rule for rule, _info in read_rules(path))


def read_rules(path: Path) -> tuple[tuple[Rule, RuleInfo | None], ...]:
    """As ``load_rules``, each with what stands behind it; None where the file's format has no room for that."""
    text, data = _read(path)
    if is_kumomta(data):
        return tuple((rule, None) for rule in rules_of(path, data))
    extra = sorted(data.keys() - {"provider", "rule"})
    if extra:
        raise KnowledgeError(
            _("{path}:{text}: unknown key '{extra}'").format(path=path, text=_line(text, extra[0]), extra=extra[0]),
            advice=_("A rule file holds 'provider' and [[rule]] tables."),
        )
    tables = data.get("rule", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise KnowledgeError(
            _("{path}: 'rule' must be written as [[rule]] tables").format(path=path), advice=_("Use double brackets.")
        )
    provider = data.get("provider", _OWN_PROVIDER)
    rules: dict[str, tuple[Rule, RuleInfo]] = {}
    for index, table in enumerate(tables):
        with store.located(path, index):
            rule, info = _rule(table, provider)
            if rule.id in rules:
                raise MalformedError(
                    _("[[rule]] id '{id}' comes twice").format(id=rule.id),
                    advice=_("Ids are unique; rename one."),
                    key="id",
                )
            rules[rule.id] = rule, info
    return tuple(rules.values())


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise KnowledgeError(
            f"{path}: {error.strerror or error}", advice=_("Check the path and its rights.")
        ) from error
    if size > MAX_FILE:
        raise KnowledgeError(
            _("{path}: larger than {max_file} bytes").format(path=path, max_file=MAX_FILE), advice=_("Split the file.")
        )
    data = store.read_toml(path)
    return path.read_text(encoding="utf-8"), data


def _line(text: str, key: str) -> int:
    return next((n for n, line in enumerate(text.splitlines(), 1) if line.lstrip(" \"'[").startswith(key)), 1)


def _rule(table: dict[str, Any], provider: Any) -> tuple[Rule, RuleInfo]:
    """One rule, checked. Raises MalformedError with the key at fault."""
    where = f"[[rule]] {table.get('id', '?')}"
    match = {"provider": provider} | {key: value for key, value in table.items() if key in _RULE}
    rest = {key: value for key, value in table.items() if key not in _RULE}
    unknown = sorted(rest.keys() - _INFO)
    if unknown:
        near = difflib.get_close_matches(unknown[0], sorted(_RULE | _INFO), 1)
        advice = f"Did you mean '{near[0]}'?" if near else f"Known keys: {', '.join(sorted(_RULE | _INFO))}."
        raise MalformedError(
            _("{where}: unknown key '{unknown}'").format(where=where, unknown=unknown[0]), advice=advice, key=unknown[0]
        )
    rule = build(Rule, match, where)
    info = build(RuleInfo, _FILL | rest | {"id": rule.id}, where)
    if not info.examples:
        advice = "Give one reply that the rule is for."
        raise MalformedError(_("{where}: key 'examples' is empty").format(where=where), advice=advice, key="examples")
    _check_reason(rule, where)
    _check_pattern(rule, info, where)
    return rule, info


def _check_reason(rule: Rule, where: str) -> None:
    reasons = load().reasons
    if rule.reason in reasons:
        return
    near = difflib.get_close_matches(rule.reason, reasons, 1)
    raise MalformedError(
        _("{where}: reason '{reason}' is not in the list").format(where=where, reason=rule.reason),
        advice=_("Did you mean '{near}'?").format(near=near[0]) if near else _("See: deliverkit reasons"),
        key="reason",
    )


def _check_pattern(rule: Rule, info: RuleInfo, where: str) -> None:
    try:
        pattern = compile_pattern(rule.pattern)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
        raise MalformedError(
            _("{where}: pattern is not RE2: {reason}").format(where=where, reason=reason),
            advice=_("RE2 has no look-around and no back references; see https://github.com/google/re2/wiki/Syntax."),
            key="pattern",
        ) from error
    for number, example in enumerate(info.examples):
        reply = parse_reply(example)
        fits = (rule.code in (None, reply.code)) and (rule.enhanced in (None, reply.enhanced_code))
        if not fits or not pattern.search(reply.text.encode()):
            raise MalformedError(
                _("{where}: examples: its own rule does not match '{example}'").format(
                    where=where, example=example[:80]
                ),
                advice=_("It is searched as '{value}'; mend the pattern, the codes or the example.").format(
                    value=reply.text[:120]
                ),
                key=f"examples[{number}]",
            )
