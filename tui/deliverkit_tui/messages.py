"""What the work behind a screen says to it. Messages are posted to the screen that started the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.message import Message

if TYPE_CHECKING:
    from deliverkit.checks.blocklist_rows import BlocklistRow
    from deliverkit.model import Audit, CheckResult


class RunMessage(Message):
    """Something a run has to say; ``run`` is its number, set by the worker."""

    run: int = 0
    group: str = ""


@dataclass
class CheckArrived(RunMessage):
    """One check has its result."""

    result: CheckResult
    domain: str = ""


@dataclass
class LeftOut(RunMessage):
    """Checks that are not run in this world: they would ask others than the user named."""

    names: tuple[str, ...]


@dataclass
class RowArrived(RunMessage):
    """One blocklist has answered about one subject."""

    row: BlocklistRow


@dataclass
class AuditArrived(RunMessage):
    """One domain of an audit is done; ``number`` counts from 0 in the order given."""

    number: int
    audit: Audit


@dataclass
class Figures(RunMessage):
    """How far the reading of bounces is, and what they come to so far."""

    read: int
    """Bytes."""
    total: int
    """Bytes in all; 0 where that is not known yet."""
    elapsed: float
    """Seconds since it began."""
    data: dict[str, Any] | None = None
    """The summary (``report.bounce_summary.summary_data``), now and then and at the end."""
    whole: bool = False
    """Everything was read."""


@dataclass
class Written(RunMessage):
    """A file with this name was written."""

    path: str


@dataclass
class Finished(RunMessage):
    """The run has come to its end by itself; it was not cancelled. ``elapsed`` in seconds."""

    elapsed: float = 0.0


@dataclass
class Failed(RunMessage):
    """The run could not be made at all: a name server that cannot be used, a file that cannot be read."""

    message: str
    advice: str = ""
