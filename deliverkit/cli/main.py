"""The ``deliverkit`` command: finds the sub-command, imports only that, and turns every end into an exit code."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

import click

from deliverkit.cli.diagnostics import ExitCode, explain_error, fail, wants_json
from deliverkit.cli.settings import Settings, configure
from deliverkit.cli.translated import in_language, speak
from deliverkit.language import _

COMMANDS = {
    "explain": "What a reply means and what to do (offline)",
    "diagnose": "Explain a reply and prove the cause with DNS",
    "audit": "All checks of sending domains",
    "changes": "What is different between two audits",
    "render": "An audit again in another form: HTML, SARIF, metrics",
    "addresses": "Which addresses of a list can take mail",
    "message": "A message: signatures, SPF, DMARC, headers, links",
    "bounces": "Many bounces: mailboxes, logs, events (offline)",
    "requirements": "What mailbox providers demand, and what a domain lacks",
    "blocklists": "Where an IP or domain is listed",
    "codes": "Reply codes and enhanced codes",
    "reasons": "Why mail is refused: the closed list",
    "findings": "What the checks can notice",
    "fix": "The steps against one cause",
    "lists": "Blocklists we know, dead ones too",
    "platforms": "Who sends for a domain, and what is missing",
    "rules": "Reply rules: list, check your own, export them",
    "demo": "The whole job on a recorded world (offline)",
    "suppression": "Which addresses must not be mailed, and why",
    "config": "The settings, and where each comes from",
    "tui": "The interactive screen",
    "completion": "Print the shell completion script",
}
"""Every command with its line of help, in the order it is shown. One file each."""


class LazyGroup(click.Group):
    """A group that imports a command's file when the command is called: a start costs only what it uses."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of ``COMMANDS``."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import ``cli/<name>.py`` and take its ``command``."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"deliverkit.cli.{cmd_name}").command
        return in_language(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, _(what)) for name, what in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest command named when there is no such command."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            if near:
                said = _("no command '{name}'. Did you mean '{near}'?").format(name=args[0][:60], near=near[0])
            else:
                said = _("no command '{name}'. To explain a reply: {command}")
                said = said.format(name=args[0][:60], command=f'deliverkit explain "{args[0][:40]}"')
            raise click.UsageError(said, ctx)
        return super().resolve_command(ctx, args)


EPILOG = """\b
Exit codes: 0 clean, 1 findings at or above --fail-on, 2 usage or input,
3 incomplete (something is unknown), 4 nothing could be checked, 70 bug,
130 interrupted.

\b
Examples:
  deliverkit explain "550-5.7.26 Your email has been blocked"
  deliverkit diagnose "550 5.7.26 ..." --domain example.com --ip 192.0.2.10
  deliverkit audit example.com
  deliverkit demo
"""


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--config", "config_file", metavar="FILE", help="Read this file in place of the project's and yours.")
@click.option("--no-config", is_flag=True, help="Read no configuration file.")
@click.version_option(None, "-V", "--version", package_name="deliverkit", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context, config_file: str | None, no_config: bool) -> None:
    """Why was my mail refused, and what do I do now?

    Paste what the receiving server said, or name a domain or an IP. Without a command, on a terminal, the
    interactive screen opens.
    """
    configure(ctx, config_file, not no_config)
    if ctx.invoked_subcommand is None:
        if sys.stdin.isatty() and sys.stdout.isatty():
            if ctx.obj.config is not None:
                ctx.exit(_screen_as_configured(ctx))
            ctx.exit(import_module("deliverkit.cli.tui").start() or 0)
        click.echo(ctx.get_help())
        ctx.exit(ExitCode.USAGE)


def _screen_as_configured(ctx: click.Context) -> int:
    """The screen, with what the configuration says of the flags that were not given."""
    screen: click.Command = import_module("deliverkit.cli.tui").command
    with screen.make_context("tui", [], parent=ctx) as inner:
        return int(screen.invoke(inner) or 0)


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point; never returns."""
    # Loading makes many objects that live to the end; looking for garbage among them takes a tenth of a short run.
    gc.set_threshold(50_000)
    _leave(run(list(sys.argv[1:] if argv is None else argv)))


def _leave(code: int) -> NoReturn:
    """End the process at once: taking all objects apart one by one takes 14 ms, a seventh of a short run.

    Everything that was to be written is written by now; only the standard streams still hold something.
    """
    for stream in (sys.stdout, sys.stderr):
        # A reader that went away (``| head``) is no error.
        with suppress(BrokenPipeError):
            stream.flush()
    os._exit(code)


def run(argv: list[str]) -> int:
    """Run the command line and give its exit code. No exception gets out of here."""
    settings = Settings(argv)
    try:
        speak(argv, os.environ)
        return int(in_language(cli).main(argv, prog_name="deliverkit", standalone_mode=False, obj=settings) or 0)
    except BrokenPipeError:
        # The reader of our output went away (``| head``): not an error. Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (Exception, KeyboardInterrupt) as error:
        code, message, advice = explain_error(error)
        if code is ExitCode.BUG and os.environ.get("DELIVERKIT_TRACEBACK"):
            raise
        if wants_json(argv, configured=settings.wants_json):
            _json_failure(argv, code, message, advice)
        fail(message, advice)
        return int(code)


def _json_failure(argv: list[str], code: ExitCode, message: str, advice: str) -> None:
    from deliverkit.cli.output import write
    from deliverkit.report.data import document, dumps

    command = next((a for a in argv if a in COMMANDS), "error")
    write(dumps(document(command, error={"message": message, "advice": advice, "exit_code": int(code)})))
