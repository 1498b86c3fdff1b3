"""What many events come to: totals, groups, incidents, and addresses that others would have thrown away.

A summary of pieces is the sum of their summaries (``merge``), so a file can be read by many processes. All of it is
bounded: of groups and incidents that are too many, the rarest are dropped, and how much that was is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deliverkit.bounces.event import Fault, Kind
from deliverkit.bounces.incidents import Incidents, utc
from deliverkit.bounces.judged import Judged, is_temporary
from deliverkit.bounces.sketch import Sketch
from deliverkit.model import AddressAction, BounceType

GROUPS = ("category", "reason", "provider", "code", "sending_domain", "ip", "day")
"""What bounces are counted by."""
MAX_GROUP = 2_000
"""Keys of one group that are kept; the rarest of more are counted under ``OTHERS``."""
MAX_EXAMPLES = 20
OTHERS = "*"
NONE = ""
"""Key of a group for what names none: no provider known, no code said."""
SENDERS_SAKE = frozenset({"blocked", "dmarc", "reputation", "rate_limit", "sender_setup", "rejected"})
"""Categories that say nothing against the address: who sends, or what is sent, was refused."""

DELIVERED, HARD, SOFT, COMPLAINTS = range(4)
"""Columns of a group's counts. Temporary refusals and delay notices are soft."""
Counts = list[int]
_Cell = tuple[int, str, str, str, str, str, str, str]


