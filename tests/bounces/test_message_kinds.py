"""What is no bounce is said to be none, however much it looks like one; each system's report is read in its form."""

from __future__ import annotations

import tomllib
from email.header import Header
from pathlib import Path

import pytest

from deliverkit.bounces.classify import default_classifier
from deliverkit.bounces.message import Kind, judge, read_message
from deliverkit.model import AddressAction, Confidence

DATA = Path(__file__).parent.parent / "data" / "bounces"
OTHERS = {
    f"{group}-{name}": case
    for group, cases in tomllib.loads((DATA / "ordinary.toml").read_text(encoding="utf-8")).items()
    for name, case in cases.items()
}
SYSTEMS = tomllib.loads((DATA / "systems.toml").read_text(encoding="utf-8"))["system"]


@pytest.mark.parametrize("name", OTHERS)
def test_no_bounce_is_made_of_it(name: str) -> None:
    message = read_message(OTHERS[name]["text"].encode())
    assert message.kind.value == OTHERS[name]["kind"]
    [(bounce, verdict)] = judge(message, default_classifier())
    if message.kind is Kind.ORDINARY:
        assert (verdict.reason, verdict.confidence) == ("unknown.unclassified", Confidence.NONE)
        assert verdict.address_action is AddressAction.KEEP
        assert bounce.recipient is None
    else:
        assert verdict.reason == f"not_a_bounce.{message.kind.value}"
        assert verdict.address_action is not AddressAction.SUPPRESS or message.kind is Kind.UNSUBSCRIBE


def report(system: dict[str, str]) -> bytes:
    subject = system["subject"] if system["subject"].isascii() else Header(system["subject"], "utf-8").encode()
    head = f"Return-Path: <>\nFrom: {system['from']}\nTo: news@shop.example\nSubject: {subject}\n"
    return f"{head}Content-Type: text/plain; charset=utf-8\n\n{system['body']}".encode()


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_report_of_a_system(name: str) -> None:
    message = read_message(report(SYSTEMS[name]))
    assert message.kind is Kind.BOUNCE
    found = [(bounce.recipient, verdict.reason) for bounce, verdict in judge(message, default_classifier())]
    assert found == [("gone@dest.example", SYSTEMS[name]["reason"])]


@pytest.mark.parametrize("name", SYSTEMS)
def test_an_answer_to_that_report_is_ordinary(name: str) -> None:
    system = SYSTEMS[name]
    quoted = "".join(f"> {line}\n" for line in system["body"].splitlines())
    answer = {
        "subject": f"Re: {system['subject']}",
        "from": "Kim <kim@dest.example>",
        "body": f"Thanks, mended.\n\n{quoted}",
    }
    message = read_message(report(answer).removeprefix(b"Return-Path: <>\n"))
    assert message.kind is Kind.ORDINARY


SUBJECTS = [
    "Det går inte att leverera: Rea", "Kan ikke leveres: Tilbud", "Niedostarczalne: Oferta", "Nedoručitelné: Sleva",
    "Kézbesíthetetlen: Akció", "Teslim edilemedi: İndirim", "Не удается доставить: Скидка",
    "Не вдалося доставити: Знижка",
    "Μη παραδοτέο: Έκπτωση", "לא ניתן למסירה: מבצע", "تعذر التسليم: عرض", "Không thể gửi: Giảm giá", "ส่งไม่ได้: ลดราคา",
    "配信されませんでした: セール", "无法送达: 促销", "退件: 促銷", "전송 실패: 할인",
    "Tidak terkirim: Diskon", "Nelivrat: Reduceri",
]  # fmt: skip


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_report_in_any_language_by_its_subject_alone(subject: str) -> None:
    system = {"subject": subject, "from": "postmaster@mx.example.net", "body": "gone@dest.example\n550 5.1.1 no\n"}
    message = read_message(report(system))
    assert message.kind is Kind.BOUNCE
    assert [bounce.recipient for bounce in message.bounces] == ["gone@dest.example"]
    from_a_person = system | {"from": "Kim <kim@dest.example>", "body": "What does this mean?\n"}
    assert read_message(report(from_a_person).removeprefix(b"Return-Path: <>\n")).kind is Kind.ORDINARY


def test_what_postfix_folds_is_the_servers() -> None:
    body = (
        "<gone@dest.example>: host mx.dest.example[192.0.2.7] said: 550 5.1.1\n    <other@dest.example>: unknown. See\n"
        "    for more information https://dest.example (in reply to RCPT TO command)\n\n"
        "<away@dest.example>: host mx.dest.example[192.0.2.7] said: 552 5.2.2 Mailbox full\n"
    )
    system = {"subject": "Undelivered Mail Returned to Sender", "from": "MAILER-DAEMON@mx.shop.example", "body": body}
    found = judge(read_message(report(system)), default_classifier())
    assert [(bounce.recipient, verdict.reason) for bounce, verdict in found] == [
        ("gone@dest.example", "invalid_address.unknown_user"), ("away@dest.example", "mailbox_full.over_quota"),
    ]  # fmt: skip
    assert found[0][0].reply.text.endswith("See for more information https://dest.example")
