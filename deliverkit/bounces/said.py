"""The words of a server out of what a client puts around them: reply, phase, who spoke, the address it saw us with.

Logs repeat themselves, so what was read once is remembered.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from deliverkit.bounces.pasted import own_ip
from deliverkit.bounces.reply import parse_reply
from deliverkit.model import Reply

_MAX_REMEMBERED = 10_000
_MAX_TEXT = 1_000
"""Characters of words that are remembered."""

_POSTFIX = re.compile(
    r"(?:delivery temporarily suspended: )?host (\S{1,255}?)\[[^\]]{1,60}\](?::\d{1,5})? (said|refused to talk to me): "
)
_IN_REPLY = re.compile(r"\s*\(in reply to ([A-Za-z ]{3,40}?)(?: command)?\)?$")
_OUR_WORDS = re.compile(
    r"(?:delivery temporarily suspended: )?(?:lost connection with|conversation with|connect to|"
    r"Cannot start TLS: handshake failure|TLS is required, but was not offered by host|"
    r"Server certificate not \w+|unable to look up host|host) ([\w.-]{1,255}?)\[[^\]]{1,60}\]\S{0,8}(?: (.*))?$",
    re.DOTALL,
)
_PHASES = (
    ("end of DATA", "eod"), ("end of data", "eod"), ("RCPT", "rcpt"), ("MAIL", "mail"), ("DATA", "data"),
    ("EHLO", "ehlo"), ("HELO", "ehlo"), ("LHLO", "ehlo"), ("AUTH", "auth"), ("message", "data"),
    ("greeting", "connect"), ("initial", "connect"),
)  # fmt: skip


class Said(NamedTuple):
    """What a log line quotes."""

    reply: Reply
    phase: str | None = None
    host: str | None = None
    """Who spoke, where the words name it."""
    ip: str | None = None
    """Ours, as they saw it."""


_remembered: dict[str, Said] = {}


def said(text: str) -> Said:
    """Read the words that a mail server's client logs about one attempt (Postfix and its kin). Never raises."""
    if len(text) > _MAX_TEXT:
        return _read(text)
    found = _remembered.get(text)
    if found is None:
        if len(_remembered) >= _MAX_REMEMBERED:
            _remembered.clear()
        found = _remembered[text] = _read(text)
    return found


def _read(text: str) -> Said:
    words, host, phase = text, None, None
    match = _POSTFIX.match(text)
    if match:
        words, host = text[match.end() :], match[1]
        if match[2] != "said":
            phase = "connect"
        elif asked := _IN_REPLY.search(words):
            words, phase = words[: asked.start()], phase_of(asked[1])
    elif own := _OUR_WORDS.match(text):
        host = own[1]
        phase = phase_of(own[2] or "") or ("connect" if "connect to" in text[:45] else None)
    return Said(parse_reply(words), phase, host_name(host), own_ip(words))


def taken(words: str, status: str | None = None) -> Reply:
    """What a server said when it took a message: read quickly, for nothing hangs on its words."""
    code = int(words[:3]) if words[:1] == "2" and words[:3].isdecimal() else None
    return Reply(code, status or None, words, words)


def with_status(reply: Reply, status: str | None) -> Reply:
    """Words that carry no code of their own, with the status (RFC 3463) that a field beside them names."""
    if reply.code is not None or reply.enhanced_code is not None or not status:
        return reply
    return Reply(None, status, f"{status} {reply.text}".rstrip(), reply.raw)


def phase_of(words: str) -> str | None:
    """The SMTP command that is named, as ``Bounce.phase`` calls it."""
    return next((phase for word, phase in _PHASES if word in words), None)


def host_name(name: str | None) -> str | None:
    """A name as ``Bounce.mx`` holds it: lower case, no address, not the machine itself."""
    if not name:
        return None
    name = name.rstrip(".").lower()
    last = name.rpartition(".")[2]
    return name if "." in name and not last.isdigit() and ":" not in name else None
