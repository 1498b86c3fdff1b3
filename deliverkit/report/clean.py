"""Making hostile text safe to show: what comes from DNS or mail never reaches a terminal as it came."""

from __future__ import annotations

import re

# C0 and C1 controls, DEL, the bidirectional controls and invisible marks that reorder or hide text
# (Unicode TR 36), line and paragraph separators, lone surrogates.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
LIMIT = 4096
"""Characters shown of one value."""


def clean(text: str, limit: int = LIMIT) -> str:
    """``text`` with every control, bidirectional and invisible character written as ``\\xNN``, cut at ``limit``.

    Tab and line feed stay. What was cut is said.
    """
    shown = text[: limit + 1]
    safe = _UNSAFE.sub(_visible, shown)
    return safe if len(text) <= limit else f"{safe[:limit]}… ({len(text)} characters in all)"


def one_line(text: str, limit: int = LIMIT) -> str:
    """``clean`` with line feeds and tabs folded into spaces."""
    return " ".join(clean(text, limit).split())


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
