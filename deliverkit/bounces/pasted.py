"""A pasted text that may hold several replies: log lines, transcripts, parts of bounce mails.

The text is cut into pieces, one a reply. A piece begins with a line that carries a reply code or that is the log line
of one failed delivery, and takes the lines that go on with it. What the text does not say stays None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from deliverkit.bounces.clean import clean, unescape
from deliverkit.bounces.reply import MAX_REPLY, parse_reply
from deliverkit.model import Bounce

MAX_BOUNCES = 1_000
"""Replies read from one paste; more is a log file, which is what ``deliverkit bounces`` reads."""

_ADDRESS = r"[^\s<>,;:\"()]{1,254}@[^\s<>,;:\"()]{1,254}"
_IP = r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}:[0-9a-fA-F:.]{2,40})"
_QUOTES = re.compile(r"^(?:[ \t]{0,8}[>|](?=[ \t>|\d]|$))+[ \t]?")
_LOG_LINE = re.compile(
    r"\bstatus=(?:bounced|deferred|undeliverable|expired|soft-?bounce)\b|\bstat=(?!Sent)|\bdsn=[45]\.|"
    r"\s(?:\*\*|==) \S+@\S+ |delivery \d{1,12}: (?:failure|deferral):|^Diagnostic-Code:",
    re.IGNORECASE,
)
_CODED = re.compile(
    r"^[\s\"'(<*#-]*(?:Diagnostic-Code:\s*)?(?:<<<\s*|(?:smtp|X-[\w-]{1,30});\s*)?([2-5]\d\d)(?=[\s\-]|$|[245]\.\d)([\s\-]?)"
)
_ENHANCED_LINE = re.compile(r"^\s*#?[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")
_TIME = re.compile(r"^\s*\[?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,]\d{1,9})?(Z|[+-]\d\d:?\d\d)?")

# Compiled when a text first needs them: most replies name neither addresses nor hosts.
_REFUSED = (
    "Recipient address rejected|host |User |Relay|No such|Mailbox |Account |Recipient |Unknown |does not|is over|"
    "not found|invalid "
)
_RECIPIENT = (
    rf"\bto=<?({_ADDRESS})>?",
    rf"RCPT TO:\s?<({_ADDRESS})>",
    rf"(?:Final|Original)-Recipient:\s*rfc822;\s*<?({_ADDRESS})>?",
    rf"\s(?:\*\*|==) <?({_ADDRESS})>?\s",
    rf"<({_ADDRESS})>[: .]{{1,4}}(?:{_REFUSED})",
    rf"\"(?:email|emailAddress|recipient|rcpt|rcptTo|to)\"\s*:\s*\[?\"<?({_ADDRESS})>?\"",
    rf"\{{'({_ADDRESS})': \([245]",
)
_NAMED_BEFORE = rf"^[ \t]*<?({_ADDRESS})>?:?[ \t]*$"
_MAX_BEFORE = 5
_SENDER = (
    rf"\bfrom=<({_ADDRESS})>",
    rf"MAIL FROM:\s?<({_ADDRESS})>",
    rf"<({_ADDRESS})>[: .]{{1,4}}Sender address rejected",
    rf"\s(?-i:F)=<({_ADDRESS})>",
)
_MX = (
    r"\brelay=([\w.-]{1,253}\w)\.?\[",
    rf"\bhost ([\w.-]{{1,253}}\w) ?\[{_IP}\](?::\d+)?(?:\)|,)? ?(?:said|refused to talk|:|responded)",
    rf"\s(?-i:H)=([\w.-]{{1,253}}\w) \[{_IP}\]",
    r"Remote-MTA:\s*dns;\s*([\w.-]{1,253}\w)",
    r"\brelay=([\w.-]{1,253}\w)\.? \[",
    rf"(?:connect to|conversation with|lost connection with) ([\w.-]{{1,253}}\w)\[{_IP}\]",
)
_MX_ABOVE = (rf"(?m:^)host ([\w.-]{{1,253}}\w) ?\[{_IP}\]",)
_OWN_IP = (
    rf"(?:client host|messages from|mail from|your ip(?: address)?|sending ip(?: address)?|source ip|banned sending ip|"
    rf"banned sender|the mail server|mail from ip|with the ip:|client|host ?name,|"
    rf"reject: \w{{1,8}} from [\w.-]{{1,253}}) ?\[?({_IP})(?:\s+\d{{1,3}})?\]?"
)
_OWN_IP_SCORED = rf"\[({_IP})\s+\d{{1,3}}\]"
_PHASES = (
    (r"end of (?:DATA|message)|after end of data|\.\s\(end of data\)", "eod"),
    (r"in reply to RCPT|after RCPT TO|Recipient address rejected", "rcpt"),
    (r"in reply to MAIL|after MAIL FROM|Sender address rejected", "mail"),
    (r"in reply to DATA|after DATA", "data"),
    (r"in reply to (?:EHLO|HELO)|after (?:EHLO|HELO)|Helo command rejected", "ehlo"),
    (r"in reply to AUTH|after AUTH", "auth"),
    (r"refused to talk to me|after initial connection|initial (?:server )?greeting", "connect"),
    (r"[\s(]connect to \S+: |^connect to ", "connect"),
)
_PHASE_WORDS = re.compile(
    r"in reply to|after|end of|refused|greeting|connect to|command rejected|address rejected", re.I
)
_NUMBERS = re.compile(r"\d\.\d|:[0-9a-fA-F]")
_COMMAND = re.compile(r"^\s*(?:>>>|C:|->)\s*(EHLO|HELO|LHLO|AUTH|MAIL|RCPT|DATA|\.)", re.IGNORECASE)
_PHASE_OF = {"EHLO": "ehlo", "HELO": "ehlo", "LHLO": "ehlo", "AUTH": "auth", "MAIL": "mail", "RCPT": "rcpt",
             "DATA": "data", ".": "eod"}  # fmt: skip


def read_bounces(text: str) -> tuple[Bounce, ...]:
    """All replies in ``text``, in their order; empty where there is no word in it. Never raises for what it says.

    Reads the first million characters (``clean.MAX_INPUT``) and at most ``MAX_BOUNCES`` replies. A text without any
    code is one bounce whose reply is the whole text, so that its words can still be recognised. Success replies that
    stand beside failures are left out.
    """
    words = unescape(clean(text))
    if not words.strip():
        return ()
    pieces = list(_pieces(words))
    if not pieces:
        return (_bounce(words.strip()[:MAX_REPLY], 1, None),)
    bounces = [_bounce(piece, line, phase, before) for line, piece, phase, before in pieces]
    failed = [b for b in bounces if b.reply.code is None or b.reply.code >= 400]
    return tuple(failed or bounces)


def _pieces(words: str) -> Iterator[tuple[int, str, str | None, str]]:
    """(line number, text, SMTP command before it, the few lines before it) of each reply."""
    kept: list[str] = []
    before: list[str] = []
    named = ""
    start, size, count = 0, 0, 0
    code: str | None = None
    open_line = False
    command: str | None = None
    for number, line in enumerate(words.split("\n"), 1):
        bare = _QUOTES.sub("", line).strip()
        asked = _COMMAND.match(line)
        coded = None if asked else _CODED.match(bare)
        begins = bool(coded or _LOG_LINE.search(bare) or _ENHANCED_LINE.match(bare)) and not asked
        goes_on = bool(kept) and bool(coded) and coded is not None and coded[1] == code and open_line
        if kept and ((begins and not goes_on) or not bare or asked):
            yield start, "\n".join(kept), command, named
            count += 1
            if count >= MAX_BOUNCES:
                return
            kept, size = [], 0
        if asked:
            command = _PHASE_OF[asked[1].upper()]
        elif begins and not goes_on:
            kept, start, size = [bare], number, len(bare)
            named, before = "\n".join(before), []
            code = coded[1] if coded else None
        elif kept and bare and size < MAX_REPLY:
            kept.append(bare)
            size += len(bare)
        elif bare:
            before = [*before[1 - _MAX_BEFORE :], bare[:1000]]
        if coded:
            open_line = coded[2] == "-"
    if kept:
        yield start, "\n".join(kept), command, named


def _bounce(piece: str, line: int, command: str | None, before: str = "") -> Bounce:
    """``before`` may name what the piece does not: reports put the address and the host above the reply."""
    head = piece[:8_000]
    names = "@" in head
    above = re.search(_NAMED_BEFORE, f"{before}\n{head}", re.MULTILINE) if names or "@" in before else None
    hosts = "[" in head or "remote-mta" in head.lower()
    return Bounce(
        reply=parse_reply(piece),
        recipient=(_first(_RECIPIENT, head) if names else None) or (above[1] if above else None),
        sender=_first(_SENDER, head) if names else None,
        mx=_host(_first(_MX, head)) if hosts else _host(_first(_MX_ABOVE, before)) if above else None,
        ip=own_ip(head),
        phase=_phase(head) or command or (_phase(before) if above else None),
        at=_time(head),
        source=f"line {line}",
    )


def own_ip(text: str) -> str | None:
    """The address of the client that a refusal names: ours."""
    if not _NUMBERS.search(text):
        return None
    own = _search(_OWN_IP, text) or _search(_OWN_IP_SCORED, text)
    return own[1].rstrip(".:") if own else None


def _first(patterns: tuple[str, ...], text: str) -> str | None:
    return next((match[1] for match in (_search(pattern, text) for pattern in patterns) if match), None)


def _search(pattern: str, text: str) -> re.Match[str] | None:
    return re.search(pattern, text, re.IGNORECASE)


def _host(name: str | None) -> str | None:
    return name.lower() if name and "." in name and not re.fullmatch(_IP, name) else None


def _phase(text: str) -> str | None:
    if not _PHASE_WORDS.search(text):
        return None
    return next((phase for pattern, phase in _PHASES if _search(pattern, text)), None)


def _time(text: str) -> str | None:
    match = _TIME.match(text)
    return f"{match[1]}T{match[2]}{match[3] or ''}" if match else None
