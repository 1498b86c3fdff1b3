"""Who spoke: provider ids by host name of the MX and by marks in the text."""

from __future__ import annotations

from collections.abc import Mapping

from deliverkit.knowledge.schema import Provider

_MAX_REMEMBERED = 20_000
_MAX_LABELS = 12


class Providers:
    """An index over ``providers.toml``. The order of that file is the order of preference."""

    def __init__(self, providers: Mapping[str, Provider]) -> None:
        self._suffixes: dict[str, str] = {}
        self._starred: list[tuple[tuple[str, ...], str]] = []
        self.marks: list[str] = []
        """All marks, in order of their provider."""
        self._mark_owner: list[str] = []
        self._generic = frozenset(p.id for p in providers.values() if p.kind == "generic")
        self._anybodys = frozenset(p.id for p in providers.values() if p.kind in ("generic", "mta"))
        self._mailbox = frozenset(p.id for p in providers.values() if p.kind == "mailbox")
        self._family = {p.id: p.family or p.id for p in providers.values()}
        self._remembered: dict[str, str | None] = {}
        for provider in providers.values():
            for pattern in provider.mx:
                if "*" in pattern:
                    self._starred.append((tuple(reversed(pattern.lower().split("."))), provider.id))
                else:
                    self._suffixes.setdefault(pattern.lower(), provider.id)
            self.marks += provider.marks
            self._mark_owner += [provider.id] * len(provider.marks)

    def of_host(self, host: str) -> str | None:
        """The provider whose MX pattern is the host or a parent of it, label by label; the longest pattern wins."""
        if host in self._remembered:
            return self._remembered[host]
        if len(self._remembered) >= _MAX_REMEMBERED:
            self._remembered.clear()
        found = self._remembered[host] = self._look_up(host)
        return found

    def of_mark(self, index: int) -> str:
        """The provider of one mark."""
        return self._mark_owner[index]

    def is_generic(self, provider: str | None) -> bool:
        """Is this the drawer of phrases that belong to nobody?"""
        return provider in self._generic

    def is_anybodys(self, provider: str | None) -> bool:
        """Are its wordings those of software that anybody runs and rewords, rather than of one service?"""
        return provider in self._anybodys

    def are_rivals(self, one: str, other: str | None) -> bool:
        """Are these two mailbox providers that do not share a system?"""
        return one in self._mailbox and other in self._mailbox and self._family.get(one) != self._family.get(other)

    def _look_up(self, host: str) -> str | None:
        labels = host.lower().rstrip(".").split(".")[-_MAX_LABELS:]
        backwards = labels[::-1]
        for pattern, provider in self._starred:
            if len(pattern) <= len(backwards) and all(
                p in ("*", label) for p, label in zip(pattern, backwards, strict=False)
            ):
                return provider
        for start in range(len(labels)):
            provider_id = self._suffixes.get(".".join(labels[start:]))
            if provider_id:
                return provider_id
        return None
