"""How fast ``deliverkit bounces`` reads, and how much memory it takes: python benchmarks/bounces.py [MEGABYTES]

Mails of some 5 KB and Postfix lines of a busy sender are generated; each is read by the whole command, with one
process and with two. Memory is the peak of any process, measured by the system.
"""

# ruff: noqa: E501 the lines are those of a log
from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPLIES = (
    "550 5.1.1 <{rcpt}>: Recipient address rejected: User unknown in virtual mailbox table",
    "550 5.7.26 This mail has been blocked because the sender is unauthenticated. {id} - gsmtp",
    "552 5.2.2 <{rcpt}>: user is over quota",
    "421 4.7.0 [{ip}] Our system has detected an unusual rate of unsolicited mail. {id} - gsmtp",
    "554 5.7.1 Service unavailable; Client host [{ip}] blocked using zen.spamhaus.org",
)
SEED = 20261122


def _word(draw: random.Random, size: int = 8) -> str:
    return "".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=size))


def _reply(draw: random.Random, rcpt: str) -> str:
    return draw.choice(REPLIES).format(
        rcpt=rcpt, id=f"{draw.randrange(16**12):012x}", ip=f"192.0.2.{draw.randrange(255)}"
    )


def mails(path: Path, size: int) -> int:
    """An mbox of Postfix reports of some 5 KB; how many."""
    draw = random.Random(SEED)
    body = "\n".join(_word(draw, 70) for _ in range(42))
    count = written = 0
    with path.open("w") as out:
        while written < size:
            rcpt = f"{_word(draw)}@{_word(draw, 5)}.example"
            reply = _reply(draw, rcpt)
            written += out.write(
                f"From MAILER-DAEMON Sun Nov 22 07:00:00 2026\nFrom: MAILER-DAEMON@mail.example.com\n"
                f"To: news-{_word(draw, 4)}@example.com\nSubject: Undelivered Mail Returned to Sender\n"
                f"Date: Sun, 22 Nov 2026 07:00:00 +0000\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
                f'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"\n\n--b1\n'
                f"Content-Type: text/plain; charset=us-ascii\n\nThis is the mail system at host mail.example.com.\n\n"
                f"I'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n"
                f"<{rcpt}>: host mx.example.net[198.51.100.7] said: {reply} (in reply to RCPT TO command)\n\n--b1\n"
                f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mail.example.com\n"
                f"Arrival-Date: Sun, 22 Nov 2026 06:59:58 +0000\n\nFinal-Recipient: rfc822; {rcpt}\nAction: failed\n"
                f"Status: {reply.split()[1]}\nRemote-MTA: dns; mx.example.net\nDiagnostic-Code: smtp; {reply}\n\n--b1\n"
                f"Content-Type: message/rfc822\n\nFrom: news@example.com\nTo: {rcpt}\nSubject: News\n"
                f"Message-ID: <{_word(draw)}.{count}@example.com>\nDate: Sun, 22 Nov 2026 06:59:58 +0000\n\n{body}\n\n--b1--\n\n"
            )
            count += 1
    return count


def log(path: Path, size: int) -> int:
    """A Postfix log in which one delivery in ten fails; how many lines."""
    draw = random.Random(SEED)
    lines = written = 0
    with path.open("w") as out:
        while written < size:
            second = lines // 400
            at = f"Nov 22 {second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02} mail postfix"
            queue_id = f"{draw.randrange(16**10):010X}"
            rcpt = f"{_word(draw)}@{_word(draw, 3)}.example"
            relay = f"relay=mx{draw.randrange(40)}.example.net[198.51.100.{draw.randrange(250)}]:25, delay=1.2, delays=0.1/0/0.4/0.7"
            if draw.random() < 0.1:
                reply = _reply(draw, rcpt)
                status = "deferred" if reply[0] == "4" else "bounced"
                said = f"dsn={reply.split()[1]}, status={status} (host mx.example.net[198.51.100.7] said: {reply} (in reply to RCPT TO command))"
            else:
                said = f"dsn=2.0.0, status=sent (250 2.0.0 OK {draw.randrange(10**10)} {_word(draw, 14)} - gsmtp)"
            block = (
                f"{at}/smtpd[811]: {queue_id}: client=app.example.com[192.0.2.5]\n"
                f"{at}/cleanup[812]: {queue_id}: message-id=<{lines}.{queue_id}@example.com>\n"
                f"{at}/qmgr[813]: {queue_id}: from=<news@s{draw.randrange(30)}.example.com>, size=4711, nrcpt=1 (queue active)\n"
                f"{at}/smtp[814]: {queue_id}: to=<{rcpt}>, {relay}, {said}\n"
                f"{at}/qmgr[813]: {queue_id}: removed\n"
            )
            written += out.write(block)
            lines += 5
    return lines


def timed(file: Path, *options: str) -> float:
    """Seconds of one whole command."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "deliverkit", "bounces", str(file), *options],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return time.perf_counter() - start


def measure(name: str, file: Path, count: int, *options: str) -> None:
    """Print the rates of one and two processes."""
    one = timed(file, "-j", "1", *options)
    two = timed(file, "-j", "2", *options)
    print(f"{name:28} {count / one:10,.0f}/s with one process, {count / two:10,.0f}/s with two: {one / two:.2f} x")


if __name__ == "__main__":
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        count = mails(here / "mbox", megabytes << 20)
        measure("mails, jsonl to a file", here / "mbox", count, "-f", "jsonl", "-o", str(here / "out.jsonl"))
        measure("mails, summary", here / "mbox", count)
        count = log(here / "mail.log", megabytes << 20)
        measure("Postfix lines, summary", here / "mail.log", count)
        measure("Postfix lines, jsonl", here / "mail.log", count, "-f", "jsonl", "-o", str(here / "out.jsonl"))
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"peak memory of a process     {peak:10,.0f} MB over {megabytes} MB of input")
