"""From the words of a server, however they were pasted, to a ``Reply``.

The one hard question is which number is the reply code: a log line is full of others (ports, sizes, times, parts
of addresses). Every three-digit number of class 2 to 5 is a candidate and is weighed by what stands left and right
of it; see ``_weigh``. A number without any such support is no code, unless it is all there is.
"""

from __future__ import annotations

import re

from deliverkit.bounces.clean import clean, unescape
from deliverkit.model import Reply

MAX_REPLY = 65_536
"""Characters that ``parse_reply`` looks at and keeps as ``raw``; longer texts are for ``read_bounces``."""
MAX_TEXT = 8_000
"""Characters of the normalised text; RFC 5321 section 4.5.3.1.5 allows 512 a line."""
_MAX_CANDIDATES = 200

ENHANCED = r"[245]\.\d\.\d{1,3}|[245]\.\d{2,3}\.\d{1,3}"
_PLAIN = re.compile(rf"([245]\d\d) (?:({ENHANCED}) )?(?![245#(\-:;_=,])\S")
_DOTTED = re.compile(r"[245]\.\d{1,3}\.\d")
_RAGGED = frozenset(" \"'>})]")
_CODE = re.compile(r"(?<![\w.,/@%+=\[-])(?<!\]:)([2-5]\d\d)(?=[\s\-_:;#,)\]\"'>.(<]|$|[245]\.\d{1,3}\.\d)")
_CODE_AFTER_EQUALS = re.compile(r"(?:code|status|error|reply|response)=\"?([2-5]\d\d)\b", re.IGNORECASE)
_NEXT_ENHANCED = re.compile(rf"[\s\-_:;#=,]{{0,4}}[(\[]?#?({ENHANCED})(?![\w.]*\.?\d)(?:[)\]](?=\s|:|$))?[:;,]?")
_ANY_ENHANCED = re.compile(rf"(?<![\w.\-/@:+])#?({ENHANCED})(?![\w\-]|\.\d)")
_VERSION_LEFT = re.compile(
    r"(?:version|release|exim|postfix|sendmail|haraka|dovecot|amavis\S*|v|ver\.?)\s?$", re.IGNORECASE
)
_REPEAT = re.compile(rf"\s([245]\d\d)(?:-(?:#?(?:{ENHANCED})\b[: ]?)?|\s#?(?:{ENHANCED})(?=\s|$))")

_LAST_LINE = re.compile(r"\s([245]\d\d)\s(?=[A-Z<])")

_UNIT_RIGHT = re.compile(
    r"\s?(?:[kmg]i?b\b|bytes?\b|octets\b|s\b|sec|ms\b|min|hours?\b|days?\b|messages?\b|mails?\b|e-?mails?\b|"
    r"recipients?\b|connections?\b|times?\b|users?\b|percent|%|x\d|attachments?\b|\d|port\b|\)?\s?chars?\b)",
    re.IGNORECASE,
)
_SAID_LEFT = re.compile(
    r"(?:(?:said|refused to talk to me|says|responded(?: with)?|replied(?: with)?|answered|smtp;|<<<|#<|#)\W{0,2}:?|"
    r"(?:response|reply|error|status|reason|"
    r"returned|diagnostic[- ]code|message|was|is|server|command|wrote|with|failed|rejected|deferred|data|"
    r"smtp|got|[\])>]|^[\w .\-]{1,60})\"?\s*:|\bstat=.{0,40})\s*[\"'(\[<]{0,3}$",
    re.IGNORECASE,
)
_WORD_LEFT = re.compile(
    r"(?:code|error|status|response|reply|with|smtp|server|returned|got|said|->|permanent|temporary|failure)"
    r"(?:\s(?:is|was|code|of))?\W{0,3}$",
    re.IGNORECASE,
)
_LINE_START = re.compile(
    r"^[\s>|*#<\"'(\[{-]*(?:(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d\S{0,10}\]?\s+)?(?:[45]\.\d\.\d{1,3}\s)?"
    r"(?:[2-5]\d\d[\s-]+)?$"
)
_BRACKETED = re.compile(r"^\[([2-5]\d\d)\](?=\s)")
_PYTHON = re.compile(r"\(([245]\d\d), b?(['\"])(.*?)\2\)", re.DOTALL)
"""How Python shows a reply that it raised: ``(550, b'5.1.1 User unknown')``."""

