"""Steps as a numbered list: one number a fix, the first fixes in full, the rest by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from deliverkit.language import _
from deliverkit.model import Record, Step
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.layout import Page


def write_steps(page: Page, steps: Sequence[Step], say: Sentences, *, full: int = 3) -> None:
    """All fixes in order; those after the first ``full`` are named with the command that shows them."""
    for number, (fix, members) in enumerate(_by_fix(steps), 1):
        owner = say.word(members[0].owner)
        if number > full:
            if number == full + 1:
                page.blank()
            page.banner(f"  {number}  {say.fix(fix, members[0].args)}", f"deliverkit fix {fix}", "")
            continue
        page.blank()
        page.banner(f"  {number}  {say.fix(fix, members[0].args)}", owner, "strong")
        for step in members:
            write_step(page, step, say, owner=members[0].owner != step.owner)


def write_step(page: Page, step: Step, say: Sentences, *, owner: bool = False) -> None:
    """One step: what, why, and what to publish, run, open or verify."""
    title = say.step(step) + (f" ({say.word(step.owner)})" if owner else "")
    page.para(f"- {title}", indent=5, hang=2)
    if why := say.step(step, "why"):
        page.para(why, indent=7, role="dim")
    if step.record:
        _write_record(page, step.record)
    if step.command:
        page.command(step.command, indent=7)
    if step.url:
        page.command(step.url, indent=7)
    if step.verify and step.verify != step.command:
        page.command(step.verify, indent=7, label=_("verify"))


def _write_record(page: Page, record: Record) -> None:
    for now in record.now:
        page.value(_("now"), now, indent=7, role="dim")
    page.value(_("name"), f"{record.name}  {record.rdtype}", indent=7)
    page.value(_("publish"), record.value, indent=7)


def _by_fix(steps: Iterable[Step]) -> list[tuple[str, list[Step]]]:
    grouped: dict[str, list[Step]] = {}
    for step in steps:
        grouped.setdefault(step.id.partition(".")[0], []).append(step)
    return list(grouped.items())
