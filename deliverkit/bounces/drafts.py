"""A rule for words that nothing is known of, drafted so that a person only has to name the reason."""

from __future__ import annotations

import json
import re

import re2

from deliverkit.bounces.incidents import Incident
from deliverkit.bounces.masking import MASKED, sampled
from deliverkit.bounces.matcher import compile_pattern
from deliverkit.bounces.reply import parse_reply
from deliverkit.model import Reply

UNNAMED = "unknown.unclassified"
"""The reason of a draft: it loads and changes nothing until somebody writes the right one."""
_MAX_PATTERN = 160
_GAPS = {"n": r"\d[\d.,]*", "time": r"\S+", "date": ".{1,40}"}
_HEAD = re.compile(r"(?:[2-5]\d\d(?:[ -]|$))?(?:[245]\.\d{1,3}\.\d{1,3}(?:[ :]+|$))?")
_CUT_MASK = re.compile(r"<[a-z]{0,7}$")


def drafted_rule(incident: Incident) -> str:
    """A ``[[rule]]`` table as ``--rules`` reads it, with an example that it matches and in which nobody is named.

    The pattern is the masked text with gaps for what was masked; the codes are asked for as fields.
    """
    words = _CUT_MASK.sub("", incident.text).rstrip()
    example, reply, pattern = _matching(words)
    lines = [
        "[[rule]]",
        f"id = {json.dumps('own.' + incident.id)}",
        f"pattern = {_toml(pattern)}",
        f'reason = "{UNNAMED}"  # the right one: deliverkit reasons',
    ]
    if reply.code:
        lines.append(f"code = {reply.code}")
    if reply.enhanced_code:
        lines.append(f'enhanced = "{reply.enhanced_code}"')
    lines.append(f"examples = [{_toml(example)}]")
    return "\n".join(lines)


def _matching(words: str) -> tuple[str, Reply, str]:
    """An example, what is read from it, and a pattern that finds it: with gaps, else the longest words that do."""
    example = sampled(words) or "-"
    reply = parse_reply(example)
    body = _HEAD.sub("", words, count=1)
    pieces = sorted((piece.strip() for piece in MASKED.split(body)[::2]), key=len, reverse=True)
    for pattern in (_gapped(body), *(_escaped(piece) for piece in pieces if piece)):
        if pattern and _finds(pattern, reply.text):
            return example, reply, pattern
    # What is read is not what was written (a code in the middle, say): the words as they are read.
    return example, reply, _escaped(reply.text[:_MAX_PATTERN]) or "^"


def _finds(pattern: str, text: str) -> bool:
    try:
        return bool(compile_pattern(pattern).search(text.encode()))
    except re2.error:
        return False


def _gapped(body: str) -> str:
    made = ""
    last = 0
    for match in MASKED.finditer(body):
        made += _escaped(body[last : match.start()])
        last = match.end()
        if len(made) > _MAX_PATTERN:
            return made
        made += _GAPS.get(match[1], r"\S+")
    return made + _escaped(body[last:][: max(0, _MAX_PATTERN - len(made))])


def _escaped(words: str) -> str:
    """``words`` to be found as they are; RE2 knows the same special characters, and needs no blank escaped."""
    return re.sub(r"([\\.^$*+?{}\[\]|()])", r"\\\1", words)


def _toml(text: str) -> str:
    """A TOML string: a literal one where that is possible, for patterns are full of backslashes."""
    if "'" not in text and text.isprintable():
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
