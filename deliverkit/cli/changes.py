"""``deliverkit changes``: what is different between two results of an audit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from deliverkit.bulk.changes import Baseline, Changes, Known, results
from deliverkit.cli.diagnostics import ExitCode, note
from deliverkit.cli.options import fail_on_option, language, output_options
from deliverkit.cli.output import paint, write
from deliverkit.language import _, plural
from deliverkit.report.clean import one_line
from deliverkit.report.data import document, dumps
from deliverkit.report.row import changes_data, failing

EPILOG = """\b
Examples:
  deliverkit changes yesterday.jsonl today.jsonl
  deliverkit changes old.json new.json --fail-on warning --format json
"""


@click.command("changes", epilog=EPILOG)
@click.argument("old", type=click.Path())
@click.argument("new", type=click.Path())
@fail_on_option
@output_options("text", "json", "jsonl", "markdown")
def command(old: str, new: str, fail_on: str, fmt: str, output: str | None, lang: str | None, color: str) -> int:
    """What changed from OLD to NEW, two files from 'deliverkit audit --format json' or 'jsonl'.

    New findings at or above --fail-on exit with 1. A finding whose check is unknown now is not called fixed.
    """
    language(lang)
    before = Baseline.read(Path(old))
    entries: list[dict[str, Any]] = []
    lines: list[str] = []
    painted = paint(color, output)
    seen: set[str] = set()
    failed = False
    for audit in results(Path(new)):
        seen.add(audit["domain"])
        changed = before.changes(audit)
        failed |= failing(audit, fail_on, changed)
        if changed or changed.first:
            entries.append({"domain": audit["domain"], **changes_data(changed)})
            lines += _lines(audit["domain"], changed, fmt == "markdown", painted)
    gone = [domain for domain in before.domains if domain not in seen]
    entries += [{"domain": domain, "gone": True} for domain in gone]
    lines += [_line("-", domain, _("no longer audited"), fmt == "markdown") for domain in gone]
    if fmt == "json":
        write(dumps(document("changes", changes=entries)), output)
    elif fmt == "jsonl":
        write("\n".join(dumps(document("changes", **entry), indent=None) for entry in entries), output)
    else:
        write("\n".join(lines) or _("nothing changed"), output)
    note(plural("{count} domain changed", "{count} domains changed", len(entries)).format(count=len(entries)))
    return ExitCode.FINDINGS if failed else ExitCode.CLEAN


def _lines(domain: str, changed: Changes, markdown: bool, painted: Any) -> Iterator[str]:
    if changed.first:
        yield _line("+", domain, _("audited for the first time"), markdown)
    for mark, role, found in (
        ("+", "bad", changed.new),
        ("-", "good", changed.fixed),
        ("?", "unknown", changed.unsure),
    ):
        for each in found:
            what = one_line(f"{each.severity} {each.id} ({_about(each)})", 300)
            text = _line(mark, domain, what, markdown)
            yield text if markdown else painted(text, role)


def _about(found: Known) -> str:
    """The subject, and what tells the finding from others of its id there: ``ip=192.0.2.10``."""
    more = (part for part in found.about.split(";") if part and part.partition("=")[2] != found.subject)
    return ", ".join((found.subject, *more))


def _line(mark: str, domain: str, what: str, markdown: bool) -> str:
    from deliverkit.report.markdown import literal

    return f"- `{mark}` **{domain}** {literal(what)}" if markdown else f"{mark} {domain}  {what}"
