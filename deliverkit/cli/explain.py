"""``deliverkit explain``: a reply into a verdict and steps, without any network."""

from __future__ import annotations

from pathlib import Path

import click

from deliverkit.bounces.classify import Classifier, default_classifier
from deliverkit.cli.diagnostics import ExitCode, note
from deliverkit.cli.options import language, output_options
from deliverkit.cli.output import paint, width, write
from deliverkit.cli.reading import bounces
from deliverkit.diagnosis import explain
from deliverkit.knowledge import load
from deliverkit.language import _
from deliverkit.model import Confidence, Diagnosis
from deliverkit.report.data import bounce_result, document, dumps
from deliverkit.report.sentences import Sentences

EPILOG = """\b
Examples:
  deliverkit explain "550-5.7.26 Your email has been blocked because ..."
  deliverkit explain 5.7.1 "421 4.7.28"
  grep "status=bounced" mail.log | deliverkit explain - --format jsonl
"""


@click.command("explain", epilog=EPILOG)
@click.argument("text", nargs=-1)
@click.option("-i", "--input", "files", multiple=True, metavar="FILE", help="Read the text from a file.")
@click.option("--rules", "rule_files", multiple=True, metavar="FILE", help="Your own reply rules; they win over ours.")
@output_options("text", "json", "jsonl", "markdown")
def command(
    text: tuple[str, ...],
    files: tuple[str, ...],
    rule_files: tuple[str, ...],
    fmt: str,
    output: str | None,
    lang: str | None,
    color: str,
) -> int:
    """Explain what a server said: why, whose turn it is, and the steps.

    TEXT is a reply, several, a bare code, a whole bounce mail, or "-" for stdin. Nothing leaves this machine.
    Exits with 3 when a text is not recognised.
    """
    knowledge = load()
    given, classifier = bounces(text, files, with_rules(rule_files))
    found = [explain(bounce, classifier, knowledge) for bounce in given]
    say = Sentences(knowledge, language(lang))
    write(render(found, say, fmt, color, output), output)
    _hint(text)
    return ExitCode.INCOMPLETE if any(d.verdict.confidence is Confidence.NONE for d in found) else ExitCode.CLEAN


def with_rules(files: tuple[str, ...]) -> Classifier:
    """The classifier, with the user's rules before ours. Raises KnowledgeError for a malformed file."""
    if not files:
        return default_classifier()
    from deliverkit.bounces.user_rules import load_rules

    return Classifier(load(), [rule for path in files for rule in load_rules(Path(path))])


def render(
    found: list[Diagnosis], say: Sentences, fmt: str, color: str, output: str | None, command: str = "explain"
) -> str:
    """What ``explain`` or ``diagnose`` found, in the form asked for."""
    if fmt == "json":
        return dumps(document(command, results=[bounce_result(d, say) for d in found]))
    if fmt == "jsonl":
        return "\n".join(dumps(document(command, **bounce_result(d, say)), indent=None) for d in found)
    if fmt == "markdown":
        from deliverkit.report.markdown import bounce_markdown

        return "\n\n".join(bounce_markdown(d, say) for d in found)
    from deliverkit.report.text.bounce import diagnosis_text, explanation

    text = explanation if command == "explain" else diagnosis_text
    columns, colour = width(), paint(color, output)
    return "\n\n".join(text(d, say, width=columns, paint=colour) for d in found)


def _hint(given: tuple[str, ...]) -> None:
    """A word to those who gave something else than a reply."""
    for text in given:
        if len(text) < 255 and " " not in text and Path(text).is_file():
            note(_("'{path}' was read as text; to read the file: deliverkit explain -i {path}").format(path=text))
        elif (
            " " not in text
            and "." in text
            and not text[:1].isdigit()
            and text.replace(".", "").replace("-", "").isalnum()
        ):
            note(_("to check a domain: deliverkit audit {domain}").format(domain=text))
