"""What the page that explains a reply in the browser reads: the rules as data, and the sentences of each language.

The patterns go over as they are, in the words of JavaScript. A rule is matched as RE2 matches it here: on the bytes of
the UTF-8 text, the letters A to Z without regard to case. So both sides are brought to lower case first, and each byte
of the text is one character of the string that is searched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from enum import StrEnum
from types import ModuleType
from typing import Any

from deliverkit.bounces import classify, clean, codes, doubt, pasted, reply
from deliverkit.bounces.rule_dialects import tokens
from deliverkit.bounces.weight import has_code, weight
from deliverkit.knowledge.needles import lower_ascii
from deliverkit.knowledge.schema import EnhancedCode, Provider, Rule
from deliverkit.language import _
from deliverkit.model import AddressAction, Basis, Confidence, MessageAction, Owner
from scripts.gen_docs.book import Book, Pages

FOLDER = "assets/explain"
_SPACE = r"\t\n\f\r "
_CLASSES = {"s": f"[{_SPACE}]", "S": f"[^{_SPACE}]", "A": "^", "z": "$"}
_LETTERS = r"\w\u00aa\u00b5\u00ba\u00c0-\ufdff"
_POSIX = {"alpha": "a-z", "digit": "0-9", "alnum": "a-z0-9"}


def rules(book: Book) -> Pages:
    """``rules.json``: everything that is the same in every language."""
    yield f"{FOLDER}/rules.json", _json(_rules(book))


def sentences(book: Book) -> Pages:
    """``sentences-LANG.json`` of the book's language."""
    yield f"{FOLDER}/sentences-{book.say.lang}.json", _json(_sentences(book))


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=True, separators=(",", ":"), sort_keys=False) + "\n"


def _rules(book: Book) -> dict[str, Any]:
    k = book.knowledge
    return {
        "rules": [_rule(book, rule) for rule in k.rules],
        "providers": {p.id: _provider(p) for p in k.providers.values()},
        "reasons": {
            r.id: [r.on_4xx, r.on_5xx, r.address_4xx, r.address_5xx, r.owner, list(r.fixes)] for r in k.reasons.values()
        },
        "enhanced": {c.id: _code(c) for c in k.enhanced_codes.values()},
        "basic": {c.id: c.reason for c in k.basic_codes.values()},
        "reuse": [[u.provider, list(u.codes), u.reason] for u in k.code_reuse.values() if u.provider],
        "lasting": sorted(classify._LASTING),
        "vague": sorted(classify._VAGUE),
        "sureWeight": classify._SURE_WEIGHT,
        "doubt": [source(doubt._SENDER_SIDE), source(doubt._ANOTHER_CAUSE), sorted(doubt._ADDRESS_CODES)],
        "phases": {
            "before": sorted(codes._BEFORE_RECIPIENT),
            "after": sorted(codes._AFTER_RECIPIENT),
            "found": [[javascript(pattern), phase] for pattern, phase in pasted._PHASES],
        },
        "hosts": [[javascript(p) for p in pasted._MX], [javascript(p) for p in pasted._MX_ABOVE]],
        "named": javascript(pasted._NAMED_BEFORE),
        "ip": javascript(pasted._IP),
        "invisible": _ranges(clean._INVISIBLE),
        "patterns": {name: found for module in (reply, pasted, clean) for name, found in _patterns(module)},
    }


def _rule(book: Book, rule: Rule) -> list[Any]:
    fixes = list(book.knowledge.rule_info[rule.id].fixes)
    told = [rule.id, rule.provider, source(rule.pattern), rule.reason, rule.code, rule.enhanced]
    return [*told, weight(rule.pattern), int(has_code(rule)), *([fixes] if fixes else [])]


def _provider(provider: Provider) -> dict[str, Any]:
    own = {"name": provider.name, "kind": provider.kind, "family": provider.family}
    return {**own, "mx": list(provider.mx), "marks": [source(mark) for mark in provider.marks]}


def _code(code: EnhancedCode) -> list[Any]:
    return [code.reason, code.reason_4xx, int(code.ambiguous), code.provider, int(bool(code.range_end))]


def _patterns(module: ModuleType) -> Iterable[tuple[str, list[str]]]:
    """The compiled patterns of a module by their names there."""
    for name, value in vars(module).items():
        if isinstance(value, re.Pattern):
            flags = "".join(letter for letter, flag in (("i", re.I), ("m", re.M), ("s", re.S)) if value.flags & flag)
            yield f"{module.__name__.rpartition('.')[2]}{name}", [javascript(value.pattern), flags]


