"""Mails that are huge, deep or endless: how much work they make is counted, not timed."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType

import pytest

from deliverkit.bounces.mail import parts
from deliverkit.bounces.message import Kind, read_message, read_messages

HEAD = (
    "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.net\nTo: news@shop.example\n"
    "Subject: Undelivered Mail Returned to Sender\n"
)
REPORT = 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'


def status(name: str, diagnostic: str) -> str:
    return f"Final-Recipient: rfc822; {name}@dest.example\nAction: failed\nStatus: 5.0.0\n{diagnostic}\n"


def calls(data: bytes) -> int:
    """Calls of functions, ours and those of C, that reading a mail makes."""
    count = 0

    def seen(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(seen)
    try:
        read_message(data)
    finally:
        sys.setprofile(None)
    return count


def nested(depth: int) -> str:
    inside = "".join(f"--b{n}\nContent-Type: multipart/mixed; boundary=b{n + 1}\n\n" for n in range(depth))
    return f"{HEAD}Content-Type: multipart/mixed; boundary=b0\n\n{inside}--b{depth}\n\nno\n"


def nested_messages(depth: int) -> str:
    return HEAD + "Content-Type: message/rfc822\n\n" * depth + "x\n"


def vague(count: int) -> str:
    """Fields that say nothing of each, and a text that names them all."""
    text = "".join(f"<u{n}@dest.example>\n    mailbox full\n\n" for n in range(count))
    fields = "\n".join(status(f"u{n}", "Diagnostic-Code: smtp; 550 Service unavailable") for n in range(count))
    return f"{HEAD}{REPORT}--b\n\n{text}\n--b\nContent-Type: message/delivery-status\n\n{fields}\n--b--\n"


def unnamed(count: int) -> str:
    fields = "\n".join("Final-Recipient: rfc822;\nAction: failed\nStatus: 5.0.0\n" for _ in range(count))
    return f"{HEAD}{REPORT}--b\n\nIt failed.\n--b\nContent-Type: message/delivery-status\n\n{fields}\n--b--\n"


def addresses(count: int) -> str:
    return HEAD + "\nNot delivered to:\n" + "".join(f"<u{n}@dest.example>\n" for n in range(count))


def addresses_in_a_line(count: int) -> str:
    return HEAD + "\nNot delivered to: " + ", ".join(f"u{n}@dest.example" for n in range(count))


def transcript(count: int) -> str:
    said = "".join(f">>> RCPT To:<u{n}@dest.example>\n<<< 550 5.1.1 no\n" for n in range(count))
    return f"{HEAD}\n   ----- Transcript of session follows -----\n{said}"


def boundaries(count: int) -> str:
    return f"{HEAD}{REPORT}" + "--b\n\nx\n" * count


def headers(count: int) -> str:
    return HEAD + "X-Failed-Recipients: u@dest.example\n" * count + "\nno\n"


def long_line(count: int) -> str:
    return f"{HEAD}\n<u@dest.example>: " + "550-5.1.1 no " * count


FORMS: list[Callable[[int], str]] = [
    nested, nested_messages, vague, unnamed, addresses, addresses_in_a_line, transcript, boundaries, headers, long_line,
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_ten_times_the_mail_is_ten_times_the_work_at_most(form: Callable[[int], str]) -> None:
    read_message(form(10).encode())
    few, many = calls(form(100).encode()), calls(form(1000).encode())
    assert many <= 12 * few
    assert many <= 300_000


def test_forty_megabytes_of_attachment_are_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked: list[int] = []

    def unpack(body: bytes, encoding: str, real: Callable[[bytes, str], bytes] = parts._unpack) -> bytes:
        unpacked.append(len(body))
        return real(body, encoding)

    monkeypatch.setattr(parts, "_unpack", unpack)
    fields = status("gone", "Diagnostic-Code: smtp; 550 5.1.1 No such user")
    attached = b"Content-Type: application/zip\nContent-Transfer-Encoding: base64\n\n" + b"QUJD" * 19 * 526_000
    data = (
        f"{HEAD}{REPORT}--b\n\nIt failed.\n--b\nContent-Type: message/delivery-status\n\n{fields}\n--b\n"
        "Content-Type: message/rfc822\n\nFrom: news@shop.example\nMessage-ID: <1@shop.example>\n"
    ).encode() + attached
    tracemalloc.start()
    try:
        message = read_message(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(data) > 39_000_000
    assert [bounce.recipient for bounce in message.bounces] == ["gone@dest.example"]
    assert message.original is not None
    assert message.original.message_id == "1@shop.example"
    assert sum(unpacked) < parts.MAX_LOOK
    assert peak < 8_000_000


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_two_mails_in_one_file_whatever_ends_their_lines(end: bytes) -> None:
    one = f"From MAILER-DAEMON Sun Nov 22 04:00:00 2026\n{HEAD}\n<gone@dest.example>: 550 5.1.1 No such user\n\n"
    found = list(read_messages((one * 2).encode().replace(b"\n", end)))
    assert {message.kind for message in found} == {Kind.BOUNCE}
    assert {bounce.recipient for message in found for bounce in message.bounces} == {"gone@dest.example"}
    assert len(found) == (1 if end == b"\r" else 2)
