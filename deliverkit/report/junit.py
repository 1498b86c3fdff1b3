"""Many audits as JUnit XML, which CI servers show: a suite a domain, a case a check.

A check that failed is a failure, one that could not be asked is skipped, a bug is an error. The numbers stand at each
suite; the root, which is written first, has none, as the format allows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar
from xml.sax.saxutils import escape, quoteattr

from deliverkit.model import Audit
from deliverkit.report.clean import clean, one_line
from deliverkit.report.data import Data
from deliverkit.report.row import Form, Totals
from deliverkit.report.sentences import Sentences

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold in any form."""


@dataclass(frozen=True, slots=True)
class JunitForm(Form):
    """Findings of this severity and worse are failures."""

    between: ClassVar[str] = "\n"

    def head(self, say: Sentences) -> str:
        """See ``Form``."""
        return '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="deliverkit">\n'

    def one(self, audit: Audit | None, data: Data, say: Sentences) -> str:
        """See ``Form``."""
        cases = [_case(data["domain"], check) for check in data["checks"]]
        if not data["checks"]:
            why = one_line(str(data.get("error") or data["outcome"]))
            case = _attributes(classname=data["domain"], name="audit", time="0")
            cases = [f"    <testcase {case}><error {_attributes(message=why, type='bug')}/></testcase>"]
        text = "\n".join(cases)
        numbers = {
            "tests": len(cases),
            "failures": text.count("<failure "),
            "errors": text.count("<error "),
            "skipped": text.count("<skipped"),
        }
        suite = _attributes(name=data["domain"], **numbers, time=f"{data['elapsed']:.3f}")
        return f"  <testsuite {suite}>\n{text}\n  </testsuite>"

    def tail(self, totals: Totals, say: Sentences) -> str:
        """See ``Form``."""
        return "\n</testsuites>\n"


def _case(domain: str, check: Data) -> str:
    name = check["check"] if check["subject"] == domain else f"{check['check']} {check['subject']}"
    case = _attributes(classname=domain, name=name, time=f"{check['elapsed']:.3f}")
    found = "\n".join(f"{f['severity']} {f['id']}: {one_line(str(f.get('summary', '')))}" for f in check["findings"])
    first = next((one_line(str(f.get("summary", ""))) for f in check["findings"]), check["outcome"])
    kind = next((f["id"] for f in check["findings"]), check["outcome"])
    if check["outcome"] == "fail":
        inside = f"<failure {_attributes(message=first, type=kind)}>{_text(found)}</failure>"
    elif check["outcome"] in ("unknown", "not_applicable"):
        why = _attributes(message=f"{check['outcome']}: {first}")
        inside = f"<skipped {why}/>{_out(found)}"
    else:
        inside = _out(found)
    return f"    <testcase {case}>{inside}</testcase>" if inside else f"    <testcase {case}/>"


def _out(found: str) -> str:
    return f"<system-out>{_text(found)}</system-out>" if found else ""


def _attributes(**values: object) -> str:
    safe = {name: _NO_XML.sub("", one_line(str(value))) for name, value in values.items()}
    return " ".join(f"{name}={quoteattr(value)}" for name, value in safe.items())


def _text(text: str) -> str:
    return escape(_NO_XML.sub("", clean(text)))
