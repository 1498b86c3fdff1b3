"""``deliverkit tui`` and ``deliverkit`` alone: the door to the interactive screen, the only one."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from deliverkit.cli.diagnostics import note
from deliverkit.cli.options import language, network_options
from deliverkit.cli.settings import configuration
from deliverkit.language import LANGUAGES, _

if TYPE_CHECKING:
    from deliverkit.session import Network


@click.command("tui")
@click.argument("text", required=False)
@network_options
@click.option("--lang", type=click.Choice(LANGUAGES), default=None, help="Language of sentences.")
@click.option("--serve", is_flag=True, help="Show the screen in a browser on this machine (extra 'serve').")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port of --serve, on localhost."
)
def command(text: str | None, network: Network, lang: str | None, serve: bool, port: int) -> int:
    """Open the interactive screen, with TEXT already in its input: a reply, a code, a domain or an IP.

    TEXT can be the path of a mail, a mailbox, a log, a folder or a file of events as well; it is opened at once.
    """
    if serve:
        return _serve(port)
    config = configuration()
    theme = config.value("tui.theme")
    return start(_path(text), network, lang, theme=str(theme) if theme else None, keys=config.keys)


def _path(text: str | None) -> str | None:
    """A name without dot or slash that is there, such as ``Maildir``, is meant as a path."""
    plain = text is not None and not set(text) & set("./\\ \n\0")
    return os.path.join(".", text) if text and plain and os.path.exists(text) else text  # noqa: PTH110, PTH118


def start(
    text: str | None = None,
    network: Network | None = None,
    lang: str | None = None,
    *,
    theme: str | None = None,
    keys: Mapping[str, str] | None = None,
) -> int:
    """Run the screen until the user leaves it; gives the exit code.

    Without ``network`` the core is not even imported before the first paint.
    """
    import gc

    # Nothing that is made before the first paint is garbage; the start screen enables it again.
    gc.disable()
    try:
        from deliverkit_tui.app import run_app

        left = run_app(text or "", network, language(lang), theme=theme, keys=keys)
    finally:
        gc.enable()
    if left.lang:
        _again(left.lang)
    return left.code


def _again(lang: str) -> None:
    """Start the program anew in another language, with all else that it was given."""
    given = sys.argv[1:]
    kept = [a for a, before in zip(given, ["", *given], strict=False) if "--lang" not in (a.partition("=")[0], before)]
    named = kept if "tui" in kept else [*kept, "tui"]
    os.execv(sys.executable, [sys.executable, "-m", "deliverkit", *named, "--lang", lang])  # noqa: S606 ourselves


def _serve(port: int) -> int:
    """The screen in a browser: each visitor gets a process of their own, with the rights of whoever started this."""
    try:
        from textual_serve.server import Server
    except ImportError as error:
        raise click.UsageError(_("--serve needs one more package: pip install 'deliverkit[serve]'")) from error
    import shlex

    words = [sys.executable, "-m", "deliverkit", *_without_serving(sys.argv[1:])]
    note(_("Serving on http://localhost:{port} until Ctrl-C.").format(port=port))
    note(
        _(
            "There is no login: whoever can open that address on this machine reads files and asks DNS with your "
            "rights. Do not forward the port."
        )
    )
    Server(shlex.join(words), host="localhost", port=port, title="deliverkit").serve()
    return 0


def _without_serving(given: list[str]) -> list[str]:
    kept: list[str] = []
    skip = False
    for word in given:
        if skip or word.partition("=")[0] in ("--serve", "--port"):
            skip = word == "--port"
            continue
        kept.append(word)
    return kept
