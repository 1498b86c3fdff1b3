"""The check ``dane`` and the reading and matching of TLSA records (RFC 6698, RFC 7671, RFC 7672)."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from dns_world import Says, ids, look
from hypothesis import given
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[1] / "net"))
from loopback_smtp import HOST, Authority

from deliverkit.checks import Target, World, dane
from deliverkit.checks.tlsa import TlsaFault, matches, read
from deliverkit.knowledge import load
from deliverkit.model import Outcome

GOOD = "3 1 1 " + "ab" * 32


def world(tlsa, *, mx=True, host=True, second=None):
    hosts = ["10 mx.mail.example", *(["20 mx2.mail.example"] if second is not None else [])]
    two = {"mx2": {"A": ["192.0.2.26"]}}
    if second:
        two["_25._tcp.mx2"] = {"TLSA": second}
    return {
        "shop.example": {"signed": mx, "@": {"MX": hosts}},
        "mail.example": {"signed": host, "mx": {"A": ["192.0.2.25"]}, "_25._tcp.mx": {"TLSA": tlsa}}
        | (two if second is not None else {}),
    }


SCENARIOS = {
    "dane-none-usable": (world(["1 1 1 " + "ab" * 32]), Outcome.WARN),
    "dane-record-malformed": (world([GOOD, "3 1 1 abcd"]), Outcome.WARN),
    "dane-usage-pkix": (world([GOOD, "0 1 1 " + "ab" * 32]), Outcome.WARN),
    "dane-host-not-signed": (world([GOOD], host=False), Outcome.WARN),
    "dane-host-missing": (world([GOOD], second=[]), Outcome.PASS),
    "dane-mx-not-signed": (world([GOOD], mx=False), Outcome.PASS),
    "dane-absent": (
        {"shop.example": {"@": {"MX": ["10 mx.shop.example"]}, "mx": {"A": ["192.0.2.25"]}}},
        Outcome.NOT_APPLICABLE,
    ),
    "dane-valid": (world([GOOD], second=[GOOD]), Outcome.PASS),
    "dane-not-validated": (world([GOOD], mx=False, host=False), Outcome.UNKNOWN),
    "dane-unanswered": (world({"status": "servfail"}), Outcome.UNKNOWN),
}


@pytest.mark.parametrize("finding", SCENARIOS)
async def test_each_finding_is_raised_by_its_scenario(finding):
    zones, outcome = SCENARIOS[finding]
    result = await look("dane", Target("shop.example"), zones)
    assert finding in ids(result)
    assert result.outcome is outcome


def test_every_finding_has_a_scenario():
    assert {spec.id for spec in load().findings.values() if spec.check == "dane"} == set(SCENARIOS)


async def test_a_domain_without_mail_is_not_judged():
    null = {"shop.example": {"@": {"MX": ["0 ."]}}}
    assert (await look("dane", Target("shop.example"), null)).outcome is Outcome.NOT_APPLICABLE
    assert (await look("dane", Target(), {})).outcome is Outcome.NOT_APPLICABLE


async def test_the_address_has_to_be_signed_as_well():
    """RFC 7672 section 2.2.2: an alias out of the signed zone takes the proof away."""
    zones = world([GOOD])
    zones["mail.example"]["mx"] = {"CNAME": "host.other.example"}
    zones["other.example"] = {"host": {"A": ["192.0.2.25"]}}
    result = await look("dane", Target("shop.example"), zones)
    assert "dane-host-not-signed" in ids(result)


@pytest.mark.parametrize("status", ["timeout", "servfail", "refused"])
async def test_a_failure_is_never_an_absence(status):
    result = await look("dane", Target("shop.example"), world({"status": status}))
    assert ids(result) == ["dane-unanswered"]
    result = await look("dane", Target("shop.example"), {"shop.example": {"status": status}})
    assert ids(result) == ["dane-unanswered"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (GOOD, None),
        ("2 0 2 " + "ab" * 64, None),
        ("3 1 1 " + "AB" * 16 + " " + "ab" * 16, None),
        ("3 0 0 30820102", None),
        ("3 0 0 ff", TlsaFault.MALFORMED),
        ("3 1 1 " + "ab" * 31, TlsaFault.MALFORMED),
        ("3 1 2 " + "ab" * 32, TlsaFault.MALFORMED),
        ("3 1 1", TlsaFault.MALFORMED),
        ("3 1 1 zz", TlsaFault.MALFORMED),
        ("x 1 1 ab", TlsaFault.MALFORMED),
        ("", TlsaFault.MALFORMED),
        ("0 1 1 " + "ab" * 32, TlsaFault.PKIX),
        ("1 1 1 " + "ab" * 32, TlsaFault.PKIX),
        ("4 1 1 " + "ab" * 32, TlsaFault.UNKNOWN),
        ("3 2 1 " + "ab" * 32, TlsaFault.UNKNOWN),
        ("3 1 3 " + "ab" * 32, TlsaFault.UNKNOWN),
    ],
)
def test_what_a_record_is_worth(text, fault):
    assert read([text])[0].fault is fault


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """A server certificate and its authority, as a server sends them."""
    authority = Authority(tmp_path_factory.mktemp("tlsa"))
    authority.server()
    pem = next(authority.folder.glob("server-*.pem")).read_bytes()
    return [c.public_bytes(Encoding.DER) for c in x509.load_pem_x509_certificates(pem)]


def record(der, usage, selector, matching):
    key = x509.load_der_x509_certificate(der).public_key()
    data = der if selector == 0 else key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    data = {0: lambda d: d, 1: lambda d: hashlib.sha256(d).digest(), 2: lambda d: hashlib.sha512(d).digest()}[matching](
        data
    )
    return read([f"{usage} {selector} {matching} {data.hex()}"])


NOW = 1_795_000_000.0


@pytest.mark.parametrize("matching", [0, 1, 2])
@pytest.mark.parametrize("selector", [0, 1])
def test_every_way_to_name_a_certificate(chain, selector, matching):
    now = x509.load_der_x509_certificate(chain[0]).not_valid_before_utc.timestamp() + 3600
    assert matches(record(chain[0], 3, selector, matching), chain, (HOST,), now) is True
    assert matches(record(chain[1], 2, selector, matching), chain, (HOST,), now) is True
    assert matches(record(chain[1], 3, selector, matching), chain, (HOST,), now) is False


def test_the_own_key_needs_neither_name_nor_date_and_an_authority_does(chain):
    late = x509.load_der_x509_certificate(chain[0]).not_valid_after_utc.timestamp() + 1
    early = late - 3600
    assert matches(record(chain[0], 3, 1, 1), chain, ("other.example",), late) is True
    assert matches(record(chain[1], 2, 1, 1), chain, (HOST,), early) is True
    assert matches(record(chain[1], 2, 1, 1), chain, (HOST,), late) is False
    assert matches(record(chain[1], 2, 1, 1), chain, ("other.example",), early) is False


def test_one_record_that_fits_is_enough_and_none_usable_says_nothing(chain):
    other = read([GOOD])
    assert matches((*other, *record(chain[0], 3, 1, 1)), chain, (HOST,), 0) is True
    assert matches(other, chain, (HOST,), 0) is False
    assert matches(read(["1 1 1 " + "ab" * 32]), chain, (HOST,), 0) is None
    assert matches(other, [], (HOST,), 0) is None


def test_an_authority_that_was_not_seen_is_not_refuted(chain):
    assert matches(record(chain[1], 2, 1, 1), chain[:1], (HOST,), 0) is None


@given(st.lists(st.text(max_size=60), max_size=6), st.lists(st.binary(max_size=60), max_size=3))
def test_hostile_records_and_certificates_fit_nothing(texts, certificates):
    assert matches(read(texts), certificates, (HOST,), 0) in (False, None)


@given(st.lists(st.text(max_size=60), max_size=6))
async def test_hostile_answers_end_in_findings(texts):
    says = Says({("shop.example", "MX"): ["10 mx.shop.example"], ("_25._tcp.mx.shop.example", "TLSA"): texts})
    result = await dane.run(Target("shop.example"), World(says, load()))
    assert isinstance(result.outcome, Outcome)
