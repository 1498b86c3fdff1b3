"""A zone in a dictionary, as a resolver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deliverkit.net.resolver import Answer, Status

Records = Mapping[str, Mapping[str, Sequence[str] | Status]]


class Zone:
    """Answers from ``{name: {rdtype: records or a failure}}``; what is not there is NODATA or NXDOMAIN."""

    def __init__(self, records: Records) -> None:
        self.records = {name.lower(): types for name, types in records.items()}
        self.asked: list[tuple[str, str]] = []

    async def query(self, name: str, rdtype: str, *, fresh: bool = False, server: str | None = None) -> Answer:
        name = name.lower().removesuffix(".")
        self.asked.append((name, rdtype))
        if name not in self.records:
            return Answer(name, rdtype, Status.NXDOMAIN)
        found = self.records[name].get(rdtype, ())
        if isinstance(found, Status):
            return Answer(name, rdtype, found)
        return Answer(name, rdtype, Status.NOERROR if found else Status.NODATA, tuple(found))
