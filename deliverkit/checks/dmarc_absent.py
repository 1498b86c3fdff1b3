"""What to say when no DMARC record applies: missing, misplaced, doubled, meant but not written right, or not asked."""

from __future__ import annotations

import asyncio

from deliverkit.checks import Notes
from deliverkit.checks.dmarc_record import is_dmarc, looks_like_dmarc
from deliverkit.checks.dmarc_walk import Source, Walk
from deliverkit.net.resolver import Resolver

MAX_TEXTS = 20
"""TXT records read at one name."""
MAX_QUOTED = 200


def note_texts(notes: Notes, found: Walk) -> None:
    """What stands at the names of the walk besides one valid record.

    Names above the domain matter only while its own record does not settle the policy.
    """
    own = found.source is Source.AUTHOR
    for step in found.steps[: 1 if own else None]:
        name, answer = f"_dmarc.{step.domain}", step.answer
        if len(step.records) > 1:
            notes.add("dmarc-multiple-records", answer, domain=step.domain, count=len(step.records))
        if step is not found.steps[0] or not answer.found:
            continue
        others = [text for text in answer.records[:MAX_TEXTS] if not is_dmarc(text)]
        meant = [text for text in others if looks_like_dmarc(text)]
        if meant and not step.records:
            notes.add("dmarc-lookalike", answer, domain=step.domain, record=meant[0][:MAX_QUOTED])
        elif others:
            notes.add("dmarc-unrelated-text", answer, name=name)


def note_open(notes: Notes, found: Walk) -> None:
    """A question of the walk failed, and with its answer another record might apply."""
    for step in found.open_steps:
        notes.add("dmarc-not-checked", step.answer, name=f"_dmarc.{step.domain}")


async def judge_absence(notes: Notes, found: Walk, resolver: Resolver) -> None:
    """No record applies, and every name of the walk was asked."""
    first = found.steps[0]
    if first.answer.cname and first.answer.absent:
        notes.add("dmarc-cname-dangling", first.answer, domain=found.domain, target=first.answer.cname[-1])
    if not {"dmarc-lookalike", "dmarc-multiple-records"} & {finding.id for finding in notes.findings}:
        notes.add("dmarc-missing", *(step.answer for step in found.steps), domain=found.domain)
    await _note_misplaced(notes, found.domain, resolver)


async def _note_misplaced(notes: Notes, domain: str, resolver: Resolver) -> None:
    """The places where records end up by mistake: the domain itself, without the underscore, and the name
    doubled by a zone editor that appends the domain to what already holds it."""
    places = (domain, f"dmarc.{domain}", f"_dmarc.{domain}.{domain}")
    fitting = [place for place in places if len(place) <= 253]
    answers = await asyncio.gather(*(resolver.query(place, "TXT") for place in fitting))
    for answer in answers:
        if any(is_dmarc(text) for text in answer.records[:MAX_TEXTS]):
            notes.add("dmarc-misplaced", answer, domain=domain, where=answer.name)
