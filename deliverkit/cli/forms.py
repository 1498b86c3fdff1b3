"""The form that ``--format`` names, set up for this terminal."""

from __future__ import annotations

from deliverkit.cli.output import paint, width
from deliverkit.report.row import Form


def form(name: str, *, color: str = "never", output: str | None = None, evidence: bool = False) -> Form:
    """The form for a name; only its own module is imported."""
    if name == "csv":
        from deliverkit.report.csv import CsvForm

        return CsvForm()
    if name == "html":
        from deliverkit.report.html import HtmlForm

        return HtmlForm()
    if name == "junit":
        from deliverkit.report.junit import JunitForm

        return JunitForm()
    if name == "sarif":
        from deliverkit.report.sarif import SarifForm

        return SarifForm()
    if name == "github":
        from deliverkit.report.github import GithubForm

        return GithubForm()
    if name == "openmetrics":
        from deliverkit.report.openmetrics import OpenmetricsForm

        return OpenmetricsForm()
    from deliverkit.report.streams import JsonForm, LinesForm, MarkdownForm, TextForm

    if name == "text":
        return TextForm(width(), paint(color, output), evidence)
    return {"json": JsonForm, "jsonl": LinesForm, "markdown": MarkdownForm}[name]()
