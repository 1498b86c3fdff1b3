"""``deliverkit bounces`` as a user runs it."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deliverkit.cli.main import run as main

LOG = """\
Nov 22 07:00:01 mail postfix/qmgr[3]: AAAA111122: from=<news@shop.example>, size=4711, nrcpt=1 (queue active)
Nov 22 07:00:02 mail postfix/smtp[4]: AAAA111122: to=<a@one.example>, relay=mx.one.example[198.51.100.7]:25, delay=1, delays=0/0/0/1, dsn=5.1.1, status=bounced (host mx.one.example[198.51.100.7] said: 550 5.1.1 <a@one.example>: User unknown (in reply to RCPT TO command))
Nov 22 07:00:02 mail postfix/smtp[4]: AAAA111122: to=<b@two.example>, relay=mx.two.example[198.51.100.8]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 OK)
Nov 22 07:00:03 mail postfix/smtp[4]: AAAA111122: to=<c@two.example>, relay=mx.two.example[198.51.100.8]:25, delay=1, delays=0/0/0/1, dsn=5.0.0, status=bounced (host mx.two.example[198.51.100.8] said: 554 5.0.0 zorgle the frobnicator 4711 (in reply to end of DATA command))
"""  # noqa: E501


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Call = Callable[..., Ran]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory) -> Call:
    """The command in this process; records go to the file behind stdout, so that is what is captured."""

    def call(*argv: str, stdin: bytes = b"") -> Ran:
        # The core reads the file behind stdin, as a pipe gives it.
        piped = tmp_path_factory.mktemp("stdin") / "piped"
        piped.write_bytes(stdin)
        before = os.dup(0)
        try:
            with piped.open("rb") as given:
                os.dup2(given.fileno(), 0)
            code = main(list(argv))
        finally:
            os.dup2(before, 0)
            os.close(before)
        sys.stdout.flush()
        captured = capfd.readouterr()
        return Ran(code, captured.out, captured.err)

    return call


@pytest.fixture
def log(tmp_path: Path) -> str:
    path = tmp_path / "mail.log"
    path.write_text(LOG)
    return str(path)


def lines(ran: Ran) -> list[dict[str, object]]:
    assert ran.code == 0, ran.err
    return [json.loads(line) for line in ran.out.splitlines()]


def test_records_and_summary_say_the_same(run: Call, log: str) -> None:
    document = run("bounces", log, "-f", "json", "--records").json
    assert document["schema"] == "deliverkit.bounces/1"
    assert [r["recipient"] for r in document["records"]] == ["a@one.example", "c@two.example"]
    totals = document["summary"]["totals"]
    assert (totals["attempts"], totals["delivered"], totals["hard"], totals["soft"]) == (3, 1, 1, 1)
    assert totals["unknown"] == 1
    assert "zorgle the frobnicator" in document["summary"]["unknown"][0]["draft"]
    assert [row["key"] for row in document["summary"]["by"]["sending_domain"]] == ["shop.example"]
    assert "records" not in run("bounces", log, "-f", "json").json


def test_every_form_holds_the_same_recipients(run: Call, log: str, tmp_path: Path) -> None:
    expected = ["a@one.example", "c@two.example"]
    assert [r["recipient"] for r in lines(run("bounces", log, "-f", "jsonl"))] == expected
    table = list(csv.DictReader(io.StringIO(run("bounces", log, "-f", "csv").out)))
    assert [row["recipient"] for row in table] == expected
    assert run("bounces", log, "-f", "csv", "--fields", "recipient").out.split() == ["recipient", *expected]
    pytest.importorskip("pyarrow")
    from pyarrow import parquet

    out = tmp_path / "out.parquet"
    assert run("bounces", log, "-f", "parquet", "-o", str(out)).code == 0
    assert parquet.read_table(out).column("recipient").to_pylist() == expected
    assert run("bounces", log, "-f", "parquet").code == 2


def test_text_and_markdown_are_summaries(run: Call, log: str) -> None:
    for form in ("text", "markdown"):
        ran = run("bounces", log, "-f", form)
        assert ran.code == 0
        assert "shop.example" in ran.out.replace("\\", "")


def test_deliveries_are_records_only_when_asked_for(run: Call, log: str) -> None:
    kinds = [r["kind"] for r in lines(run("bounces", log, "-f", "jsonl", "--delivered"))]
    assert kinds == ["bounce", "delivered", "bounce"]


@pytest.mark.parametrize(
    ("only", "count"),
    [
        (["category=invalid_address"], 1),
        (["sending_domain=shop.example"], 2),
        (["sending_domain=other.example"], 0),
        (["reason=invalid_address.unknown_user,unknown.unclassified"], 2),
        (["kind=bounce", "recipient_domain=two.example"], 1),
    ],
)
def test_only_some_are_looked_at(run: Call, log: str, only: list[str], count: int) -> None:
    options = [part for text in only for part in ("--only", text)]
    assert len(lines(run("bounces", log, "-f", "jsonl", *options))) == count


def test_stdin_and_packed_files_are_read_like_any_other(run: Call, log: str, tmp_path: Path) -> None:
    packed = tmp_path / "mail.log.1.gz"
    packed.write_bytes(gzip.compress(LOG.encode()))
    one = [r["recipient"] for r in lines(run("bounces", log, "-f", "jsonl"))]
    assert [r["recipient"] for r in lines(run("bounces", str(packed), "-f", "jsonl"))] == one
    piped = lines(run("bounces", "-", "-f", "jsonl", stdin=LOG.encode()))
    assert [(r["recipient"], r["path"]) for r in piped] == [(recipient, "-") for recipient in one]


def test_a_vocabulary_and_rules_of_ones_own(run: Call, log: str, tmp_path: Path) -> None:
    drafts = tmp_path / "drafts.toml"
    assert run("bounces", log, "--drafts", str(drafts)).code == 0
    rules = tmp_path / "rules.toml"
    rules.write_text(drafts.read_text().replace("unknown.unclassified", "rejected.policy"))
    found = lines(run("bounces", log, "-f", "jsonl", "--rules", str(rules), "--vocabulary", "ses"))
    assert found[1]["reason"] == "rejected.policy"
    assert all(record["word"] for record in found)
    assert run("bounces", log, "--vocabulary", "nobody").code == 2


def test_incidents_are_new_once(run: Call, log: str, tmp_path: Path) -> None:
    known = str(tmp_path / "known.json")
    argv = ("bounces", log, "-f", "json", "--known", known)
    assert run(*argv).json["summary"]["incidents_new"] == 2
    assert run(*argv).json["summary"]["incidents_new"] == 0
    assert run("bounces", log, "-f", "json").json["summary"]["incidents_new"] is None
    (tmp_path / "known.json").write_text("[]")
    assert run(*argv).code == 2


def test_what_is_unknown_fails_only_when_asked(run: Call, log: str) -> None:
    assert run("bounces", log).code == 0
    assert run("bounces", log, "--fail-on-unknown").code == 3


def test_one_file_of_many_that_cannot_be_read_is_told_and_the_rest_goes_on(run: Call, log: str, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.log")
    ran = run("bounces", missing, log, "-f", "json")
    assert ran.code == 3
    assert missing in ran.err
    assert ran.json["summary"]["totals"]["bounces"] == 2
    assert ran.json["summary"]["failed"][0]["path"] == missing
    assert run("bounces", missing).code == 2
    assert run("bounces", missing, str(tmp_path / "gone.log")).code == 2


def test_corrupt_lines_are_counted_with_their_numbers(run: Call, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    good = {"event": "bounced", "email": "a@one.example", "reason": "550 5.1.1 user unknown", "sg_message_id": "x.1",
            "timestamp": 1795000000, "sg_event_id": "y", "event_": 1}  # fmt: skip
    good["event"] = "bounce"
    path.write_text(json.dumps(good) + "\n{broken\n" + json.dumps(good) + "\n")
    summary = run("bounces", str(path), "--source", "sendgrid", "-f", "json").json["summary"]
    assert summary["totals"]["faults"] == 1
    assert summary["faults"]["examples"][0]["number"] == 2
    assert summary["totals"]["bounces"] == 2


@pytest.mark.parametrize(
    "options",
    [
        ["--only", "provider"],
        ["--only", "colour=red"],
        ["--fields", "nothing", "-f", "csv"],
        ["--columns", "recipient"],
        ["--source", "nobody"],
        ["--resume", "journal", "-f", "jsonl"],
        ["--resume", "journal", "-f", "parquet", "-o", "x"],
        ["--scheduler", "nowhere"],
        ["-f", "csv", "-o", "/nowhere/at/all.csv"],
    ],
)
def test_wrong_usage_is_told_as_such(run: Call, log: str, options: list[str]) -> None:
    ran = run("bounces", log, *options)
    assert ran.code == 2
    assert ran.err.startswith("deliverkit: ")


def test_a_failure_is_one_json_document_too(run: Call, tmp_path: Path) -> None:
    ran = run("bounces", str(tmp_path / "missing"), "-f", "json")
    assert ran.code == 2
    assert ran.json["error"]["exit_code"] == 2


def test_a_failed_run_leaves_no_file(run: Call, log: str, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    assert run("bounces", log, "--source", "nobody", "-f", "jsonl", "-o", str(folder / "x")).code == 2
    assert list(folder.iterdir()) == []


def test_the_store_takes_every_event_once(run: Call, log: str, tmp_path: Path) -> None:
    pytest.importorskip("sqlalchemy")
    from deliverkit.store import Store

    url = str(tmp_path / "memory.sqlite")
    for _ in range(2):
        assert run("bounces", log, "--store", url).code == 0
    with Store.open(url) as store:
        assert store.counts()["events"] == 3
        why = store.why("a@one.example")
        assert why is not None
        assert why.entry.reason == "invalid_address.unknown_user"


@pytest.mark.parametrize("option", ["-o", "--known", "--drafts", "--resume"])
def test_what_is_read_is_never_overwritten(run: Call, tmp_path: Path, option: str) -> None:
    (tmp_path / "mail.log").write_text(LOG)
    (tmp_path / "same").symlink_to(tmp_path / "mail.log")
    ran = run("bounces", str(tmp_path / "mail.log"), option, str(tmp_path / "same"))
    assert ran.code == 2
    assert (tmp_path / "mail.log").read_text() == LOG


@pytest.mark.parametrize(
    "wrong", ["reason=dmarc.polcy", "category=hard", "provider=gmial", "kind=bounced", "bounce_type=hrd", "color=red"]
)
def test_a_misspelt_word_behind_only_is_an_error_not_an_empty_result(run: Call, tmp_path: Path, wrong: str) -> None:
    (tmp_path / "mail.log").write_text(LOG)
    ran = run("bounces", str(tmp_path / "mail.log"), "--only", wrong, "-f", "json")
    assert ran.code == 2
    assert wrong.partition("=")[0] in ran.json["error"]["message"]


def test_only_takes_what_says_nothing_of_a_key(run: Call, tmp_path: Path) -> None:
    (tmp_path / "mail.log").write_text(LOG)
    ran = run("bounces", str(tmp_path / "mail.log"), "--only", "provider=", "-f", "json")
    assert ran.code == 0


@pytest.mark.parametrize("source", ["exim", "ses"])
def test_a_wrong_source_does_not_pass_for_a_quiet_day(run: Call, tmp_path: Path, source: str) -> None:
    (tmp_path / "mail.log").write_text(LOG)
    right = run("bounces", str(tmp_path / "mail.log"), "-f", "json", "--source", "postfix")
    wrong = run("bounces", str(tmp_path / "mail.log"), "-f", "json", "--source", source)
    assert right.err == ""
    assert source in wrong.err
    assert wrong.json["summary"]["events"] == 0
