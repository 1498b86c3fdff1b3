"""The human's half of a report: which addresses it says have failed, and what the server said about each.

The forms differ, their order does not: some polite sentences, then for each address a line that begins with it (or a
sentence that names it), the words of the server beside or below it, and the copy of the message. So there is one
reading for all of them; what is peculiar to a system is a pattern in a list.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from deliverkit.bounces.mail.address import ADDRESS, ANY_ADDRESS, addresses, clean_address, is_daemon
from deliverkit.bounces.mail.patterns import known, phrases
from deliverkit.bounces.mail.transcript import Said, is_transcript, read_transcript

MAX_LINES = 400
MAX_WORDS = 4_000
_LINES_BEFORE = 30
"""Lines in front of an address that may say what is wrong with it."""

_COPY = known("copy-heading", before=r"^[\s>|*_=+#-]*(?:", after=r")", lines=True)
_HEADERS = re.compile(
    r"^(?>(?:Return-Path|Received|Message-ID|Delivered-To|Reply-To|From|To|Subject|Date|MIME-Version|Content-Type|"
    r"X-[\w-]{1,40}+|DKIM-Signature|Sender|Cc|Content-Transfer-Encoding|Authentication-Results)[ \t]*+:[^\n]*+\n"
    r"(?:[ \t][^\n]*+\n)*+){3,}+",
    re.IGNORECASE | re.MULTILINE,
)
_INDENTED = re.compile(
    r"^[ \t]{1,8}(?:From [^\n]*+\n[ \t]++)?(?:Return-Path|Received)[ \t]*+:[^\n]*+\n(?:[ \t][^\n]*+\n){3}",
    re.IGNORECASE | re.MULTILINE,
)
_LABEL = (
    r"(?:(?:final|original|failed|intended)?[ -]?(?:recipients?|rcpt|address(?:ed to|es)?|to|email|mail to|user|"
    r"mailbox|an|empf[äa]nger|"
    r"adresse|destinat[aá]rios?|destinataires?|destinatari?|para|a|ontvangers?|aan|получател\w+|адресат\w*|кому|"
    r"收件人|收件者|宛先|送信先|penerima|kepada)"
    r"(?: (?:e-?mail )?address(?:es)?)?(?: \w{1,12})?[ \t]{0,8}[:：=][ \t]{0,8})"
)
_LEAD = re.compile(
    rf"^[\s>*|•·\d.)\"'(\[{{-]{{0,20}}{_LABEL}?(?:rfc822;|mailto:|[\"'<(\[]){{0,4}}({ADDRESS})", re.IGNORECASE
)
_NAMED_LEAD = re.compile(
    rf"^[\s>*|•\"'-]{{0,12}}[^<>\n@:]{{0,60}}[<(\[](?:mailto:|smtp:)?({ADDRESS})[>)\]]", re.IGNORECASE
)
_INLINE = re.compile(
    r"(?:deliver(?:ed|ing|y)?(?: of)?(?: (?:your|the|this|a|following))*(?: (?:e-?mail|mail|"
    r"message))? to(?: the)?(?: (?:recipient|address|user))?|"
    r"message (?:sent )?to(?: group)?|mail to(?: group)?|email to(?: group)?|unknown (?:local )?(?:user|recipient|"
    r"mailbox)|"
    r"(?:user|recipient|delivery) ?id|recipients?(?: address)?|permanent errors|transient errors|"
    r"rcpt to|address(?:es)?|sent to|mailbox(?: for)?|account|user|"
    r"nachricht an|zustell\w+ an|mail an|empf[äa]nger|envoy[ée]e? [àa]|remis\w* [àa]|destinataire|enviar? (?:a|"
    r"para)|entreg\w+ (?:a|para|en)|"
    r"consegn\w+ a|inviat\w+ a|bezorgd (?:aan|bij)|verzonden aan|адрес\w*|пользовател\w+|получател\w+|доставить|"
    r"kepada|ke alamat)"
    rf"[\s:：\"'<(\[;,]{{1,8}}(?:mailto:|rfc822;)?({ADDRESS})",
    re.IGNORECASE,
)
_BOILERPLATE = known("report-politeness", before=r"^[\s>*#|=_+.-]*(?:(?:", after=r"))")
_STRONG = known("reply-label", before=r"(?:", after=r")[\s]*[:：=\n'\"\[]+\s*")
_WEAK = known("cause-label", before=r"(?:^|\s)(?:", after=r")\w{0,6}[ \t]*[:：]\s*")
_CODE = re.compile(r"(?<![\w.:/@\[-])[45]\d\d(?=[\s-]\s?\S)|(?<![\w.])[45]\.\d\.\d{1,3}(?![\w.])")
_REPLY_FIRST = re.compile(r"#?[45]\d\d[ -](?!.{0,80}\n.{0,80}(?:said|was|reason|error|response):)")
_REPLY_LINE = re.compile(r"^[ \t<\"']{0,8}(#?[45]\d\d[ -]#?[45]\.\d\.\d{1,3}\b)", re.MULTILINE)
_AT_MARGIN = re.compile(rf"<{ADDRESS}>(?: \((?:expanded from|orig(?:inal)?)[^)]{{1,330}}\))?: \S")
_REPLY_BEGINS = re.compile(r"[ \t<\"']{0,8}#?[45]\d\d[ -]")
_MX = phrases(
    r"\bhost:? ([\w.-]{1,253}\w)[\s\[(:]|(?:connect(?:ing|ed)? to|conversation with|"
    r"lost connection with) ([\w.-]{1,253}\w)\[|"
    r"^([\w-]+(?:\.[\w-]+)+)\.? \[[\d.:a-fA-F]+\] did not|server ([\w-]+(?:\.[\w-]+)+) ?\[|"
    r"by ([\w-]+(?:\.[\w-]+)+)\.? \[[\d.a-fA-F:]+\]",
    lines=True,
)
_PHASE = phrases(
    r"(?P<eod>end\s+of\s+(?:data|message)|our final data|after i sent the message|refused to accept your message)|"
    r"(?P<rcpt>\b(?:reply\s+to|after|our|in)\s+RCPT|\[RCPT_TO\]|does not like recipient)|"
    r"(?P<mail>\b(?:reply\s+to|after|our|in)\s+MAIL(?:\s+FROM|:| command|$)|\[MAIL_FROM\]|does not like sender)|"
    r"(?P<data>\b(?:reply\s+to|after|our)\s+DATA)|(?P<ehlo>\b(?:reply\s+to|after|our)\s+(?:EHLO|HELO))|"
    r"(?P<auth>\b(?:reply\s+to|after|our)\s+AUTH\b)|"
    r"(?P<connect>refused to talk to me|initial connection|initial greeting|^\s*connect(?:ing)?\s+to )",
    lines=True,
)
_GAP = re.compile(r"^([ \t]*[245]\d\d-[^\n]*)\n[ \t]*\n(?=[ \t]*[245]\d\d[ -])", re.MULTILINE)
_LABEL_CODE = re.compile(r",?\s*(?:ERROR_CODE|ResponseCode)\s*:?\s*", re.IGNORECASE)
_FILLER = re.compile(r"mailto:|rfc822;|smtp:", re.IGNORECASE)


class Words(NamedTuple):
    """A notification split from the copy of the message that stands below it."""

    notice: str
    copy: str


def split_copy(text: str) -> Words:
    """The report's own words, and the returned message behind them where a text part holds both."""
    cut = len(text)
    match = _COPY.search(text)
    if match:
        cut = match.start()
    headers = _HEADERS.search(text, 0, cut) or _INDENTED.search(text, 0, cut)
    if headers and not _ABOUT_REPORT.search(headers[0]):
        cut = headers.start()
    return Words(text[:cut], text[cut:])


