"""The adapter around checkdmarc: it judges text and never asks DNS."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deliverkit.checks import _checkdmarc
from deliverkit.checks._checkdmarc import MAX_ADDRESSES, DmarcReading, UriFault, preload, read_record, read_uri
from deliverkit.checks.dmarc_record import MAX_RECORD, parse_record

_SOCKETS: list[str] = []


def _listen(event: str, args: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"):
        _SOCKETS.append(event)


sys.addaudithook(_listen)


@pytest.fixture(autouse=True)
def _no_questions() -> Iterator[None]:
    """No test here may use a socket, not even towards this machine, nor leave a trace in the library's cache."""
    import checkdmarc.utils

    _SOCKETS.clear()
    yield
    assert _SOCKETS == []
    assert len(checkdmarc.utils.DNS_CACHE) == 0


def read(text: str, domain: str = "example.com") -> DmarcReading:
    record = parse_record(domain, text)
    assert record is not None
    return read_record(record)


def test_a_record_that_would_make_the_library_ask() -> None:
    reading = read("v=DMARC1; p=none; rua=mailto:a@example.org,mailto:b@example.net; ruf=mailto:c@example.org")
    assert reading.syntax
    assert [uri.domain for uri in reading.reports] == ["example.org", "example.net", "example.org"]


@pytest.mark.parametrize(
    ("text", "syntax", "bad"),
    [
        ("v=DMARC1", True, ()),
        ("v=DMARC1; p=Reject ;", True, ()),
        ("v=DMARC1;p=none;;", False, ()),
        ("v=DMARC1; p", False, ()),
        ("v=DMARC1; p=", False, ()),
        ("v=DMARC1; p=no\0ne", False, ()),
        ("v=DMARC1; p=none; p=reject", True, ()),
        ("v=DMARC1; p=rejct", True, ("p",)),
        ("v=DMARC1; p=none, rua=mailto:a@example.com", True, ("p",)),
        (
            "v=DMARC1; p=none; sp=x; np=y; adkim=z; aspf=q; t=1; psd=2; fo=7",
            True,
            ("sp", "np", "adkim", "aspf", "t", "psd", "fo"),
        ),
        ("v=DMARC1; p=none; fo=0:1", True, ("fo",)),
        ("v=DMARC1; p=none; fo=d:s; adkim=S; aspf=r; t=Y; psd=N; pct=abc; unknown=1", True, ()),
    ],
)
def test_syntax_and_values(text: str, syntax: bool, bad: tuple[str, ...]) -> None:
    reading = read(text)
    assert reading.syntax is syntax
    assert reading.bad_values == bad


@pytest.mark.parametrize(
    ("text", "address", "fault"),
    [
        ("mailto:a@example.com", "a@example.com", None),
        (" MAILTO:A@Example.COM ", "A@Example.COM", None),
        ("mailto:a@example.com!10m", "a@example.com", None),
        ("mailto:a@example.com?subject=x", "a@example.com", None),
        ("a@example.com", None, UriFault.INVALID),
        ("mailto:", None, UriFault.INVALID),
        ("mailto:a@example.com foo", None, UriFault.INVALID),
        ("mailto:a@localhost", None, UriFault.INVALID),
        ("mailto:a@-.example.com", None, UriFault.INVALID),
        ("", None, UriFault.INVALID),
        ("https://example.com/r", None, UriFault.NOT_MAIL),
        ("mailto:" + "a" * 60_000 + "@example.com", None, UriFault.INVALID),
    ],
)
def test_report_addresses(text: str, address: str | None, fault: UriFault | None) -> None:
    uri = read_uri("rua", text)
    assert (uri.address, uri.fault) == (address, fault)
    assert (uri.domain is None) is (address is None)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text())
def test_any_text_is_judged(text: str) -> None:
    for candidate in (f"v=DMARC1; {text}", f"v=DMARC1; p=none; rua={text}", f"v=DMARC1; fo={text}; aspf={text}"):
        record = parse_record("example.com", candidate)
        if record is not None:
            read_record(record)


@pytest.mark.parametrize(
    "text",
    ["v=DMARC1; " + "x=y; " * 10_000, "v=DMARC1; p=" + "n" * 65536, "v=DMARC1; rua=" + "mailto:a@example.com," * 9000],
)
def test_monsters_are_bounded(text: str) -> None:
    record = parse_record("example.com", text)
    assert record is not None
    assert len(record.text) <= MAX_RECORD
    assert len(read_record(record).reports) <= MAX_ADDRESSES


async def test_preload_imports_the_library_off_the_loop() -> None:
    await preload()
    assert _checkdmarc._dmarc() is sys.modules["checkdmarc.dmarc"]


def test_importing_the_checks_does_not_import_the_library() -> None:
    script = (
        "import sys; import deliverkit.checks.dmarc, deliverkit.checks._checkdmarc;"
        "assert not {'checkdmarc', 'publicsuffixlist', 'cryptography', 'dns'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
