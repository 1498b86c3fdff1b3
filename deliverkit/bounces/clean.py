"""First wash of hostile text: what a terminal, a table or a matcher must never meet is gone after it."""

from __future__ import annotations

import re

MAX_INPUT = 1_000_000
"""Characters of a pasted text that are read; what follows is not looked at."""

_INVISIBLE = (
    *range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20),  # C0 without tab, line feed and carriage return
    *range(0x7F, 0x85), *range(0x86, 0xA0),  # DEL and C1; 0x85 is a line end
    0xAD, 0x061C, 0x180E, 0xFEFF, 0xFFFE, 0xFFFF,
    *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070),  # zero width and bidi controls
    *range(0xE0000, 0xE0080),  # tag characters
)  # fmt: skip
_WASH: dict[int, str | None] = dict.fromkeys(_INVISIBLE) | dict.fromkeys((0x0D, 0x85, 0x2028, 0x2029), "\n")
_CSI = re.compile(r"\x1b(?:\[[0-9;?]{0,20}[A-Za-z]|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\))")
_ENTITIES = {
    "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&nbsp;": " ", "&#39;": "'", "&#34;": '"', "&#x27;": "'",
    "&#60;": "<", "&#62;": ">", "&amp;": "&",
}  # fmt: skip
_ENTITY = re.compile("|".join(_ENTITIES))
_JSON = {"n": "\n", "r": "\n", "t": " ", '"': '"', "/": "/", "'": "'"}
_OCTAL = re.compile(r"(?:\\[23][0-7]{2}){2,}")
"""How Exim writes what is not ASCII: UTF-8, byte by byte."""
_JSON_ESCAPE = re.compile(r"\\r\\n|\\(?:u(00[0-7][0-9a-fA-F])|([nrt\"/']))")


def clean(text: str, limit: int = MAX_INPUT) -> str:
    """The first ``limit`` characters with plain line ends, without control, bidi and invisible characters and
    without lone surrogates (which no encoder takes)."""
    text = text[:limit]
    if "\x1b" in text:
        text = _CSI.sub("", text)
    if "\r\n" in text:
        text = text.replace("\r\n", "\n")
    text = text.translate(_WASH)
    return text if text.isascii() else text.encode("utf-8", "ignore").decode("utf-8")


def unescape(text: str) -> str:
    """Undo one layer of HTML, JSON or octal escaping, as replies have it when they come out of a page, an event, a log.

    Backslashes are only touched where they escape a line end, a quote or a character that JSON writers hide, so a
    Windows path keeps most of its looks and a reply without escapes stays as it is.
    """
    if "&" in text:
        text = _ENTITY.sub(lambda m: _ENTITIES[m[0]], text)
    if "\\" in text:
        text = _OCTAL.sub(_from_octal, text)
        text = _JSON_ESCAPE.sub(_json_char, text).translate(_WASH)
    return text


def _from_octal(match: re.Match[str]) -> str:
    try:
        return bytes(int(digits, 8) for digits in match[0][1:].split("\\")).decode("utf-8")
    except UnicodeDecodeError:
        return match[0]


def _json_char(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    return _JSON[match[2]] if match[2] else "\n"
