"""Whatever a person gives, as bounces: replies, log lines, or whole mails."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from deliverkit.bounces.mail.looks import looks_like_mail
from deliverkit.bounces.pasted import read_bounces
from deliverkit.model import Bounce

if TYPE_CHECKING:
    from deliverkit.bounces.classify import Classifier
    from deliverkit.knowledge import Knowledge


class Given(NamedTuple):
    """What was found in one text or mail file."""

    bounces: tuple[Bounce, ...]
    classifier: Classifier
    """The one to judge them with: what a mail is by its kind (an auto reply, a complaint) needs no words to match."""
    ordinary: int = 0
    """Mails that are no bounce at all, and so were left out."""


def bounces_in(given: str | bytes, classifier: Classifier, knowledge: Knowledge, source: str | None = None) -> Given:
    """The bounces in a pasted text, or in the bytes of a mail or an mbox. Never raises for what they say."""
    if isinstance(given, str):
        if not ("\n" in given and looks_like_mail(given)):
            return Given(read_bounces(given), classifier)
        given = given.encode("utf-8", "surrogateescape")
    # Imported here: who explains a reply does not wait for the reader of mails.
    from deliverkit.bounces.message import Kind, MailClassifier, read_messages

    judge = classifier if isinstance(classifier, MailClassifier) else MailClassifier(classifier)
    found: list[Bounce] = []
    ordinary = 0
    for message in read_messages(given):
        if message.kind is Kind.ORDINARY:
            ordinary += 1
            continue
        named = tuple(replace(b, source=source) for b in message.bounces) if source else message.bounces
        found += judge.take(replace(message, bounces=named), knowledge)
    return Given(tuple(found), judge, ordinary)
