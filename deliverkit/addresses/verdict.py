"""The words for one address."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What to think of an address. Nobody knows whether a mailbox exists without sending to it."""

    OK = "ok"
    """Nothing speaks against it."""
    RISKY = "risky"
    """It may take mail, and something speaks against it."""
    UNDELIVERABLE = "undeliverable"
    """Proven: no address, or a domain that does not exist or takes no mail."""
    UNKNOWN = "unknown"
    """DNS did not answer."""


class Reason(StrEnum):
    """Why; sentences stand in ``text/<lang>/addresses.toml``. Never renamed."""

    EMPTY = "empty"
    SYNTAX = "syntax"
    DOMAIN_SYNTAX = "domain-syntax"
    NO_DOMAIN = "domain-not-found"
    NULL_MX = "domain-null-mx"
    NO_MAIL = "domain-no-mail"
    UNANSWERED = "domain-unanswered"
    FALLBACK = "domain-address-fallback"
    TYPO = "typo"
    ROLE = "role"
    DISPOSABLE = "disposable"
    NEEDS_SMTPUTF8 = "needs-smtputf8"
    QUOTED = "quoted"
    DUPLICATE = "duplicate"
    SAME_MAILBOX = "same-mailbox"


_PROVEN = frozenset(
    {Reason.EMPTY, Reason.SYNTAX, Reason.DOMAIN_SYNTAX, Reason.NO_DOMAIN, Reason.NULL_MX, Reason.NO_MAIL}
)
_DOUBTS = frozenset(
    {Reason.FALLBACK, Reason.TYPO, Reason.ROLE, Reason.DISPOSABLE, Reason.NEEDS_SMTPUTF8, Reason.QUOTED}
)


def verdict_of(reasons: tuple[Reason, ...]) -> Verdict:
    """Proof outranks an open question, and that a doubt. To be there twice says nothing about an address."""
    if not _PROVEN.isdisjoint(reasons):
        return Verdict.UNDELIVERABLE
    if Reason.UNANSWERED in reasons:
        return Verdict.UNKNOWN
    return Verdict.OK if _DOUBTS.isdisjoint(reasons) else Verdict.RISKY


@dataclass(frozen=True, slots=True)
class Judged:
    """One address of the list, judged."""

    given: str
    """As it stands in the list; hostile until cleaned."""
    address: str | None
    """Its normal form: the domain in lower case, white space and a display name gone; None where there is none."""
    domain: str | None
    """A-labels."""
    reasons: tuple[Reason, ...]
    suggestion: str | None = None
    """The address that was probably meant."""

    @property
    def verdict(self) -> Verdict:
        """What to think of it."""
        return verdict_of(self.reasons)

    @property
    def duplicate(self) -> bool:
        """It stood in the list before, perhaps in other case."""
        return Reason.DUPLICATE in self.reasons
