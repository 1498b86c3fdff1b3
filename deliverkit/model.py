"""The words of deliverkit: frozen values that the core hands out and every surface reads.

Nothing here does I/O or knows a screen. Findings, verdicts and steps carry ids and arguments;
the sentences live in ``knowledge/text`` and are joined in ``report`` and in the TUI.

Large values are compared by identity (``eq=False``): nobody compares two diagnoses field by field, and each class
with comparing methods costs every start of the program a quarter of a millisecond.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date


class Outcome(StrEnum):
    """What a check came to. ``unknown`` is an honest answer, never a softer ``pass`` or ``fail``."""

    PASS = "pass"  # noqa: S105 an outcome, no password
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


class Severity(StrEnum):
    """How bad a finding is: mail is refused (error), at risk (warning), worth knowing (notice, info)."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"
    INFO = "info"


class Confidence(StrEnum):
    """How sure a verdict is; see ``docs/en/dev/architecture.md``, order of proof."""

    SURE = "sure"
    LIKELY = "likely"
    WEAK = "weak"
    NONE = "none"


class Basis(StrEnum):
    """What a verdict stands on, strongest first."""

    RULE = "rule"
    ENHANCED_CODE = "enhanced_code"
    REPLY_CODE = "reply_code"
    NOTHING = "nothing"


class MessageAction(StrEnum):
    """What to do with this one message."""

    RETRY = "retry"
    FIX_THEN_RESEND = "fix_then_resend"
    DROP = "drop"


class AddressAction(StrEnum):
    """What to do with this one address. Only proof that it is dead suppresses it."""

    KEEP = "keep"
    SUPPRESS = "suppress"
    REVIEW = "review"


class BounceType(StrEnum):
    """Derived from the two actions, for people who think in hard and soft bounces."""

    HARD = "hard"
    SOFT = "soft"


class Owner(StrEnum):
    """Who has to act."""

    SENDER = "sender"
    """Whoever writes and sends the mail or keeps the list."""
    SENDER_ADMIN = "sender_admin"
    """Whoever runs DNS and servers of the sending domain."""
    SENDING_PLATFORM = "sending_platform"
    """The ESP, hoster or internet provider that the sender uses."""
    RECIPIENT = "recipient"
    """The person behind the address."""
    RECIPIENT_ADMIN = "recipient_admin"
    """Whoever runs the receiving domain."""
    PROVIDER = "provider"
    """The receiving mailbox provider or gateway."""
    NOBODY = "nobody"
    """Waiting is enough, or there is nothing to do."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What an SMTP server said (RFC 5321 section 4.2, RFC 3463)."""

    code: int | None
    """Reply code, 200 to 599."""
    enhanced_code: str | None
    """Enhanced status code as printed, such as ``5.7.26``."""
    text: str
    """The reply on one line, codes first, white space folded, control characters gone."""
    raw: str
    """As it came, bounded in length; hostile until a surface has cleaned it."""


@dataclass(frozen=True, slots=True)
class Bounce:
    """One failed delivery to one recipient, wherever it was read."""

    reply: Reply
    recipient: str | None = None
    sender: str | None = None
    mx: str | None = None
    """Name of the receiving host that spoke."""
    ip: str | None = None
    """Our sending IP where the text or the source names it."""
    phase: str | None = None
    """SMTP command that was answered: ``connect``, ``ehlo``, ``auth``, ``mail``, ``rcpt``, ``data``, ``eod``."""
    at: str | None = None
    """When, ISO 8601, where the source says so."""
    source: str | None = None
    """Where it was read: file, line or format."""
    original_recipient: str | None = None
    """The address as the sender gave it, where the report names another one as failed (RFC 3464 section 2.3.1)."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """What else was close."""

    reason: str
    rule: str | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a delivery failed, how sure that is, and what to do with the message and the address."""

    reason: str
    """``category.reason`` from the closed list in ``knowledge/reasons.toml``."""
    confidence: Confidence
    basis: Basis
    provider: str | None
    rule: str | None
    """Id of the reply rule that decided, or None."""
    message_action: MessageAction | None
    """None for what is not a bounce."""
    address_action: AddressAction
    owner: Owner
    also_possible: tuple[Alternative, ...] = ()

    @property
    def category(self) -> str:
        """First part of the reason; one of twelve."""
        return self.reason.partition(".")[0]

    @property
    def bounce_type(self) -> BounceType | None:
        """``hard`` where the address is to be suppressed as dead, ``soft`` for every other bounce, None for none."""
        if self.message_action is None:
            return None
        return BounceType.HARD if self.address_action is AddressAction.SUPPRESS else BounceType.SOFT


