"""Logs as real servers write them, made from what was delivered to whom; for every test that needs some.

``Message`` says what happened; ``WRITERS[name](message)`` gives its lines in the form of one server, without times
(``stamped`` adds these) where the form has them in front. ``interleaved`` mixes the lines of several messages as a
busy server does.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
START = datetime(2026, 11, 20, 8, 0, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Attempt:
    recipient: str
    reply: str = "550 5.1.1 <bob@example.net>: Recipient address rejected: User unknown"
    outcome: str = "bounced"
    """bounced, deferred, sent."""
    phase: str = "rcpt"
    """connect, ehlo, mail, rcpt, data, eod."""
    mx: str = "mx.example.net"
    ip: str = "192.0.2.1"
    original: str | None = None


@dataclass(frozen=True)
class Message:
    attempts: Sequence[Attempt]
    number: int = 1
    sender: str = "news@example.com"
    expired: bool = False
    """At the end all that are still deferred expire."""
    finished: bool = True
    source_ip: str = "198.51.100.7"
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def message_id(self) -> str:
        return f"{self.number}.abc@example.com"


_COMMANDS = {"rcpt": "RCPT TO", "mail": "MAIL FROM", "data": "DATA", "eod": "end of DATA", "ehlo": "EHLO"}


def postfix_id(message: Message) -> str:
    """Short (hexadecimal) or long queue id."""
    n = message.number
    return f"{0xA0000 + n:05X}{n * 7919 % 99991:05X}" if n % 2 else f"4X{n:04d}yz{n * 31 % 9973:04d}bQm"


def postfix(message: Message, instance: str = "postfix") -> list[str]:
    queue_id, count = postfix_id(message), len(message.attempts)
    lines = [
        f"{instance}/smtpd[2001]: connect from app.example.com[192.0.2.9]",
        f"{instance}/smtpd[2001]: {queue_id}: client=app.example.com[192.0.2.9], sasl_method=PLAIN, sasl_username=app",
        f"{instance}/cleanup[2002]: {queue_id}: message-id=<{message.message_id}>",
        f"{instance}/qmgr[900]: {queue_id}: from=<{message.sender}>, size=5123, nrcpt={count} (queue active)",
        f"{instance}/smtpd[2001]: disconnect from app.example.com[192.0.2.9] ehlo=1 mail=1 rcpt=1 data=1 commands=4",
    ]
    for attempt in message.attempts:
        relay = f"{attempt.mx}[{attempt.ip}]"
        host = f"host {relay}"
        code = "2.0.0" if attempt.outcome == "sent" else "4.0.0" if attempt.outcome == "deferred" else "5.0.0"
        if attempt.outcome == "sent":
            words = attempt.reply
        elif attempt.phase == "connect":
            words = f"{host} refused to talk to me: {attempt.reply}"
        else:
            words = f"{host} said: {attempt.reply} (in reply to {_COMMANDS[attempt.phase]} command)"
        original = f"orig_to=<{attempt.original}>, " if attempt.original else ""
        lines.append(
            f"{instance}/smtp[2100]: {queue_id}: to=<{attempt.recipient}>, {original}relay={relay}:25, delay=1.2, "
            f"delays=0.02/0.01/0.6/0.57, dsn={code}, status={attempt.outcome} ({words})"
        )
    if message.expired:
        lines.append(f"{instance}/qmgr[900]: {queue_id}: from=<{message.sender}>, status=expired, returned to sender")
        lines.append(
            f"{instance}/bounce[2300]: {queue_id}: sender non-delivery notification: 0B0B0{message.number % 10}C"
        )
    if message.finished:
        lines.append(f"{instance}/qmgr[900]: {queue_id}: removed")
    return lines


_EXIM_AFTER = {
    "rcpt": "RCPT TO:<{to}>", "mail": "MAIL FROM:<{sender}> SIZE=6000", "data": "DATA", "eod": "end of data",
    "ehlo": "EHLO out.example.com", "connect": "initial connection",
}  # fmt: skip


def exim(message: Message) -> list[str]:
    queue_id = f"1t{message.number % 10_000:04d}-{message.number:06d}-4X"
    lines = [f"{queue_id} <= {message.sender} H=app.example.com [192.0.2.9] P=esmtps S=5123 id={message.message_id}"]
    waiting: dict[str, Attempt] = {}
    for attempt in message.attempts:
        waiting.pop(attempt.recipient, None)
        where = f"R=dnslookup T=remote_smtp H={attempt.mx} [{attempt.ip}] I=[{message.source_ip}]"
        after = _EXIM_AFTER[attempt.phase].format(to=attempt.recipient, sender=message.sender)
        error = f"SMTP error from remote mail server after {after}: {attempt.reply}"
        if attempt.outcome == "sent":
            lines.append(f'{queue_id} => {attempt.recipient} {where} C="{attempt.reply}" QT=1s DT=1s')
        elif attempt.outcome == "bounced":
            lines.append(f"{queue_id} ** {attempt.recipient} {where} DT=1s: {error}")
        else:
            waiting[attempt.recipient] = attempt
            lines.append(f"{queue_id} == {attempt.recipient} R=dnslookup T=remote_smtp defer (-44) H={attempt.mx} "
                         f"[{attempt.ip}] DT=1s: {error}")  # fmt: skip
    if message.expired:
        lines += [f"{queue_id} ** {who} R=dnslookup T=remote_smtp: retry timeout exceeded" for who in waiting]
    if message.finished:
        lines.append(f"{queue_id} Completed")
    return lines


def sendmail(message: Message) -> list[str]:
    queue_id = f"4AKB{message.number:010d}"
    about = f"size=5123, class=0, nrcpts={len(message.attempts)}, msgid=<{message.message_id}>, proto=ESMTP, daemon=MTA"
    lines = [f"sendmail[3001]: {queue_id}: from=<{message.sender}>, {about}, relay=app.example.com [192.0.2.9]"]
    for attempt in message.attempts:
        if attempt.outcome == "sent":
            end = f"dsn=2.0.0, stat=Sent ({attempt.reply[4:]})"
        elif attempt.outcome == "deferred":
            end = f"dsn=4.0.0, stat=Deferred: {attempt.reply}"
        else:
            end = f"dsn=5.0.0, reply={attempt.reply}, stat=Service unavailable"
        lines.append(
            f"sendmail[3002]: {queue_id}: to=<{attempt.recipient}>, ctladdr=<{message.sender}> (1001/1001), "
            f"delay=00:00:02, xdelay=00:00:01, mailer=esmtp, pri=125123, relay={attempt.mx}. [{attempt.ip}], {end}"
        )
    if message.expired:
        lines.append(
            f"sendmail[3002]: {queue_id}: 4AKC{message.number:010d}: sender notify: Cannot send message for 5 days"
        )
    if message.finished:
        lines.append(f"sendmail[3002]: {queue_id}: done; delay=00:00:03, ntries=1")
    return lines


_QMAIL_SAYS = {
    "rcpt": "{ip}_does_not_like_recipient./", "mail": "Connected_to_{ip}_but_sender_was_rejected./",
    "data": "{ip}_failed_on_DATA_command./", "eod": "{ip}_failed_after_I_sent_the_message./",
    "ehlo": "Connected_to_{ip}_but_my_name_was_rejected./", "connect": "Connected_to_{ip}_but_greeting_failed./",
}  # fmt: skip


def qmail(message: Message) -> list[str]:
    name = 100_000 + message.number
    lines = [
        f"new msg {name}",
        f"info msg {name}: bytes 5123 from <{message.sender}> qp 4001 uid 1001",
    ]
    for count, attempt in enumerate(message.attempts):
        delivery = message.number * 100 + count
        lines.append(f"starting delivery {delivery}: msg {name} to remote {attempt.recipient}")
        lines.append("status: local 0/10 remote 1/20")
        words = attempt.reply.replace(" ", "_")
        outcome = {"sent": "success", "deferred": "deferral"}.get(attempt.outcome, "failure")
        says = f"{attempt.ip}_accepted_message./" if outcome == "success" else _QMAIL_SAYS[attempt.phase]
        lines.append(f"delivery {delivery}: {outcome}: {says.format(ip=attempt.ip)}Remote_host_said:_{words}/")
    if message.finished:
        lines.append(f"end msg {name}")
    return lines


def opensmtpd(message: Message) -> list[str]:
    lines = []
    waiting: dict[str, str] = {}
    for count, attempt in enumerate(message.attempts):
        name = waiting.pop(attempt.recipient, f"{message.number:08x}{count:08x}")
        result = {"sent": "Ok", "deferred": "TempFail"}.get(attempt.outcome, "PermFail")
        if result == "TempFail":
            waiting[attempt.recipient] = name
        lines.append(
            f"smtpd[5001]: {message.number:016x} mta delivery evpid={name} from=<{message.sender}> "
            f'to=<{attempt.recipient}> rcpt=<-> source="{message.source_ip}" relay="{attempt.ip} ({attempt.mx})" '
            f'delay=1s result="{result}" stat="{attempt.reply}"'
        )
    if message.expired:
        lines += [
            f"smtpd[5001]: relay: Expire for {name}: from=<{message.sender}>, to=<{who}>, rcpt=<->, delay=4d, "
            "stat=Envelope expired"
            for who, name in waiting.items()
        ]
    return lines


POWERMTA_COLUMNS = (
    "type,timeLogged,timeQueued,orig,rcpt,orcpt,dsnAction,dsnStatus,dsnDiag,dsnMta,bounceCat,srcType,srcMta,dlvType,"
    "dlvSourceIp,dlvDestinationIp,vmta,jobId"
)


def powermta(message: Message) -> list[str]:
    """Rows; ``POWERMTA_COLUMNS`` goes before them."""
    lines = []
    queued = (START + timedelta(seconds=message.number)).strftime("%Y-%m-%d %H:%M:%S%z")
    waiting: dict[str, None] = {}
    for attempt in message.attempts:
        type_, action = {"sent": ("d", "relayed"), "deferred": ("t", "delayed")}.get(attempt.outcome, ("b", "failed"))
        waiting.pop(attempt.recipient, None)
        if type_ == "t":
            waiting[attempt.recipient] = None
        lines.append(_row(
            type_, queued, queued, message.sender, attempt.recipient, "", action,
            f"{attempt.reply[0]}.0.0 (undefined status)", f"smtp;{attempt.reply}", f"{attempt.mx} ({attempt.ip})",
            "other" if type_ == "b" else "", "smtp", "app", "smtp", message.source_ip, attempt.ip, "vmta1", "job1",
        ))  # fmt: skip
    if message.expired:
        lines += [
            _row("b", queued, queued, message.sender, who, "", "failed", "4.4.7 (delivery time expired)", "", "",
                 "message-expired", "smtp", "app", "smtp", "", "", "vmta1", "job1")
            for who in waiting
        ]  # fmt: skip
    return lines


def _row(*values: str) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(values)
    return text.getvalue()


def kumomta(message: Message) -> list[str]:
    lines = []
    waiting: dict[str, None] = {}
    for attempt in message.attempts:
        type_ = {"sent": "Delivery", "deferred": "TransientFailure"}.get(attempt.outcome, "Bounce")
        waiting.pop(attempt.recipient, None)
        if type_ == "TransientFailure":
            waiting[attempt.recipient] = None
        lines.append(_record(message, attempt, type_, attempt.reply))
    if message.expired:
        text = "551 5.4.7 Next delivery time would be at 2026-11-28T10:00:00 which exceeds the expiry time"
        lines += [_record(message, Attempt(who), "Expiration", text) for who in waiting]
    return lines


def _record(message: Message, attempt: Attempt, type_: str, reply: str) -> str:
    code, rest = reply[:3], reply[4:]
    enhanced, _, content = rest.partition(" ")
    parts = enhanced.split(".")
    known = len(parts) == 3 and all(part.isdigit() for part in parts)
    return json.dumps({
        "type": type_,
        "id": f"{message.number:032x}",
        "sender": message.sender,
        "recipient": attempt.recipient,
        "queue": attempt.recipient.partition("@")[2],
        "site": f"source1->{attempt.mx}.",
        "size": 5123,
        "response": {
            "code": int(code) if code.isdigit() else 400,
            "enhanced_code": dict(zip(("class", "subject", "detail"), map(int, parts), strict=True)) if known else None,
            "content": content if known else rest,
            "command": {"eod": ".", "connect": None}.get(attempt.phase, _COMMANDS.get(attempt.phase)),
        },
        "peer_address": {"name": f"{attempt.mx}.", "addr": attempt.ip},
        "timestamp": int(START.timestamp()),
        "created": int(START.timestamp()),
        "num_attempts": 1,
        "bounce_classification": "Uncategorized",
        "egress_pool": "pool1",
        "egress_source": "source1",
        "source_address": {"address": f"{message.source_ip}:40001"},
        "feedback_report": None,
        "meta": {},
        "headers": {"Message-ID": f"<{message.message_id}>"},
    })  # fmt: skip


def stamped(lines: Iterable[str], form: str = "syslog", host: str = "mx1", start: datetime = START) -> list[bytes]:
    """Log lines with their times, one second a line: ``syslog``, ``iso``, ``rfc5424``, ``exim`` or ``tai64n``."""
    out = []
    for count, line in enumerate(lines):
        at = start + timedelta(seconds=count)
        if form == "syslog":
            text = f"{at:%b} {at.day:2d} {at:%H:%M:%S} {host} {line}"
        elif form == "iso":
            text = f"{at.isoformat(timespec='microseconds')} {host} {line}"
        elif form == "rfc5424":
            program, _, rest = line.partition("]: ")
            name, _, pid = program.partition("[")
            text = f"<22>1 {at.isoformat(timespec='milliseconds')} {host} {name} {pid} - - {rest}"
        elif form == "exim":
            text = f"{at:%Y-%m-%d %H:%M:%S} {line}"
        else:
            text = f"@{4_611_686_018_427_387_914 + int(at.timestamp()):016x}00000000 {line}"
        out.append(text.encode())
    return out


def plain(lines: Iterable[str]) -> list[bytes]:
    """Lines that carry their own time, or none."""
    return [line.encode() for line in lines]


WRITERS: dict[str, Callable[[Message], list[str]]] = {
    "postfix": postfix, "exim": exim, "sendmail": sendmail, "qmail": qmail, "opensmtpd": opensmtpd,
    "powermta": powermta, "kumomta": kumomta,
}  # fmt: skip
_FORMS = {"exim": "exim", "qmail": "tai64n"}
NOISE = (
    "dovecot: imap-login: Login: user=<bob>, method=PLAIN, rip=192.0.2.77",
    "CRON[411]: (root) CMD (run-parts /etc/cron.hourly)",
    "kernel: [12345.678] eth0: link up",
    (
        "postfix/smtpd[2001]: NOQUEUE: reject: RCPT from unknown[192.0.2.66]: 554 5.7.1 <x@example.org>: Relay access "
        "denied; from=<spam@example.net> to=<x@example.org> proto=ESMTP helo=<spam>"
    ),
    (
        "postfix/smtp[2101]: 0D0D0D0D0D: to=<probe@example.net>, relay=mx.example.net[192.0.2.1]:25, delay=0.5, "
        "delays=0/0/0.4/0.1, dsn=5.1.1, status=undeliverable (host mx.example.net[192.0.2.1] said: 550 5.1.1 unknown "
        "(in reply to RCPT TO command))"
    ),
)
"""Lines of a mixed log that are no bounces of our mail."""


def write(name: str, messages: Iterable[Message]) -> list[bytes]:
    """The whole file of one server, line by line."""
    lines = [line for message in messages for line in WRITERS[name](message)]
    if name == "powermta":
        return plain([POWERMTA_COLUMNS, *lines])
    return plain(lines) if name == "kumomta" else stamped(lines, _FORMS.get(name, "syslog"))


def interleaved(messages: Iterable[Message], seed: int, name: str = "postfix", noise: int = 0) -> list[str]:
    """The lines of all messages mixed at random, those of each in their order."""
    chance = random.Random(seed)
    queues = [list(reversed(WRITERS[name](message))) for message in messages]
    out = []
    while queues:
        queue = chance.choice(queues)
        out.append(queue.pop())
        if not queue:
            queues.remove(queue)
        if noise and chance.randrange(noise) == 0:
            out.append(chance.choice(NOISE))
    return out
