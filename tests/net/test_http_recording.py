"""Documents in recordings and worlds: what was fetched is answered again, old recordings load, nonsense is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from deliverkit.errors import FileError
from deliverkit.net import open_fetcher, open_resolver
from deliverkit.net.documents import ReplayFetcher
from deliverkit.net.fetching import RunFetcher
from deliverkit.net.http import Fetched, FetchStatus, TlsFault
from deliverkit.net.record import document, save
from deliverkit.net.replay import ReplayResolver
from deliverkit.net.resolver import Answer, Status

A, B = "https://a.shop.example/x", "https://b.shop.example/y"
DOCUMENTS = [
    Fetched(A, FetchStatus.OK, 200, "text/plain", b"caf\xc3\xa9\r\n"),
    Fetched(A, FetchStatus.OK, 200, "text/plain", b"\xff\x00"),
    Fetched(B, FetchStatus.TLS_ERROR, tls_fault=TlsFault.EXPIRED, detail="certificate has expired"),
    Fetched(B + "z", FetchStatus.REDIRECT, 301, "text/html", location="https://shop.example/"),
]
ANSWERS = [Answer("shop.example", "A", Status.NOERROR, ("192.0.2.1",), server="replay")]
WORLD = """
[root]
default = "nxdomain"
[zone."shop.example"]
"www" = { A = ["192.0.2.1"] }
"dead" = { status = "servfail" }
[http."https://www.shop.example/page"]
body = "one"
then = [{ status = "timeout" }, { body = "three", content_type = "text/html" }]
"""


async def seen(fetcher: Any, *urls: str, fresh: bool = False) -> list[FetchStatus]:
    return [(await fetcher.fetch(url, fresh=fresh)).status for url in urls]


async def test_what_was_fetched_is_answered_again(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    save(path, ANSWERS, documents=DOCUMENTS)
    replayed = ReplayResolver.load(path)
    fetcher = ReplayFetcher(replayed.documents, replayed)
    assert [await fetcher.fetch(A), await fetcher.fetch(A)] == [DOCUMENTS[0]] * 2
    assert await fetcher.fetch(A, fresh=True) == DOCUMENTS[1]
    assert [await fetcher.fetch(B), await fetcher.fetch(B + "z")] == DOCUMENTS[2:]
    assert (await fetcher.fetch(A, max_bytes=1)).status is FetchStatus.TOO_LARGE
    assert (await replayed.query("shop.example", "A")).records == ("192.0.2.1",)


async def test_the_run_replays_its_documents_beside_its_answers(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    save(path, ANSWERS, documents=DOCUMENTS)
    async with open_resolver(replay=path) as resolver:
        fetcher = open_fetcher(resolver)
        assert isinstance(fetcher, RunFetcher)
        assert (await fetcher.fetch(A)).body == b"caf\xc3\xa9\r\n"
        assert fetcher.documents() == (DOCUMENTS[0],)


async def test_a_recording_without_documents_is_as_good_as_ever() -> None:
    old = {"schema": "deliverkit.recording/1", "answers": document(ANSWERS)["answers"]}
    replayed = ReplayResolver.from_dict(old)
    assert replayed.documents == {}
    assert (await replayed.query("shop.example", "A")).found
    assert "documents" not in document(ANSWERS)
    assert document(ANSWERS)["schema"] == "deliverkit.recording/1"


async def test_what_is_not_recorded_is_not_invented() -> None:
    replayed = ReplayResolver.from_zones(WORLD)
    fetcher = ReplayFetcher(replayed.documents, replayed)
    urls = (
        "https://none.shop.example/",
        "https://dead.shop.example/",
        "https://www.shop.example/",
        "ftp://x",
        "https://[",
    )
    assert await seen(fetcher, *urls) == [
        FetchStatus.NO_HOST,
        FetchStatus.DNS_FAILURE,
        FetchStatus.ERROR,
        FetchStatus.BAD_URL,
        FetchStatus.BAD_URL,
    ]


async def test_a_world_changes_from_look_to_look() -> None:
    replayed = ReplayResolver.from_zones(WORLD)
    fetcher = ReplayFetcher(replayed.documents, replayed)
    url = "https://www.shop.example/page"
    assert await seen(fetcher, url, url) == [FetchStatus.OK, FetchStatus.OK]
    assert await seen(fetcher, url, url, url, fresh=True) == [FetchStatus.TIMEOUT, FetchStatus.OK, FetchStatus.OK]
    assert (await fetcher.fetch(url)).content_type == "text/html"


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ({}, "documents:"),
        ([3], "documents[0]"),
        ([{"status": "ok"}], "documents[0]"),
        ([{"url": A, "status": "fine"}], "documents[0].status"),
        ([{"url": A, "code": 9}], "documents[0].code"),
        ([{"url": A, "code": True}], "documents[0].code"),
        ([{"url": A, "body": 3}], "documents[0].body"),
        ([{"url": A, "base64": "%"}], "documents[0].base64"),
        ([{"url": A, "looks": []}], "documents[0]"),
        ([{"url": A, "looks": [3]}], "documents[0]"),
        ([{"url": A, "cookie": "x"}], "cookie"),
        ([{"url": A, "status": "timeout", "body": "x"}], "documents[0].body"),
        ([{"url": A, "status": "tls-error", "tls_fault": "odd"}], "documents[0].tls_fault"),
        ([{"url": A, "body": "x" * 2_000_000}], "documents[0].body"),
    ],
)
def test_nonsense_in_a_recording_is_refused_by_its_place(rows: object, place: str) -> None:
    data = json.loads(json.dumps({"schema": "deliverkit.recording/1", "answers": [], "documents": rows}))
    with pytest.raises(FileError) as error:
        ReplayResolver.from_dict(data, "run.json")
    assert str(error.value).startswith("run.json: ")
    assert place in str(error.value)


@pytest.mark.parametrize("http", [3, {A: 3}, {A: {"bodi": "x"}}, {A: {"then": 3}}])
def test_nonsense_in_a_world_is_refused(http: object) -> None:
    with pytest.raises(FileError):
        ReplayResolver.from_zones({"zone": {}, "http": http})
