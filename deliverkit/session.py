"""One run, as a script, the command line or a screen starts it: what the user named, the world behind one
cache, and the recording at the end.

``explain``, ``diagnose`` and ``audit_domain`` are the public Python API; they are plain functions that own
their event loop. Inside a loop of your own, use ``open_world`` and the coroutines of ``deliverkit.diagnosis``
and ``deliverkit.audit``.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from deliverkit.audit import ALL, audit
from deliverkit.bounces.classify import default_classifier
from deliverkit.bounces.given import bounces_in
from deliverkit.checks import Target, World
from deliverkit.checks.names import domain_name, ip_address
from deliverkit.checks.run import at_owners as at_owners
from deliverkit.diagnosis import diagnose as diagnose_bounce
from deliverkit.diagnosis import explain as explain_bounce
from deliverkit.errors import InputError
from deliverkit.knowledge import load
from deliverkit.language import _
from deliverkit.model import Audit, Diagnosis
from deliverkit.net.http import Fetched, Fetcher, Off

if TYPE_CHECKING:
    from deliverkit.message_audit import MessageAudit
    from deliverkit.net.cache import RunCache
    from deliverkit.net.limits import Limits
    from deliverkit.net.smtp import SmtpDoor

T = TypeVar("T")

DEMO = Path(__file__).parent / "demo"
"""The recorded world (``world.toml``) and the cases (``cases.toml``) of the demo."""


@dataclass(frozen=True, slots=True)
class Network:
    """Whom to ask, and how long."""

    nameservers: Sequence[str] = ()
    """``IP``, ``IP:PORT``, ``tls://HOST`` or ``https://HOST/PATH``; empty for the system's."""
    timeout: float = 3.0
    """Seconds for one question to one server."""
    deadline: float = 30.0
    """Seconds for the whole run, or for each domain where many are audited; what is not answered by then is unknown."""
    record: str | None = None
    """File to write every answer to."""
    replay: str | None = None
    """Recording or world file that answers instead of the network; ``demo`` is the world of the demo."""
    http: bool = True
    """Whether documents may be fetched over HTTPS (MTA-STS policies, BIMI logos and certificates)."""
    smtp: bool = True
    """Whether checks that connect to mail servers may do so; they only run when they are named."""
    authoritative: bool = False
    """Whether checks ask the domain's own name servers instead of the resolver's cache."""
    allow_private: bool = False
    """Whether HTTPS and SMTP connections, and questions to a domain's own name servers, may go to private, loopback
    and other reserved addresses."""

    @property
    def replayed_from(self) -> Path | None:
        """The file that answers, or None for the live network."""
        if self.replay == "demo":
            return DEMO / "world.toml"
        return Path(self.replay) if self.replay else None


@asynccontextmanager
async def open_world(network: Network, limits: Limits | None = None) -> AsyncIterator[World]:
    """A world behind one cache for one run; the recording is written when the run ends well.

    With ``limits``, for a run over many domains, memory and pace are bounded and the run has no deadline of its own.

    Raises ResolverError for a name server that cannot be used, FileError for a recording that cannot be
    read or written.
    """
    from deliverkit.checks.blocklist_keys import keys_from, redacted
    from deliverkit.net import open_resolver

    async with open_resolver(
        network.nameservers,
        network.timeout,
        replay=network.replayed_from,
        deadline=None if limits else network.deadline,
        limits=limits,
        log=limits is None or network.record is not None,
    ) as resolver:
        keys = keys_from(os.environ)
        async with _fetcher(network, resolver, limits) as (http, documents), _door(network, resolver) as smtp:
            yield replace(_world(network, resolver), keys=keys, http=http, smtp=smtp)
        if network.record:
            from deliverkit.net.record import save

            answers = (redacted(answer, keys.values()) for answer in resolver.answers())
            save(Path(network.record), answers, documents=documents(), sessions=smtp.sessions())


@asynccontextmanager
async def _fetcher(
    network: Network, resolver: RunCache, limits: Limits | None
) -> AsyncIterator[tuple[Fetcher, Callable[[], tuple[Fetched, ...]]]]:
    """The door for HTTPS, closed at the end, and what came through it so far."""
    from deliverkit.net import open_fetcher

    if not network.http:
        yield Off(), lambda: ()
        return
    fetcher = open_fetcher(
        resolver,
        deadline=None if limits else network.deadline,
        allow_private=network.allow_private,
        keep=limits.documents if limits else None,
        log=limits is None or network.record is not None,
    )
    try:
        yield fetcher, fetcher.documents
    finally:
        await fetcher.aclose()


@asynccontextmanager
async def _door(network: Network, resolver: RunCache) -> AsyncIterator[SmtpDoor]:
    """The door to mail servers, closed at the end."""
    from deliverkit.net.replay import ReplayResolver
    from deliverkit.net.smtp import LazyDoor, NoDoor, ReplayDoor

    if not network.smtp:
        yield NoDoor()
        return
    if isinstance(resolver.inner, ReplayResolver):
        yield ReplayDoor(resolver.inner.sessions)
        return
    door = LazyDoor(resolver, allow_private=network.allow_private)
    try:
        yield door
    finally:
        await door.aclose()


def _world(network: Network, resolver: RunCache) -> World:
    """What a run knows before any door is opened: whom it may ask, and what time it is."""
    from deliverkit.net.replay import ReplayResolver

    world = World(resolver, load(), allow_private=network.allow_private, authoritative=network.authoritative)
    if not isinstance(resolver.inner, ReplayResolver):
        return replace(world, beyond=not network.nameservers)
    replayed = resolver.inner
    # In a replayed world nothing is really asked, so every address may be "asked".
    return replace(world, beyond=replayed.asks_owners, now=replayed.made or world.now, allow_private=True)