_LOG_STATUS = re.compile(
    r"status=(?:bounced|deferred|undeliverable|soft-?bounce|expired)[^(\n]{0,20}\((.*?)\)?\s*$", re.M
)
_LOG_STAT = re.compile(r"\bstat=(?:Service unavailable|Deferred:?|User unknown|Data format error)?(.*)$", re.M)
_NO_CODE_LEFT = re.compile(
    r"^(?:\s*(?:(?:smtp|x-[\w-]{1,30}|unix|x400|dns)\s*;|(?:diagnostic-code|remote host said)\s*:))+", re.I
)
_IN_REPLY_TO = re.compile(r"\s*\(in reply to [^()]{1,60}\)\)?\s*$", re.I)
_QMAIL_LOG = re.compile(r"\bdelivery \d{1,12}: (?:failure|deferral|success): (\S+)")
_QUOTE = re.compile(r"^(?:[ \t]{0,8}[>|](?=[ \t>|\d]|$))+[ \t]?", re.M)


def parse_reply(text: str) -> Reply:
    """Read one reply. Never raises for what the text says.

    Takes a bare code, one line, a multi-line reply (``550-5.7.26 …``), and the same with what logs, bounce mails
    and web pages put around it. ``Reply.code`` and ``Reply.enhanced_code`` are None where the text carries none; a
    class that differs between both is kept as printed (RFC 2034 section 4 forbids it, servers do it), and the reply
    code is the one that decides about trying again. Only the first ``MAX_REPLY`` characters are read.
    """
    # Nine replies in ten are one clean line. The test is a few calls into C, the long way some fifty steps.
    if len(text) < 1000 and text.isascii() and text.isprintable():
        match = _PLAIN.match(text)
        if (
            match
            and text[-1] not in _RAGGED
            and "  " not in text
            and "&" not in text
            and "\\" not in text
            and "in reply to" not in text
            and "stat" not in text
        ):
            code, enhanced = match[1], match[2]
            if text.count(code) == 1 and (text.count(enhanced) == 1 if enhanced else not _DOTTED.search(text)):
                return Reply(int(code), enhanced, text, text)
    return _read(text)


def _read(text: str) -> Reply:
    raw = text[:MAX_REPLY]
    words = _unwrap(_QUOTE.sub("", unescape(clean(raw))).strip())
    if len(words) > 1 and words[0] == words[-1] and words[0] in "\"'":
        words = words[1:-1].strip()
    if words[:1] == "[":
        words = _BRACKETED.sub(r"\1", words)
    if ", " in words and (raised := _PYTHON.search(words)):
        words = f"{raised[1]} {raised[3]}"
    found = _find_code(words)
    if found is None:
        return _without_code(words, raw)
    end, code, left = found
    in_lines = words[end : end + 1] == "-"
    body = _first_paragraph(words[end:], code)
    enhanced = None
    nearby = _NEXT_ENHANCED.match(body)
    if nearby:
        enhanced, body = nearby[1], body[nearby.end() :]
    rest = _fold(_drop_repeats(body, code, enhanced, in_lines))
    if raw.lstrip()[:1] in ("{", "["):
        rest = rest.rstrip('"}] ')
    if rest.endswith(">") and "<" not in rest:
        rest = rest[:-1]
    if left:
        rest = f"{left} {rest}"
    if enhanced is None:
        enhanced = _first_enhanced(rest)
    return Reply(int(code), enhanced, _join(code, enhanced, rest), raw)


def _without_code(words: str, raw: str) -> Reply:
    rest = _fold(_NO_CODE_LEFT.sub("", words).strip())
    enhanced = _first_enhanced(rest)
    if enhanced and rest.lstrip("#( <").startswith(enhanced):
        rest = rest.lstrip("#( <")[len(enhanced) :].lstrip(" -:;)>")
    return Reply(None, enhanced, _join(None, enhanced, rest), raw)


def _join(code: str | None, enhanced: str | None, rest: str) -> str:
    return " ".join(part for part in (code, enhanced, rest.strip()) if part)[:MAX_TEXT].rstrip()


def _unwrap(words: str) -> str:
    """The server's words out of the log line that carries them."""
    if "status=" in words:
        match = _LOG_STATUS.search(words)
        if match:
            words = match[1]
    elif "delivery " in words and "_" in words:
        # qmail writes a reply into its log as one word.
        match = _QMAIL_LOG.search(words)
        if match:
            words = match[1].replace("_", " ").rstrip("/")
    elif "stat=" in words:
        match = _LOG_STAT.search(words)
        if match and match[1].strip():
            words = match[1].strip()
    return _IN_REPLY_TO.sub("", words) if "in reply to" in words else words


