"""Records to publish, worked out from what is published now. Pure, and never a second SPF or DMARC record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deliverkit.model import CheckResult, Record, Scalar


def propose(fix: str, values: Mapping[str, Scalar], results: Sequence[CheckResult]) -> Record | None:
    """The record that this fix would have published, or None where too little is known to propose one."""
    return None
