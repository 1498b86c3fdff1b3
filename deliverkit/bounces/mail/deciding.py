"""The words that decide: the remote server's in full, before what the local system made of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from deliverkit.bounces.mail.fields import Status
from deliverkit.bounces.mail.patterns import known, phrases
from deliverkit.bounces.mail.transcript import Said, continued
from deliverkit.bounces.mail.words import read_words
from deliverkit.bounces.reply import parse_reply
from deliverkit.model import Reply

_EXPIRED = known("expired")
_VAGUE = phrases(
    r"^(?:(?:[245]\d\d[ -]?)?(?:\d\.\d{1,3}\.\d{1,3}\s*)?(?:\W*|service unavailable|delivery failed|"
    r"message rejected|failed|unknown|undefined status|"
    r"remote smtp server has rejected address|host unknown|mail refused|permanent (?:failure|error).{0,20}|"
    r"transaction failed|data format error|user unknown|"
    r"other (?:or undefined )?.{0,30}status|delivery error|unable to relay|smtp|"
    r"the message could not be delivered\.?)\W*)$"
)
_CODE_FIRST = re.compile(r"\s*[45]\d\d[\s-]")
_REFUSED = re.compile(r"^\s{0,20}5\d\d[ -]", re.MULTILINE)
_CUT_SHORT = re.compile(r"[245]\d\d-[^\n]*$")
_LOCAL = re.compile(r"(?s).{0,400}?(?:\bsaid|refused to talk to me):\s+(?=[45]\d\d)")
_LAST_CAUSE = re.compile(
    r"(?is)(?:expired|too long|in \d+ (?:minutes|hours|"
    r"seconds)).{0,200}?(?:[<\[(](4\d\d[ -][^\n]{3,400}?)[>\])]\s*$|->\s*'?(4\d\d[ -].{3,400}))|"
    r"LED=(4\d\d[ -][^}\n]{3,400}?)\}",
)
_TRAILER = known("expired-trailer")


class Told:
    """What the words of a report say of its recipients. All are looked for in one go: what is said of one ends where
    the next one is named."""

    def __init__(self, notice: str, recipients: Sequence[str]) -> None:
        """``recipients``: all that the status fields name."""
        self.notice = notice
        self._recipients = recipients

    def of(self, recipient: str | None) -> Said | None:
        """What is said of one; of one that is not named, what is said at all."""
        return self._named.get(recipient.lower(), self._unnamed) if recipient else self._unnamed

    @cached_property
    def _named(self) -> dict[str, Said]:
        notice = self.notice.lower()
        named = [recipient for recipient in self._recipients if recipient.lower() in notice]
        return {(one.recipient or "").lower(): one for one in read_words(self.notice, named)} if named else {}

    @cached_property
    def _unnamed(self) -> Said:
        return read_words(self.notice, self._recipients[:1])[0]


def deciding_reply(status: Status, recipient: str | None, told: Told) -> tuple[Reply, Said | None]:
    """The words that decide: the remote server's, in full, before the local system's summary."""
    notice = told.notice
    diagnostic = status.diagnostic
    said: Said | None = None
    if _CUT_SHORT.search(diagnostic):
        diagnostic = continued(diagnostic, notice) or diagnostic
    elif _CODE_FIRST.match(diagnostic) and _behind(diagnostic):
        pass  # it expired, and why stands beside it: no more can be known
    elif not diagnostic or _VAGUE.match(diagnostic) or _EXPIRED.search(diagnostic):
        said = told.of(recipient)
        if said and said.words and _better(said.words, diagnostic):
            diagnostic = f"{said.words}\n\n{diagnostic}" if diagnostic and _EXPIRED.search(diagnostic) else said.words
    if not diagnostic:
        diagnostic = status.comment
    return _with_status(cause(diagnostic), status), said


def _better(words: str, diagnostic: str) -> bool:
    if not diagnostic or len(diagnostic) < 8:
        return True
    plain = " ".join(diagnostic.split()).lower()
    return len(words) > len(diagnostic) + 8 and plain not in " ".join(words.split()).lower()[: len(plain) + 40]


def _with_status(diagnostic: str, status: Status) -> Reply:
    """The parsed reply; the status field lends its code to words that carry none of their own."""
    reply = parsed(diagnostic)
    if reply.code is None and reply.enhanced_code is None and status.status:
        words = reply.text
        return replace(reply, enhanced_code=status.status, text=f"{status.status} {words}".strip())
    return reply


def parsed(words: str) -> Reply:
    """The reply in the words of a report: what the local system says in front of it is left out.

    A reply that quotes another server's ("550 5.1.7 <a@…>: undeliverable address: host mx said: 550 …") stays whole."""
    match = None if _CODE_FIRST.match(words) else _LOCAL.match(words)
    if match:
        words = words[match.end() :]
    return parse_reply(words)


def cause(words: str) -> str:
    """The last temporary reply behind "expired", where the words name it; else the words.

    Where a server itself says in a reply that it gave up, that is what it said; ``last_cause`` has what was behind it.
    """
    behind = None if _CODE_FIRST.match(words) or _REFUSED.search(words) else _behind(words)
    if behind:
        return behind
    trailer = _TRAILER.search(words)
    before = words[: trailer.start()].rstrip(". \n:") if trailer else ""
    return before if len(before.strip()) > 15 else words


def last_cause(words: str) -> Reply | None:
    """Of a reply that says that a message expired: the temporary refusal that it quotes as the cause."""
    behind = _behind(words)
    return parse_reply(behind) if behind and not words.startswith(behind[:40]) else None


def _behind(words: str) -> str | None:
    match = _LAST_CAUSE.search(words)
    return (match[1] or match[2] or match[3]).strip() if match else None
