"""Sentences by id: the one place where ids and arguments become words in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from deliverkit.fixes import fill
from deliverkit.knowledge import Knowledge
from deliverkit.model import Finding, Scalar, Step
from deliverkit.report.clean import clean


@dataclass(frozen=True, slots=True)
class Sentences:
    """What to say, in one language. Every method falls back to the id, never to nothing."""

    knowledge: Knowledge
    lang: str = "en"

    def _text(self, kind: str, key: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.knowledge.text(kind, self.lang).get(key, {})
        return found

    def word(self, value: StrEnum, form: str = "label") -> str:
        """The word for an enum value: ``label`` is short, ``sentence`` a full phrase."""
        group = _GROUPS[type(value).__name__]
        words: Mapping[str, str] = self._text("words", group).get(value.value, {})
        return words.get(form) or words.get("label") or value.value.replace("_", " ")

    def category(self, category: str) -> str:
        """Title of a category."""
        return str(self._text("categories", category).get("title", category))

    def provider(self, provider: str | None) -> str:
        """Name of a provider as its users know it; empty for none, and for the user's own rules without one."""
        known = self.knowledge.providers.get(provider or "")
        return known.name if known else "" if provider in (None, "own", "generic") else provider

    def platform(self, platform: str) -> str:
        """Name of a sending platform."""
        known = self.knowledge.platforms.get(platform)
        return known.name if known else platform

    def reason(self, reason: str, part: str = "title", **args: Scalar) -> str:
        """``title``, ``sentence`` or ``meaning`` of a reason."""
        return self._said("reasons", reason, part, args, reason)

    def finding(self, finding: Finding, part: str = "summary") -> str:
        """``title``, ``summary``, ``why`` or ``harmless`` of a finding, its arguments filled in."""
        return self._said("findings", finding.id, part, finding.args, "" if part == "harmless" else finding.id)

    def fix(self, fix: str, args: Mapping[str, Scalar] | None = None) -> str:
        """Title of a fix."""
        return self._said("fixes", fix, "title", args or {}, fix)

    def step(self, step: Step, part: str = "title") -> str:
        """``title`` or ``why`` of a step."""
        fix, _, name = step.id.partition(".")
        texts = self._text("fixes", fix).get("steps", {}).get(name, {})
        return fill(texts.get(part, step.id if part == "title" else ""), _shown(step.args)) or ""

    def requirement(self, requirement: str, part: str = "title") -> str:
        """``title`` or ``sentence`` of a provider's demand."""
        return self._said("requirements", requirement, part, {}, requirement)

    def listing(self, key: str) -> str:
        """A sentence about blocklists by its key (``why.empty``, ``note.spamcop``); empty where there is none."""
        return str(self.knowledge.text("blocklists", self.lang).get(key, ""))

    def code(self, code: str, part: str) -> str:
        """``meaning``, ``usual`` or ``guide`` of a code; empty where there is none."""
        return str(self._text("codes", code).get(part, ""))

    def _said(self, kind: str, key: str, part: str, args: Mapping[str, Scalar], default: str) -> str:
        return fill(self._text(kind, key).get(part, default), _shown(args)) or ""


def _shown(args: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Arguments as they may be shown: they come from DNS and mail."""
    return {k: clean(v, 500) if isinstance(v, str) else v for k, v in args.items()}


_GROUPS = {
    "Outcome": "outcome",
    "Severity": "severity",
    "Confidence": "confidence",
    "MessageAction": "message_action",
    "AddressAction": "address_action",
    "BounceType": "bounce_type",
    "Owner": "owner",
    "Proof": "proof",
    "Basis": "basis",
    "RequirementState": "requirement_state",
}
