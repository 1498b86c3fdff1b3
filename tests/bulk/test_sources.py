"""Where the domains of a bulk run come from."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.bulk.order import Order
from deliverkit.bulk.seen import Seen
from deliverkit.bulk.sources import MAX_LINE, Dropped, Sources, count_lines
from deliverkit.errors import FileError, InputError


def read(data: bytes, column: str | None = None) -> tuple[list[Order], list[Dropped]]:
    items = list(Sources(files=["-"], column=column, stdin=io.BytesIO(data)))
    return [i for i in items if isinstance(i, Order)], [i for i in items if isinstance(i, Dropped)]


def names(data: bytes, column: str | None = None) -> list[str]:
    return [order.domain for order in read(data, column)[0]]


def test_what_a_line_may_be() -> None:
    data = (
        "\ufeffshop.example\r\n# all of it a comment\nhttps://www.shop.example/x?y # told why\n\n"
        "Joe <joe@Post.Example>\nmünchen.example\nshop.example\ns1._domainkey.keys.example\nplain.example."
    ).encode()
    orders, dropped = read(data)
    assert [o.domain for o in orders] == [
        "shop.example",
        "www.shop.example",
        "post.example",
        "xn--mnchen-3ya.example",
        "keys.example",
        "plain.example",
    ]
    assert [o.line for o in orders] == [1, 3, 5, 6, 8, 9]
    assert orders[4].selectors == ("s1",)
    assert not dropped


def test_a_dropped_line_is_told_with_its_number() -> None:
    orders, dropped = read(b"shop.example\nnot a domain\n192.0.2.1\n\xff\xfe\nlast.example\n")
    assert [(d.line, d.file) for d in dropped] == [(2, "stdin"), (3, "stdin"), (4, "stdin")]
    assert [o.line for o in orders] == [1, 5]


@pytest.mark.parametrize(
    ("data", "column"),
    [
        (b"name,domain\nx,shop.example\n", None),
        (b"Website;Name\nhttps://shop.example;x\n", None),
        (b'"Domain Name"\t"b"\n"shop.example"\t"two\nlines"\n', None),
        (b"a,b\nx,shop.example\n", "b"),
        ("a,Domäne\nx,shop.example\n".encode(), "domäne"),
        ("domain,x\nshop.example,y\n".encode("utf-16"), None),
        (b"domain\nshop.example\n", None),
    ],
)
def test_a_column_is_found_or_named(data: bytes, column: str | None) -> None:
    assert names(data, column) == ["shop.example"]


def test_lines_of_a_table_are_counted_as_an_editor_does() -> None:
    orders, dropped = read(b'domain,note\na.example,"two\nlines"\nb.example,x\n,empty\nc.example\n')
    assert [(o.domain, o.line) for o in orders] == [("a.example", 3), ("b.example", 4), ("c.example", 6)]
    assert [d.line for d in dropped] == [5]


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match="'nope'"):
        read(b"a,b\n1,2\n", "nope")


def test_arguments_that_are_no_domain_are_errors() -> None:
    with pytest.raises(InputError):
        list(Sources(arguments=["no domain"]))
    with pytest.raises(FileError):
        list(Sources(files=["/does/not/exist"]))


def test_repetitions_are_audited_once() -> None:
    sources = Sources(
        arguments=["shop.example"], files=["-"], stdin=io.BytesIO(b"SHOP.example\nx.example\nx.example\n")
    )
    assert [i.domain for i in sources if isinstance(i, Order)] == ["shop.example", "x.example"]
    assert sources.repeated == 2


class Endless(io.RawIOBase):
    """A million lines that nobody holds."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        line = next(self._lines, b"")
        buffer[: len(line)] = line
        return len(line)


def test_a_long_list_is_not_held_in_memory() -> None:
    handle = io.BufferedReader(Endless(b"d%d.example\n" % i for i in range(6_000)))
    tracemalloc.start()
    count = sum(1 for _ in Sources(files=["-"], stdin=handle))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 6_000
    assert peak < 1_000_000


def test_one_line_without_end_is_cut() -> None:
    orders, dropped = read(b"x" * (MAX_LINE * 3) + b"\nshop.example\n")
    assert [o.line for o in orders] == [2]
    assert len(dropped[0].text) == 80


@given(st.binary(max_size=400))
def test_no_bytes_break_it(data: bytes) -> None:
    for item in Sources(files=["-"], stdin=io.BytesIO(data)):
        assert isinstance(item, Order | Dropped)


@given(st.lists(st.text(max_size=12)))
def test_seen_is_a_set(texts: list[str]) -> None:
    seen, truth = Seen(), set()
    for text in texts * 2:
        assert seen.add(text) is (text not in truth)
        truth.add(text)
        assert text in seen
    assert len(seen) == len(truth)


def test_seen_grows() -> None:
    seen = Seen()
    assert all(seen.add(str(i)) for i in range(5000))
    assert len(seen) == 5000
    assert "5001" not in seen


def test_lines_are_counted_where_that_is_possible(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("a\nb\n")
    assert count_lines([str(path), str(path)]) == 4
    assert count_lines(["-"]) is None
