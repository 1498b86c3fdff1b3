"""What the commands print is what the published schemas say, and the schemas are strict enough to notice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, ValidationError

from deliverkit.cli.main import run

SCHEMAS = Path(__file__).parents[2] / "docs" / "en" / "schemas"
GMAIL = "550-5.7.26 Your email has been blocked because the sender is unauthenticated. - gsmtp"
DEMO = ("--replay", "demo")
COMMANDS: dict[str, list[list[str]]] = {
    "audit": [
        ["bakery.example", "twospf.example", "silent.example", *DEMO],
        ["no domain"],
    ],
    "explain": [[GMAIL], ["550 5.1.1 User unknown"], ["gibberish"], ["421 4.7.0 Try again later"]],
    "diagnose": [[GMAIL, "--domain", "shop.example", "--ip", "192.0.2.10", *DEMO], [GMAIL, *DEMO]],
    "blocklists": [["198.51.100.25", "newsletter.example", *DEMO], ["192.168.1.1", *DEMO]],
}


def validator(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


Printed = Callable[..., str]


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    def call(*argv: str) -> str:
        run(list(argv))
        return capsys.readouterr().out

    return call


@pytest.mark.parametrize(("name", "argv"), [(name, argv) for name, each in COMMANDS.items() for argv in each])
def test_documents(printed: Printed, name: str, argv: list[str]) -> None:
    validator(name).validate(json.loads(printed(name, *argv, "--format", "json")))


@pytest.mark.parametrize("name", ["audit", "explain", "diagnose"])
def test_lines(printed: Printed, name: str) -> None:
    for line in printed(name, *COMMANDS[name][0], "--format", "jsonl").splitlines():
        validator(name).validate(json.loads(line))


def test_a_baseline_and_what_changed(printed: Printed, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("twospf.example\nnonsense here\n")
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    for path, domain in ((old, "bakery.example"), (new, "twospf.example")):
        printed("audit", domain, *DEMO, "--checks", "spf", "-f", "json", "-o", str(path))
    argv = ["-i", str(tmp_path / "list"), *DEMO, "--checks", "spf", "--baseline", str(old), "-f", "json"]
    document = json.loads(printed("audit", *argv))
    assert document["audits"][0]["changes"]["new"]
    assert document["dropped"]
    validator("audit").validate(document)
    validator("changes").validate(json.loads(printed("changes", str(old), str(new), "-f", "json")))


def test_a_key_that_is_lost_is_noticed(printed: Printed) -> None:
    text = printed("audit", "twospf.example", *DEMO, "--checks", "spf", "-f", "json")
    audit = json.loads(text)["audits"][0]
    for key in ("domain", "outcome", "checks", "platforms", "steps"):
        changed = json.loads(text)
        del changed["audits"][0][key]
        with pytest.raises(ValidationError):
            validator("audit").validate(changed)
    for key in audit["checks"][0]["findings"][0]:
        changed = json.loads(text)
        del changed["audits"][0]["checks"][0]["findings"][0][key]
        with pytest.raises(ValidationError):
            validator("audit").validate(changed)
