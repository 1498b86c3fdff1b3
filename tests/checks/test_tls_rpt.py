"""The check tls-rpt: every finding from its scenario, and the records it proposes."""

from __future__ import annotations

import pytest
from dns_world import ids
from hypothesis import given
from hypothesis import strategies as st
from web_world import browse, shop

from deliverkit.audit import conclude
from deliverkit.checks import Target
from deliverkit.checks.policy_proposals import tls_rpt_repaired
from deliverkit.checks.tagged import meant, read, with_version
from deliverkit.checks.tls_rpt import TlsRptFacts, is_report_uri
from deliverkit.knowledge import load
from deliverkit.model import Outcome


def zone(*texts: str, **more: object):
    return shop(**{"_smtp._tls": {"TXT": list(texts)}, **more})


OK = "v=TLSRPTv1; rua=mailto:tls@shop.example"
SCENARIOS = {
    "tls-rpt-ok": (zone(OK), Outcome.PASS),
    "tls-rpt-none": (shop(), Outcome.NOT_APPLICABLE),
    "tls-rpt-unanswered": (shop(**{"_smtp._tls": {"status": "refused"}}), Outcome.UNKNOWN),
    "tls-rpt-multiple": (zone(OK, OK + ",https://reports.example/x"), Outcome.WARN),
    "tls-rpt-invalid": (zone("v=TLSRPTV1; rua=mailto:tls@shop.example"), Outcome.WARN),
    "tls-rpt-no-address": (zone("v=TLSRPTv1;"), Outcome.WARN),
    "tls-rpt-address-invalid": (zone("v=TLSRPTv1; rua=tls@shop.example"), Outcome.WARN),
    "tls-rpt-address-no-mail": (zone("v=TLSRPTv1; rua=mailto:tls@gone.example"), Outcome.WARN),
    "tls-rpt-address-unanswered": (
        {**zone("v=TLSRPTv1; rua=mailto:tls@dead.example"), "dead.example": {"@": {"status": "servfail"}}},
        Outcome.UNKNOWN,
    ),
}


async def run(zones):
    return await browse("tls-rpt", Target(domain="shop.example"), zones)


@pytest.mark.parametrize("finding", SCENARIOS)
async def test_each_finding_is_raised_by_its_scenario(finding):
    zones, outcome = SCENARIOS[finding]
    result = await run(zones)
    assert finding in ids(result)
    assert result.outcome is outcome


def test_every_finding_has_a_scenario():
    assert {f.id for f in load().findings.values() if f.check == "tls-rpt"} == set(SCENARIOS)


@pytest.mark.parametrize("text", [OK, OK + ";", "v=TLSRPTv1;rua=https://reports.example/v1/tls", OK + "; new=1"])
async def test_a_good_record_has_no_other_finding(text):
    assert ids(await run(zone(text))) == ["tls-rpt-ok"]


@pytest.mark.parametrize(
    ("uri", "good"),
    [
        ("mailto:a@shop.example", True),
        ("MAILTO:a@shop.example?subject=x", True),
        ("mailto:a%20b@shop.example", False),
        ("mailto:@shop.example", False),
        ("mailto:a@", False),
        ("a@shop.example", False),
        ("http://shop.example/", False),
        ("https:///x", False),
        ("https://shop.example", True),
    ],
)
def test_report_addresses(uri, good):
    assert is_report_uri(uri) is good


@pytest.mark.parametrize(
    ("published", "wanted"),
    [
        (("v=TLSRPTv1; rua=a@shop.example",), "v=TLSRPTv1; rua=mailto:a@shop.example"),
        (("V=TLSRPTv1; rua=mailto:a@x.example", OK), "v=TLSRPTv1; rua=mailto:a@x.example,mailto:tls@shop.example"),
        (("v=TLSRPTv1;",), "v=TLSRPTv1; rua=mailto:tls-reports@shop.example"),
        (('"v=TLSRPTv1; rua=mailto:a@x.example"',), "v=TLSRPTv1; rua=mailto:a@x.example"),
    ],
)
def test_a_record_is_mended_and_no_address_lost(published, wanted):
    assert tls_rpt_repaired(TlsRptFacts("shop.example", published)) == wanted


async def test_a_first_record_is_proposed_to_those_who_ask_for_it():
    result = await run(shop())
    audit = conclude(Target(domain="shop.example"), [result], load(), on_request=True)
    assert [s.record.value for s in audit.steps if s.record] == ["v=TLSRPTv1; rua=mailto:tls-reports@shop.example"]


@given(st.lists(st.text(max_size=80), max_size=5))
def test_no_record_makes_the_reader_raise(texts):
    records = with_version([*texts, *(f"v=X1;{text}" for text in texts)], "X1")
    assert len(records) >= len(texts)
    assert all(read(record.text) == record for record in records)
    assert not set(meant(texts, "X1")) & {record.text for record in records}
