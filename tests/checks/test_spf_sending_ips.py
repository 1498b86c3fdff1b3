"""Sending IPs from a domain's own SPF record."""

from __future__ import annotations

from deliverkit.checks.sending_ips import sending_ips
from deliverkit.net.resolver import Status
from tests.checks.spf_zone import Zone


async def test_reads_addresses_hosts_and_mx_but_no_foreign_include() -> None:
    zone = Zone(
        {
            "example.com": {
                "TXT": ["v=spf1 ip4:192.0.2.10 a mx ip6:2001:db8::5 include:shared.example.net -all"],
                "A": ["192.0.2.20"],
                "MX": ["10 mail.example.com", "0 ."],
            },
            "mail.example.com": {"A": ["192.0.2.30"], "AAAA": ["2001:db8::30"]},
            "shared.example.net": {"TXT": ["v=spf1 ip4:198.51.100.1 -all"]},
        }
    )
    found = await sending_ips("example.com", zone)
    assert found.ips == ("192.0.2.10", "2001:db8::5", "192.0.2.20", "192.0.2.30", "2001:db8::30")
    assert [source.term for source in found.sources] == ["ip4:192.0.2.10", "ip6:2001:db8::5", "a", "mx", "mx"]
    assert (found.cut, found.incomplete) == (False, False)
    assert ("shared.example.net", "TXT") not in zone.asked


async def test_follows_names_below_the_domain() -> None:
    zone = Zone(
        {
            "example.com": {"TXT": ["v=spf1 redirect=_spf.example.com"]},
            "_spf.example.com": {"TXT": ["v=spf1 ip4:192.0.2.10 include:_spf.example.com include:b.example.com -all"]},
            "b.example.com": {"TXT": ["v=spf1 ip4:192.0.2.11 redirect=example.com"]},
        }
    )
    assert (await sending_ips("example.com", zone)).ips == ("192.0.2.10", "192.0.2.11")


async def test_large_networks_are_named_small_ones_written_out() -> None:
    zone = Zone({"example.com": {"TXT": ["v=spf1 ip4:192.0.2.0/30 ip4:198.51.100.0/24 ip6:2001:db8::/32 -all"]}})
    found = await sending_ips("example.com", zone)
    assert found.ips == ("192.0.2.0", "192.0.2.1", "192.0.2.2", "192.0.2.3")
    assert found.networks == ("198.51.100.0/24", "2001:db8::/32")


async def test_what_fails_or_never_passes_is_left_out() -> None:
    record = "v=spf1 -ip4:192.0.2.1 ?a ~mx ip4:10.0.0.1 ip4:127.0.0.1 a:%{i}.example.com -all ip4:192.0.2.9"
    zone = Zone({"example.com": {"TXT": [record]}})
    assert (await sending_ips("example.com", zone)).ips == ()


async def test_many_are_cut_and_said() -> None:
    record = "v=spf1 " + " ".join(f"ip4:192.0.2.{n}" for n in range(200)) + " -all"
    found = await sending_ips("example.com", Zone({"example.com": {"TXT": [record]}}), limit=8)
    assert len(found.ips) == 8
    assert found.cut


async def test_a_wide_record_asks_a_bounded_number() -> None:
    record = "v=spf1 " + " ".join(f"mx:m{n}.example.com a:h{n}.example.com" for n in range(500)) + " -all"
    zone = Zone({"example.com": {"TXT": [record]}})
    found = await sending_ips("example.com", zone)
    assert found.cut
    assert len(zone.asked) <= 60


async def test_a_failure_is_incomplete_not_empty() -> None:
    for status in (Status.TIMEOUT, Status.SERVFAIL, Status.REFUSED, Status.ERROR):
        assert (await sending_ips("example.com", Zone({"example.com": {"TXT": status}}))).incomplete
        zone = Zone({"example.com": {"TXT": ["v=spf1 ip4:192.0.2.1 mx -all"], "MX": status}})
        found = await sending_ips("example.com", zone)
        assert found.incomplete
        assert found.ips == ("192.0.2.1",)


async def test_no_record_is_empty_and_complete() -> None:
    found = await sending_ips("example.com", Zone({"example.com": {"TXT": ["hello"]}}))
    assert (found.ips, found.incomplete) == ((), False)


async def test_two_records_give_nothing() -> None:
    zone = Zone({"example.com": {"TXT": ["v=spf1 ip4:192.0.2.1 -all", "v=spf1 ip4:192.0.2.2 -all"]}})
    assert (await sending_ips("example.com", zone)).ips == ()
