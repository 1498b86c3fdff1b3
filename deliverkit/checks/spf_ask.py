"""The questions of one SPF run: each asked once, no more than a bound of them."""

from __future__ import annotations

import asyncio

from deliverkit.net.resolver import Answer, Dnssec, Resolver, Status


class Questions:
    """A Resolver around another that remembers answers and stops at a bound.

    The tree and the evaluations run side by side and want the same records; whatever cache stands behind
    ``resolver``, a question is asked once here. A question beyond the bound is answered with ``Status.ERROR``,
    so that it counts as unknown and never as absent; ``cut`` then says so.
    """

    def __init__(self, resolver: Resolver, limit: int) -> None:
        self.resolver = resolver
        self.limit = limit
        self.cut = False
        self._asked: dict[tuple[str, str], asyncio.Task[Answer]] = {}

    @property
    def count(self) -> int:
        """Questions asked so far."""
        return len(self._asked)

    async def query(
        self,
        name: str,
        rdtype: str,
        *,
        fresh: bool = False,
        server: str | None = None,
        dnssec: Dnssec = Dnssec.PLAIN,
    ) -> Answer:
        """As ``Resolver.query``; what follows the type makes no difference within a run."""
        key = (name, rdtype)
        if key not in self._asked:
            if len(self._asked) >= self.limit:
                self.cut = True
                return Answer(name, rdtype, Status.ERROR, detail=f"not asked: the limit of {self.limit} is reached")
            question = self.resolver.query(name, rdtype, fresh=fresh, server=server)
            self._asked[key] = asyncio.ensure_future(question)
        return await self._asked[key]
