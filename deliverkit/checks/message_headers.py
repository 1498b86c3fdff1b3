"""The check ``message-headers``: the rules of RFC 5322 that receivers enforce."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from deliverkit.checks import Notes, Target, World
from deliverkit.checks.message_auth import askable_domain
from deliverkit.checks.suffixes import registrable
from deliverkit.message.addresses import Mailbox, mailboxes
from deliverkit.message.hops import date_of, hops
from deliverkit.message.mail import MAX_LINE, Header, Message
from deliverkit.model import CheckResult, Evidence, Outcome

ONCE = (
    "date", "sender", "reply-to", "to", "cc", "bcc", "message-id", "in-reply-to", "references", "subject",
    "mime-version", "content-type", "content-transfer-encoding",
)  # fmt: skip
"""Fields that may stand once only (RFC 5322 section 3.6, RFC 2045); From is judged apart."""
MAX_HOPS = 50
"""Received fields after which servers begin to take a message for one that loops (RFC 5321 section 6.3: 100)."""
LARGE = 64_000
"""Bytes of headers above which receivers begin to refuse."""
DAY = 86_400
_MESSAGE_ID = re.compile(r"<[^\s<>@]{1,500}@[^\s<>@]{1,255}>\Z")
_LOCAL = re.compile(r"[^\s<>()\[\],;:\\\"@]{1,64}\Z|\"[^\"\r\n]{0,62}\"\Z")
_ADDRESS = re.compile(r"[\w.+-]{1,64}@((?:[\w-]{1,63}\.){1,5}[a-z]{2,24})", re.IGNORECASE)
_FUTURE, _PAST = DAY, 7 * DAY


@dataclass(frozen=True, slots=True)
class HeaderFacts:
    """What was seen."""

    from_addresses: tuple[Mailbox, ...]
    subject: str
    """Decoded."""
    header_bytes: int
    longest_line: int
    hops: int


async def run(target: Target, world: World) -> CheckResult:
    """Judge the headers of ``target.message``; asks nothing."""
    message = target.message
    notes = Notes("message-headers", target.domain or "", world.knowledge)
    if message is None:
        return notes.result(outcome=Outcome.NOT_APPLICABLE)
    boxes = tuple(box for header in message.all("from") for box in mailboxes(header))
    _from(notes, message, boxes)
    _date(notes, message)
    _message_id(notes, message)
    _once(notes, message)
    _lines(notes, message)
    _eight_bit(notes, message)
    _others(notes, message, boxes)
    if not notes.findings:
        notes.add("message-headers-ok", count=len(message.headers))
    subject = message.first("subject")
    text = subject.words[:1000] if subject else ""
    received = len(message.all("received"))
    return notes.result(HeaderFacts(boxes[:10], text, message.header_bytes, message.lines.longest, received))


def _shown(header: Header) -> Evidence:
    return Evidence(header.name.decode("ascii", "replace"), header.text[:500])


def _from(notes: Notes, message: Message, boxes: tuple[Mailbox, ...]) -> None:
    fields = message.all("from")
    if not fields:
        notes.add("message-from-missing")
        return
    if len(fields) > 1:
        notes.add("message-from-several-fields", *map(_shown, fields[:3]), count=len(fields))
    wrong = next((box for box in boxes if not _valid(box)), None)
    if not boxes or wrong is not None:
        notes.add("message-from-invalid", _shown(fields[0]), value=(wrong.address if wrong else fields[0].text)[:100])
    if len(boxes) > 1 and len(fields) == 1:
        notes.add("message-from-several-addresses", _shown(fields[0]), count=len(boxes))
    for box in boxes[:1]:
        other = _ADDRESS.search(box.name[:500])
        if other and not _one_house(other[1].lower(), box.domain or ""):
            notes.add("message-from-name-address", _shown(fields[0]), name=other[0], address=box.address[:100])


def _valid(box: Mailbox) -> bool:
    local, _, _ = box.address.rpartition("@")
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    domain = askable_domain(box.domain or "")
    return bool(_LOCAL.match(local)) and not (dots and not local.startswith('"')) and domain is not None


def _date(notes: Notes, message: Message) -> None:
    field = message.first("date")
    if field is None:
        notes.add("message-date-missing")
        return
    written = date_of(field.text)
    if written is None:
        notes.add("message-date-invalid", _shown(field), value=field.text[:100])
        return
    arrived = next((hop.at for hop in hops(message) if hop.at is not None), None)
    try:
        late = (arrived.timestamp() if arrived else time.time()) - written.timestamp()
    except (OverflowError, ValueError, OSError):
        notes.add("message-date-invalid", _shown(field), value=field.text[:100])
        return
    # Without a Received field nobody knows how old a saved message may rightly be.
    if late < -_FUTURE or (arrived is not None and late > _PAST):
        notes.add("message-date-off", _shown(field), days=round(-late / DAY))


def _message_id(notes: Notes, message: Message) -> None:
    field = message.first("message-id")
    if field is None:
        notes.add("message-id-missing")
    elif not _MESSAGE_ID.match(field.text.strip()):
        notes.add("message-id-malformed", _shown(field), value=field.text[:100])


def _once(notes: Notes, message: Message) -> None:
    counts = message.counts
    for name in ONCE:
        if counts[name] > 1:
            notes.add("message-field-doubled", *map(_shown, message.all(name)[:3]), name=name, count=counts[name])


def _lines(notes: Notes, message: Message) -> None:
    lines = message.lines
    if lines.longest > MAX_LINE:
        notes.add("message-line-too-long", length=lines.longest)
    if lines.bare_cr:
        notes.add("message-bare-cr", count=lines.bare_cr)
    if lines.bare_lf:
        notes.add("message-bare-lf", count=lines.bare_lf)
    if lines.nul:
        notes.add("message-nul", count=lines.nul)
    for stray in message.strays[:1]:
        notes.add("message-stray-line", value=stray.decode("utf-8", "replace"))
    if message.header_bytes > LARGE or message.cut:
        notes.add("message-headers-large", size=message.header_bytes)


def _eight_bit(notes: Notes, message: Message) -> None:
    found = [header for header in message.headers if not header.value.isascii()]
    if found:
        name = found[0].name.decode("ascii", "replace")
        notes.add("message-headers-eight-bit", _shown(found[0]), name=name, count=len(found))


def _others(notes: Notes, message: Message, boxes: tuple[Mailbox, ...]) -> None:
    counts = message.counts
    if not counts["subject"]:
        notes.add("message-subject-missing")
    if not counts["to"] and not counts["cc"]:
        notes.add("message-to-missing")
    if not counts["mime-version"] and (counts["content-type"] or not message.body.isascii()):
        notes.add("message-mime-version-missing")
    if counts["received"] >= MAX_HOPS:
        notes.add("message-hops-many", count=counts["received"])
    reply = message.first("reply-to")
    answer = next(iter(mailboxes(reply)), None) if reply else None
    if reply and answer and boxes and answer.domain and not _one_house(answer.domain, boxes[0].domain or ""):
        notes.add("message-reply-to-differs", _shown(reply), reply_to=answer.domain[:100])


def _one_house(one: str, other: str) -> bool:
    first, second = askable_domain(one), askable_domain(other)
    if first is None or second is None:
        return one == other
    return first == second or (registrable(first) is not None and registrable(first) == registrable(second))
