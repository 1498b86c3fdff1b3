"""Bounce mails, complaints and everything else that comes back: a folder of mails, a Maildir, an mbox, one mail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deliverkit.bounces.event import Event, Fault, Kind
from deliverkit.bounces.mail.deciding import last_cause
from deliverkit.bounces.mail.looks import looks_like_mail
from deliverkit.bounces.mail.result import Message
from deliverkit.bounces.message import read_message
from deliverkit.bounces.sources import About, Numbered, Unit

NAME = "mail"
UNIT = Unit.MAIL


def recognises(head: bytes) -> bool:
    """An mbox, or a mail by its headers."""
    return looks_like_mail(head)


class Reader:
    """One pass over the mails of one file."""

    def __init__(self, about: About) -> None:
        self._path = about.path

    def read(self, mails: Iterable[Numbered]) -> Iterator[Event | Fault]:
        """One event a recipient; of a mail that is no bounce, one that says what it is."""
        for number, data in mails:
            if not data.strip():
                continue
            yield from self._events(number, read_message(data))

    def _events(self, number: int, message: Message) -> Iterator[Event]:
        original = message.original
        named = original.message_id.strip("<> ") if original and original.message_id else None
        kind = message.kind
        if kind is Kind.COMPLAINT and message.reason == "not_a_bounce.unsubscribe":
            kind = Kind.UNSUBSCRIBE
        for bounce in message.bounces:
            yield Event(
                kind, bounce, self._path, number, message_id=named or None, last=last_cause(bounce.reply.text),
                feedback_type=message.feedback_type,
            )  # fmt: skip
