"""A whole mail into bounces: what it is, who failed, what the remote server said about each, whose message it was.

The reader trusts fields over prose for who failed and what was done, and the remote server's words over the local
system's summary for why. It never guesses: a mail that no mail system wrote is said to be none of its kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.header import decode_header, make_header
from email.utils import parsedate_to_datetime

from deliverkit.bounces.classify import Classifier
from deliverkit.bounces.mail import kinds
from deliverkit.bounces.mail.address import addresses, clean_address, first_address, is_daemon, verp_address
from deliverkit.bounces.mail.fields import Report, Status, read_report, unquoted
from deliverkit.bounces.mail.kinds import Kind
from deliverkit.bounces.mail.looks import looks_like_mail
from deliverkit.bounces.mail.parts import MAX_FIELDS, Head, Mail, open_mail, original_head, without_tags
from deliverkit.bounces.mail.patterns import phrases
from deliverkit.bounces.mail.transcript import Said, continued
from deliverkit.bounces.mail.words import Words, read_words, split_copy
from deliverkit.bounces.reply import parse_reply
from deliverkit.knowledge import Knowledge, load
from deliverkit.model import AddressAction, Alternative, Basis, Bounce, Confidence, Reply, RuleEvidence, Verdict

__all__ = ["Kind", "MailClassifier", "Message", "Original", "judge", "looks_like_mail", "read_message", "read_messages"]

MAX_MESSAGES = 10_000
_SOURCE = "mail"
_MBOX_NEXT = re.compile(rb"\r?\n\r?\n(?=From [^\r\n]{0,200} \d\d:\d\d(?::\d\d)?[^\r\n]{0,40}\r?\n)")
_FIELDS_IN_TEXT = re.compile(r"^[> \t]*Final-Recipient[ \t]*:", re.IGNORECASE | re.MULTILINE)
_EXPIRED = phrases(
    r"expired|too long|could not be delivered for|delivery time|retry time(?:out)? (?:not|exceeded)|retry timeout|"
    r"giving up|gave up|"
    r"unable to deliver in|not delivered within|exceeded|message is too old|lifetime"
)
_ACTIONS = {
    "failed": Kind.BOUNCE, "undeliverable": Kind.BOUNCE, "fail": Kind.BOUNCE, "failure": Kind.BOUNCE,
    "delayed": Kind.DELAYED, "delay": Kind.DELAYED, "delivered": Kind.DELIVERED, "deliverable": Kind.DELIVERED,
    "relayed": Kind.RELAYED, "expanded": Kind.RELAYED,
}  # fmt: skip
_WORST = (Kind.BOUNCE, Kind.DELAYED, Kind.RELAYED, Kind.DELIVERED)
_REASONS = {
    Kind.DELAYED: "not_a_bounce.delayed",
    Kind.DELIVERED: "not_a_bounce.delivered",
    Kind.RELAYED: "not_a_bounce.delivered",
    Kind.COMPLAINT: "not_a_bounce.complaint",
    Kind.AUTO_REPLY: "not_a_bounce.auto_reply",
    Kind.CHALLENGE: "not_a_bounce.challenge",
    Kind.UNSUBSCRIBE: "not_a_bounce.unsubscribe",
    Kind.ORDINARY: "unknown.unclassified",
}
_VAGUE = phrases(
    r"^(?:(?:[245]\d\d[ -]?)?(?:\d\.\d{1,3}\.\d{1,3}\s*)?(?:\W*|service unavailable|delivery failed|"
    r"message rejected|failed|unknown|undefined status|"
    r"remote smtp server has rejected address|host unknown|mail refused|permanent (?:failure|error).{0,20}|"
    r"transaction failed|data format error|user unknown|"
    r"other (?:or undefined )?.{0,30}status|delivery error|unable to relay|smtp|"
    r"the message could not be delivered\.?)\W*)$"
)
_CUT_SHORT = re.compile(r"[245]\d\d-[^\n]*$")
_LOCAL = re.compile(r"(?s).{0,400}?(?:\bsaid|refused to talk to me):\s+(?=[45]\d\d)")
_LAST_CAUSE = re.compile(
    r"(?is)(?:expired|too long|in \d+ (?:minutes|hours|"
    r"seconds)).{0,200}?(?:[<\[(](4\d\d[ -][^\n]{3,400}?)[>\])]\s*$|->\s*'?(4\d\d[ -].{3,400}))|"
    r"LED=(4\d\d[ -][^}\n]{3,400}?)\}",
)
_TRAILER = re.compile(
    r"(?i)(?:message could not be delivered for|message will be deleted from|i'm not going to try again|"
    r"this message has been in the queue too|"
    r"retry timeout exceeded|delivery time expired|giving up on)"
)
_FIELD = re.compile(r"^([\w-]{3,40}):[ \t]*(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Original:
    """Headers of the message that came back, as far as the report returned them; decoded, hostile until cleaned."""

    message_id: str | None = None
    sender: str | None = None
    """Address in From."""
    subject: str | None = None
    date: str | None = None
    """ISO 8601 where it can be read, else as written."""
    to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """What one mail is."""

    kind: Kind
    bounces: tuple[Bounce, ...] = ()
    """One for every failed recipient. For what is no bounce, one that names whom it is about, with the words in it."""
    original: Original | None = None
    reporter: str | None = None
    """Host or address that wrote the report."""
    feedback_type: str | None = None
    """Of a complaint: ``abuse``, ``fraud``, ``opt-out``, … (RFC 5965 section 3.1)."""

    @property
    def is_bounce(self) -> bool:
        """Has a delivery failed for good, as far as this mail says?"""
        return self.kind is Kind.BOUNCE

    @property
    def reason(self) -> str | None:
        """The reason that the kind itself is; None for a bounce, which the classifier judges."""
        if self.kind is Kind.COMPLAINT and self.feedback_type in ("opt-out", "opt-out-list"):
            return "not_a_bounce.unsubscribe"
        return _REASONS.get(self.kind)


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
    mail = open_mail(data)
    subject = _header(mail.head.get("subject", ""))
    text = _text(mail)
    if kinds.is_complaint(mail, subject):
        return _complaint(mail, text)
    words = split_copy(text)
    report = _report(mail, words, text, subject)
    original = _original(mail, words)
    if report is not None:
        return _from_fields(mail, report, words, original, subject)
    if kinds.is_report(mail.head, subject, words.notice, mail.returned is not None):
        return _from_words(mail, words, original, subject)
    kind = kinds.other_kind(mail.head, subject, text)
    return Message(kind, (_about_sender(mail, subject, text, kind),), original)


def judge(message: Message, classifier: Classifier, knowledge: Knowledge | None = None) -> list[tuple[Bounce, Verdict]]:
    """The verdict on every bounce of a mail; what is no bounce gets the reason of its kind, never one by its words."""
    if message.reason is None:
        return [(bounce, classifier.classify(bounce)) for bounce in message.bounces]
    verdict = verdict_of(message, knowledge or load())
    if message.kind is not Kind.DELAYED:
        return [(bounce, verdict) for bounce in message.bounces]
    # What keeps the message waiting is told beside the notice itself.
    causes = [classifier.classify(bounce) for bounce in message.bounces]
    return [
        (bounce, replace(verdict, provider=cause.provider, also_possible=_beside(cause)))
        for bounce, cause in zip(message.bounces, causes, strict=True)
    ]


class MailClassifier(Classifier):
    """A classifier that gives what is no bounce the verdict of its kind, and asks the one it wraps for the rest."""

    def __init__(self, inner: Classifier) -> None:
        """``inner`` judges bounces."""
        self._inner = inner
        self._ready: dict[int, tuple[Bounce, Verdict, Kind]] = {}

    def take(self, message: Message, knowledge: Knowledge) -> tuple[Bounce, ...]:
        """Remember what ``message`` is; its bounces, to be given to ``classify``."""
        if message.reason is not None:
            for bounce, verdict in judge(message, self._inner, knowledge):
                self._ready[id(bounce)] = (bounce, verdict, message.kind)
        return message.bounces

    def classify(self, bounce: Bounce | Reply) -> Verdict:
        """The ready verdict of a bounce that was taken, else that of the wrapped classifier."""
        found = self._ready.get(id(bounce))
        return found[1] if found else self._inner.classify(bounce)

    def provider_of(self, bounce: Bounce) -> str | None:
        """As the wrapped classifier."""
        return self._inner.provider_of(bounce)

    def evidence(self, bounce: Bounce, verdict: Verdict) -> RuleEvidence:
        """The words of the rule, or the kind of the mail where that decided."""
        found = self._ready.get(id(bounce))
        if found:
            return RuleEvidence(rule=None, matched="" if found[2] is Kind.ORDINARY else found[2].value)
        return self._inner.evidence(bounce, verdict)


def _beside(cause: Verdict) -> tuple[Alternative, ...]:
    return (Alternative(cause.reason, cause.rule),) if cause.confidence is not Confidence.NONE else ()


def verdict_of(message: Message, knowledge: Knowledge) -> Verdict:
    """The ready verdict on a mail that is no bounce. Raises ValueError for a bounce."""
    reason = message.reason
    if reason is None:
        raise ValueError("a bounce is for the classifier")
    spec = knowledge.reasons[reason]
    ordinary = message.kind is Kind.ORDINARY
    # A report on failed authentication is about a message, not about a wish of its recipient.
    wish = message.feedback_type in (None, "abuse", "fraud", "virus", "opt-out", "opt-out-list", "other")
    return Verdict(
        reason=reason,
        confidence=Confidence.NONE if ordinary else Confidence.SURE,
        basis=Basis.NOTHING if ordinary else Basis.RULE,
        provider=None,
        rule=None,
        message_action=None if ordinary else spec.on_5xx,
        address_action=spec.address_5xx if wish and not ordinary else AddressAction.KEEP,
        owner=spec.owner,
    )


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


def _original(mail: Mail, words: Words) -> Original | None:
    head: Head = {}
    if mail.returned is not None:
        head = original_head(mail.returned)
    if not head and words.copy:
        from deliverkit.bounces.mail.parts import _HEADER, read_head

        head = read_head(_HEADER, words.copy[:20_000].encode("utf-8", "replace"))
    if not head:
        return None
    message_id = head.get("message-id")
    if message_id:
        message_id = message_id.strip("<> ")[:1000] or None
    return Original(
        message_id=message_id,
        sender=first_address(head.get("from")) or first_address(head.get("return-path")),
        subject=_header(head["subject"]) if "subject" in head else None,
        date=_date(head.get("date")),
        to=tuple(addresses(head.get("to", "") + "," + head.get("cc", ""))[:50]) if "to" in head or "cc" in head else (),
    )


def _header(value: str) -> str:
    value = value[:2000]
    if not value.isascii():
        value = value.encode("latin-1", "replace").decode("utf-8", "replace")
    if "=?" not in value:
        return value
    try:
        return str(make_header(decode_header(value)))
    except (ValueError, LookupError, UnicodeError, AssertionError):
        return value


def _date(value: str | None) -> str | None:
    if not value:
        return None
    try:
        return parsedate_to_datetime(value[:100]).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return value[:100]


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
    for status in chosen:
        recipient = status.recipient
        if recipient is None:
            named = known or [s.recipient for s in read_words(words.notice, (), _own(mail, original)) if s.recipient]
            named = named or _hidden(mail, original)
            recipient = named[0] if named else None
        reply, said = _reply(status, recipient, words.notice)
        bounces.append(
            Bounce(
                reply=reply,
                recipient=recipient,
                sender=sender,
                mx=status.remote or (said.mx if said else None),
                ip=None,
                phase=said.phase if said else _phase(words.notice, len(chosen)),
                at=_date(status.at or report.arrival),
                source=_SOURCE,
            )
        )
    return Message(kind, tuple(bounces), original, report.reporting or first_address(mail.head.get("from")))


def _phase(notice: str, count: int) -> str | None:
    from deliverkit.bounces.mail.words import _where

    return _where(notice[:6000])[1] if count == 1 else None


def _kind_of(status: Status, subject: str, notice: str) -> Kind:
    kind = _ACTIONS.get(status.action.split(" ")[0] if status.action else "")
    if kind is not None:
        return kind
    if status.status.startswith("2."):
        return Kind.DELIVERED
    if status.status.startswith("4.") and kinds.is_delay(subject, notice):
        return Kind.DELAYED
    return Kind.BOUNCE


def _reply(status: Status, recipient: str | None, notice: str) -> tuple[Reply, Said | None]:
    """The words that decide: the remote server's, in full, before the local system's summary."""
    diagnostic = status.diagnostic
    said: Said | None = None
    if _CUT_SHORT.search(diagnostic):
        diagnostic = continued(diagnostic, notice) or diagnostic
    elif not diagnostic or _VAGUE.match(diagnostic) or _EXPIRED.search(diagnostic):
        found = read_words(notice, (recipient,) if recipient else ())
        said = found[0] if found else None
        if said and said.words and _better(said.words, diagnostic):
            diagnostic = f"{said.words}\n\n{diagnostic}" if diagnostic and _EXPIRED.search(diagnostic) else said.words
    if not diagnostic:
        diagnostic = status.comment
    return _with_status(_cause(diagnostic), status), said


def _better(words: str, diagnostic: str) -> bool:
    if not diagnostic or len(diagnostic) < 8:
        return True
    plain = " ".join(diagnostic.split()).lower()
    return len(words) > len(diagnostic) + 8 and plain not in " ".join(words.split()).lower()[: len(plain) + 40]


def _with_status(diagnostic: str, status: Status) -> Reply:
    """The parsed reply; the status field lends its code to words that carry none of their own."""
    reply = _parsed(diagnostic)
    if reply.code is None and reply.enhanced_code is None and status.status:
        words = reply.text
        return replace(reply, enhanced_code=status.status, text=f"{status.status} {words}".strip())
    return reply


def _parsed(words: str) -> Reply:
    """The reply in the words of a report: what the local system says in front of it is left out."""
    match = _LOCAL.match(words)
    if match:
        words = words[match.end() :]
    return parse_reply(words)


def _cause(words: str) -> str:
    """The last temporary reply behind "expired", where the words name it; else the words."""
    match = _LAST_CAUSE.search(words)
    if match:
        return (match[1] or match[2] or match[3]).strip()
    parts = _TRAILER.split(words, maxsplit=1)
    return parts[0].rstrip(". ") if len(parts) > 1 and len(parts[0].strip()) > 15 else words


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
                reply=_parsed(_cause(text)),
                recipient=recipient,
                sender=sender,
                mx=said.mx,
                phase=said.phase,
                at=_date(mail.head.get("date")),
                source=_SOURCE,
            )
        )
    return Message(kind, tuple(bounces), original, first_address(mail.head.get("from")))


def _complaint(mail: Mail, text: str) -> Message:
    fields: dict[str, str] = {}
    for part in mail.feedback:
        for name, value in _FIELD.findall(part.text()):
            fields.setdefault(name.lower(), value.strip())
    original = _original(mail, split_copy(text))
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
        at=_date(fields.get("received-date") or fields.get("arrival-date")),
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
        at=_date(mail.head.get("date")),
        source=_SOURCE,
    )
