"""``deliverkit tui`` and ``deliverkit`` alone: the door to the interactive screen, the only one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deliverkit.cli.options import language, network_options
from deliverkit.language import LANGUAGES

if TYPE_CHECKING:
    from deliverkit.session import Network


@click.command("tui")
@click.argument("text", required=False)
@network_options
@click.option("--lang", type=click.Choice(LANGUAGES), default=None, help="Language of sentences.")
def command(
    text: str | None,
    network: Network,
    lang: str | None,
) -> int:
    """Open the interactive screen, with TEXT already in its input: a reply, a code, a domain or an IP."""
    return start(text, network, lang)


def start(text: str | None = None, network: Network | None = None, lang: str | None = None) -> int:
    """Run the screen until the user leaves it; gives the exit code.

    Without ``network`` the core is not even imported before the first paint.
    """
    import gc

    # Nothing that is made before the first paint is garbage; the start screen enables it again.
    gc.disable()
    try:
        from deliverkit_tui.app import run_app

        return run_app(text or "", network, language(lang))
    finally:
        gc.enable()
