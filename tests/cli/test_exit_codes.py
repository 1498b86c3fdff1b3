"""Exit codes are an interface: each is reached, and means what the table says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "Ran"]  # noqa: F821
GMAIL = "550-5.7.26 Your email has been blocked because the sender is unauthenticated. - gsmtp"


def test_clean(deliverkit: Run) -> None:
    assert deliverkit("audit", "bakery.example", "--replay", "demo").code == 0


def test_findings(deliverkit: Run) -> None:
    assert deliverkit("audit", "twospf.example", "--replay", "demo").code == 1


def test_fail_on_moves_the_line(deliverkit: Run) -> None:
    argv = ["audit", "homeserver.example", "--replay", "demo"]
    assert deliverkit(*argv).code == 0
    assert deliverkit(*argv, "--fail-on", "warning").code == 1
    assert deliverkit("audit", "twospf.example", "--replay", "demo", "--fail-on", "never").code == 3


def test_incomplete(deliverkit: Run) -> None:
    assert deliverkit("audit", "silent.example", "--replay", "demo").code == 3


def test_a_guess_that_finds_nothing_is_incomplete_not_nothing(deliverkit: Run) -> None:
    assert deliverkit("audit", "shop.example", "--checks", "dkim", "--replay", "demo").code == 3


def test_nothing_could_be_checked(deliverkit: Run, tmp_path: Path) -> None:
    world = tmp_path / "dead.toml"
    world.write_text('[zone."."]\nstatus = "timeout"\n[zone."example.com"]\nstatus = "timeout"\n')
    ran = deliverkit("audit", "example.com", "--checks", "spf,mx,dkim", "--replay", str(world), "--format", "json")
    assert ran.code == 4
    assert {c["outcome"] for c in ran.json["audits"][0]["checks"]} == {"unknown"}
    assert "no name server answered" in ran.err


def test_an_unknown_reply_is_incomplete(deliverkit: Run) -> None:
    assert deliverkit("explain", "gibberish that nobody says").code == 3
    assert deliverkit("explain", "550 5.1.1 User unknown").code == 0


def test_a_proven_cause_is_a_finding(deliverkit: Run) -> None:
    argv = ["diagnose", GMAIL, "--domain", "shop.example", "--ip", "192.0.2.10", "--replay", "demo"]
    assert deliverkit(*argv).code == 1


def test_interrupted(deliverkit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("deliverkit.cli.explain.bounces", stop)
    assert deliverkit("explain", "550 5.1.1 x").code == 130


def test_a_bug_is_told_as_one(deliverkit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_(*_: object, **__: object) -> None:
        raise ZeroDivisionError("broken on purpose")

    monkeypatch.setattr("deliverkit.cli.codes.load", break_)
    ran = deliverkit("codes", "--format", "json")
    assert ran.code == 70
    assert ran.json["error"]["exit_code"] == 70
    assert "Traceback" not in ran.err


def test_a_warning_counts_whatever_else_of_its_check_is_unknown(deliverkit: Run, tmp_path: Path) -> None:
    world = tmp_path / "world.toml"
    point, entry = '"2.0.0.127" = { A = ["127.0.0.2"] }', '"10.2.0.192" = { A = ["127.0.0.2"] }'
    world.write_text(f'[root]\ndefault = "nxdomain"\n[zone."psbl.surriel.com"]\n{point}\n{entry}\n')
    argv = ["audit", "example.com", "--ip", "192.0.2.10", "--checks", "ip-blocklists", "--replay", str(world)]
    assert deliverkit(*argv).code == 3
    assert deliverkit(*argv, "--fail-on", "warning").code == 1
