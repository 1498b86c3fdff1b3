"""The command lines that print what a screen shows. Made to be pasted into a shell: every part is quoted."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import TYPE_CHECKING

from deliverkit.report.clean import one_line

if TYPE_CHECKING:
    from deliverkit.session import Network
    from deliverkit_tui.casefile import Given


def command(name: str, *parts: str, network: Network | None = None) -> str:
    """``deliverkit NAME PARTS`` with the options that choose who is asked."""
    words = ["deliverkit", name, *parts, *network_parts(network)]
    return " ".join(quote(word) for word in words)


def network_parts(network: Network | None) -> Sequence[str]:
    """The options that say whom to ask."""
    if network is None:
        return ()
    parts = ["--replay", network.replay] if network.replay else []
    for server in network.nameservers:
        parts += ["-n", server]
    return parts


def case_command(reply: str, given: Given, *, asked: bool, network: Network | None) -> str:
    """The command for a case: ``diagnose`` where something was asked, else ``explain``."""
    text = one_line(reply, 4000)
    text = f" {text}" if text.startswith("-") else text
    if not asked:
        return command("explain", text)
    parts = [text]
    if given.domain:
        parts += ["--domain", given.domain]
    for ip in given.ips:
        parts += ["--ip", ip]
    for selector in given.selectors:
        parts += ["-s", selector]
    if given.recipient:
        parts += ["--recipient", given.recipient]
    return command("diagnose", *parts, network=network)
