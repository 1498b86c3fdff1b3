"""What the bounces of a file have come to, as views of rows. It knows no widget and reads nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from deliverkit.bounces.drafts import UNNAMED
from deliverkit.bounces.summary import OTHERS
from deliverkit.intake.filters import Only
from deliverkit.language import _, plural
from deliverkit.report.bounce_summary import fault_place
from deliverkit.report.clean import one_line
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.bounce_summary import bar, percent
from deliverkit_tui.grid_layout import Column
from deliverkit_tui.widgets.chips import Chip
from deliverkit_tui.widgets.row_grid import Cell

Data = dict[str, Any]

WHY, INCIDENTS, UNKNOWN, ACTIVE, THEIRS, FAULTS = "why", "incidents", "unknown", "active", "theirs", "faults"
GROUPED = ("provider", "code", "sending_domain", "ip", "day")
VIEWS = (WHY, INCIDENTS, UNKNOWN, ACTIVE, *GROUPED, THEIRS, FAULTS)
FILTERS = ("category", "reason", *GROUPED)
"""Groups whose rows can be looked at alone."""
_BAR = 18

TITLES: Mapping[str, str] = {
    WHY: _("Why"),
    INCIDENTS: _("Incidents"),
    UNKNOWN: _("Unknown"),
    ACTIVE: _("Alive"),
    "provider": _("Providers"),
    "code": _("Replies"),
    "sending_domain": _("Domains"),
    "ip": _("IPs"),
    "day": _("Days"),
    THEIRS: _("Their words"),
    FAULTS: _("Not read"),
}
LABELS: Mapping[str, str] = {
    "category": _("category"),
    "reason": _("reason"),
    "provider": _("provider"),
    "code": _("reply"),
    "sending_domain": _("sending domain"),
    "ip": _("sending IP"),
    "day": _("day"),
}
_ROLES: Mapping[str, str] = {UNKNOWN: "unknown", ACTIVE: "good", FAULTS: "warn"}


class Filter(NamedTuple):
    """One value of one group that is looked at alone."""

    name: str
    value: str


def only_of(filters: Sequence[Filter]) -> Only:
    """The filters as the core takes them."""
    wanted: dict[str, set[str]] = {}
    for name, value in filters:
        wanted.setdefault(name, set()).add(value)
    return Only(tuple((name, frozenset(values)) for name, values in wanted.items()))


def chips() -> list[Chip]:
    """A chip for each view; those that are empty are left out."""
    return [Chip(view, TITLES[view], _ROLES.get(view, ""), always=view == WHY) for view in VIEWS]


def columns(view: str, *, rated: bool = False) -> tuple[Column, ...]:
    """What a row of a view shows; ``rated``: a share is one of the deliveries."""
    count = Column("count", _("bounces"), 10, 8, right=True)
    if view in (INCIDENTS, UNKNOWN):
        return (
            Column("new", "", 3, drop=0),
            Column("count", _("times"), 9, 7, right=True),
            Column("provider", _("provider"), 16, 10, drop=90),
            Column("reason", _("reason"), 26, 16, drop=110)
            if view == INCIDENTS
            else Column("last", _("last"), 10, drop=70),
            Column("text", _("what the server said"), 30, 20, flex=1),
        )
    if view == ACTIVE:
        return (
            Column("label", _("alive, though refused for"), 30, 18, flex=1),
            count,
            Column("people", _("addresses"), 12, 9, right=True),
        )
    if view == FAULTS:
        return (Column("label", _("where"), 40, 20, flex=1), Column("text", _("why"), 24, 14))
    if view == THEIRS:
        return (
            Column("label", _("what the source calls it"), 30, 18, flex=1),
            Column("hard", _("hard"), 10, 8, right=True),
            Column("soft", _("soft"), 10, 8, right=True),
        )
    return (
        Column("label", LABELS.get(view, TITLES[view]), 30, 16, flex=1),
        Column("bar", "", _BAR, drop=66),
        count,
        Column("share", _("rate") if rated else _("share"), 8, 7, right=True),
        Column("hard", _("hard"), 9, 7, drop=46, right=True),
    )


class BounceTable:
    """All views of one summary."""

    def __init__(self, data: Data, say: Sentences) -> None:
        self.data = data
        self.say = say
        self._rows: dict[str, dict[str, Data]] = {view: self._of(view) for view in VIEWS}
        self._words: dict[str, str] = {}
        self._with_deliveries = {
            view for view in GROUPED if any(r["delivered"] for r in self._rows[view].values() if r["key"])
        }
        """Where no delivery names a value (a log that knows its own IP from refusals alone), a rate means nothing."""
        self._most = {v: max((r.get("bounces", 0) for r in rows.values()), default=0) for v, rows in self._rows.items()}

    def __contains__(self, key: str) -> bool:
        return self.row(key) is not None

    def row(self, key: str) -> Data | None:
        """What is known about a row."""
        return next((rows[key] for rows in self._rows.values() if key in rows), None)

    def counts(self) -> dict[str, int]:
        """Rows of each view."""
        return {view: len(rows) for view, rows in self._rows.items()}

    def keys(self, view: str, text: str = "") -> list[str]:
        """The rows of a view in which all the typed words are."""
        words = text.lower().split()
        return [key for key in self._rows[view] if all(word in self._told(view, key) for word in words)]

    def filter_of(self, key: str) -> Filter | None:
        """What Enter on a row looks at alone; None for what cannot be."""
        name, _sep, value = key.partition(":")
        return Filter(name, value) if name in FILTERS and value != OTHERS else None

    def cells(self, key: str, view: str) -> list[Cell]:
        """What stands in ``columns(view)``."""
        row = self._rows[view].get(key)
        if row is None:
            return [("", "")] * len(columns(view))
        made: Mapping[str, Callable[[Data], list[Cell]]] = {
            INCIDENTS: self._incident,
            UNKNOWN: self._unnamed,
            ACTIVE: self._active,
            FAULTS: lambda row: [(row["where"], ""), (row["why"], "dim")],
            THEIRS: lambda row: [(row["key"], ""), (_count(row["hard"]), "bad"), (_count(row["soft"]), "warn")],
        }
        return made[view](row) if view in made else self._group(key, row, view)

    def label(self, name: str, value: str) -> str:
        """A value of a group in words."""
        return self.label_of(self.say, name, value)

    @staticmethod
    def label_of(say: Sentences, name: str, value: str) -> str:
        """The same, before there is a table."""
        if not value:
            return _("not known")
        if value == OTHERS:
            return _("all others")
        try:
            match name:
                case "category":
                    return say.category(value)
                case "reason":
                    return say.reason(value)
                case "provider":
                    return say.provider(value) or value
        except KeyError:  # of rules that are the user's own
            return value
        return value

    # ------------------------------------------------------------------ rows

    def _of(self, view: str) -> dict[str, Data]:
        data = self.data
        if view == WHY:
            return self._why()
        if view in (INCIDENTS, UNKNOWN):
            found = data[view]
            if view == INCIDENTS:
                found = sorted(found, key=lambda i: (not i["new"], -i["count"], i["id"]))
            return {f"{view}:{entry['id']}": entry for entry in found}
        if view == ACTIVE:
            return {f"{ACTIVE}:{row['reason']}": row for row in data["active"]}
        if view == THEIRS:
            return {f"{THEIRS}:{row['key']}": row for row in data["theirs"] if row["bounces"]}
        if view == FAULTS:
            return self._faults()
        rows = [row for row in data["by"][view] if row["bounces"]]
        if not any(row["key"] for row in rows):
            return {}
        return {f"{view}:{row['key']}": row for row in (reversed(rows) if view == "day" else rows)}

    def _why(self) -> dict[str, Data]:
        by = self.data["by"]
        found: dict[str, Data] = {}
        for row in by["category"]:
            if row["bounces"]:
                found[f"category:{row['key']}"] = row
                for inner in by["reason"]:
                    if inner["bounces"] and inner["key"].partition(".")[0] == row["key"]:
                        found[f"reason:{inner['key']}"] = inner
        return found

    def _faults(self) -> dict[str, Data]:
        faults, failed = self.data["faults"], self.data["failed"]
        places = [{"where": entry["path"], "why": entry["why"]} for entry in failed]
        places += [{"where": fault_place(fault), "why": fault["why"]} for fault in faults["examples"]]
        rest = sum(faults["by"].values()) - len(faults["examples"])
        if rest > 0:
            places.append({"where": _("and {count} more").format(count=f"{rest:,}"), "why": ", ".join(faults["by"])})
        return {f"{FAULTS}:{number}": place for number, place in enumerate(places)}

    def _told(self, view: str, key: str) -> str:
        """What typed words are looked for in."""
        if key not in self._words:
            row = self._rows[view][key]
            parts = [
                key,
                *(str(row[name]) for name in ("text", "title", "where", "why", "provider", "reason") if name in row),
            ]
            if row.get("reason"):
                parts.append(self.label("reason", row["reason"]))
            self._words[key] = " ".join(parts).lower()
        return self._words[key]

    # ------------------------------------------------------------------ cells

    def _group(self, key: str, row: Data, view: str) -> list[Cell]:
        name, _sep, value = key.partition(":")
        inner = name == "reason"
        label = self.label(name, value)
        drawn = bar(row["bounces"], self._most[view], _BAR).rstrip()
        role = "dim" if inner or not value else "strong" if name == "category" else ""
        return [
            (f"└ {label}" if inner else label, role),
            (drawn, "bad" if row["hard"] * 2 > row["bounces"] else "warn"),
            (_count(row["bounces"]), role),
            (percent(row["bounces"], self.of(row, view)), "dim"),
            (_count(row["hard"]), "bad" if row["hard"] else "dim"),
        ]

    def rated(self, view: str) -> bool:
        """The shares in a view are of the deliveries, not of the bounces."""
        return self.data["rates"]["hard"] is not None and view in self._with_deliveries

    def of(self, row: Data, view: str) -> int:
        """Of how many a row is a share: of its own deliveries where they are known, else of all bounces."""
        if self.rated(view):
            return int(row["delivered"] + row["bounces"])
        return int(self.data["totals"]["bounces"])

    def _incident(self, row: Data) -> list[Cell]:
        unknown = row["reason"] == UNNAMED
        return [
            (_("new") if row["new"] else "", "good"),
            (_count(row["count"]), "strong"),
            (self.label("provider", row["provider"] or "") if row["provider"] else "", ""),
            (self.label("reason", row["reason"]), "unknown" if unknown else ""),
            (row["text"], "dim" if not unknown else "unknown"),
        ]

    def _unnamed(self, row: Data) -> list[Cell]:
        cells = self._incident(row)
        return [*cells[:3], ((row["last"] or "")[:10], "dim"), (row["text"], "")]

    def _active(self, row: Data) -> list[Cell]:
        return [(self.label("reason", row["reason"]), ""), (_count(row["bounces"]), ""), (people(row), "strong")]


def people(row: Data) -> str:
    """How many addresses, and whether that is exact."""
    count = f"{row['recipients']:,}"
    return count if row["recipients_are_exact"] else f"~{count}"


def _count(number: int) -> str:
    return f"{number:,}" if number else "–"


def headline(data: Data) -> list[tuple[str, str]]:
    """Totals as pieces of text with roles, gravest first."""
    totals = data["totals"]
    rated = data["rates"]["hard"] is not None
    of = totals["attempts"] if rated else totals["bounces"]
    bounces = plural("{count} bounce", "{count} bounces", totals["bounces"]).format(count=f"{totals['bounces']:,}")
    found = [(bounces, "strong")]
    if rated:
        found.append((_("of {count} deliveries").format(count=f"{of:,}"), "dim"))
    found.append((f"✗ {totals['hard']:,} {_('hard')} {percent(totals['hard'], of)}".rstrip(), "bad"))
    found.append((f"! {totals['soft']:,} {_('soft')} {percent(totals['soft'], of)}".rstrip(), "warn"))
    for name, label, role in (
        ("unknown", _("not understood"), "unknown"),
        ("complaints", _("complaints"), "warn"),
        ("auto_reply", _("auto replies"), "dim"),
        ("unsubscribe", _("unsubscribed"), "dim"),
        ("challenge", _("challenges"), "dim"),
        ("relayed", _("handed on"), "dim"),
        ("ordinary", _("no bounce"), "dim"),
        ("faults", _("not read"), "warn"),
    ):
        if totals[name]:
            symbol = "? " if role == "unknown" else ""
            found.append((f"{symbol}{totals[name]:,} {label}", role))
    if period := " – ".join(dict.fromkeys(at[:10] for at in (data["first"], data["last"]) if at)):
        found.append((one_line(period, 40), "dim"))
    return found
