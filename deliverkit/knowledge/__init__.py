"""Reasons, replies, codes, findings, fixes, blocklists, platforms: data that everything reads.

``load()`` gives one ``Knowledge``; each part is read when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from deliverkit.errors import KnowledgeError
from deliverkit.knowledge import store
from deliverkit.knowledge.build import Tables, build
from deliverkit.knowledge.schema import (
    BasicCode,
    CodePart,
    CodeReuse,
    EnhancedCode,
    FindingSpec,
    FixSpec,
    Phrases,
    Provider,
    Reason,
    Rule,
    RuleInfo,
    Vocabulary,
    WordList,
)
from deliverkit.language import _

if TYPE_CHECKING:
    from deliverkit.knowledge.schema_dns import Blocklist, Platform, Proof, RequirementSpec

T = TypeVar("T")

_RULES = ("providers.toml", "replies/*.toml")
RULE_FIELDS = ("id", "provider", "pattern", "reason", "code", "enhanced")


class Knowledge:
    """All parts, each loaded and validated at its first use.

    Parts made from TOML are validated when they are compiled; the compiled form is trusted.
    """

    @cached_property
    def reasons(self) -> Mapping[str, Reason]:
        """The closed list of reasons, by id."""
        return _tables(Reason, "reasons", "reasons.toml")

    @cached_property
    def providers(self) -> Mapping[str, Provider]:
        """Providers in matching order, by id."""
        return _tables(Provider, "providers", "providers.toml")

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """All reply rules, in order of their provider, then of their file."""
        return tuple(Rule(*row) for row in store.compiled("rules", _RULES, lambda: _compile_rules(self.providers)))

    @cached_property
    def rule_info(self) -> Mapping[str, RuleInfo]:
        """Examples, sources and extra fixes of the rules, by rule id."""
        rows = store.compiled("rule_info", _RULES, lambda: _compile_rule_info(self.providers))
        return Tables(RuleInfo, {row["id"]: row for row in rows}, "rule ")

    @cached_property
    def needles(self) -> Mapping[str, Sequence[str]]:
        """The needles of every pattern (rules and marks of providers), by pattern; see ``needles.py``."""
        found: Mapping[str, Sequence[str]] = store.compiled("needles", _RULES, lambda: _compile_needles(self))
        return found

    @cached_property
    def enhanced_codes(self) -> Mapping[str, EnhancedCode]:
        """Enhanced status codes by ``X.7.26``."""
        return _tables(EnhancedCode, "enhanced_codes", "codes/enhanced.toml")

    @cached_property
    def basic_codes(self) -> Mapping[str, BasicCode]:
        """Reply codes by ``550``."""
        return _tables(BasicCode, "basic_codes", "codes/basic.toml")

    def enhanced_code(self, code: str) -> EnhancedCode | None:
        """The entry that speaks for a code as printed (``5.7.607``): its own, or that of the private range it falls in.

        None for what is no enhanced code and for codes that nothing is known of.
        """
        parts = code.split(".")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts[1:]):
            return None
        own = self.enhanced_codes.get(f"X.{int(parts[1])}.{int(parts[2])}") if max(map(len, parts)) <= 3 else None
        if own or len(parts[2]) != 3:
            return own
        first = self.enhanced_codes.get(f"X.{parts[1]}.{parts[2][0]}00")
        return first if first and first.range_end else None

    @cached_property
    def code_classes(self) -> Mapping[str, CodePart]:
        """First digits of enhanced codes, by digit."""
        return _group(CodePart, "code_classes", "codes/parts.toml", "class")

    @cached_property
    def code_subjects(self) -> Mapping[str, CodePart]:
        """Second digits of enhanced codes, by digit."""
        return _group(CodePart, "code_subjects", "codes/parts.toml", "subject")

    @cached_property
    def code_reuse(self) -> Mapping[str, CodeReuse]:
        """Codes that providers use against the registry, by id."""
        return _tables(CodeReuse, "code_reuse", "codes/reuse.toml")

    @cached_property
    def vocabularies(self) -> Mapping[str, Vocabulary]:
        """Words of other systems for our reasons, by system."""
        return _tables(Vocabulary, "vocabularies", "crosswalk.toml")

    @cached_property
    def findings(self) -> Mapping[str, FindingSpec]:
        """What checks can notice, by id."""
        return _tables(FindingSpec, "findings", "findings/*.toml")

    @cached_property
    def fixes(self) -> Mapping[str, FixSpec]:
        """Fixes, by id."""
        return _tables(FixSpec, "fixes", "fixes/*.toml")

    @cached_property
    def blocklists(self) -> Mapping[str, Blocklist]:
        """Blocklists, dead ones too, by id."""
        from deliverkit.knowledge.schema_dns import Blocklist

        return _tables(Blocklist, "blocklists", "blocklists.toml")

    @cached_property
    def platforms(self) -> Mapping[str, Platform]:
        """Sending platforms, by id."""
        from deliverkit.knowledge.schema_dns import Platform

        return _tables(Platform, "platforms", "platforms.toml", skip=("meta",))

    @cached_property
    def requirements(self) -> Mapping[str, RequirementSpec]:
        """What mailbox providers demand of senders, by id."""
        from deliverkit.knowledge.schema_dns import RequirementSpec

        return _tables(RequirementSpec, "requirements", "requirements/*.toml")

    @cached_property
    def proofs(self) -> Mapping[str, Proof]:
        """How findings tell whether a demand is met, by id."""
        from deliverkit.knowledge.schema_dns import Proof

        return _tables(Proof, "proofs", "proofs.toml")

    @cached_property
    def generic_selectors(self) -> tuple[str, ...]:
        """DKIM selectors that many senders use, likeliest first."""
        return tuple(_platforms_meta()["generic_selectors"])

    @cached_property
    def mailbox_domains(self) -> tuple[str, ...]:
        """The domains that most private addresses end in: what a mistyped one was meant to be."""
        return tuple(_platforms_meta()["mailbox_domains"])

    @cached_property
    def word_lists(self) -> Mapping[str, WordList]:
        """Words, names and domains that checks compare with, by list."""
        return _tables(WordList, "word_lists", "lists/*.toml")

    @cached_property
    def phrases(self) -> Mapping[str, Phrases]:
        """What stands in and around bounce mails, by what it says."""
        return _tables(Phrases, "phrases", "phrases/*.toml")

    def text(self, kind: str, lang: str = "en") -> Mapping[str, Any]:
        """The sentences of one kind (``reasons``, ``findings``, ``fixes``, ``codes``, ``words``, …) by id.

        English stands in for what a language lacks.
        """
        return _text(kind, lang)


@cache
def load() -> Knowledge:
    """The one Knowledge of this process."""
    return Knowledge()


def languages() -> tuple[str, ...]:
    """Languages that have sentences, English first."""
    found = {p.parent.name for p in store.sources("text/*/words.toml")} | {
        p.stem.split("-")[1] for p in store.COMPILED.glob("text-*-words.json")
    }
    return ("en", *sorted(found - {"en"}))


def _located(*patterns: str) -> dict[str, tuple[Path, Any]]:
    """Top-level entries of all files of a part, each with its file. Ids are unique across them."""
    merged: dict[str, tuple[Path, Any]] = {}
    for path in store.sources(*patterns):
        for key, value in store.read_toml(path).items():
            if key in merged:
                where = store.place(path, key)
                other = merged[key][0].name
                raise KnowledgeError(
                    _("{where}: '{key}' stands in {other} too").format(where=where, key=key, other=other),
                    advice=_("Ids are unique; rename one."),
                )
            merged[key] = (path, value)
    return merged


def _merged(*patterns: str) -> dict[str, Any]:
    return {key: value for key, (_, value) in _located(*patterns).items()}


def _platforms_meta() -> dict[str, Any]:
    meta: dict[str, Any] = store.compiled(
        "platforms_meta", ("platforms.toml",), lambda: _merged("platforms.toml")["meta"]
    )
    return meta


def _tables(cls: type[T], part: str, pattern: str, skip: tuple[str, ...] = ()) -> Mapping[str, T]:
    return Tables(cls, store.compiled(part, (pattern,), lambda: _validated(cls, pattern, skip)))


def _validated(cls: type[Any], pattern: str, skip: tuple[str, ...]) -> dict[str, Any]:
    tables = {key: entry for key, entry in _located(pattern).items() if key not in skip}
    for key, (path, table) in tables.items():
        build_at(cls, table, path, key)
    return {key: table for key, (_, table) in tables.items()}


def _group(cls: type[T], part: str, pattern: str, group: str) -> Mapping[str, T]:
    """The entries ``[group.KEY]`` of a part, by KEY."""
    return Tables(cls, store.compiled(part, (pattern,), lambda: _validated_group(cls, pattern, group)), f"{group}.")


def _validated_group(cls: type[Any], pattern: str, group: str) -> dict[str, Any]:
    path, tables = _located(pattern).get(group, (store.HERE / pattern, None))
    if not isinstance(tables, dict):
        raise KnowledgeError(
            _("{path}: there are no tables [{group}.…]").format(path=path, group=group),
            advice=_("Write each as [{group}.KEY].").format(group=group),
        )
    for key, table in tables.items():
        build_at(cls, table, path, key, group=group)
    return dict(tables)


def build_at(cls: type[T], table: Any, path: Path, key: str, *, group: str = "") -> T:
    """Make ``cls`` from the table ``[key]`` (or ``[group.key]``) of a file; its id is the key.

    Raises KnowledgeError that names file and line.
    """
    name = f"{group}.{key}" if group else key
    if not isinstance(table, dict):
        raise KnowledgeError(
            _("{where}: '{key}' must be a table").format(where=store.place(path, name), key=key),
            advice=_("Write it as [{key}].").format(key=key),
        )
    with store.located(path, name):
        return build(cls, {"id": key, **table}, f"[{name}]")


def _rule_tables(providers: Iterable[str]) -> Iterator[tuple[Path, int, str, dict[str, Any]]]:
    """All rule tables as (file, index in it, provider, table), providers in matching order."""
    order = {provider: i for i, provider in enumerate(providers)}
    files = []
    for path in store.sources("replies/*.toml"):
        data = store.read_toml(path)
        provider = data.get("provider")
        if provider not in order:
            where = store.place(path, "provider")
            raise KnowledgeError(
                _("{where}: provider '{provider}' is not in providers.toml").format(where=where, provider=provider),
                advice=_("Add it there first."),
            )
        files.append((order[provider], path, provider, data.get("rule", [])))
    for _order, path, provider, rules in sorted(files, key=lambda f: f[:2]):
        for index, table in enumerate(rules):
            yield path, index, provider, table


def _compile_rules(providers: Iterable[str]) -> list[list[Any]]:
    rows = []
    for path, index, provider, table in _rule_tables(providers):
        match = {key: table[key] for key in RULE_FIELDS if key in table} | {"provider": provider}
        with store.located(path, index):
            rule = build(Rule, match, f"[[rule]] {table.get('id', '?')}")
        rows.append([getattr(rule, key) for key in RULE_FIELDS])
    return rows


def _compile_needles(knowledge: Knowledge) -> dict[str, list[str]]:
    """Of each pattern's choices, the one that fewest of all examples hold."""
    from deliverkit.knowledge.needles import lower_ascii, needles_of

    texts = [lower_ascii(e) for info in knowledge.rule_info.values() for e in info.examples]
    held = cache(lambda word: sum(word in text for text in texts) + 0.5)
    patterns = [rule.pattern for rule in knowledge.rules]
    patterns += [mark for provider in knowledge.providers.values() for mark in provider.marks]
    return {p: sorted(needles_of(p, lambda words: -sum(map(held, words)))) for p in patterns}


def _compile_rule_info(providers: Iterable[str]) -> list[dict[str, Any]]:
    rows = []
    for path, index, _provider, table in _rule_tables(providers):
        info = {key: value for key, value in table.items() if key == "id" or key not in RULE_FIELDS}
        with store.located(path, index):
            build(RuleInfo, info, f"[[rule]] {table.get('id', '?')}")
        rows.append(info)
    return rows


@cache
def _text(kind: str, lang: str) -> dict[str, Any]:
    part, files = f"text-{lang}-{kind}", _text_files(kind, lang)
    if lang != "en" and not store.present(part, files):
        return _text(kind, "en")
    own = store.compiled(part, files, lambda: _merged(*files))
    return own if lang == "en" else _over(_text(kind, "en"), own)


def _over(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """``own`` laid over ``base``, table by table: a translated fix keeps the English of a step it does not have yet."""
    merged = {**base, **own}
    for key in base.keys() & own.keys():
        if isinstance(base[key], dict) and isinstance(own[key], dict):
            merged[key] = _over(base[key], own[key])
    return merged


def _text_files(kind: str, lang: str) -> tuple[str, ...]:
    return (f"text/{lang}/{kind}.toml", f"text/{lang}/{kind}/*.toml")
