"""The recipes for other programs, tried as far as this machine can: action, hook, systemd, cron."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture
def deliverkit_on_path(tmp_path: Path) -> Path:
    """A folder with a ``deliverkit`` that asks the demo's world."""
    folder = tmp_path / "deliverkit" / "bin"
    folder.mkdir(parents=True)
    program = folder / "deliverkit"
    program.write_text(
        f'#!/bin/sh\ncommand=$1; shift\n[ "$command" = audit ] && set -- --replay demo --checks spf "$@"\n'
        f'exec {sys.executable} -m deliverkit "$command" "$@"\n'
    )
    program.chmod(0o755)
    return folder


def action(folder: Path, cwd: Path, **inputs: str) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    """Run the script of the action's step as a runner does."""
    data: Any = yaml.safe_load((ROOT / "action.yml").read_text())
    step = next(s for s in data["runs"]["steps"] if s.get("id") == "audit")
    values = {name: spec["default"] for name, spec in data["inputs"].items()} | inputs
    names = {name: text.removeprefix("${{ inputs.").removesuffix(" }}") for name, text in step["env"].items()}
    environment = {name: values[input_] for name, input_ in names.items()}
    out = cwd / "github_output"
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=cwd,
        env={**os.environ, **environment, "RUNNER_TEMP": str(folder.parents[1]), "GITHUB_OUTPUT": str(out)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done, dict(line.split("=", 1) for line in out.read_text().splitlines())


def test_the_action_annotates_and_fails(deliverkit_on_path: Path, tmp_path: Path) -> None:
    (tmp_path / "domains.txt").write_text("bakery.example\ntwospf.example\n")
    done, outputs = action(deliverkit_on_path, tmp_path, file="domains.txt", sarif="audit.sarif")
    assert (done.returncode, outputs["exit-code"]) == (1, "1"), done.stderr
    assert "::error file=domains.txt,line=2,title=twospf.example" in done.stdout
    assert json.loads((tmp_path / "audit.sarif").read_text())["version"] == "2.1.0"
    assert len(Path(outputs["result"]).read_text().splitlines()) == 2


def test_the_action_passes_and_runs_nothing_of_its_inputs(deliverkit_on_path: Path, tmp_path: Path) -> None:
    done, outputs = action(deliverkit_on_path, tmp_path, domains="bakery.example\nshop.example")
    assert (done.returncode, outputs["exit-code"]) == (0, "0"), done.stderr
    done, outputs = action(deliverkit_on_path, tmp_path, domains="x.example; touch owned $(touch owned) *")
    assert done.returncode == 2
    assert not (tmp_path / "owned").exists()


def test_hooks_name_commands_that_are_there(deliverkit_on_path: Path, tmp_path: Path) -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    by_id = {hook["id"]: hook for hook in hooks}
    (tmp_path / "domains.txt").write_text("twospf.example\n")
    (tmp_path / "brand").mkdir()
    (tmp_path / "brand" / "domains.txt").write_text("bakery.example\n")
    command = shlex.split(by_id["deliverkit-audit"]["entry"])
    environment = os.environ | {"PATH": f"{deliverkit_on_path}:{os.environ['PATH']}"}
    for lists, code in ((["domains.txt", "brand/domains.txt"], 1), (["brand/domains.txt"], 0)):
        done = subprocess.run(
            [*command, *lists], capture_output=True, text=True, check=False, cwd=tmp_path, env=environment
        )
        assert done.returncode == code, done.stderr
        assert "bakery.example" in done.stdout
    command = [sys.executable, "-m", "deliverkit", *by_id["deliverkit-config"]["entry"].split()[1:]]
    assert subprocess.run(command, capture_output=True, check=False, cwd=tmp_path).returncode == 0


def test_units_are_valid() -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    units = [str(ROOT / "contrib" / "systemd" / f"deliverkit-audit.{kind}") for kind in ("service", "timer")]
    done = subprocess.run([program, "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_cron_prints_only_what_changed(deliverkit_on_path: Path, tmp_path: Path) -> None:
    keep, listed = tmp_path / "keep", tmp_path / "list.txt"
    script = [str(ROOT / "contrib" / "cron" / "deliverkit-audit"), str(listed), str(keep)]
    environment = {**os.environ, "PATH": f"{deliverkit_on_path}:{os.environ['PATH']}"}

    def night() -> str:
        return subprocess.run(script, env=environment, capture_output=True, text=True, check=True).stdout

    listed.write_text("bakery.example\n")
    assert night() == ""
    assert night() == ""
    listed.write_text("bakery.example\ntwospf.example\n")
    assert "spf-multiple-records" in night()
    assert sorted(path.name for path in keep.iterdir()) == ["last.jsonl"]
