"""Everything on stderr, and the exit codes."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING

import click

from deliverkit.errors import DeliverkitError
from deliverkit.language import _

if TYPE_CHECKING:
    from deliverkit.model import CheckResult


class ExitCode(IntEnum):
    """What the exit status says; scripts depend on it."""

    CLEAN = 0
    """Nothing at or above ``--fail-on``."""
    FINDINGS = 1
    """Findings at or above ``--fail-on``."""
    USAGE = 2
    """Wrong usage, or input that cannot be read."""
    INCOMPLETE = 3
    """No such findings, but something is unknown."""
    NOTHING_CHECKED = 4
    """Nothing could be checked: no name server answered."""
    BUG = 70
    INTERRUPTED = 130


def note(text: str) -> None:
    """One line of the story, on stderr, after what is already on stdout."""
    sys.stdout.flush()
    click.echo(text, err=True)


def fail(message: str, advice: str = "") -> None:
    """An error in one sentence, and what to do about it."""
    note(f"deliverkit: {message}")
    if advice:
        note(f"  {advice}")


def explain_error(error: BaseException) -> tuple[ExitCode, str, str]:
    """Exit code, message and advice for anything that ended a command."""
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return ExitCode.INTERRUPTED, _("interrupted"), ""
    if isinstance(error, DeliverkitError):
        return ExitCode(error.exit_code), str(error), error.advice
    if isinstance(error, click.UsageError):
        where = error.ctx.command_path if error.ctx else "deliverkit"
        return ExitCode.USAGE, error.format_message(), _("See: {command}").format(command=f"{where} --help")
    if isinstance(error, click.ClickException):
        return ExitCode.USAGE, error.format_message(), ""
    if isinstance(error, OSError) and error.filename:
        return ExitCode.USAGE, f"{error.filename}: {error.strerror}", _("Check the path and its rights.")
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" ({last[0].filename.rpartition('deliverkit')[2].lstrip('/')}:{last[0].lineno})" if last else ""
    return (
        ExitCode.BUG,
        _("a bug in deliverkit: {error}").format(error=f"{type(error).__name__}: {error}{where}"),
        _("Please report it with the command you ran; DELIVERKIT_TRACEBACK=1 prints the whole trace."),
    )


_RANK = {"error": 0, "warning": 1, "notice": 2, "info": 3}
"""By the values of ``Severity``, which are strings: a start does not wait for the model."""
_SURE = ("error", "warning")


def exit_code(results: Iterable[CheckResult], fail_on: str, *, silent: bool) -> ExitCode:
    """The exit code of a run: 4 over 1 over 3 over 0.

    ``fail_on`` is a severity, or ``never``. ``silent``: not one question of the run was answered; that is
    said on stderr as well, because every row alone only says that it is unknown.
    """
    from deliverkit.model import Outcome

    asked = [r for r in results if r.outcome is not Outcome.NOT_APPLICABLE]
    if silent:
        note(_("no name server answered: nothing could be checked; see --nameserver, --timeout, or your network"))
        return ExitCode.NOTHING_CHECKED
    if fail_on != "never":
        limit = _RANK[fail_on]
        # What could not be asked is at most a notice; a warning stands whatever else of its check is unknown.
        found = (f for r in asked for f in r.findings if f.severity in _SURE or r.outcome is not Outcome.UNKNOWN)
        if any(_RANK[finding.severity] <= limit for finding in found):
            return ExitCode.FINDINGS
    if any(r.outcome is Outcome.UNKNOWN for r in asked):
        return ExitCode.INCOMPLETE
    return ExitCode.CLEAN


def wants_json(argv: Sequence[str], *, configured: bool = False) -> bool:
    """Whether the command line asks for JSON, read without click so that a usage error can answer in kind.

    ``configured``: whether the settings ask for it, which counts where no flag names a form.
    """
    pairs = list(zip(argv, [*argv[1:], ""], strict=True))
    if any(a in ("--format=json", "-fjson") or (a in ("--format", "-f") and b == "json") for a, b in pairs):
        return True
    return configured and not any(a.startswith(("--format", "-f")) for a in argv)
