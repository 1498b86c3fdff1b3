"""The check ``message-arc``: the chain of those who passed the message on (RFC 8617)."""

from __future__ import annotations

import asyncio

from deliverkit.checks import Notes, Target, World, evidence_of
from deliverkit.message.mail import Message
from deliverkit.message.signature import read_tags
from deliverkit.model import CheckResult, Evidence, Outcome
from deliverkit.net.resolver import Answer

MAX_SETS = 50
"""RFC 8617 section 4.2.1."""
MAX_KEYS = 2 * MAX_SETS


async def run(target: Target, world: World) -> CheckResult:
    """Verify the ARC chain of ``target.message``. Facts: ``Chain``, where there is one."""
    message = target.message
    notes = Notes("message-arc", target.domain or "", world.knowledge)
    if message is None:
        return notes.result(outcome=Outcome.NOT_APPLICABLE)
    names = _key_names(message)
    if not names and not message.all("arc-seal"):
        notes.add("message-arc-none")
        return notes.result(outcome=Outcome.NOT_APPLICABLE)
    answers = await asyncio.gather(*(world.resolver.query(name, "TXT") for name in names))
    failed = [answer for answer in answers if answer.failed]
    from deliverkit.checks._dkimpy import verify_chain

    chain = verify_chain(message, {answer.name: _key(answer) for answer in answers if answer.found})
    newest = chain.seals[0].domain if chain.seals else ""
    proof = [Evidence(f"ARC-Seal i={seal.instance}", f"d={seal.domain} cv={seal.cv}") for seal in chain.seals[:5]]
    if chain.result == "pass":
        notes.add("message-arc-pass", *proof, count=len(chain.seals), domain=newest)
    elif failed:
        notes.add("message-arc-key-unanswered", *(evidence_of(answer) for answer in failed[:3]))
    elif not message.has_body:
        notes.add("message-arc-body-absent")
    elif chain.seals and chain.seals[0].cv == "fail":
        notes.add("message-arc-ended", *proof, domain=newest)
    else:
        notes.add("message-arc-fail", *proof, Evidence("dkimpy", chain.reason))
    return notes.result(chain)


def _key(answer: Answer) -> str:
    return next((text for text in answer.records if "p=" in text), answer.records[0])


def _key_names(message: Message) -> tuple[str, ...]:
    fields = [*message.all("arc-seal")[:MAX_SETS], *message.all("arc-message-signature")[:MAX_SETS]]
    names: dict[str, None] = {}
    for field in fields:
        tags = read_tags(field)
        if isinstance(tags, dict) and tags.get("s") and tags.get("d"):
            name = f"{tags['s']}._domainkey.{tags['d']}".lower()
            if len(name) <= 253 and name.isascii() and " " not in name and ".." not in name:
                names[name] = None
    return tuple(names)[:MAX_KEYS]
