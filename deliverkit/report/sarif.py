"""Many audits as SARIF 2.1.0, for code scanning: each finding stands at the line of the list that names its domain.

GitHub refuses a file in which a result has only a logical location, so a domain given on the command line, which stands
in no file, has no location at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import PurePath
from typing import ClassVar
from urllib.parse import quote

from deliverkit.bulk.changes import known
from deliverkit.model import Audit, Finding, Severity
from deliverkit.report.clean import clean, one_line
from deliverkit.report.data import Data, dumps
from deliverkit.report.row import Form, Totals
from deliverkit.report.sentences import Sentences

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"error": "error", "warning": "warning", "notice": "note", "info": "none"}
FINGERPRINT = "deliverkit/1"
"""Name and version of the way fingerprints are made."""


@dataclass(frozen=True, slots=True)
class SarifForm(Form):
    """Results first and the tool with its rules last: only at the end is it known which rules were met."""

    between: ClassVar[str] = ",\n"

    def head(self, say: Sentences) -> str:
        """See ``Form``."""
        return f'{{"$schema": "{SCHEMA}", "version": "2.1.0", "runs": [{{"results": [\n'

    def one(self, audit: Audit | None, data: Data, say: Sentences) -> str:
        """See ``Form``."""
        results = [_result(data, c, f) for c in data["checks"] for f in c["findings"] if f["severity"] != "info"]
        for each in data.get("ignored", ()):
            finding = {**each, "args": each.get("args", {})}
            result = _result(data, {"check": each["check"], "subject": each["subject"]}, finding)
            justified = {"kind": "external", "status": "accepted", "justification": clean(each["reason"])}
            results.append({**result, "suppressions": [justified]})
        return ",\n".join(dumps(result, indent=None) for result in results)

    def tail(self, totals: Totals, say: Sentences) -> str:
        """See ``Form``."""
        rules = [_rule(id_, severity, say) for id_, severity in sorted(totals.rules.items()) if severity != "info"]
        tool = {"driver": {"name": "deliverkit", "version": version("deliverkit"), "rules": rules}}
        invocation = {"executionSuccessful": totals.errors == 0}
        rest = dumps({"tool": tool, "invocations": [invocation], "columnKind": "unicodeCodePoints"}, indent=None)
        return f"\n], {rest[1:-1]}}}]}}\n"


def _result(data: Data, check: Data, finding: Data) -> Data:
    mark = known(check, finding)
    about = "\0".join((data["domain"], mark.check, mark.subject, mark.id, mark.about))
    result: Data = {
        "ruleId": finding["id"],
        "level": LEVELS.get(finding["severity"], "none"),
        "message": {"text": f"{data['domain']}: {one_line(str(finding.get('summary') or finding['id']))}"},
        "partialFingerprints": {FINGERPRINT: sha256(about.encode("utf-8", "replace")).hexdigest()[:32]},
        "properties": {"domain": data["domain"], "check": check["check"], "subject": clean(str(check["subject"]))},
    }
    source = data.get("source") or {}
    if source.get("file") not in (None, "stdin"):
        region = {"startLine": source["line"]}
        place = {"artifactLocation": {"uri": _uri(source["file"])}, "region": region}
        result["locations"] = [{"physicalLocation": place}]
    if "changes" in data:
        key = (mark.check, mark.subject, mark.id)
        new = any((k["check"], k["subject"], k["id"]) == key for k in data["changes"]["new"])
        result["baselineState"] = "new" if new else "unchanged"
    return result


def _uri(path: str) -> str:
    """A path as a URI reference: relative where it was given so, which is taken from the repository's root."""
    pure = PurePath(path)
    return pure.as_uri() if pure.is_absolute() else quote(pure.as_posix())


def _rule(finding: str, severity: str, say: Sentences) -> Data:
    made = Finding(finding, Severity(severity))
    rule: Data = {
        "id": finding,
        "shortDescription": {"text": one_line(say.finding(made, "title"))},
        "fullDescription": {"text": one_line(say.finding(made, "why") or finding)},
        "defaultConfiguration": {"level": LEVELS[severity]},
    }
    spec = say.knowledge.findings.get(finding)
    links = [reference for reference in spec.references if reference.startswith("https://")] if spec else []
    return rule | ({"helpUri": links[0]} if links else {})
