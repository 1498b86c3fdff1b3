"""The check bimi: every finding from its scenario, hostile logos and certificates among them."""

from __future__ import annotations

import base64
import gzip

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from dns_world import ids
from hypothesis import given
from hypothesis import strategies as st
from mark_certificates import ISSUER, LOGO, NOW, ROOT, chain, mark
from web_world import browse, shop

from deliverkit.audit import conclude
from deliverkit.checks import Target
from deliverkit.checks.bimi_certificate import read_mark
from deliverkit.checks.bimi_logo import MAX_PARSED, read_logo
from deliverkit.knowledge import load
from deliverkit.model import Outcome

L, A = "https://shop.example/logo.svg", "https://shop.example/mark.pem"
RECORD = f"v=BIMI1; l={L}; a={A}"
STRONG = "v=DMARC1; p=reject"


def zone(*texts: str, dmarc: str | None = STRONG, **more: object):
    rest = {} if dmarc is None else {"_dmarc": {"TXT": [dmarc]}}
    return shop(**{"default._bimi": {"TXT": list(texts)}, **rest, **more})


def files(logo: bytes | None = LOGO, pem: bytes | None = None, kind: str = "image/svg+xml"):
    logo_page = {"base64": base64.b64encode(logo or b"").decode(), "content_type": kind}
    return {L: logo_page, A: {"body": (chain() if pem is None else pem).decode("latin-1")}}


def drawn(
    body: str = "", root: str = "", title: str = "<title>Shop</title>", size: str = 'viewBox="0 0 64 64"'
) -> bytes:
    head = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.2"'
    return f'{head} baseProfile="tiny-ps" {size} {root}>{title}{body}</svg>'.encode()


OK = zone(RECORD)
LOGOS = {
    "bimi-logo-large": LOGO.replace(b"</svg>", b"<desc>" + b"x" * 40_000 + b"</desc></svg>"),
    "bimi-logo-broken": b"<html><body>not found</body></html>",
    "bimi-logo-entities": b'<!DOCTYPE svg [<!ENTITY a "x">]>' + LOGO,
    "bimi-logo-profile": LOGO.replace(b"tiny-ps", b"tiny"),
    "bimi-logo-untitled": drawn(title=""),
    "bimi-logo-not-square": drawn(size='viewBox="0 0 64 32"'),
    "bimi-logo-no-size": drawn(size=""),
    "bimi-logo-placed": drawn(root='x="0"'),
    "bimi-logo-forbidden": drawn("<script>alert(1)</script>"),
    "bimi-logo-external": drawn('<use xlink:href="https://x.example/a.svg#b"/>'),
}
CERTIFICATES = {
    "bimi-certificate-unreadable": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    "bimi-certificate-expired": chain(begins=-400, ends=-1),
    "bimi-certificate-ends-soon": chain(ends=10),
    "bimi-certificate-early": chain(begins=5),
    "bimi-certificate-purpose": chain(purpose=ExtendedKeyUsageOID.SERVER_AUTH),
    "bimi-certificate-no-logo": chain(logo=None),
    "bimi-certificate-logo": chain(logo=LOGO.replace(b"Shop", b"Other")),
    "bimi-certificate-name": chain(names=["other.example"]),
    "bimi-certificate-order": ISSUER + mark() + ROOT,
    "bimi-certificate-chain": mark() + ROOT,
}
SCENARIOS = {
    "bimi-ok": (OK, files(), Outcome.PASS),
    "bimi-none": (shop(_dmarc={"TXT": [STRONG]}), {}, Outcome.NOT_APPLICABLE),
    "bimi-declined": (zone("v=BIMI1; l=; a=;"), {}, Outcome.PASS),
    "bimi-unanswered": (shop(**{"default._bimi": {"status": "servfail"}}), {}, Outcome.UNKNOWN),
    "bimi-multiple": (zone(RECORD, RECORD + "x"), {}, Outcome.WARN),
    "bimi-invalid": (zone("v=bimi1; l=" + L), {}, Outcome.WARN),
    "bimi-syntax": (zone(RECORD + "; nonsense"), files(), Outcome.WARN),
    "bimi-tag-unknown": (zone(RECORD + "; s=x"), files(), Outcome.PASS),
    "bimi-no-logo": (zone(f"v=BIMI1; a={A}"), files(), Outcome.WARN),
    "bimi-url-invalid": (zone("v=BIMI1; l=http://shop.example/logo.svg"), {}, Outcome.WARN),
    "bimi-dmarc-weak": (zone(RECORD, dmarc="v=DMARC1; p=none"), files(), Outcome.WARN),
    "bimi-dmarc-unanswered": (zone(RECORD, dmarc=None, _dmarc={"status": "timeout"}), files(), Outcome.UNKNOWN),
    "bimi-unreachable": (OK, {**files(), L: {"status": "timeout"}}, Outcome.UNKNOWN),
    "bimi-document-missing": (OK, {**files(), L: {"status": "http-error", "code": 404}}, Outcome.WARN),
    "bimi-too-large": (OK, files(b"x" * (MAX_PARSED + 1)), Outcome.WARN),
    "bimi-redirect": (OK, {**files(), A: {**files()[A], "location": A + "2"}}, Outcome.PASS),
    "bimi-logo-type": (OK, files(kind="text/plain"), Outcome.PASS),
    "bimi-logo-title-long": (
        OK,
        files(drawn(title=f"<title>{'x' * 65}</title>"), chain(logo=drawn(title=f"<title>{'x' * 65}</title>"))),
        Outcome.PASS,
    ),
    "bimi-no-certificate": (zone(f"v=BIMI1; l={L}; a="), files(), Outcome.PASS),
    **{finding: (OK, files(logo, chain(logo=logo)), Outcome.WARN) for finding, logo in LOGOS.items()},
    **{finding: (OK, files(pem=pem), Outcome.WARN) for finding, pem in CERTIFICATES.items()},
}


