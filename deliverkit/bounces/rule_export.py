"""Our reply rules as files for mail servers that classify bounces themselves: KumoMTA and ZoneMTA.

Written to the formats that both document: KumoMTA's ``[rules]`` table of classes with lists of regular expressions,
ZoneMTA's lines of ``regex,action,category,message``. Both take the first rule that matches, so ours stand in the order
in which they are to be asked: the rules of providers first, the phrases that anybody writes last. KumoMTA's table
gathers the rules of a class, which loses that order within a file: two files (``Part``), loaded one after the other,
keep most of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from deliverkit.bounces.reply import parse_reply
from deliverkit.bounces.rule_dialects import DialectError, javascript, rust
from deliverkit.bounces.vocabulary import word_for
from deliverkit.bounces.weight import has_code, weight
from deliverkit.knowledge import Knowledge, load
from deliverkit.knowledge.schema import Rule, RuleInfo
from deliverkit.model import MessageAction


class Target(StrEnum):
    """Whose file to write."""

    KUMOMTA = "kumomta"
    ZONEMTA = "zonemta"


@dataclass(frozen=True, slots=True)
class Exported:
    """A rule file for another program."""

    text: str
    count: int
    """Rules in it."""
    left_out: tuple[str, ...]
    """Ids of rules that the other program has no class or no expression for."""


@dataclass(frozen=True, slots=True)
class Line:
    """One rule, ready to be written."""

    rule: Rule
    pattern: str
    """In the dialect of the target."""
    word: str
    """The target's class or category."""
    retried: bool
    """Is the message to be tried again?"""


class Part(StrEnum):
    """Which of our rules."""

    ALL = "all"
    PROVIDERS = "providers"
    """What one provider, gateway or server writes."""
    GENERIC = "generic"
    """Phrases that anybody writes; to be asked last."""


def ours(part: Part = Part.ALL, providers: Collection[str] = ()) -> list[tuple[Rule, RuleInfo | None]]:
    """Our own rules with what stands behind them; only of ``providers``, where some are named."""
    knowledge = load()
    chosen: list[tuple[Rule, RuleInfo | None]] = []
    for rule in knowledge.rules:
        generic = _is_generic(rule, knowledge)
        if (not providers or rule.provider in providers) and (part is Part.ALL or generic is (part is Part.GENERIC)):
            chosen.append((rule, knowledge.rule_info[rule.id]))
    return chosen


def _is_generic(rule: Rule, knowledge: Knowledge) -> bool:
    provider = knowledge.providers.get(rule.provider)
    return provider is not None and provider.kind == "generic"


def export(rules: Iterable[tuple[Rule, RuleInfo | None]], target: Target) -> Exported:
    """``rules`` as a file for ``target``. A rule that cannot be said there is left out and named."""
    knowledge = load()
    lines, left_out = [], []
    for rule, info in _ordered(rules, knowledge):
        line = _line(rule, info, target, knowledge)
        if line is None:
            left_out.append(rule.id)
        else:
            lines.append(line)
    write: Callable[[list[Line], Knowledge], str] = _kumomta if target is Target.KUMOMTA else _zonemta
    return Exported(write(lines, knowledge), len(lines), tuple(left_out))


def _ordered(rules: Iterable[tuple[Rule, RuleInfo | None]], knowledge: Knowledge) -> list[tuple[Rule, RuleInfo | None]]:
    """As the classifier ranks rules of which several match: codes and long phrases first, generic ones last and in
    the order of their file."""

    def rank(entry: tuple[int, tuple[Rule, RuleInfo | None]]) -> tuple[bool, bool, int, int]:
        at, (rule, _info) = entry
        if _is_generic(rule, knowledge):
            return True, False, 0, at
        return False, not has_code(rule), -weight(rule.pattern), at

    return [entry for _at, entry in sorted(enumerate(rules), key=rank)]


def _line(rule: Rule, info: RuleInfo | None, target: Target, knowledge: Knowledge) -> Line | None:
    retried = _is_temporary(rule, info) or knowledge.reasons[rule.reason].on_5xx is MessageAction.RETRY
    vocabulary = knowledge.vocabularies[target.value]
    word = word_for(target.value, rule.reason, retried=retried) if rule.reason in vocabulary.words else ""
    if target is Target.KUMOMTA and word not in vocabulary.classes:
        word = rule.reason  # KumoMTA takes classes of the user's own
    if not word:
        return None
    try:
        pattern = (rust if target is Target.KUMOMTA else javascript)(_with_codes(rule))
    except DialectError:
        return None
    return Line(rule, pattern, word, retried)


def _with_codes(rule: Rule) -> str:
    """The pattern, asking for the codes that stand beside it in our rule."""
    if rule.pattern.startswith("^") or (rule.code is None and rule.enhanced is None):
        return rule.pattern
    code = str(rule.code) if rule.code is not None else r"\d\d\d"
    status = rf"{rule.enhanced} " if rule.enhanced is not None else ""
    return rf"^{code} {status.replace('.', '[.]')}.*(?:{rule.pattern})"


def _is_temporary(rule: Rule, info: RuleInfo | None) -> bool:
    """Is this rule only ever seen with temporary replies?"""
    if rule.code is not None:
        return rule.code < 500
    codes = [parse_reply(example).code for example in info.examples] if info else []
    return bool(codes) and all(code is not None and code < 500 for code in codes)


def _kumomta(lines: list[Line], _knowledge: Knowledge) -> str:
    by_class: dict[str, list[Line]] = {}
    for line in lines:
        by_class.setdefault(line.word, []).append(line)
    made = [
        "# Reply rules of deliverkit for kumo.configure_bounce_classifier.",
        "# Each expression is followed by the id of its rule.",
        "[rules]",
    ]
    for name, members in by_class.items():
        made.append(f"{name if name.isalnum() else json.dumps(name)} = [")
        made += [f"  {_toml(line.pattern)}, # {_one_line(line.rule.id)}" for line in members]
        made.append("]")
    return "\n".join(made)


def _toml(pattern: str) -> str:
    literal = "'" not in pattern and pattern.isprintable()
    return f"'{pattern}'" if literal else json.dumps(pattern, ensure_ascii=False).replace("\x7f", "\\u007f")


def _one_line(words: str) -> str:
    return " ".join(words.split())


def _zonemta(lines: list[Line], knowledge: Knowledge) -> str:
    titles = knowledge.text("reasons")
    made = [
        "# Reply rules of deliverkit for ZoneMTA.",
        "# Format:",
        "#   regex,action,category,message",
    ]
    for line in lines:
        title = str(titles[line.rule.reason]["title"]).replace(",", ";")
        made.append(f"# {_one_line(line.rule.id)}")
        made.append(f"{line.pattern},{_action(line)},{line.word},{title}")
    return "\n".join(made)


def _action(line: Line) -> str:
    if not line.retried:
        return "reject"
    return "slowdown" if line.rule.reason.startswith("rate_limit.") else "defer"
