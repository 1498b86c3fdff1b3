"""Report forms of many systems and languages, written down as those systems write them: who failed, and why."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from deliverkit.bounces.classify import default_classifier
from deliverkit.bounces.message import Kind, judge, read_message

DATA = Path(__file__).parent.parent / "data" / "bounces"
FAILED = "gone@dest.example"


def mail(
    body: str, *, sender: str = "MAILER-DAEMON@mx.example.net", subject: str = "failure notice", **head: str
) -> bytes:
    """A report in plain text, UTF-8."""
    lines = {"Return-Path": "<>", "From": sender, "To": "news@shop.example", "Subject": subject}
    lines |= {"Content-Type": "text/plain; charset=utf-8"} | {k.replace("_", "-"): v for k, v in head.items()}
    return ("".join(f"{name}: {value}\n" for name, value in lines.items()) + "\n" + body).encode()


COPY = (
    "From: Shop <news@shop.example>\nTo: gone@dest.example\nSubject: Sale\nMessage-ID: <1@shop.example>\n\n"
    "Buy now. Mailbox full of offers!\n"
)

FORMS: dict[str, dict[str, str]] = tomllib.loads((DATA / "forms.toml").read_text(encoding="utf-8"))["form"]


@pytest.mark.parametrize("form", FORMS)
def test_the_failed_address_and_the_reason_are_found(form: str) -> None:
    body, reason = FORMS[form]["body"], FORMS[form]["reason"]
    message = read_message(mail(body))
    assert message.kind is Kind.BOUNCE
    [(bounce, verdict)] = judge(message, default_classifier())
    assert (bounce.recipient, verdict.reason) == (FAILED, reason)


SUBJECTS = [
    "Undelivered Mail Returned to Sender", "Unzustellbar: Angebot", "Mail konnte nicht zugestellt werden",
    "Échec de la remise : bonjour", "No se puede entregar: hola", "Mensagem não entregue", "Mancata consegna",
    "Onbestelbaar: hallo", "Недоставленное сообщение", "配信不能", "系统退信", "Pesan tidak terkirim",
]  # fmt: skip


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_in_any_language_announces_a_report(subject: str) -> None:
    message = read_message(mail("<gone@dest.example>: 550 5.1.1 x\n", subject=subject))
    assert message.kind is Kind.BOUNCE
    assert [b.recipient for b in message.bounces] == [FAILED]


def test_an_address_that_only_our_envelope_names() -> None:
    data = mail("Your message was not delivered: 550 5.1.1 No such user\n").replace(
        b"To: news@shop.example", b"To: bounces+gone=dest.example@shop.example"
    )
    assert [b.recipient for b in read_message(data).bounces] == [FAILED]


def test_an_address_that_only_a_header_names() -> None:
    data = mail("Your message was not delivered: 550 5.1.1 No such user\n", X_Failed_Recipients="gone@dest.example")
    assert [b.recipient for b in read_message(data).bounces] == [FAILED]


def test_an_address_that_only_the_returned_message_names() -> None:
    data = mail(
        "Your message was not delivered: 550 5.1.1 No such user\n\n------ This is a copy of the message ------\n\n"
        + COPY
    )
    message = read_message(data)
    assert [b.recipient for b in message.bounces] == [FAILED]
    assert message.original is not None
    assert (message.original.message_id, message.original.sender) == ("1@shop.example", "news@shop.example")


def test_the_words_of_the_returned_message_are_not_the_server_s() -> None:
    data = mail(
        "<gone@dest.example>:\n550 5.1.1 No such user\n\n--- Below this line is a copy of the message.\n\n" + COPY
    )
    [bounce] = read_message(data).bounces
    assert "offers" not in bounce.reply.text
