"""What knowledge looks like: one frozen dataclass a kind of entry, and one function that builds them.

``build`` is strict: an unknown key, a missing key or a wrong type is a KnowledgeError that names
file, table and key. There is no logic about mail in this package.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

from deliverkit.errors import KnowledgeError
from deliverkit.model import AddressAction, MessageAction, Outcome, Owner, Severity

Strings = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, from the closed list; the policy for message and address is part of it."""

    id: str
    owner: Owner
    """Who has to act."""
    on_4xx: MessageAction | None
    """What to do with the message after a temporary reply; None for what is no bounce."""
    on_5xx: MessageAction | None
    address_4xx: AddressAction
    address_5xx: AddressAction
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


@dataclass(frozen=True, slots=True)
class BasicCode:
    """A reply code (RFC 5321 section 4.2 and its extensions)."""

    id: str
    text: str
    kind: str
    """``success``, ``intermediate``, ``transient`` or ``permanent``."""
    source: str
    reason: str | None = None
    confirmed: bool = True


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


@dataclass(frozen=True, slots=True)
class FixSpec:
    """Ordered steps against one cause."""

    id: str
    owner: Owner
    steps: tuple[StepSpec, ...]
    references: Strings = ()


@dataclass(frozen=True, slots=True)
class ListCode:
    """What one answer of a blocklist means."""

    a: str
    """The address answered, or ``bit:N`` for a bitmask list."""
    kind: str
    """``listed``, ``policy``, ``good``, ``neutral``, ``error`` or ``test``."""
    label: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Blocklist:
    """A DNS blocklist, or a reputation without DNS (RFC 5782)."""

    id: str
    name: str
    zone: str
    operator: str
    kinds: Strings
    """``ip4``, ``ip6``, ``domain``."""
    status: str
    """``active``, ``key_required``, ``registration_required``, ``unreliable``, ``unconfirmed``, ``superseded``,
    ``dead`` or ``no_dns``."""
    codes: tuple[ListCode, ...] = ()
    code_style: str = "exact"
    codes_basis: str = ""
    code_range: str | None = None
    error_net: str | None = None
    query: str | None = None
    query_with_key: str | None = None
    query_as: str | None = None
    secret: bool = False
    type: str = "block"
    """``block``, ``allow``, ``info`` or ``mixed``."""
    test_listed: Strings = ()
    test_clean: Strings = ()
    test_basis: str = "none"
    weight: str = "small"
    """``high``, ``medium`` or ``small``: how much receivers are known to use it."""
    weight_basis: str = ""
    asked_by_default: bool = False
    component_of: str | None = None
    superseded_by: str | None = None
    suffixes: Strings = ()
    since: str | None = None
    death: str | None = None
    lookup_url: str | None = None
    removal_url: str | None = None
    removal_self_service: str | None = None
    removal_expiry: str | None = None
    removal_who: str | None = None
    removal_paid: bool = False
    policy_listing: str | None = None
    ipv6: str | None = None
    public_resolver: str | None = None
    limits: str | None = None
    note: str | None = None
    contradictions: Strings = ()
    unconfirmed: Strings = ()
    sources: Strings = ()


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


T = TypeVar("T")


@cache
def _shape(cls: type) -> tuple[dict[str, Any], frozenset[str]]:
    hints = typing.get_type_hints(cls)
    fields = dataclasses.fields(cls)
    required = frozenset(
        f.name for f in fields if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    )
    return {f.name: hints[f.name] for f in fields}, required


def build(cls: type[T], table: dict[str, Any], where: str) -> T:
    """Make ``cls`` from a parsed table.

    ``where`` names file and table for the message. Raises KnowledgeError for a key that is unknown,
    missing or of the wrong type.
    """
    hints, required = _shape(cls)
    unknown = table.keys() - hints.keys()
    if unknown:
        import difflib

        key = min(unknown)
        near = difflib.get_close_matches(key, hints, 1)
        raise KnowledgeError(
            f"{where}: unknown key '{key}'",
            advice=f"Did you mean '{near[0]}'?" if near else f"Known keys: {', '.join(hints)}.",
        )
    missing = required - table.keys()
    if missing:
        raise KnowledgeError(f"{where}: key '{min(missing)}' is missing", advice="Add it; see CONTRIBUTING.")
    return cls(**{key: _convert(hints[key], value, f"{where}: {key}") for key, value in table.items()})


def _convert(hint: Any, value: Any, where: str) -> Any:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None:
            return None
        hint = next(h for h in typing.get_args(hint) if h is not type(None))
        origin = typing.get_origin(hint)
    if origin is tuple:
        if not isinstance(value, list):
            raise KnowledgeError(f"{where}: must be a list", advice="Write it in square brackets.")
        item = typing.get_args(hint)[0]
        return tuple(_convert(item, v, f"{where}[{i}]") for i, v in enumerate(value))
    if origin is dict:
        if not isinstance(value, dict):
            raise KnowledgeError(f"{where}: must be a table", advice="Write it in braces.")
        item = typing.get_args(hint)[1]
        return {str(k): _convert(item, v, f"{where}.{k}") for k, v in value.items()}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        if value not in {m.value for m in hint}:
            raise KnowledgeError(
                f"{where}: '{value}' is not one of {', '.join(m.value for m in hint)}", advice="Use one of these words."
            )
        return hint(value)
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, dict):
            raise KnowledgeError(f"{where}: must be a table", advice="Write it in braces.")
        return build(typing.cast(type, hint), value, where)
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise KnowledgeError(f"{where}: must be {_PLAIN.get(hint, hint.__name__)}", advice="Mend the value.")
    return value


_PLAIN = {str: "a text in quotes", int: "a whole number", bool: "true or false"}
