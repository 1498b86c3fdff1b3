"""The only door to the network: live, replayed or recorded, behind one protocol."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deliverkit.net.cache import RunCache
    from deliverkit.net.fetching import RunFetcher
    from deliverkit.net.limits import Limits


def open_resolver(
    nameservers: Sequence[str] = (),
    timeout: float = 3.0,
    *,
    tries: int = 2,
    replay: Path | None = None,
    in_flight: int = 64,
    deadline: float | None = None,
    ca_file: Path | None = None,
    limits: Limits | None = None,
    log: bool = True,
) -> RunCache:
    """The resolver for one run: name servers, or a file to ``replay``, inside a ``RunCache``.

    ``nameservers`` as ``--nameserver`` takes them, none for the system's; ``timeout`` seconds for each of
    ``tries``; ``deadline`` seconds for the run. ``limits`` for a run over many domains: they bound memory and pace,
    and stand in for ``in_flight``; ``log`` as ``RunCache`` has it. With ``replay`` (a recording, or a world in
    TOML) nothing is sent.
    Raises ResolverError for name servers and FileError for a file that cannot be used. Close it when the run is over.
    """
    from deliverkit.net.cache import RunCache

    keep = limits.keep if limits else None
    in_flight = limits.in_flight if limits else in_flight
    if replay is not None:
        from deliverkit.net.replay import ReplayResolver

        return RunCache(ReplayResolver.load(replay), in_flight=in_flight, deadline=deadline, keep=keep, log=log)
    from deliverkit.net.live import LiveResolver

    inner = LiveResolver(nameservers, timeout, tries, ca_file=ca_file, limits=limits)
    return RunCache(inner, in_flight=in_flight, deadline=deadline, keep=keep, log=log)


def open_fetcher(
    resolver: RunCache,
    *,
    seconds: float = 10.0,
    deadline: float | None = None,
    allow_private: bool = False,
    ca_file: Path | None = None,
    keep: int | None = None,
    log: bool = True,
) -> RunFetcher:
    """The fetcher for one run, beside its ``resolver``: where that one replays a file, so does this.

    ``seconds`` for each document, ``deadline`` seconds for the run from now on; ``keep`` and ``log`` as in
    ``RunFetcher``; with ``keep``, a run over many domains, more of them may be on their way at once. Call it inside
    the event loop of the run, and close it before the resolver.
    """
    from deliverkit.net.fetching import RunFetcher
    from deliverkit.net.replay import ReplayResolver

    if isinstance(resolver.inner, ReplayResolver):
        from deliverkit.net.documents import ReplayFetcher

        replay = ReplayFetcher(resolver.inner.documents, resolver)
        return RunFetcher(replay, deadline=deadline, keep=keep, log=log)
    from deliverkit.net.https import HttpsFetcher

    fetcher = HttpsFetcher(resolver, seconds=seconds, allow_private=allow_private, ca_file=ca_file)
    # Slow web servers of some domains must not hold up all the others.
    return RunFetcher(fetcher, in_flight=8 if keep is None else 64, deadline=deadline, keep=keep, log=log)
