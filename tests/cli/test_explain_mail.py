"""A whole mail instead of a reply: from a file, from stdin, and one that is no bounce."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent.parent / "data" / "bounces"
ORDINARY = b"From: a@dest.example\nTo: b@shop.example\nSubject: Lunch\nDate: x\n\n550 5.1.1 User unknown\n"
Run = Callable[..., Any]


def test_a_file_gives_one_result_a_recipient(deliverkit: Run) -> None:
    path = DATA / "lhost-outlook-04.eml"
    ran = deliverkit("explain", "-i", str(path), "--format", "json")
    assert ran.code == 0
    found = [(r["recipient"], r["reason"], r["source"]) for r in ran.json["results"]]
    assert found == [
        ("sabineko@example.co.jp", "invalid_address.unknown_user", str(path)),
        ("mikeneko@example.co.jp", "mailbox_full.over_quota", str(path)),
    ]


def test_stdin(deliverkit: Run) -> None:
    ran = deliverkit("explain", "-", "--format", "json", stdin=(DATA / "lhost-qmail-06.eml").read_bytes())
    assert [r["reason"] for r in ran.json["results"]] == ["mailbox_full.over_quota"]


def test_what_is_no_bounce_but_known_gets_its_reason(deliverkit: Run) -> None:
    ran = deliverkit("explain", "-i", str(DATA / "rfc3834-04.eml"), "--format", "json")
    [result] = ran.json["results"]
    assert (result["category"], result["bounce_type"], result["confidence"]) == ("not_a_bounce", None, "sure")


def test_ordinary_mail_is_an_error_that_says_so(deliverkit: Run) -> None:
    ran = deliverkit("explain", "-", "--format", "json", stdin=ORDINARY)
    assert ran.code == 2
    assert ran.json["error"]["exit_code"] == 2


def test_a_mail_of_many_megabytes_is_read(deliverkit: Run) -> None:
    data = (DATA / "lhost-postfix-02.eml").read_bytes() + b"QUJD\n" * 2_000_000
    ran = deliverkit("explain", "-", "--format", "json", stdin=data)
    assert [r["recipient"] for r in ran.json["results"]] == ["filtered@example.co.jp", "userunknown@example.co.jp"]


def test_diagnose_takes_a_mail_too(deliverkit: Run) -> None:
    ran = deliverkit("diagnose", "-i", str(DATA / "lhost-gmail-16.eml"), "--replay", "demo", "--format", "json")
    assert [r["reason"] for r in ran.json["results"]] == ["mailbox_full.over_quota"]
