"""The memory of addresses at the command line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from deliverkit.cli.suppression_lists import plain
from deliverkit.report.suppression import change_sentence, rule_sentence, state_word
from deliverkit.store import Store
from deliverkit.store.policy import Decision, Policy, State

Run = Callable[..., "Ran"]  # noqa: F821

LOG = "2026-11-{day:02d}T08:00:00+00:00 mx1 postfix/smtp[1]: 4ABC{day:02d}: to=<{to}>, "
LOG += "relay=mx.example.com[192.0.2.25]:25, delay=1, delays=0/0/0/1, dsn={dsn}, status={status} "
LOG += "(host mx.example.com[192.0.2.25] said: {said})\n"


def _line(to: str, day: int, dsn: str, status: str, said: str) -> str:
    return LOG.format(to=to, day=day, dsn=dsn, status=status, said=said)


@pytest.fixture
def mem(deliverkit: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A store with one address in each of four states, and the command that asks it."""
    monkeypatch.chdir(tmp_path)
    log = _line("dead@example.com", 1, "5.1.1", "bounced", "550 5.1.1 User unknown in virtual mailbox table")
    log += _line("full@example.com", 2, "4.2.2", "deferred", "452 4.2.2 The email account is over quota")
    log += _line("fine@example.com", 3, "5.7.1", "bounced", "554 5.7.1 Client host blocked using zen.spamhaus.org")
    Path("mail.log").write_text(log)
    Path("deliverkit.toml").write_text('[store]\nurl = "mem.db"\n')
    assert deliverkit("bounces", "mail.log").code == 0
    assert deliverkit("suppression", "add", "hand@example.com", "--note", "asked us").code == 0
    return lambda *argv, **more: deliverkit("suppression", *argv, **more)


def test_bounces_fill_it_and_list_shows_it(mem: Run) -> None:
    listed = mem("list", "--format", "json").json
    assert listed["schema"] == "deliverkit.suppression/1"
    assert [(a["address"], a["state"]) for a in listed["addresses"]] == [
        ("dead@example.com", "suppressed"),
        ("hand@example.com", "manual"),
    ]
    assert mem("list").out.count("\n") == 2
    assert len(mem("list", "--state", "all", "--format", "jsonl").out.splitlines()) == 4
    assert "full@example.com" in mem("list", "--state", "soft").out
    assert mem("list", "--state", "all", "--domain", "example.org").out.strip() == ""


def test_the_same_log_under_another_name_changes_nothing(mem: Run, deliverkit: Run) -> None:
    before = mem("list", "--state", "all").out, mem("stats", "--format", "json").json["counts"]["events"]
    Path("mail.log").rename("old.log")
    assert deliverkit("bounces", "old.log").code == 0
    assert (mem("list", "--state", "all").out, mem("stats", "--format", "json").json["counts"]["events"]) == before


def test_why(mem: Run) -> None:
    told = mem("why", "Dead@example.com", "--format", "json").json
    assert (told["state"], told["rule"], told["reason"], told["mail"]) == (
        "suppressed",
        "dead",
        "invalid_address.unknown_user",
        False,
    )
    assert told["policy"]["soft_failures"] == 5
    assert [(event["decided"], event["reply"]["code"]) for event in told["events"]] == [(True, 550)]
    assert "remove" in told["changes"]
    text = mem("why", "full@example.com").out
    assert "mailbox_full.over_quota" in text
    assert "over quota" in text
    assert mem("why", "fine@example.com", "--format", "json").json["mail"] is True
    nothing = mem("why", "nobody@example.com", "--format", "json")
    assert (nothing.code, nothing.json["error"]["exit_code"]) == (2, 2)


def test_the_configured_policy_decides(mem: Run) -> None:
    Path("deliverkit.toml").write_text('[store]\nurl = "mem.db"\n[suppression]\nsoft_failures = 1\nsoft_days = 0\n')
    assert mem("why", "full@example.com", "--format", "json").json["rule"] == "soft-repeated"


def test_check_keeps_records_and_order(mem: Run) -> None:
    given = b'name;e-mail;note\r\n"Doe; J";dead@example.com;x\nN;new@example.com;=1+1\n\n'
    given += b'E;nonsense;\nF;full@example.com;""\n'
    ran = mem("check", "-", stdin=given)
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "name;e-mail;note;mail;state;reason",
        '"Doe; J";dead@example.com;x;no;suppressed;invalid_address.unknown_user',
        "N;new@example.com;=1+1;yes;;",
        "E;nonsense;;unknown;;",
        'F;full@example.com;"";yes;soft;mailbox_full.over_quota',
    ]


def test_check_of_plain_lists(mem: Run) -> None:
    given = b"hand@example.com\nnew@example.com\nnonsense\n"
    assert mem("check", "-", stdin=given).out.splitlines() == [
        "address,mail,state,reason",
        "hand@example.com,no,manual,added",
        "new@example.com,yes,,",
        "nonsense,unknown,,",
    ]
    assert mem("check", "-", "--only", "allowed", stdin=given).out.split() == ["new@example.com"]
    assert mem("check", "-", "--only", "suppressed", stdin=given).out.split() == ["hand@example.com", "nonsense"]
    rows = [json.loads(line) for line in mem("check", "-", "--format", "jsonl", stdin=given).out.splitlines()]
    assert [(row["line"], row["mail"]) for row in rows] == [(1, "no"), (2, "yes"), (3, "unknown")]


