"""What the commands say when servers fail, filter, are silent or are not there, and what a reply is proven by then."""

from __future__ import annotations

import pytest
from asking import audited, command, finding_ids, ids, outcomes
from real_servers import Dnsmasq, Knot, Nsd, StartUnbound
from shop_zone import DKIM, HEALTHY, IP4, NEVER_WHEN_OPEN, REPLY, SENDER, TOP, zones

from deliverkit.audit import ALL, BEYOND
from deliverkit.model import Outcome


def test_a_zone_that_fails_is_unknown_in_every_check(nsd: Nsd) -> None:
    address = nsd({"shop.example": None, **TOP})
    ran = command("audit", "shop.example", "-n", address, "-s", "s1", "-f", "json")
    (only,) = ran.json["audits"]
    # The server answered for other names, so it is not the network that is down.
    assert ran.code == 3
    assert {check["outcome"] for check in only["checks"]} == {"unknown"}
    assert not finding_ids(only["checks"]) & NEVER_WHEN_OPEN
    assert {"spf-not-checked", "dkim-not-checked", "dmarc-not-checked", "mx-unanswered"} <= finding_ids(only["checks"])


def test_a_part_that_fails_leaves_only_that_part_open(nsd: Nsd) -> None:
    spf = '@ TXT "v=spf1 ip4:192.0.2.10 include:spf.broken.example a:h.broken.example -all"'
    dmarc = '_dmarc TXT "v=DMARC1; p=reject; rua=mailto:d@broken.example"'
    mx = "@ MX 10 mail\n@ MX 20 mx.broken.example.\nmail A 192.0.2.10"
    dkim = f"{DKIM}\ns2._domainkey CNAME s2.broken.example."
    found = audited(
        nsd({**zones(SPF=spf, DMARC=dmarc, MX=mx, DKIM=dkim), "broken.example": None}),
        "shop.example",
        ips=("192.0.2.10", "192.0.2.77"),
        selectors=("s1", "s2"),
    )
    said = ids(found.checks)
    must = {"spf-include-unreachable", "spf-host-unreachable", "spf-ip-authorised", "spf-temperror"}
    must |= {"dmarc-ok", "dmarc-report-not-checked", "mx-host-unanswered", "dkim-key-found", "dkim-not-checked"}
    assert must <= said
    assert not said & {
        "spf-include-missing",
        "spf-ip-not-authorised",
        "dmarc-report-unauthorised",
        "dmarc-report-no-mx",
    }
    assert not said & {"mx-host-unresolvable", "mx-none-usable", "dkim-selector-missing", "dkim-cname-dangling"}


def test_reverse_zones_that_fail_are_not_missing_names(nsd: Nsd) -> None:
    broken: dict[str, str | None] = {**HEALTHY, "2.0.192.in-addr.arpa": None}
    found = audited(nsd(broken), "shop.example", checks=("ptr",), ips=("192.0.2.10",))
    assert (outcomes(found.checks), ids(found.checks)) == ({"ptr": Outcome.UNKNOWN}, {"ptr-unanswered"})
    forward: dict[str, str | None] = {**IP4, "shop.example": None}
    found = audited(nsd(forward), "shop.example", checks=("ptr",), ips=("192.0.2.10",))
    assert (outcomes(found.checks), ids(found.checks)) == ({"ptr": Outcome.UNKNOWN}, {"ptr-forward-unanswered"})


def test_a_resolver_whose_upstream_is_dead_says_servfail(unbound: StartUnbound, nowhere: str) -> None:
    running = unbound({"shop.example": nowhere, "example": nowhere}, "outbound-msg-retry: 1")
    found = audited(running.address, "shop.example", timeout=20.0)
    assert set(outcomes(found.checks).values()) == {Outcome.UNKNOWN}
    assert not ids(found.checks) & NEVER_WHEN_OPEN


def test_a_rebinding_filter_hides_private_hosts_and_nothing_else(knot: Knot, dnsmasq: Dnsmasq) -> None:
    """What the filter swallows looks like a host without address, and examples count as private to it."""
    authority = knot(zones(MX="@ MX 10 mail\n@ MX 20 inside\nmail A 192.0.2.10\ninside A 10.0.0.1"))
    straight = audited(authority, "shop.example")
    filtered = audited(dnsmasq(authority, "--stop-dns-rebind"), "shop.example")
    assert "mx-host-private" in ids(straight.checks)
    assert "mx-host-private" not in ids(filtered.checks)
    rest = ("spf", "dkim", "dmarc")
    assert ids(c for c in straight.checks if c.check in rest) == ids(c for c in filtered.checks if c.check in rest)


