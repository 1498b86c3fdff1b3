"""Cases of the history as rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets.option_list import Option

from deliverkit.language import _, plural
from deliverkit.model import Outcome
from deliverkit_tui.words import ROLES, SYMBOLS, row

if TYPE_CHECKING:
    from deliverkit.report.sentences import Sentences
    from deliverkit_tui.history import Kept

PREFIX = "case-"


def case_option(kept: Kept, say: Sentences, *, now: datetime | None = None) -> Option:
    """``✗ DMARC         shop.example        2 of 3 steps done       yesterday``; its id is ``case-KEY``."""
    return Option(case_row(kept, say, now=now), id=f"{PREFIX}{kept.key}")


def case_row(kept: Kept, say: Sentences, *, now: datetime | None = None) -> Content:
    """The row alone."""
    outcomes = {outcome.value: outcome for outcome in Outcome}
    mark = outcomes.get(kept.mark, Outcome.UNKNOWN)
    finished = kept.total > 0 and kept.done == kept.total
    if finished:
        mark = Outcome.PASS
    done = plural("{count} step", "{count} steps", kept.total).format(count=kept.total) if kept.total else ""
    if kept.done:
        done = _("{done} of {total} steps done").format(done=kept.done, total=kept.total)
    return row(
        (f"{SYMBOLS[mark]} ", ROLES[mark]),
        (f"{_cut(say.category(kept.category), 15):<16}", ""),
        (f"{_cut(kept.subject or kept.reason, 24):<25}", "strong"),
        (f"{done:<19} ", "good" if finished else "dim"),
        (when(kept.at, now or datetime.now(UTC)), "dim"),
    )


def when(at: str, now: datetime) -> str:
    """``today 14:05``, ``yesterday``, ``3 days ago``, ``2026-03-03``."""
    try:
        then = datetime.fromisoformat(at).astimezone()
    except ValueError:
        return ""
    here = now.astimezone()
    days = (here.date() - then.date()).days
    if days <= 0:
        return _("today {time}").format(time=f"{then:%H:%M}")
    if days == 1:
        return _("yesterday")
    return plural("{count} day ago", "{count} days ago", days).format(count=days) if days < 7 else f"{then:%Y-%m-%d}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
