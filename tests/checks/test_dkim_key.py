"""Key records, read strictly."""

from __future__ import annotations

import subprocess
import sys

import pytest
from dkim_keys import b64, record, rsa_public_key, subject_public_key_info
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.checks.dkim_key import MAX_PART, DkimKey, DkimKeyError, KeyFault, mended, parse_key, without_testing

KEY = b64(subject_public_key_info(2048))


@pytest.mark.parametrize("bits", [512, 1023, 1024, 2048, 4096, 8192])
@pytest.mark.parametrize("make", [rsa_public_key, subject_public_key_info])
def test_modulus_is_measured_in_both_forms(bits: int, make: object) -> None:
    key = parse_key(f"v=DKIM1; p={b64(make(bits))}")  # type: ignore[operator]
    assert isinstance(key, DkimKey)
    assert (key.type, key.bits) == ("rsa", bits)
    assert key.usable is (bits >= 1024)


def test_ed25519_by_length() -> None:
    assert parse_key(f"v=DKIM1; k=ed25519; p={b64(bytes(32))}") == DkimKey("ed25519", 256)
    for length in (31, 33, 44):
        assert _fault(f"v=DKIM1; k=ed25519; p={b64(bytes(length))}") is KeyFault.KEY


def test_tags() -> None:
    key = parse_key(f'v=DKIM1; h=sha1:SHA256; k=rsa; n=it\'s "ours"; s=email:other; t=y:s; p={KEY}')
    assert isinstance(key, DkimKey)
    assert key.hashes == ("sha1", "sha256")
    assert key.services == ("email", "other")
    assert key.flags == ("y", "s")
    assert key.testing
    assert key.exact_domain
    assert key.usable


@pytest.mark.parametrize(
    "text",
    [
        f"p={KEY}",
        f"k=rsa; p={KEY};",
        f"v = DKIM1 ;k=rsa;p={KEY}",
        f"v=DKIM1; p={KEY[:60]} {KEY[60:120]}\t{KEY[120:]}",
        f"v=DKIM1; p={KEY.rstrip('=')}",
        f"v=DKIM1; x=unknown; p={KEY}",
    ],
)
def test_what_the_standard_allows(text: str) -> None:
    key = parse_key(text)
    assert isinstance(key, DkimKey)
    assert key.usable


def test_revoked() -> None:
    key = parse_key("v=DKIM1; p=")
    assert isinstance(key, DkimKey)
    assert key.revoked
    assert not key.usable


def _fault(text: str) -> KeyFault | None:
    parsed = parse_key(text)
    return parsed.fault if isinstance(parsed, DkimKeyError) else None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("v=spf1 -all", KeyFault.NOT_A_KEY),
        ("", KeyFault.NOT_A_KEY),
        (f"v=DKIM1\\; k=rsa\\; p={KEY}", KeyFault.STRAY),
        (f'"v=DKIM1; k=rsa; p={KEY}"', KeyFault.STRAY),
        (f'v=DKIM1; p={KEY[:100]}" "{KEY[100:]}', KeyFault.STRAY),
        (f"v=DKIM1; p={KEY[:100]}<br>{KEY[100:]}", KeyFault.STRAY),
        (f"v=DKIM1;&nbsp;p={KEY}", KeyFault.STRAY),
        (f"v=DKIM1; p={KEY}\u200b", KeyFault.STRAY),
        (f"v=DKIM1; k=rsa; k=rsa; p={KEY}", KeyFault.SYNTAX),
        (f"v=DKIM1; rubbish; p={KEY}", KeyFault.SYNTAX),
        (f"v=DKIM1;; p={KEY}", KeyFault.SYNTAX),
        (f"v=DKIM2; p={KEY}", KeyFault.VERSION),
        (f"k=rsa; v=DKIM1; p={KEY}", KeyFault.VERSION),
        ("v=DKIM1; k=rsa", KeyFault.NO_KEY_TAG),
        (f"v=DKIM1; k=dsa; p={KEY}", KeyFault.KEY_TYPE),
        ("v=DKIM1; p=!!!", KeyFault.BASE64),
        ("v=DKIM1; p=A", KeyFault.BASE64),
        (f"v=DKIM1; p={KEY[:100]}", KeyFault.KEY),
        ("v=DKIM1; p=AAAA", KeyFault.KEY),
        (f"v=DKIM1; k=rsa; p={b64(bytes(32))}", KeyFault.KEY),
        ("v=DKIM1; p=" + "A" * 65536, KeyFault.TOO_LONG),
        ("v=DKIM1; " + "a=b; " * 100 + "p=", KeyFault.SYNTAX),
    ],
)
def test_faults(text: str, fault: KeyFault) -> None:
    assert _fault(text) is fault