def _ranges(points: Iterable[int]) -> list[list[int]]:
    found: list[list[int]] = []
    for point in sorted(points):
        if found and found[-1][1] == point - 1:
            found[-1][1] = point
        else:
            found.append([point, point])
    return found


def javascript(pattern: str) -> str:
    """A pattern of Python's ``re`` for JavaScript, both searched in text. ``\\w`` takes letters of any script there."""
    pattern = pattern.replace("(?P<", "(?<").replace("(?m:^)", "(?<=^|\\n)")
    pattern = re.sub(r"\(\?-i:(\w)\)", r"\1", pattern)
    made = []
    for kind, text in tokens(pattern):
        if kind == "set":
            made.append(text.replace("\\w", _LETTERS))
        else:
            made.append(f"[{_LETTERS}]" if text == "\\w" else text)
    return "".join(made)


def source(pattern: str) -> str:
    """An RE2 pattern for JavaScript, to be searched in bytes with A to Z in lower case."""
    made = []
    for kind, text in tokens(pattern):
        if kind == "set":
            text = _set(text)
        elif kind == "escape":
            text = _CLASSES.get(text[1], text)
        elif kind == "char":
            text = lower_ascii(text)
        elif text == ".":
            text = "[^\\n]"
        elif kind == "open":
            text = text.replace("(?P<", "(?<").replace("(?i:", "(?:").replace("(?i)", "")
        made.append(text)
    found = "".join(made).encode().decode("latin-1")
    re.compile(found.replace("(?<", "(?P<").replace("(?P<=", "(?<="))  # as near to a proof as Python gives
    return found


def _set(text: str) -> str:
    """A set, its letters in lower case, its classes those of RE2; ``[`` is literal in it."""
    start = "[^" if text.startswith("[^") else "["
    inside = re.sub(
        r"\[:(\w+):\]", lambda m: {"alpha": "a-z", "digit": "0-9", "alnum": "a-z0-9"}[m[1]], text[len(start) : -1]
    )
    pieces = re.findall(r"\\x[0-9a-fA-F]{2}|\\.|.", inside, re.DOTALL)
    made = [{"\\s": _SPACE, "[": r"\["}.get(p, p if p.startswith("\\") else lower_ascii(p)) for p in pieces]
    return f"{start}{''.join(made)}]"


def _sentences(book: Book) -> dict[str, Any]:
    k, say = book.knowledge, book.say
    values: tuple[StrEnum, ...] = (*Confidence, *MessageAction, *AddressAction, *Owner, *Basis)
    codes = (*k.enhanced_codes, *k.basic_codes)
    return {
        "lang": say.lang,
        "reasons": {r: [say.reason(r), say.reason(r, "sentence", provider="{provider}")] for r in k.reasons},
        "categories": {c: say.category(c) for c in dict.fromkeys(r.category for r in k.reasons.values())},
        "words": {f"{type(v).__name__}.{v.value}": [say.word(v), say.word(v, "sentence")] for v in values},
        "codes": {code: say.code(code, "meaning") for code in codes},
        "fixes": {f.id: _fix(book, f.id) for f in k.fixes.values()},
        "ui": _ui(),
    }


def _fix(book: Book, fix: str) -> list[Any]:
    spec, words = book.knowledge.fixes[fix], book.words("fixes", fix)
    steps = []
    for step in spec.steps:
        said = words.get("steps", {}).get(step.id, {})
        if step.platform is None:
            record = None
            if step.record_name and step.record_value != "{computed}":
                record = [step.record_name, step.record_type, step.record_value]
            about = (step.provider, step.command, step.url, record)
            steps.append([said.get("title", step.id), said.get("why", ""), *about])
    return [words.get("title", fix), book.say.word(spec.owner), steps]


def _ui() -> dict[str, str]:
    return {
        "message": _("this message"),
        "address": _("this address"),
        "owner": _("who acts"),
        "because": _("because"),
        "rule": _("rule {id}"),
        "also": _("also possible"),
        "server": _("The receiving server"),
        "steps": _("Steps"),
        "more": _("About this reason"),
        "several": _("{count} replies found; each is explained."),
        "nothing": _("Nothing to explain yet: paste what the receiving server said."),
        "failed": _("The rules could not be loaded, so nothing can be explained here. Load the page again."),
        "copied": _("Copied the link to this verdict."),
        "prove": _("To prove the cause with DNS, run:"),
        "unknown": _("Nothing is guessed about it; the codes say this much:"),
    }