def _find_code(words: str) -> tuple[int, str, str] | None:
    """The best candidate as (end, code, words left of it that belong to the reply)."""
    best: tuple[int, int, str, str] | None = None
    for count, match in enumerate(_CODE.finditer(words)):
        if count >= _MAX_CANDIDATES:
            break
        line = words.rfind("\n", 0, match.start()) + 1
        if line and best and best[0] >= 12:
            break  # nothing weighs more behind the first line
        left = words[max(line, match.start() - 200) : match.start()]
        weight = _weigh(match[1], left, words[match.end() : match.end() + 24], line == 0, len(words) == 3)
        if weight > (best[0] if best else 0):
            keep = "" if weight >= 7 or _SAID_LEFT.search(left[-80:]) else _fold(left).rstrip("\"'(<[ ")
            best = (weight, match.end(), match[1], keep)
    if best is None:
        named = _CODE_AFTER_EQUALS.search(words)
        return (named.end(), named[1], "") if named else None
    return best[1:]


def _weigh(code: str, left: str, right: str, first: bool, alone: bool) -> int:
    """How much speaks for a number being the reply code; 0 and less is a number like any other.

    A line that begins with it weighs most, then "said:" and its kin left of it, then an enhanced code right of it,
    then a word such as "error". Failures go before successes: a transcript shows both.
    """
    if alone:
        return 20
    weight = 0
    if _LINE_START.match(left):
        weight += 12 if first else 7
    elif _SAID_LEFT.search(left[-80:]):
        weight += 7
    elif _WORD_LEFT.search(left[-40:]):
        weight += 3
    if _NEXT_ENHANCED.match(right):
        weight += 4
    elif right[:1] in ".,":
        # "the limit is 550." and "550, 551": a code is not followed by punctuation
        weight -= 6
    elif _UNIT_RIGHT.match(right):
        weight -= 8
    if code[0] in "23":
        weight -= 6
    return weight


def _first_paragraph(body: str, code: str) -> str:
    """Up to the first empty line, unless the reply goes on behind it with its own code."""
    if "\n" not in body:
        return body
    kept: list[str] = []
    gap = False
    for line in body.split("\n"):
        bare = line.strip()
        if not bare:
            gap = bool(kept)
            continue
        if gap and not bare.startswith(code):
            break
        if kept and bare[0] in "23" and bare[:3].isdigit() and not bare.startswith(code):
            break
        if bare.startswith((">>> ", "<<< ")) and kept and code not in bare[:8]:
            break
        gap = False
        kept.append(bare)
    return "\n".join(kept)


def _drop_repeats(body: str, code: str, enhanced: str | None, in_lines: bool) -> str:
    """Without the codes that continuation lines repeat, also where the lines were glued into one."""
    if code in body:
        lines = body.split("\n")
        # Postfix and others write the lines of a reply into one, which a mail may fold anew.
        glued = f" {code}-" in body or (in_lines and not any(line.startswith(f"{code} ") for line in lines[1:]))
        lines = [_strip_code(line, code) for line in lines]
        body = _REPEAT.sub(lambda m: " " if m[1] == code else m[0], "\n".join(lines))
        if glued:
            body = _LAST_LINE.sub(lambda m: " " if m[1] == code else m[0], body)
            # The last "550 " opens the last line, whatever stands behind it.
            *before, after = re.split(rf"\s{code}\s", body)
            unit = _UNIT_RIGHT.match(after)
            if before and (unit is None or after[unit.end() : unit.end() + 1] == "@"):
                body = f" {code} ".join(before) + " " + after
    if enhanced and enhanced in body:
        # OpenSMTPD writes no blank between the lines: "fails to5.7.26 pass".
        body = re.sub(rf"(?<![^\sa-z.,:])#?{re.escape(enhanced)}(?=\s)", " ", body)
    return body.lstrip(" \t-:;")


_STRIP = re.compile(r"[\"'<>\s]*([245]\d\d)(?=[\s\-]|$)[\s\-]?")


def _strip_code(line: str, code: str) -> str:
    match = _STRIP.match(line)
    return line[match.end() :] if match and match[1] == code else line


def _first_enhanced(text: str) -> str | None:
    for match in _ANY_ENHANCED.finditer(text, 0, MAX_TEXT):
        if not _VERSION_LEFT.search(text[max(0, match.start() - 16) : match.start()]):
            return match[1]
    return None


def _fold(text: str) -> str:
    return " ".join(text.split())
