"""Results as plain data for JSON: versioned, always the same shape, ids and codes the same in every language."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from deliverkit.model import Audit, CheckResult, Diagnosis, Finding, RuleEvidence, Step
from deliverkit.report.sentences import Sentences

Data = dict[str, Any]

VERSION = 1


def document(command: str, **parts: object) -> Data:
    """The document of a command: its schema first, then its parts."""
    return {"schema": f"deliverkit.{command}/{VERSION}", **parts}


def dumps(data: object, *, indent: int | None = 2) -> str:
    """JSON text without a trailing newline; other scripts stay readable."""
    return json.dumps(data, ensure_ascii=False, indent=indent, default=str)


def plain(value: object) -> Any:
    """Any of our frozen values as JSON types; a facts dataclass becomes an object of its fields."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in value]
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


def bounce_result(diagnosis: Diagnosis, say: Sentences) -> Data:
    """One entry of ``results`` in an explain or diagnose document."""
    bounce, verdict = diagnosis.bounce, diagnosis.verdict
    return {
        "input": bounce.reply.raw,
        "source": bounce.source,
        "recipient": bounce.recipient,
        "sender": bounce.sender,
        "mx": bounce.mx,
        "ip": bounce.ip,
        "phase": bounce.phase,
        "at": bounce.at,
        "reply": {"code": bounce.reply.code, "enhanced_code": bounce.reply.enhanced_code, "text": bounce.reply.text},
        "provider": verdict.provider,
        "category": verdict.category,
        "reason": verdict.reason,
        "title": say.reason(verdict.reason),
        "confidence": verdict.confidence.value,
        "bounce_type": verdict.bounce_type.value if verdict.bounce_type else None,
        "message_action": verdict.message_action.value if verdict.message_action else None,
        "address_action": verdict.address_action.value,
        "owner": verdict.owner.value,
        "evidence": _evidence(verdict.basis.value, diagnosis.evidence, say),
        "also_possible": [{"reason": a.reason, "rule": a.rule} for a in verdict.also_possible],
        "causes": [
            {"reason": c.reason, "proof": c.proof.value, "findings": [f.id for f in c.findings]}
            for c in diagnosis.causes
        ],
        "checks": [check_data(c, say) for c in diagnosis.checks],
        "not_asked": list(diagnosis.not_asked),
        "steps": [step_data(s, say) for s in diagnosis.steps],
    }


def _evidence(basis: str, evidence: RuleEvidence, say: Sentences) -> Data:
    info = say.knowledge.rule_info.get(evidence.rule or "")
    return {
        "basis": basis,
        "rule": evidence.rule,
        "matched": evidence.matched,
        "groups": dict(evidence.groups),
        "confirmed": info.confirmed if info else None,
        "source": info.source if info else None,
        "as_of": info.as_of if info else None,
    }


def audit_data(audit: Audit, say: Sentences) -> Data:
    """One entry of ``audits``."""
    return {
        "domain": audit.domain,
        "outcome": audit.outcome.value,
        "checks": [check_data(c, say) for c in audit.checks],
        "platforms": list(audit.platforms),
        "steps": [step_data(s, say) for s in audit.steps],
        "requirements": [plain(r) for r in audit.requirements],
        "elapsed": round(audit.elapsed, 3),
    }


def check_data(result: CheckResult, say: Sentences) -> Data:
    """One check result."""
    return {
        "check": result.check,
        "subject": result.subject,
        "outcome": result.outcome.value,
        "findings": [finding_data(f, say) for f in result.findings],
        "facts": plain(result.facts),
        "elapsed": round(result.elapsed, 3),
    }


def finding_data(finding: Finding, say: Sentences) -> Data:
    """One finding: id, severity, arguments, evidence, and its sentence for people."""
    return {
        "id": finding.id,
        "severity": finding.severity.value,
        "outcome": say.knowledge.findings[finding.id].outcome.value,
        "args": plain(finding.args),
        "evidence": [plain(e) for e in finding.evidence],
        "summary": say.finding(finding),
        "docs": f"findings/{finding.id}",
    }


def step_data(step: Step, say: Sentences) -> Data:
    """One step, complete: what, why, who, the record or command, and how it is verified."""
    return {
        "id": step.id,
        "title": say.step(step),
        "why": say.step(step, "why"),
        "owner": step.owner.value,
        "record": plain(step.record),
        "command": step.command,
        "url": step.url,
        "verify": step.verify,
        "verify_check": step.verify_check,
        "because": list(step.because),
    }


def catalogue(entries: Sequence[object]) -> list[Data]:
    """Knowledge entries as data."""
    return [plain(entry) for entry in entries]