@dataclass(frozen=True, slots=True, eq=False)
class RuleEvidence:
    """The words of a reply that decided a verdict."""

    rule: str | None
    matched: str
    """The part of the reply that the pattern or the code table matched."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """Named groups: ``ip``, ``domain``, ``url``, ``limit``, ``list``."""


Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of proof behind a finding."""

    label: str
    """What it is: a DNS name and type (``shop.example TXT``) or a short word."""
    value: str
    """What was seen, literally; hostile until cleaned."""
    dig: str | None = None
    """The command that asks the same."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a check noticed. The sentence is made from ``id`` and ``args`` by the surface."""

    id: str
    severity: Severity
    args: Mapping[str, Scalar] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class CheckResult:
    """What one check came to for one subject."""

    check: str
    subject: str
    """The domain, IP or name that was asked about."""
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    facts: Any = None
    """The check's own frozen dataclass (the SPF tree, the keys, the listings), or None."""
    elapsed: float = 0.0
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Record:
    """A DNS record to publish, and what stands there now."""

    name: str
    rdtype: str
    value: str
    now: tuple[str, ...] = ()
    """What is published at that name and type today; empty if nothing or not asked."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One thing to do. Title and why come from the text files by ``id``."""

    id: str
    """``fix-id.step-id``."""
    owner: Owner
    args: Mapping[str, Scalar] = field(default_factory=dict)
    record: Record | None = None
    command: str | None = None
    url: str | None = None
    verify: str | None = None
    """Command that shows that the step worked."""
    verify_check: str | None = None
    """Name of the check that proves it when asked afresh; None where only waiting or a person can tell."""
    because: tuple[str, ...] = ()
    """Ids of the findings or the reason that asked for this step."""


class Proof(StrEnum):
    """How a cause stands after the checks."""

    PROVEN = "proven"
    CONSISTENT = "consistent"
    CONTRADICTED = "contradicted"


@dataclass(frozen=True, slots=True, eq=False)
class Cause:
    """A possible cause, ranked by proof."""

    reason: str
    proof: Proof
    findings: tuple[Finding, ...] = ()
    """The findings that explain it; empty unless proven."""


@dataclass(frozen=True, slots=True, eq=False)
class Diagnosis:
    """Verdict and findings joined."""

    bounce: Bounce
    verdict: Verdict
    evidence: RuleEvidence
    causes: tuple[Cause, ...]
    checks: tuple[CheckResult, ...]
    steps: tuple[Step, ...]
    not_asked: tuple[str, ...] = ()
    """Names of checks that were left out because the reason does not call for them or a value is missing."""


class RequirementState(StrEnum):
    """How a domain stands to one demand of a mailbox provider."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"
    """It can be seen, but could not be asked this time."""
    CANNOT_BE_SEEN = "cannot_be_seen"
    """Nothing in DNS tells: a message, the provider's own figures or a person would have to be asked."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One demand of one provider, judged for one domain."""

    id: str
    """Of the demand in ``knowledge/requirements``."""
    provider: str
    bulk: bool
    """Only senders of bulk mail have to meet it."""
    state: RequirementState
    because: tuple[str, ...] = ()
    """Ids of the findings that show that it is not met, or that it is."""
    reply: str | None = None
    """Id of the reply rule with what the provider says to those who do not meet it, where it is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Audit:
    """All checks of one domain."""

    domain: str
    outcome: Outcome
    checks: tuple[CheckResult, ...]
    platforms: tuple[str, ...]
    steps: tuple[Step, ...]
    elapsed: float = 0.0
    requirements: tuple[Requirement, ...] = ()
    """The demands of mailbox providers; empty where not all checks ran that judge them."""


@dataclass(frozen=True, slots=True, eq=False)
class Ignore:
    """A finding that somebody decided to live with, for a stated reason and perhaps for a time."""

    finding: str
    """Id of the finding."""
    reason: str
    domain: str = "*"
    """Glob of the domains it is for, such as ``*.example.com``."""
    until: date | None = None
    """Last day on which it holds."""

    def expired(self, today: date) -> bool:
        """Whether it no longer holds."""
        return self.until is not None and today > self.until

    def covers(self, finding: str, domain: str) -> bool:
        """Whether it is about this finding of this domain; not whether it still holds."""
        return finding == self.finding and fnmatchcase(domain.lower(), self.domain.lower())
