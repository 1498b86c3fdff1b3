"""Commands as they are shown: their help in the language in use. The commands themselves are written in English."""

from __future__ import annotations

import copy
import gettext
import os
from collections.abc import Mapping, Sequence
from itertools import pairwise

import click

from deliverkit import language
from deliverkit.language import LOCALES, SOURCE, _


def in_language(command: click.Command) -> click.Command:
    """A copy of ``command`` with its help, its options' help and its epilog translated; itself where that is English.

    A copy, because one process may show a command in several languages.
    """
    if language.current() == SOURCE:
        return command
    shown = copy.copy(command)
    shown.help = _plain(command.help)
    shown.epilog = _plain(command.epilog)
    shown.params = [_parameter(parameter) for parameter in command.params]
    if isinstance(shown, click.Group):
        shown.commands = {name: in_language(sub) for name, sub in shown.commands.items()}
    return shown


def _parameter(parameter: click.Parameter) -> click.Parameter:
    help_text = getattr(parameter, "help", None)
    if not help_text:
        return parameter
    shown = copy.copy(parameter)
    setattr(shown, "help", _(help_text))  # noqa: B010 only options have one
    return shown


def _plain(text: str | None) -> str | None:
    return _(text) if text else text


def speak(argv: Sequence[str], environ: Mapping[str, str]) -> None:
    """Choose the language before anything is said: ``--lang``, else that of the locale where we have it.

    The words that click itself says ("Usage", "no such option") come from the same catalogue.
    """
    wanted = next((v for o, v in pairwise(argv) if o == "--lang"), None)
    wanted = wanted or next((a.partition("=")[2] for a in argv if a.startswith("--lang=")), None)
    before = language.current()
    language.use(language.choose(wanted, environ))
    if language.current() != before:
        # gettext looks for the words of "en", finds none, and leaves them as they are.
        os.environ["LANGUAGE"] = language.current()
        gettext.bindtextdomain("deliverkit", str(LOCALES))
        gettext.textdomain("deliverkit")
