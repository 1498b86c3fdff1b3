"""``deliverkit render``: a result of an audit, written again in another form, without asking anybody."""

from __future__ import annotations

from pathlib import Path

import click

from deliverkit.bulk.changes import Baseline, results
from deliverkit.bulk.order import Order
from deliverkit.cli.diagnostics import ExitCode
from deliverkit.cli.forms import form
from deliverkit.cli.options import SEVERITIES, language
from deliverkit.cli.sink import Sink
from deliverkit.errors import FileError
from deliverkit.knowledge import load
from deliverkit.language import LANGUAGES, _
from deliverkit.report.row import Rows, Totals
from deliverkit.report.sentences import Sentences

FORMATS = ("html", "csv", "junit", "sarif", "github", "openmetrics", "json", "jsonl")
"""Those that are made of data alone; text and Markdown need the audit itself."""

EPILOG = """\b
Examples:
  deliverkit render today.jsonl -f html -o today.html
  deliverkit render today.jsonl -f openmetrics -o /var/lib/node_exporter/deliverkit.prom
  deliverkit render today.jsonl --baseline yesterday.jsonl -f sarif -o audit.sarif
"""


@click.command("render", epilog=EPILOG)
@click.argument("result", type=click.Path())
@click.option("--baseline", metavar="FILE", help="An earlier result (json, jsonl): says which findings are new.")
@click.option("-f", "--format", "fmt", type=click.Choice(FORMATS), default="html", show_default=True, help="Form.")
@click.option("-o", "--output", metavar="FILE", default=None, help="Write it there, whole or not at all.")
@click.option("--lang", type=click.Choice(LANGUAGES), default=None, help="Language of what the form itself says.")
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    default="never",
    show_default=True,
    help="Exit with 1 for findings of this severity or worse; the audit has said so already.",
)
def command(result: str, baseline: str | None, fmt: str, output: str | None, lang: str | None, fail_on: str) -> int:
    """Write RESULT, a file from 'deliverkit audit --format json' or 'jsonl', in another form.

    Writing it is all that counts for the exit code, unless --fail-on says otherwise.
    """
    spoken = language(lang)
    earlier = Baseline.read(Path(baseline)) if baseline else None
    rows = Rows(form(fmt), spoken, fail_on, baseline=earlier)
    totals = Totals()
    sink = Sink(rows.form, Sentences(load(), spoken), fmt, output)
    try:
        for data in results(Path(result)):
            data.pop("schema", None)
            if earlier is not None:
                data.pop("changes", None)
            row = rows.again(data)
            totals.add(row)
            totals.errors += "error" in data
            totals.elapsed += float(data.get("elapsed") or 0)
            sink.write(Order(data["domain"]), row, totals)
        sink.finish(totals)
    except (KeyError, TypeError, AttributeError) as error:
        sink.abort(totals)
        message = _("{path}: an entry is not what this version writes: {why}").format(path=result, why=repr(error))
        raise FileError(message, advice=_("Write the result again with this version.")) from error
    except BaseException:
        sink.abort(totals)
        raise
    return ExitCode.FINDINGS if totals.failing else ExitCode.CLEAN
