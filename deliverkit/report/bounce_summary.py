"""The summary of many bounces as plain data: what the JSON document holds, and what text and Markdown are made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from deliverkit.bounces.drafts import UNNAMED, drafted_rule
from deliverkit.bounces.incidents import Incident
from deliverkit.bounces.summary import COMPLAINTS, DELIVERED, GROUPS, HARD, SOFT, Counts, Summary
from deliverkit.report.clean import one_line
from deliverkit.report.sentences import Sentences

MAX_INCIDENTS = 1_000
"""Incidents in a document, the most frequent first."""
MAX_UNKNOWN = 100
RECOVERY = "active-addresses"
_STEPS = ("cause", "release", "readd", "ask", "watch")

Data = dict[str, Any]


def summary_data(
    summary: Summary,
    say: Sentences,
    *,
    units: int = 0,
    failed: Sequence[tuple[str, str]] = (),
    known: frozenset[str] | None = None,
) -> Data:
    """The value of ``summary`` in a ``deliverkit.bounces/1`` document.

    ``units`` are the lines, mails and records that were read, ``failed`` the files that could not be, ``known`` the
    ids of the incidents of earlier runs; None where nobody asked what is new.
    """
    summary.settle()
    incidents = [_incident(incident, known) for incident in summary.incidents]
    return {
        "units": units,
        "events": summary.events,
        "first": summary.first,
        "last": summary.last,
        "totals": _totals(summary),
        "rates": _rates(summary),
        "by": {name: _rows(summary.groups[name], name, say) for name in GROUPS},
        "theirs": [_row(key, counts) for key, counts in _ordered(summary.theirs)],
        "incidents": incidents[:MAX_INCIDENTS],
        "incidents_in_all": len(incidents),
        "incidents_new": None if known is None else sum(bool(incident["new"]) for incident in incidents),
        "bounces_in_dropped_incidents": summary.incidents.dropped,
        "unknown": _unknown(summary, known),
        "active": _active(summary),
        "recovery": _recovery(summary, say),
        "faults": {
            "by": dict(sorted(summary.faults.items())),
            "examples": [fault._asdict() for fault in summary.fault_examples],
        },
        "failed": [{"path": path, "why": why} for path, why in failed],
    }


def fault_place(fault: Mapping[str, Any]) -> str:
    """Where a fault is: file and line, or the file alone where all of it was left out."""
    path = one_line(str(fault["path"]), 200)
    return f"{path}:{fault['number']}" if fault["number"] else path


def _totals(summary: Summary) -> Data:
    hard, soft = summary.hard, summary.soft
    kinds = summary.kinds
    return {
        "attempts": summary.delivered + hard + soft,
        "delivered": summary.delivered,
        "bounces": hard + soft,
        "hard": hard,
        "soft": soft,
        "temporary": summary.temporary,
        "unknown": summary.unknown,
        "complaints": summary.complaints,
        **{name: kinds.get(name, 0) for name in ("unsubscribe", "auto_reply", "challenge", "relayed", "ordinary")},
        "faults": sum(summary.faults.values()),
    }


def _rates(summary: Summary) -> Data:
    """Of all attempts; null where the source does not tell of deliveries, for then nobody knows of how many."""
    attempts = summary.delivered + summary.hard + summary.soft
    if not summary.knows_deliveries:
        return dict.fromkeys(("hard", "soft", "complaints"))
    return {
        "hard": round(summary.hard / attempts, 6),
        "soft": round(summary.soft / attempts, 6),
        "complaints": round(summary.complaints / summary.delivered, 6),
    }


def _ordered(group: Mapping[str, Counts]) -> list[tuple[str, Counts]]:
    return sorted(group.items(), key=lambda item: (-item[1][HARD] - item[1][SOFT], -sum(item[1]), item[0]))


def _row(key: str, counts: Counts) -> Data:
    bounces = counts[HARD] + counts[SOFT]
    return {
        "key": key,
        "bounces": bounces,
        "hard": counts[HARD],
        "soft": counts[SOFT],
        "delivered": counts[DELIVERED],
        "complaints": counts[COMPLAINTS],
    }


def _rows(group: Mapping[str, Counts], name: str, say: Sentences) -> list[Data]:
    ordered = sorted(group.items()) if name == "day" else _ordered(group)
    rows = [_row(key, counts) for key, counts in ordered]
    titles: dict[str, Callable[[str], str]] = {
        "category": say.category,
        "reason": say.reason,
        "provider": say.provider,
    }
    if name in titles:
        for row in rows:
            row["title"] = titles[name](row["key"]) if row["key"] else ""
    return rows


def _incident(incident: Incident, known: frozenset[str] | None) -> Data:
    return {
        "id": incident.id,
        "provider": incident.provider,
        "reason": incident.reason,
        "text": incident.text,
        "count": incident.count,
        "recipients": min(incident.recipients.count, incident.count),
        "recipients_are_exact": incident.recipients.is_exact,
        "first": incident.first,
        "last": incident.last,
        "new": None if known is None else incident.id not in known,
        "example": incident.example,
    }


def _unknown(summary: Summary, known: frozenset[str] | None) -> list[Data]:
    found = [incident for incident in summary.incidents if incident.reason == UNNAMED]
    return [_incident(incident, known) | {"draft": drafted_rule(incident)} for incident in found[:MAX_UNKNOWN]]


def _active(summary: Summary) -> list[Data]:
    rows = [
        {
            "reason": reason,
            "bounces": active.by_source + active.by_code,
            "called_hard_by_source": active.by_source,
            "permanent_by_code_only": active.by_code,
            "recipients": min(active.recipients.count, active.by_source + active.by_code),
            "recipients_are_exact": active.recipients.is_exact,
            "examples": active.examples,
        }
        for reason, active in summary.active.items()
    ]
    return sorted(rows, key=lambda row: (-row["bounces"], row["reason"]))


def _recovery(summary: Summary, say: Sentences) -> Data | None:
    """What to do for the addresses that are alive; None where there are none."""
    if not summary.active:
        return None
    texts = say.knowledge.text("recovery", say.lang)[RECOVERY]
    return {
        "title": texts["title"],
        "why": texts["why"],
        "steps": [{"id": f"{RECOVERY}.{step}", "text": texts["steps"][step]} for step in _STEPS],
        "limit": texts["limit"],
    }
