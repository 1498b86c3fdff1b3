"""What the codes alone suggest when no rule knows the words, and how little that often is."""

from __future__ import annotations

from typing import NamedTuple

from deliverkit.knowledge import Knowledge
from deliverkit.model import Basis, Confidence

_UNKNOWN = "unknown.unclassified"
_TAKEN = frozenset({250, 251})
_BEFORE_RECIPIENT = frozenset({"connect", "ehlo", "auth", "mail"})
_AFTER_RECIPIENT = frozenset({"data", "eod"})


class ByCode(NamedTuple):
    """A reason read from codes."""

    reason: str
    confidence: Confidence
    basis: Basis
    telling: bool = False
    """The code means one thing: it can confirm or contradict a phrase."""
    provider: str | None = None
    """Who alone uses this code: it names its writer as a mark in the text would."""


def reason_of_codes(
    knowledge: Knowledge, code: int | None, enhanced: str | None, provider: str | None, phase: str | None
) -> ByCode:
    """The reason that the enhanced code (RFC 3463), else the reply code (RFC 5321) suggests.

    ``likely`` at best. A code that providers put on anything is ``weak``; so is one about the recipient in answer to a
    command that named none yet, and one about the mailbox after the message was taken (a filter spoke, not a list
    of users). ``unknown.unclassified`` with ``none`` where the codes say nothing.
    """
    if (code and code < 400) or (code is None and enhanced and enhanced[0] == "2"):
        if code and code not in _TAKEN:
            # A greeting, a goodbye or a login: nothing was delivered, and nothing failed.
            return ByCode(_UNKNOWN, Confidence.NONE, Basis.NOTHING)
        basis = Basis.REPLY_CODE if code else Basis.ENHANCED_CODE
        return ByCode("not_a_bounce.delivered", Confidence.LIKELY, basis)
    if enhanced and enhanced[0] != "2":
        found = _by_reuse(knowledge, enhanced, provider) or _by_enhanced(knowledge, enhanced, phase)
        if found:
            return found
    basic = knowledge.basic_codes.get(str(code)) if code else None
    if basic and basic.reason:
        return ByCode(basic.reason, Confidence.WEAK, Basis.REPLY_CODE)
    return ByCode(_UNKNOWN, Confidence.NONE, Basis.NOTHING)


def _by_reuse(knowledge: Knowledge, enhanced: str, provider: str | None) -> ByCode | None:
    if provider is None:
        return None
    for reuse in knowledge.code_reuse.values():
        if reuse.provider == provider and enhanced in reuse.codes:
            if reuse.reason:
                return ByCode(reuse.reason, Confidence.LIKELY, Basis.ENHANCED_CODE, telling=True)
            return None
    return None


def _by_enhanced(knowledge: Knowledge, enhanced: str, phase: str | None) -> ByCode | None:
    spec = knowledge.enhanced_code(enhanced)
    if spec is None:
        return None
    reason = (spec.reason_4xx if enhanced[0] == "4" else None) or spec.reason
    if not reason:
        return None
    telling = not spec.ambiguous
    if phase in _BEFORE_RECIPIENT and reason.startswith(("invalid_address.", "mailbox_")):
        telling = False
    if phase in _AFTER_RECIPIENT and reason.startswith("invalid_address."):
        telling = False
    confidence = Confidence.LIKELY if telling else Confidence.WEAK
    return ByCode(reason, confidence, Basis.ENHANCED_CODE, telling, spec.provider if telling else None)
