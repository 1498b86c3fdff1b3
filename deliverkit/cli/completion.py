"""``deliverkit completion``: the script that a shell loads."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from deliverkit.cli.output import write
from deliverkit.language import _


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the completion script for a shell; load it from the shell's start file.

    \b
    bash: eval "$(deliverkit completion bash)"        in ~/.bashrc
    zsh:  eval "$(deliverkit completion zsh)"         in ~/.zshrc
    fish: deliverkit completion fish | source         in ~/.config/fish/config.fish
    """
    from deliverkit.cli.main import cli

    maker = get_completion_class(shell)
    if maker is None:
        raise click.UsageError(_("no completion for {shell}").format(shell=shell))
    write(maker(cli, {}, "deliverkit", "_DELIVERKIT_COMPLETE").source())
    return 0
