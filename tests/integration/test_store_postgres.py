"""The memory of addresses in a real PostgreSQL: the same rows as in SQLite, several writers, kills, dead servers."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from real_servers import START_WITHIN, free_port

# The events and the killing are those of the unit tests.
sys.path.append(str(Path(__file__).parents[1] / "store"))

from address_events import mixture, record
from killing import ingest, killed_often
from store_rows import all_rows

from deliverkit.errors import StoreError
from deliverkit.store import Store
from deliverkit.store.policy import Policy, State

OPEN = ("events", "addresses")


def _programs() -> Path:
    """Where initdb is: Debian keeps it out of the path, one folder a version."""
    for folder in [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]:
        if (folder / "initdb").is_file():
            return folder
    found = shutil.which("initdb")
    if found is None:
        pytest.skip("initdb is not installed (apt-get install postgresql)")
    return Path(found).parent


@dataclass
class Cluster:
    """A private PostgreSQL on loopback, run as nobody where we are root, which it refuses."""

    programs: Path
    folder: Path
    port: int
    _process: subprocess.Popen[bytes] | None = None
    _databases: list[str] = field(default_factory=list)

    def _as_somebody(self) -> dict[str, object]:
        if os.geteuid() != 0:
            return {}
        nobody = pwd.getpwnam("nobody")
        return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def make(self) -> None:
        (self.folder / "password").write_text("geheim\n")
        command = [self.programs / "initdb", "-D", self.folder / "data", "-U", "mail", "-A", "scram-sha-256"]
        command += ["--pwfile", self.folder / "password", "--no-sync", "--locale", "C.UTF-8", "-E", "UTF8"]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **self._as_somebody())  # type: ignore[call-overload]

    def start(self) -> None:
        command = [self.programs / "postgres", "-D", self.folder / "data", "-k", self.folder, "-h", "127.0.0.1"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # type: ignore[call-overload]
                [*command, "-p", str(self.port), "-c", "fsync=off"],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **self._as_somebody(),
            )
        end = time.monotonic() + 3 * START_WITHIN
        while time.monotonic() < end:
            with suppress(Exception):
                self.run("SELECT 1")
                return
            time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text())

    def stop(self, *, hard: bool = False) -> None:
        if self._process is not None:
            # SIGQUIT ends it without any care, as a crash does; SIGINT in good order.
            self._process.send_signal(3 if hard else 2)
            self._process.wait(START_WITHIN)
            self._process = None

    def run(self, sql: str) -> None:
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql)  # type: ignore[call-overload]

    def url(self, database: str) -> str:
        return f"postgresql://mail:geheim@127.0.0.1:{self.port}/{database}"

    def database(self) -> str:
        """URL of a new, empty database."""
        name = f"memory{len(self._databases)}"
        self._databases.append(name)
        self.run(f"CREATE DATABASE {name}")
        return self.url(name)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="deliverkit-postgres-"))
    folder.chmod(0o777)
    made = Cluster(programs, folder, free_port())
    try:
        made.make()
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def url(cluster: Cluster) -> str:
    return cluster.database()


def _rows(url: str, tables: tuple[str, ...] = OPEN) -> dict[str, list[tuple[object, ...]]]:
    return all_rows(url.replace("postgresql://", "postgresql+psycopg://"), tables)


def test_the_same_rows_as_in_sqlite(url: str, tmp_path: Path) -> None:
    records, file = list(mixture(5000)), str(tmp_path / "a.db")
    for place in (url, file):
        with Store.open(place) as store:
            for start in range(0, len(records), 700):
                store.ingest(f"chunk-{start}", records[start : start + 700])
            assert store.ingest("chunk-0", []).skipped
            again = store.ingest("once more", records)
            assert (again.new, again.known) == (0, 5000)
    assert _rows(url) == all_rows(file, OPEN)
    with Store.open(url, create=False) as one, Store.open(file, create=False) as other:
        assert list(one.entries()) == list(other.entries())
        assert one.counts() == other.counts()
        assert one.reasons() == other.reasons()
        assert one.why("user7@example.com") == other.why("user7@example.com")


def test_writers_at_the_same_time_decide_from_all_that_is_known(url: str, tmp_path: Path) -> None:
    records = list(mixture(4000, addresses=40))
    chunks = [(f"chunk-{n}", records[n : n + 100]) for n in range(0, 4000, 100)]
    alone = str(tmp_path / "a.db")
    with Store.open(alone) as store:
        for name, some in chunks:
            store.ingest(name, some)

    def work(part: int) -> None:
        with Store.open(url) as store:
            for name, some in chunks[part::4]:
                store.ingest(name, some)

    threads = [threading.Thread(target=work, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _rows(url, (*OPEN, "chunks")) == all_rows(alone, (*OPEN, "chunks"))


def test_kills_lose_nothing_and_double_nothing(cluster: Cluster) -> None:
    clean, torn = cluster.database(), cluster.database()
    assert ingest(clean, 20_000, 200)
    assert killed_often(torn, 20_000, 200, times=4, seed=2) == 4
    assert _rows(torn, (*OPEN, "chunks")) == _rows(clean, (*OPEN, "chunks"))


def test_hashes_policies_and_hands(url: str, tmp_path: Path) -> None:
    key = tmp_path / "recipients.key"
    with Store.open(url, hash_recipients=True, key_file=key) as store:
        store.ingest("one", [record("jane@example.com", 1, text="550 5.1.1 <jane@example.com> unknown\x00")])
        store.add(["jim@example.com"], at=1)
        assert store.bring([("joe@example.com", State.COMPLAINT, None, None)]) == []
        assert {e.state for e in store.entries()} == {State.SUPPRESSED, State.MANUAL, State.COMPLAINT}
        assert "jane" not in str(_rows(url))
    with Store.open(url, key_file=key, policy=Policy(dead_at_once=False)) as store:
        assert store.counts()["soft"] == 1
        assert "geheim" not in store.name


def test_a_server_that_dies_in_the_middle(cluster: Cluster) -> None:
    url = cluster.database()
    with Store.open(url) as store:
        store.ingest("one", mixture(300))
        before = _rows(url)

        def dying() -> Iterator[object]:
            yield from mixture(300, seed=2)
            cluster.stop(hard=True)

        try:
            with pytest.raises(StoreError) as caught:
                store.ingest("two", dying())  # type: ignore[arg-type]
        finally:
            cluster.start()
        assert "geheim" not in str(caught.value)
        assert _rows(url) == before
        assert store.ingest("two", mixture(300, seed=2)).new > 0


@pytest.mark.parametrize(
    "wrong",
    [
        lambda url: url.replace("geheim", "falsch"),
        lambda url: url + "x",
    ],
)
def test_what_the_server_refuses(url: str, wrong: Callable[[str], str]) -> None:
    with pytest.raises(StoreError) as caught:
        Store.open(wrong(url))
    assert "falsch" not in str(caught.value)


def test_an_empty_database_is_no_memory_yet(url: str) -> None:
    with pytest.raises(StoreError):
        Store.open(url, create=False)
    Store.open(url).close()
    Store.open(url, create=False).close()
