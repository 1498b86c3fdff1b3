"""cli.md: every command with its options, as click knows them."""

from __future__ import annotations

import click

from deliverkit.cli.main import cli
from deliverkit.cli.translated import in_language
from deliverkit.language import _
from scripts.gen_docs.book import Book, Pages
from scripts.gen_docs.markdown import block, page

WIDTH = 90


def pages(book: Book) -> Pages:
    """The one page of this kind."""
    intro = _(
        "What `--help` says, for every command. Scripts may rely on the commands, their options, "
        "the [exit codes](exit-codes.md) and the [JSON documents](json.md)."
    )
    yield (
        "cli.md",
        page(_("Command line"), intro, *_commands(cli, None), description=_("All commands and options of deliverkit.")),
    )


def _commands(command: click.Command, parent: click.Context | None) -> list[str]:
    name = command.name if parent else "deliverkit"
    # As the program runs it: a command remembers the help option of the first context that asks.
    settings = {**cli.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
    context = click.Context(command, parent=parent, info_name=name, **settings)
    title = context.command_path
    blocks = [f"## {title}", block(_plain(in_language(command).get_help(context)))]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                blocks += _commands(child, context)
    return blocks


def _plain(help_text: str) -> str:
    return "\n".join(line.rstrip() for line in help_text.splitlines())
