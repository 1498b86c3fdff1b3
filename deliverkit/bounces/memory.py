"""What the lines of a log say of a message before the line of its bounce: sender, Message-ID, the last deferral.

A log is cut into pieces which are read side by side. A reader that meets a message whose first line it has not seen
marks the event as pending; when the pieces are walked in their order, ``complete`` fills in what those before knew::

    known = Known()
    for reading in readings:            # in the order of the pieces
        for item in reading:
            if isinstance(item, Event) and item.pending: yield from complete(item, known)
            else: yield item
        known = known.then(reading.known)

Messages are named by host and queue id, so one ``Known`` may go on through many files, the older ones first.

All of it is bounded: a message is forgotten when its log says that it has left the queue, and the longest untouched
one when there are more than ``MAX_MESSAGES``. Pieces have a fixed size, so the same files give the same events
whatever number of processes reads them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from deliverkit.bounces.event import Event, Pending
from deliverkit.model import Bounce

MAX_MESSAGES = 50_000
"""Messages in the queue that are remembered at a time."""
MAX_WAITING = 50_000
"""Deferred recipients of all these messages that are remembered at a time."""


@dataclass(slots=True)
class Note:
    """What is known of one message (or, with ``of``, of one delivery of a message)."""

    born: bool = False
    """Its first line was seen: what is not here was never said."""
    sender: str | None = None
    message_id: str | None = None
    waiting: dict[str, Bounce | None] = field(default_factory=dict)
    """Last deferral by recipient, oldest first; None where it was delivered or bounced since."""
    recipient: str | None = None
    """Of a delivery."""
    of: bytes | None = None
    """The message that a delivery is of."""
    queue_id: str | None = None
    """What that message is called, for ``Event.queue_id``."""
    over: bool = False
    """It expired: who waited before waits no longer."""


@dataclass(frozen=True, slots=True)
class Known:
    """What one piece of a log, or all up to a point, knows of the messages that are still in the queue. Picklable."""

    messages: OrderedDict[bytes, Note] = field(default_factory=OrderedDict)
    gone: frozenset[bytes] = frozenset()
    """Messages that left the queue in this piece but had come into it before."""

    def then(self, later: Known) -> Known:
        """What is known after the next piece. Takes both over: neither may be used afterwards."""
        messages = self.messages
        for key in later.gone:
            messages.pop(key, None)
        for key, note in later.messages.items():
            before = messages.pop(key, None)
            if before is not None and not note.born:
                note = _joined(before, note)
            messages[key] = note
        _shrink(messages, sum(len(note.waiting) for note in messages.values()))
        return Known(messages)


def _joined(before: Note, after: Note) -> Note:
    waiting = {} if after.over else {w: b for w, b in before.waiting.items() if w not in after.waiting}
    return Note(
        born=before.born,
        sender=before.sender if after.sender is None else after.sender,
        message_id=after.message_id or before.message_id,
        waiting={**waiting, **{who: bounce for who, bounce in after.waiting.items() if bounce}},
        recipient=after.recipient or before.recipient,
        of=after.of or before.of,
        queue_id=after.queue_id or before.queue_id,
    )


def _shrink(messages: OrderedDict[bytes, Note], waiting: int) -> int:
    while messages and (len(messages) > MAX_MESSAGES or waiting > MAX_WAITING):
        _, note = messages.popitem(last=False)
        waiting -= len(note.waiting)
    return waiting


def complete(event: Event, known: Known) -> Iterator[Event]:
    """``event`` with what ``known`` adds: as a rule one; an expired message is one event a waiting recipient."""
    pending = event.pending
    if pending is None:
        yield event
        return
    event = event._replace(pending=None)
    note = known.messages.get(pending.key)
    if note is not None:
        event = _filled(event, note, known)
    if pending.settled is not None:
        waiting = note.waiting if note is not None else {}
        left = [bounce for who, bounce in waiting.items() if bounce and who not in pending.settled]
        if left or pending.told:
            yield from (expired(event, bounce) for bounce in left)
            return
    elif pending.last and note is not None and (deferral := note.waiting.get(event.bounce.recipient or "")):
        event = event._replace(last=deferral.reply)
    yield event


def _filled(event: Event, note: Note, known: Known) -> Event:
    bounce = event.bounce
    message = known.messages.get(note.of, note) if note.of is not None else note
    if bounce.sender is None and message.sender is not None:
        bounce = replace(bounce, sender=message.sender)
    if bounce.recipient is None and note.recipient is not None:
        bounce = replace(bounce, recipient=note.recipient)
    message_id = event.message_id or message.message_id or None
    return event._replace(bounce=bounce, message_id=message_id, queue_id=event.queue_id or note.queue_id)


def expired(event: Event, deferral: Bounce) -> Event:
    """The event of a message that expired, for one recipient that was waiting: the last deferral is its cause."""
    bounce = replace(
        event.bounce,
        recipient=deferral.recipient,
        original_recipient=deferral.original_recipient,
        mx=deferral.mx,
        ip=deferral.ip,
    )
    return event._replace(bounce=bounce, last=deferral.reply)


class Memory:
    """What a reader has seen of the messages of its piece."""

    def __init__(self) -> None:
        self._messages: OrderedDict[bytes, Note] = OrderedDict()
        self._gone: OrderedDict[bytes, None] = OrderedDict()
        self._waiting = 0

    @property
    def known(self) -> Known:
        """For the pieces behind this one; asked for at the end."""
        return Known(self._messages, frozenset(self._gone))

    def begin(self, key: bytes) -> Note:
        """The first line of a message: whatever bore this name before is forgotten."""
        self.forget(key)
        note = self._messages[key] = Note(born=True)
        if len(self._messages) > MAX_MESSAGES:
            self._waiting = _shrink(self._messages, self._waiting)
        return note

    def of(self, key: bytes) -> Note:
        """The note of a message, made if there is none."""
        note = self._messages.get(key)
        if note is None:
            note = self._messages[key] = Note(born=key in self._gone)
            if len(self._messages) > MAX_MESSAGES:
                self._waiting = _shrink(self._messages, self._waiting)
        else:
            self._messages.move_to_end(key)
        return note

    def get(self, key: bytes) -> Note | None:
        """The note of a message, if there is one."""
        return self._messages.get(key)

    def forget(self, key: bytes) -> None:
        """The message has left the queue."""
        note = self._messages.pop(key, None)
        if note is not None:
            self._waiting -= len(note.waiting)
            if note.born:
                return
        self._gone[key] = None
        if len(self._gone) > MAX_MESSAGES:
            self._gone.popitem(last=False)

    def defer(self, note: Note, bounce: Bounce) -> None:
        """A recipient has to wait; it stays known which of them waits last."""
        who = bounce.recipient or ""
        if who in note.waiting:
            del note.waiting[who]
        else:
            self._waiting += 1
            if self._waiting > MAX_WAITING:
                self._waiting = _shrink(self._messages, self._waiting)
        note.waiting[who] = bounce

    def settle(self, note: Note, recipient: str) -> None:
        """A recipient waits no longer."""
        if note.born:
            if note.waiting.pop(recipient, None) is not None:
                self._waiting -= 1
        else:
            self._waiting += recipient not in note.waiting
            note.waiting[recipient] = None

    def pending(self, key: bytes, note: Note | None) -> Pending | None:
        """Is there something that an earlier piece may know of this message?"""
        if note is None:
            return None if key in self._gone else Pending(key)
        if note.born or (note.sender is not None and note.message_id):
            return None
        return Pending(key)

    def expire(self, key: bytes, event: Event) -> Iterator[Event]:
        """The events of a message that expired in the queue: one a recipient that was waiting.

        Where nothing says who that was, it is one event without a recipient.
        """
        note = self.of(key)
        event = event._replace(message_id=note.message_id or None, pending=self.pending(key, note))
        if event.bounce.sender is None and note.sender is not None:
            event = event._replace(bounce=replace(event.bounce, sender=note.sender))
        left = [bounce for bounce in note.waiting.values() if bounce]
        if not note.born:
            yield event._replace(pending=Pending(key, settled=frozenset(note.waiting), told=bool(left)))
        elif not left:
            yield event
        for bounce in left:
            yield expired(event, bounce)
        self._waiting -= len(note.waiting)
        note.waiting.clear()
        note.over = True
