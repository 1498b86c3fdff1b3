"""The screen in a browser: a server on localhost that hands out the page and says what it is."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

pytest.importorskip("textual_serve")
pytestmark = pytest.mark.integration
PATIENCE = 30.0


def test_serve_answers_on_localhost_only_and_warns(project: Path, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": f"{project}:{project / 'tui'}"}
    program = subprocess.Popen(
        [sys.executable, "-m", "deliverkit", "tui", "--serve", "--port", str(port), "--replay", "demo"],
        env=env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=tmp_path,
    )  # fmt: skip
    try:
        page = _page(f"http://localhost:{port}/")
        assert "deliverkit" in page
        listening = subprocess.run(["ss", "-ltnH"], capture_output=True, text=True, check=False).stdout
        heard = [line.split()[3] for line in listening.splitlines() if line.split()[3].endswith(f":{port}")]
        assert all(at.startswith(("127.0.0.1:", "[::1]:")) for at in heard)
    finally:
        program.terminate()
        _, told = program.communicate(timeout=PATIENCE)
    assert str(port) in told.decode()
    assert len(told.decode().splitlines()) >= 2


def _page(url: str) -> str:
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)
