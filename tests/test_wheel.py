"""What is shipped works without the sources: knowledge as JSON, in a fresh environment, nothing else installed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from deliverkit.knowledge import Knowledge
from deliverkit.knowledge.compiling import parts

pytestmark = pytest.mark.integration

COUNT = """
import json, deliverkit
from deliverkit.knowledge import load, languages
k = load()
counts = {part: len(getattr(k, part)) for part in json.loads(%r)}
counts["reason texts"] = len(k.text("reasons"))
counts["languages"] = list(languages())
counts["from"] = deliverkit.__file__
print(json.dumps(counts))
"""


@pytest.fixture(scope="module")
def wheel(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of what is under version control, as a fresh clone would."""
    copy = tmp_path_factory.mktemp("clone")
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=project, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        if (project / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(project / name, copy / name)
    out = tmp_path_factory.mktemp("dist")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--no-build-isolation", "--wheel-dir", out, copy], check=True)
    [built] = out.glob("*.whl")
    return built


def test_wheel_has_compiled_knowledge_and_no_sources(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    knowledge = [name for name in names if name.startswith("deliverkit/knowledge/")]
    assert [name for name in knowledge if name.endswith(".toml")] == []
    assert {f"deliverkit/knowledge/.compiled/{part}.json" for part in ("reasons", "rules", "findings")} <= set(
        knowledge
    )
    assert "deliverkit/demo/world.toml" in names
    assert "deliverkit_tui/__init__.py" in names
    assert [name for name in names if name.startswith(("tests/", "scripts/", "docs/"))] == []


def test_installed_wheel_knows_what_the_sources_know(wheel: Path, tmp_path: Path, knowledge: Knowledge) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, wheel], check=True)
    run = subprocess.run(
        [python, "-c", COUNT % json.dumps(parts())], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    counts = json.loads(run.stdout)
    assert counts.pop("from").startswith(str(tmp_path))
    assert counts.pop("languages")[0] == "en"
    assert counts.pop("reason texts") == len(knowledge.text("reasons"))
    assert counts == {part: len(getattr(knowledge, part)) for part in parts()}
