"""From a ``Reply`` to a ``Verdict``: which rule speaks, how sure that is, what to do with message and address.

Order of proof, strongest first (``_rank``):

1. the user's own rules;
2. rules of the provider that spoke, which ask for a code besides the phrase;
3. rules of that provider that are a phrase alone;
4. the same two for a provider that nothing else names, and for gateways, blocklists and mail servers, which may
   stand in front of or behind the one that spoke;
5. enhanced codes that only one provider uses (Microsoft's ``5.7.708``), then generic phrases, which mean one thing
   whoever says them;
6. the enhanced code, in its phase; 7. the reply code; 8. nothing: ``unknown.unclassified``.

A rule of one mailbox provider never wins with ``sure`` when the MX belongs to another: it ranks behind the generic
phrases. Who spoke is told by the MX first, then by marks in the text. Among rules of one rank the one with the
longer shortest match (``weight``) goes first, then the order of the files; generic rules keep the order of their
file, which is written from the particular to the vague. All of this depends on nothing but the rules, the codes, the
MX and the phase, so equal input gives equal verdicts and decisions are remembered by exactly these.

Rules of providers and marks are matched first; the generic phrases only where no rule of a provider fits
(``matcher`` says how).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from deliverkit.bounces.codes import reason_of_codes
from deliverkit.bounces.doubt import is_doubtful
from deliverkit.bounces.matcher import Matcher, compile_pattern
from deliverkit.bounces.providers import Providers
from deliverkit.bounces.weight import has_code, weight
from deliverkit.knowledge import Knowledge, load
from deliverkit.knowledge.schema import Reason, Rule
from deliverkit.model import (
    AddressAction,
    Alternative,
    Basis,
    Bounce,
    Confidence,
    MessageAction,
    Reply,
    RuleEvidence,
    Verdict,
)

UNKNOWN = "unknown.unclassified"
_MAX_REMEMBERED = 50_000
_MAX_TEXT = 1_000
"""Characters of a reply that is remembered; longer ones do not come again and would fill the memory."""
_MAX_MATCHED = 500
_SURE_WEIGHT = 14
_LASTING = frozenset(
    {
        "mailbox_unavailable.restricted",
        "recipient_error.expired",
        "recipient_error.routing_loop",
        "rejected.policy",
        "rejected.recipient_filtered",
    }
)
"""Reasons that trying again does not mend, though a temporary reply with them may be retried."""

_VAGUE = frozenset(
    {
        "mailbox_unavailable.temporary",
        "rate_limit.throttled",
        "recipient_error.system_error",
        "rejected.policy",
        "rejected.spam_content",
    }
)
"""Reasons whose generic phrases are words that many a reply holds beside its cause."""

_Key = tuple[tuple[int, ...], int | None, str | None, str | None, str | None]


class _Candidate(NamedTuple):
    """A rule that matched, as a sort key: best first."""

    rank: int
    phrase_only: bool
    lightness: int
    order: int
    rule: Rule


class Classifier:
    """All rules. Making one costs little; it can be used from several threads."""

    def __init__(self, knowledge: Knowledge, extra_rules: Sequence[Rule] = ()) -> None:
        """Compile the rules of ``knowledge`` and, before them, ``extra_rules`` (the user's own, already checked)."""
        self._knowledge = knowledge
        self._providers = Providers(knowledge.providers)
        own = [rule for rule in knowledge.rules if not self._providers.is_generic(rule.provider)]
        self._rules: tuple[Rule, ...] = (*extra_rules, *own)
        self._generic = tuple(rule for rule in knowledge.rules if self._providers.is_generic(rule.provider))
        self._extra = len(extra_rules)
        self._matcher = Matcher([rule.pattern for rule in self._rules] + self._providers.marks, knowledge.needles)
        self._phrases = Matcher([rule.pattern for rule in self._generic], knowledge.needles)
        self._said: dict[tuple[str, int | None, str | None, str | None, str | None], Verdict] = {}
        self._remembered: dict[_Key, Verdict | None] = {}
        self._remembered_generic: dict[tuple[_Key, tuple[int, ...]], Verdict] = {}

    def classify(self, bounce: Bounce | Reply) -> Verdict:
        """Why this delivery failed. A bare ``Reply`` is a bounce of unknown MX. Never raises for what a bounce says."""
        if isinstance(bounce, Bounce):
            reply, phase = bounce.reply, bounce.phase
            by_mx = self._providers.of_host(bounce.mx) if bounce.mx else None
        else:
            reply, phase, by_mx = bounce, None, None
        said = (reply.text, reply.code, reply.enhanced_code, by_mx, phase)
        # Logs repeat themselves: the same words, to the letter, are judged once.
        verdict = self._said.get(said)
        if verdict is None:
            verdict = self._judge((self._matcher.search(reply.text.encode()), *said[1:]), reply.text)
            verdict = self._doubted(verdict, reply, phase)
            if len(self._said) >= _MAX_REMEMBERED:
                self._said.clear()
            if len(reply.text) <= _MAX_TEXT:
                self._said[said] = verdict
        return verdict

    def _doubted(self, verdict: Verdict, reply: Reply, phase: str | None) -> Verdict:
        """A phrase that anybody may write suppresses only where nothing beside it speaks against that.

        Nor does anything that a server said before it was told the recipient: it speaks of the sender.
        """
        if verdict.address_action is not AddressAction.SUPPRESS or verdict.category == "not_a_bounce":
            return verdict
        rule = self._by_id[verdict.rule] if verdict.rule else None
        before = phase in _BEFORE_THE_RECIPIENT and rule not in self._rules[: self._extra]
        if rule and not before and not self._providers.is_anybodys(rule.provider):
            return verdict
        # A code alone is not backed by itself.
        if not before and not is_doubtful(reply.text, reply.enhanced_code if rule else None):
            return verdict
        confidence = Confidence.LIKELY if verdict.confidence is Confidence.SURE else verdict.confidence
        return replace(verdict, confidence=confidence, address_action=AddressAction.REVIEW)

    def _judge(self, key: _Key, text: str) -> Verdict:
        try:
            verdict = self._remembered[key]
        except KeyError:
            verdict = self._remember(key)
        return verdict or self._classify_generic(key, text)

    def _remember(self, key: _Key) -> Verdict | None:
        """The verdict by rules of providers; None where none fits and the generic phrases must be asked."""
        if len(self._remembered) >= _MAX_REMEMBERED:
            self._remembered.clear()
        found = self._candidates(key)
        own = bool(found) and found[0].rank != _RANK_FOREIGN
        verdict = self._decide(key, found) if own or self._is_private(key) else None
        self._remembered[key] = verdict
        return verdict

    def _is_private(self, key: _Key) -> bool:
        """Is the enhanced code one that a single provider uses, for one thing, and does nothing name another one?

        Then it says more than a generic phrase beside it: ``5.7.708 Service unavailable``.
        """
        matched, code, enhanced, by_mx, phase = key
        provider = by_mx or self._marked(matched)
        by_code = reason_of_codes(self._knowledge, code, enhanced, provider, phase)
        return by_code.provider is not None and not self._providers.are_rivals(by_code.provider, provider)

    def _classify_generic(self, key: _Key, text: str) -> Verdict:
        phrases = self._phrases.search(text.encode())
        verdict = self._remembered_generic.get((key, phrases))
        if verdict is None:
            if len(self._remembered_generic) >= _MAX_REMEMBERED:
                self._remembered_generic.clear()
            found = sorted(
                [
                    *self._candidates(key),
                    *(
                        _Candidate(_RANK_GENERIC, True, 0, i, self._generic[i])
                        for i in phrases
                        if _fits(self._generic[i], key[1], key[2])
                    ),
                ]
            )
            verdict = self._remembered_generic[key, phrases] = self._decide(key, found)
        return verdict

    def provider_of(self, bounce: Bounce) -> str | None:
        """Id of the provider that spoke: by its MX, else by a mark in the text that only it writes, else None."""
        by_mx = self._providers.of_host(bounce.mx) if bounce.mx else None
        return by_mx or self._marked(self._matcher.search(bounce.reply.text.encode()))

    def evidence(self, bounce: Bounce, verdict: Verdict) -> RuleEvidence:
        """The words of the reply that decided ``verdict``, and what the pattern named in them.

        Without a rule these are the codes that decided, or nothing.
        """
        reply = bounce.reply
        rule = self._by_id.get(verdict.rule or "")
        match = compile_pattern(rule.pattern).search(reply.text.encode()) if rule else None
        if match is None:
            matched = {
                Basis.ENHANCED_CODE: reply.enhanced_code or "",
                Basis.REPLY_CODE: str(reply.code or ""),
            }.get(verdict.basis, "")
            return RuleEvidence(rule=verdict.rule, matched=matched)
        groups = {_words(name): _words(value) for name, value in match.groupdict().items() if value}
        return RuleEvidence(rule=verdict.rule, matched=_words(match.group(0)), groups=groups)

    def rule(self, rule_id: str) -> Rule | None:
        """The rule of this id: the user's own before ours."""
        return self._by_id.get(rule_id)

    @property
    def _by_id(self) -> dict[str, Rule]:
        # Made when the first evidence is asked for; a run over many bounces never does.
        index = self.__dict__.get("_index")
        if index is None:
            index = self.__dict__["_index"] = {rule.id: rule for rule in (*self._generic, *reversed(self._rules))}
        return index

    def _marked(self, matched: Iterable[int]) -> str | None:
        first = len(self._rules)
        marks = [i - first for i in matched if i >= first]
        return self._providers.of_mark(min(marks)) if marks else None

    def _candidates(self, key: _Key) -> list[_Candidate]:
        matched, code, enhanced, by_mx, _ = key
        if not matched:
            return []
        provider = by_mx or self._marked(matched)
        return sorted(
            self._candidate(i, provider, by_mx)
            for i in matched
            if i < len(self._rules) and _fits(self._rules[i], code, enhanced)
        )

    def _decide(self, key: _Key, found: Sequence[_Candidate]) -> Verdict:
        matched, code, enhanced, by_mx, phase = key
        provider = by_mx or self._marked(matched)
        by_code = reason_of_codes(self._knowledge, code, enhanced, provider, phase)
        if not found:
            rule, reason, confidence, basis = None, by_code.reason, by_code.confidence, by_code.basis
            provider = provider or by_code.provider
        else:
            best = found[0]
            rule, reason, basis = best.rule, best.rule.reason, Basis.RULE
            confidence = _confidence(best, found, by_code.reason if by_code.telling else None)
            if not self._providers.is_generic(rule.provider) and provider is None:
                provider = rule.provider
        others = _alternatives(reason, found, by_code.reason if by_code.confidence is not Confidence.NONE else None)
        spec = self._knowledge.reasons[reason]
        message, address = _actions(spec, code, enhanced, confidence)
        return Verdict(
            reason=reason,
            confidence=confidence,
            basis=basis,
            provider=provider,
            rule=rule.id if rule else None,
            message_action=message,
            address_action=address,
            owner=spec.owner,
            also_possible=others,
        )

    def _candidate(self, index: int, provider: str | None, by_mx: str | None) -> _Candidate:
        rule = self._rules[index]
        if index < self._extra:
            rank = _RANK_USER
        elif rule.provider == provider:
            rank = _RANK_SPOKE
        else:
            rank = _RANK_FOREIGN if self._providers.are_rivals(rule.provider, by_mx) else _RANK_OTHER
        return _Candidate(rank, not has_code(rule), -weight(rule.pattern), index, rule)


def _words(matched: bytes) -> str:
    return matched[: 4 * _MAX_MATCHED].decode("utf-8", "ignore").strip()[:_MAX_MATCHED]


_BEFORE_THE_RECIPIENT = frozenset({"ehlo", "auth", "mail"})
"""Phases in which the server has not yet heard who the mail is for (RFC 5321 section 3.3)."""

_RANK_USER, _RANK_SPOKE, _RANK_OTHER, _RANK_GENERIC, _RANK_FOREIGN = range(5)


def _fits(rule: Rule, code: int | None, enhanced: str | None) -> bool:
    return (rule.code is None or rule.code == code) and (rule.enhanced is None or rule.enhanced == enhanced)


def _confidence(best: _Candidate, found: Sequence[_Candidate], by_code: str | None) -> Confidence:
    """``sure`` where the provider is known or the phrase is long, and nothing of equal rank or a telling code speaks
    for another category."""
    heavy = weight(best.rule.pattern)
    if best.rank == _RANK_FOREIGN:
        return Confidence.LIKELY if heavy >= 2 * _SURE_WEIGHT else Confidence.WEAK
    if best.rank == _RANK_USER:
        return Confidence.SURE
    category = best.rule.reason.partition(".")[0]
    rivals = {c.rule.reason.partition(".")[0] for c in found if c.rank == best.rank and c.order != best.order}
    agreed = by_code == best.rule.reason
    if rivals - {category} and not agreed:
        return Confidence.LIKELY
    if best.rank == _RANK_SPOKE:
        return Confidence.SURE
    if best.rank == _RANK_OTHER:
        return Confidence.SURE if heavy >= _SURE_WEIGHT or agreed else Confidence.LIKELY
    if by_code and by_code.partition(".")[0] != category:
        return Confidence.LIKELY
    return Confidence.LIKELY if best.rule.reason in _VAGUE and not agreed else Confidence.SURE


def _alternatives(reason: str, found: Sequence[_Candidate], by_code: str | None) -> tuple[Alternative, ...]:
    others: dict[str, str | None] = {}
    for candidate in found[1:]:
        others.setdefault(candidate.rule.reason, candidate.rule.id)
    if by_code and by_code != UNKNOWN:
        others.setdefault(by_code, None)
    others.pop(reason, None)
    return tuple(Alternative(other, rule) for other, rule in list(others.items())[:3])


def _actions(
    spec: Reason, code: int | None, enhanced: str | None, confidence: Confidence
) -> tuple[MessageAction | None, AddressAction]:
    """The policy row of the reason by the class of the reply code, else of the enhanced code, else by its nature.

    A temporary reply never suppresses, nor one whose two codes contradict each other, and neither does a weak verdict:
    only proof that the address is dead does.
    """
    if code is not None:
        permanent = code >= 500
    elif enhanced is not None:
        permanent = enhanced[0] == "5"
    else:
        permanent = spec.on_5xx is MessageAction.DROP or spec.on_4xx is not MessageAction.RETRY or spec.id in _LASTING
    message, address = (spec.on_5xx, spec.address_5xx) if permanent else (spec.on_4xx, spec.address_4xx)
    temporary = not permanent or bool(enhanced and enhanced[0] == "4")
    unproven = temporary or confidence in (Confidence.WEAK, Confidence.NONE)
    if address is AddressAction.SUPPRESS and unproven and spec.category != "not_a_bounce":
        address = AddressAction.REVIEW
    return message, address


@cache
def default_classifier() -> Classifier:
    """The classifier of our own rules, made once in a process."""
    return Classifier(load())
