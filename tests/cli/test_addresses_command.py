"""``deliverkit addresses`` as a user runs it."""

import csv
import json

import pytest

LIST = b"info@bakery.example\nINFO@bakery.example\nbob@nowhere.example\nnot an address\n"


@pytest.fixture
def world(tmp_path):
    path = tmp_path / "world.toml"
    path.write_text(
        '[root]\ndefault = "nxdomain"\n[zone."bakery.example"]\n"@" = { MX = ["10 mx.bakery.example"] }\n'
        '[zone."slow.example"]\n"@" = { status = "timeout" }\n'
    )
    return str(path)


def test_summary(deliverkit, world):
    ran = deliverkit("addresses", "-", "--replay", world, stdin=LIST)
    assert ran.code == 1
    assert "domain-not-found" in ran.out


def test_csv(deliverkit, world, tmp_path):
    source, result = tmp_path / "list.csv", tmp_path / "out.csv"
    source.write_bytes(b"\xef\xbb\xbfid,email\r\n\xff1,anna@bakery.example\r\n2,bob@nowhere.example\r\n")
    ran = deliverkit("addresses", str(source), "--replay", world, "-f", "csv", "-o", str(result))
    assert (ran.code, ran.out) == (1, "")
    lines = result.read_bytes().split(b"\r\n")
    assert lines[0].startswith(b"\xef\xbb\xbfid,email,verdict")
    assert lines[1].startswith(b"\xff1,anna@bakery.example,ok,")


def test_json_lines(deliverkit, world, tmp_path):
    out = tmp_path / "out"
    deliverkit("addresses", "-", "--replay", world, "-f", "jsonl", "-o", str(out), stdin=LIST)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["verdict"] for row in rows] == ["risky", "risky", "undeliverable", "undeliverable"]
    assert [row["line"] for row in rows] == [1, 2, 3, 4]


@pytest.mark.parametrize("stdin", [LIST, b"email\n"])
def test_json_is_one_document(deliverkit, world, tmp_path, stdin):
    out = tmp_path / "out"
    deliverkit("addresses", "-", "--replay", world, "-f", "json", "-o", str(out), stdin=stdin)
    found = json.loads(out.read_text())
    assert found["schema"] == "deliverkit.addresses/1"
    assert found["summary"]["total"] == len(found["addresses"]) == (4 if stdin == LIST else 0)


def test_json_failure(deliverkit):
    ran = deliverkit("addresses", "-", "-f", "json", "--no-dns", stdin=b"")
    assert (ran.code, ran.json["error"]["exit_code"]) == (2, 2)


@pytest.mark.parametrize(
    ("stdin", "options", "code"),
    [
        (b"anna@bakery.example", [], 0),
        (b"info@bakery.example", [], 0),
        (b"info@bakery.example", ["--fail-on", "warning"], 1),
        (b"a@bakery.example\na@bakery.example", ["--fail-on", "notice"], 1),
        (b"anna@nowhere.example", [], 1),
        (b"anna@nowhere.example", ["--fail-on", "never"], 0),
        (b"anna@nowhere.example", ["--no-dns"], 0),
        (b"anna@bakery.example\na@slow.example", [], 3),
        (b"a@slow.example", [], 4),
        (b"id,name\n1,Anna\n", [], 2),
        (b"email\na@bakery.example", ["--column", "3"], 2),
    ],
)
def test_exit_codes(deliverkit, world, stdin, options, code):
    assert deliverkit("addresses", "-", "--replay", world, *options, stdin=stdin).code == code


def test_a_file_that_fails_leaves_no_result(deliverkit, tmp_path, world):
    out = tmp_path / "out.csv"
    ran = deliverkit(
        "addresses", "-", "--replay", world, "-f", "csv", "-o", str(out), stdin=b'email,x\na@b.example,"1\n'
    )
    assert ran.code == 2
    assert list(tmp_path.glob("*out*")) == []


def test_the_same_twice_is_left_to_the_reader(deliverkit, world, tmp_path):
    out = tmp_path / "out.csv"
    deliverkit("addresses", "-", "--replay", world, "-f", "csv", "-o", str(out), stdin=LIST)
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert rows[1]["reasons"].split() == ["role", "duplicate"]
