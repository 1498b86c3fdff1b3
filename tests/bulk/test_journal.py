"""The journal: every domain once, wherever a run was cut off."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverkit.bulk.journal import Journal
from deliverkit.bulk.order import Order
from deliverkit.errors import FileError

ORDERS = [Order(f"d{i}.example") for i in range(12)]


def go_on(folder: Path, *, until: int | None = None, commit_every: int = 3) -> Journal:
    """A run that ends without a word after ``until`` results."""
    journal = Journal.open(folder / "state", folder / "out", {"checks": ["spf"]}, "head\n")
    for count, order in enumerate(o for o in ORDERS if o.domain not in journal.done):
        if count == until:
            break
        journal.write(order, order.domain + "\n")
        if count % commit_every == commit_every - 1:
            journal.commit({"domains": count + 1})
    else:
        journal.commit({}, finished=True)
    return journal


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 12), max_size=4), st.integers(1, 5), st.randoms(use_true_random=False))
def test_every_domain_once(
    tmp_path_factory: pytest.TempPathFactory, ends: list[int], every: int, chance: random.Random
) -> None:
    folder = tmp_path_factory.mktemp("run")
    for end in ends:
        go_on(folder, until=end, commit_every=every).close()
        # What a crash leaves of the last line of either file.
        state, out = folder / "state", folder / "out"
        with out.open("ab") as handle:
            handle.write(b"d3.exam"[: chance.randint(0, 7)])
        with state.open("ab") as handle:
            handle.write(b'{"bytes": 9'[: chance.randint(0, 11)])
    go_on(folder).close()
    assert (folder / "out").read_text().splitlines() == ["head", *(order.domain for order in ORDERS)]


def test_a_finished_run_says_so(tmp_path: Path) -> None:
    go_on(tmp_path).close()
    journal = go_on(tmp_path)
    assert journal.finished
    assert len(journal.done) == 12
    journal.close()


def test_counts_are_those_of_the_last_commit(tmp_path: Path) -> None:
    go_on(tmp_path, until=7).close()
    journal = Journal.open(tmp_path / "state", tmp_path / "out", {"checks": ["spf"]})
    assert journal.counts == {"domains": 6}
    journal.close()


def test_another_run_is_refused(tmp_path: Path) -> None:
    go_on(tmp_path, until=5).close()
    with pytest.raises(FileError, match="checks"):
        Journal.open(tmp_path / "state", tmp_path / "out", {"checks": ["mx"]})
    with pytest.raises(FileError, match="output"):
        Journal.open(tmp_path / "state", tmp_path / "other", {"checks": ["spf"]})


def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_text("my notes\n")
    with pytest.raises(FileError, match="line 1"):
        Journal.open(path, tmp_path / "out", {})
    assert path.read_text() == "my notes\n"


def test_an_output_that_lost_results_is_noticed(tmp_path: Path) -> None:
    go_on(tmp_path, until=6).close()
    (tmp_path / "out").write_text("head\n")
    with pytest.raises(FileError, match="shorter"):
        Journal.open(tmp_path / "state", tmp_path / "out", {"checks": ["spf"]})


def test_two_runs_do_not_share_a_journal(tmp_path: Path) -> None:
    journal = go_on(tmp_path, until=3)
    with pytest.raises(FileError, match="another run"):
        Journal.open(tmp_path / "state", tmp_path / "out", {"checks": ["spf"]})
    journal.close()
