"""What the user gave: texts from arguments, files and stdin, names and addresses, checked and bounded."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from deliverkit.bounces.mail.looks import looks_like_mail
from deliverkit.checks import MODULES
from deliverkit.cli.diagnostics import note
from deliverkit.errors import FileError, InputError
from deliverkit.language import _
from deliverkit.model import Bounce

if TYPE_CHECKING:
    from deliverkit.bounces.classify import Classifier

MAX_TEXT = 1_000_000
"""Characters of one pasted text; a reply is a few hundred."""
MAX_MAIL = 64_000_000
"""Bytes of one mail with the message that it returns, attachments and all."""


def texts(arguments: Sequence[str], files: Sequence[str] = ()) -> list[tuple[str, str | bytes]]:
    """``(where, text)`` for every argument and file; ``-`` is stdin. A whole mail comes as its bytes.

    Raises InputError for nothing, empty or oversized text, FileError for a file that cannot be read.
    """
    found: list[tuple[str, str | bytes]] = [
        ("stdin", _stdin()) if text == "-" else (_("argument {number}").format(number=i), _mail_or_text(text))
        for i, text in enumerate(arguments, 1)
    ]
    found += [(path, _bytes(path)) for path in files]
    if not found:
        raise InputError(_("nothing to explain"), advice=_('Give the reply in quotes, or "-" to read it from stdin.'))
    return [(where, _checked(where, given)) for where, given in found]


def bounces(arguments: Sequence[str], files: Sequence[str], classifier: Classifier) -> tuple[list[Bounce], Classifier]:
    """The bounces in every argument and file, and the classifier to judge them with: replies, or whole mails.

    Raises as ``texts``, and InputError where there are only mails that are no bounce.
    """
    from deliverkit.bounces.given import bounces_in
    from deliverkit.knowledge import load

    found: list[Bounce] = []
    ordinary = 0
    for where, given in texts(arguments, files):
        taken = bounces_in(given, classifier, load(), where if isinstance(given, bytes) else None)
        found += taken.bounces
        classifier = taken.classifier
        ordinary += taken.ordinary
    if not found:
        raise InputError(
            _("this mail is not a bounce: no mail system reports a failed delivery in it"),
            advice=_("Save the report itself as a file with all its headers, or paste the server's reply."),
        )
    if ordinary:
        note(_("left out {count}: a mail that no mail system sent is no bounce").format(count=ordinary))
    return found, classifier


def read_file(path: str) -> str:
    """A text file, bytes that are not UTF-8 kept visible. ``-`` is stdin. Raises FileError."""
    given = _stdin() if path == "-" else _bytes(path)
    return given if isinstance(given, str) else _decoded(given[: MAX_TEXT * 4 + 1])


def _bytes(path: str) -> str | bytes:
    if path == "-":
        return _stdin()
    try:
        with Path(path).open("rb") as handle:
            return _whole(handle)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}", advice=_("Check the path and its rights.")) from error


def _stdin() -> str | bytes:
    if sys.stdin.isatty():
        note(_("Paste the reply, then press Ctrl-D:"))
    return _whole(sys.stdin.buffer)


def _whole(handle: IO[bytes]) -> str | bytes:
    """All of a mail, or as much of a text as tells that it is too long."""
    data = handle.read(MAX_TEXT * 4 + 1)
    if not looks_like_mail(data):
        return _decoded(data)
    return data + handle.read(MAX_MAIL + 1 - len(data)) if len(data) > MAX_TEXT else data


def _mail_or_text(text: str) -> str | bytes:
    return text.encode("utf-8", "surrogateescape") if "\n" in text and looks_like_mail(text) else text


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _checked(where: str, given: str | bytes) -> str | bytes:
    if not given.strip():
        raise InputError(
            _("{where}: the text is empty").format(where=where), advice=_("Paste what the receiving server said.")
        )
    if isinstance(given, bytes):
        if len(given) > MAX_MAIL:
            raise InputError(
                _("{where}: more than {limit} bytes").format(where=where, limit=f"{MAX_MAIL:,}"),
                advice=_("Give one mail at a time."),
            )
    elif len(given) > MAX_TEXT:
        raise InputError(
            _("{where}: {count} characters are more than a reply").format(where=where, count=f"{len(given):,}"),
            advice=_("Give the lines with the reply alone; at most {limit} characters.").format(limit=f"{MAX_TEXT:,}"),
        )
    return given


def check_names(value: str | None, default: Sequence[str], among: Sequence[str] = tuple(MODULES)) -> tuple[str, ...]:
    """``--checks spf,dkim``; ``all`` for every one, None for ``default``. Raises UsageError for a name that is not
    ``among`` those that the command can run: such a check would be left out, and nothing be said of it."""
    if value is None:
        return tuple(default)
    if value == "all":
        return tuple(among)
    names = [name.strip() for name in value.split(",") if name.strip()]
    for name in names:
        if name not in among:
            import difflib

            near = difflib.get_close_matches(name, among, 1)
            hint = _("Did you mean '{near}'?").format(near=near[0]) + " " if near else ""
            known = _("Known: {names}.").format(names=", ".join(among))
            said = _("--checks: no check '{name}'.").format(name=name)
            raise click.UsageError(f"{said} {hint}{known}")
    if not names:
        raise click.UsageError(_("--checks: name at least one check"))
    return tuple(dict.fromkeys(names))
