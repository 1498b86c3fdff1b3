"""Files of every kind: found, unpacked, cut and read, whatever they are called."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import pickle
import sys
import threading
from pathlib import Path

import pytest

from deliverkit.bounces import containers, units
from deliverkit.bounces.event import Event, Fault, Kind
from deliverkit.bounces.files import Chunk, chunks, read
from deliverkit.bounces.memory import Known, complete
from deliverkit.errors import FileError, InputError
from tests.bounces.made_logs import NOW, WRITERS, Attempt, Message, postfix, stamped, write

MAIL = (
    b"From: MAILER-DAEMON@mx.example.net\nTo: news@example.com\nSubject: Undelivered Mail Returned to Sender\n"
    b"Date: Fri, 20 Nov 2026 08:00:00 +0000\nMIME-Version: 1.0\n"
    b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n--b\n\n'
    b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n"
    b"Final-Recipient: rfc822; kim%d@example.net\nAction: failed\nStatus: 5.1.1\n"
    b"Diagnostic-Code: smtp; 550 5.1.1 User unknown\n\n--b--\n"
)
MBOX = b"".join(b"From MAILER-DAEMON Fri Nov 20 08:00:%02d 2026\n" % (n % 60) + MAIL % n + b"\n" for n in range(200))
MESSAGES = [
    Message([Attempt(f"p{n}@example.net", "450 4.2.0 Greylisted", "deferred")] * 3, n, expired=n % 3 == 0)
    for n in range(1, 200)
]
LOG = b"\n".join(write("postfix", MESSAGES)) + b"\n"


def pieces(*paths: Path | str, **options: object) -> list[Chunk]:
    found = list(chunks([str(path) for path in paths], now=NOW, **options))  # type: ignore[arg-type]
    assert all(isinstance(piece, Chunk) for piece in found)
    return [piece for piece in found if isinstance(piece, Chunk)]


def walked(found: list[Chunk]) -> list[Event | Fault]:
    """As the engine does it: numbers made right, what was pending filled in."""
    out: list[Event | Fault] = []
    known, path, before = Known(), "", 0
    for piece in found:
        piece = pickle.loads(pickle.dumps(piece))
        before = before if piece.start and piece.path == path else 0
        reading = read(piece)
        for item in reading:
            placed = item._replace(number=item.number + before) if before else item
            out += complete(placed, known) if isinstance(placed, Event) else [placed]
        known, path, before = known.then(reading.known), piece.path, before + reading.count
    return out


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "anything.bin"
    path.write_bytes(LOG)
    return path


@pytest.mark.parametrize("size", [1_000, 20_000, 1 << 20])
def test_a_log_in_pieces_is_the_log_as_one(log: Path, size: int) -> None:
    found = pieces(log, size=size)
    assert len(found) > 1 or size >= len(LOG)
    assert [piece.end for piece in found[:-1]] == [piece.start for piece in found[1:]]
    assert all(LOG[piece.end - 1 : piece.end] == b"\n" for piece in found)
    assert walked(found) == walked(pieces(log))
    assert sum(piece.size for piece in found) == len(LOG)


@pytest.mark.parametrize("size", [3_000, 1 << 20])
def test_an_mbox_in_pieces_is_the_mbox_as_one(tmp_path: Path, size: int) -> None:
    path = tmp_path / "x"
    path.write_bytes(MBOX)
    events = walked(pieces(path, size=size))
    assert [(e.number, e.bounce.recipient) for e in events if isinstance(e, Event)] == [
        (n + 1, f"kim{n}@example.net") for n in range(200)
    ]


def zstd(data: bytes) -> bytes:
    import zstandard

    half = len(data) // 2
    return zstandard.compress(data[:half]) + zstandard.compress(data[half:])


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lzma.compress, zstd], ids=["gzip", "bzip2", "xz", "zstd"]
)
def test_packed_files_are_told_by_their_content(log: Path, tmp_path: Path, pack: object) -> None:
    packed = tmp_path / "mail.log"
    packed.write_bytes(pack(LOG))  # type: ignore[operator]
    found = pieces(packed, size=1000)
    assert len(found) == 1
    assert [i._replace(path="") for i in walked(found)] == [i._replace(path="") for i in walked(pieces(log))]


def test_a_torn_packed_file_gives_what_it_holds_and_a_fault(tmp_path: Path) -> None:
    packed = tmp_path / "mail.log.gz"
    packed.write_bytes(gzip.compress(LOG * 20)[:-4000])
    items = walked(pieces(packed))
    assert [type(item) for item in items[-1:]] == [Fault]
    assert len(items) > 100


def test_zstd_without_its_library_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_bytes(zstd(LOG))
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(FileError) as caught:
        pieces(tmp_path / "x")
    assert "deliverkit[zstd]" in caught.value.advice


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_stdin_is_read_as_a_file(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: object) -> None:
    (tmp_path / "piped").write_bytes(pack(LOG))  # type: ignore[operator]
    stdin = (tmp_path / "piped").open("rb")
    monkeypatch.setattr(containers, "_STDIN", stdin.fileno())
    (piece,) = pieces("-")
    assert piece.is_stdin
    assert [i._replace(path="") for i in walked([piece])] == [i._replace(path="") for i in walked(pieces(log))]
    assert stdin.read() == b""  # it is still open
    stdin.close()


def test_a_pipe_with_a_name_is_read_once(log: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(LOG,))
    writer.start()
    (piece,) = pieces(tmp_path / "pipe")
    assert piece.is_stdin
    assert [i._replace(path="") for i in walked([piece])] == [i._replace(path="") for i in walked(pieces(log))]
    writer.join()


def test_a_maildir_is_what_was_delivered(tmp_path: Path) -> None:
    for folder in ("cur", "new", "tmp"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "1.a:2,S").write_bytes(MAIL % len(folder + folder[0]))
    (piece,) = pieces(tmp_path)
    assert [Path(file).parent.name for file in piece.files] == ["cur", "new"]
    items = walked([piece])
    assert [(item.path, item.number) for item in items] == [(file, 1) for file in piece.files]


def test_a_folder_of_everything(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "one.eml").write_bytes(MAIL % 1)
    (tmp_path / "a.mbox").write_bytes(MBOX)
    (tmp_path / "mail.log").write_bytes(LOG)
    (tmp_path / "kumo.json").write_bytes(b"\n".join(write("kumomta", MESSAGES[:3])))
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (tmp_path / "empty").write_bytes(b"")
    found = list(chunks([str(tmp_path)], now=NOW))
    assert [f for f in found if isinstance(f, Fault)] == [Fault(str(tmp_path / "picture.png"), 0, "unrecognised")]
    items = walked([f for f in found if isinstance(f, Chunk)])
    sources = {item.bounce.source for item in items if isinstance(item, Event)}
    assert sources == {"mail", "postfix", "kumomta"}
    assert not [item for item in items if isinstance(item, Fault)]


def test_rotated_logs_are_read_from_the_oldest(tmp_path: Path) -> None:
    message = Message([Attempt("kim@example.net", "450 4.2.0 Greylisted", "deferred")], 1, expired=True)
    lines = stamped(postfix(message))
    (tmp_path / "mail.log.1").write_bytes(b"\n".join(lines[:6]) + b"\n")
    (tmp_path / "mail.log").write_bytes(b"\n".join(lines[6:]) + b"\n")
    events = walked(pieces(tmp_path / "mail.log", tmp_path / "mail.log.1"))
    over = events[-1]
    assert isinstance(over, Event)
    assert (over.theirs, over.bounce.recipient, over.number) == ("expired", "kim@example.net", 1)
    assert over.last is not None
    assert over.last.code == 450
    assert over.message_id == message.message_id


@pytest.mark.parametrize("shape", ["lines", "array", "pretty", "array on lines", "array of pretty"])
def test_json_of_every_shape(tmp_path: Path, shape: str) -> None:
    records = [json.loads(line) for line in write("kumomta", MESSAGES[:9])]
    text = {
        "lines": "\n".join(map(json.dumps, records)),
        "array": json.dumps(records),
        "pretty": "\n".join(json.dumps(record, indent=2) for record in records),
        "array on lines": "\n".join(json.dumps([record]) for record in records),
        "array of pretty": json.dumps(records, indent=2),
    }[shape]
    (tmp_path / "x").write_text(text)
    items = walked(pieces(tmp_path / "x"))
    assert len(items) == len(records)
    assert all(isinstance(item, Event) for item in items)
    assert [item.number for item in items] == list(range(1, len(records) + 1))


def test_a_corrupt_line_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    lines = write("postfix", MESSAGES[:3])
    cut = next(line for line in lines if b"status=" in line).partition(b", dsn=")[0]
    noise = b"Nov 20 08:00:00 mx1 dovecot: hello"
    damaged = [lines[0], b"\x00\x01 torn", noise, b"x" * (3 * units.MAX_LINE), cut, *lines[1:]]
    (tmp_path / "x").write_bytes(b"\r\n".join(damaged))
    items = walked(pieces(tmp_path / "x"))
    faults = {item.number: item.why for item in items if isinstance(item, Fault)}
    assert faults == {2: "no-time", 4: "too-long", 5: "cut-off"}
    assert len(items) - len(faults) == len([line for line in lines if b"status=" in line])


def test_a_huge_mail_keeps_its_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "MAX_MAIL", 3 << 20)
    head, _, report = (MAIL % 7).partition(b"--b\n\n")
    attachment = b"--b\nContent-Type: application/pdf\n\n" + (b"A" * 76 + b"\n") * 100_000
    (tmp_path / "x").write_bytes(head + attachment + report)
    ((number, kept),) = units.mails((tmp_path / "x").open("rb"), False, units.Feed())
    assert len(kept) < 3 << 20
    (event,) = walked(pieces(tmp_path / "x"))
    assert isinstance(event, Event)
    assert (number, event.kind, event.bounce.recipient) == (1, Kind.BOUNCE, "kim7@example.net")


@pytest.mark.parametrize("form", ["export", "json"])
def test_an_exported_journal_is_a_log(tmp_path: Path, log: Path, form: str) -> None:
    entries = []
    for count, line in enumerate(LOG.decode().splitlines()):
        program, _, message = line[20:].partition("]: ")
        name, _, pid = program.partition("[")
        entries.append({
            "__CURSOR": f"s={count}", "__REALTIME_TIMESTAMP": str(1795161600_000000 + count * 1_000_000),
            "_HOSTNAME": "mx1", "SYSLOG_IDENTIFIER": name, "_PID": pid, "MESSAGE": message,
        })  # fmt: skip
    if form == "json":
        text = "\n".join(map(json.dumps, entries))
    else:
        text = "\n".join("".join(f"{key}={value}\n" for key, value in entry.items()) for entry in entries)
    (tmp_path / "journal").write_text(text)
    found = [
        (e.kind, e.bounce.recipient, e.message_id) for e in walked(pieces(tmp_path / "journal")) if isinstance(e, Event)
    ]
    assert found == [(e.kind, e.bounce.recipient, e.message_id) for e in walked(pieces(log)) if isinstance(e, Event)]


def test_what_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_bytes(b"just some words\n" * 5)
    with pytest.raises(FileError):
        pieces(tmp_path / "nowhere")
    with pytest.raises(FileError) as caught:
        pieces(tmp_path / "x")
    assert "--source" in caught.value.advice
    with (tmp_path / "x").open("rb") as stdin:
        monkeypatch.setattr(containers, "_STDIN", stdin.fileno())
        with pytest.raises(FileError):
            list(read(pieces("-")[0]))
    with pytest.raises(InputError):
        pieces(tmp_path / "x", source="pigeon")
    assert len(pieces(tmp_path / "x", source="postfix")) == 1


@pytest.mark.parametrize("name", WRITERS)
def test_every_log_is_read_from_a_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "x").write_bytes(b"\n".join(write(name, MESSAGES[:20])) + b"\n")
    items = walked(pieces(tmp_path / "x", size=2000))
    assert {item.bounce.source for item in items if isinstance(item, Event)} == {name}
    assert not [item for item in items if isinstance(item, Fault)]
    assert items == walked(pieces(tmp_path / "x"))