def test_check_of_a_long_list(mem: Run, tmp_path: Path) -> None:
    names = [f"user{n}@example.com" for n in range(12_000)]
    names[11_000] = "dead@example.com"
    (tmp_path / "long.txt").write_text("\n".join(names))
    rows = list(csv.reader(io.StringIO(mem("check", "long.txt").out)))[1:]
    assert [row[0] for row in rows] == names
    assert [row[0] for row in rows if row[1] == "no"] == ["dead@example.com"]


def test_export_and_import_carry_everything(mem: Run) -> None:
    mem("add", "+plus@example.com")
    assert mem("export", "-o", "list.csv").code == 0
    rows = list(csv.DictReader(io.StringIO(Path("list.csv").read_text())))
    assert [row["address"] for row in rows] == ["'+plus@example.com", "dead@example.com", "hand@example.com"]
    for _twice in range(2):
        assert mem("import", "list.csv", "--store", "other.db").code == 0
    again = mem("export", "--store", "other.db").out
    keep = ("address", "state", "reason", "since")
    assert [{k: r[k] for k in keep} for r in csv.DictReader(io.StringIO(again))] == [
        {k: row[k] for k in keep} for row in rows
    ]
    assert mem("stats", "--store", "other.db", "--format", "json").json["counts"]["events"] == 3


@pytest.mark.parametrize("text", ["email,state\na@example.com,odd\n", "email,since\na@example.com,yesterday\n"])
def test_a_wrong_import_names_its_line_and_takes_nothing(mem: Run, text: str) -> None:
    before = mem("list").out
    ran = mem("import", "-", stdin=text.encode())
    assert ran.code == 2
    assert "stdin:2" in ran.err
    assert mem("list").out == before


def test_import_of_plain_lists_and_of_nonsense(mem: Run) -> None:
    ran = mem("import", "-", "--state", "complaint", stdin=b"c@example.com\nnonsense\n")
    assert ran.code == 0
    assert "nonsense" in ran.err
    assert mem("why", "c@example.com", "--format", "json").json["state"] == "complaint"
    assert mem("import", "-", stdin=b"nonsense\n").code == 2


def test_remove(mem: Run) -> None:
    assert mem("remove", "dead@example.com", "hand@example.com").code == 0
    assert mem("list").out.strip() == ""
    assert mem("remove").code == 2


def test_stores_that_are_not_there(deliverkit: Run, tmp_path: Path) -> None:
    ran = deliverkit("suppression", "list", "--store", str(tmp_path / "no.db"), "--format", "json")
    assert (ran.code, ran.json["error"]["exit_code"]) == (2, 2)
    assert not (tmp_path / "no.db").exists()


def test_hashed(deliverkit: Run, tmp_path: Path) -> None:
    places = ["--store", str(tmp_path / "h.db"), "--key-file", str(tmp_path / "k")]
    assert deliverkit("suppression", "add", "jane@example.com", *places, "--hash-recipients").code == 0
    listed = deliverkit("suppression", "list", *places).out
    assert listed.startswith("hmac:")
    assert deliverkit("suppression", "why", "Jane@example.com", *places).code == 0
    checked = deliverkit("suppression", "check", "-", *places, stdin=b"jane@example.com\n").out
    assert checked.splitlines()[1] == "jane@example.com,no,manual,added"
    with Store.open(str(tmp_path / "h.db"), key_file=tmp_path / "k") as store:
        assert store.hashes


def test_without_the_library(deliverkit: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    import deliverkit.store as package

    for name in [name for name in sys.modules if name.startswith(("sqlalchemy", "deliverkit.store.memory"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(package, "memory", raising=False)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    ran = deliverkit("suppression", "list", "--store", str(tmp_path / "x.db"))
    assert ran.code == 2
    assert "deliverkit[store]" in ran.err


def test_every_state_rule_and_change_has_its_words() -> None:
    numbers = {"days": 1, "needed": 2, "span": 3, "span_needed": 4, "forget": 5}
    rules = ("dead", "soft-repeated", "soft-counting", "complaint", "unsubscribe")
    for rule in (*rules, "added", "imported", "removed", "delivered", "nothing"):
        assert rule_sentence(Decision(rule=rule, args=numbers), Policy())
    assert rule_sentence(Decision(rule="soft-counting", args=numbers), Policy(soft_failures=0))
    assert all(state_word(state) for state in State)
    assert all(change_sentence(change) for change in ("delivery", "remove", "more-failures", "dead", "complaint"))


@pytest.mark.parametrize(
    ("cell", "address"), [("'+a@example.com", "+a@example.com"), ("'a@example.com", "'a@example.com")]
)
def test_cells_as_they_were(cell: str, address: str) -> None:
    assert plain(cell) == address


def test_why_of_what_is_no_address_does_not_say_that_it_may_be_mailed(mem: Run) -> None:
    unknown, wrong = (
        json.loads(mem("why", text, "--format", "json").out)["error"]
        for text in ("nobody@nowhere.example", "notanaddress")
    )
    assert wrong["exit_code"] == 2
    assert wrong["advice"] != unknown["advice"]
