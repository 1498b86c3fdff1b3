"""``deliverkit audit`` with lists: forms, baseline, state, ignores and exit codes, as a user meets them."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "Ran"]  # noqa: F821
DEMO = ("--replay", "demo", "--checks", "spf,dmarc")
LIST = "bakery.example\nnonsense here\ntwospf.example\nbakery.example\n"


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "list.txt"
    path.write_text(LIST)
    return path


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_list_with_dropped_lines(deliverkit: Run, listed: Path) -> None:
    ran = deliverkit("audit", "-i", str(listed), *DEMO, "--format", "json")
    assert [a["domain"] for a in ran.json["audits"]] == ["bakery.example", "twospf.example"]
    assert [(d["file"], d["line"]) for d in ran.json["dropped"]] == [(str(listed), 2)]
    assert ran.json["totals"]["outcomes"] == {"pass": 1, "fail": 1}
    assert ran.json["audits"][1]["source"] == {"file": str(listed), "line": 3}
    assert f"{listed}:2: " in ran.err
    assert ran.code == 1


def test_stdin_and_a_column(deliverkit: Run) -> None:
    ran = deliverkit("audit", "-i", "-", *DEMO, "-f", "jsonl", stdin=b"name,website\nx,https://bakery.example/\n")
    assert json.loads(ran.out)["domain"] == "bakery.example"
    assert deliverkit("audit", "-i", "-", "--column", "nope", *DEMO, stdin=b"a,b\nx,y\n").code == 2
    assert deliverkit("audit", "-i", "-", *DEMO, stdin=b"# nothing\n").code == 2


@pytest.mark.parametrize("fmt", ["csv", "html", "junit", "sarif", "github", "openmetrics", "markdown", "text"])
def test_every_form_to_stdout_and_to_a_file(deliverkit: Run, listed: Path, tmp_path: Path, fmt: str) -> None:
    out = tmp_path / "out"
    ran = deliverkit("audit", "-i", str(listed), *DEMO, "-f", fmt, "-q")
    assert deliverkit("audit", "-i", str(listed), *DEMO, "-f", fmt, "-o", str(out)).out == ""
    assert "twospf.example" in ran.out
    assert "twospf.example" in out.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["list.txt", "out"]


def test_an_input_error_leaves_no_half_a_file(deliverkit: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("before")
    assert deliverkit("audit", "no domain", *DEMO, "-f", "html", "-o", str(out)).code == 2
    assert out.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    ran = deliverkit("audit", "bakery.example", "no domain", *DEMO, "-f", "json")
    assert ran.json["error"]["exit_code"] == 2


def test_only_new_findings_fail(deliverkit: Run, listed: Path, tmp_path: Path) -> None:
    before, half = tmp_path / "before.jsonl", tmp_path / "half.json"
    deliverkit("audit", "-i", str(listed), *DEMO, "-f", "jsonl", "-o", str(before))
    deliverkit("audit", "bakery.example", *DEMO, "-f", "json", "-o", str(half))
    argv = ["audit", "-i", str(listed), *DEMO, "-f", "json"]
    assert deliverkit(*argv, "--baseline", str(before)).code == 0
    ran = deliverkit(*argv, "--baseline", str(half))
    assert ran.code == 1
    assert [bool(a["changes"]["new"]) for a in ran.json["audits"]] == [False, True]
    assert deliverkit(*argv, "--baseline", str(listed)).code == 2


def test_changes_between_two_results(deliverkit: Run, tmp_path: Path) -> None:
    old, new = tmp_path / "old.jsonl", tmp_path / "new.jsonl"
    deliverkit("audit", "twospf.example", *DEMO, "-f", "jsonl", "-o", str(old))
    audit = lines(old)[0]
    audit["checks"][0] |= {"findings": [], "outcome": "pass"}  # type: ignore[index]
    new.write_text(json.dumps(audit) + "\n")
    ran = deliverkit("changes", str(old), str(new), "--format", "json")
    assert (ran.code, len(ran.json["changes"][0]["fixed"])) == (0, 1)
    assert deliverkit("changes", str(new), str(old)).code == 1
    audit["checks"][0]["outcome"] = "unknown"  # type: ignore[index]
    new.write_text(json.dumps(audit) + "\n")
    ran = deliverkit("changes", str(old), str(new), "--format", "json")
    assert (ran.json["changes"][0]["fixed"], len(ran.json["changes"][0]["unsure"])) == ([], 1)
    assert deliverkit("changes", str(old), str(old)).out.strip() == "nothing changed"


def test_changes_tell_which_of_several_is_new(deliverkit: Run, tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    ran = deliverkit("audit", "lookups.example", "--replay", "demo", "--checks", "ptr", "--format", "json")
    new.write_text(ran.out)
    data = ran.json
    gone = data["audits"][0]["checks"][0]["findings"].pop()
    old.write_text(json.dumps(data))
    assert f"(lookups.example, ip={gone['args']['ip']})" in deliverkit("changes", str(old), str(new)).out


@pytest.mark.parametrize("fmt", ["html", "csv", "junit", "sarif", "github", "openmetrics", "json", "jsonl"])
def test_a_result_in_another_form(deliverkit: Run, listed: Path, tmp_path: Path, fmt: str) -> None:
    result = tmp_path / "result.jsonl"
    deliverkit("audit", "-i", str(listed), *DEMO, "-f", "jsonl", "-o", str(result))
    ran = deliverkit("render", str(result), "-f", fmt)
    assert ran.code == 0
    assert deliverkit("render", str(result), "-f", fmt, "--fail-on", "error").code == 1
    assert "twospf.example" in ran.out
    direct = deliverkit("audit", "-i", str(listed), *DEMO, "-f", fmt, "-q").out
    if fmt in ("csv", "sarif", "github"):
        assert ran.out == direct
    assert deliverkit("render", str(listed), "-f", fmt).code == 2


def test_exit_codes_that_are_asked_for(deliverkit: Run) -> None:
    bad = ["audit", "twospf.example", *DEMO]
    assert deliverkit(*bad, "--exit-zero").code == 0
    unknown = ["audit", "silent.example", "bakery.example", *DEMO]
    assert deliverkit(*unknown).code == 3
    assert deliverkit(*unknown, "--allow-unknown").code == 0


def test_ignores_and_severities_of_the_configuration(
    deliverkit: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "deliverkit.toml"
    config.write_text('[[ignore]]\nfinding = "spf-multiple-records"\nreason = "moving"\nuntil = 2999-01-01\n')
    argv = ["audit", "twospf.example", "--replay", "demo", "--checks", "spf", "-f", "json"]
    ran = deliverkit(*argv)
    assert ran.code == 0
    [audit] = ran.json["audits"]
    assert [(i["id"], i["reason"], i["until"]) for i in audit["ignored"]] == [
        ("spf-multiple-records", "moving", "2999-01-01")
    ]
    assert (audit["outcome"], audit["steps"]) == ("pass", [])
    config.write_text('[[ignore]]\nfinding = "spf-multiple-records"\nreason = "moving"\nuntil = 2020-01-01\n')
    ran = deliverkit(*argv)
    assert ran.code == 1
    assert "expired" in ran.err
    config.write_text('[severity]\nspf-multiple-records = "notice"\n')
    ran = deliverkit(*argv)
    assert (ran.code, ran.json["audits"][0]["outcome"]) == (0, "pass")


def test_state_needs_a_file_and_lines(deliverkit: Run, tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    assert deliverkit("audit", "x.example", *DEMO, "--state", state).code == 2
    out = str(tmp_path / "out")
    assert deliverkit("audit", "x.example", *DEMO, "--state", state, "-o", out, "-f", "html").code == 2


def test_a_bug_in_one_domain_is_told_and_the_others_go_on(
    deliverkit: Run, monkeypatch: pytest.MonkeyPatch, listed: Path
) -> None:
    from deliverkit.bulk import engine

    plain = engine.audit

    async def sometimes(target: object, *rest: object, **more: object) -> object:
        if target.domain == "bakery.example":  # type: ignore[attr-defined]
            raise ZeroDivisionError("on purpose")
        return await plain(target, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "audit", sometimes)
    ran = deliverkit("audit", "-i", str(listed), *DEMO, "-f", "json")
    assert ran.code == 70
    assert "ZeroDivisionError" in ran.json["audits"][0]["error"]
    assert ran.json["audits"][1]["outcome"] == "fail"


def start(folder: Path, *more: str) -> subprocess.Popen[bytes]:
    """A run over 150 domains with a journal, as a process of its own."""
    (folder / "list").write_text("".join(f"d{i}.example\n" for i in range(150)))
    command = [sys.executable, "-m", "deliverkit", "audit", "-i", str(folder / "list"), "--replay", "demo"]
    command += ["-f", "jsonl", "-o", str(folder / "out"), "--state", str(folder / "state"), "--checks", "spf,dkim"]
    return subprocess.Popen([*command, *more], stderr=subprocess.PIPE, env={**os.environ, "CI": "1"})


def grown(folder: Path, size: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the output has grown; it does, or the run ends."""
    out = folder / "out"
    while process.poll() is None and not (out.exists() and out.stat().st_size >= size):
        time.sleep(0.005)


