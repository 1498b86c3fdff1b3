"""What every source of bounces hands out, be it a mail, a log line or a webhook: one event a recipient.

Named tuples, not dataclasses: a log gives a hundred thousand of them a second.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from deliverkit.model import Bounce, Reply


class Kind(StrEnum):
    """What a mail, a log line or an event turned out to be."""

    BOUNCE = "bounce"
    """A delivery that failed, for now (4xx) or for good."""
    DELAYED = "delayed"
    """Delay notice: the message is still queued."""
    DELIVERED = "delivered"
    """Taken by the receiving server, or a success report (RFC 3464 action ``delivered``)."""
    RELAYED = "relayed"
    """Handed on or expanded: no more will be heard (actions ``relayed``, ``expanded``)."""
    COMPLAINT = "complaint"
    """Feedback report (RFC 5965) or a provider's own form of it."""
    AUTO_REPLY = "auto_reply"
    CHALLENGE = "challenge"
    """A person has to confirm before the mail is let through."""
    UNSUBSCRIBE = "unsubscribe"
    ORDINARY = "ordinary"
    """No bounce at all."""


class Pending(NamedTuple):
    """What an event still lacks, for the lines that say it stand before the piece of the log that was read."""

    key: bytes
    """The message, by host and queue id."""
    last: bool = False
    """Its recipient gave up waiting: ``Event.last`` is the last deferral."""
    settled: frozenset[str] | None = None
    """Of a whole message that gave up: the recipients that this piece spoke of itself; all others are to be told."""
    told: bool = False
    """Of a whole message: some of its recipients are told already."""


class Event(NamedTuple):
    """One thing that a source says about one recipient."""

    kind: Kind
    bounce: Bounce
    """Whom and what it is about; for what is no bounce, its words stand in ``bounce.reply``."""
    path: str
    """File it was read from, as the user named it; ``-`` is stdin. A member of a folder is ``folder/name``."""
    number: int
    """Line, mail or record in that file, from 1."""
    queue_id: str | None = None
    """The sending server's name for the message, where its log has one."""
    message_id: str | None = None
    """Message-ID, or the ESP's id of the message."""
    theirs: str | None = None
    """What the source itself calls it, as it writes it (``bounced``, ``Permanent/General``, ``hard``)."""
    last: Reply | None = None
    """Of a message that expired in the queue: the last temporary refusal before that, which is the cause."""
    feedback_type: str | None = None
    """Of a complaint: ``abuse``, ``fraud``, ``opt-out``, … (RFC 5965 section 3.1)."""
    pending: Pending | None = None
    """Only between the pieces of a log that is read by several processes; see ``bounces.memory``."""


class Fault(NamedTuple):
    """A line or record that could not be read; it is counted and told, and the rest goes on."""

    path: str
    number: int
    why: str
    """A word for the fault: ``json``, ``columns``, ``encoding``, ``too-long``, …"""
