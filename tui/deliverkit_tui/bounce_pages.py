"""The pages of rows of the bounces screen, as marked text."""

from __future__ import annotations

from deliverkit.language import _, plural
from deliverkit.report.clean import one_line
from deliverkit.report.text.bounce_summary import percent
from deliverkit.report.text.layout import Page
from deliverkit_tui.bounce_table import ACTIVE, FAULTS, INCIDENTS, THEIRS, UNKNOWN, BounceTable, Data, people
from deliverkit_tui.pages import mark


def page(table: BounceTable, key: str, view: str, width: int) -> str:
    """All that is known about a row."""
    row = table.row(key)
    made = Page(width, mark)
    if row is None:
        return ""
    if view == INCIDENTS:
        _incident(made, table, row)
    elif view == UNKNOWN:
        _unknown(made, table, row)
    elif view == ACTIVE:
        _active(made, table, row)
    elif view == FAULTS:
        made.para(row["where"], role="strong")
        made.para(row["why"], indent=2)
    else:
        _group(made, table, key, row, view)
    return str(made)


def _group(page: Page, table: BounceTable, key: str, row: Data, view: str) -> None:
    name, _sep, value = key.partition(":")
    title = row["key"] if view == THEIRS else table.label(name, value)
    count = plural("{count} bounce", "{count} bounces", row["bounces"]).format(count=f"{row['bounces']:,}")
    page.banner(title, count, "strong")
    if name == "reason":
        _meaning(page, table, value)
    page.blank()
    of = table.of(row, view) if view != THEIRS else row["bounces"]
    meanings = {
        "hard": _("the address is dead: stop sending to it"),
        "soft": _("the address stays on the list"),
    }
    for part, label in (
        ("delivered", _("delivered")),
        ("hard", _("hard")),
        ("soft", _("soft")),
        ("complaints", _("complaints")),
    ):
        if row[part]:
            page.field(
                label, f"{row[part]:>9,}  {percent(row[part], of):>8}  {meanings.get(part, '')}".rstrip(), pad=12
            )
    page.blank()
    if name == "category":
        _inner(page, table, value)
    if table.filter_of(key) and view != THEIRS:
        page.para(_("Enter looks only at these."), role="dim")


def _inner(page: Page, table: BounceTable, category: str) -> None:
    for row in table.data["by"]["reason"]:
        if row["bounces"] and row["key"].partition(".")[0] == category:
            page.field(f"{row['bounces']:,}", f"{table.label('reason', row['key'])}  ({row['key']})", pad=10)
    page.blank()


def _meaning(page: Page, table: BounceTable, reason: str) -> None:
    """What a reason is, what to do, and the links to all of it."""
    say = table.say
    known = say.knowledge.reasons.get(reason)
    if known is None:
        return
    page.blank()
    page.para(say.reason(reason, "meaning", provider=_("the receiving server")))
    page.field(_("in full"), reason, pad=12)
    if known.fixes:
        page.field(_("mended by"), ", ".join(known.fixes), pad=12)


def _incident(page: Page, table: BounceTable, row: Data) -> None:
    title = table.label("reason", row["reason"])
    count = f"{row['count']:,}×"
    page.banner(title, _("new: {count}").format(count=count) if row["new"] else count, "strong")
    page.para(row["text"], indent=2)
    page.blank()
    if row["provider"]:
        page.field(_("provider"), table.label("provider", row["provider"]), pad=12)
    page.field(_("recipients"), people(row), pad=12)
    seen = " – ".join(dict.fromkeys(at[:16].replace("T", " ") for at in (row["first"], row["last"]) if at))
    if seen:
        page.field(_("seen"), seen, pad=12)
    if row["new"]:
        page.field(_("new"), _("not seen in what was read here before"), pad=12)
    page.field(_("example"), one_line(row["example"], 500), pad=12, role="code")
    if row["reason"] in table.say.knowledge.reasons:
        _meaning(page, table, row["reason"])
    page.blank()
    page.para(_("Enter opens it as a case: the proof and the steps."), role="dim")


def _unknown(page: Page, table: BounceTable, row: Data) -> None:
    page.banner(_("Not understood"), f"{row['count']:,}×", "strong")
    page.para(row["text"], indent=2)
    page.blank()
    page.para(_("Nothing is guessed about it. A rule of your own names its reason; this one is drafted:"), role="dim")
    for line in row["draft"].splitlines():
        page.line("  " + page.paint(one_line(line), "code"))
    page.blank()
    page.field("c", _("copies this rule"), pad=3)
    page.field("w", _("writes the rules of all {count} to a file").format(count=len(table.data["unknown"])), pad=3)
    page.para(_("Write the right reason in, then read again with: deliverkit bounces … --rules FILE"), role="dim")


def _active(page: Page, table: BounceTable, row: Data) -> None:
    recovery = table.data["recovery"]
    page.banner(table.label("reason", row["reason"]), f"{row['bounces']:,}×", "strong")
    page.field(_("addresses"), people(row), pad=12)
    if row["called_hard_by_source"]:
        page.field(
            _("hard"), _("{count} by the word of the source").format(count=f"{row['called_hard_by_source']:,}"), pad=12
        )
    if row["permanent_by_code_only"]:
        page.field(_("5xx"), _("{count} by the code alone").format(count=f"{row['permanent_by_code_only']:,}"), pad=12)
    if row["examples"]:
        page.field(_("such as"), ", ".join(one_line(address, 80) for address in row["examples"][:5]), pad=12)
    if recovery is None:
        return
    page.blank()
    page.line(recovery["title"], "strong")
    page.para(recovery["why"], indent=2)
    page.blank()
    for number, step in enumerate(recovery["steps"], 1):
        page.field(f"{number}", step["text"], pad=3)
    page.field("", recovery["limit"], pad=3)
    _meaning(page, table, row["reason"])


def drafts(data: Data) -> str:
    """Every drafted rule, as a file that ``--rules`` reads."""
    head = "# Drafted by deliverkit. Write the right reason into each rule, then use the file with --rules."
    return (
        "\n\n".join([head, *(f"# seen {entry['count']} times\n{entry['draft']}" for entry in data["unknown"])]) + "\n"
    )
