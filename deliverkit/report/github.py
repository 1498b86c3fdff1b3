"""Many audits as annotations of GitHub Actions: lines that a job prints and the summary of a pull request shows.

GitHub keeps ten errors, ten warnings and ten notices of a step and silently drops the rest, so no more are written,
and the last line says how many there were.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from deliverkit.language import _
from deliverkit.model import Audit
from deliverkit.report.clean import one_line
from deliverkit.report.data import Data
from deliverkit.report.row import RANK, Form, Totals
from deliverkit.report.sentences import Sentences

MOST = 10
"""Of one kind in one step."""
_KINDS = {"error": "error", "warning": "warning", "notice": "notice"}


@dataclass(frozen=True, slots=True)
class GithubForm(Form):
    """Gathers, for the worst have to come first."""

    gathers: ClassVar[bool] = True

    def one(self, audit: Audit | None, data: Data, say: Sentences) -> str:
        """See ``Form``."""
        lines = [_line(data, check, finding) for check in data["checks"] for finding in check["findings"]]
        if "error" in data:
            lines.append(f"::error title={_property(data['domain'])}::{_message(str(data['error']))}\n")
        return "".join(lines)

    def gather(self, parts: list[str], totals: Totals) -> str:
        """The lines that GitHub shows: ten of each kind."""
        lines = [line for part in parts for line in part.splitlines()]
        shown: list[str] = []
        cut = 0
        for kind in _KINDS.values():
            of_kind = [line for line in lines if line.startswith(f"::{kind} ")]
            # One notice is kept for the line that tells of those left out.
            most = MOST - 1 if kind == "notice" else MOST
            shown += of_kind[:most]
            cut += len(of_kind[most:])
        if cut:
            told = _("{count} more findings are not shown: GitHub keeps ten of each kind in a step")
            shown.append(f"::notice title=deliverkit::{_message(told.format(count=cut))}")
        return "".join(f"{line}\n" for line in shown)


def _line(data: Data, check: Data, finding: Data) -> str:
    if RANK.get(finding["severity"], 3) > RANK["notice"]:
        return ""
    if "changes" in data and not _is_new(data, check, finding):
        return ""
    source = data.get("source") or {}
    properties = {"title": f"{data['domain']}: {finding['id']}"}
    if source.get("file") not in (None, "stdin"):
        properties = {"file": source["file"], "line": str(source["line"]), **properties}
    named = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_KINDS[finding['severity']]} {named}::{_message(str(finding.get('summary') or finding['id']))}\n"


def _is_new(data: Data, check: Data, finding: Data) -> bool:
    key = (check["check"], check["subject"], finding["id"])
    return any((k["check"], k["subject"], k["id"]) == key for k in data["changes"]["new"])


def _message(text: str) -> str:
    return one_line(text, 1000).replace("%", "%25")


def _property(text: str) -> str:
    return _message(str(text)).replace(":", "%3A").replace(",", "%2C")
