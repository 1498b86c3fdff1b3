"""The same made-up zones through our check_host() and through pyspf: they have to agree."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

import pytest
import spf
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from deliverkit.checks.spf_eval import check_host
from deliverkit.net.resolver import Status
from tests.checks.spf_zone import Zone

pyspf: Any = spf  # has no types

NAMES = ("example.com", "b.example.com", "c.example.net", "d.example.net")
# Mail hosts and PTR names have both families here, and %{p} is left out: pyspf counts each question that finds
# nothing as a void look-up, we count terms, as section 4.6.4 does.
FIXED: dict[str, dict[str, Any]] = {
    "host.example.com": {"A": ["192.0.2.1", "192.0.2.2"], "AAAA": ["2001:db8::1"], "MX": ["10 host.example.com"]},
    "other.example.net": {"A": ["198.51.100.1"], "AAAA": ["2001:db8:1::1"], "MX": ["5 other.example.net"]},
    "four.example.net": {"A": ["192.0.2.9"]},
    "slow.example.net": dict.fromkeys(("A", "AAAA", "TXT"), Status.TIMEOUT),
    "plain.example.net": {"TXT": ["no policy"], "A": ["203.0.113.1"]},
    "1.2.0.192.in-addr.arpa": {"PTR": ["host.example.com"]},
    "1.100.51.198.in-addr.arpa": {"PTR": ["other.example.net", "host.example.com"]},
    "local.192.0.2.1.example.net": {"A": ["127.0.0.2"]},
    "1.2.0.192.in-addr.example.com": {"A": ["127.0.0.2"]},
}
CLIENTS = ("192.0.2.1", "192.0.2.77", "198.51.100.1", "203.0.113.200", "2001:db8::1", "::ffff:192.0.2.1")

HOSTS = st.sampled_from(
    ["host.example.com", "other.example.net", "four.example.net", "gone.example.net", "slow.example.net"]
)
WITH_MX = st.sampled_from(["host.example.com", "other.example.net", "gone.example.net"])
PREFIX = st.sampled_from(["", "", "", "/24", "/16", "//64", "/30//127", "/0"])
TARGETS = st.sampled_from(
    [*NAMES, *NAMES, "plain.example.net", "gone.example.net", "slow.example.net", "%{d2}", "b.%{o}"]
)
QUALIFIERS = st.sampled_from(["", "", "+", "-", "~", "?"])
PLAIN = st.sampled_from(
    [
        "ip4:192.0.2.1",
        "ip4:192.0.2.0/26",
        "ip4:198.51.100.0/24",
        "ip6:2001:db8::/32",
        "ip6:2001:db8::1",
        "all",
        "a",
        "mx",
        "ptr:example.com",
        "ptr:example.net",
        "ptr",
        "exists:%{l}.%{i}.example.net",
        "exists:%{ir}.%{v}.%{d2}",
        "exists:plain.example.net",
        "exists:gone.example.net",
    ]
)
BROKEN = st.sampled_from(["ip4:192.0.2", "a/33", "include", "all:x", "foo", "a:%{z}.example.com", "redirect="])
TERMS = st.one_of(
    st.builds(str.__add__, QUALIFIERS, PLAIN),
    st.builds("{}a:{}{}".format, QUALIFIERS, HOSTS, PREFIX),
    st.builds("{}mx:{}{}".format, QUALIFIERS, WITH_MX, PREFIX),
    st.builds("{}include:{}".format, QUALIFIERS, TARGETS),
    st.builds("{}include:{}".format, QUALIFIERS, TARGETS),
)
ENDS = st.one_of(
    st.sampled_from([[], ["-all"], ["~all"], ["?all"], ["foo=%{d}"]]),
    st.builds(lambda target: [f"redirect={target}"], TARGETS),
    st.builds(lambda broken: [broken], BROKEN),
)
RECORDS = st.builds(lambda terms, end: " ".join(["v=spf1", *terms, *end]), st.lists(TERMS, max_size=5), ENDS)
ZONES = st.fixed_dictionaries({name: st.lists(RECORDS, min_size=1, max_size=1) for name in NAMES})


def lookup(zone: dict[str, dict[str, Any]]) -> Any:
    """The zone as pyspf's DNS: TXT and AAAA in bytes, MX as pairs, a failure raised."""

    def ask(name: str, rdtype: str, *_: Any) -> Iterator[Any]:
        found = zone.get(name.lower().removesuffix("."), {}).get(rdtype, [])
        if isinstance(found, Status):
            raise pyspf.TempError("DNS timeout")
        for record in found:
            value: Any = record
            if rdtype == "TXT":
                value = (record.encode(),)
            elif rdtype == "AAAA":
                value = ipaddress.IPv6Address(record).packed
            elif rdtype == "MX":
                preference, _, host = record.partition(" ")
                value = (int(preference), host)
            yield (name, rdtype), value

    return ask


@settings(max_examples=150)
@given(ZONES, st.sampled_from(CLIENTS))
async def test_agrees_with_pyspf(records: dict[str, list[str]], ip: str) -> None:
    root = {"A": ["192.0.2.5"], "AAAA": ["2001:db8::5"], "MX": ["10 host.example.com"]}
    zone: dict[str, dict[str, Any]] = FIXED | {name: root | {"TXT": found} for name, found in records.items()}
    ours = await check_host(ip, "example.com", "local@example.com", "helo.example.com", Zone(zone))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pyspf, "DNSLookup", lookup(zone))
        theirs, _, why = pyspf.query(i=ip, s="local@example.com", h="helo.example.com", strict=True).check()
    # pyspf refuses a record that includes itself before it evaluates; the standard's limits find it on the way.
    assume("trivial recursion" not in why)
    # It also counts a redirect that an earlier match leaves unused; the suite of section 4.6.3 says otherwise.
    assume("Too many DNS lookups" not in why or not any("redirect=" in r for found in records.values() for r in found))
    assert ours.result == theirs, (ours, why)
