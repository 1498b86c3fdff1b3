"""Options that mean the same in every command."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from deliverkit.language import LANGUAGES, current, use

if TYPE_CHECKING:
    from deliverkit.session import Network

F = TypeVar("F", bound=Callable[..., Any])

SEVERITIES = ("error", "warning", "notice", "never")


def output_options(*formats: str) -> Callable[[F], F]:
    """``--format`` (the first of ``formats`` is the default), ``--output``, ``--lang``, ``--color``."""

    def decorate(command: F) -> F:
        command = click.option(
            "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="When to colour text."
        )(command)
        command = click.option(
            "--lang",
            type=click.Choice(LANGUAGES),
            default=None,
            help="Language of sentences; ids and JSON keys never change.",
        )(command)
        command = click.option(
            "-o", "--output", metavar="FILE", default=None, help="Write the result there, whole or not at all."
        )(command)
        return click.option(
            "-f",
            "--format",
            "fmt",
            type=click.Choice(formats),
            default=formats[0],
            show_default=True,
            help="Form of the result.",
        )(command)

    return decorate


_NETWORK = (
    click.option(
        "--allow-private/--no-allow-private",
        default=False,
        help="Let connections and questions go to private, loopback and other reserved addresses.",
    ),
    click.option(
        "--smtp/--no-smtp",
        default=True,
        help="Whether mail servers may be connected to; if not, what needs it is unknown.",
    ),
    click.option("--http/--no-http", default=True, help="Whether HTTPS may be used; if not, what needs it is unknown."),
    click.option(
        "--replay",
        metavar="FILE",
        default=None,
        help="Answer every question from a recording or a world file; 'demo' is the demo's.",
    ),
    click.option("--record", metavar="FILE", default=None, help="Write every answer there, for --replay."),
    click.option(
        "--deadline",
        type=click.FloatRange(0.1, 600),
        default=30.0,
        show_default=True,
        metavar="SECONDS",
        help="For the whole run, in audit for each domain; what is not answered by then is unknown.",
    ),
    click.option(
        "-t",
        "--timeout",
        type=click.FloatRange(0.05, 60),
        default=3.0,
        show_default=True,
        metavar="SECONDS",
        help="For one question to one name server.",
    ),
    click.option(
        "-n",
        "--nameserver",
        "nameservers",
        multiple=True,
        metavar="SERVER",
        help="IP, IP:PORT, tls://HOST or https://HOST/PATH; may be repeated. Default: the system's.",
    ),
)
"""The options of ``network_options``, last first."""


def network_options(command: Callable[..., int]) -> Callable[..., int]:
    """``--nameserver``, ``--timeout``, ``--deadline``, ``--record``, ``--replay``, ``--no-http``, ``--no-smtp`` and
    ``--allow-private``; the command gets one ``network``.
    """

    @wraps(command)
    def with_network(
        *args: Any,
        nameservers: tuple[str, ...],
        timeout: float,
        deadline: float,
        record: str | None,
        replay: str | None,
        http: bool,
        smtp: bool,
        allow_private: bool,
        **rest: Any,
    ) -> int:
        from deliverkit.session import Network

        network = Network(
            nameservers,
            timeout,
            deadline,
            record,
            replay,
            http=http,
            smtp=smtp,
            allow_private=allow_private,
        )
        return command(*args, network=network, **rest)

    decorated: Callable[..., int] = with_network
    for option in _NETWORK:
        decorated = option(decorated)
    return decorated


def authoritative_option(command: F) -> F:
    """``--authoritative``, for a command below ``network_options``."""

    @wraps(command)
    def with_owners(*args: Any, network: Network, authoritative: bool, **rest: Any) -> Any:
        from dataclasses import replace

        return command(*args, network=replace(network, authoritative=authoritative), **rest)

    option = click.option(
        "--authoritative",
        is_flag=True,
        help="Ask the domain's own name servers, not the resolver's cache: what was changed just now counts.",
    )
    decorated: F = option(with_owners)  # type: ignore[assignment]
    return decorated


def fail_on_option(command: F) -> F:
    """``--fail-on``."""
    return click.option(
        "--fail-on",
        type=click.Choice(SEVERITIES),
        default="error",
        show_default=True,
        help="Exit with 1 for findings of this severity or worse.",
    )(command)


def language(lang: str | None) -> str:
    """The language to speak: that of ``--lang`` or the settings, else the one chosen when the program started."""
    if lang:
        use(lang)
    return current()
