"""The memory keeps each event once, in whatever order and form it comes, and never half a chunk."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from address_events import BLOCKED, DEAD, FULL, Record, mixture, record
from killing import ingest, killed_often
from store_rows import all_rows

from deliverkit.bounces.classify import default_classifier
from deliverkit.bounces.event import Kind
from deliverkit.bounces.files import Chunk
from deliverkit.bounces.judged import Judge
from deliverkit.bounces.reply import parse_reply
from deliverkit.errors import InputError, StoreError
from deliverkit.intake.keeping import keeper
from deliverkit.knowledge import load
from deliverkit.store import Ingested, Store
from deliverkit.store.policy import Policy, State
from deliverkit.store.rows import LONGEST_TEXT, masked, moment, normal

OPEN = ("events", "addresses")

KILLS = int(os.environ.get("DELIVERKIT_KILLS", "6"))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return str(tmp_path / "memory" / "addresses.db")


def state(store: Store, address: str) -> State | None:
    found = store.standing([address]).get(address)
    return found.state if found else None


def test_a_chunk_is_taken_once(url: str) -> None:
    records = [record("a@example.com", 1), record("b@example.com", 1, FULL), record(None, 1)]
    with Store.open(url) as store:
        assert store.ingest("one", records) == Ingested(new=2, known=0, left_out=1)
        before = all_rows(url)
        assert store.ingest("one", iter(())) == Ingested(0, 0, 0, skipped=True)
        assert (store.has("one"), store.has("two")) == (True, False)
        assert all_rows(url) == before


def test_the_same_events_in_another_file_change_nothing(url: str) -> None:
    with Store.open(url) as store:
        store.ingest("one", [record("a@example.com", 1, path="a.log", number=3)])
        before = all_rows(url, OPEN)
        again = [record("A@Example.COM", 1, path="b.log.gz", number=77)] * 2
        assert store.ingest("two", again) == Ingested(new=0, known=2, left_out=0)
        assert all_rows(url, OPEN) == before


@pytest.mark.parametrize("change", [{"day": 2}, {"recipient": "c@example.com"}, {"text": "552 no"}, {"reason": FULL}])
def test_only_what_is_said_makes_an_event_another_one(url: str, change: dict[str, object]) -> None:
    base: dict[str, object] = {"recipient": "a@example.com", "day": 1, "reason": DEAD}
    with Store.open(url) as store:
        store.ingest("one", [record(**base)])  # type: ignore[arg-type]
        got = store.ingest("two", [record(**base | change)])  # type: ignore[arg-type]
        assert got.new == (0 if "reason" in change else 1)


def test_any_order_and_any_cut_give_the_same_rows(tmp_path: Path) -> None:
    records = list(mixture(600, addresses=25))
    stores = []
    for number, size in enumerate((600, 41, 200)):
        random.Random(number).shuffle(records)
        stores.append(str(tmp_path / f"{number}.db"))
        with Store.open(stores[-1]) as store:
            for start in range(0, len(records), size):
                store.ingest(f"{number}-{start}", records[start : start + size])
    first = all_rows(stores[0], OPEN)
    assert len(first["addresses"]) == 25
    assert {row[2] for row in first["addresses"]} >= {"suppressed", "complaint", "unsubscribed"}
    assert [all_rows(each, OPEN) for each in stores[1:]] == [first, first]


def test_what_is_kept_of_an_address_is_what_its_whole_history_says(url: str) -> None:
    delivered = [record("fine@example.com", day, kind=Kind.DELIVERED) for day in (3, 9, 5)]
    with Store.open(url) as store:
        store.ingest("one", [*mixture(400, addresses=40), *delivered])
        kept = {entry.address: entry for entry in store.entries()}
        for address, entry in kept.items():
            why = store.why(address)
            assert why is not None
            made = why.decision
            assert (made.state, made.rule, made.reason, made.since, made.soft) == entry[2:]
        assert (kept["fine@example.com"].rule, kept["fine@example.com"].since) == (
            "delivered",
            moment("2026-01-10T08Z"),
        )


def test_a_failing_source_leaves_nothing_of_its_chunk(url: str) -> None:
    def broken() -> Iterator[Record]:
        yield record("a@example.com", 1)
        raise RuntimeError

    with Store.open(url) as store:
        before = all_rows(url)
        with pytest.raises(RuntimeError):
            store.ingest("one", broken())
        assert all_rows(url) == before


def test_why_has_the_whole_story_in_order(url: str) -> None:
    with Store.open(url) as store:
        store.ingest("one", [record("a@example.com", day, FULL) for day in (9, 2, 4, 6, 1)])
        store.ingest("two", [record("a@example.com", 3, BLOCKED)])
        why = store.why("A@example.com")
        assert why is not None
        assert (why.entry.state, why.decision.state, why.decision.rule) == (*[State.SUPPRESSED] * 2, "soft-repeated")
        assert [row.reason for row in why.history] == [FULL, FULL, BLOCKED, FULL, FULL, FULL]
        assert set(why.decision.events) == {row.id for row in why.history if row.reason == FULL}
        assert store.why("z@example.com") is None


@pytest.mark.parametrize(
    ("last", "stands"),
    [
        ("450 4.7.1 Client host rejected: Greylisted, try again later", State.ACTIVE),
        ("452 4.2.2 The email account that you tried to reach is over quota", State.SOFT),
        (None, State.SOFT),
    ],
)
def test_behind_a_queue_that_gave_up_stands_its_cause(url: str, last: str | None, stands: State) -> None:
    judge = Judge(default_classifier(), load())
    event = record("a@example.com", 1, text="554 5.4.7 delivery time expired")[0]
    judged = judge(event._replace(last=parse_reply(last) if last else None))
    assert judged.verdict.reason == "recipient_error.expired"
    with keeper(url) as keep:
        keep(Chunk.__new__(Chunk), [judged])
    with Store.open(url) as store:
        assert state(store, "a@example.com") is stands


def test_by_hand(url: str) -> None:
    with Store.open(url) as store:
        assert store.add(["a@example.com", "no address"], at=1000, note="asked on the phone") == ["no address"]
        assert state(store, "a@example.com") is State.MANUAL
        store.remove(["a@example.com"], at=2000)
        assert state(store, "a@example.com") is State.ACTIVE
        given = [("b@example.com", State.COMPLAINT, None, 5), ("x", State.MANUAL, None, None)]
        assert store.bring(given) == ["x"]
        before = all_rows(url)
        store.bring(given)
        assert all_rows(url) == before
        assert state(store, "b@example.com") is State.COMPLAINT


def test_another_policy_is_applied_to_all(url: str) -> None:
    with Store.open(url) as store:
        store.ingest("one", [record(f"u{n}@example.com", day, FULL) for n in range(40) for day in (1, 2)])
        assert store.counts()["soft"] == 40
    with Store.open(url, policy=Policy(soft_failures=2, soft_days=1)) as store:
        assert store.counts()["suppressed"] == 40
    with Store.open(url, create=False) as store:
        assert store.counts()["soft"] == 40


def test_lists_by_state_and_domain(url: str) -> None:
    with Store.open(url) as store:
        store.ingest("one", [record("b@example.com", 1), record("a@example.org", 1), record("c@example.org", 1, FULL)])
        assert [e.address for e in store.entries()] == ["a@example.org", "b@example.com", "c@example.org"]
        assert [e.address for e in store.entries([State.SUPPRESSED], "Example.org")] == ["a@example.org"]
        assert store.reasons() == [("suppressed", DEAD, 2)]
        assert store.standing(["B@example.com", "none"])["B@example.com"].state is State.SUPPRESSED


def test_no_plain_address_is_kept(url: str, tmp_path: Path) -> None:
    key = tmp_path / "keys" / "recipients.key"
    events = [
        record(
            "jane.doe@example.com", 1, text="550 5.1.1 <Jane.Doe@example.com>: user jane.doe unknown, ask x@example.net"
        ),
        record("jane.doe@example.com", 2, kind=Kind.COMPLAINT, text="250 from jane.doe@example.com"),
        record("jane.doe@example.com", 1, FULL, text="452 " + "x" * (LONGEST_TEXT - 9) + " jane.doe@example.com"),
    ]
    with Store.open(url, hash_recipients=True, key_file=key) as store:
        assert store.hashes
        store.ingest("one", events)
        store.add(["jim@example.com"], at=5, note="jim@example.com asked")
        assert state(store, "Jane.Doe@example.com") is State.COMPLAINT
        token = store.standing(["jane.doe@example.com"])["jane.doe@example.com"].address
        assert state(store, token) is State.COMPLAINT
        assert [e.address for e in store.entries([State.COMPLAINT])] == [token]
        assert store.why("jim@example.com") is not None
        assert store.ingest("two", events).new == 0
    written = b"".join(file.read_bytes() for file in Path(url).parent.iterdir()).lower()
    assert b"jane" not in written
    assert b"jim" not in written
    assert b"x@example.net" not in written
    assert key.stat().st_mode & 0o777 == 0o600


def test_hashed_stores_need_their_key_and_stay_hashed(url: str, tmp_path: Path) -> None:
    key, other = tmp_path / "a.key", tmp_path / "b.key"
    Store.open(url, hash_recipients=True, key_file=key).close()
    with Store.open(url, key_file=key) as store:
        assert store.hashes
    with pytest.raises(StoreError, match=r"b\.key"):
        Store.open(url, key_file=other)
    other.write_text("00" * 32)
    with pytest.raises(StoreError, match=r"b\.key"):
        Store.open(url, key_file=other)
    other.write_text("nonsense")
    with pytest.raises(StoreError, match=r"b\.key"):
        Store.open(url, key_file=other)


def test_a_plain_store_does_not_become_a_hashed_one(url: str, tmp_path: Path) -> None:
    Store.open(url).close()
    with pytest.raises(StoreError):
        Store.open(url, hash_recipients=True, key_file=tmp_path / "a.key")
    assert not (tmp_path / "a.key").exists()


@pytest.mark.parametrize("given", ["mysql://a/b", "sqlite://", "sqlite:///:memory:", "oracle://x", "://", "x://["])
def test_other_databases(given: str) -> None:
    with pytest.raises(InputError):
        Store.open(given)


def test_stores_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="missing"):
        Store.open(str(tmp_path / "missing.db"), create=False)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "text.db").write_text("this is no database " * 100)
    with pytest.raises(StoreError, match=r"text\.db"):
        Store.open(str(tmp_path / "text.db"))
    import sqlite3

    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE x (y)")
    other.close()
    with pytest.raises(StoreError, match=r"other\.db"):
        Store.open(str(tmp_path / "other.db"), create=False)
    with pytest.raises(StoreError):
        Store.open(str(tmp_path / "text.db" / "below.db"))
    with pytest.raises(StoreError):
        Store.open("postgresql://nobody:geheim@127.0.0.1:1/x")


def test_a_password_stands_in_no_error() -> None:
    with pytest.raises(StoreError) as caught:
        Store.open("postgresql://nobody:geheim@127.0.0.1:1/x")
    assert "geheim" not in str(caught.value) + caught.value.advice


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "\x1b[2J", "x" * 100_000, "'; DROP TABLE deliverkit_events;--"])
def test_hostile_words_are_kept_harmlessly(url: str, text: str) -> None:
    with Store.open(url) as store:
        event, verdict = record("a@example.com", 1)
        reply = event.bounce.reply.__class__(550, None, text, text)
        bounce = event.bounce.__class__(reply, f"a{text[:9]}@example.com", mx=text, at=text)
        store.ingest("one", [(event._replace(bounce=bounce), verdict), record("b@example.com", 1)])
        assert state(store, "b@example.com") is State.SUPPRESSED
        assert all(len(str(row)) < 3000 for row in all_rows(url)["events"])


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" <Jo.Doe@Example.COM.> ", "jo.doe@example.com"),
        ("jo@bücher.example", "jo@xn--bcher-kva.example"),
        ('"a b"@example.com', None),
        ("jo", None),
        ("@example.com", None),
        ("jo@", None),
        ("x" * 400 + "@example.com", None),
        ("jo@" + "ü" * 70 + ".example", None),
    ],
)
def test_addresses_are_kept_in_one_form(written: str, kept: str | None) -> None:
    assert normal(written) == kept


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1970-01-02", 86_400_000),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:00.5Z", 500),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_times(text: str | None, at: int | None) -> None:
    assert moment(text) == at


def test_masks_leave_other_words() -> None:
    assert masked("user al unknown, also alice", "al@example.com") == "user <address> unknown, also alice"
    assert masked("asked on the phone", "hmac:00") == "asked on the phone"


def test_a_kill_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    clean, torn = str(tmp_path / "clean.db"), str(tmp_path / "torn.db")
    assert ingest(clean, 2000, 100)
    assert killed_often(torn, 2000, 100, times=2, seed=4) == 2
    assert all_rows(torn) == all_rows(clean)


@pytest.mark.integration
def test_many_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    clean, torn = str(tmp_path / "clean.db"), str(tmp_path / "torn.db")
    assert ingest(clean, 6_000, 50)
    assert killed_often(torn, 6_000, 50, times=KILLS, seed=1) == KILLS
    assert all_rows(torn) == all_rows(clean)
