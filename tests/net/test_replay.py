"""Recordings: what is saved is what is answered later; what is hostile is refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.errors import FileError, ResolverError
from deliverkit.net import open_resolver
from deliverkit.net.record import RecordingResolver, document, save
from deliverkit.net.replay import ReplayResolver
from deliverkit.net.resolver import Answer, Resolver, Status

WORLD = {
    "zone": {
        "shop.example": {
            "@": {"TXT": ["v=spf1 -all", "caf\u00e9 \x00\x1b[31m"], "MX": "10 mx.shop.example"},
            "www": {"CNAME": "shop.example"},
            "_dmarc": {"status": "nxdomain", "then": {"TXT": "v=DMARC1; p=none"}},
            "slow": {"status": "timeout"},
        }
    }
}
QUESTIONS = [
    ("shop.example", "TXT", False, None),
    ("shop.example", "MX", False, None),
    ("www.shop.example", "TXT", False, None),
    ("_dmarc.shop.example", "TXT", False, None),
    ("_dmarc.shop.example", "TXT", True, None),
    ("_dmarc.shop.example", "TXT", False, "192.0.2.1"),
    ("slow.shop.example", "A", False, None),
    ("none.shop.example", "A", False, None),
]


async def _run(resolver: Resolver) -> list[Answer]:
    return [await resolver.query(n, t, fresh=f, server=s) for n, t, f, s in QUESTIONS]


async def test_a_recording_answers_as_the_run_was_answered(tmp_path: Path) -> None:
    recorder = RecordingResolver(ReplayResolver.from_zones(WORLD))
    seen = await _run(recorder)
    path = tmp_path / "run.json"
    save(path, recorder.answers(), {"made": "2026-01-02T03:04:05+00:00", "command": "audit shop.example"})
    assert await _run(ReplayResolver.load(path)) == seen
    async with open_resolver(replay=path) as cached:
        assert await _run(cached) == seen


async def test_the_file_is_sorted_and_reads_the_same_whatever_the_order(tmp_path: Path) -> None:
    recorder = RecordingResolver(ReplayResolver.from_zones(WORLD))
    await _run(recorder)
    answers = recorder.answers()
    meta = {"made": "2026-01-02"}
    assert document(answers, meta) == document(sorted(answers, key=lambda a: a.name), meta)
    save(tmp_path / "a.json", answers, meta)
    data = json.loads((tmp_path / "a.json").read_text())
    assert list(data) == ["schema", "made", "answers"]
    assert [len(row.get("looks", "x")) for row in data["answers"] if row["name"] == "_dmarc.shop.example"] == [2, 1]
    assert (tmp_path / "a.json").read_text().isascii()


async def test_what_was_not_asked_is_an_error_and_no_absence() -> None:
    replay = ReplayResolver.from_dict({"schema": "deliverkit.recording/1", "answers": []})
    answer = await replay.query("Other.example.", "txt")
    assert (answer.status, answer.name, answer.rdtype) == (Status.ERROR, "other.example", "TXT")
    assert answer.failed
    assert not answer.absent


async def test_a_named_server_is_recorded_apart() -> None:
    answer = Answer("x.example", "A", Status.NODATA, server="192.0.2.1", asked_server="192.0.2.1")
    replay = ReplayResolver.from_dict(document([answer]))
    assert (await replay.query("x.example", "A")).status is Status.ERROR
    assert (await replay.query("x.example", "A", server="192.0.2.1:53")) == answer
    with pytest.raises(ResolverError):
        await replay.query("x.example", "A", server="not an address")


def test_a_saved_file_leaves_nothing_else_behind(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    save(path, [])
    save(path, [Answer("x.example", "A", Status.TIMEOUT)])
    assert [p.name for p in tmp_path.iterdir()] == ["run.json"]
    assert json.loads(path.read_text())["answers"] == [{"name": "x.example", "rdtype": "A", "status": "timeout"}]


def test_saving_where_nothing_can_be_written_is_a_file_error(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        save(tmp_path / "no" / "such" / "folder.json", [])
    assert caught.value.advice


def test_a_failed_save_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.mkdir()
    with pytest.raises(FileError):
        save(path, [])
    assert [p.name for p in tmp_path.iterdir()] == ["run.json"]


def _row(**changes: object) -> str:
    row = {"name": "x.example", "rdtype": "A", "status": "noerror", "records": ["192.0.2.1"], **changes}
    return json.dumps({"schema": "deliverkit.recording/1", "answers": [row]})


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "JSON"),
        ("{", "JSON"),
        ("\xff", "JSON"),
        ("[" * 100_000, "JSON"),
        ("[]", "schema"),
        ("{}", "schema"),
        ('{"schema": "deliverkit.recording/2", "answers": []}', "schema"),
        ('{"schema": "deliverkit.recording/1"}', "answers"),
        ('{"schema": "deliverkit.recording/1", "answers": [3]}', "answers[0]"),
        (_row(name=None), "answers[0].name"),
        (_row(rdtype=1), "answers[0].rdtype"),
        (_row(status="fine"), "answers[0].status"),
        (_row(records=[]), "answers[0].records"),
        (_row(records="192.0.2.1"), "answers[0].records"),
        (_row(records=[["x"]]), "answers[0].records"),
        (_row(records=["x"] * 501), "answers[0].records"),
        (_row(records=["x" * 65537]), "answers[0].records"),
        (_row(status="nxdomain"), "answers[0].records"),
        (_row(ttl=-1), "answers[0].ttl"),
        (_row(ttl=True), "answers[0].ttl"),
        (_row(ttl=1e300), "answers[0].ttl"),
        (_row(cname={}), "answers[0].cname"),
        (_row(looks=[]), "answers[0].looks"),
        (_row(looks=[{}]), "answers[0].looks[0].status"),
        (_row(looks=["x"]), "answers[0].looks[0]"),
    ],
)
def test_a_hostile_recording_is_refused_with_its_place(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(FileError) as caught:
        ReplayResolver.load(path)
    assert str(path) in str(caught.value)
    assert named in str(caught.value)
    assert caught.value.advice


def test_a_huge_or_missing_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError):
        ReplayResolver.load(tmp_path / "none.json")
    huge = tmp_path / "huge.json"
    with huge.open("wb") as handle:
        handle.truncate(33 * 1024 * 1024)
    with pytest.raises(FileError):
        ReplayResolver.load(huge)


async def test_half_a_surrogate_pair_can_be_written_out() -> None:
    replay = ReplayResolver.from_dict(json.loads(_row(records=["\ud800x"])))
    answer = await replay.query("x.example", "A")
    assert answer.records[0].encode("utf-8")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = st.sampled_from(["name", "rdtype", "status", "records", "ttl", "cname", "server", "detail", "looks"])


@given(st.lists(st.dictionaries(_FIELDS, _JSON | st.sampled_from(["noerror", "timeout"])) | _JSON, max_size=3))
def test_any_rows_are_a_recording_or_a_file_error(rows: list[object]) -> None:
    try:
        assert ReplayResolver.from_dict({"schema": "deliverkit.recording/1", "answers": rows})
    except FileError:
        return
