"""A real Dask cluster of three worker processes, one of which is killed while it works: the same bytes as locally."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
distributed = pytest.importorskip("distributed")

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "intake"))

from mail_log import command, write_log  # noqa: E402

ENV = {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def cluster() -> Iterator[object]:
    with distributed.LocalCluster(
        n_workers=3, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as running:
        yield running


def processes(cluster: object) -> list[int]:
    with distributed.Client(cluster, set_as_default=False) as client:
        return list(client.run(os.getpid).values())


def test_a_cluster_gives_the_bytes_that_one_machine_gives(cluster: object, tmp_path: Path) -> None:
    log = write_log(tmp_path / "mail.log", 30_000)
    argv = [str(log), "-f", "jsonl"]
    expected = subprocess.run(
        command(tmp_path, 60_000, *argv, "-j", "1"), cwd=tmp_path, env=ENV, capture_output=True, check=True
    ).stdout
    victims = processes(cluster)
    assert len(set(victims)) == 3
    address = cluster.scheduler_address  # type: ignore[attr-defined]
    far = command(tmp_path, 60_000, *argv, "-o", str(tmp_path / "out"), "--scheduler", address)
    run = subprocess.Popen(far, cwd=tmp_path, env=ENV, stderr=subprocess.PIPE)
    part = tmp_path / "out.part"
    while not (part.exists() and part.stat().st_size):
        assert run.poll() is None, run.stderr.read().decode() if run.stderr else ""
        time.sleep(0.01)
    os.kill(victims[0], signal.SIGKILL)
    assert run.poll() is None
    assert run.wait(120) == 0, run.stderr.read().decode() if run.stderr else ""
    assert (tmp_path / "out").read_bytes() == expected
    assert victims[0] not in processes(cluster)


def test_no_scheduler_is_an_error_that_says_so(tmp_path: Path) -> None:
    log = write_log(tmp_path / "mail.log", 10)
    argv = command(tmp_path, 60_000, str(log), "--scheduler", "tcp://127.0.0.1:1")
    done = subprocess.run(argv, cwd=tmp_path, env=ENV, capture_output=True, timeout=60)
    assert done.returncode == 2
    assert b"tcp://127.0.0.1:1" in done.stderr
    assert b"Traceback" not in done.stderr
