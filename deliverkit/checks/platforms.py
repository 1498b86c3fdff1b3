"""Which platforms send or host mail for a domain, by the marks they leave in its DNS.

Not a check: the DKIM, MX and audit code ask it. The marks are data (``knowledge/platforms.toml``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from deliverkit.checks import spf_record
from deliverkit.knowledge import Knowledge
from deliverkit.knowledge.schema_dns import Platform
from deliverkit.net.resolver import Answer, Resolver

MAX_RECORDS = 50
"""Records read of one answer; what stands behind is hostile or of no use."""
MAX_TERMS = 40
"""Terms read of an SPF record: four times what receivers look up."""
MAX_SELECTORS = 48
"""Selector questions for one domain."""
SELECTORS_EACH = 2
"""Selector questions for a platform that nothing else speaks of."""


class Mark(StrEnum):
    """What gives a platform away, strongest first."""

    DKIM_CNAME = "dkim_cname"
    """A selector leads to a name of the platform."""
    DKIM_KEY = "dkim_key"
    """A key stands at a selector of the platform, and something else spoke of it already."""
    SPF = "spf"
    """The domain's own SPF record names a host of the platform."""
    MX = "mx"
    """The platform takes the domain's mail; it need not send any."""
    VERIFICATION = "verification"
    """A token shows that somebody once claimed the domain there."""


_STRENGTH: Mapping[Mark, int] = {mark: len(Mark) - i for i, mark in enumerate(Mark)}


@dataclass(frozen=True, slots=True)
class PlatformMatch:
    """A platform and the strongest mark by which it was known."""

    id: str
    """Key in ``knowledge.platforms``."""
    evidence: Mark
    name: str
    """What was seen, literally: a host name, or the beginning of a token."""
    pattern: str
    """The mark in ``platforms.toml`` that it fits."""
    selector: str | None = None
    """The selector, for the two DKIM marks."""

    @property
    def strength(self) -> int:
        """5 (a selector's CNAME) to 1 (a token)."""
        return _STRENGTH[self.evidence]

    @property
    def sends(self) -> bool:
        """The mark speaks of sending, not only of receiving or of an account."""
        return self.evidence in (Mark.DKIM_CNAME, Mark.DKIM_KEY, Mark.SPF)


@dataclass(frozen=True, slots=True)
class Detection:
    """Platforms of a domain, strongest evidence first; iterates over its matches."""

    matches: tuple[PlatformMatch, ...]
    incomplete: bool
    """A question failed: there may be more platforms than these."""

    def __iter__(self) -> Iterator[PlatformMatch]:
        return iter(self.matches)

    def __len__(self) -> int:
        return len(self.matches)

    @property
    def ids(self) -> tuple[str, ...]:
        """The platforms' ids, strongest first."""
        return tuple(match.id for match in self.matches)


async def detect(domain: str, resolver: Resolver, knowledge: Knowledge) -> Detection:
    """Platforms that the DNS of ``domain`` gives away.

    Asks for MX and TXT of the domain, then for at most ``MAX_SELECTORS`` selectors: those of platforms
    that the first answers speak of, and those with fixed names and a CNAME of the platform's own.
    A failed question makes the result ``incomplete``, never an error.
    """
    platforms = knowledge.platforms
    mx, txt = await asyncio.gather(resolver.query(domain, "MX"), resolver.query(domain, "TXT"))
    found = [*by_mx(mx_hosts(mx), platforms), *by_spf(txt.records, platforms), *by_token(txt.records, platforms)]
    if mx.failed and txt.failed:
        # Neither question was heard, so forty more would only cost time.
        return Detection((), incomplete=True)
    suspects = {match.id for match in found} | _sharing(found, platforms)
    selectors = list(_questions(suspects, platforms))[:MAX_SELECTORS]
    names = list(dict.fromkeys(selector for _, selector in selectors))
    asked = (resolver.query(f"{name}._domainkey.{domain}", "TXT") for name in names)
    answers = dict(zip(names, await asyncio.gather(*asked), strict=True))
    for platform_id, selector in selectors:
        match = _by_selector(platforms[platform_id], selector, answers[selector], platforms, platform_id in suspects)
        if match is not None:
            found.append(match)
    failed = mx.failed or txt.failed or any(answer.failed for answer in answers.values())
    return Detection(_strongest(found), incomplete=failed)


def by_mx(hosts: Iterable[str], platforms: Mapping[str, Platform]) -> list[PlatformMatch]:
    """Platforms that run these MX hosts."""
    matches = (_owner(host, "mx", platforms) for host in hosts)
    return [PlatformMatch(m[0], Mark.MX, m[2], m[1]) for m in matches if m]


