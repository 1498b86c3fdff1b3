"""A judged list of addresses: the list with columns added, one object an address, or the counts alone."""

from __future__ import annotations

from collections.abc import Mapping

from deliverkit.addresses.clean import Summary
from deliverkit.addresses.table import Record, Table
from deliverkit.addresses.verdict import Judged, Reason, Verdict
from deliverkit.language import _
from deliverkit.report.data import Data
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.layout import Page, Paint, no_paint

ADDED = ("verdict", "reasons", "suggestion", "normalized")
"""Columns put behind those that are there."""
_ROLES = {Verdict.OK: "good", Verdict.RISKY: "warn", Verdict.UNDELIVERABLE: "bad", Verdict.UNKNOWN: "unknown"}


def csv_head(table: Table) -> str | None:
    """The first line of the result, without its end; None for a table that had no header."""
    mark = table.delimiter or ","
    if table.header is not None:
        return mark.join((table.header.raw, *ADDED))
    return mark.join(("address", *ADDED)) if table.delimiter is None else None


def csv_row(table: Table, record: Record, judged: Judged) -> str:
    """A record as it stood, with what was found behind it. What was there is not touched."""
    mark = table.delimiter or ","
    raw = record.raw if table.delimiter is not None else _cell(record.raw.strip(), mark)
    found = (judged.verdict.value, " ".join(judged.reasons), judged.suggestion or "", judged.address or "")
    return mark.join((raw + mark * record.missing, *(_cell(text, mark) for text in found)))


def _cell(text: str, mark: str) -> str:
    """A cell of ours: on one line, quoted where it must be, and never a formula for a spreadsheet."""
    if not text:
        return ""
    if not text.isprintable():
        text = "".join(c if c.isprintable() or "\udc80" <= c <= "\udcff" else " " for c in text)
    if text[:1] in ("=", "+", "-", "@"):
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"' if mark in text or '"' in text else text


def address_data(record: Record, judged: Judged) -> Data:
    """One entry of ``addresses``."""
    return {
        "line": record.number,
        "given": _whole(record.given),
        "address": judged.address,
        "domain": judged.domain,
        "verdict": judged.verdict.value,
        "reasons": [reason.value for reason in judged.reasons],
        "suggestion": judged.suggestion,
    }


def _whole(text: str) -> str:
    """Bytes that are no UTF-8, visible."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def summary_data(summary: Summary) -> Data:
    """The counts."""
    return {
        "total": summary.total,
        "verdicts": {verdict.value: summary.verdicts[verdict] for verdict in Verdict},
        "reasons": {reason.value: count for reason, count in summary.reasons.most_common()},
        "domains_asked": summary.domains,
        "domains_unanswered": summary.domains_failed,
    }


def summary_text(summary: Summary, say: Sentences, *, width: int = 80, paint: Paint = no_paint) -> str:
    """The counts as text."""
    page = Page(width, paint)
    texts: Mapping[str, Mapping[str, str]] = say.knowledge.text("addresses", say.lang)
    asked = _("{count} domains asked about").format(count=f"{summary.domains:,}") if summary.domains else ""
    page.banner(_("{count} addresses").format(count=f"{summary.total:,}"), asked, "strong")
    page.blank()
    for verdict in Verdict:
        label = f"{summary.verdicts[verdict]:>11,}  {verdict.value:<15}"
        page.field(label, texts["verdicts"][verdict.value], indent=0, pad=29, label_role=_ROLES[verdict])
    if summary.reasons:
        page.blank()
    for reason, count in summary.reasons.most_common():
        page.field(f"{count:>11,}  {reason.value}", _sentence(texts, reason), indent=0, pad=39)
    return str(page)


def _sentence(texts: Mapping[str, Mapping[str, str]], reason: Reason) -> str:
    return texts["reasons"].get(reason.value, "")