_ABOUT_REPORT = re.compile(r"^(?:final-recipient|reporting-mta)", re.IGNORECASE | re.MULTILINE)


def read_words(notice: str, known: Sequence[str] = (), own: Collection[str] = ()) -> list[Said]:
    """One entry for every failed address that the notification names, with the server's words about it.

    ``known``: addresses that are sure to have failed (from fields or headers); then no other is looked for, and one
    that the text does not name gets the words that stand for all. ``own``: lower-case addresses that have not
    failed: the sender's, the list's, the reporter's. Without any address, one entry without recipient.
    """
    if is_transcript(notice):
        found = [s for s in read_transcript(notice) if s.words]
        named = [s for s in found if s.recipient and (not known or s.recipient.lower() in {k.lower() for k in known})]
        if len(found) == 1 and not named and not known:
            # The session does not say for whom; a line outside of it may.
            return [found[0]._replace(recipient=a) for _, a in _leads(notice.split("\n")[:MAX_LINES], [], own)] or found
        if found and (named or known):
            return _for_known(named or found, known)
    lines = notice.split("\n")[:MAX_LINES]
    leads = _leads(lines, [k.lower() for k in known], own)
    if not leads:
        # Named nowhere: what is said is said for all known ones.
        words = extract("\n".join(line for line in lines if not _BOILERPLATE.match(line)))
        return [Said(k, words, *where(notice)) for k in known] or [Said(None, words, *where(notice))]
    return _for_known(_segments(lines, leads), known)


