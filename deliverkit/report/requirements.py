"""The demands of mailbox providers as data and as Markdown: the catalogue, and how one domain stands to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from deliverkit.knowledge import Knowledge
from deliverkit.knowledge.schema_dns import RequirementSpec
from deliverkit.language import _
from deliverkit.model import Audit, Requirement, RequirementState
from deliverkit.report.clean import one_line
from deliverkit.report.data import Data
from deliverkit.report.markdown import literal
from deliverkit.report.sentences import Sentences

SYMBOLS = {
    RequirementState.MET: "✓",
    RequirementState.NOT_MET: "✗",
    RequirementState.UNKNOWN: "?",
    RequirementState.CANNOT_BE_SEEN: "–",
}


def by_provider(requirements: Iterable[Requirement]) -> Iterator[tuple[str, list[Requirement]]]:
    """Demands grouped by provider, in their order."""
    ordered = sorted(requirements, key=lambda r: r.provider)
    return ((provider, list(group)) for provider, group in groupby(ordered, key=lambda r: r.provider))


def catalogue_data(spec: RequirementSpec, say: Sentences) -> Data:
    """One demand of the catalogue."""
    return {
        "id": spec.id,
        "provider": spec.provider,
        "bulk": spec.bulk,
        "title": say.requirement(spec.id),
        "sentence": say.requirement(spec.id, "sentence"),
        "checks": list(dict.fromkeys(say.knowledge.proofs[proof].check for proof in spec.proofs)),
        "since": spec.since,
        "source": spec.source,
        "as_of": spec.as_of,
        "reply": {"rule": spec.reply, "text": reply_text(spec.reply, say.knowledge)} if spec.reply else None,
    }


def requirements_data(audit: Audit, requirements: Sequence[Requirement], say: Sentences) -> Data:
    """How one domain stands to the demands: an entry of ``domains``."""
    return {
        "domain": audit.domain,
        "counts": {state.value: sum(r.state is state for r in requirements) for state in RequirementState},
        "requirements": [_judged(r, say) for r in requirements],
    }


def _judged(requirement: Requirement, say: Sentences) -> Data:
    spec = say.knowledge.requirements[requirement.id]
    unmet = requirement.state is RequirementState.NOT_MET
    return {
        **catalogue_data(spec, say),
        "state": requirement.state.value,
        "because": list(requirement.because),
        "fixes": fixes_for(requirement, say.knowledge) if unmet else [],
    }


def fixes_for(requirement: Requirement, knowledge: Knowledge) -> list[str]:
    """Ids of the fixes of the findings that decided."""
    return list(dict.fromkeys(fix for finding in requirement.because for fix in knowledge.findings[finding].fixes))


def reply_text(rule: str | None, knowledge: Knowledge) -> str | None:
    """What the provider answers to those who do not meet a demand: the first example of the reply rule."""
    info = knowledge.rule_info.get(rule or "")
    return info.examples[0] if info and info.examples else None


def requirements_markdown(audit: Audit, requirements: Sequence[Requirement], say: Sentences) -> str:
    """How one domain stands to the demands, as a Markdown section."""
    return "\n".join([f"## {literal(audit.domain)}", *markdown_table(requirements, say)])


def markdown_table(requirements: Sequence[Requirement], say: Sentences) -> list[str]:
    """The demands as a table; empty for none."""
    if not requirements:
        return []
    heads = (_("provider"), _("demand"), _("state"), _("reply"))
    lines = ["", "| " + " | ".join(heads) + " |", "|---|---|---|---|"]
    for provider, group in by_provider(requirements):
        for r in group:
            reply = reply_text(r.reply, say.knowledge) if r.state is RequirementState.NOT_MET else None
            cells = (say.provider(provider), title(r, say), f"{SYMBOLS[r.state]} {say.word(r.state)}", reply or "")
            lines.append("| " + " | ".join(literal(one_line(cell, 300)) for cell in cells) + " |")
    return lines


def title(requirement: Requirement, say: Sentences) -> str:
    """A demand's title, marked where only bulk senders have to meet it."""
    said = say.requirement(requirement.id)
    return _("{demand} (bulk mail)").format(demand=said) if requirement.bulk else said
