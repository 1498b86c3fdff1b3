"""How much a pattern asks for: the fewest literal characters that any text must have to match it."""

from __future__ import annotations

import re
from functools import lru_cache

from deliverkit.knowledge.schema import Rule

_TOKEN = re.compile(
    r"(?P<open>\((?:\?(?:P?<\w+>|[a-zA-Z]*:))?)|(?P<close>\))|(?P<bar>\|)|(?P<set>\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\])|"
    r"(?P<meta>\\[bBAzsSdDwW]|\\[pP](?:\{\w+\}|\w)|[.^$])|(?P<repeat>[*+?]\??|\{\d+(?:,\d*)?\}\??)|(?P<char>\\?.)",
    re.DOTALL,
)
_CODE_FIRST = re.compile(r"\W{0,6}[245\[](?:\d|\\|x|45\])")


def has_code(rule: Rule) -> bool:
    """Does the rule ask for a code besides its phrase, as a field or at the head of its pattern?"""
    return rule.code is not None or rule.enhanced is not None or _CODE_FIRST.match(rule.pattern) is not None


@lru_cache(maxsize=4096)
def weight(pattern: str) -> int:
    """Literal characters in the shortest text that ``pattern`` matches; sets and ``.`` count nothing.

    A rough measure is enough: it breaks ties between rules of one rank and tells a phrase from a word.
    """
    done: list[list[int]] = [[0]]  # one frame per open group; a frame holds the weight of each alternative
    last = 0
    for match in _TOKEN.finditer(pattern):
        kind = match.lastgroup
        if kind == "open":
            done.append([0])
        elif kind == "bar":
            done[-1].append(0)
        elif kind == "close" and len(done) > 1:
            last = min(done.pop())
            done[-1][-1] += last
        elif kind == "repeat":
            if match[0][0] in "*?" or match[0].startswith("{0"):
                done[-1][-1] -= last
            last = 0
        else:
            last = 1 if kind == "char" else 0
            done[-1][-1] += last
    return min(done[0])