def in_world(network: Network, job: Callable[[World], Awaitable[T]]) -> T:
    """Run ``job`` to its end in a world of its own. Raises as ``open_world`` does."""

    async def run() -> T:
        async with open_world(network) as world:
            return await job(world)

    return asyncio.run(run())


def nobody_answered(world: World) -> bool:
    """Whether every question of the run so far went unanswered: then nothing at all could be checked."""
    from deliverkit.net.cache import RunCache

    cache = world.resolver
    return isinstance(cache, RunCache) and cache.ended > 0 and cache.learned == 0


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
    """What the user named, each value checked; documentation addresses only where nothing is really asked.

    Raises InputError that names the value.
    """
    examples = network.replay is not None
    name, named = author_domain(domain) if domain else (None, ())
    selectors = (*selectors, *named)
    return Target(
        domain=name,
        ips=tuple(dict.fromkeys(ip_address(ip, allow_documentation=examples) for ip in ips)),
        selectors=tuple(dict.fromkeys(_selector(s) for s in selectors)),
        mail_from=domain_name(mail_from) if mail_from else None,
        helo=_greeting(helo) if helo else None,
        recipient_domain=domain_name(recipient.rpartition("@")[2]) if recipient else None,
    )


def author_domain(text: str) -> tuple[str, tuple[str, ...]]:
    """The domain that is meant, and the selector, where the name of one of its records was given instead."""
    name = domain_name(text)
    selector, record, domain = name.partition("._domainkey.")
    if record:
        return domain_name(domain), (selector,)
    return domain_name(name.removeprefix("_dmarc.").removeprefix("_domainkey.")), ()


def _greeting(text: str) -> str:
    """A HELO name as it is sent. What no host may call itself (``localhost``, an address) is for the check to judge."""
    name = text.strip().lower().removesuffix(".")
    if not name or len(name) > 255 or not name.isascii() or not name.isprintable() or " " in name:
        raise InputError(
            _("'{text}' is not a HELO name").format(text=text[:80]),
            advice=_("It is the name behind EHLO or HELO in the log."),
        )
    return name


def _selector(text: str) -> str:
    selector = text.strip().lower().removesuffix(".").partition("._domainkey")[0]
    if not selector or len(selector) > 63 or not all(_is_label(label) for label in selector.split(".")):
        raise InputError(
            _("'{text}' is not a DKIM selector").format(text=text[:80]),
            advice=_("It is the s= value of a DKIM-Signature header."),
        )
    return selector


def _is_label(label: str) -> bool:
    return bool(label) and label.replace("-", "").replace("_", "").isalnum() and label.isascii()


def explain(text: str | bytes) -> list[Diagnosis]:
    """What each reply in ``text`` means and what to do, without the network (RFC 5321 section 4.2, RFC 3463).

    ``text`` may be a reply, several, log lines, or a whole bounce mail (RFC 3464), then best as its bytes. Empty
    for a mail that is no bounce.

    Never raises for what the text says; an unknown reply gets the verdict ``unknown.unclassified``.
    """
    given = bounces_in(text, default_classifier(), load())
    return [explain_bounce(bounce, given.classifier, load()) for bounce in given.bounces]


def diagnose(
    text: str | bytes,
    *,
    domain: str | None = None,
    ips: Sequence[str] = (),
    selectors: Sequence[str] = (),
    network: Network = Network(),
) -> list[Diagnosis]:
    """Explain each reply in ``text`` (as ``explain`` takes it) and run the checks that prove or refute its cause.

    Raises InputError for a domain, IP or selector that is none, ResolverError for an unusable name server.
    """
    known = target(network, domain=domain, ips=ips, selectors=selectors)
    given = bounces_in(text, default_classifier(), load())

    async def job(world: World) -> list[Diagnosis]:
        return [await diagnose_bounce(bounce, given.classifier, known, world) for bounce in given.bounces]

    return in_world(network, job)


def audit_domain(
    domain: str,
    *,
    ips: Sequence[str] = (),
    selectors: Sequence[str] = (),
    checks: Sequence[str] = ALL,
    network: Network = Network(),
) -> Audit:
    """All checks of one sending domain.

    Raises InputError for a domain, IP or selector that is none, KeyError for an unknown check, ResolverError
    for an unusable name server.
    """
    given = target(network, domain=domain, ips=ips, selectors=selectors)

    async def job(world: World) -> Audit:
        return await audit(given, world, checks=checks)

    return in_world(network, job)


def check_message(
    data: bytes,
    *,
    ip: str | None = None,
    mail_from: str | None = None,
    helo: str | None = None,
    checks: Sequence[str] | None = None,
    network: Network = Network(),
) -> MessageAudit:
    """All checks of one message, given as its bytes with all headers (RFC 5322).

    ``ip``, ``mail_from`` and ``helo`` are those of the delivery where its headers do not tell. Never raises for what
    the message holds; raises InputError for an IP or domain that is none, KeyError for an unknown check,
    ResolverError for an unusable name server.
    """
    from deliverkit.message.mail import read_message
    from deliverkit.message_audit import audit_message

    given = target(network, ips=[ip] if ip else [], mail_from=mail_from, helo=helo)
    message = read_message(data)

    async def job(world: World) -> MessageAudit:
        return await audit_message(message, "", given, world, checks=checks)

    return in_world(network, job)
