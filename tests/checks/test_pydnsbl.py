"""pydnsbl asks through our door, and what it says agrees with what we read."""

from __future__ import annotations

import subprocess
import sys

import aiodns
import pytest
from blocklist_world import ListDns, catalogue

from deliverkit.checks._pydnsbl import BadNameError, DomainChecker, IpChecker, ListProvider, UnusableError, providers
from deliverkit.net.resolver import Status

IP = "192.0.2.10"
LISTS = [catalogue()[name] for name in ("spamhaus-zen", "spamcop", "uceprotect-2", "psbl", "dnswl")]


@pytest.fixture(autouse=True)
def no_c_ares(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_: object, **__: object) -> None:
        pytest.fail("pydnsbl opened a resolver of its own")

    monkeypatch.setattr(aiodns, "DNSResolver", opened)


async def test_only_listings_are_listings_for_the_library() -> None:
    dns = ListDns()
    dns.put(IP, LISTS[0], "127.255.255.254")
    dns.put(IP, LISTS[1], "127.0.0.2")
    dns.put(IP, LISTS[2], "127.0.0.2")
    dns.put(IP, LISTS[4], "127.0.5.3")
    result = await IpChecker(providers(LISTS, {}).values(), dns).check_async(IP)
    assert result.blacklisted
    assert result.detected_by == {"bl.spamcop.net": ["SCBL"]}
    assert [p.host for p in result.failed_providers] == ["zen.spamhaus.org"]
    assert {name for name, _ in dns.asked} == {f"10.2.0.192.{b.zone}" for b in LISTS}


@pytest.mark.parametrize(
    "said", [("127.255.255.254",), ("203.0.113.80",), Status.NODATA, Status.TIMEOUT, Status.SERVFAIL]
)
async def test_refusals_false_answers_and_failures_are_not_listings(said: tuple[str, ...] | Status) -> None:
    dns = ListDns(zones={"zen.spamhaus.org": said})
    result = await IpChecker(providers(LISTS[:1], {}).values(), dns).check_async(IP)
    assert not result.blacklisted
    assert [p.host for p in result.failed_providers] == ["zen.spamhaus.org"]


async def test_the_reason_of_a_failure_is_a_value() -> None:
    dns = ListDns(zones={"zen.spamhaus.org": ("127.255.255.254",)})
    checker = IpChecker(providers(LISTS[:1], {}).values(), dns)
    response = await checker.dnsbl_request(IP, checker.providers[0])
    assert isinstance(response.error, UnusableError)
    assert response.error.args == ("refused", ("127.255.255.254",))
    assert response.answer.records == ("127.255.255.254",)


async def test_addresses_are_asked_back_to_front() -> None:
    checker = IpChecker((), ListDns())
    assert checker.prepare_query(IP) == "10.2.0.192"
    assert checker.prepare_query("::ffff:192.0.2.10") == "10.2.0.192"
    assert checker.prepare_query("2001:db8::1").split(".") == list("1" + "0" * 23 + "8bd01002")
    for wrong in ("example.com", "192.0.2", "192.0.2.10/24", ""):
        with pytest.raises(BadNameError):
            checker.prepare_query(wrong)


async def test_domains_pass_as_dns_has_them() -> None:
    checker = DomainChecker((), ListDns())
    for given, asked in (
        ("Shop.Example.", "shop.example"),
        ("test", "test"),
        ("invalid", "invalid"),
        ("_dmarc.shop.example", "_dmarc.shop.example"),
        ("bücher.example", "xn--bcher-kva.example"),
    ):
        assert checker.prepare_query(given) == asked
    for wrong in (IP, "2001:db8::1", "[2001:db8::1]", "", ".", "\ud800.example"):
        with pytest.raises(BadNameError):
            checker.prepare_query(wrong)


def test_a_name_that_dns_cannot_hold_raises_without_telling_the_key() -> None:
    provider = ListProvider(catalogue()["abusix-combined"], "abcdefgh1234")
    assert provider.name_for("1.2.0.192") == "1.2.0.192.abcdefgh1234.combined.mail.abusix.zone"
    with pytest.raises(BadNameError) as caught:
        provider.name_for("a." * 130)
    assert "abcdefgh1234" not in str(caught.value)
    assert "abcdefgh1234" not in repr(provider)
    for name in ("a..b", "x" * 64):
        with pytest.raises(BadNameError):
            provider.name_for(name)


def test_the_library_is_loaded_only_when_lists_are_asked() -> None:
    code = (
        "import sys; from deliverkit.checks import check; check('ip-blocklists'); check('domain-blocklists');"
        "sys.exit('pydnsbl' in sys.modules or 'publicsuffixlist' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
