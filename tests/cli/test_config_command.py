"""Settings at the command line: shown with their place, and taken as defaults by the flags."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import pytest

from deliverkit.cli.config import reference
from deliverkit.cli.main import COMMANDS, cli
from deliverkit.config.schema import KEYS

Run = Callable[..., "Ran"]  # noqa: F821
REPLY = "550 5.1.1 User unknown"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _configure(text: str) -> None:
    Path("deliverkit.toml").write_text(text, encoding="utf-8")


def test_show_says_where_each_value_comes_from(deliverkit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    _configure('[network]\ntimeout = 1.5\n[severity]\nspf-missing = "warning"\n')
    monkeypatch.setenv("DELIVERKIT_AUDIT_FAIL_ON", "never")
    shown = deliverkit("config", "show", "--format", "json").json
    assert shown["schema"] == "deliverkit.config/1"
    by_key = {each["key"]: each for each in shown["settings"]}
    assert set(by_key) == {key.name for key in KEYS}
    assert by_key["network.timeout"]["origin"] == {
        "kind": "project",
        "where": str(Path.cwd() / "deliverkit.toml"),
        "line": 2,
    }
    assert by_key["audit.fail_on"]["origin"]["where"] == "DELIVERKIT_AUDIT_FAIL_ON"
    assert by_key["network.deadline"]["origin"]["kind"] == "default"
    assert shown["severity"][0]["severity"] == "warning"
    text = deliverkit("config", "show", "--changed").out
    assert [line.split()[:2] for line in text.splitlines()] == [
        ["network.timeout", "1.5"],
        ["audit.fail_on", '"never"'],
        ["severity.spf-missing", '"warning"'],
    ]


def test_a_password_is_not_shown(deliverkit: Run) -> None:
    _configure('[store]\nurl = "postgresql://mail:geheim@db.example.com/x"\n')
    ran = deliverkit("config", "show")
    assert "geheim" not in ran.out
    assert "mail:***@db.example.com" in ran.out


def test_path_and_validate(deliverkit: Run) -> None:
    empty = deliverkit("config", "path")
    assert (empty.code, empty.out) == (0, "")
    assert "deliverkit.toml" in empty.err
    _configure("[network]\ntimeout = 1\n")
    assert deliverkit("config", "path").out.strip() == str(Path.cwd() / "deliverkit.toml")
    assert deliverkit("config", "validate", "--format", "json").json["valid"] is True
    _configure("[network]\ntimout = 1\n")
    assert deliverkit("config", "path").code == 0
    wrong = deliverkit("config", "validate")
    assert wrong.code == 2
    assert "deliverkit.toml:2" in wrong.err
    assert "'timeout'" in wrong.err


def test_validate_tells_ignores_that_expired(deliverkit: Run) -> None:
    _configure('[[ignore]]\nfinding = "spf-missing"\nreason = "moving"\nuntil = 2020-01-01\n')
    ran = deliverkit("config", "validate")
    assert ran.code == 0
    assert "2020-01-01" in ran.err


def test_a_mistake_stops_every_command(deliverkit: Run) -> None:
    _configure("[network]\ntimout = 1\n")
    assert deliverkit("explain", REPLY).code == 2
    assert deliverkit("--no-config", "explain", REPLY).code == 0
    assert deliverkit("explain", "--help").code == 0
    failed = deliverkit("explain", REPLY, "--format", "json")
    assert failed.json["error"]["exit_code"] == 2


def test_flags_take_their_defaults_from_the_settings(deliverkit: Run) -> None:
    audit = ["audit", "twospf.example", "--replay", "demo"]
    assert deliverkit(*audit).code == 1
    _configure('[output]\nformat = "json"\n[audit]\nfail_on = "never"\nchecks = ["spf"]\n')
    ran = deliverkit(*audit)
    assert ran.code == 0
    assert [check["check"] for check in ran.json["audits"][0]["checks"]] == ["spf"]
    assert deliverkit(*audit, "--fail-on", "error", "--format", "text").code == 1


def test_flags_beat_settings_that_switch(deliverkit: Run) -> None:
    _configure('[network]\nhttp = false\ntimeout = 1.5\nnameservers = ["192.0.2.1"]\n')
    text = deliverkit("audit", "--help").out
    assert "default: 1.5" in text
    command = cli.get_command(click.Context(cli), "audit")
    assert command is not None
    assert "--http" in {name for parameter in command.params for name in parameter.opts}


def test_a_form_that_a_command_does_not_have_leaves_its_own(deliverkit: Run) -> None:
    _configure('[output]\nformat = "junit"\n')
    assert deliverkit("codes", "550").code == 0


def test_failures_come_in_the_form_that_is_set(deliverkit: Run) -> None:
    _configure('[output]\nformat = "json"\n')
    assert deliverkit("audit", "not a domain").json["error"]["exit_code"] == 2
    assert deliverkit("audit", "not a domain", "--format", "text").out == ""


def test_the_screen_alone_takes_its_settings_too(deliverkit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[dict[str, object]] = []

    def start(text: str | None = None, network: object = None, lang: str | None = None, **rest: object) -> int:
        started.append({"network": network, **rest})
        return 0

    monkeypatch.setattr("deliverkit.cli.tui.start", start)
    monkeypatch.setattr("deliverkit.cli.main.sys", _Terminal())
    _configure('[keys]\n"app.audit" = "f6"\n')
    assert deliverkit().code == 0
    _configure("[network]\ntimeout = 1.5\n")
    assert deliverkit().code == 0
    assert deliverkit("--no-config").code == 0
    assert started[0]["keys"] == {"app.audit": "f6"}
    assert getattr(started[1]["network"], "timeout", None) == 1.5
    assert started[2] == {"network": None}


class _Terminal:
    """``sys`` of somebody who sits at a terminal."""

    class _Stream:
        def isatty(self) -> bool:
            return True

    stdin = stdout = _Stream()


def test_a_file_named_with_config(deliverkit: Run) -> None:
    Path("other.toml").write_text('[output]\nformat = "json"\n', encoding="utf-8")
    assert deliverkit("--config", "other.toml", "explain", REPLY).json["results"]
    missing = deliverkit("--config", "none.toml", "explain", REPLY)
    assert missing.code == 2
    assert "none.toml" in missing.err


def test_every_flag_that_is_named_exists() -> None:
    context = click.Context(cli)
    names = {
        parameter.name
        for name in COMMANDS
        if (command := cli.get_command(context, name))
        for sub in (command.commands.values() if isinstance(command, click.Group) else [command])
        for parameter in sub.params
    }
    assert {key.parameter for key in KEYS if key.parameter} <= names


def test_the_reference_page_is_what_the_schema_says(project: Path) -> None:
    page = (project / "docs" / "en" / "reference" / "configuration.md").read_text(encoding="utf-8")
    assert reference() in page, "run: deliverkit config keys --format markdown"


def test_keys_lists_all(deliverkit: Run) -> None:
    assert {each["key"] for each in deliverkit("config", "keys", "--format", "json").json["keys"]} == {
        key.name for key in KEYS
    }
    assert "DELIVERKIT_NETWORK_TIMEOUT" in deliverkit("config", "keys").out


def test_the_deadline_says_that_an_audit_has_one_for_each_domain(deliverkit: Run) -> None:
    described = next(key.help for key in KEYS if key.name == "network.deadline")
    for said in (described, " ".join(deliverkit("audit", "--help").out.split())):
        assert "for each domain; what is not answered by then is unknown" in said
