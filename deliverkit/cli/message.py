"""``deliverkit message``: would this message pass at a receiver, and what is wrong with it?"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from deliverkit.checks import World
from deliverkit.cli.diagnostics import exit_code
from deliverkit.cli.options import fail_on_option, language, network_options, output_options
from deliverkit.cli.output import paint, width, write
from deliverkit.cli.reading import check_names
from deliverkit.errors import FileError, InputError
from deliverkit.knowledge import load
from deliverkit.language import _
from deliverkit.message.mail import MAX_BYTES, Message, read_message
from deliverkit.message_audit import MessageAudit, audit_message
from deliverkit.report.data import document, dumps
from deliverkit.report.message import message_data, message_markdown
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.message import message_text
from deliverkit.session import Network, in_world, nobody_answered, target

EPILOG = """\b
Examples:
  deliverkit message message.eml
  deliverkit message - --ip 192.0.2.10 --mail-from example.com < sent.eml
  deliverkit message message.eml --checks message-dkim,message-spf,message-dmarc --format json
"""


@click.command("message", epilog=EPILOG)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--ip", metavar="IP", help="Address of the delivering host; default: from the Received lines.")
@click.option("--mail-from", metavar="DOMAIN", help="Domain or address of MAIL FROM; default: from Return-Path.")
@click.option("--helo", metavar="NAME", help="Name that the delivering host greeted with.")
@click.option("--checks", metavar="NAMES", help="Only these, comma-separated.")
@click.option("--evidence", is_flag=True, help="Show the records and the dig line behind every finding.")
@fail_on_option
@network_options
@output_options("text", "json", "jsonl", "markdown")
def command(
    files: tuple[str, ...],
    ip: str | None,
    mail_from: str | None,
    helo: str | None,
    checks: str | None,
    evidence: bool,
    fail_on: str,
    network: Network,
    fmt: str,
    output: str | None,
    lang: str | None,
    color: str,
) -> int:
    """Check a message: signatures, SPF, DMARC, ARC, headers, unsubscribing, content and links.

    FILE is the raw message with all its headers, best as a recipient got it; '-' reads it from stdin.
    """
    known = target(network, ips=[ip] if ip else [], mail_from=mail_from, helo=helo)
    wanted = check_names(checks, ()) or None
    messages = [(_name(path), _read(path)) for path in files]

    async def job(world: World) -> tuple[list[MessageAudit], bool]:
        found = [await audit_message(message, name, known, world, checks=wanted) for name, message in messages]
        return found, nobody_answered(world)

    found, silent = in_world(network, job)
    say = Sentences(load(), language(lang))
    write(_render(found, say, fmt, color, output, evidence), output)
    return exit_code([check for each in found for check in each.audit.checks], fail_on, silent=silent)


def _name(path: str) -> str:
    return "stdin" if path == "-" else path


def _read(path: str) -> Message:
    """One message. Raises FileError for a file that cannot be read, InputError for what is no message."""
    try:
        if path == "-":
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(path).open("rb") as handle:
                data = handle.read(MAX_BYTES + 1)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}", advice=_("Check the path and its rights.")) from error
    name = _name(path)
    if len(data) > MAX_BYTES:
        raise FileError(
            _("{where}: more than {limit} bytes").format(where=name, limit=f"{MAX_BYTES:,}"),
            advice=_("Receivers refuse far smaller messages; take the attachments out."),
        )
    message = read_message(data)
    if not message.headers:
        raise InputError(
            _("{where}: this is no message: it does not begin with headers").format(where=name),
            advice=_("Save the raw message: “Show original” and “Download” in Gmail, “View source” elsewhere."),
        )
    return message


def _render(found: list[MessageAudit], say: Sentences, fmt: str, color: str, output: str | None, evidence: bool) -> str:
    if fmt == "json":
        return dumps(document("message", messages=[message_data(each, say) for each in found]))
    if fmt == "jsonl":
        return "\n".join(dumps(document("message", **message_data(each, say)), indent=None) for each in found)
    if fmt == "markdown":
        return "\n\n".join(message_markdown(each, say) for each in found)
    columns, colour = width(), paint(color, output)
    return "\n\n".join(message_text(each, say, width=columns, paint=colour, evidence=evidence) for each in found)
