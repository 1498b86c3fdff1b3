"""``deliverkit message`` as a user runs it."""

import json

import pytest

MAIL = (
    b"Return-Path: <info@bakery.example>\r\n"
    b"Received: from mail.bakery.example (mail.bakery.example [192.0.2.20]) by mx.example.org;"
    b" Sun, 22 Nov 2026 07:00:00 +0000\r\n"
    b"Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=info@bakery.example; dkim=none\r\n"
    b"From: Bakery <info@bakery.example>\r\nTo: a@example.org\r\nSubject: Bread\r\n"
    b"Date: Sun, 22 Nov 2026 06:59:00 +0000\r\nMessage-ID: <1@bakery.example>\r\nMIME-Version: 1.0\r\n"
    b"\r\nHello\r\n"
)


@pytest.fixture
def mail(tmp_path):
    path = tmp_path / "mail.eml"
    path.write_bytes(MAIL)
    return path


def test_text_says_first_whether_it_passes(deliverkit, mail):
    ran = deliverkit("message", str(mail), "--replay", "demo")
    assert ran.code == 0
    assert "DMARC" in ran.out.splitlines()[1]


def test_json_from_stdin(deliverkit):
    ran = deliverkit("message", "-", "--replay", "demo", "--format", "json", stdin=MAIL)
    [found] = ran.json["messages"]
    assert ran.json["schema"] == "deliverkit.message/1"
    assert (found["source"], found["author_domain"], found["subject"]) == ("stdin", "bakery.example", "Bread")
    assert (found["dmarc"]["result"], found["dmarc"]["aligned_by"]) == ("pass", ["spf"])
    assert found["delivery"]["ip"] == "192.0.2.20"
    assert {"spf.pass", "dkim.none"} == {f"{r['method']}.{r['result']}" for r in found["results"]}
    assert all(r["meaning"] for r in found["results"])
    assert {"message-dkim", "message-links"} <= {c["check"] for c in found["checks"]}


def test_one_line_a_message(deliverkit, mail):
    lines = deliverkit("message", str(mail), str(mail), "--replay", "demo", "--format", "jsonl").out.splitlines()
    assert [json.loads(line)["dmarc"]["result"] for line in lines] == ["pass", "pass"]


def test_markdown(deliverkit, mail):
    assert deliverkit("message", str(mail), "--replay", "demo", "--format", "markdown").out.startswith("# ")


def test_what_the_user_names_wins_and_the_domain_is_asked_why(deliverkit, mail):
    argv = ["message", str(mail), "--replay", "demo", "--ip", "198.51.100.9", "--format", "json"]
    ran = deliverkit(*argv)
    [found] = ran.json["messages"]
    assert ran.code == 1
    assert found["spf"]["result"] == "softfail"
    assert {"spf", "dmarc"} <= {c["check"] for c in found["checks"]}
    assert any(step["record"] for step in found["steps"] if step["id"].startswith("spf-add-sender"))


def test_only_the_checks_that_are_named(deliverkit, mail):
    ran = deliverkit("message", str(mail), "--replay", "demo", "--checks", "message-headers", "-f", "json")
    assert [c["check"] for c in ran.json["messages"][0]["checks"]] == ["message-headers"]


def test_fail_on(deliverkit, mail):
    assert deliverkit("message", str(mail), "--replay", "demo", "--fail-on", "warning").code == 1


def test_a_message_that_was_never_delivered_is_incomplete(deliverkit):
    sent = MAIL.partition(b"From:")[1] + MAIL.partition(b"From:")[2]
    assert deliverkit("message", "-", "--replay", "demo", stdin=sent).code == 3


def test_nobody_answers(deliverkit, tmp_path, mail):
    world = tmp_path / "dead.toml"
    world.write_text('[zone."."]\nstatus = "timeout"\n')
    assert deliverkit("message", str(mail), "--replay", str(world)).code == 4


@pytest.mark.parametrize("text", [b"", b"\n\nhello", b"hello\n"])
def test_what_is_no_message_is_refused(deliverkit, text):
    ran = deliverkit("message", "-", "--format", "json", stdin=text)
    assert (ran.code, ran.json["error"]["exit_code"]) == (2, 2)


def test_a_file_that_is_not_there(deliverkit):
    assert deliverkit("message", "no-such-file.eml").code == 2


def test_control_characters_never_reach_the_terminal(deliverkit):
    evil = MAIL.replace(b"Bread", b"\x1b[31mred\x07").replace(b"Bakery", b"\x1b]0;x\x07")
    for form in ("text", "markdown"):
        out = deliverkit("message", "-", "--replay", "demo", "--format", form, stdin=evil).out
        assert not any(c in out for c in "\x1b\x07")


def test_a_recording_replays_to_the_same(deliverkit, mail, tmp_path):
    kept = tmp_path / "run.json"
    one = deliverkit("message", str(mail), "--replay", "demo", "--record", str(kept), "-f", "json").json
    two = deliverkit("message", str(mail), "--replay", str(kept), "-f", "json").json
    for found in (one, two):
        for each in (*found["messages"], *(c for m in found["messages"] for c in m["checks"])):
            each.pop("elapsed")
    assert one == two