def test_limits_of_use() -> None:
    sha1 = parse_key(f"v=DKIM1; h=sha1; p={KEY}")
    other = parse_key(f"v=DKIM1; s=tlsrpt; p={KEY}")
    assert isinstance(sha1, DkimKey)
    assert isinstance(other, DkimKey)
    assert (sha1.allows_sha256, sha1.usable) == (False, False)
    assert (other.for_mail, other.usable) == (False, False)


@given(st.text() | st.text().map("v=DKIM1; p=".__add__) | st.text().map(lambda text: f"v=DKIM1; {text}; p={KEY}"))
def test_any_text_is_read_or_refused(text: str) -> None:
    parsed = parse_key(text)
    assert isinstance(parsed, DkimKey | DkimKeyError)
    if isinstance(parsed, DkimKeyError):
        assert len(parsed.part) <= MAX_PART


@given(st.binary(max_size=600))
def test_any_bytes_as_key(data: bytes) -> None:
    for kind in ("rsa", "ed25519"):
        assert isinstance(parse_key(f"v=DKIM1; k={kind}; p={b64(data)}"), DkimKey | DkimKeyError)


def test_cryptography_is_loaded_only_for_an_rsa_key() -> None:
    script = (
        "import sys; from deliverkit.checks import dkim; from deliverkit.checks.dkim_key import parse_key;"
        "parse_key('v=DKIM1; p='); parse_key('v=spf1 -all'); assert 'cryptography' not in sys.modules;"
        "parse_key('v=DKIM1; p=AAAA'); assert 'cryptography' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_platform_record() -> None:
    assert isinstance(parse_key(record(1024)), DkimKey)


@pytest.mark.parametrize(
    ("now", "after"),
    [("t=y; ", ""), ("t=y:s; ", "t=s; "), ("t=s; ", "t=s; "), ("t = Y ; ", ""), ("", "")],
)
def test_test_mode_ended(now: str, after: str) -> None:
    assert without_testing(f"v=DKIM1; {now}p={KEY};") == f"v=DKIM1; {after}p={KEY}"
    assert without_testing("v=spf1 -all") is None


@pytest.mark.parametrize(
    "text",
    [
        f"v=DKIM1\\; k=rsa\\; p={KEY}",
        f'"v=DKIM1; k=rsa; p={KEY}"',
        f'v=DKIM1; k=rsa; p={KEY[:100]}" "{KEY[100:]}',
        f"v=DKIM1; k=rsa; p={KEY[:100]}<br/>{KEY[100:]}",
        f"k=rsa; v=DKIM1; p={KEY}",
        f"v=DKIM1;; k=rsa; k=rsa; p={KEY}",
        f"v=DKIM 1; k=rsa; p={KEY}",
    ],
)
def test_mended(text: str) -> None:
    record = mended(text)
    assert record is not None
    assert record.replace(" ", "") == f"v=DKIM1;k=rsa;p={KEY}"
    assert mended(record) is None


@pytest.mark.parametrize(
    "text", ["", "v=spf1 -all", f"v=DKIM1; p={KEY[:99]}", f'v=DKIM1; p="{KEY[:99]}', "v=DKIM1; k=rsa\\;"]
)
def test_not_to_be_mended(text: str) -> None:
    assert mended(text) is None


@given(st.text().map(lambda text: f"v=DKIM1; p={KEY}{text}"))
def test_mended_is_a_key(text: str) -> None:
    record = mended(text)
    assert record is None or isinstance(parse_key(record), DkimKey)
