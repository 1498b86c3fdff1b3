"""All checks of one domain."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from deliverkit.checks import OF_NAMES, Target, World
from deliverkit.checks.run import can_run, in_order, run_checks
from deliverkit.diagnosis import platforms_in, values_of
from deliverkit.fixes import Case, possible, steps, wanted_by_findings
from deliverkit.knowledge import Knowledge
from deliverkit.model import Audit, CheckResult, Outcome
from deliverkit.requirements import judge

ONLY_NAMED = ("starttls", "platforms", "recipient-domain")
"""Checks that run only when they are named: one connects to mail servers, one is a view of its own
(``deliverkit platforms``), one is about the other side."""
BEYOND = ("nameservers",)
"""Checks that ask other name servers than those of the resolver. A whole audit leaves them out where the user named the
servers to ask (``World.beyond``); named themselves, they run in any case."""
ALL = tuple(name for name in OF_NAMES if name not in ONLY_NAMED)
"""The checks of a sending domain."""

_WORST_FIRST = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.WARN, Outcome.PASS, Outcome.NOT_APPLICABLE)


async def audit(target: Target, world: World, *, checks: Sequence[str] = ALL) -> Audit:
    """Run ``checks`` for ``target.domain`` and plan the steps.

    Never raises for what DNS says or fails to say; the parts that could not be asked are ``unknown``.
    """
    start = time.perf_counter()
    wanted = [name for name in checks if name not in BEYOND] if tuple(checks) == ALL and not world.beyond else checks
    names = [name for name in wanted if can_run(name, target)]
    results = in_order([result async for result in run_checks(names, target, world)])
    named = set(checks) != set(ALL)
    return conclude(target, results, world.knowledge, elapsed=time.perf_counter() - start, on_request=named)


def conclude(
    target: Target,
    results: Sequence[CheckResult],
    knowledge: Knowledge,
    *,
    elapsed: float = 0.0,
    on_request: bool = False,
) -> Audit:
    """The audit from whatever results are there.

    ``on_request``: the user named the checks, and so wants to hear how to set up what is a matter of choice
    (MTA-STS, TLS reports, BIMI); in a whole audit that would bury what has to be mended.
    """
    platforms = platforms_in(results)
    findings = (f for r in results for f in r.findings)
    wanted = possible(wanted_by_findings(findings, knowledge, on_request=on_request), results)
    return Audit(
        domain=target.domain or "",
        outcome=worst(r.outcome for r in results),
        checks=tuple(results),
        platforms=platforms,
        steps=steps(wanted, Case(values_of(target), None, platforms, tuple(results)), knowledge),
        elapsed=elapsed,
        requirements=judge(results, knowledge),
    )


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome of several: fail over unknown over warn over pass; ``unknown`` for none at all."""
    seen = set(outcomes)
    return next((o for o in _WORST_FIRST if o in seen), Outcome.UNKNOWN)
