"""A Postfix log as a busy sender has it, and a script that runs the command with small pieces."""

from __future__ import annotations

import sys
from pathlib import Path

REPLIES = (
    ("bounced", "5.1.1", "550 5.1.1 <{rcpt}>: Recipient address rejected: User unknown in virtual mailbox table"),
    (
        "bounced",
        "5.7.26",
        "550 5.7.26 This mail has been blocked because the sender is unauthenticated. {n:012x} - gsmtp",
    ),
    ("deferred", "4.2.2", "452 4.2.2 <{rcpt}>: user is over quota"),
    ("bounced", "5.0.0", "554 5.0.0 zorgle the frobnicator {n}"),
)


def log_lines(messages: int) -> list[str]:
    """Lines of ``messages`` messages; the lines of three neighbours are mixed, so that pieces are cut within them."""
    blocks = []
    for n in range(messages):
        at = f"Nov 22 {n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02} mail postfix"
        queue_id = f"{0xA0000000 + n:010X}"
        rcpt = f"user{n}@r{n % 7}.example"
        if n % 4 == 0:
            status, dsn, text = REPLIES[n // 4 % len(REPLIES)]
            said = (
                f"host mx.example.net[198.51.100.7] said: {text.format(rcpt=rcpt, n=n)} (in reply to RCPT TO command)"
            )
        else:
            status, dsn, said = "sent", "2.0.0", "250 2.0.0 OK"
        delivery = (
            f"to=<{rcpt}>, relay=mx.example.net[198.51.100.7]:25, delay=1, delays=0/0/0/1, dsn={dsn}, status={status}"
        )
        end = "skipped" if status == "deferred" else "removed"
        block = [
            f"{at}/smtpd[1]: {queue_id}: client=app.example.com[192.0.2.5]",
            f"{at}/cleanup[2]: {queue_id}: message-id=<{n}@example.com>",
            f"{at}/qmgr[3]: {queue_id}: from=<news@s{n % 3}.example.com>, size=4711, nrcpt=1 (queue active)",
            f"{at}/smtp[4]: {queue_id}: {delivery} ({said})",
            f"{at}/qmgr[3]: {queue_id}: {end}",
        ]
        blocks.append(block)
    lines = []
    for start in range(0, len(blocks), 3):
        some = blocks[start : start + 3]
        lines += [block[i] for i in range(5) for block in some]
    return lines


def write_log(path: Path, messages: int) -> Path:
    """The log as a file."""
    path.write_text("\n".join(log_lines(messages)) + "\n")
    return path


SCRIPT = """
import os, sys
from deliverkit.cli import bounces_run
from deliverkit.intake import run
bounces_run.SIZE, bounces_run._SMALL, run.INTERVAL = int(sys.argv[1]), 0, 0.0
from deliverkit.cli.main import run as main
if __name__ == "__main__":
    code = main(sys.argv[2:])
    sys.stdout.flush()
    os._exit(code)
"""
"""The command with pieces of a given size and a journal entry after each."""


def command(folder: Path, size: int, *argv: str) -> list[str]:
    """The command line of ``SCRIPT``, which is put into ``folder``: processes of its own import it from there."""
    script = folder / "small_pieces.py"
    script.write_text(SCRIPT)
    return [sys.executable, str(script), str(size), "bounces", *argv]
