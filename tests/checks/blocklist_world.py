"""A DNS of blocklists for tests: every list answers as it should unless a test says otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from deliverkit.checks import World
from deliverkit.checks.names import is_ip, reversed_labels
from deliverkit.knowledge import load
from deliverkit.knowledge.schema_dns import Blocklist
from deliverkit.net.resolver import Answer, Status

Said = tuple[str, ...] | Status
SILENT = Status.TIMEOUT


@dataclass
class ListDns:
    """A Resolver. ``said`` maps (name, type) to records or a status; what is not there is NXDOMAIN."""

    said: dict[tuple[str, str], Said] = field(default_factory=dict)
    zones: dict[str, Said] = field(default_factory=dict)
    """What a whole zone answers to every question, before ``said``."""
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def query(self, name: str, rdtype: str, *, fresh: bool = False, server: str | None = None) -> Answer:
        self.asked.append((name, rdtype))
        whole = next((said for zone, said in self.zones.items() if name.endswith("." + zone)), None)
        said = whole if whole is not None else self.said.get((name, rdtype), Status.NXDOMAIN)
        if isinstance(said, Status):
            return Answer(name, rdtype, said, server="192.0.2.53")
        return Answer(name, rdtype, Status.NOERROR, said, ttl=60, server="192.0.2.53")

    def healthy(self, lists: Iterable[Blocklist], **key: str) -> ListDns:
        """Give each list the test points that its catalogue entry names."""
        for blocklist in lists:
            for point in blocklist.test_listed:
                self.put(point, blocklist, "127.0.0.2", **key)
        return self

    def put(self, subject: str, blocklist: Blocklist, *records: str, txt: str | None = None, key: str = "") -> None:
        """Let a list answer about a subject."""
        name = asked_name(subject, blocklist, key)
        self.said[name, "A"] = records
        if txt is not None:
            self.said[name, "TXT"] = (txt,)

    def names(self) -> list[str]:
        """Names asked so far."""
        return [name for name, _ in self.asked]


def asked_name(subject: str, blocklist: Blocklist, key: str = "") -> str:
    """The name under which a list is asked about a subject."""
    query = reversed_labels(subject) if is_ip(subject) else subject
    if key and blocklist.query_with_key:
        return blocklist.query_with_key.format(q=query, key=key).lower()
    return f"{query}.{blocklist.zone}"


def catalogue() -> Mapping[str, Blocklist]:
    """The shipped lists."""
    return load().blocklists


def world(dns: ListDns, **more: object) -> World:
    """A World around a DNS."""
    return World(dns, load(), **more)  # type: ignore[arg-type]
