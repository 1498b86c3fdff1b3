"""One run on the network: the resolver that the options ask for, its cache, and the recording at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from deliverkit.checks import Target, World
from deliverkit.checks.names import domain_name, ip_address
from deliverkit.errors import InputError
from deliverkit.knowledge import load

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Network:
    """The network options of a command."""

    nameservers: Sequence[str] = ()
    timeout: float = 3.0
    deadline: float = 30.0
    record: str | None = None
    replay: str | None = None


def in_world(network: Network, job: Callable[[World], Awaitable[T]]) -> T:
    """Run ``job`` with a world behind one cache; write the recording afterwards, if asked for.

    Raises ResolverError for a name server that cannot be used, FileError for a recording that cannot be
    read or written.
    """
    return asyncio.run(_run(network, job))


async def _run(network: Network, job: Callable[[World], Awaitable[T]]) -> T:
    from deliverkit.net import open_resolver
    from deliverkit.net.cache import RunCache

    inner = open_resolver(
        network.nameservers, timeout=network.timeout, replay=Path(network.replay) if network.replay else None
    )
    cache = RunCache(inner, deadline=network.deadline)
    done = await job(World(cache, load()))
    if network.record:
        from deliverkit.net.record import save

        save(Path(network.record), cache.answers())
    return done


def target(
    network: Network,
    *,
    domain: str | None = None,
    ips: Sequence[str] = (),
    selectors: Sequence[str] = (),
    mail_from: str | None = None,
    helo: str | None = None,
    recipient: str | None = None,
) -> Target:
    """What the user named, each value checked. Raises InputError that names the value."""
    examples = network.replay is not None
    return Target(
        domain=domain_name(domain) if domain else None,
        ips=tuple(dict.fromkeys(ip_address(ip, allow_documentation=examples) for ip in ips)),
        selectors=tuple(dict.fromkeys(_selector(s) for s in selectors)),
        mail_from=domain_name(mail_from) if mail_from else None,
        helo=domain_name(helo) if helo else None,
        recipient_domain=domain_name(recipient.rpartition("@")[2]) if recipient else None,
    )


def _selector(text: str) -> str:
    selector = text.strip().lower().removesuffix(".")
    selector = selector.partition("._domainkey")[0]
    labels = selector.split(".")
    if not selector or len(selector) > 63 or not all(_is_label(label) for label in labels):
        raise InputError(
            f"'{text[:80]}' is not a DKIM selector", advice="It is the s= value of a DKIM-Signature header."
        )
    return selector


def _is_label(label: str) -> bool:
    return bool(label) and label.replace("-", "").replace("_", "").isalnum() and label.isascii()
