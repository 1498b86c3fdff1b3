"""What knowledge looks like: one frozen dataclass a kind of entry. There is no logic about mail in this package."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum

from deliverkit.model import AddressAction, MessageAction, Outcome, Owner, Severity

Strings = tuple[str, ...]


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class CodePart:
    """What one digit of an enhanced code says: the class (first) or the subject (second), RFC 3463 section 3."""

    id: str
    """The digit."""
    name: str
    reference: str


@dataclass(frozen=True, slots=True)
class CodeReuse:
    """A code that a provider uses for something else than the registry says."""

    id: str
    codes: Strings
    """With their class digit: ``5.7.29``."""
    provider: str | None
    source: str
    reason: str | None = None
    """What the provider means by it, where it is one thing."""


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class FixSpec:
    """Ordered steps against one cause."""

    id: str
    owner: Owner
    steps: tuple[StepSpec, ...]
    references: Strings = ()


class CodeKind(StrEnum):
    """What kind of thing one answer of a blocklist says."""

    LISTED = "listed"
    """Evidence of abuse."""
    POLICY = "policy"
    """No evidence of abuse: a dynamic range, neighbours, a formal fault, age."""
    GOOD = "good"
    """An allow list's answer."""
    NEUTRAL = "neutral"
    ERROR = "error"
    """The list refuses or faults the question: never a listing, never clean."""
    TEST = "test"
    """Only for the list's own test entries."""


class CodeStyle(StrEnum):
    """How the address that a blocklist answers is read."""

    EXACT = "exact"
    """The whole address is the code."""
    BITMASK = "bitmask"
    """Each bit of the last octet is a code of its own (RFC 5782 section 2.3)."""
    OCTETS = "octets"
    """Octets carry numbers; see ``CodeRange``."""


class Weight(StrEnum):
    """How much receivers are known to act on a list."""

    HIGH = "high"
    MEDIUM = "medium"
    SMALL = "small"


@dataclass(frozen=True, slots=True)
class ListCode:
    """What one answer of a blocklist means."""

    a: str
    """The address answered, ``bit:N`` (N is the bit's value) for a bitmask list, or a network for a range."""
    kind: CodeKind
    label: str
    """The list's own short word for it."""
    meaning: str
    """Key of the sentence: ``meaning.<this>`` in ``text/<lang>/blocklists.toml``."""
    about: str = ""
    """``abused`` (a good domain misused), ``age``, ``dynamic`` (an end-user range), ``neighbours``, ``formal``
    (a set-up rule) or ``backscatter``, where it calls for another repair than a plain listing."""


@dataclass(frozen=True, slots=True)
class CodeRange:
    """Codes whose octets carry numbers: all addresses of ``a`` within the bounds mean one thing."""

    code: ListCode
    """Its ``a`` is the network, as ``127.0.0.0/16``."""
    fourth: tuple[int, ...]
    """Lowest and highest fourth octet."""
    third: tuple[int, ...] = (0, 255)
    """Lowest and highest third octet."""


@dataclass(frozen=True, slots=True)
class Blocklist:
    """A DNS blocklist or allow list (RFC 5782), or a reputation without DNS."""

    id: str
    name: str
    zone: str
    """The zone that is asked; empty where there is none."""
    operator: str
    kinds: Strings
    """What of a sender it is asked about: ``ip4``, ``ip6``, ``domain``."""
    status: str
    """``active``, ``key_required``, ``registration_required``, ``unreliable``, ``unconfirmed``, ``superseded``,
    ``dead`` or ``no_dns``."""
    type: str = "block"
    """``block``, ``allow``, ``info`` or ``mixed`` (its answers mean different things)."""
    codes: tuple[ListCode, ...] = ()
    code_style: CodeStyle = CodeStyle.EXACT
    codes_basis: str = ""
    """``operator``, ``repository``, ``third_party`` or ``assumed`` (127.0.0.2 by custom only)."""
    code_range: CodeRange | None = None
    error_net: str | None = None
    """Every answer in this network is a refusal."""
    query_with_key: str | None = None
    """The name to ask with an account key, made of ``{q}`` and ``{key}``."""
    key: str | None = None
    """Name of the account key (``spamhaus-dqs``) that it takes, or needs when ``key_required``."""
    query_as: str = "name"
    """What of a domain is asked: ``name`` as given, or its ``registrable`` domain."""
    test_listed: Strings = ()
    """Test points that must answer."""
    test_clean: Strings = ()
    """Test points that must not exist."""
    test_basis: str = "none"
    """``operator``, ``third_party`` (seen), ``rfc5782`` (assumed) or ``none``."""
    weight: Weight = Weight.SMALL
    asked_by_default: bool = False
    component_of: str | None = None
    """The list whose answer holds this one's; asking both counts one listing twice."""
    superseded_by: str | None = None
    stands_for: str | None = None
    """The public list that this one replaces when its key is at hand."""
    aliases: Strings = ()
    """Other zones of the same list or family."""
    suffixes: Strings = ()
    """Any zone that ends so is this list."""
    since: str | None = None
    """When it died: a date, or ``before`` one."""
    death: str | None = None
    """What the dead zone answers: ``empty``, ``world``, ``parked``, ``silent`` or ``unknown``."""
    lookup_url: str | None = None
    """Page that shows a listing; ``{q}`` is the address or domain."""
    removal: str = "unknown"
    """The way out: ``form``, ``mail``, ``visit`` (from the listed address), ``wait``, ``owner`` (only the network's
    owner can ask), ``none`` or ``unknown``."""
    removal_url: str | None = None
    removal_paid: bool = False
    """The operator also sells removal; the free way is the one described."""
    sources: Strings = ()
    as_of: str = ""

    @property
    def host(self) -> str:
        """The zone as it may be shown: never with a key."""
        return self.zone or self.name


@dataclass(frozen=True, slots=True)
class Platform:
    """A sending or hosting platform and the marks by which DNS gives it away."""

    id: str
    name: str
    spf_include: Strings = ()
    mx: Strings = ()
    dkim_selectors: Strings = ()
    """Literal names that can be asked for."""
    dkim_selector_shapes: Strings = ()
    """Selectors whose ``<parts>`` differ per customer: they recognise, but cannot be asked for."""
    dkim_cname_suffix: Strings = ()
    verification_txt_prefix: Strings = ()
    selector_guess: str = "no"
    """``yes``, ``partly`` or ``no``: are its selectors worth probing?"""
    records: Strings = ()
    note: str = ""
    confirmed: bool = True
    unconfirmed_parts: Strings = ()
    source: str = ""
    as_of: str = ""
