"""Is a pasted text a whole mail? Asked for every paste, so it is cheap and imports nothing of the reader."""

from __future__ import annotations

import re

_LOOK = 20_000
_COMMON = re.compile(
    r"^(from|to|subject|date|received|return-path|message-id|content-type|mime-version)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_FIRST = re.compile(r">?From \S|[A-Za-z][\w-]{1,60}[ \t]*:")


def looks_like_mail(text: str | bytes) -> bool:
    """Does ``text`` begin with the headers of a mail? Three of the common ones must stand before the first empty
    line; a report that was pasted without them is for ``read_bounces``."""
    head = text[:_LOOK].decode("latin-1") if isinstance(text, bytes) else text[:_LOOK]
    head = head.lstrip("\ufeffï»¿\r\n \t")
    if not _FIRST.match(head):
        return False
    block = head.replace("\r\n", "\n").replace("\r", "\n").partition("\n\n")[0]
    return len({name.lower() for name in _COMMON.findall(block)}) >= 3
