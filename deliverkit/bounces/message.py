"""A whole mail into bounces: what it is, who failed, what the remote server said about each, whose message it was.

The reader trusts fields over prose for who failed and what was done, and the remote server's words over the local
system's summary for why. It never guesses: a mail that no mail system wrote is said to be none of its kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from deliverkit.bounces.event import Kind
from deliverkit.bounces.mail import kinds
from deliverkit.bounces.mail.address import addresses, clean_address, first_address, is_daemon, verp_address
from deliverkit.bounces.mail.deciding import Told, cause, deciding_reply, parsed
from deliverkit.bounces.mail.fields import Report, Status, read_report, unquoted
from deliverkit.bounces.mail.looks import looks_like_mail
from deliverkit.bounces.mail.original import decoded, iso_date, read_original
from deliverkit.bounces.mail.parts import MAX_FIELDS, Head, Mail, Part, open_mail, without_tags
from deliverkit.bounces.mail.result import Message, Original
from deliverkit.bounces.mail.verdicts import MailClassifier, judge
from deliverkit.bounces.mail.words import Words, read_words, split_copy, where
from deliverkit.model import Bounce, Reply

__all__ = ["Kind", "MailClassifier", "Message", "Original", "judge", "looks_like_mail", "read_message", "read_messages"]

MAX_MESSAGES = 10_000
_SOURCE = "mail"
_MBOX_NEXT = re.compile(rb"\r?\n\r?\n(?=From [^\r\n]{0,200} \d\d:\d\d(?::\d\d)?[^\r\n]{0,40}\r?\n)")
_FIELDS_IN_TEXT = re.compile(r"^[> \t]*Final-Recipient[ \t]*:", re.IGNORECASE | re.MULTILINE)
_ACTIONS = {
    "failed": Kind.BOUNCE, "undeliverable": Kind.BOUNCE, "fail": Kind.BOUNCE, "failure": Kind.BOUNCE,
    "delayed": Kind.DELAYED, "delay": Kind.DELAYED, "delivered": Kind.DELIVERED, "deliverable": Kind.DELIVERED,
    "relayed": Kind.RELAYED, "expanded": Kind.RELAYED,
}  # fmt: skip
_WORST = (Kind.BOUNCE, Kind.DELAYED, Kind.RELAYED, Kind.DELIVERED)
_FIELD = re.compile(r"^([\w-]{3,40}):[ \t]*(.*)$", re.MULTILINE)


def read_messages(data: bytes) -> Iterator[Message]:
    """Every mail in ``data``: one, or those of an mbox, whose first line begins with ``From ``. Never raises."""
    if data[:5] != b"From " or not _MBOX_NEXT.search(data):
        yield read_message(data)
        return
    start = 0
    for _ in range(MAX_MESSAGES):
        match = _MBOX_NEXT.search(data, start)
        end = match.end() if match else len(data)
        yield read_message(data[start:end])
        if match is None:
            return
        start = end


def read_message(data: bytes) -> Message:
    """Read one mail. Never raises, whatever the bytes are; bounded in size, depth, parts and recipients."""
    message, attached = _read(data)
    if message.kind is not Kind.ORDINARY or attached is None:
        return message
    # Sent on by a person, the report as an attachment.
    inner, _ = _read(attached.data())
    return inner if inner.kind in _WORST else message


def _read(data: bytes) -> tuple[Message, Part | None]:
    """What the mail itself is, and the whole message that it carries, if any."""
    mail = open_mail(data)
    subject = decoded(mail.head.get("subject", ""))
    text = _text(mail)
    if kinds.is_complaint(mail, subject):
        return _complaint(mail, text), None
    words = split_copy(text)
    report = _report(mail, words, text, subject)
    original = read_original(mail, words)
    if report is not None:
        return _from_fields(mail, report, words, original, subject), None
    if kinds.is_report(mail.head, subject, words.notice, mail.returned is not None):
        return _from_words(mail, words, original, subject), None
    kind = kinds.other_kind(mail.head, subject, text)
    whole = mail.returned if mail.returned and mail.returned.type == "message/rfc822" else None
    return Message(kind, (_about_sender(mail, subject, text, kind),), original), whole


def _text(mail: Mail) -> str:
    texts = [part.text() for part in mail.texts[:4]]
    texts = [without_tags(t) if part.type == "text/html" else t for part, t in zip(mail.texts, texts, strict=False)]
    text = "\n\n".join(texts)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _report(mail: Mail, words: Words, text: str, subject: str) -> Report | None:
    """The status fields: in their part, or pasted into the text."""
    for part in mail.status:
        report = read_report(part.text(MAX_FIELDS))
        if report.recipients:
            return report
    if _FIELDS_IN_TEXT.search(text) and (kinds.forwarded(subject) or kinds.is_report(mail.head, subject, text)):
        found = unquoted(text)
        start = re.search(
            r"^[ \t]*(?:Reporting-MTA|Final-Recipient|Original-Recipient|Action)[ \t]*:", found, re.I | re.M
        )
        if start:
            block = re.sub(r"^[ \t]+(?=[A-Z][\w-]{2,30}:)", "", found[start.start() :][:20_000], flags=re.M)
            report = read_report(block)
            if report.recipients:
                return report
    return None


def _sender(report: Report | None, mail: Mail, original: Original | None) -> str | None:
    if report and report.envelope_sender:
        return report.envelope_sender
    return (original.sender if original else None) or first_address(mail.head.get("to"))


def _known(head: Head) -> list[str]:
    """Failed addresses that the headers of a report name."""
    for name in ("x-failed-recipients", "x-bounced-address", "x-mailer-daemon-recipients", "x-actual-recipient"):
        if name in head:
            found = addresses(head[name])
            if found:
                return found
    return []


def _hidden(mail: Mail, original: Original | None) -> list[str]:
    """The failed address where the report does not say it: in our own envelope address, in the returned headers."""
    for name in ("to", "delivered-to", "x-original-to", "envelope-to"):
        found = verp_address(first_address(mail.head.get(name)))
        if found:
            return [found]
    if original and len(original.to) == 1:
        return list(original.to)
    return []


def _own(mail: Mail, original: Original | None) -> set[str]:
    """Addresses that have not failed: who gets the report, who wrote it, who sent the message."""
    head = mail.head
    own = {first_address(head.get(name)) for name in ("to", "from", "sender", "reply-to", "delivered-to")}
    if original:
        own.add(original.sender)
    failed = {a.lower() for a in original.to} if original else set()
    return {a.lower() for a in own if a} - failed


def _from_fields(mail: Mail, report: Report, words: Words, original: Original | None, subject: str) -> Message:
    kind_of = [_kind_of(status, subject, words.notice) for status in report.recipients]
    kind = min(kind_of, key=_WORST.index)
    sender = _sender(report, mail, original)
    known = _known(mail.head)
    bounces = []
    chosen = [s for s, k in zip(report.recipients, kind_of, strict=True) if k is kind]
    told = Told(words.notice, [status.recipient for status in chosen if status.recipient])
    unnamed = None
    if not all(status.recipient for status in chosen):
        named = known or [s.recipient for s in read_words(words.notice, (), _own(mail, original)) if s.recipient]
        unnamed = next(iter(named or _hidden(mail, original)), None)
    for status in chosen:
        recipient = status.recipient or unnamed
        reply, said = deciding_reply(status, recipient, told)
        bounces.append(
            Bounce(
                reply=reply,
                recipient=recipient,
                sender=sender,
                mx=status.remote or (said.mx if said else None),
                ip=None,
                phase=said.phase if said else _phase(words.notice, len(chosen)),
                at=iso_date(status.at or report.arrival),
                source=_SOURCE,
                original_recipient=status.original,
            )
        )
    return Message(kind, tuple(bounces), original, report.reporting or first_address(mail.head.get("from")))


def _phase(notice: str, count: int) -> str | None:
    return where(notice[:6000])[1] if count == 1 else None


def _kind_of(status: Status, subject: str, notice: str) -> Kind:
    kind = _ACTIONS.get(status.action.split(" ")[0] if status.action else "")
    if kind is Kind.DELAYED and status.status == "4.4.7" and kinds.is_over(notice):
        return Kind.BOUNCE
    if kind is not None:
        return kind
    if status.status.startswith("2."):
        return Kind.DELIVERED
    if status.status.startswith("4.") and kinds.is_delay(subject, notice):
        return Kind.DELAYED
    return Kind.BOUNCE


def _from_words(mail: Mail, words: Words, original: Original | None, subject: str) -> Message:
    known = _known(mail.head)
    found = read_words(words.notice, known, _own(mail, original))
    kind = Kind.DELAYED if kinds.is_delay(subject, words.notice) else Kind.BOUNCE
    hidden = _hidden(mail, original) if not any(s.recipient for s in found) else []
    sender = _sender(None, mail, original)
    bounces = []
    for said in found:
        recipient = said.recipient or (hidden[0] if hidden else None)
        text = said.words or subject
        bounces.append(
            Bounce(
                reply=parsed(cause(text)),
                recipient=recipient,
                sender=sender,
                mx=said.mx,
                phase=said.phase,
                at=iso_date(mail.head.get("date")),
                source=_SOURCE,
            )
        )
    return Message(kind, tuple(bounces), original, first_address(mail.head.get("from")))


def _complaint(mail: Mail, text: str) -> Message:
    fields: dict[str, str] = {}
    for part in mail.feedback:
        for name, value in _FIELD.findall(part.text()):
            fields.setdefault(name.lower(), value.strip())
    original = read_original(mail, split_copy(text))
    recipient = None
    for name in ("original-rcpt-to", "removal-recipient", "redacted-address"):
        recipient = recipient or clean_address(fields.get(name, ""))
    if recipient is None and original and len(original.to) == 1:
        recipient = original.to[0]
    kind_of = fields.get("feedback-type", "").lower() or "abuse"
    bounce = Bounce(
        reply=Reply(None, None, kind_of, kind_of),
        recipient=recipient,
        sender=first_address(fields.get("original-mail-from")) or (original.sender if original else None),
        ip=fields.get("source-ip") or None,
        at=iso_date(fields.get("received-date") or fields.get("arrival-date")),
        source=_SOURCE,
    )
    kind = Kind.UNSUBSCRIBE if kind_of in ("opt-out", "opt-out-list") else Kind.COMPLAINT
    return Message(kind, (bounce,), original, first_address(mail.head.get("from")), kind_of)


def _about_sender(mail: Mail, subject: str, text: str, kind: Kind) -> Bounce:
    """An answer is about the address that it comes from."""
    writer = first_address(mail.head.get("from"))
    words = " ".join(f"{subject}: {text[:500]}".split())
    return Bounce(
        reply=Reply(None, None, words[:500], words[:500]),
        recipient=None if kind is Kind.ORDINARY or is_daemon(writer) else writer,
        sender=first_address(mail.head.get("to")),
        at=iso_date(mail.head.get("date")),
        source=_SOURCE,
    )
