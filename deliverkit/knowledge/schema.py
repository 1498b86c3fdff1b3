"""What knowledge looks like: one frozen dataclass a kind of entry. There is no logic about mail in this package.

Entries are compared by identity (``eq=False``): each exists once, under its id, and comparing methods would cost
every start of the program a quarter of a millisecond a class.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from deliverkit.model import AddressAction, MessageAction, Outcome, Owner, Severity

Strings = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Reason:
    """Why, from the closed list; the policy for message and address is part of it."""

    id: str
    owner: Owner
    """Who has to act."""
    address_4xx: AddressAction
    """What to do with the address after a temporary reply: never ``suppress`` for a bounce."""
    address_5xx: AddressAction
    on_4xx: MessageAction | None = None
    """What to do with the message after a temporary reply; None for what is no bounce."""
    on_5xx: MessageAction | None = None
    """What to do with the message after a permanent reply."""
    guide: str | None = None
    """The category's name in the guides, where they have one."""
    checks: Strings = ()
    """Live checks that can prove it."""
    fixes: Strings = ()
    """Fix ids, in the order they are shown."""
    vocabularies: dict[str, Strings] = dataclasses.field(default_factory=dict)
    """The nearest words of other systems, by system."""
    mapping_note: str = ""

    @property
    def category(self) -> str:
        """First part of the id."""
        return self.id.partition(".")[0]


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One reply text and the reason it proves. ``pattern`` is RE2, searched case-insensitively in
    the normalised reply (codes first, then text, one line)."""

    id: str
    provider: str
    pattern: str
    reason: str
    code: int | None = None
    """The reply code must be this, where given."""
    enhanced: str | None = None
    """The enhanced code must be this, where given."""


@dataclass(frozen=True, slots=True, eq=False)
class RuleInfo:
    """What stands behind a rule; not needed to match."""

    id: str
    examples: Strings
    example_kind: str
    """``log``, ``page_text``, ``typical`` or ``constructed``."""
    source: str
    as_of: str
    confirmed: bool = True
    fixes: Strings = ()
    """Fixes of this reply that come before those of its reason (the provider's own route)."""
    owner: Owner | None = None
    """Who acts, where this reply differs from its reason."""
    help_url: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Provider:
    """A mailbox provider, gateway or mail server whose replies we know."""

    id: str
    name: str
    kind: str
    """``mailbox`` (people have addresses there), ``gateway``, ``blocklist``, ``platform``, ``mta`` or ``generic``."""
    mx: Strings = ()
    """Host patterns, matched on label boundaries; ``*`` is one label."""
    marks: Strings = ()
    """RE2 patterns in a reply that only this provider writes."""
    postmaster_url: str | None = None
    family: str = ""
    """Providers of one family run the same system: the rules of one hold for the replies of the other."""


@dataclass(frozen=True, slots=True, eq=False)
class EnhancedCode:
    """A line of the IANA registry of enhanced status codes, class digit as X (RFC 3463, RFC 5248)."""

    id: str
    name: str
    basic: Strings
    reference: str
    class_use: str
    """``transient``, ``permanent``, ``either`` or ``success``: what the defining RFC says it is useful for."""
    registered: bool
    reason: str | None = None
    """What the code alone suggests; None where it suggests nothing."""
    reason_4xx: str | None = None
    """Where class 4 suggests something else than class 5."""
    ambiguous: bool = False
    """Providers put it on anything: alone it proves little."""
    source: str = ""
    as_of: str = ""
    confirmed: bool = True
    provider: str | None = None
    """Whose private code it is, where the registry does not know it."""
    range_end: str | None = None
    """Last code of the range that this entry speaks for where no entry of its own exists: ``X.7.599``."""


@dataclass(frozen=True, slots=True, eq=False)
class BasicCode:
    """A reply code (RFC 5321 section 4.2 and its extensions)."""

    id: str
    text: str
    kind: str
    """``success``, ``intermediate``, ``transient`` or ``permanent``."""
    source: str
    reason: str | None = None
    ambiguous: bool = False
    """Servers put it on anything: alone it proves little."""
    confirmed: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class CodePart:
    """What one digit of an enhanced code says: the class (first) or the subject (second), RFC 3463 section 3."""

    id: str
    """The digit."""
    name: str
    reference: str


@dataclass(frozen=True, slots=True, eq=False)
class CodeReuse:
    """A code that a provider uses for something else than the registry says."""

    id: str
    codes: Strings
    """With their class digit: ``5.7.29``."""
    provider: str | None
    source: str
    reason: str | None = None
    """What the provider means by it, where it is one thing."""


@dataclass(frozen=True, slots=True, eq=False)
class FindingSpec:
    """What a check can notice."""

    id: str
    check: str
    severity: Severity
    outcome: Outcome
    args: Strings = ()
    """Names of the arguments its sentence takes."""
    explains: Strings = ()
    """Reasons that this finding proves as a cause."""
    fixes: Strings = ()
    references: Strings = ()
    """RFC sections and pages."""
    since: str = "0.1.0"
    on_request: bool = False
    """What it speaks of is a matter of choice: its fixes are planned only for those who asked for the check by name."""


@dataclass(frozen=True, slots=True, eq=False)
class StepSpec:
    """One step of a fix; placeholders in braces are filled from the case."""

    id: str
    owner: Owner | None = None
    """Where it differs from the fix's."""
    record_name: str | None = None
    record_type: str | None = None
    record_value: str | None = None
    """Value, or ``{computed}`` where ``fixes.py`` works it out from what is published."""
    command: str | None = None
    url: str | None = None
    verify: str | None = None
    verify_check: str | None = None
    platform: str | None = None
    """Only for senders on this platform."""
    provider: str | None = None
    """Only for replies of this provider."""
    unless: str | None = None
    """Left out where a record that the checks saw holds this text: there it is done already."""


@dataclass(frozen=True, slots=True, eq=False)
class FixSpec:
    """Ordered steps against one cause."""

    id: str
    owner: Owner
    steps: tuple[StepSpec, ...]
    references: Strings = ()


@dataclass(frozen=True, slots=True, eq=False)
class WordList:
    """A list of words, names or domains that a check compares with."""

    id: str
    words: Strings
    """Lower case."""
    source: str
    as_of: str


@dataclass(frozen=True, slots=True, eq=False)
class Phrases:
    """What mail systems or people write for one purpose, in whatever language."""

    id: str
    patterns: Strings
    """RE2 syntax, any case; a text that one of them matches says it."""


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """The words of another system for our reasons."""

    id: str
    name: str
    reference: str
    as_of: str
    none: str
    """What the system says of what it has no word for."""
    words: dict[str, Strings]
    """By reason: one word, or that for a message that is over and that for one that is tried again."""
    classes: dict[str, str] = dataclasses.field(default_factory=dict)
    """By word: the reason that a rule of this class proves, where rules of the system can be read."""
