"""What knowledge of DNS looks like: blocklists and sending platforms.

Apart from ``schema.py`` because those who explain a reply need none of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from deliverkit.knowledge.schema import Strings


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


@dataclass(frozen=True, slots=True, eq=False)
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


@dataclass(frozen=True, slots=True, eq=False)
class CodeRange:
    """Codes whose octets carry numbers: all addresses of ``a`` within the bounds mean one thing."""

    code: ListCode
    """Its ``a`` is the network, as ``127.0.0.0/16``."""
    fourth: tuple[int, ...]
    """Lowest and highest fourth octet."""
    third: tuple[int, ...] = (0, 255)
    """Lowest and highest third octet."""


@dataclass(frozen=True, slots=True, eq=False)
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


@dataclass(frozen=True, slots=True, eq=False)
class Proof:
    """How the findings of one check tell whether something is so. The first of these that fits decides."""

    id: str
    check: str
    broken_by: Strings = ()
    """Findings that show that it is not so."""
    proven_by: Strings = ()
    """Findings that show that it is."""
    unknown_by: Strings = ()
    """Findings that say that it could not be asked."""
    unseen_by: Strings = ()
    """Findings that say that there is nothing from which it could be told."""
    otherwise: str = "met"
    """When none of these is there: ``met``, unless the check is unknown as a whole, or ``cannot_be_seen``."""


@dataclass(frozen=True, slots=True, eq=False)
class RequirementSpec:
    """One demand of a mailbox provider on those who send to it."""

    id: str
    provider: str
    source: str
    """The page where the provider demands it."""
    as_of: str
    """Day of the version of that page that was read, ISO 8601."""
    bulk: bool = False
    """Only senders of bulk mail have to meet it."""
    proofs: Strings = ()
    """Ids of proofs; none for what cannot be seen from outside."""
    any_of: bool = False
    """One proof is enough; otherwise all are needed."""
    since: str | None = None
    """Day from which it is in force, where the provider names one."""
    reply: str | None = None
    """Id of the reply rule that the provider answers with."""


@dataclass(frozen=True, slots=True, eq=False)
class PlatformNeed:
    """One record that makes a platform's part complete."""

    part: str
    """``spf``, ``dkim``, ``return_path`` (the MAIL FROM domain) or ``tracking``."""
    name: str
    """Below the domain; ``@`` is the domain itself. ``<parts>`` differ per customer, and cannot be asked for."""
    rdtype: str
    value: str = ""
    """A host (``*`` and ``<parts>`` as elsewhere), the include of an SPF record, or nothing for a key."""
    optional: bool = False
    """Its absence is no fault."""


@dataclass(frozen=True, slots=True, eq=False)
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
    needs: tuple[PlatformNeed, ...] = ()
    """What has to stand in DNS, as far as it is known."""
    note: str = ""
    confirmed: bool = True
    unconfirmed_parts: Strings = ()
    source: str = ""
    as_of: str = ""