def _for_known(found: list[Said], known: Sequence[str]) -> list[Said]:
    if not known:
        return found
    by_address = {(s.recipient or "").lower(): s for s in reversed(found)}
    rest = by_address.get("") or found[0]
    return [by_address.get(k.lower(), rest)._replace(recipient=k) for k in known]


def _leads(lines: list[str], known: list[str], own: Collection[str]) -> list[tuple[int, str]]:
    """(line number, address) where the text begins to speak of an address; each address where it is told most."""
    if known:
        return _mentions(lines, known)
    continued = _continued(lines)
    for pattern in (_LEAD, _NAMED_LEAD, _INLINE, ANY_ADDRESS):
        found: dict[str, tuple[int, str]] = {}
        for number, line in enumerate(lines):
            if "@" not in line or number in continued:
                continue
            match = pattern.search(line) if pattern in (_INLINE, ANY_ADDRESS) else pattern.match(line)
            address = clean_address(match[1] if match and match.re.groups else match[0]) if match else None
            if address and address.lower() not in own and not is_daemon(address) and "." in address.rpartition("@")[2]:
                found.setdefault(address.lower(), (number, address))
        if found:
            return sorted(found.values())[:1000]
    return []


def _continued(lines: list[str]) -> frozenset[int]:
    """Lines that go on with what stands behind an address at the margin, as Postfix folds them: the addresses in them
    are the server's words."""
    found: list[int] = []
    inside = False
    for number, line in enumerate(lines):
        if line[:1] in (" ", "\t"):
            if inside:
                found.append(number)
        else:
            inside = _AT_MARGIN.match(line) is not None
    return frozenset(found)


def _mentions(lines: list[str], known: list[str]) -> list[tuple[int, str]]:
    found: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(lines):
        if "@" not in line:
            continue
        low = line.lower()
        for address in known if len(known) < 20 else [a for a in map(str.lower, addresses(line)) if a in known]:
            if address in low and address not in found:
                found[address] = (number, address)
    return sorted(found.values())