async def run(zones, pages, domain: str = "shop.example", **more):
    return await browse("bimi", Target(domain=domain), zones, pages, now=NOW.timestamp(), **more)


@pytest.mark.parametrize("finding", SCENARIOS)
async def test_each_finding_is_raised_by_its_scenario(finding):
    zones, pages, outcome = SCENARIOS[finding]
    result = await run(zones, pages)
    assert finding in ids(result)
    assert result.outcome is outcome


@pytest.mark.parametrize("finding", [*LOGOS, *CERTIFICATES])
async def test_one_fault_of_a_file_is_one_finding(finding):
    zones, pages, _ = SCENARIOS[finding]
    assert ids(await run(zones, pages)) == [finding]


def test_every_finding_has_a_scenario():
    ours = {f.id for f in load().findings.values() if f.check == "bimi"}
    assert ours - set(SCENARIOS) == {"bimi-inherited", "bimi-not-fetched"}


async def test_a_good_record_has_no_other_finding():
    result = await run(OK, files())
    assert ids(result) == ["bimi-ok"]
    assert (result.facts.mark_type, result.facts.certificate_ends[:10]) == ("Registered Mark", "2026-12-18")


@pytest.mark.parametrize("url", [L, A])
@pytest.mark.parametrize("status", ["timeout", "dns-failure", "error", "503"])
async def test_a_failure_on_the_way_is_no_verdict_on_a_file(url, status):
    page = {"status": "http-error", "code": 503} if status == "503" else {"status": status}
    result = await run(OK, {**files(), url: page})
    assert ids(result) == ["bimi-unreachable"]
    assert result.outcome is Outcome.UNKNOWN


async def test_without_https_nothing_is_said_of_logo_and_certificate():
    result = await run(OK, files(), http=False)
    assert set(ids(result)) == {"bimi-not-fetched"}
    assert result.outcome is Outcome.UNKNOWN


async def test_a_subdomain_takes_the_record_of_its_organizational_domain():
    result = await run(OK, files(), "news.shop.example")
    assert ids(result) == ["bimi-inherited", "bimi-ok"]
    assert result.facts.record_domain == "shop.example"


@pytest.mark.parametrize(
    ("dmarc", "weak"),
    [
        ("v=DMARC1; p=quarantine", False),
        ("v=DMARC1; p=reject; pct=50", False),
        ("v=DMARC1; p=quarantine; pct=50", True),
        ("v=DMARC1; p=quarantine; pct=100", False),
        ("v=DMARC1; p=reject; sp=none", True),
        ("v=DMARC1; p=reject; t=y", True),
        (None, True),
    ],
)
async def test_dmarc_has_to_be_in_force_for_all_mail(dmarc, weak):
    assert ("bimi-dmarc-weak" in ids(await run(zone(RECORD, dmarc=dmarc), files()))) is weak


