"""What mailbox providers demand of senders, against what the checks saw of one domain.

The demands and the findings that decide them are data (``knowledge/requirements``, ``knowledge/proofs.toml``). Much of
what providers demand shows in messages or in their own figures only; that is said, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from deliverkit.knowledge import Knowledge
from deliverkit.knowledge.schema_dns import Proof, RequirementSpec
from deliverkit.model import CheckResult, Outcome, Requirement, RequirementState

State = RequirementState
_Judged = tuple[RequirementState, tuple[str, ...]]
"""The state and the findings that decided it."""

_ALL = (State.NOT_MET, State.UNKNOWN, State.CANNOT_BE_SEEN, State.MET)
"""Where every proof is needed, the first of these that one came to is the state."""
_ANY = (State.MET, State.UNKNOWN, State.CANNOT_BE_SEEN, State.NOT_MET)
"""The same where one proof is enough."""


def checks_needed(knowledge: Knowledge) -> tuple[str, ...]:
    """The checks that must have run before the demands can be judged."""
    return tuple(dict.fromkeys(proof.check for proof in knowledge.proofs.values()))


def judge(results: Sequence[CheckResult], knowledge: Knowledge) -> tuple[Requirement, ...]:
    """Every demand with its state; empty when a check that judges some of them did not run."""
    if not set(checks_needed(knowledge)) <= {result.check for result in results}:
        return ()
    proofs = {proof.id: _proof(proof, results) for proof in knowledge.proofs.values()}
    return tuple(_requirement(spec, [proofs[p] for p in spec.proofs]) for spec in knowledge.requirements.values())


def _requirement(spec: RequirementSpec, judged: Sequence[_Judged]) -> Requirement:
    order = _ANY if spec.any_of else _ALL
    states = [state for state, _ in judged]
    state = next((s for s in order if s in states), State.CANNOT_BE_SEEN)
    because = tuple(dict.fromkeys(finding for found, findings in judged if found is state for finding in findings))
    return Requirement(spec.id, spec.provider, spec.bulk, state, because, spec.reply)


def _proof(proof: Proof, results: Iterable[CheckResult]) -> _Judged:
    """What the findings of one check say."""
    ours = [result for result in results if result.check == proof.check]
    seen = tuple(dict.fromkeys(finding.id for result in ours for finding in result.findings))
    ways = (
        (State.NOT_MET, proof.broken_by),
        (State.MET, proof.proven_by),
        (State.UNKNOWN, proof.unknown_by),
        (State.CANNOT_BE_SEEN, proof.unseen_by),
    )
    for state, deciding in ways:
        found = tuple(finding for finding in seen if finding in deciding)
        if found:
            return state, found
    if proof.otherwise == "met" and any(result.outcome is Outcome.UNKNOWN for result in ours):
        return State.UNKNOWN, ()
    return State(proof.otherwise), ()


def chosen(
    requirements: Iterable[Requirement], *, bulk: bool | None = None, providers: Sequence[str] = ()
) -> tuple[Requirement, ...]:
    """The demands on one kind of sender: ``bulk`` False leaves out those on bulk senders; with True or None all count,
    for a bulk sender has to meet the general ones too. Of ``providers``, where some are named."""
    return tuple(
        r for r in requirements if (bulk is not False or not r.bulk) and (not providers or r.provider in providers)
    )
