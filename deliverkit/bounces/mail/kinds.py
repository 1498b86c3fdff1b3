"""What a mail is by its headers: a report of a mail system, an automatic answer, a complaint, or plain mail."""

from __future__ import annotations

import re

from deliverkit.bounces.event import Kind
from deliverkit.bounces.mail.parts import Head, Mail
from deliverkit.bounces.mail.patterns import known, phrases

_SUBJECT = known("report-subject")
_DELAY_SUBJECT = known("delay-subject")
_DELAY_WORDS = known("delay-text")
_GAVE_UP = known("gave-up-text")
_FROM = known("report-sender")
_WORDS = known("report-text")
_AUTO_SUBJECT = known("auto-reply-subject", before=r"^\s*(?:(?:re|aw|sv|antw?|fwd?)\s*:\s*)?\W{0,3}(?:", after=r")")
_CHALLENGE = known("challenge")
_CHALLENGE_FROM = known("challenge-sender")
_UNSUBSCRIBE = known(
    "unsubscribe-subject",
    before=r"^\s*(?:(?:re|fwd?)\s*:\s*)?[\[(\"'*]*(?:",
    after=r")[\])\"'*!. ]*(?:$|(?:me|from|request|list|anfrage|von)\b)",
)
_UNSUBSCRIBE_TO = phrases(r"(?:^|<|[.+_-])(?:unsub(?:scribe)?|opt-?out|leave|remove|list-unsubscribe|u)[.+_=@-]")
_COMPLAINT_SUBJECT = known("complaint-subject")
_FORWARDED = re.compile(r"^\s*(?:fwd?|wg|tr|rv|enc|i|fw)\s*:\s*", re.IGNORECASE)
_ANSWER = re.compile(r"^\s*(?:re|aw|sv|antw?|odp|r|回复|答复|回覆|res)(?:\[\d+\])?\s*:", re.IGNORECASE)
_AUTO_WORDS = known("auto-reply-text")
_LIKE_LIST = ("list-id", "list-unsubscribe", "list-post")


def is_complaint(mail: Mail, subject: str) -> bool:
    """A feedback report by its parts, its type, or the subject that two providers use instead."""
    return (
        bool(mail.feedback)
        or "feedback-report" in mail.head.get("content-type", "").lower()
        or bool(_COMPLAINT_SUBJECT.search(subject) and (mail.returned or mail.type.startswith("multipart/")))
    )


def forwarded(subject: str) -> bool:
    """Sent on by a person."""
    return _FORWARDED.match(subject) is not None


def is_report(head: Head, subject: str, notice: str, returned: bool = False) -> bool:
    """Did a mail system write this, about mail that it could not deliver? Two of three must say so: sender, subject,
    text; an answer to a report is none. ``returned``: a message comes back with it."""
    if "x-failed-recipients" in head or "x-bounced-address" in head:
        return True
    if _ANSWER.match(subject):
        return False
    sender = head.get("from", "")
    system = bool(_FROM.search(sender)) or sender.strip() in ("", "<>") or sender.rstrip().endswith("<>")
    null_sender = head.get("return-path", "?").strip() in ("<>", "")
    about = bool(_SUBJECT.search(subject))
    said = bool(_WORDS.search(notice))
    if any(name in head for name in _LIKE_LIST) and not (system and about):
        return False
    if "x-mlserver" in head and about:
        return True
    if returned and said and "no-reply" in sender.lower():
        return True
    return (system and (about or said)) or (null_sender and about and said) or (about and said and _by_machine(head))


def _by_machine(head: Head) -> bool:
    return head.get("auto-submitted", "").lower().startswith("auto-gen") or head.get("from", "").lower().startswith(
        ("no-reply", "noreply", "<no-reply", "<noreply", "facebook")
    )


def is_delay(subject: str, notice: str) -> bool:
    """Does a report without status fields say that the message is still on its way?"""
    if is_over(notice):
        return False
    if _DELAY_WORDS.search(notice):
        return not _GAVE_UP.search(notice) or bool(_DELAY_SUBJECT.search(subject))
    return bool(_DELAY_SUBJECT.search(subject)) and not _GAVE_UP.search(notice)


def is_over(notice: str) -> bool:
    """OpenSMTPD 6 calls its last report on a message "delayed" too, and says in it that the envelope expired."""
    return ": Envelope expired" in notice


def other_kind(head: Head, subject: str, text: str) -> Kind:
    """What a mail is that is no report: an automatic one, or plain mail (RFC 3834 and the usual forms)."""
    if "x-apple-unsubscribe" in head or (
        _UNSUBSCRIBE.match(subject) and (_short(text) or _UNSUBSCRIBE_TO.search(head.get("to", "")))
    ):
        return Kind.UNSUBSCRIBE
    if _CHALLENGE.search(subject) or _CHALLENGE_FROM.search(head.get("from", "")):
        return Kind.CHALLENGE
    automatic = _automatic(head)
    if automatic and _CHALLENGE.search(text[:2000]):
        return Kind.CHALLENGE
    if _AUTO_SUBJECT.match(subject):
        return Kind.AUTO_REPLY
    if automatic is None:
        return Kind.ORDINARY
    return Kind.AUTO_REPLY if automatic or _AUTO_WORDS.search(text[:2000]) else Kind.ORDINARY


def _automatic(head: Head) -> bool | None:
    """True: an answer by a machine; False: a machine's mail, perhaps an answer; None: no sign of it."""
    submitted = head.get("auto-submitted", "").lower()
    if submitted.startswith("auto-replied"):
        return True
    if any(
        name.startswith(
            (
                "x-autoreply",
                "x-auto-reply",
                "x-autorespon",
                "x-auto-respond",
                "x-vacation",
                "x-away",
                "x-mail-autoreply",
                "auto-reply",
            )
        )
        for name in head
    ):
        return True
    if head.get("precedence", "").lower() in ("auto_reply", "auto-reply", "autoreply"):
        return True
    if submitted.startswith(("auto-gen", "auto-notified")) or "x-auto-response-suppress" in head:
        return False
    if head.get("return-path", "?").strip() in ("<>", "") and ("in-reply-to" in head or "references" in head):
        return False
    return None


def _short(text: str) -> bool:
    return len(text.strip()) < 600
