"""A table of one's own: columns by their usual names, or as named."""

from __future__ import annotations

from pathlib import Path

import pytest

from deliverkit.bounces.event import Event, Fault, Kind
from deliverkit.bounces.files import Chunk, chunks, read
from deliverkit.bounces.reading import recognised
from deliverkit.bounces.sources import About, detect
from deliverkit.bounces.sources.csv import Reader, layout
from deliverkit.errors import FileError, InputError


def rows(*lines: str | bytes, **columns: str) -> list[Event | Fault]:
    units = [(n, line if isinstance(line, bytes) else line.encode()) for n, line in enumerate(lines, 1)]
    return list(Reader(About("own.csv", columns=columns)).read(units))


@pytest.mark.parametrize(
    "header",
    [
        "Email,Reason",
        "\ufeffE-Mail;Bounce reason",
        "recipient\tdiagnostic_code",
        "Penerima|Alasan",
        "Alamat Email;Pesan Kesalahan",
        "Destinatário;Mensagem de erro",
        '"Endereço de e-mail","Motivo"',
        "id,To Address,SMTP response,date",
    ],
)
def test_the_usual_names_are_known(header: str) -> None:
    head = header.encode()
    assert detect(head + b"\n") == "csv"
    assert {"recipient", "reply"} <= layout(head, {}).places.keys()


def test_a_row_is_an_event() -> None:
    (event,) = rows(
        "Email;Reason;Date;Sender;Type",
        '"kim@example.net";"550 5.1.1\nUser unknown; sorry";2026-11-20 10:00:00;news@example.com;hard',
    )
    assert isinstance(event, Event)
    assert (event.bounce.recipient, event.bounce.reply.enhanced_code, event.number) == ("kim@example.net", "5.1.1", 2)
    assert event.bounce.reply.text.endswith("User unknown; sorry")
    assert (event.theirs, event.bounce.at, event.bounce.sender) == ("hard", "2026-11-20T10:00:00", "news@example.com")


def test_columns_may_be_named() -> None:
    (event,) = rows("A,B,email", "x@example.net,452 4.2.2 full,y@example.net", recipient="A", reply="B")
    assert isinstance(event, Event)
    assert (event.bounce.recipient, event.bounce.reply.code) == ("x@example.net", 452)


def test_codes_in_columns_of_their_own_are_put_before_the_words() -> None:
    (event,) = rows("email,code,dsn,reason", "kim@example.net,550,5.1.1,User unknown")
    assert isinstance(event, Event)
    assert event.bounce.reply.text == "550 5.1.1 User unknown"


def test_the_rows_behind_the_first_piece_know_the_header() -> None:
    about = About("own.csv", head=b"Email,Reason\nx,y\n")
    (event,) = Reader(about).read([(900, b"kim@example.net,550 5.1.1 no")])
    assert isinstance(event, Event)


@pytest.mark.parametrize(
    ("header", "columns", "named"),
    [
        ("Email,Foo", {}, "'Foo'"),
        ("Name,Foo", {}, "'Name', 'Foo'"),
        ("Email,Foo", {"reply": "Bar"}, "'Bar'"),
        ("Email,Foo", {"answer": "Foo"}, "'answer'"),
    ],
)
def test_a_lacking_column_is_an_error_that_names_those_found(header: str, columns: dict[str, str], named: str) -> None:
    with pytest.raises(InputError) as caught:
        layout(header.encode(), columns)
    assert named in str(caught.value)
    assert caught.value.advice
    assert rows(header, "a,b", **columns) == [Fault("own.csv", 1, "columns")]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("nobody,550 no", "recipient"),
        ("kim@example.net,", "reply"),
        (b"kim@example.net,550 \x00no", "encoding"),
        ('kim@example.net,"' + "x" * 200_000 + '"', "csv"),
        ("x" * 1_000_001, "too-long"),
    ],
)
def test_a_bad_row_is_a_fault_and_the_rest_goes_on(row: str | bytes, why: str) -> None:
    found = rows("email,reason", row, "kim@example.net,550 5.1.1 no")
    assert found[0] == Fault("own.csv", 2, why)
    assert isinstance(found[1], Event)


def test_rows_of_deliveries_and_complaints_have_their_kind() -> None:
    found = rows("email,status,reason", "a@example.net,delivered,250 OK", "b@example.net,spam,", "c@example.net,open,")
    assert [event.kind for event in found if isinstance(event, Event)] == [Kind.DELIVERED, Kind.COMPLAINT]


@pytest.mark.parametrize("head", [b"", b"{}", b"\xff\xfe\x00", b"From: a@example.net\n", b"a,b\n1,2\n", b"email\n"])
def test_what_is_no_such_table_is_not_recognised(head: bytes) -> None:
    assert detect(head) != "csv"


def test_named_columns_tell_what_a_file_is_wherever_it_comes_from(tmp_path: Path) -> None:
    table = b"A,B\nkim@example.net,550 5.1.1 no\n"
    (tmp_path / "own.csv").write_bytes(table)
    (tmp_path / "other.csv").write_bytes(b"C,D\n1,2\n")
    named = {"recipient": "A", "reply": "B"}
    assert (recognised(table), recognised(table, named)) == (None, "csv")
    found = [item for piece in chunks([str(tmp_path)], columns=named) for item in _all(piece)]
    assert [item.why for item in found if isinstance(item, Fault)] == ["unrecognised"]
    assert [item.bounce.recipient for item in found if isinstance(item, Event)] == ["kim@example.net"]


def _all(piece: Chunk | Fault) -> list[Event | Fault]:
    return [piece] if isinstance(piece, Fault) else list(read(piece))


def test_a_named_file_that_lacks_a_column_is_an_error_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_bytes(b"Email,Foo\nkim@example.net,x\n")
    with pytest.raises(FileError) as caught:
        list(chunks([str(path)]))
    assert "own.csv" in str(caught.value)
    assert "'Foo'" in str(caught.value)
