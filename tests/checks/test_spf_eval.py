"""check_host(): the term that decided, what it cost, and errors that are never taken for each other."""

from __future__ import annotations

from typing import Any

import pytest

from deliverkit.checks.spf_ask import Questions
from deliverkit.checks.spf_eval import Hop, SpfEvaluation, SpfFailure, SpfResult, check_host
from deliverkit.net.resolver import Status
from tests.checks.spf_zone import Zone

FAILURES = [Status.TIMEOUT, Status.SERVFAIL, Status.REFUSED, Status.ERROR]
IP = "192.0.2.10"


async def evaluate(zone: dict[str, Any], ip: str = IP, **more: Any) -> SpfEvaluation:
    return await check_host(ip, "example.com", "user@example.com", "mail.example.com", Zone(zone), **more)


def txt(record: str) -> dict[str, Any]:
    return {"TXT": [record]}


async def test_the_trail_leads_to_the_term_that_decided() -> None:
    found = await evaluate(
        {
            "example.com": txt("v=spf1 a include:b.example.net -all") | {"A": ["198.51.100.1"]},
            "b.example.net": txt("v=spf1 ip4:203.0.113.1 redirect=c.example.net"),
            "c.example.net": txt("v=spf1 ip4:192.0.2.0/24 -all"),
        }
    )
    assert found.result is SpfResult.PASS
    assert found.trail == (
        Hop("example.com", "include:b.example.net"),
        Hop("b.example.net", "redirect=c.example.net"),
        Hop("c.example.net", "ip4:192.0.2.0/24"),
    )
    assert found.mechanism == "ip4:192.0.2.0/24"
    assert found.path == ("example.com", "b.example.net", "c.example.net")
    assert (found.lookups, found.void_lookups) == (3, 0)


async def test_the_outer_qualifier_decides_for_an_include() -> None:
    found = await evaluate(
        {"example.com": txt("v=spf1 ~include:b.example.net -all"), "b.example.net": txt("v=spf1 +all")}
    )
    assert (found.result, found.mechanism) == (SpfResult.SOFTFAIL, "+all")


async def test_the_default_is_neutral_without_a_mechanism() -> None:
    found = await evaluate({"example.com": txt("v=spf1")})
    assert (found.result, found.mechanism, found.path) == (SpfResult.NEUTRAL, None, ("example.com",))


@pytest.mark.parametrize(
    ("zone", "failure"),
    [
        ({"example.com": {"TXT": ["v=spf1 -all", "v=spf1 ~all"]}}, SpfFailure.MULTIPLE_RECORDS),
        ({"example.com": txt("v=spf1 -all nonsense")}, SpfFailure.SYNTAX),
        ({"example.com": txt("v=spf1 include:gone.example.net -all")}, SpfFailure.INCLUDE_WITHOUT_RECORD),
        ({"example.com": txt("v=spf1 include:a..example.net -all")}, SpfFailure.INCLUDE_WITHOUT_RECORD),
        ({"example.com": txt("v=spf1 redirect=gone.example.net")}, SpfFailure.REDIRECT_WITHOUT_RECORD),
        ({"example.com": txt("v=spf1 a mx ptr exists:x.example.net -all")}, SpfFailure.TOO_MANY_VOID_LOOKUPS),
        ({"example.com": txt("v=spf1 redirect=example.com")}, SpfFailure.TOO_MANY_LOOKUPS),
        (
            {"example.com": txt("v=spf1 mx") | {"MX": [f"10 m{n}.example.com" for n in range(11)]}},
            SpfFailure.TOO_MANY_MX,
        ),
    ],
)
async def test_permerror_says_why(zone: dict[str, Any], failure: SpfFailure) -> None:
    found = await evaluate(zone)
    assert (found.result, found.failure, found.unanswered) == (SpfResult.PERMERROR, failure, ())


