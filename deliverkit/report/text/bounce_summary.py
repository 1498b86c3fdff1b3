"""The summary of many bounces on a terminal."""

from __future__ import annotations

from typing import Any

from deliverkit.bounces.summary import OTHERS
from deliverkit.language import _, plural
from deliverkit.report.bounce_summary import fault_place
from deliverkit.report.clean import one_line
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.layout import Page, Paint, join, no_paint

_BLOCKS = " ▏▎▍▌▋▊▉█"
_BAR = 18
_NUMBERS = 10
"""Columns of a number with the space before it."""

Data = dict[str, Any]


def bounce_summary_text(data: Data, say: Sentences, *, top: int = 10, width: int = 80, paint: Paint = no_paint) -> str:
    """``data`` is what ``summary_data`` gives; ``top`` is how many rows a table has at most."""
    page = Page(width, paint)
    _headline(page, data)
    _why(page, data, say, top)
    for name, title in (
        ("provider", _("Provider")),
        ("code", _("Reply")),
        ("sending_domain", _("Sending domain")),
        ("ip", _("Sending IP")),
        ("day", _("Day")),
    ):
        _group(page, data, name, title, top)
    _theirs(page, data, top)
    _incidents(page, data, say, top)
    _unknown(page, data, top)
    _active(page, data, say, top)
    _faults(page, data)
    return str(page)


def _headline(page: Page, data: Data) -> None:
    totals = data["totals"]
    period = " – ".join(dict.fromkeys(at[:10] for at in (data["first"], data["last"]) if at))
    if data["rates"]["hard"] is not None:
        head = plural("{count} delivery attempted", "{count} deliveries attempted", totals["attempts"])
        count = totals["attempts"]
    else:
        head = plural("{count} bounce", "{count} bounces", totals["bounces"])
        count = totals["bounces"]
    page.banner(head.format(count=f"{count:,}"), period, "strong")
    page.blank()
    of = totals["attempts"] if data["rates"]["hard"] is not None else totals["bounces"]
    if totals["delivered"]:
        _line(page, _("delivered"), totals["delivered"], of if of > totals["bounces"] else 0, "", "good")
    _line(page, _("hard"), totals["hard"], of, _("the address is dead: stop sending to it"), "bad")
    _line(page, _("soft"), totals["soft"], of, _("the address stays on the list"), "warn")
    if totals["temporary"]:
        _line(
            page,
            "  " + _("temporary"),
            totals["temporary"],
            of,
            _("of the soft: the server asks to try again"),
            "",
        )
    for name, label in (
        ("complaints", _("complaints")),
        ("unsubscribe", _("unsubscribed")),
        ("auto_reply", _("auto replies")),
        ("challenge", _("challenges")),
        ("relayed", _("handed on")),
        ("ordinary", _("no bounce")),
    ):
        if totals[name]:
            _line(page, label, totals[name], 0, "", "")


def _line(page: Page, label: str, count: int, of: int, meaning: str, role: str) -> None:
    share = percent(count, of) if of else ""
    left = f"  {label:<14}{count:>11,}{share:>9}"
    left = left if meaning else left.rstrip()
    page.line((page.paint(left, role) if role else left) + (f"   {page.paint(meaning, 'dim')}" if meaning else ""))


def percent(count: int, of: int) -> str:
    """A share with as many digits as tell something."""
    if not of:
        return ""
    share = 100 * count / of
    return f"{share:.0f} %" if share >= 10 or not count else f"{share:.1f} %" if share >= 0.1 else "< 0.1 %"


