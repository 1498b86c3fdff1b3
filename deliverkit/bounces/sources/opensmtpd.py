"""OpenSMTPD's log: ``mta delivery … result="PermFail" stat="…"`` and the older ``relay: PermFail for …, stat=…``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from deliverkit.bounces.event import Event, Fault, Kind, Pending
from deliverkit.bounces.memory import Memory
from deliverkit.bounces.said import host_name, said, taken
from deliverkit.bounces.sources import About, Numbered, Unit
from deliverkit.bounces.syslog import Clock, is_stamped, plain, stamp_and_host
from deliverkit.model import Bounce

NAME = "opensmtpd"
UNIT = Unit.LINE

_SEEN = re.compile(
    rb"\b(?:smtpd|transfer)\[\d+\]: (?:[0-9a-f]{16} (?:mta|mda|smtp) \w+|(?:relay|delivery): \w+ for [0-9a-f]{16}: |"
    rb"smtp-(?:in|out): |info: OpenSMTPD )"
)
_NEW = re.compile(
    r"[0-9a-f]{16} m[td]a delivery evpid=([0-9a-f]{16}) from=<([^>]*)> to=<([^>]*)> rcpt=<([^>]*)> (.*?)"
    r"result=\"?(\w+)\"? stat=(.*)",
    re.DOTALL,
)
_OLD = re.compile(
    r"(?:relay|delivery): (\w+) for ([0-9a-f]{16}): (?:session=[0-9a-f]*, )?from=<([^>]*)>, to=<([^>]*)>, "
    r"(?:rcpt=<([^>]*)>, )?(.*?)stat=(.*)",
    re.DOTALL,
)
_OUR_IP = re.compile(r"\bsource=\"?([0-9a-fA-F.:]{3,45})")
_RELAY = re.compile(r"\brelay=\"?\S+ \(([^)\s]{1,255})\)")
_SCRIPT = re.compile(r"Error \([^\"]{1,60}\"(?:mail\.\w+: )?(?:[A-Z]+ server error: )?(.*)\"\)$", re.DOTALL)
"""What a delivery program said before it ended."""
_SEAM = re.compile(r"(?<=[a-z]\.)(?=[A-Z][a-z]+ )|(?<=[a-z.])(?=https?://)")
"""It writes the lines of a reply without a blank between them; these seams can be seen."""
_KINDS = {
    "ok": Kind.DELIVERED, "permfail": Kind.BOUNCE, "tempfail": Kind.BOUNCE, "loop": Kind.BOUNCE, "expire": Kind.BOUNCE,
}  # fmt: skip


def recognises(head: bytes) -> bool:
    """Lines of its ``smtpd`` (not Postfix's, which has a service behind a slash)."""
    return bool(_SEEN.search(head))


class Reader:
    """One pass over one piece of a log."""

    def __init__(self, about: About) -> None:
        self.memory = Memory()
        self._path = about.path
        self._clock = Clock(about.now)

    def read(self, lines: Iterable[Numbered]) -> Iterator[Event | Fault]:
        """Events and faults of all lines, in their order."""
        for number, line in lines:
            if line[:1] == b"<":
                line = plain(line)
            if b" stat=" not in line:
                if b" delivery evpid=" in line:
                    yield Fault(self._path, number, "cut-off")
                elif line.strip() and not is_stamped(line):
                    yield Fault(self._path, number, "no-time")
                continue
            start = line.find(b"]: ") + 3
            text = line[start:].decode("utf-8", "replace")
            new = _NEW.match(text)
            if new:
                yield from self._attempt(number, line, *new.groups())
            elif old := _OLD.match(text):
                result, name, sender, to, rcpt, fields, stat = old.groups()
                yield from self._attempt(number, line, name, sender, to, rcpt, fields, result, stat)

    def _attempt(
        self, number: int, line: bytes, name: str, sender: str, to: str, rcpt: str | None, fields: str, result: str,
        stat: str,
    ) -> Iterator[Event]:  # fmt: skip
        kind = _KINDS.get(result.lower())
        if kind is None:
            return
        stamp, host = stamp_and_host(line)
        key = host + b" " + name.encode("ascii")
        words = stat.strip()
        if words[:1] == '"':
            words = words[1:].removesuffix('"')
        if script := _SCRIPT.match(words):
            words = script[1]
        spoke = said(_SEAM.sub(" ", words.replace('\\"', '"'))) if kind is Kind.BOUNCE else None
        source, relay = _OUR_IP.search(fields), _RELAY.search(fields)
        bounce = Bounce(
            spoke.reply if spoke else taken(words),
            to,
            "" if sender == "@" else sender,
            host_name(relay[1]) if relay else None,
            source[1] if source else None,
            None,
            self._clock.iso(stamp),
            NAME,
            rcpt if rcpt and rcpt not in ("-", to) else None,
        )
        event = Event(kind, bounce, self._path, number, name, None, result)
        if result.lower() == "expire":
            event = self._expired(event, key)
        if result.lower() == "tempfail":
            self.memory.defer(self.memory.of(key), bounce)
        else:
            self.memory.forget(key)
        yield event

    def _expired(self, event: Event, key: bytes) -> Event:
        note = self.memory.get(key)
        if note is None:
            pending = self.memory.pending(key, None)
            return event._replace(pending=Pending(key, last=True) if pending else None)
        deferral = note.waiting.get(event.bounce.recipient or "")
        return event._replace(last=deferral.reply) if deferral else event
