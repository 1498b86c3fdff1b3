"""What an audit says of zones that real name servers serve, whole and broken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from asking import audited, command, ids, key_record, outcomes, txt
from real_servers import Knot, StartUnbound
from shop_zone import DMARC, HEALTHY, KEY, REPLY, SENDER, SPF, TOP, zones

from deliverkit.model import Outcome, Proof
from deliverkit.session import Network, audit_domain, diagnose


@dataclass(frozen=True)
class Case:
    """A zone, the findings that must appear and those that must not."""

    zones: Mapping[str, str]
    must: frozenset[str]
    never: frozenset[str] = frozenset()
    ips: tuple[str, ...] = ()
    domain: str = "shop.example"
    more: Mapping[str, object] = field(default_factory=dict)


def case(zones: Mapping[str, str], must: str, never: str = "", **more: object) -> Case:
    own = {key: more.pop(key) for key in ("ips", "domain") if key in more}
    return Case(zones, frozenset(must.split()), frozenset(never.split()), more=more, **own)  # type: ignore[arg-type]


MANY_TXT = "\n".join(f'@ TXT "token-{i}={"x" * 40}"' for i in range(300))
LONG_SPF = "v=spf1 " + " ".join(f"ip4:198.51.100.{i % 256}" for i in range(299)) + " ip4:192.0.2.10 -all"
INCLUDES = " ".join(f"include:i{i}.shop.example" for i in range(14))
LOOKUPS = f"@ TXT {txt(f'v=spf1 {INCLUDES} -all')}\n" + "\n".join(
    f'i{i} TXT "v=spf1 ip4:198.51.100.{i} ~all"' for i in range(14)
)
FAR = "v=DMARC1; p=quarantine; rua=mailto:d@shop.example"

CASES = {
    "healthy": case(
        HEALTHY,
        "spf-ok dkim-key-found dmarc-ok spf-ip-authorised",
        "ptr-missing ptr-not-confirmed mx-host-unresolvable spf-missing",
        ips=("192.0.2.10",),
    ),
    "healthy over IPv6": case(
        zones(SPF='@ TXT "v=spf1 ip6:2001:db8::10 -all"'),
        "spf-ip-authorised dmarc-ok",
        "ptr-missing ptr-not-confirmed ptr-name-unresolvable ptr-unanswered",
        ips=("2001:db8::10",),
    ),
    "300 TXT records, one of them SPF": case(
        zones(MORE=MANY_TXT), "spf-answer-too-large", "spf-missing spf-not-checked spf-multiple-records spf-temperror"
    ),
    "an SPF record of 300 terms": case(
        zones(SPF=f"@ TXT {txt(LONG_SPF)}"),
        "spf-record-too-long spf-ip-authorised",
        "spf-missing spf-not-checked spf-temperror spf-permerror",
        ips=("192.0.2.10",),
    ),
    "no records but an address": case(
        {**TOP, "shop.example": "@ A 192.0.2.10\n_dmarc A 192.0.2.10"},
        "spf-missing dmarc-missing mx-address-fallback",
        "spf-domain-not-found spf-not-checked dmarc-not-checked mx-unanswered mx-no-domain mx-missing",
    ),
    "a domain that is not there": case(
        TOP, "spf-domain-not-found mx-no-domain dmarc-missing", "spf-missing mx-missing"
    ),
    "empty names in between": case(
        zones(
            MX='@ MX 10 mail\nx.mail TXT "below"',
            DKIM='zz9._domainkey TXT "v=DKIM1; p="',
            DMARC="x._dmarc A 192.0.2.1",
        ),
        "mx-host-unresolvable mx-none-usable dkim-names-below dmarc-missing",
        "mx-host-unanswered dkim-names-none dmarc-not-checked",
    ),
    "nothing below _domainkey": case(zones(DKIM=""), "dkim-none-guessed dkim-names-none", "dkim-names-below"),
    "CNAMEs to a policy and a key": case(
        {
            **zones(
                DMARC="_dmarc CNAME a\na CNAME b\nb CNAME p.far.example.", DKIM="s1._domainkey CNAME k.far.example."
            ),
            "far.example": f'p TXT "{FAR}"\nk CNAME k2\nk2 TXT {KEY}',
        },
        "dmarc-ok dkim-key-found",
        "dmarc-missing dmarc-cname-dangling dkim-selector-missing dkim-cname-dangling",
        selectors=("s1",),
    ),
    "CNAMEs in a circle": case(
        zones(DMARC="_dmarc CNAME a\na CNAME _dmarc", DKIM="s1._domainkey CNAME b\nb CNAME s1._domainkey"),
        "dmarc-not-checked dkim-not-checked",
        "dmarc-missing dmarc-ok dkim-selector-missing dkim-key-found",
        selectors=("s1",),
    ),
    "CNAMEs to nothing": case(
        zones(DMARC="_dmarc CNAME gone", DKIM="s1._domainkey CNAME gone"),
        "dmarc-cname-dangling dkim-cname-dangling",
        "dmarc-ok dkim-key-found dkim-not-checked",
        selectors=("s1",),
    ),
    "SPF includes itself": case(
        zones(SPF='@ TXT "v=spf1 include:_a.shop.example -all"\n_a TXT "v=spf1 include:shop.example ~all"'),
        "spf-include-loop spf-permerror",
        "spf-ok spf-ip-authorised spf-temperror",
        ips=("192.0.2.10",),
    ),
    "SPF includes what is not there": case(
        zones(SPF='@ TXT "v=spf1 include:gone.shop.example -all"'),
        "spf-include-missing spf-permerror",
        "spf-ok spf-include-unreachable spf-temperror",
        ips=("192.0.2.10",),
    ),
    "14 look-ups": case(
        zones(SPF=LOOKUPS),
        "spf-too-many-lookups spf-permerror",
        "spf-ok spf-include-missing spf-too-many-void-lookups",
        ips=("192.0.2.10",),
    ),
    "void look-ups": case(
        zones(SPF='@ TXT "v=spf1 a:v1.shop.example a:v2.shop.example a:v3.shop.example -all"'),
        "spf-too-many-void-lookups",
        "spf-ok spf-too-many-lookups spf-host-unreachable",
    ),
    "two SPF records": case(
        zones(SPF=f'{SPF}\n@ TXT "v=spf1 mx ~all"'), "spf-multiple-records", "spf-ok spf-missing", ips=("192.0.2.10",)
    ),
    "two DMARC records": case(
        zones(DMARC=f'{DMARC}\n_dmarc TXT "v=DMARC1; p=none"'), "dmarc-multiple-records", "dmarc-ok dmarc-missing"
    ),
    "a revoked key": case(
        zones(DKIM='s1._domainkey TXT "v=DKIM1; p="'),
        "dkim-key-revoked",
        "dkim-key-found dkim-selector-missing",
        selectors=("s1",),
    ),
    "a key cut short": case(
        zones(DKIM=f"s1._domainkey TXT {KEY[:120]}" + '"'),
        "dkim-key-invalid",
        "dkim-key-found dkim-selector-missing dkim-key-revoked",
        selectors=("s1",),
    ),
    "a key of 1024 bits": case(
        zones(DKIM=f"s1._domainkey TXT {key_record(1024)}"),
        "dkim-key-found dkim-key-short",
        "dkim-key-weak dkim-key-invalid",
        selectors=("s1",),
    ),
    "a null MX": case(zones(MX="@ MX 0 ."), "mx-null", "mx-missing mx-host-unresolvable mx-none-usable"),
    "an MX to nothing": case(
        zones(MX="@ MX 10 gone"), "mx-host-unresolvable mx-none-usable", "mx-null mx-host-unanswered"
    ),
    "an MX to a CNAME": case(
        zones(MX="@ MX 10 alias\nalias CNAME mail\nmail A 192.0.2.10"), "mx-host-alias", "mx-host-unresolvable"
    ),
    "no reverse name": case(
        {**HEALTHY, "2.0.192.in-addr.arpa": "", "8.b.d.0.1.0.0.2.ip6.arpa": ""},
        "ptr-missing",
        "ptr-unanswered ptr-not-confirmed",
        ips=("192.0.2.10", "2001:db8::10"),
    ),
    "a reverse name that leads elsewhere": case(
        zones(MX="@ MX 10 mail\nmail A 192.0.2.99"),
        "ptr-not-confirmed",
        "ptr-missing ptr-forward-unanswered",
        ips=("192.0.2.10",),
    ),
    "a reverse name without an IPv6 address": case(
        zones(MX="@ MX 10 mail\nmail A 192.0.2.10"),
        "ptr-name-unresolvable",
        "ptr-missing ptr-not-confirmed ptr-forward-unanswered",
        ips=("2001:db8::10",),
    ),
    "a delegated reverse name": case(
        {**HEALTHY, "2.0.192.in-addr.arpa": "10 CNAME 10.0-31\n10.0-31 PTR mail.shop.example."},
        "spf-ok",
        "ptr-missing ptr-not-confirmed ptr-unanswered",
        ips=("192.0.2.10",),
    ),
    "a subdomain far below": case(
        zones(MORE='a.b.c.d.e.f.g.h.i TXT "v=spf1 -all"'),
        "dmarc-ok dmarc-inherited",
        "dmarc-missing dmarc-not-checked",
        domain="a.b.c.d.e.f.g.h.i.shop.example",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_said_of_a_zone(name: str, knot: Knot) -> None:
    each = CASES[name]
    found = audited(knot(each.zones), each.domain, ips=each.ips, **each.more)
    assert each.must <= ids(found.checks)
    assert not each.never & ids(found.checks)


@pytest.mark.parametrize(
    "name", ["healthy", "300 TXT records, one of them SPF", "CNAMEs in a circle", "empty names in between"]
)
def test_the_same_is_said_through_a_resolver(name: str, knot: Knot, unbound: StartUnbound) -> None:
    each = CASES[name]
    running = unbound(dict.fromkeys(each.zones, knot(each.zones)), 'local-zone: "10.in-addr.arpa." nodefault')
    for server in (running.address, f"{running.tls}"):
        if server.startswith("tls"):
            # Its certificate is nobody's, so nothing may be learned this way.
            found = audited(server, each.domain, ips=each.ips, **each.more)
            assert set(outcomes(found.checks).values()) == {Outcome.UNKNOWN}
            continue
        found = audited(server, each.domain, ips=each.ips, **each.more)
        assert each.must <= ids(found.checks)
        assert not each.never & ids(found.checks)


def test_a_healthy_domain_passes(knot: Knot) -> None:
    address = knot(HEALTHY)
    found = audited(address, "shop.example", ips=("192.0.2.10",), selectors=("s1",))
    assert set(outcomes(found.checks).values()) == {Outcome.PASS}
    ran = command("audit", "shop.example", "-n", address, "--checks", "spf,dkim,dmarc,mx,ptr", "-s", "s1", "-f", "json")
    assert (ran.code, ran.err) == (0, "")
    (only,) = ran.json["audits"]
    assert ran.json["schema"] == "deliverkit.audit/1"
    assert (only["domain"], only["outcome"], only["steps"]) == ("shop.example", "pass", [])
    # The IP that the reverse name is checked for was read from the SPF record.
    ptr = next(check for check in only["checks"] if check["check"] == "ptr")
    assert [ip["ip"] for ip in ptr["facts"]["ips"]] == ["192.0.2.10"]


@pytest.mark.parametrize("ip", ["192.0.2.10", "2001:db8::10"])
def test_reverse_names_are_confirmed_in_both_families(ip: str, knot: Knot) -> None:
    found = audited(knot(HEALTHY), "shop.example", checks=("ptr",), ips=(ip,))
    (names,) = found.checks[0].facts.ips
    assert [(name.name, name.confirmed) for name in names.names] == [("mail.shop.example", True)]
    assert outcomes(found.checks) == {"ptr": Outcome.PASS}


def test_the_python_api_asks_the_server_that_it_is_given(knot: Knot) -> None:
    network = Network((knot({**zones(SPF=f'@ TXT "v=spf1 ip4:{SENDER} -all"'), **TOP}),))
    found = audit_domain(
        "Shop.Example", ips=(SENDER,), selectors=("s1",), checks=("spf", "dkim", "dmarc"), network=network
    )
    assert set(outcomes(found.checks).values()) == {Outcome.PASS}
    (diagnosis,) = diagnose(REPLY, domain="shop.example", ips=(SENDER,), selectors=("s1",), network=network)
    assert [cause.proof for cause in diagnosis.causes] == [Proof.CONTRADICTED]


def test_a_walk_asks_eight_names_at_most(knot: Knot) -> None:
    each = CASES["a subdomain far below"]
    found = audited(knot(each.zones), each.domain, checks=("dmarc",))
    facts = found.checks[0].facts
    assert (len(facts.asked), facts.record_domain) == (8, "shop.example")
