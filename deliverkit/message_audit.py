"""One message: its own checks, and those of its domains that can tell more about what they found."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from deliverkit.audit import conclude
from deliverkit.checks import OF_A_MESSAGE, Target, World
from deliverkit.checks.message_auth import author_domain
from deliverkit.checks.message_dkim import MessageDkimFacts
from deliverkit.checks.message_dmarc import MessageDmarcFacts
from deliverkit.checks.message_headers import HeaderFacts
from deliverkit.checks.message_results import MessageResultsFacts
from deliverkit.checks.message_spf import MessageSpfFacts
from deliverkit.checks.run import can_run, in_order, run_checks
from deliverkit.message.mail import Message
from deliverkit.model import Audit, CheckResult

F = TypeVar("F")

DEFAULT = OF_A_MESSAGE
"""The checks of a message."""
_ASKS_SPF = (
    "message-spf-fail",
    "message-spf-softfail",
    "message-spf-neutral",
    "message-spf-none",
    "message-spf-permerror",
)
_ASKS_DKIM = (
    "message-dkim-key-missing",
    "message-dkim-key-revoked",
    "message-dkim-key-unusable",
    "message-dkim-key-weak",
)
_ASKS_DMARC = ("message-dmarc-no-record", "message-dmarc-fail", "message-dmarc-fail-watched")


@dataclass(frozen=True, slots=True, eq=False)
class MessageAudit:
    """One message and what its checks came to. The facts are None for checks that were not asked for."""

    source: str
    """Where it was read: a path, or ``stdin``."""
    author: str | None
    """The Author Domain."""
    audit: Audit
    dmarc: MessageDmarcFacts | None
    dkim: MessageDkimFacts | None
    spf: MessageSpfFacts | None
    headers: HeaderFacts | None
    said: MessageResultsFacts | None


async def audit_message(
    message: Message, source: str, target: Target, world: World, *, checks: Sequence[str] | None = None
) -> MessageAudit:
    """Check ``message``. ``target`` holds what the user knows better: ``ips``, ``mail_from``, ``helo``.

    Without ``checks``, those of a message run first, and then the checks of a domain that can say why one of
    them failed and propose the record that mends it. Never raises for what the message or DNS says.
    """
    start = time.perf_counter()
    author = author_domain(message)
    target = replace(target, message=message, domain=target.domain or author)
    names = [name for name in checks or DEFAULT if can_run(name, target)]
    results = in_order([result async for result in run_checks(names, target, world)])
    more: list[CheckResult] = []
    if checks is None:
        for name, about in _follow_up(results, target):
            more += [result async for result in run_checks([name], about, world)]
    shown = in_order([*results, *more])
    values = _values(target, results)
    return MessageAudit(
        source,
        author,
        conclude(values, shown, world.knowledge, elapsed=time.perf_counter() - start),
        _facts(results, MessageDmarcFacts),
        _facts(results, MessageDkimFacts),
        _facts(results, MessageSpfFacts),
        _facts(results, HeaderFacts),
        _facts(results, MessageResultsFacts),
    )


def _follow_up(results: Iterable[CheckResult], target: Target) -> list[tuple[str, Target]]:
    """The checks of a domain that tell more, each with what to ask about."""
    results = tuple(results)
    found = {finding.id: finding for result in results for finding in result.findings}
    asked: list[tuple[str, Target]] = []
    spf = _facts(results, MessageSpfFacts)
    if spf is not None and spf.domain and any(name in found for name in _ASKS_SPF):
        ips = (spf.delivery.ip,) if spf.delivery.ip else ()
        asked.append(("spf", Target(target.domain, ips, mail_from=spf.domain, helo=spf.delivery.helo)))
    key = next((found[name] for name in _ASKS_DKIM if name in found), None)
    if key is not None and key.args.get("domain") and key.args.get("selector"):
        selector, domain = str(key.args["selector"]), str(key.args["domain"])
        asked.append(("dkim", Target(target.domain, selectors=(selector,), signing_domain=domain)))
    if target.domain and any(name in found for name in _ASKS_DMARC):
        asked.append(("dmarc", Target(target.domain)))
    return asked


def _values(target: Target, results: Iterable[CheckResult]) -> Target:
    """The target with what the message told, to fill the steps."""
    results = tuple(results)
    spf, dkim = _facts(results, MessageSpfFacts), _facts(results, MessageDkimFacts)
    ip = spf.delivery.ip if spf else None
    signatures = dkim.signatures if dkim else ()
    own = next((s for s in signatures if s.selector and s.domain == target.domain), None)
    return replace(
        target,
        ips=target.ips or ((ip,) if ip else ()),
        mail_from=target.mail_from or (spf.domain if spf else None),
        selectors=target.selectors or ((own.selector,) if own else ()),
    )


def _facts(results: Iterable[CheckResult], kind: type[F]) -> F | None:
    return next((result.facts for result in results if isinstance(result.facts, kind)), None)
