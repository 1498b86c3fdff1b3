"""Asking for DKIM keys: which selectors, at which names, and what a wildcard answers (RFC 6376 section 3.6.2)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from deliverkit.checks.dkim_key import MAX_RECORD, DkimKey, DkimKeyError, KeyFault, parse_key
from deliverkit.knowledge import Knowledge
from deliverkit.net.resolver import Answer, Resolver

MAX_NAMED = 50
"""Selectors of the user's that are asked for."""
MAX_PLATFORM = 48
"""Selectors of detected platforms that are asked for."""
MAX_RECORDS = 8
"""Records read at one name; a verifier expects one."""
NOBODYS_SELECTOR = "deliverkit-nobody-uses-this"
"""Whatever answers here answers everywhere. A fixed name, so that a recorded world can be replayed."""

_SELECTOR = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*")


class Source(StrEnum):
    """How we came by a selector."""

    NAMED = "named"
    """The user named it, or it stands in a signature."""
    PLATFORM = "platform"
    """A detected platform uses it."""
    GENERIC = "generic"
    """Many senders use it."""


@dataclass(frozen=True, slots=True)
class FoundKey:
    """One record at a selector that was meant as a key."""

    selector: str
    name: str
    """The name asked: ``selector._domainkey.domain``."""
    source: Source
    cname: tuple[str, ...]
    """Names that led to the record."""
    key: DkimKey | DkimKeyError
    text: str
    """The record, cut to ``MAX_RECORD`` characters; hostile until cleaned."""

    @property
    def usable(self) -> bool:
        """A verifier can accept signatures by it."""
        return isinstance(self.key, DkimKey) and self.key.usable

    @property
    def bits(self) -> int | None:
        """Key length, where there is a readable key."""
        return self.key.bits if isinstance(self.key, DkimKey) else None

    @property
    def type(self) -> str | None:
        """``rsa`` or ``ed25519``, where there is a readable record."""
        return self.key.type if isinstance(self.key, DkimKey) else None

    @property
    def flags(self) -> tuple[str, ...]:
        """``y`` testing, ``s`` no subdomains."""
        return self.key.flags if isinstance(self.key, DkimKey) else ()


@dataclass(frozen=True, slots=True)
class Probe:
    """One selector that was asked for."""

    selector: str
    source: Source
    answer: Answer

    @property
    def dangling(self) -> bool:
        """A CNAME that leads to nothing."""
        return bool(self.answer.cname) and self.answer.absent

    @property
    def keys(self) -> tuple[FoundKey, ...]:
        """The records there that were meant as keys; a named selector shows any record it has."""
        if not self.answer.found:
            return ()
        parsed = [(parse_key(text), text[:MAX_RECORD]) for text in self.answer.records[:MAX_RECORDS]]
        meant = [p for p in parsed if not (isinstance(p[0], DkimKeyError) and p[0].fault is KeyFault.NOT_A_KEY)]
        shown = meant or (parsed[:1] if self.source is Source.NAMED else [])
        place = (self.selector, self.answer.name, self.source, self.answer.cname)
        return tuple(FoundKey(*place, key, text) for key, text in shown)


def clean_selector(text: str) -> str | None:
    """A selector as people give it (``S1``, ``s1._domainkey.example.com``) as the labels to ask for; None if it
    cannot be one."""
    selector = text.strip().rstrip(".").lower().partition("._domainkey")[0]
    return selector if len(selector) <= 200 and _SELECTOR.fullmatch(selector) else None


def platform_selectors(platforms: Iterable[str], knowledge: Knowledge) -> tuple[str, ...]:
    """The selectors that these platforms give their customers, where they have fixed names."""
    known = (knowledge.platforms[platform] for platform in platforms if platform in knowledge.platforms)
    names = (clean_selector(selector) for platform in known for selector in platform.dkim_selectors)
    return tuple(dict.fromkeys(name for name in names if name))[:MAX_PLATFORM]


def unguessable(platforms: Iterable[str], knowledge: Knowledge) -> tuple[str, ...]:
    """Of these platforms, those whose selectors differ from customer to customer."""
    known = (knowledge.platforms[platform] for platform in platforms if platform in knowledge.platforms)
    return tuple(p.id for p in known if p.selector_guess == "no" or p.dkim_selector_shapes)


async def probe(domain: str, selectors: Iterable[str], source: Source, resolver: Resolver) -> tuple[Probe, ...]:
    """Ask for all of them at once."""
    wanted = tuple(dict.fromkeys(selectors))
    answers = await asyncio.gather(*(resolver.query(f"{s}._domainkey.{domain}", "TXT") for s in wanted))
    return tuple(Probe(selector, source, answer) for selector, answer in zip(wanted, answers, strict=True))
