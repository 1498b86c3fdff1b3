"""Mails, logs and events broken in every way, by a chance that repeats: for the fuzzer and for the test suite."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from deliverkit.bounces.classify import Classifier
from deliverkit.bounces.event import Event
from deliverkit.bounces.message import judge, read_messages
from deliverkit.bounces.pasted import read_bounces
from deliverkit.bounces.sources import SOURCES, About, Unit, detect, source
from tests.bounces.made_logs import NOW, WRITERS, Attempt, Message, write
from tests.bounces.test_events_platforms import FORMS

DATA = Path(__file__).parent.parent / "data"
MAX_SEED = 60_000
Seed = tuple[str, bytes]
"""Name of the source that reads it (``text`` for a pasted reply), and its bytes."""

TOKENS = [
    b"\r", b"\n", b"\r\n", b"\n\n", b"\0", b"\xff", b"\xef\xbb\xbf", b"=?utf-8?b?", b"?=", b"--", b"--=_b\n", b"From ",
    b"\nFrom a@b Sun Nov 22 07:00:00 2026\n", b"Content-Type: multipart/mixed; boundary=x\n\n--x\n", b"boundary=",
    b"Content-Transfer-Encoding: base64\n", b"Content-Type: message/rfc822\n\n", b"charset=utf-7", b"charset=idna",
    b"\x1b$B", b"<", b">", b"<<<", b">>> RCPT To:<", b"550-", b"550 5.1.1 ", b"(", b")" * 50, b"[" * 200, b"\"", b"\\",
    b"'", b" " * 500, b"\t", b"@", b"a@b", b"=" * 300, b"+40", b";", b"rfc822;", b"Final-Recipient: ", b"Action: ",
    b"Diagnostic-Code: ", b"Status: ", b"status=bounced (", b"to=<", b"stat=", b": ", b"]: ", b"{", b"}" * 100, b"[1,",
    b"\"a\":", b"null", b"1e9999", b"\\ud800", b"said: ", b" (in reply to ", b"-" * 1000, b"9" * 60, b"expired",
    b"&lt;" * 50, b"\xe2\x80\xae", b"\xf0\x9f\x92\xa9", b"<!--", b"<style>", b"x" * 3000, b"\\303\\256", b"LED=4",
]  # fmt: skip

TEXTS = (
    b"host mx.example.net[192.0.2.1] said: 550-5.7.26 a\n550 5.7.26 b (in reply to RCPT TO command)",
    b"421 4.7.0 Try again later, closing connection.",
    b"<kim@example.net>: 552 mailbox full",
    b'"550 no\\r\\n"\n\n> 450 x',
)


@lru_cache(maxsize=1)
def seeds(*more: Path) -> list[Seed]:
    """Every format once or more: real mails and logs, and what the other tests make up."""
    found: list[Seed] = []
    for folder in (DATA / "bounces", *more):
        found += [("mail", file.read_bytes()[:MAX_SEED]) for file in sorted(folder.rglob("*.eml"))]
    for file in sorted((DATA / "logs").glob("*.log")):
        found += [(file.name.partition("-")[0], piece) for piece in _pieces(file.read_bytes())]
    messages = [
        Message([Attempt("kim@example.net"), Attempt("bob@example.org", "450 4.2.0 later", "deferred")], number)
        for number in range(3)
    ]
    for name in WRITERS:
        found.append((name, b"\n".join(write(name, messages))))
    for name, form in FORMS.items():
        found.append((name, json.dumps(form("550 5.1.1 <kim@example.net>: User unknown")).encode()))
    found += [("text", text) for text in TEXTS]
    return found


def _pieces(data: bytes) -> Iterator[bytes]:
    lines = data.split(b"\n")
    for start in range(0, min(len(lines), 200), 20):
        yield b"\n".join(lines[start : start + 20])


def mutated(chance: random.Random, data: bytes, others: Sequence[Seed]) -> bytes:
    """``data`` after one to six accidents; at most twice as long and 200 KB more."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        data = _accident(chance, data, others)[: 2 * MAX_SEED + 200_000]
    return data


def _accident(chance: random.Random, data: bytes, others: Sequence[Seed]) -> bytes:
    at = chance.randrange(len(data) + 1)
    end = min(len(data), at + int(chance.paretovariate(0.6)))
    match chance.randrange(11):
        case 0:
            return data[:at] + chance.choice(TOKENS) + data[at:]
        case 1:
            return data[:at] + data[end:]
        case 2:
            return data[:at] + chance.choice(TOKENS) + data[end:]
        case 3:
            return data[:at] + chance.randbytes(1) + data[at + 1 :]
        case 4:
            return data[:end] + data[at:]
        case 5:
            return data[:at]
        case 6:
            other = chance.choice(others)[1]
            return data[:at] + other[chance.randrange(len(other) + 1) :]
        case 7:
            lines = data.split(b"\n")
            chance.shuffle(lines)
            return b"\n".join(lines)
        case 8:
            lines = data.split(b"\n")
            line = chance.randrange(len(lines))
            times = min(chance.choice((2, 3, 50, 1000)), 1 + 2 * MAX_SEED // (len(lines[line]) + 1))
            lines[line : line + 1] = [lines[line]] * times
            return b"\n".join(lines)
        case 9:
            return data.replace(b"\n", chance.choice((b"\r\n", b"\r", b"", b" ", b"\n\n", b"\n>")))
        case _:
            return data.replace(bytes([chance.choice(data)]) if data else b"x", chance.choice(TOKENS)[:40], 50)


def read_all(name: str, data: bytes, classifier: Classifier) -> int:
    """Do with ``data`` what the program does with a file of this source. Number of things it said."""
    if name == "text":
        bounces = read_bounces(data.decode("utf-8", "replace"))
        for bounce in bounces:
            classifier.classify(bounce)
        return len(bounces)
    count = 0
    if name == "mail":
        for message in read_messages(data):
            for bounce, _ in judge(message, classifier):
                bounce.reply.text.encode()
                (bounce.recipient or "").encode()
                count += 1
        return count
    found = detect(data[:65_536])
    for asked in {name, found or name} & set(SOURCES):
        module = source(asked)
        if module.UNIT is Unit.MAIL:
            continue
        units = [data] if module.UNIT is Unit.JSON else data.split(b"\n")
        for item in module.Reader(About("fuzz", NOW, data[:65_536])).read(enumerate(units, 1)):
            count += 1
            if isinstance(item, Event):
                classifier.classify(item.last or item.bounce)
                item.bounce.reply.text.encode()
    return count
