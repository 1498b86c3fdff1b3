"""blocklists as text: what was listed first, what could not be asked next, what was clean last and shortest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from deliverkit.checks.blocklist_answer import Listing
from deliverkit.checks.blocklist_findings import BlocklistFacts
from deliverkit.checks.blocklist_rows import BlocklistRow
from deliverkit.language import _
from deliverkit.model import CheckResult, Outcome
from deliverkit.report.clean import one_line
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.layout import ROLES, SYMBOLS, Page, Paint, join, no_paint

_TOLD = (
    (Listing.LISTED, Outcome.FAIL),
    (Listing.POLICY, Outcome.WARN),
    (Listing.UNKNOWN_CODE, Outcome.UNKNOWN),
    (Listing.REFUSED, Outcome.UNKNOWN),
    (Listing.FAILED, Outcome.UNKNOWN),
    (Listing.HIJACKED, Outcome.UNKNOWN),
    (Listing.NOT_KNOWN, Outcome.UNKNOWN),
    (Listing.GOOD, Outcome.PASS),
    (Listing.NEUTRAL, Outcome.PASS),
)
"""States that are told list by list, gravest first."""
_ENTRIES = (Listing.LISTED, Listing.POLICY)


def blocklists_text(
    result: CheckResult,
    facts: BlocklistFacts,
    say: Sentences,
    *,
    width: int = 80,
    paint: Paint = no_paint,
    every: bool = False,
) -> str:
    """One subject: a headline that never says clean while the heavy lists are open, then the lists by state.

    ``every`` names also the lists that were clean and those that were not asked.
    """
    page = Page(width, paint)
    page.banner(
        f"{SYMBOLS[result.outcome]} {facts.subject} · {_headline(facts)}",
        _("{answered} of {asked} lists asked gave an answer").format(answered=facts.answered, asked=facts.asked),
        ROLES[result.outcome],
    )
    for state, outcome in _TOLD:
        for row in (row for row in facts.rows if row.state is state):
            _row(page, row, outcome, say)
    page.blank()
    _rest(page, _("not listed"), [r for r in facts.rows if r.state is Listing.NOT_LISTED], every)
    _unasked(page, [r for r in facts.rows if r.state is Listing.NOT_ASKED], say, every)
    return str(page)


def _headline(facts: BlocklistFacts) -> str:
    listed, policy = facts.counts.get(Listing.LISTED, 0), facts.counts.get(Listing.POLICY, 0)
    parts = [
        _("listed on {count}").format(count=listed) if listed else "",
        _("policy entry on {count}").format(count=policy) if policy else "",
    ]
    if facts.heavy_open:
        names = ", ".join(r.name for r in facts.heavy_open)
        parts.append(_("not known: {lists} could not be asked").format(lists=names))
    elif facts.heavy_unknown:
        parts.append(_("not known: the main lists could not be asked"))
    elif not listed:
        parts.append(_("not listed for abuse"))
    return join(parts)


def _row(page: Page, row: BlocklistRow, outcome: Outcome, say: Sentences) -> None:
    page.blank()
    weight = _("weight {weight}").format(weight=say.listing(f"weight.{row.weight.value}"))
    head = f"  {SYMBOLS[outcome]} {say.listing(f'state.{row.state.value}')}"
    page.field(
        head,
        join([row.name, ", ".join(row.labels), weight]),
        indent=0,
        pad=max(18, len(head) + 2),
        label_role=ROLES[outcome],
    )
    told = [say.listing(f"meaning.{hit.meaning}") for hit in row.hits]
    told += [say.listing(f"removal.{row.list}")] if row.state in _ENTRIES else []
    texts = [
        *told,
        say.listing(f"why.{row.why.value}") if row.why else "",
        f'"{one_line(row.reason, 300)}"' if row.reason else "",
    ]
    if row.resolver:
        texts.append(_("The list refused the name server {server}.").format(server=row.resolver))
    for text in dict.fromkeys(t for t in texts if t):
        page.para(text, indent=18, role="dim")
    if row.state in _ENTRIES:
        for url in dict.fromkeys(u for u in (row.lookup_url, row.removal_url) if u):
            page.command(url, indent=18)


def _rest(page: Page, word: str, rows: list[BlocklistRow], every: bool) -> None:
    if rows:
        names = (
            ", ".join(row.name for row in rows)
            if every
            else _("{count} lists (--all names them)").format(count=len(rows))
        )
        page.field(word, names, pad=16)


def _unasked(page: Page, rows: Iterable[BlocklistRow], say: Sentences, every: bool) -> None:
    whys = Counter(row.why for row in rows if row.why)
    if not whys:
        return
    if not every:
        page.field(
            _("not asked"),
            _("{count} lists: dead, keyed, or part of another (--all names them)").format(count=sum(whys.values())),
            pad=16,
        )
        return
    for why in whys:
        names = ", ".join(row.name for row in rows if row.why is why)
        page.field(_("not asked"), f"{say.listing(f'why.{why.value}')} {names}", pad=16)