class Active:
    """Addresses that are alive, for one reason for which others call them dead."""

    __slots__ = ("by_code", "by_source", "examples", "recipients")

    def __init__(self) -> None:
        self.by_source = 0
        """Bounces that the source itself calls hard or permanent."""
        self.by_code = 0
        """Bounces that only a 5xx makes look final."""
        self.recipients = Sketch()
        self.examples: list[str] = []
        """Some of the addresses."""

    def merge(self, other: Active) -> None:
        """Add those of a piece that comes behind this one."""
        self.by_source += other.by_source
        self.by_code += other.by_code
        self.recipients.merge(other.recipients)
        self.examples = list(dict.fromkeys(self.examples + other.examples))[:MAX_EXAMPLES]

    def data(self) -> dict[str, Any]:
        """All that is known, as JSON takes it."""
        return {
            "by_source": self.by_source,
            "by_code": self.by_code,
            "recipients": self.recipients.data(),
            "examples": self.examples,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Active:
        """What ``data`` was made from. Raises KeyError or TypeError for anything else."""
        made = cls()
        made.by_source, made.by_code = int(data["by_source"]), int(data["by_code"])
        made.recipients, made.examples = Sketch(data["recipients"]), list(data["examples"])
        return made


class Summary:
    """Counts of events, judged."""

    def __init__(self) -> None:
        self.kinds: dict[str, int] = {}
        """Events by kind."""
        self.temporary = 0
        """Bounces after which the server asks to try again, and delay notices."""
        self.groups: dict[str, dict[str, Counts]] = {name: {} for name in GROUPS}
        """By what, and by its value: delivered, hard, soft, complaints."""
        self.theirs: dict[str, Counts] = {}
        """By what the source itself calls it: in our words not a failure, hard, soft, complaint."""
        self.incidents = Incidents()
        self.active: dict[str, Active] = {}
        """Alive for all that is known, by reason."""
        self.faults: dict[str, int] = {}
        """What could not be read, by its word."""
        self.fault_examples: list[Fault] = []
        self.first: str | None = None
        """Time of the first event, as ``incidents.utc`` writes it."""
        self.last: str | None = None
        # Nine events in ten differ in nothing that is counted: they are gathered first and sorted in at the end.
        self._cells: dict[_Cell, int] = {}
        self._kinds: dict[Kind, int] = {}

    def add(self, judged: Judged) -> None:
        """Count one event. Its incident, if it has one, is counted by ``incidents.add``."""
        event, verdict, _ = judged
        kind, bounce = event.kind, event.bounce
        self._kinds[kind] = self._kinds.get(kind, 0) + 1
        column, reason, code = _COLUMNS.get(kind), NONE, NONE
        if column is None:
            return
        if column == SOFT:
            column = self._failed(judged)
            reply = bounce.reply
            code = " ".join(part for part in (str(reply.code or ""), reply.enhanced_code) if part)
        if column != DELIVERED:
            reason = verdict.reason
        moment, sender = utc(bounce.at), bounce.sender
        domain = sender.rpartition("@")[2].lower() if sender else NONE
        cell = (
            column,
            reason,
            judged.provider or NONE,
            code,
            domain,
            bounce.ip or NONE,
            moment[:10] if moment else NONE,
            event.theirs or NONE,
        )
        self._cells[cell] = self._cells.get(cell, 0) + 1
        self._see(moment)

    def _failed(self, judged: Judged) -> int:
        """The column of a bounce or a delay notice."""
        event, verdict, _ = judged
        hard = verdict.bounce_type is BounceType.HARD
        if event.kind is Kind.DELAYED or is_temporary(event.bounce.reply):
            self.temporary += 1
        if event.kind is Kind.BOUNCE and not hard:
            self._note_active(judged)
        return HARD if hard else SOFT

    def _note_active(self, judged: Judged) -> None:
        """Is this one that others would remove, though nothing was said against the address?"""
        event, verdict, _ = judged
        if verdict.address_action is not AddressAction.KEEP or verdict.category not in SENDERS_SAKE:
            return
        by_source = is_called_hard(event.theirs)
        if not by_source and ((event.bounce.reply.code or 0) < 500 or is_called_soft(event.theirs)):
            return
        active = self.active.setdefault(verdict.reason, Active())
        active.by_source += by_source
        active.by_code += not by_source
        recipient = event.bounce.recipient
        if recipient:
            active.recipients.add(recipient.lower())
            if len(active.examples) < MAX_EXAMPLES and recipient not in active.examples:
                active.examples.append(recipient)

    def _see(self, moment: str | None) -> None:
        if moment:
            if self.first is None or moment < self.first:
                self.first = moment
            if self.last is None or moment > self.last:
                self.last = moment

    def add_fault(self, fault: Fault) -> None:
        """Count what could not be read."""
        self.faults[fault.why] = self.faults.get(fault.why, 0) + 1
        if len(self.fault_examples) < MAX_EXAMPLES:
            self.fault_examples.append(fault)

    def settle(self) -> None:
        """Sort in what ``add`` has gathered; before anything is read, merged or sent."""
        for kind, count in self._kinds.items():
            self.kinds[kind.value] = self.kinds.get(kind.value, 0) + count
        self._kinds.clear()
        for (column, reason, *values, theirs), count in self._cells.items():
            category = reason.partition(".")[0]
            for name, value in zip(GROUPS, (category, reason, *values), strict=True):
                # A delivery has no reason and no code: nothing is counted under "none" for it.
                if column != DELIVERED or name not in ("category", "reason", "code"):
                    _count(self.groups[name], value, column, count)
            if theirs:
                _count(self.theirs, theirs[:80], column, count)
        self._cells.clear()
        self._cut()

    def merge(self, other: Summary) -> None:
        """Add the summary of a piece that comes behind this one."""
        self.settle()
        other.settle()
        for kind, count in other.kinds.items():
            self.kinds[kind] = self.kinds.get(kind, 0) + count
        self.temporary += other.temporary
        for name, group in other.groups.items():
            _add(self.groups[name], group)
        _add(self.theirs, other.theirs)
        self.incidents.merge(other.incidents)
        for reason, active in other.active.items():
            self.active.setdefault(reason, Active()).merge(active)
        for why, count in other.faults.items():
            self.faults[why] = self.faults.get(why, 0) + count
        self.fault_examples = (self.fault_examples + other.fault_examples)[:MAX_EXAMPLES]
        self._see(other.first)
        self._see(other.last)
        self._cut()

    def _cut(self) -> None:
        for group in (*self.groups.values(), self.theirs):
            if len(group) > 2 * MAX_GROUP:
                _keep_largest(group)

    def data(self) -> dict[str, Any]:
        """All that is known, as JSON takes it; for the file that a run is resumed from."""
        self.settle()
        return {
            "kinds": self.kinds,
            "temporary": self.temporary,
            "groups": self.groups,
            "theirs": self.theirs,
            "incidents": self.incidents.data(),
            "active": {reason: active.data() for reason, active in self.active.items()},
            "faults": self.faults,
            "fault_examples": self.fault_examples,
            "first": self.first,
            "last": self.last,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Summary:
        """The summary that ``data`` was made from. Raises KeyError, TypeError or ValueError for anything else."""
        made = cls()
        made.kinds, made.temporary = dict(data["kinds"]), int(data["temporary"])
        made.groups = {name: {k: list(v) for k, v in data["groups"][name].items()} for name in GROUPS}
        made.theirs = {k: list(v) for k, v in data["theirs"].items()}
        made.incidents = Incidents.from_data(data["incidents"])
        made.active = {reason: Active.from_data(entry) for reason, entry in data["active"].items()}
        made.faults = dict(data["faults"])
        made.fault_examples = [Fault(*entry) for entry in data["fault_examples"]]
        made.first, made.last = data["first"], data["last"]
        return made

    @property
    def delivered(self) -> int:
        """Deliveries that the source tells of."""
        return self._total(DELIVERED)

    @property
    def hard(self) -> int:
        """Bounces that prove an address dead."""
        return self._total(HARD)

    @property
    def soft(self) -> int:
        """All other bounces, and delay notices."""
        return self._total(SOFT)

    @property
    def complaints(self) -> int:
        """Complaints."""
        return self._total(COMPLAINTS)

    @property
    def events(self) -> int:
        """Events of all kinds."""
        return sum(self.kinds.values()) + sum(self._kinds.values())

    @property
    def knows_deliveries(self) -> bool:
        """Does the source tell of deliveries as a rule (a log, events), so that rates mean something?

        A mailbox of bounces holds a few success reports at most.
        """
        return self.delivered * 5 >= self.hard + self.soft and self.delivered > 0

    @property
    def unknown(self) -> int:
        """Bounces whose words nothing is known of."""
        self.settle()
        counts = self.groups["reason"].get("unknown.unclassified", ())
        return sum(counts[HARD : SOFT + 1]) if counts else 0

    def _total(self, column: int) -> int:
        self.settle()
        # Every event that is counted has a day, if only the empty one.
        return sum(counts[column] for counts in self.groups["day"].values())


_COLUMNS: Mapping[Kind, int] = {
    Kind.BOUNCE: SOFT,
    Kind.DELAYED: SOFT,
    Kind.DELIVERED: DELIVERED,
    Kind.COMPLAINT: COMPLAINTS,
}
"""Where a kind is counted; a bounce may turn out hard. What was handed on is counted where it is delivered."""
_CALLED_SOFT = ("soft", "transient", "temporary", "block", "defer", "undetermined")
_CALLED_HARD = ("hard", "permanent", "invalid", "undeliverable")


def is_called_hard(theirs: str | None) -> bool:
    """Does the source itself call this a hard or permanent bounce?"""
    return theirs is not None and theirs.lower().startswith(_CALLED_HARD)


def is_called_soft(theirs: str | None) -> bool:
    """Does the source itself call this a soft bounce or a block, which it does not hold against the address?"""
    return theirs is not None and theirs.lower().startswith(_CALLED_SOFT)


def _count(group: dict[str, Counts], key: str, column: int, count: int) -> None:
    counts = group.get(key)
    if counts is None:
        counts = group[key] = [0, 0, 0, 0]
    counts[column] += count


def _add(group: dict[str, Counts], other: Mapping[str, Counts]) -> None:
    for key, counts in other.items():
        mine = group.get(key)
        group[key] = [a + b for a, b in zip(mine, counts, strict=True)] if mine else list(counts)


def _keep_largest(group: dict[str, Counts]) -> None:
    """Of too many keys, the most frequent; the days too, for a day that nobody sent on is no loss."""
    ordered = sorted((key for key in group if key != OTHERS), key=lambda key: (-sum(group[key]), key))
    rest = group.pop(OTHERS, [0, 0, 0, 0])
    for key in ordered[MAX_GROUP:]:
        rest = [a + b for a, b in zip(rest, group.pop(key), strict=True)]
    group[OTHERS] = rest