@pytest.mark.parametrize("status", FAILURES)
@pytest.mark.parametrize(
    ("record", "name", "rdtype"),
    [
        ("v=spf1 -all", "example.com", "TXT"),
        ("v=spf1 include:b.example.net -all", "b.example.net", "TXT"),
        ("v=spf1 redirect=b.example.net", "b.example.net", "TXT"),
        ("v=spf1 a:b.example.net -all", "b.example.net", "A"),
        ("v=spf1 mx:b.example.net -all", "b.example.net", "MX"),
        ("v=spf1 exists:b.example.net -all", "b.example.net", "A"),
    ],
)
async def test_no_answer_is_temperror_and_named(status: Status, record: str, name: str, rdtype: str) -> None:
    zone: dict[str, Any] = {"example.com": txt(record)}
    zone[name] = zone.get(name, {}) | {rdtype: status}
    found = await evaluate(zone)
    assert (found.result, found.failure) == (SpfResult.TEMPERROR, None)
    assert [(a.name, a.rdtype, a.status) for a in found.unanswered] == [(name, rdtype, status)]


@pytest.mark.parametrize("status", FAILURES)
async def test_a_mail_host_without_answer_is_temperror(status: Status) -> None:
    zone = {"example.com": txt("v=spf1 mx -all") | {"MX": ["10 m.example.com"]}, "m.example.com": {"A": status}}
    assert (await evaluate(zone)).result is SpfResult.TEMPERROR


async def test_a_match_before_the_failure_decides() -> None:
    zone = {
        "example.com": txt("v=spf1 ip4:192.0.2.10 include:b.example.net -all"),
        "b.example.net": {"TXT": Status.TIMEOUT},
    }
    assert (await evaluate(zone)).result is SpfResult.PASS


async def test_no_record_is_none_not_an_error() -> None:
    for zone in ({}, {"example.com": {"A": [IP]}}, {"example.com": txt("hello")}):
        found = await evaluate(zone)
        assert (found.result, found.failure, found.unanswered) == (SpfResult.NONE, None, ())


async def test_ptr_passes_over_what_is_not_answered_and_remembers_it() -> None:
    found = await evaluate({"example.com": txt("v=spf1 ptr -all"), "10.2.0.192.in-addr.arpa": {"PTR": Status.SERVFAIL}})
    assert found.result is SpfResult.FAIL
    assert [a.rdtype for a in found.unanswered] == ["PTR"]


async def test_hosts_without_the_family_are_one_void_lookup() -> None:
    hosts = {f"m{n}.example.com": {"A": ["198.51.100.1"]} for n in range(5)}
    zone = {"example.com": txt("v=spf1 mx -all") | {"MX": [f"10 {name}" for name in hosts]}, **hosts}
    found = await evaluate(zone, "2001:db8::1")
    assert (found.result, found.lookups, found.void_lookups) == (SpfResult.FAIL, 1, 1)


async def test_the_explanation_is_asked_for_only_when_wanted() -> None:
    zone = {"example.com": txt("v=spf1 exp=why.example.com -all"), "why.example.com": txt("%{i} is not ours")}
    assert (await evaluate(zone)).explanation is None
    assert (await evaluate(zone, explain=True)).explanation == "192.0.2.10 is not ours"


async def test_what_is_no_ip_is_refused() -> None:
    with pytest.raises(ValueError, match="host"):
        await evaluate({}, "host")


async def test_questions_are_asked_once_and_no_more_than_the_bound() -> None:
    zone = Zone({"example.com": txt("v=spf1 a mx -all")})
    questions = Questions(zone, 2)
    for rdtype in ("TXT", "TXT", "A", "TXT"):
        await questions.query("example.com", rdtype)
    assert (questions.count, questions.cut) == (2, False)
    beyond = await questions.query("example.com", "MX")
    assert (beyond.status, questions.cut, len(zone.asked)) == (Status.ERROR, True, 2)


async def test_a_bound_makes_temperror_never_none() -> None:
    zone = Zone({"example.com": txt("v=spf1 include:b.example.net -all"), "b.example.net": txt("v=spf1 +all")})
    found = await check_host(IP, "example.com", "example.com", "example.com", Questions(zone, 1))
    assert found.result is SpfResult.TEMPERROR
