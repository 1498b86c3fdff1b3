"""Our patterns in the regular expressions of other programs: Rust's ``regex`` and JavaScript's ``RegExp``.

RE2 and Rust's ``regex`` are of one family. What differs is rewritten: a bare ``[`` in a set and a bare ``{`` are
errors there, ``&&``, ``--`` and ``~~`` in a set are operators. JavaScript knows no ``(?i)`` in a pattern (before 2025)
and other names for groups and classes; its form here holds no comma either, for it goes into a table of commas.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"(?P<open>\((?:\?(?:P?<\w+>|[a-zA-Z-]*:|[a-zA-Z-]+\)))?)|(?P<close>\))|(?P<bar>\|)|"
    r"(?P<set>\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\])|"
    r"(?P<escape>\\(?:x\{[0-9a-fA-F]+\}|x[0-9a-fA-F]{2}|[pP](?:\{\^?\w+\}|\w)|.))|"
    r"(?P<repeat>[*+?]\??|\{\d+(?:,\d*)?\}\??)|(?P<anchor>[.^$])|(?P<char>.)",
    re.DOTALL,
)
_IN_SET = re.compile(
    r"\[:(?P<posix>\^?\w+):\]|(?P<escape>\\(?:x\{[0-9a-fA-F]+\}|x[0-9a-fA-F]{2}|.))|(?P<char>.)", re.DOTALL
)
_COUNT = re.compile(r"\{(\d+)(?:(,)(\d*))?\}(\??)")
_SHARED_ESCAPES = frozenset("bBdDwWsSntrfv")
_POSIX = {"alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "space": r"\s", "upper": "A-Z", "lower": "a-z"}
_SET_CHARS = {"[": r"\[", "]": r"\]", ",": r"\x2c"}
_MAX_COPIES = 16


class DialectError(ValueError):
    """A pattern has no equal in the other dialect; the message is the part at fault."""


class Token(NamedTuple):
    """One piece of a pattern."""

    kind: str
    text: str


def tokens(pattern: str) -> Iterator[Token]:
    """The pieces of a pattern, in order; joined they are the pattern."""
    for match in _TOKEN.finditer(pattern):
        yield Token(match.lastgroup or "char", match[0])


def rust(pattern: str) -> str:
    """``pattern`` for Rust's ``regex`` crate, matched without regard to case. Raises DialectError."""
    made = []
    for kind, text in tokens(pattern):
        if kind == "escape" and text[1].isalnum() and text[1] not in _SHARED_ESCAPES and text[1] not in "AzxpP":
            raise DialectError(text)
        if kind == "set":
            text = _rust_set(text)
        elif kind == "char" and text in "{}":
            text = "\\" + text
        made.append(text)
    return "(?i)" + "".join(made)


def _rust_set(text: str) -> str:
    start, inside = _opened(text)
    made: list[str] = []
    for match in _IN_SET.finditer(inside):
        char = match["char"]
        made.append("\\" + char if char and (char in "[&~" or (char == "]" and not made)) else match[0])
    return f"{start}{''.join(made)}]"


def _opened(text: str) -> tuple[str, str]:
    """The head of a set, ``[`` or ``[^``, and what stands in it."""
    start = "[^" if text.startswith("[^") else "["
    return start, text[len(start) : -1]


def javascript(pattern: str) -> str:
    """``pattern`` for a ``RegExp`` without flags, matched without regard to case, without commas and named groups.

    Raises DialectError.
    """
    made: list[str] = []
    groups: list[int] = []
    atom = 0
    for kind, text in tokens(pattern):
        if kind == "repeat":
            made[atom:] = [_repeated("".join(made[atom:]), text)]
            continue
        start = len(made)
        if kind == "open":
            groups.append(start)
            made.append(_group(text))
            if not made[-1]:
                groups.pop()
        elif kind == "close":
            start = groups.pop()
            made.append(text)
        elif kind == "set":
            made.append(_javascript_set(text))
        elif kind == "escape":
            made.append(_javascript_escape(text))
        elif kind == "char":
            made.append(_either_case(text))
        else:
            made.append(text)
        atom = start
    whole = "".join(made)
    return re.sub(r"^ | $", r"\\x20", whole)


def _group(text: str) -> str:
    if text.endswith(")"):
        if text != "(?i)":
            raise DialectError(text)
        return ""
    if text.startswith("(?") and text.endswith(":") and text not in ("(?:", "(?i:"):
        raise DialectError(text)
    return "(?:"


def _repeated(atom: str, text: str) -> str:
    """``atom`` that often, without a comma: ``x{1,3}`` is ``x(?:x(?:x)?)?``.

    Nested, not side by side: a row of optional pieces can be left out in any order, which an engine that backtracks
    tries one after the other. A large upper bound is dropped; replies are short.
    """
    count = _COUNT.fullmatch(text)
    if count is None or not count[2]:
        return atom + text
    least, lazy = int(count[1]), count[4]
    head = atom if least == 1 else f"{atom}{{{least}}}" if least else ""
    more = int(count[3]) - least if count[3] else _MAX_COPIES + 1
    if more > _MAX_COPIES:
        return f"(?:{head}{atom}*{lazy})"
    tail = ""
    for _ in range(more):
        tail = f"(?:{atom}{tail})?{lazy}"
    return f"(?:{head}{tail})"


def _javascript_escape(text: str) -> str:
    letter = text[1]
    if letter in "Az":
        return "^" if letter == "A" else "$"
    if letter == "x":
        return _either_case(chr(int(text[2:].strip("{}"), 16)))
    if letter.isalnum() and letter not in _SHARED_ESCAPES:
        raise DialectError(text)
    return r"\x2c" if letter == "," else text


def _either_case(char: str) -> str:
    if char.isascii() and char.isalpha():
        return f"[{char.lower()}{char.upper()}]"
    return {",": r"\x2c", "#": r"\x23", "/": r"\/", "\n": r"\n", "\r": r"\r"}.get(char, char)


def _javascript_set(text: str) -> str:
    start, inside = _opened(text)
    made: list[str] = []
    pieces = list(_IN_SET.finditer(inside))
    at = 0
    while at < len(pieces):
        match = pieces[at]
        following = pieces[at + 1 : at + 3]
        if len(following) == 2 and following[0][0] == "-" and match["char"] and following[1]["char"]:
            made.append(_range(match[0], following[1][0]))
            at += 3
            continue
        if match["posix"]:
            if match["posix"] not in _POSIX:
                raise DialectError(match[0])
            made.append(_POSIX[match["posix"]])
        elif match["escape"]:
            made.append(_javascript_escape(match[0]))
        elif match[0].isascii() and match[0].isalpha():
            made.append(match[0].lower() + match[0].upper())
        else:
            made.append(_SET_CHARS.get(match[0], match[0]))
        at += 1
    return f"{start}{''.join(dict.fromkeys(made))}]"


def _range(first: str, last: str) -> str:
    if first.isascii() and first.isalpha() and last.isascii() and last.isalpha():
        if first.islower() is not last.islower():
            raise DialectError(f"{first}-{last}")
        return f"{first.lower()}-{last.lower()}{first.upper()}-{last.upper()}"
    return f"{_SET_CHARS.get(first, first)}-{_SET_CHARS.get(last, last)}"