async def test_the_organizational_domain_has_to_be_in_force_too():
    names = {"_dmarc": {"TXT": ["v=DMARC1; p=none"]}, "_dmarc.news": {"TXT": [STRONG]}}
    zones = shop(**names, **{"default._bimi.news": {"TXT": [RECORD]}})
    assert "bimi-dmarc-weak" in ids(await run(zones, files(), "news.shop.example"))


async def test_an_unanswered_question_for_the_domain_above_hides_its_record():
    zones = shop(**{"_dmarc": {"status": "timeout"}, "default._bimi": {"TXT": [RECORD]}})
    assert ids(await run(zones, files(), "news.shop.example")) == ["bimi-unanswered"]


BOMB = (
    b'<!DOCTYPE svg [<!ENTITY a "'
    + b"x" * 1000
    + b'">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 50) for i in range(6))
    + b"]><svg>&g;</svg>"
)


@pytest.mark.parametrize(
    "logo",
    [
        BOMB,
        b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
        b'<!DOCTYPE svg [<!ENTITY % p SYSTEM "http://127.0.0.1/x"> %p;]><svg/>',
    ],
)
def test_entities_are_refused_before_anything_is_expanded(logo):
    assert read_logo(logo).entities


@pytest.mark.parametrize(
    "logo",
    [
        b"",
        b"\x00\xff",
        b"<svg",
        b"<svg>" + b"<g>" * 10_000,
        b"<svg xmlns='urn:other'/>",
        b"\x1f\x8b",
        gzip.compress(b" " * (MAX_PARSED + 1)),
        LOGO + b"<x/>",
    ],
)
def test_what_is_no_logo_is_said_to_be_none(logo):
    assert read_logo(logo).broken


@pytest.mark.parametrize(
    ("body", "forbidden", "external"),
    [
        ('<rect onclick="x()"/>', ("onclick",), ()),
        (
            "<foreignObject/><image xlink:href='data:image/png;base64,AA=='/>",
            ("foreignObject", "image"),
            ("data:image/png;base64,AA==",),
        ),
        ('<?xml-stylesheet href="x.css"?><rect/>', ("?xml-stylesheet",), ()),
        ('<rect fill="url(#a)"/><use xlink:href="#b"/>', (), ()),
        ("<rect style=\"fill: url('https://x.example/p')\"/>", (), ("https://x.example/p",)),
        ("<animate/><set/>", ("animate", "set"), ()),
        ("<x:script xmlns:x='urn:other'/>", (), ()),
    ],
)
def test_what_the_profile_forbids(body, forbidden, external):
    logo = read_logo(drawn(body))
    assert (logo.broken, logo.forbidden, logo.external) == ("", forbidden, external)


def test_a_packed_logo_is_read_like_a_plain_one():
    assert read_logo(gzip.compress(LOGO)).title == read_logo(LOGO).title == "Shop"


@given(
    st.binary(max_size=200)
    | st.text(max_size=100).map(lambda t: drawn(t))
    | st.text(max_size=50).map(lambda t: drawn(root=t))
)
def test_no_logo_makes_the_reader_raise(data):
    assert read_logo(data).size == len(data)


@given(st.integers(0, 900), st.binary(min_size=1, max_size=3))
def test_no_certificate_makes_the_reader_raise(place, junk):
    pem = mark()
    der = base64.b64decode(b"".join(pem.splitlines()[1:-1]))
    spoiled = der[:place] + junk + der[place + len(junk) :]
    body = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(spoiled) + b"-----END CERTIFICATE-----\n"
    found = read_mark(body)
    assert found is None or found.count == 1


@pytest.mark.parametrize(
    ("names", "domain", "good"),
    [
        (("shop.example",), "shop.example", True),
        (("shop.example",), "news.shop.example", True),
        (("default._bimi.shop.example",), "shop.example", True),
        (("news.shop.example",), "shop.example", False),
        ((), "shop.example", False),
    ],
)
def test_for_whom_a_certificate_stands(names, domain, good):
    found = read_mark(mark(names=names))
    assert found.stands_for(domain, "shop.example", "default") is good


async def test_the_record_is_mended_from_what_is_there():
    result = await run(zone(f"v=bimi1;l='{L}';a={A}"), {})
    audit = conclude(Target(domain="shop.example"), [result], load())
    assert [s.record.value for s in audit.steps if s.record] == [RECORD]
