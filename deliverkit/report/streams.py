"""Many audits as text, Markdown, one JSON document, or lines of JSON: each one written when it is there."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import indent
from typing import ClassVar

from deliverkit.model import Audit
from deliverkit.report.data import VERSION, Data, document, dumps
from deliverkit.report.row import Form, Totals
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.layout import Paint, no_paint


@dataclass(frozen=True, slots=True)
class TextForm(Form):
    """For people."""

    width: int = 80
    paint: Paint = no_paint
    evidence: bool = False
    between: ClassVar[str] = "\n"

    def one(self, audit: Audit | None, data: Data, say: Sentences) -> str:
        """See ``Form``."""
        from deliverkit.report.clean import one_line
        from deliverkit.report.text.audit import audit_text

        if audit is None:
            return f"? {data['domain']}: {one_line(str(data.get('error') or data['outcome']))}\n"
        return audit_text(audit, say, width=self.width, paint=self.paint, evidence=self.evidence) + "\n"


@dataclass(frozen=True, slots=True)
class MarkdownForm(Form):
    """For a ticket or a pull request."""

    between: ClassVar[str] = "\n"

    def one(self, audit: Audit | None, data: Data, say: Sentences) -> str:
        """See ``Form``."""
        from deliverkit.report.markdown import audit_markdown, literal

        if audit is None:
            return f"## ? {data['domain']}\n\n{literal(str(data.get('error') or data['outcome']))}\n"
        return audit_markdown(audit, say) + "\n"


@dataclass(frozen=True, slots=True)
class LinesForm(Form):
    """One JSON object a line."""

    def one(self, audit: Audit | None, data: Data, say: Sentences) -> str:
        """See ``Form``."""
        return dumps(document("audit", **data), indent=None) + "\n"


@dataclass(frozen=True, slots=True)
class JsonForm(Form):
    """One JSON document: the audits, what was left out of the input, and the counts."""

    between: ClassVar[str] = ",\n"

    def head(self, say: Sentences) -> str:
        """See ``Form``."""
        return f'{{\n  "schema": "deliverkit.audit/{VERSION}",\n  "audits": [\n'

    def one(self, audit: Audit | None, data: Data, say: Sentences) -> str:
        """See ``Form``."""
        return indent(dumps(data), "    ")

    def tail(self, totals: Totals, say: Sentences) -> str:
        """See ``Form``."""
        counted = {name: value for name, value in totals.data().items() if name not in ("rules", "left_out")}
        dropped, counts = (dumps(part, indent=None) for part in (totals.left_out, counted))
        return f'\n  ],\n  "dropped": {dropped},\n  "totals": {counts}\n}}\n'
