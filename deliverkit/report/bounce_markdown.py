"""The summary of many bounces as Markdown: the same tables as on a terminal, for a ticket or a page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from deliverkit.bounces.summary import OTHERS
from deliverkit.language import _
from deliverkit.report.bounce_summary import fault_place
from deliverkit.report.clean import one_line
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.bounce_summary import percent

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~&])")

Data = dict[str, Any]


def bounce_summary_markdown(data: Data, say: Sentences, *, top: int = 10) -> str:
    """``data`` is what ``summary_data`` gives; ``top`` is how many rows a table has at most."""
    parts = [f"# {_('Bounces')}", *_totals(data)]
    for name, title in (
        ("category", _("Why")),
        ("reason", _("Reasons")),
        ("provider", _("Provider")),
        ("code", _("Reply")),
        ("sending_domain", _("Sending domain")),
        ("ip", _("Sending IP")),
        ("day", _("Day")),
    ):
        parts += _group(data, name, title, top)
    parts += _incidents(data, say, top)
    parts += _unknown(data, top)
    parts += _active(data, say, top)
    parts += _faults(data)
    return "\n\n".join(parts)


def plain(text: object) -> str:
    """Text that means nothing in Markdown or HTML, on one line."""
    return _SPECIAL.sub(r"\\\1", one_line(str(text), 300))


def _table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    names = list(heads)
    lines = [f"| {' | '.join(names)} |", f"| --- |{' ---: |' * (len(names) - 1)}"]
    lines += [f"| {' | '.join(str(value) for value in row)} |" for row in rows]
    return "\n".join(lines)


def _totals(data: Data) -> list[str]:
    totals = data["totals"]
    period = " – ".join(dict.fromkeys(at[:10] for at in (data["first"], data["last"]) if at))
    with_rates = data["rates"]["hard"] is not None
    of = totals["attempts"] if with_rates else totals["bounces"]
    rows: list[tuple[str, str, str]] = []
    for name, label in (
        ("delivered", _("delivered")),
        ("hard", _("hard")),
        ("soft", _("soft")),
        ("temporary", _("temporary")),
        ("complaints", _("complaints")),
        ("unsubscribe", _("unsubscribed")),
        ("auto_reply", _("auto replies")),
        ("ordinary", _("no bounce")),
        ("unknown", _("not understood")),
        ("faults", _("could not be read")),
    ):
        if totals[name]:
            share = percent(totals[name], of) if name in ("hard", "soft", "temporary") or with_rates else ""
            rows.append((label, f"{totals[name]:,}", share))
    return [*([period] if period else []), _table(("", _("count"), _("share")), rows)]


def _group(data: Data, name: str, title: str, top: int) -> list[str]:
    rows = [row for row in data["by"][name] if row["bounces"]]
    if not any(row["key"] for row in rows):
        return []
    shown = rows[-top:] if name == "day" else rows[:top]
    total = data["totals"]["bounces"]
    with_rates = data["rates"]["hard"] is not None and any(row["key"] and row["delivered"] for row in rows)
    made = []
    for row in shown:
        of = row["delivered"] + row["bounces"] if with_rates else total
        label = {"": _("not known"), OTHERS: _("all others")}.get(row["key"], row.get("title") or row["key"])
        made.append((plain(label), f"{row['bounces']:,}", percent(row["bounces"], of), f"{row['hard']:,}"))
    heads = (title, _("bounces"), _("rate") if with_rates else _("share"), _("hard"))
    return [f"## {title}", _table(heads, made)]


def _incidents(data: Data, say: Sentences, top: int) -> list[str]:
    found = sorted(data["incidents"], key=lambda i: (not i["new"], -i["count"], i["id"]))[:top]
    if not found:
        return []
    rows = [
        (
            plain(incident["text"]),
            f"{incident['count']:,}",
            f"{incident['recipients']:,}",
            plain(say.provider(incident["provider"])),
            plain(say.reason(incident["reason"])),
            (incident["last"] or "")[:10],
            _("new") if incident["new"] else "",
        )
        for incident in found
    ]
    heads = (_("reply"), _("count"), _("recipients"), _("provider"), _("why"), _("last"), "")
    return [f"## {_('Incidents')}", _table(heads, rows)]


def _unknown(data: Data, top: int) -> list[str]:
    found = data["unknown"][:top]
    if not found:
        return []
    drafts = "\n\n".join(one["draft"].replace("`", "'") for one in found)
    return [
        f"## {_('Not understood')}",
        _("Nothing is guessed about them. A rule of your own names their reason, such as:"),
        f"```toml\n{drafts}\n```",
    ]


def _active(data: Data, say: Sentences, top: int) -> list[str]:
    recovery = data["recovery"]
    if recovery is None:
        return []
    rows = [
        (plain(say.reason(row["reason"])), f"{row['bounces']:,}", f"{row['recipients']:,}")
        for row in data["active"][:top]
    ]
    steps = "\n".join(f"{number}. {step['text']}" for number, step in enumerate(recovery["steps"], 1))
    heads = (_("why"), _("bounces"), _("recipients"))
    return [f"## {recovery['title']}", recovery["why"], _table(heads, rows), steps, recovery["limit"]]


def _faults(data: Data) -> list[str]:
    lines = [f"- {plain(entry['path'])}: {plain(entry['why'])}" for entry in data["failed"]]
    lines += [f"- {plain(fault_place(f))}: {plain(f['why'])}" for f in data["faults"]["examples"]]
    return [f"## {_('Could not be read')}", "\n".join(lines)] if lines else []
