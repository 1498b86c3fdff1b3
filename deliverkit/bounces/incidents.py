"""Incidents: the same words of the same provider, whomever they were said to, counted as one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from deliverkit.bounces.judged import Judged
from deliverkit.bounces.masking import masked
from deliverkit.bounces.sketch import Sketch

MAX_INCIDENTS = 4_000
"""Kept at a time; of more, the rarest are dropped and that is said."""
_MAX_REMEMBERED = 20_000
_MAX_EXAMPLE = 500
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d", re.ASCII)


class Incident:
    """One wording of one provider."""

    __slots__ = ("count", "example", "first", "id", "last", "provider", "reason", "recipients", "text")

    def __init__(self, id: str, provider: str | None, text: str, reason: str, example: str) -> None:  # noqa: A002
        self.id = id
        """The same in every run: made from the provider and the masked text."""
        self.provider = provider
        self.text = text
        """The reply with its masks."""
        self.reason = reason
        self.example = example
        """One reply as it came, normalised; hostile until cleaned."""
        self.count = 0
        self.recipients = Sketch()
        self.first: str | None = None
        """When it was first seen, ISO 8601; in UTC where the source names its zone."""
        self.last: str | None = None

    def see(self, at: str | None) -> None:
        """Widen the time in which it was seen."""
        if at:
            self.first = min(self.first or at, at)
            self.last = max(self.last or at, at)

    def merge(self, other: Incident) -> None:
        """Add the same incident of another piece, which comes behind this one."""
        self.count += other.count
        self.recipients.merge(other.recipients)
        self.see(other.first)
        self.see(other.last)

    def data(self) -> dict[str, Any]:
        """All that is known, as JSON takes it."""
        return {name: getattr(self, name) for name in self.__slots__} | {"recipients": self.recipients.data()}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Incident:
        """The incident that ``data`` was made from. Raises KeyError or TypeError for anything else."""
        made = cls(data["id"], data["provider"], data["text"], data["reason"], data["example"])
        made.count, made.first, made.last = int(data["count"]), data["first"], data["last"]
        made.recipients = Sketch(data["recipients"])
        return made


class Masks:
    """The masked text and the incident's id of every reply, each worked out once. One for a process."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str | None, str], tuple[str, str]] = {}

    def of(self, judged: Judged) -> tuple[str, str]:
        """Id and masked text."""
        bounce = judged.event.bounce
        text, provider = bounce.reply.text, judged.provider
        name = (bounce.recipient or "").partition("@")[0]
        key = text, provider, name if name and name in text else ""
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MAX_REMEMBERED:
                self._known.clear()
            words = masked(text, bounce.recipient)
            found = self._known[key] = incident_id(provider, words), words
        return found


def incident_id(provider: str | None, words: str) -> str:
    """Ten hex digits that are the same in every run."""
    return blake2b(f"{provider or ''}\0{words}".encode("utf-8", "replace"), digest_size=5).hexdigest()


class Incidents:
    """All incidents of a run, or of one piece of it."""

    def __init__(self) -> None:
        self._by_id: dict[str, Incident] = {}
        self.dropped = 0
        """Bounces whose incident was dropped because there were too many."""

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Incident]:
        """The most frequent first."""
        return iter(sorted(self._by_id.values(), key=_frequency))

    def add(self, judged: Judged, id_: str, words: str) -> None:
        """Count one bounce."""
        bounce = judged.event.bounce
        incident = self._by_id.get(id_)
        if incident is None:
            reason = judged.verdict.reason
            incident = Incident(id_, judged.provider, words, reason, bounce.reply.text[:_MAX_EXAMPLE])
            self._by_id[id_] = incident
        incident.count += 1
        if bounce.recipient:
            incident.recipients.add(bounce.recipient.lower())
        incident.see(utc(bounce.at))
        if len(self._by_id) > 2 * MAX_INCIDENTS:
            self._cut()

    def merge(self, other: Incidents) -> None:
        """Add those of a piece that comes behind this one."""
        for id_, incident in other._by_id.items():
            mine = self._by_id.get(id_)
            if mine is None:
                self._by_id[id_] = incident
            else:
                mine.merge(incident)
        self.dropped += other.dropped
        if len(self._by_id) > 2 * MAX_INCIDENTS:
            self._cut()

    def _cut(self) -> None:
        ordered = sorted(self._by_id.values(), key=_frequency)
        self.dropped += sum(incident.count for incident in ordered[MAX_INCIDENTS:])
        self._by_id = {incident.id: incident for incident in ordered[:MAX_INCIDENTS]}

    def data(self) -> dict[str, Any]:
        """All that is known, as JSON takes it."""
        return {"dropped": self.dropped, "incidents": [incident.data() for incident in self._by_id.values()]}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Incidents:
        """The incidents that ``data`` was made from. Raises KeyError or TypeError for anything else."""
        made = cls()
        made.dropped = int(data["dropped"])
        found: Iterable[Mapping[str, Any]] = data["incidents"]
        made._by_id = {entry["id"]: Incident.from_data(entry) for entry in found}
        return made


def _frequency(incident: Incident) -> tuple[int, str]:
    return -incident.count, incident.id


def utc(at: str | None) -> str | None:
    """A time in UTC to the second, so that times compare as text; without a zone as it is; None for what is none."""
    if not at or not _TIME.match(at):
        return None
    if len(at) == 19:
        return at
    if at.endswith(("Z", "+00:00")):
        return at[:19] + "Z"
    try:
        moment = datetime.fromisoformat(at)
        zoned = moment.astimezone(UTC) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None
    return zoned.replace(tzinfo=None).isoformat(timespec="seconds") + ("Z" if moment.tzinfo else "")
