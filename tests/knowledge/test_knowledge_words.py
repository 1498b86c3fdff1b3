"""Every value of every enum that a surface shows has a word."""

from __future__ import annotations

from enum import StrEnum

import pytest

from deliverkit import model
from deliverkit.knowledge import Knowledge

GROUPS: dict[str, type[StrEnum]] = {
    "outcome": model.Outcome,
    "severity": model.Severity,
    "confidence": model.Confidence,
    "basis": model.Basis,
    "message_action": model.MessageAction,
    "address_action": model.AddressAction,
    "bounce_type": model.BounceType,
    "owner": model.Owner,
    "proof": model.Proof,
    "requirement_state": model.RequirementState,
}


@pytest.mark.parametrize("group", GROUPS)
def test_every_value_has_a_label_and_a_sentence(group: str, knowledge: Knowledge) -> None:
    words = knowledge.text("words")[group]
    assert set(words) == {member.value for member in GROUPS[group]}
    assert {tuple(forms) for forms in words.values()} == {("label", "sentence")}
    labels = [forms["label"] for forms in words.values()]
    assert len(set(labels)) == len(labels)
