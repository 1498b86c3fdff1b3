"""Many audits as CSV: one row a finding, and one for each check that found nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from deliverkit.model import Audit
from deliverkit.report.clean import one_line
from deliverkit.report.data import Data
from deliverkit.report.row import Form
from deliverkit.report.sentences import Sentences

COLUMNS = (
    *("domain", "outcome", "check", "subject", "check_outcome", "finding", "severity", "new", "summary"),
    *("ignored", "file", "line"),
)
"""Columns are only ever added, at the end."""


@dataclass(frozen=True, slots=True)
class CsvForm(Form):
    """RFC 4180, UTF-8; cells that a spreadsheet would take for a formula begin with an apostrophe."""

    def head(self, say: Sentences) -> str:
        """See ``Form``."""
        return _written([list(COLUMNS)])

    def one(self, audit: Audit | None, data: Data, say: Sentences) -> str:
        """See ``Form``."""
        return _written(list(_rows(data)))


def _rows(data: Data) -> Iterator[list[str]]:
    source = data.get("source") or {}
    place = [source.get("file"), source.get("line")]
    start = [data["domain"], data["outcome"]]
    new = {(k["check"], k["subject"], k["id"]) for k in data.get("changes", {}).get("new", ())}
    for check in data["checks"]:
        named = [*start, check["check"], check["subject"], check["outcome"]]
        for finding in check["findings"]:
            is_new = (check["check"], check["subject"], finding["id"]) in new if "changes" in data else None
            mark = None if is_new is None else "yes" if is_new else "no"
            yield _safe([*named, finding["id"], finding["severity"], mark, finding.get("summary"), None, *place])
        if not check["findings"]:
            yield _safe([*named, None, None, None, None, None, *place])
    for each in data.get("ignored", ()):
        named = [*start, each["check"], each["subject"], None]
        yield _safe([*named, each["id"], each["severity"], None, each["summary"], each["reason"], *place])
    if not data["checks"]:
        yield _safe([*start, None, None, None, None, None, None, data.get("error"), None, *place])


def _safe(cells: list[object]) -> list[str]:
    texts = [one_line("" if cell is None else str(cell)) for cell in cells]
    return ["'" + text if text[:1] in ("=", "+", "-", "@", "\t") else text for text in texts]


def _written(rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()
