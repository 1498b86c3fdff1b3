"""When words that sound like a dead address are no proof of one.

"Sender domain does not exist" and "user unknown, try again later" hold the phrase that every list of bounce texts
knows, and say something else. An address is removed for good on such a verdict, so a phrase that anybody might write
counts as proof only where nothing beside it speaks of the sender, of a block or of a passing fault. What a provider
writes in its own fixed wording is not doubted here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from deliverkit.bounces.matcher import tester

# A word counts only where white space or a bracket stands before it: never within an address, a URL or a host name.
_SENDER_SIDE = (
    r"(?:^|[\s(\[\"'])(?:(?:sender|sending|originator|mail ?from|return[- ]?path|reply-?to|list-unsubscribe|"
    r"envelope[- ](?:from|sender)|from[- ](?:header|address|domain)|helo|ehlo|header|headers|subject|message-id|ptr|"
    r"reverse dns|rdns|spf|dkim|dmarc|client host|authenticat\w+|log ?in|password|unsubscribe)(?:'s)?"
    r"(?:[\s:;,.)\]\"']|$)|your (?:e-?mail |smtp |own |sending |from )?(?:account|domain|ip|host|hostname|server|"
    r"address|network|mail ?server|reputation)\b|from (?:your|you)\b|mail from\b|to send\b|relay\w*\b|originat\w+)"
    # The sender in other languages.
    r"|remitente|exp(?:é|e)diteur|absender|remetente|mittente|afzender|avsändare|avsender|afsender|nadawc|"
    r"odes(?:í|i)latel|gönderen|pengirim|тправител|发件人|發件人|寄件者|送信者|差出人|보낸|발신자"
)
_ANOTHER_CAUSE = (
    r"(?:^|[\s(\[\"'])(?:spam\w*|virus|malware|black ?list\w*|block ?list\w*|white ?list\w*|allow ?list\w*|rbl|dnsbl|"
    r"gr[ae]y-?list\w*|reputation|blocked|banned|content filter\w*|policy|policies|rate limit\w*|throttl\w+|"
    r"(?:please|or|and|may|can|should) (?:re)?try|(?:re)?try (?:again )?(?:later|in \d+|after)|later|"
    r"too many|exceed\w*|threshold|harvest\w*|attack\w*|licen[cs]e|certificate|directory server|links?|urls?|ip|"
    r"temporar\w+|transient|not authori[sz]ed|tls)"
    r"(?:[\s:;,.)\]\"']|$)"
)
_ADDRESS_CODES = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"})


def is_doubtful(text: str, enhanced: str | None) -> bool:
    """Does ``text``, read as "this address is dead", also speak of the sender, or (without an enhanced code about the
    address to back it) of a block, a filter or a passing fault?"""
    line = text.encode()
    if _asks(_SENDER_SIDE)(line):
        return True
    return enhanced not in _ADDRESS_CODES and bool(_asks(_ANOTHER_CAUSE)(line))


@cache
def _asks(pattern: str) -> Callable[[bytes], object]:
    return tester(pattern)
