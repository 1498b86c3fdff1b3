"""The same audit on a real Dask cluster of this machine, also when a worker is killed in the middle."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asking import command
from real_servers import answers, free_port

pytest.importorskip("distributed")

COUNT = 400
ARGS = ("--replay", "demo", "--checks", "spf,dkim,dmarc,mx", "-f", "jsonl")


class Cluster:
    """A scheduler and its workers, each a process."""

    def __init__(self, folder: Path) -> None:
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self._folder = folder
        port = self.address.rpartition(":")[2]
        self._all = [self._start("scheduler", "--host", "127.0.0.1", "--port", port)]
        self.workers: list[subprocess.Popen[bytes]] = []

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        log = (self._folder / f"{words[0]}.log").open("ab")
        command = [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:], "--no-dashboard"]
        return subprocess.Popen(command, stdout=log, stderr=log)

    def work(self, count: int) -> None:
        """Start workers, and wait until the scheduler knows them."""
        from distributed import Client

        for _ in range(count):
            words = ("worker", self.address, "--nthreads", "1", "--no-nanny", "--local-directory", str(self._folder))
            self.workers.append(self._start(*words))
        with Client(self.address, timeout=30) as client:  # type: ignore[no-untyped-call]
            client.wait_for_workers(count, timeout=30)

    def end(self) -> None:
        for process in [*self.workers, *self._all]:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path)
    yield made
    made.end()


def results(path: Path) -> list[dict[str, Any]]:
    """Without the times, which are never the same."""
    found = [json.loads(line) for line in path.read_text().splitlines()]
    for audit in found:
        for part in (audit, *audit["checks"]):
            del part["elapsed"]
    return found


def test_results_are_those_of_a_local_run_though_a_worker_dies(cluster: Cluster, tmp_path: Path) -> None:
    listed = tmp_path / "list"
    listed.write_text("bakery.example\ntwospf.example\n" + "".join(f"d{i}.example\n" for i in range(COUNT)))
    here, there = tmp_path / "here", tmp_path / "there"
    assert command("audit", "-i", str(listed), *ARGS, "-o", str(here)).code == 1
    cluster.work(2)
    argv = ["audit", "-i", str(listed), *ARGS, "--scheduler", cluster.address, "--state", str(tmp_path / "state")]
    run = subprocess.Popen([sys.executable, "-m", "deliverkit", *argv, "-o", str(there)], stderr=subprocess.DEVNULL)
    while run.poll() is None and not (there.exists() and there.stat().st_size):
        answers(1)
    cluster.workers[0].kill()
    assert run.wait() == 1
    assert results(there) == results(here)


def test_a_scheduler_that_is_not_there(tmp_path: Path) -> None:
    ran = command("audit", "x.example", "--replay", "demo", "--scheduler", f"tcp://127.0.0.1:{free_port()}")
    assert ran.code == 2
    assert "does not answer" in ran.err