def _segments(lines: list[str], leads: list[tuple[int, str]]) -> list[Said]:
    last_lines, last = lines[leads[-1][0] :], leads[-1][1]
    tail = "\n".join(last_lines)
    of_all: str | None = None
    place: tuple[str | None, str | None] | None = None
    found: list[Said] = []
    for index, (start, address) in enumerate(leads):
        end = leads[index + 1][0] if index + 1 < len(leads) else len(lines)
        if end == start:
            end = start + 1
        piece = lines[start:end]
        words = _about(piece, address)
        if not words and index + 1 < len(leads):
            if of_all is None:
                of_all = _about(last_lines, last)
            words = of_all
        if not words:
            # Once for each would be the square of a long list: what stands close by says it.
            before = [line for line in lines[max(0, start - 60) : start] if line.strip()]
            words = extract("\n".join(line for line in before[-_LINES_BEFORE:] if not _BOILERPLATE.match(line)))
        segment = "\n".join(piece)
        mx, phase = where(segment)
        if mx is None and phase is None:
            if place is None:
                place = where(tail)
            mx, phase = place
        found.append(Said(address, words, mx, phase))
    return found


def _about(piece: list[str], address: str) -> str:
    """The words of one segment without the address that opens it and without politeness."""
    first = piece[0]
    at = first.lower().find(address.lower())
    rest = first[at + len(address) :].lstrip(" >)]\"':;,\t") if at >= 0 else first
    before = first[:at] if at > 0 else ""
    if _only_addresses(rest):
        rest = ""
    kept = [rest] if rest.strip() else []
    if len(before.strip(" \t<(['\"*>-|:")) > 8 and not _BOILERPLATE.match(before):
        # A sentence that names the address in its middle: it is the words itself.
        kept = [first]
    after = piece[1:]
    if _AT_MARGIN.match(first):
        # What is folded below belongs to the reply, "For more information" and all.
        folded = next((n for n, line in enumerate(after) if line[:1] not in (" ", "\t")), len(after))
        kept += after[:folded]
        after = after[folded:]
    kept += [line for line in after if not _BOILERPLATE.match(line) and not ("@" in line and _only_addresses(line))]
    return extract("\n".join(kept))


def _only_addresses(line: str) -> bool:
    """Is there nothing but addresses and marks in the line?"""
    rest = _FILLER.sub("", ANY_ADDRESS.sub("", line)) if "@" in line else line
    return not any(c.isalnum() for c in rest)


def where(text: str) -> tuple[str | None, str | None]:
    """The host that spoke and the SMTP command that it answered, as far as the words tell."""
    match = _MX.search(text)
    host = next((g for g in match.groups() if g), None) if match else None
    if host and (host.replace(".", "").isdigit() or "." not in host):
        host = None
    stage = _PHASE.search(text)
    phase = next((name for name, value in stage.groupdict().items() if value), None) if stage else None
    return host.lower() if host else None, phase


def extract(text: str) -> str:
    """What the server said out of what stands around it; the whole text where nothing marks it."""
    text = text.strip()[: 4 * MAX_WORDS]
    if _REPLY_FIRST.match(text):
        # A reply may say "reason:" or quote another server itself.
        return text[:MAX_WORDS].strip()
    if "-" in text and "\n\n" in text:
        text = _GAP.sub(r"\1\n", text)
    if "_CODE" in text or "eCode" in text:
        text = _LABEL_CODE.sub(" ", text)
    strong = None
    for strong in _STRONG.finditer(text):
        if _CODE.search(text, strong.end(), strong.end() + 200):
            break
    if strong and text[strong.end() :].strip():
        return _paragraph(text[strong.end() :].strip().strip("'\"[]"))
    weak = _WEAK.search(text)
    if weak and _REPLY_BEGINS.match(text, line := text.rfind("\n", 0, weak.start() + 1) + 1):
        return _paragraph(text[line:].strip())
    if weak and (reply := _REPLY_LINE.search(text, 0, weak.start())):
        # The label stands inside of a reply that begins on a line of its own.
        return _paragraph(text[reply.start(1) :].strip())
    if weak and text[weak.end() :].strip():
        return _paragraph(text[weak.end() :].strip())
    return text[:MAX_WORDS].strip()


def _paragraph(text: str) -> str:
    """Up to the empty line behind the first words, unless these were a line or two only."""
    end = text.find("\n\n")
    if end > 0 and (end > 40 or _CODE.search(text[:end])):
        text = text[:end]
    return text[:MAX_WORDS].rstrip()
