"""The memory of addresses in words and as data: how an address stands, what decided, what would change it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

from deliverkit.language import _, plural
from deliverkit.report.clean import one_line
from deliverkit.report.data import Data
from deliverkit.report.text.layout import Page, Paint, no_paint
from deliverkit.store.policy import Decision, Policy, State
from deliverkit.store.rows import iso

if TYPE_CHECKING:
    from deliverkit.store.memory import Entry, Why
    from deliverkit.store.rows import Row

COLUMNS = ("address", "state", "reason", "since", "rule")
"""Of an export; an import reads the first four."""


def state_word(state: State) -> str:
    """A state in words."""
    return {
        State.ACTIVE: _("active"),
        State.SOFT: _("failing, still mailed"),
        State.SUPPRESSED: _("suppressed"),
        State.UNSUBSCRIBED: _("unsubscribed"),
        State.COMPLAINT: _("complained"),
        State.MANUAL: _("suppressed by hand"),
    }[state]


def rule_sentence(decision: Decision, policy: Policy) -> str:
    """What decided, with the numbers that were compared."""
    args = decision.args
    if decision.rule == "soft-repeated":
        return _(
            "Days with temporary failures and no delivery in between: {days}, the limit is {needed}; from the first to "
            "the last: {span} days, the limit is {span_needed}. What is more than {forget} days older than the last "
            "does not count."
        ).format(**args)
    if decision.rule == "soft-counting":
        if not policy.soft_failures:
            return _("Temporary failures on {days} different days; the policy never suppresses for them.").format(
                **args
            )
        return _(
            "Days with temporary failures and no delivery in between: {days} of {needed}; from the first to the last: "
            "{span} of {span_needed} days. What is more than {forget} days older than the last does not count."
        ).format(**args)
    return {
        "dead": _("A reply proved that the address is dead; the policy suppresses at once."),
        "complaint": _("The owner complained about mail to this address."),
        "unsubscribe": _("The owner unsubscribed."),
        "added": _("Somebody put it on the list by hand."),
        "imported": _("An imported list says so."),
        "removed": _("Somebody took it off the list by hand; what was before no longer counts."),
        "delivered": _("The last delivery was taken; failures before it no longer count."),
        "nothing": _(
            "Nothing that happened speaks against it. What the sender caused, and what nobody understood, never counts."
        ),
    }[decision.rule]


def change_sentence(change: str) -> str:
    """What would change the state."""
    return {
        "delivery": _("A delivery that is taken after this clears it."),
        "remove": _("Taking it off by hand clears it: deliverkit suppression remove ADDRESS"),
        "more-failures": _("More days with temporary failures suppress it."),
        "dead": _("A reply that proves it dead suppresses it at once."),
        "complaint": _("A complaint or an unsubscribe suppresses it, where the policy says so."),
    }[change]


def why_text(why: Why, policy: Policy, *, width: int = 80, paint: Paint = no_paint) -> str:
    """One address: how it stands, why, every event, and what would change it."""
    page, decision = Page(width, paint), why.decision
    role = "good" if decision.state.mailed else "bad"
    page.banner(why.entry.address, state_word(decision.state), "strong")
    page.blank()
    page.field(_("Mail it?"), _("yes") if decision.state.mailed else _("no"), role=role)
    page.field(_("Because"), rule_sentence(decision, policy))
    if decision.reason:
        page.field(_("Reason"), decision.reason, role="code")
    if decision.since is not None:
        page.field(_("Since"), iso(decision.since) or "")
    page.field(_("Changed by"), change_sentence(decision.changes[0]))
    for change in decision.changes[1:]:
        page.field("", change_sentence(change))
    page.blank()
    count = len(why.history)
    page.para(plural("{count} event, * decided", "{count} events, * decided", count).format(count=count), indent=2)
    for row in why.history:
        _event(page, row, row.id in decision.events)
    return str(page)


def _event(page: Page, row: Row, decided: bool) -> None:
    mark = "*" if decided else " "
    what = " · ".join(part for part in (row.kind, row.reason, row.confidence, row.action) if part)
    page.field(f"{mark} {iso(row.at) or _('no time')}", what, pad=28, label_role="strong" if decided else "dim")
    if row.text:
        page.field("", one_line(row.text, 300), pad=28)


def why_data(why: Why, policy: Policy) -> Data:
    """The same for JSON."""
    decision = why.decision
    return {
        **entry_data(why.entry),
        "mail": decision.state.mailed,
        "args": dict(decision.args),
        "changes": list(decision.changes),
        "policy": asdict(policy),
        "events": [
            {
                "at": iso(row.at),
                "kind": row.kind,
                "reason": row.reason,
                "confidence": row.confidence,
                "address_action": row.action,
                "detail": row.detail,
                "provider": row.provider,
                "reply": {"code": row.code, "enhanced_code": row.enhanced, "text": row.text},
                "mx": row.mx,
                "decided": row.id in decision.events,
            }
            for row in why.history
        ],
    }


def entry_data(entry: Entry) -> Data:
    """One address and how it stands."""
    return {
        "address": entry.address,
        "state": entry.state.value,
        "reason": entry.reason,
        "since": iso(entry.since),
        "rule": entry.rule,
        "soft": entry.soft,
    }


def entry_lines(entries: Iterable[Entry]) -> Iterable[str]:
    """A line for each: address, state, reason, since."""
    for entry in entries:
        since = (iso(entry.since) or "-")[:10]
        yield f"{one_line(entry.address):<44}  {entry.state.value:<12}  {since:<10}  {entry.reason or entry.rule}"
