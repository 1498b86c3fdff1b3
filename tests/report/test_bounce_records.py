"""Records: the same fields in every form, safe in a table, whatever is in them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.bounces.classify import default_classifier
from deliverkit.bounces.event import Event, Kind
from deliverkit.bounces.judged import Judge, Judged
from deliverkit.bounces.reply import parse_reply
from deliverkit.errors import InputError
from deliverkit.knowledge import load
from deliverkit.model import Bounce, Reply
from deliverkit.report.bounce_records import FIELDS, SCHEMA, Encoding, cell, chosen_columns, placed
from deliverkit.report.clean import one_line

HOSTILE = st.text(max_size=60)


def judged(text: str = "550 5.1.1 user unknown", recipient: str | None = "user@example.com", number: int = 7) -> Judged:
    bounce = Bounce(parse_reply(text), recipient, "News@Shop.Example", at="2026-11-22T07:00:00Z", source="postfix")
    event = Event(Kind.BOUNCE, bounce, "mail.log", number, "A1B2", theirs="bounced")
    return Judge(default_classifier(), load())(event)


def packed(encoding: Encoding, *found: Judged, before: int = 0) -> bytes:
    encoder = encoding.encoder(default_classifier(), load())
    return placed(encoder.pack([encoder.one(one, "abc") for one in found]), before)


def test_a_json_record_has_the_names_that_explain_has() -> None:
    record = json.loads(packed(Encoding("jsonl"), judged(), before=100))
    assert record["schema"] == SCHEMA
    assert record["number"] == 107
    assert record["reply"] == {"code": 550, "enhanced_code": "5.1.1", "text": "550 5.1.1 user unknown"}
    assert record["evidence"]["rule"]
    assert record["evidence"]["matched"] in record["reply"]["text"]
    assert record["sending_domain"] == "shop.example"
    assert (record["bounce_type"], record["address_action"], record["message_action"]) == ("hard", "suppress", "drop")
    assert record["incident"] == "abc"
    assert "address-remove" in record["steps"]
    assert "word" not in record


def test_a_word_of_another_vocabulary_is_added() -> None:
    assert json.loads(packed(Encoding("jsonl", vocabulary="sparkpost"), judged()))["word"] == "10"


@given(HOSTILE, HOSTILE, st.integers(0, 10**9))
def test_json_holds_whatever_it_was_given(text: str, recipient: str, before: int) -> None:
    found = judged()
    bounce = Bounce(Reply(550, None, text, text), recipient)
    found = found._replace(event=found.event._replace(bounce=bounce, theirs=text))
    data = packed(Encoding("jsonl"), found, found, before=before)
    lines = data.decode().split("\n")
    assert len(lines) == 3
    record = json.loads(lines[1])
    assert (record["number"], record["recipient"], record["reply"]["text"]) == (7 + before, recipient, text)


@given(HOSTILE, HOSTILE, st.integers(0, 10**9))
def test_a_table_has_one_row_a_record_and_no_formula(text: str, recipient: str, before: int) -> None:
    found = judged()
    bounce = Bounce(Reply(550, None, text, text), recipient)
    found = found._replace(event=found.event._replace(bounce=bounce, theirs=f"={text}", path="\0" + text))
    encoding = Encoding("csv")
    rows = list(
        csv.DictReader(io.StringIO((encoding.header() + packed(encoding, found, before=before)).decode(), newline=""))
    )
    assert len(rows) == 1
    assert rows[0]["number"] == str(7 + before)
    assert rows[0]["theirs"].startswith("'=")
    for value in rows[0].values():
        assert value[:1] not in ("=", "+", "-", "@")
        assert one_line(value) == " ".join(value.split())


@pytest.mark.parametrize("text", ["=1+1", "+49 1", "-1", "@SUM(A1)", "\t=1", "＝1+1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert cell(text)[0] not in "=+-@\t＝"


def test_columns_are_chosen_by_name() -> None:
    assert chosen_columns(None) == FIELDS
    assert chosen_columns("reason, recipient,reason") == ("reason", "recipient")
    with pytest.raises(InputError):
        chosen_columns("reason,nothing")
    encoding = Encoding("csv", ("reason", "number"))
    assert (
        encoding.header() + packed(encoding, judged(), before=1)
        == b"reason,number\r\ninvalid_address.unknown_user,8\r\n"
    )


def test_parquet_has_the_same_fields_in_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow")
    from pyarrow import parquet

    from deliverkit.report import bounce_parquet

    monkeypatch.setattr(bounce_parquet, "ROW_GROUP", 10)
    encoding = Encoding("parquet", vocabulary="ses")
    encoder = encoding.encoder(default_classifier(), load())
    sink = bounce_parquet.ParquetSink(tmp_path / "out.parquet", encoding.columns)
    for piece in range(5):
        found = [judged(f"550 5.1.1 user \ud800 unknown {n}", number=n) for n in range(1, 8)]
        sink.write(encoder.pack([encoder.one(one, "abc") for one in found]), piece * 7)
    sink.close()
    file = parquet.ParquetFile(tmp_path / "out.parquet")
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [10, 10, 10, 5]
    table = file.read()
    assert table.schema.names == list(FIELDS)
    assert table.column("number").to_pylist() == list(range(1, 36))
    assert table.column("reply_code").to_pylist() == [550] * 35
    assert "address-remove" in table.column("steps").to_pylist()[0]
    assert table.column("word").to_pylist()[0]