@pytest.mark.parametrize("kind", ["nowhere", "silent_server"])
def test_a_dead_name_server_leaves_everything_unknown(kind: str, request: pytest.FixtureRequest) -> None:
    address = request.getfixturevalue(kind)
    words = ("audit", "shop.example", "-n", address, "-s", "s1", "-t", "0.3", "--deadline", "5")
    ran = command(*words, "-f", "json")
    assert (ran.code, ran.err.count("\n")) == (4, 1)
    (only,) = ran.json["audits"]
    assert only["outcome"] == "unknown"
    assert {check["check"]: check["outcome"] for check in only["checks"]} == dict.fromkeys(
        (name for name in ALL if name not in BEYOND), "unknown"
    )
    findings = [finding for check in only["checks"] for finding in check["findings"]]
    assert {finding["outcome"] for finding in findings} == {"unknown"}
    assert not finding_ids(only["checks"]) & NEVER_WHEN_OPEN
    text = command(*words)
    assert text.code == 4
    assert "pass" not in text.out.split()


def test_the_deadline_ends_what_a_patient_timeout_would_not(silent_server: str) -> None:
    """One question alone would be waited for longer than the command is given here."""
    ran = command("audit", "shop.example", "-n", silent_server, "-t", "60", "--deadline", "1", "-f", "json")
    (only,) = ran.json["audits"]
    assert ran.code == 4
    assert {check["outcome"] for check in only["checks"]} == {"unknown"}


def test_a_dead_server_proves_no_cause_of_a_reply(silent_server: str) -> None:
    words = ("-d", "shop.example", "-n", silent_server, "-t", "0.3", "--deadline", "5", "-f", "json")
    ran = command("diagnose", REPLY, *words)
    (only,) = ran.json["results"]
    assert ran.code == 4
    assert {check["outcome"] for check in only["checks"]} == {"unknown"}
    assert not {cause["proof"] for cause in only["causes"]} & {"proven", "contradicted"}


def test_a_reply_is_proven_by_what_the_zone_holds(knot: Knot) -> None:
    ran = command("diagnose", REPLY, "-d", "shop.example", "--ip", SENDER, "-n", knot(zones(SPF="")), "-f", "json")
    (only,) = ran.json["results"]
    assert (ran.code, only["provider"]) == (1, "gmail")
    proven = [cause for cause in only["causes"] if cause["proof"] == "proven"]
    assert "spf-missing" in {finding for cause in proven for finding in cause["findings"]}
    records = [step["record"] for step in only["steps"] if step["record"]]
    assert any(record["name"].rstrip(".") == "shop.example" and SENDER in record["value"] for record in records)


def test_a_reply_is_contradicted_by_a_healthy_zone(knot: Knot) -> None:
    address = knot(zones(SPF=f'@ TXT "v=spf1 ip4:{SENDER} -all"'))
    ran = command("diagnose", REPLY, "-d", "shop.example", "--ip", SENDER, "-s", "s1", "-n", address, "-f", "json")
    (only,) = ran.json["results"]
    assert ran.code == 0
    assert [cause["proof"] for cause in only["causes"]] == ["contradicted"]


def test_a_reply_is_not_contradicted_while_a_part_is_open(nsd: Nsd) -> None:
    served: dict[str, str | None] = {
        **zones(SPF='@ TXT "v=spf1 include:spf.broken.example -all"'),
        "broken.example": None,
    }
    ran = command("diagnose", REPLY, "-d", "shop.example", "--ip", SENDER, "-s", "s1", "-n", nsd(served), "-f", "json")
    (only,) = ran.json["results"]
    assert not {cause["proof"] for cause in only["causes"]} & {"proven", "contradicted"}
    assert ran.code == 3


@pytest.mark.parametrize("kind", ["healthy", "broken", "dead"])
def test_a_recording_replays_to_the_same_result(kind: str, nsd: Nsd, nowhere: str, tmp_path: object) -> None:
    file = f"{tmp_path}/world.json"
    spf = '@ TXT "v=spf1 ip4:192.0.2.10 include:spf.broken.example -all"'
    served: dict[str, str | None] = {**HEALTHY} if kind == "healthy" else {**zones(SPF=spf), "broken.example": None}
    address = nowhere if kind == "dead" else nsd(served)
    live = command("audit", "shop.example", "-n", address, "-s", "s1", "-f", "json", "--record", file)
    replayed = command("audit", "shop.example", "-s", "s1", "-f", "json", "--replay", file)
    assert live.code == replayed.code
    assert without_times(live.json) == without_times(replayed.json)
    assert live.json["audits"][0]["checks"]


def without_times(value: object) -> object:
    """A document without the seconds that things took."""
    if isinstance(value, dict):
        return {key: without_times(held) for key, held in value.items() if key != "elapsed"}
    return [without_times(each) for each in value] if isinstance(value, list) else value