def bar(count: int, most: int, cells: int = _BAR) -> str:
    """A bar of at most ``cells`` characters, in eighths of one; never empty for what is there."""
    eighths = max(1, round(8 * cells * count / most)) if count and most else 0
    return ("█" * (eighths // 8) + _BLOCKS[eighths % 8].strip()).ljust(cells)


def _title(page: Page, title: str, *heads: str) -> None:
    page.blank()
    right = "".join(f"{head:>{_NUMBERS}}" for head in heads)
    room = page.width - len(right)
    page.line(page.paint(title.ljust(room), "strong") + page.paint(right, "dim"))


def _row(page: Page, label: str, row: Data, most: int, share: str, role: str = "") -> None:
    cells = max(0, min(_BAR, page.width - 3 * _NUMBERS - 16))
    room = max(10, page.width - 3 * _NUMBERS - cells - 4)
    shown = one_line(label, 200)
    shown = shown if len(shown) <= room else shown[: room - 1] + "…"
    numbers = f"{row['bounces']:>{_NUMBERS},}{share:>{_NUMBERS}}" + (
        f"{row['hard']:>{_NUMBERS},}" if row["hard"] else f"{'–':>{_NUMBERS}}"
    )
    hard = round(cells * row["hard"] / most) if most else 0
    drawn = bar(row["bounces"], most, cells) if cells else ""
    page.line(
        f"  {page.paint(shown.ljust(room), role) if role else shown.ljust(room)}  "
        f"{page.paint(drawn[:hard], 'bad')}{page.paint(drawn[hard:], 'warn')}{numbers}"
    )


def _why(page: Page, data: Data, say: Sentences, top: int) -> None:
    rows = [row for row in data["by"]["category"] if row["bounces"]]
    if not rows:
        return
    total, most = data["totals"]["bounces"], rows[0]["bounces"]
    _title(page, _("Why"), _("bounces"), _("share"), _("hard"))
    for row in rows:
        _row(page, row["title"] or row["key"], row, most, percent(row["bounces"], total))
        inner = [r for r in data["by"]["reason"] if r["bounces"] and r["key"].partition(".")[0] == row["key"]]
        for reason in inner[:top]:
            label = f"    {one_line(say.reason(reason['key']), 60)}"
            # Ids are for --only; they are shown where there is room.
            id_ = f"  {reason['key']}" if page.width >= 110 else ""
            room = page.width - 3 * _NUMBERS
            label = label if len(label) < room else label[: room - 1] + "…"
            page.line(page.paint(f"{label:<{room}}{reason['bounces']:>{_NUMBERS},}{id_}", "dim"))


def _group(page: Page, data: Data, name: str, title: str, top: int) -> None:
    rows = [row for row in data["by"][name] if row["bounces"]]
    if not any(row["key"] for row in rows):
        return
    most = max(row["bounces"] for row in rows)
    # Where no delivery names a value (a log that knows its own IP only from refusals), a rate would mean nothing.
    with_rates = data["rates"]["hard"] is not None and any(row["key"] and row["delivered"] for row in rows)
    total = data["totals"]["bounces"]
    shown = rows[-top:] if name == "day" else rows[:top]
    _title(page, title, _("bounces"), _("rate") if with_rates else _("share"), _("hard"))
    for row in shown:
        of = row["delivered"] + row["bounces"] if with_rates else total
        label = {"": _("not known"), OTHERS: _("all others")}.get(row["key"], row.get("title") or row["key"])
        _row(page, label, row, most, percent(row["bounces"], of), "" if row["key"] else "dim")
    if len(rows) > len(shown):
        page.line(page.paint("  " + _("and {count} more").format(count=f"{len(rows) - len(shown):,}"), "dim"))


def _theirs(page: Page, data: Data, top: int) -> None:
    rows = [row for row in data["theirs"] if row["bounces"]]
    if not rows:
        return
    _title(page, _("What the source calls it, and what it is"), _("hard"), _("soft"))
    for row in rows[:top]:
        room = page.width - 2 * _NUMBERS - 2
        page.line(f"  {one_line(row['key'], 60)[:room]:<{room}}{row['hard']:>{_NUMBERS},}{row['soft']:>{_NUMBERS},}")


def _incidents(page: Page, data: Data, say: Sentences, top: int) -> None:
    found = data["incidents"]
    if not found:
        return
    new = data["incidents_new"]
    page.blank()
    count = plural("{count} wording", "{count} wordings", data["incidents_in_all"]).format(
        count=f"{data['incidents_in_all']:,}"
    )
    page.banner(
        _("Incidents"), join([count, _("{count} of them new").format(count=f"{new:,}") if new is not None else None]),
        "strong",
    )  # fmt: skip
    for incident in sorted(found, key=lambda i: (not i["new"], -i["count"], i["id"]))[:top]:
        people = plural("{count} recipient", "{count} recipients", incident["recipients"]).format(
            count=_about(incident)
        )
        count = f"{incident['count']:,}×"
        head = join(
            [
                _("new: {count}").format(count=count) if incident["new"] else count,
                people,
                say.provider(incident["provider"]),
                say.reason(incident["reason"]),
                _when(incident),
            ]
        )
        page.para(one_line(head, 200), indent=2, hang=2, role="strong" if incident["new"] else "")
        page.para(one_line(incident["text"]), indent=4, role="dim")
    if data["incidents_in_all"] > top:
        page.line(
            page.paint(
                "  " + _("and {count} more; --top shows more of them").format(
                    count=f"{data['incidents_in_all'] - top:,}"
                ),
                "dim",
            )
        )  # fmt: skip
    if data["bounces_in_dropped_incidents"]:
        page.para(
            _("Too many wordings to keep: the rarest were dropped, {count} bounces.").format(
                count=f"{data['bounces_in_dropped_incidents']:,}"
            ),
            indent=2,
            role="dim",
        )


def _about(row: Data) -> str:
    count = f"{row['recipients']:,}"
    return count if row["recipients_are_exact"] else _("about {count}").format(count=count)


def _when(incident: Data) -> str:
    first, last = incident["first"], incident["last"]
    if not first:
        return ""
    if first == last:
        return str(first)[:16].replace("T", " ")
    if first[:10] == last[:10]:
        return f"{first[:10]} {first[11:16]}–{last[11:16]}"
    return f"{first[:10]} – {last[:10]}"


def _unknown(page: Page, data: Data, top: int) -> None:
    found = data["unknown"]
    if not found:
        return
    count = data["totals"]["unknown"]
    page.blank()
    page.banner(
        _("Not understood"), plural("{count} bounce", "{count} bounces", count).format(count=f"{count:,}"), "strong"
    )
    page.para(_("Nothing is guessed about them. A rule of your own names their reason, such as:"), indent=2, role="dim")
    for line in found[0]["draft"].splitlines():
        page.line("    " + page.paint(one_line(line), "code"))
    for incident in found[:top]:
        page.blank() if incident is found[0] else None
        page.para(f"{incident['count']:,}×  {one_line(incident['text'])}", indent=2, hang=4)
    if len(found) > top:
        page.line(page.paint("  " + _("and {count} more").format(count=f"{len(found) - top:,}"), "dim"))
    page.para(_("--drafts FILE writes such a rule for each of them; --rules FILE reads it."), indent=2, role="dim")


def _active(page: Page, data: Data, say: Sentences, top: int) -> None:
    rows, recovery = data["active"], data["recovery"]
    if not rows or recovery is None:
        return
    total = sum(row["bounces"] for row in rows)
    page.blank()
    page.banner(
        recovery["title"], plural("{count} bounce", "{count} bounces", total).format(count=f"{total:,}"), "strong"
    )
    page.para(recovery["why"], indent=2)
    page.blank()
    for row in rows[:top]:
        people = plural("{count} address", "{count} addresses", row["recipients"]).format(count=_about(row))
        page.banner(f"  {one_line(say.reason(row['reason']), 44)}", f"{row['bounces']:,}×, {people}", "")
        if row["examples"]:
            page.para(", ".join(one_line(a, 80) for a in row["examples"][:3]), indent=4, role="dim")
    page.blank()
    for number, step in enumerate(recovery["steps"], 1):
        page.field(f"{number}", step["text"], indent=2, pad=3)
    page.field("", recovery["limit"], indent=2, pad=3)


def _faults(page: Page, data: Data) -> None:
    for entry in data["failed"]:
        page.blank()
        page.para(f"? {one_line(entry['path'], 200)}: {one_line(entry['why'], 200)}", hang=2, role="unknown")
    faults = data["faults"]
    total = sum(faults["by"].values())
    if not total:
        return
    page.blank()
    page.banner(
        _("Could not be read"),
        plural("{count} line, record or file", "{count} lines, records or files", total).format(count=f"{total:,}"),
        "unknown",
    )
    for fault in faults["examples"][:5]:
        page.para(f"{fault_place(fault)}: {fault['why']}", indent=2, hang=2)