@pytest.mark.parametrize("ignoring", [False, True], ids=["", "in the background of a shell"])
def test_a_run_that_is_told_to_end_leaves_nothing_behind(tmp_path: Path, ignoring: bool) -> None:
    command = [sys.executable, "-m", "deliverkit", "audit", "-i", str(tmp_path / "list"), "--replay", "demo"]
    for domains in (2_000, 8_000, 32_000):  # a quick machine may be done before it is told
        (tmp_path / "list").write_text("".join(f"d{i}.example\n" for i in range(domains)))
        line = shlex.join([*command, "-f", "html", "-o", str(tmp_path / "out")])
        trapped = f"trap '' INT; exec {line}" if ignoring else f"exec {line}"
        process = subprocess.Popen(["sh", "-c", trapped], stderr=subprocess.DEVNULL)
        while process.poll() is None and len(list(tmp_path.iterdir())) == 1:
            time.sleep(0.005)
        time.sleep(0.1)  # past the opening of the file, into the run
        process.send_signal(signal.SIGTERM)
        if process.wait() == 130:
            break
        (tmp_path / "out").unlink()
    assert process.returncode == 130
    assert [path.name for path in tmp_path.iterdir()] == ["list"]


@pytest.mark.parametrize(("how", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_a_run_that_was_ended_goes_on(tmp_path: Path, how: int, code: int) -> None:
    for size in (1, 75_000):
        process = start(tmp_path)
        grown(tmp_path, size, process)
        process.send_signal(how)
        assert process.wait() in (code, 1)
        if how == signal.SIGINT and process.returncode == code and process.stderr:
            assert b"goes on from there" in process.stderr.read()
    assert start(tmp_path).wait() == 1
    found = [audit["domain"] for audit in lines(tmp_path / "out")]
    assert found == [f"d{i}.example" for i in range(150)]