def by_spf(texts: Iterable[str], platforms: Mapping[str, Platform]) -> list[PlatformMatch]:
    """Platforms that the SPF record among these TXT records names, at its first level."""
    names = [name for record in spf_record.select(list(texts)[:MAX_RECORDS]) for name in spf_names(record)]
    matches = (_owner(name, "spf_include", platforms) for name in names)
    return [PlatformMatch(m[0], Mark.SPF, m[2], m[1]) for m in matches if m]


def by_token(texts: Iterable[str], platforms: Mapping[str, Platform]) -> list[PlatformMatch]:
    """Platforms that were once shown a token in these TXT records."""
    return [
        PlatformMatch(platform.id, Mark.VERIFICATION, text[:80], prefix)
        for text in list(texts)[:MAX_RECORDS]
        for platform in platforms.values()
        for prefix in platform.verification_txt_prefix
        if text.lower().startswith(prefix.lower())
    ]


def spf_names(record: str) -> list[str]:
    """Names that the terms of an SPF record point to, as written, macros included; lower case."""
    parsed, _ = spf_record.read(record)
    names = []
    for term in parsed.terms[:MAX_TERMS]:
        if isinstance(term, spf_record.Mechanism):
            target = term.domain
        else:
            target = term.value if term.name == "redirect" else None
        if target is not None:
            names.append(target.text.lower().removesuffix("."))
    return names


def mx_hosts(answer: Answer) -> list[str]:
    """Host names of an MX answer, without the null MX."""
    hosts = (record.rpartition(" ")[2].lower().removesuffix(".") for record in answer.records[:MAX_RECORDS])
    return [host for host in hosts if host]


def fits(name: str, pattern: str) -> bool:
    """Whether a host pattern fits: the name is equal or ends in a dot and the pattern; ``*`` is one label or more."""
    return _fits(name.split("."), pattern.lower().split("."))


def _fits(labels: list[str], pattern: list[str]) -> bool:
    """Compare from the right; what is left over on the left does not matter."""
    while pattern:
        if not labels:
            return False
        if pattern[-1] == "*":
            return any(_fits(labels[:-n], pattern[:-1]) for n in range(1, len(labels) + 1))
        if labels[-1] != pattern[-1]:
            return False
        labels, pattern = labels[:-1], pattern[:-1]
    return True


def alias_owner(name: str, platforms: Mapping[str, Platform]) -> tuple[str, str, str] | None:
    """(platform, pattern, name) of the platform that the target of a selector's CNAME belongs to."""
    return _owner(name, "dkim_cname_suffix", platforms)


def _owner(name: str, kind: str, platforms: Mapping[str, Platform]) -> tuple[str, str, str] | None:
    """(platform, pattern, name) of the longest pattern that fits; of equal ones the first platform's."""
    best: tuple[str, str, str] | None = None
    for platform in platforms.values():
        for pattern in getattr(platform, kind):
            if (best is None or len(pattern) > len(best[1])) and fits(name, pattern):
                best = (platform.id, pattern, name)
    return best


def _sharing(found: Iterable[PlatformMatch], platforms: Mapping[str, Platform]) -> set[str]:
    """Platforms that send through one that was found and share its mark: only their selector tells them apart."""
    patterns = {match.pattern for match in found}
    return {p.id for p in platforms.values() if patterns.intersection((*p.spf_include, *p.mx))}


def _questions(suspects: set[str], platforms: Mapping[str, Platform]) -> Iterator[tuple[str, str]]:
    """(platform, selector) worth asking for, suspects first."""
    for platform in platforms.values():
        if platform.id in suspects and platform.selector_guess != "no":
            for selector in platform.dkim_selectors:
                yield platform.id, selector
    for platform in platforms.values():
        if platform.id not in suspects and platform.selector_guess == "yes" and platform.dkim_cname_suffix:
            for selector in platform.dkim_selectors[:SELECTORS_EACH]:
                yield platform.id, selector


def _by_selector(
    platform: Platform, selector: str, answer: Answer, platforms: Mapping[str, Platform], suspected: bool
) -> PlatformMatch | None:
    """The platform that a selector's CNAME belongs to, or the suspect whose key stands there."""
    for name in answer.cname:
        owner = _owner(name, "dkim_cname_suffix", platforms)
        if owner is not None:
            return PlatformMatch(owner[0], Mark.DKIM_CNAME, name, owner[1], selector)
    # A platform whose selectors are CNAMEs is not proven by a key that stands there by itself: rather refuted.
    if suspected and not platform.dkim_cname_suffix and any("p=" in record for record in answer.records):
        return PlatformMatch(platform.id, Mark.DKIM_KEY, answer.name, selector, selector)
    return None


def _strongest(found: Iterable[PlatformMatch]) -> tuple[PlatformMatch, ...]:
    """One match a platform, the strongest; strongest platforms first, else in the order found."""
    best: dict[str, PlatformMatch] = {}
    for match in found:
        if match.id not in best or match.strength > best[match.id].strength:
            best[match.id] = match
    return tuple(sorted(best.values(), key=lambda match: -match.strength))
