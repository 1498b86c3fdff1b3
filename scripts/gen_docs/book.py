"""What every template reads: the knowledge, its sentences, and who points at whom."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from deliverkit.knowledge import Knowledge, load
from deliverkit.knowledge.schema import CodeReuse, Rule
from deliverkit.report.sentences import Sentences
from scripts.gen_docs.markdown import code, text

Pages = Iterator[tuple[str, str]]
"""(path below docs/, content)."""


_REPLY_CODE = re.compile(r"[2-5]\d\d(?=[ -])")
_ENHANCED = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")


def codes_in(example: str) -> list[str]:
    """The reply code at the start of an example and the first enhanced code in it."""
    return [found[0] for found in (_REPLY_CODE.match(example), _ENHANCED.search(example)) if found]


def code_page(code_id: str) -> str:
    """File name of a code's page: ``X.7.26`` and ``5.7.26`` are ``x-7-26``, ``550`` is itself."""
    if "." not in code_id:
        return code_id
    return "x-" + "-".join(code_id.split(".")[1:])


@dataclass(frozen=True)
class Book:
    """Knowledge with its cross-references. All pages of the catalogue lie one folder deep."""

    knowledge: Knowledge
    say: Sentences

    @classmethod
    def of(cls, knowledge: Knowledge | None = None, lang: str = "en") -> Book:
        """The book of the package's knowledge in one language."""
        knowledge = knowledge or load()
        return cls(knowledge, Sentences(knowledge, lang))

    def words(self, kind: str, key: str) -> Mapping[str, Any]:
        """The sentences of one entry; empty where there are none."""
        found = self.knowledge.text(kind, self.say.lang).get(key, {})
        return found if isinstance(found, Mapping) else {}

    @cached_property
    def _known(self) -> Mapping[str, frozenset[str]]:
        k = self.knowledge
        codes = [code_page(c) for c in (*k.enhanced_codes, *k.basic_codes)]
        return {
            "reasons": frozenset(k.reasons),
            "findings": frozenset(k.findings),
            "fixes": frozenset(k.fixes),
            "codes": frozenset(codes),
            "blocklists": frozenset(k.blocklists),
            "providers": frozenset(k.providers),
            "platforms": frozenset(k.platforms),
        }

    def link(self, kind: str, key: str, label: str = "") -> str:
        """A link from any page of the catalogue to ``kind/key``; the bare word where there is no such page."""
        name = code_page(key) if kind == "codes" else key
        label = label or code(key)
        return f"[{label}](../{kind}/{name}.md)" if name in self._known[kind] else label

    def links(self, kind: str, keys: Iterable[str]) -> str:
        """Links on one line."""
        return ", ".join(self.link(kind, key) for key in keys)

    def rule_link(self, rule: Rule) -> str:
        """A link to a rule's place on its provider's page."""
        return f"[{code(rule.id)}](../providers/{rule.provider}.md#{rule.id})"

    def reason(self, key: str) -> str:
        """A link to a reason by its title, with its id."""
        return f"{self.link('reasons', key, text(self.say.reason(key)))} ({code(key)})"

    def finding(self, key: str) -> str:
        """A link to a finding by its title, with its id."""
        return f"{self.link('findings', key, text(str(self.words('findings', key).get('title', key))))} ({code(key)})"

    def fix(self, key: str) -> str:
        """A link to a fix by its title, with its id."""
        return f"{self.link('fixes', key, self.fix_title(key))} ({code(key)})"

    def fix_title(self, key: str) -> str:
        """A fix's title, its blanks left open."""
        return text(str(self.words("fixes", key).get("title", key)))

    @cached_property
    def rules_by_reason(self) -> Mapping[str, list[Rule]]:
        """Reply rules that prove a reason."""
        return _grouped((rule.reason, rule) for rule in self.knowledge.rules)

    @cached_property
    def rules_by_provider(self) -> Mapping[str, list[Rule]]:
        """Reply rules of a provider, in matching order."""
        return _grouped((rule.provider, rule) for rule in self.knowledge.rules)

    @cached_property
    def rules_by_code(self) -> Mapping[str, list[Rule]]:
        """Reply rules that want a code, or whose example carries it, by the code's page."""
        pairs = {(page, rule.id): rule for rule in self.knowledge.rules for page in self._code_pages(rule)}
        return _grouped((page, rule) for (page, _), rule in pairs.items())

    def _code_pages(self, rule: Rule) -> Iterator[str]:
        for wanted in (rule.code, rule.enhanced):
            if wanted:
                yield code_page(str(wanted))
        for example in self.knowledge.rule_info[rule.id].examples:
            yield from map(code_page, codes_in(example))

    @cached_property
    def rules_by_fix(self) -> Mapping[str, list[Rule]]:
        """Reply rules that bring a fix of their own."""
        info = self.knowledge.rule_info
        return _grouped((fix, rule) for rule in self.knowledge.rules for fix in info[rule.id].fixes)

    @cached_property
    def findings_by_reason(self) -> Mapping[str, list[str]]:
        """Findings that explain a reason."""
        return _grouped((reason, f.id) for f in self.knowledge.findings.values() for reason in f.explains)

    @cached_property
    def findings_by_fix(self) -> Mapping[str, list[str]]:
        """Findings that ask for a fix."""
        return _grouped((fix, f.id) for f in self.knowledge.findings.values() for fix in f.fixes)

    @cached_property
    def reasons_by_fix(self) -> Mapping[str, list[str]]:
        """Reasons that ask for a fix."""
        return _grouped((fix, r.id) for r in self.knowledge.reasons.values() for fix in r.fixes)

    @cached_property
    def codes_by_reason(self) -> Mapping[str, list[str]]:
        """Codes that suggest a reason, enhanced ones first."""
        k = self.knowledge
        enhanced = [(reason, c.id) for c in k.enhanced_codes.values() for reason in (c.reason, c.reason_4xx) if reason]
        basic = [(c.reason, c.id) for c in k.basic_codes.values() if c.reason]
        return _grouped(dict.fromkeys(enhanced + basic))

    @cached_property
    def reuse_by_code(self) -> Mapping[str, list[CodeReuse]]:
        """Uses of a code against the registry, by the code's page."""
        pairs = {(code_page(c), reuse.id): reuse for reuse in self.knowledge.code_reuse.values() for c in reuse.codes}
        return _grouped((page, reuse) for (page, _), reuse in pairs.items())


def _grouped(pairs: Iterable[tuple[str, Any]]) -> Mapping[str, list[Any]]:
    groups: dict[str, list[Any]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups
