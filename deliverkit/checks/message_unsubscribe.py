"""The check ``message-unsubscribe``: can a reader leave with one click (RFC 2369, RFC 8058)?"""

from __future__ import annotations

import re
from dataclasses import dataclass

from deliverkit.checks import Notes, Target, World
from deliverkit.checks.message_auth import Verdict, Verified, verify_signatures
from deliverkit.message.links import link_of
from deliverkit.message.mail import Message
from deliverkit.message.signature import Signature
from deliverkit.model import CheckResult, Outcome

FIELDS = ("list-unsubscribe", "list-unsubscribe-post")
BULK_FIELDS = ("list-id", "feedback-id", "x-csa-complaints", "x-mailgun-sid", "x-sg-eid", "x-campaign", "x-campaignid")
"""Fields that hardly any personal message has."""
_URI = re.compile(r"<([^<>]{1,2000})>")


@dataclass(frozen=True, slots=True)
class UnsubscribeFacts:
    """What was seen."""

    bulk: tuple[str, ...]
    """The fields that speak for a mailing."""
    uris: tuple[str, ...] = ()
    one_click: bool = False
    signed: bool | None = None
    """A passing signature covers both fields; None where it could not be verified."""


async def run(target: Target, world: World) -> CheckResult:
    """Judge the unsubscribe fields of ``target.message``."""
    message = target.message
    notes = Notes("message-unsubscribe", target.domain or "", world.knowledge)
    if message is None:
        return notes.result(outcome=Outcome.NOT_APPLICABLE)
    bulk = bulk_hints(message)
    field = message.text("list-unsubscribe")
    if field is None:
        if bulk:
            notes.add("message-unsubscribe-missing", hint=bulk[0])
            return notes.result(UnsubscribeFacts(bulk))
        notes.add("message-unsubscribe-personal")
        return notes.result(UnsubscribeFacts(bulk), outcome=Outcome.NOT_APPLICABLE)
    if len(message.all("list-unsubscribe")) > 1:
        notes.add("message-unsubscribe-doubled")
    uris = tuple(uri.strip() for uri in _URI.findall(field)[:10])
    if not uris:
        notes.add("message-unsubscribe-malformed", value=field[:100])
        return notes.result(UnsubscribeFacts(bulk))
    one_click = _judge(notes, uris, message.text("list-unsubscribe-post"))
    signed = None
    if one_click:
        signed = covered(await verify_signatures(message, world.resolver))
        finding = {True: "one-click", False: "not-signed", None: "unverified"}[signed]
        notes.add(f"message-unsubscribe-{finding}")
    return notes.result(UnsubscribeFacts(bulk, uris, one_click, signed))


def bulk_hints(message: Message) -> tuple[str, ...]:
    """Names of fields that say that the message went to many."""
    found = [name for name in BULK_FIELDS if message.first(name) is not None]
    if (message.text("precedence") or "").strip().lower() in ("bulk", "list", "junk"):
        found.append("precedence")
    return tuple(found)


def _judge(notes: Notes, uris: tuple[str, ...], post: str | None) -> bool:
    """Whether one click is offered as RFC 8058 asks; notes what is missing."""
    links = [link_of(uri) for uri in uris]
    if not any(link.scheme == "https" and link.host for link in links):
        notes.add("message-unsubscribe-no-https", scheme=links[0].scheme or "?")
        return False
    if post is None:
        notes.add("message-unsubscribe-no-post")
        return False
    if post.replace(" ", "").lower() != "list-unsubscribe=one-click":
        notes.add("message-unsubscribe-post-wrong", value=post[:100])
        return False
    return True


def covered(found: tuple[Verified, ...]) -> bool | None:
    """Whether a passing signature covers both fields (RFC 8058 section 4); None while that is open."""
    over = [s for s in found if isinstance(s.signature, Signature) and set(FIELDS) <= set(s.signature.signed)]
    if any(each.verdict is Verdict.PASS for each in over):
        return True
    return None if any(each.open for each in over) else False
