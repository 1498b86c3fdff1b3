"""Everything in the catalogue under one search, and what leads from one entry to another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from deliverkit.knowledge import load
from deliverkit.language import _
from deliverkit.model import Finding
from deliverkit.report.clean import one_line
from deliverkit.report.sentences import Sentences
from deliverkit_tui.pages import LINK, mark

KINDS = ("code", "reason", "finding", "fix", "list", "platform", "provider")
PLURALS = {
    "code": _("codes"),
    "reason": _("reasons"),
    "finding": _("findings"),
    "fix": _("fixes"),
    "list": _("lists"),
    "platform": _("platforms"),
    "provider": _("providers"),
}
VERBS = {"code": "codes", "reason": "reasons", "finding": "findings", "fix": "fix", "list": "lists"}
"""The command that prints an entry; platforms and providers have none."""

_CODE = re.compile(r"[245x](\.\d{1,3}\.\d{1,3})", re.IGNORECASE)
_MAX_QUERY = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the catalogue."""

    key: str
    """``kind:id``."""
    kind: str
    id: str
    title: str
    words: str
    """All that a search looks in, in lower case."""


class CatalogueIndex:
    """The catalogue of one language, all of it in memory: a search takes a millisecond."""

    def __init__(self, say: Sentences) -> None:
        self.say = say
        self.entries = tuple(self._all())
        self._by_key = {entry.key: entry for entry in self.entries}
        self._by_id: dict[str, str] = {}
        for entry in self.entries:
            self._by_id.setdefault(entry.id.lower(), entry.key)

    def __getitem__(self, key: str) -> Entry:
        return self._by_key[key]

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    # ------------------------------------------------------------------ search

    def search(self, query: str) -> list[Entry]:
        """The entries with all words of ``query`` in id, title or meaning, the nearest first; where none has all of
        them (``550 5.7.1``), those with any."""
        words = [_as_code(word) for word in one_line(query, _MAX_QUERY).lower().split()]
        if not words:
            return list(self.entries)
        found = [entry for entry in self.entries if all(word in entry.words for word in words)]
        found = found or [entry for entry in self.entries if any(word in entry.words for word in words)]
        ranked = {entry.key: min(_nearness(entry, word) for word in words) for entry in found}
        return sorted(found, key=lambda entry: ranked[entry.key])

    def find(self, word: str) -> str | None:
        """Key of the entry with this id, as people write it (``5.7.26``, ``DMARC.policy``); None for none."""
        code = _CODE.fullmatch(word)
        known = self.say.knowledge.enhanced_code("X" + code[1]) if code else None
        return f"code:{known.id}" if known else self._by_id.get(word.lower())

    def link(self, word: str) -> str | None:
        """As ``find``, for a word in a text: one that could be plain English, or a number, is not taken for an id."""
        return self.find(word) if "-" in word or "." in word or "_" in word else None

    # ------------------------------------------------------------------ pages

    def page(self, key: str, width: int) -> str:
        """The page of an entry with its roles marked, and the entries that lead to it."""
        entry = self._by_key[key]
        lines = [self._pages[entry.kind](entry.id, width)]
        for label, keys in self.related(key):
            shown = [self._by_key[k] for k in keys if k in self._by_key]
            if shown:
                lines += ["", mark(f"  {label}", "dim")]
                lines += [f"    {mark(f'{e.id}{LINK}{e.key}', 'link')}  {e.title}" for e in shown]
        return "\n".join(lines)

    def related(self, key: str) -> Iterator[tuple[str, Sequence[str]]]:
        """Where else to look: a heading and keys. What the page itself names is not said again, what leads to it is."""
        known, (kind, _sep, ident) = self.say.knowledge, key.partition(":")
        if kind == "reason":
            codes = [f"code:{c.id}" for c in known.enhanced_codes.values() if ident in (c.reason, c.reason_4xx)]
            yield (
                _("codes that suggest it"),
                codes + [f"code:{c.id}" for c in known.basic_codes.values() if c.reason == ident],
            )
            providers = dict.fromkeys(f"provider:{rule.provider}" for rule in known.rules if rule.reason == ident)
            yield _("providers that say it"), list(providers)
        elif kind == "fix":
            yield (
                _("asked for by these findings"),
                [f"finding:{f.id}" for f in known.findings.values() if ident in f.fixes],
            )
            yield (
                _("asked for by these reasons"),
                [f"reason:{r.id}" for r in known.reasons.values() if ident in r.fixes],
            )
        elif kind == "list" and (entry := known.blocklists[ident]):
            linked = [i for i in (entry.component_of, entry.superseded_by, entry.stands_for) if i]
            yield _("stands in or for"), [f"list:{i}" for i in linked]
            parts = [b.id for b in known.blocklists.values() if ident in (b.component_of, b.superseded_by)]
            yield _("holds or replaces"), [f"list:{i}" for i in parts]
        elif kind in ("platform", "provider"):
            other = "provider" if kind == "platform" else "platform"
            yield _("the same name as {other}").format(other=other), [f"{other}:{ident}"]
        elif kind == "code":
            yield (
                _("providers with a meaning of their own"),
                [
                    f"provider:{r.provider}"
                    for r in known.code_reuse.values()
                    if r.provider and any("X" + used[1:] == ident for used in r.codes)
                ],
            )

    @cached_property
    def _pages(self) -> dict[str, Callable[[str, int], str]]:
        from deliverkit.report.text import catalogue as text
        from deliverkit.report.text.senders import platform_text, provider_text

        say, known = self.say, self.say.knowledge

        def code(ident: str, width: int) -> str:
            entry = known.enhanced_codes.get(ident) or known.basic_codes[ident]
            return text.code_text(entry, ident, say, width=width, paint=mark)

        return {
            "code": code,
            "reason": lambda i, w: text.reason_text(known.reasons[i], say, width=w, paint=mark),
            "finding": lambda i, w: text.finding_text(known.findings[i], say, width=w, paint=mark),
            "fix": lambda i, w: text.fix_text(i, say, width=w, paint=mark),
            "list": lambda i, w: text.list_text(known.blocklists[i], say, width=w, paint=mark),
            "platform": lambda i, w: platform_text(known.platforms[i], say, width=w, paint=mark),
            "provider": lambda i, w: provider_text(known.providers[i], say, width=w, paint=mark),
        }

    # ------------------------------------------------------------------ entries

    def _all(self) -> Iterator[Entry]:
        known, say = self.say.knowledge, self.say
        for code in known.basic_codes.values():
            yield _entry(
                "code", code.id, say.code(code.id, "meaning") or code.text, code.text, say.code(code.id, "usual")
            )
        for enhanced in known.enhanced_codes.values():
            tail = enhanced.id[1:]
            yield _entry("code", enhanced.id, enhanced.name, f"5{tail} 4{tail}", say.code(enhanced.id, "meaning"))
        for reason in known.reasons.values():
            category = say.category(reason.category)
            title = f"{category}: {say.reason(reason.id)}"
            yield _entry("reason", reason.id, title, say.reason(reason.id, "meaning"), reason.guide or "")
        for spec in known.findings.values():
            blank = Finding(spec.id, spec.severity, {name: f"<{name}>" for name in spec.args})
            texts = [say.finding(blank, part) for part in ("summary", "why")]
            yield _entry("finding", spec.id, say.finding(blank, "title"), spec.check, *texts)
        for fix in known.fixes:
            yield _entry("fix", fix, say.fix(fix))
        for b in known.blocklists.values():
            status = "" if b.status == "active" else f" ({b.status.replace('_', ' ')})"
            yield _entry("list", b.id, b.name + status, b.zone, b.operator, *b.aliases)
        for p in known.platforms.values():
            yield _entry("platform", p.id, p.name, *p.spf_include, *p.mx, *p.dkim_cname_suffix)
        for v in known.providers.values():
            yield _entry("provider", v.id, v.name, v.kind, v.family, *v.mx)


def _entry(kind: str, ident: str, title: str, *more: str) -> Entry:
    title = one_line(title, 300)
    words: Iterable[str] = (ident, ident.replace("_", " "), title, PLURALS[kind], *more)
    return Entry(f"{kind}:{ident}", kind, ident, title, " ".join(words).lower())


def _as_code(word: str) -> str:
    """An enhanced code in the form that entries have."""
    code = _CODE.fullmatch(word)
    return f"x{code[1]}" if code and word[0] == "x" else word


def _nearness(entry: Entry, word: str) -> int:
    """0 for the id itself, then its beginning, the id, a word of the title, the rest."""
    ident, title = entry.id.lower(), entry.title.lower()
    if word in (ident, f"5{ident[1:]}", f"4{ident[1:]}") and (word == ident or entry.kind == "code"):
        return 0
    if ident.startswith(word):
        return 1
    if word in ident:
        return 2
    if title.startswith(word) or f" {word}" in title:
        return 3
    return 4 if word in title else 5


@cache
def catalogue(lang: str) -> CatalogueIndex:
    """The index of a language; made once, for it takes 40 ms."""
    return CatalogueIndex(Sentences(load(), lang))
