"""The shipped catalogue of blocklists against rbldnsd: what the commands say when lists lie, refuse or are silent.

Every list that is asked by default is served with its own test points, so that each fault below is the only one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from asking import Ran, audited, command, finding_ids, ids, outcomes
from real_servers import DataSets, Dnsmasq, Knot, Rbldnsd, StartUnbound

from deliverkit.checks.blocklist_findings import BlocklistFacts
from deliverkit.knowledge import load
from deliverkit.knowledge.schema_dns import Blocklist, CodeKind
from deliverkit.model import Outcome

LISTS = {b.id: b for b in load().blocklists.values() if b.asked_by_default and b.zone}
SENDER = "192.88.99.10"
"""The command takes no documentation address on a live network; this range is out of use (RFC 7526)."""
OTHER = "192.88.99.11"
ZEN, DBL, SPAMCOP = "zen.spamhaus.org", "dbl.spamhaus.org", "bl.spamcop.net"
CLEAN = {"blocklist-ip-clean", "blocklist-domain-clean"}
LISTED = {
    f"blocklist-{kind}-{how}" for kind in ("ip", "domain") for how in ("listed", "listed-small", "policy", "abused")
}
KNOWN = {"listed", "policy", "good", "neutral", "not_listed"}


@dataclass(frozen=True)
class Served:
    """One list as rbldnsd serves it: its test points and entries, or a fault."""

    blocklist: Blocklist
    ip4: str = ""
    ip6: str = ""
    domains: str = ""
    acl: str = ""
    instead: str = ""
    """Data in the place of test points and entries."""

    def sets(self) -> list[tuple[str, str]]:
        """The data sets of the zone."""
        held = self.blocklist
        zone, code = held.zone, entry_code(held)
        head = f"$SOA 300 ns.{zone}. hostmaster.{zone}. 0 600 300 86400 60\n$TTL 120\n:{code}:entry of $\n"
        ip4, ip6, domains = (f"{data}\n" if data else "" for data in (self.ip4, self.ip6, self.domains))
        for point in () if self.instead else held.test_listed:
            if ":" in point:
                # rbldnsd takes an IPv4-mapped address only when it is written out.
                ip6 += "0:0:0:0:0:ffff:7f00:2\n"
            elif point[0].isdigit():
                ip4 += f"{point}\n"
            else:
                domains += f"{point}\n"
        found = [("ip4trie", head + (self.instead or ip4))]
        found += [("ip6trie", f"$TTL 120\n:{code}:entry of $\n{ip6}")] if ip6 else []
        found += [("dnset", f"$TTL 120\n:{code}:entry of $\n{domains}")] if domains else []
        return [*found, *([("acl", self.acl)] if self.acl else [])]


def entry_code(held: Blocklist) -> str:
    """An address by which a list says that a subject is on it."""
    fitting = [c.a for c in held.codes if c.kind is not CodeKind.ERROR and c.a != "127.0.0.1"]
    if held.code_range is not None:
        span = held.code_range
        return f"127.0.{span.third[0]}.{span.fourth[0]}"
    return f"127.0.0.{fitting[0].removeprefix('bit:')}" if fitting[0].startswith("bit:") else fitting[0]


def world(**changed: Mapping[str, str]) -> DataSets:
    """All lists, healthy but for the changes, fields of ``Served`` by the id of a list (``_`` for ``-``)."""
    served = {name: Served(held) for name, held in LISTS.items()}
    for name, fields in changed.items():
        key = name.replace("_", "-")
        served[key] = replace(served[key], **fields)
    return {each.blocklist.zone: each.sets() for each in served.values()}


def rows(ran: Ran) -> dict[str, dict[str, Any]]:
    """The row of each list in a ``blocklists`` document of one subject."""
    (subject,) = ran.json["subjects"]
    (facts,) = subject["facts"]["subjects"]
    return {row["list"]: row for row in facts["rows"]}


def states(ran: Ran, only: Iterable[str] = ()) -> dict[str, str]:
    """The state of each list that was asked, or of those named."""
    wanted = set(only)
    return {n: row["state"] for n, row in rows(ran).items() if (n in wanted if wanted else row["state"] != "not_asked")}


def said(ran: Ran) -> set[str]:
    """The findings of a ``blocklists`` document."""
    return finding_ids(ran.json["subjects"])


def asked(server: str, subject: str, *more: str) -> Ran:
    """``deliverkit blocklists`` as JSON."""
    return command("blocklists", subject, "-n", server, "-f", "json", *more)


def outcome(ran: Ran) -> str:
    """What the check came to."""
    (subject,) = ran.json["subjects"]
    return str(subject["outcome"])


@pytest.mark.parametrize("subject", [SENDER, "shop.example"])
def test_a_clean_subject_is_clean_on_every_list(rbldnsd: Rbldnsd, subject: str) -> None:
    ran = asked(rbldnsd(world()), subject)
    found = states(ran)
    assert set(found.values()) == {"not_listed"}
    kind, unproven = ("ip4", set()) if subject == SENDER else ("domain", {"spfbl"})
    # SPFBL holds domains too, but no test point for them, so nobody could say what its silence means.
    assert set(found) == {name for name, held in LISTS.items() if kind in held.kinds} - unproven
    assert (ran.code, outcome(ran), ran.err) == (0, "pass", "")
    assert said(ran) & CLEAN
    assert not said(ran) & LISTED


def test_listings_and_policy_entries_are_told_apart(rbldnsd: Rbldnsd) -> None:
    entries = f"{SENDER} :127.0.0.4:exploited $\n{OTHER} :127.0.0.10:policy $\n"
    server = rbldnsd(world(spamhaus_zen={"ip4": entries}, spamcop={"ip4": SENDER}, psbl={"ip4": OTHER}))
    ran = asked(server, SENDER)
    assert states(ran, ("spamhaus-zen", "spamcop", "psbl")) == {
        "spamhaus-zen": "listed",
        "spamcop": "listed",
        "psbl": "not_listed",
    }
    assert {name for name, state in states(ran).items() if state != "not_listed"} == {"spamhaus-zen", "spamcop"}
    assert (ran.code, outcome(ran)) == (1, "fail")
    assert {"blocklist-ip-listed", "blocklist-ip-spamhaus-xbl"} <= said(ran)
    assert not said(ran) & (CLEAN | {"blocklist-ip-policy", "blocklist-ip-spamhaus-sbl"})
    assert rows(ran)["spamhaus-zen"]["reason"] == f"exploited {SENDER}"
    ran = asked(server, OTHER)
    assert states(ran, ("spamhaus-zen", "psbl")) == {"spamhaus-zen": "policy", "psbl": "listed"}
    assert outcome(ran) == "warn"
    assert {"blocklist-ip-policy", "blocklist-ip-listed-small"} <= said(ran)
    assert not said(ran) & (CLEAN | {"blocklist-ip-listed"})


def test_entries_of_domains(rbldnsd: Rbldnsd) -> None:
    server = rbldnsd(world(spamhaus_dbl={"domains": ".bad.example\nabused.example :127.0.1.102:abused $\n"}))
    for subject, finding, state in (
        ("bad.example", "blocklist-domain-listed", "listed"),
        ("www.bad.example", "blocklist-domain-listed", "listed"),
        ("abused.example", "blocklist-domain-abused", "listed"),
        ("shop.example", "blocklist-domain-clean", "not_listed"),
    ):
        ran = asked(server, subject)
        assert states(ran, ("spamhaus-dbl",)) == {"spamhaus-dbl": state}
        assert finding in said(ran)
        assert len(said(ran) & (CLEAN | LISTED)) == 1


EVERYTHING = "0.0.0.0/0 :127.0.0.2:everything\n"
REFUSED = "127.0.0.0/8 :127.255.255.254:Error: open resolver; see https://check.example/53\n"
FAULTS: dict[str, tuple[dict[str, str], str, str]] = {
    "refused by a code": ({"acl": REFUSED}, "refused", "blocklist-ip-refused"),
    "refused by the server": ({"acl": "127.0.0.0/8 :refuse\n"}, "failed", "blocklist-ip-failed"),
    "parked": ({"instead": "0.0.0.0/0 :203.0.113.80:parked\n"}, "hijacked", "blocklist-ip-hijacked"),
    "lists the world": ({"instead": EVERYTHING}, "not_known", "blocklist-ip-list-broken"),
    "empty": ({"instead": "# nothing\n"}, "not_known", "blocklist-ip-list-broken"),
    "empty by access list": ({"acl": "127.0.0.0/8 :empty\n"}, "not_known", "blocklist-ip-list-broken"),
    "silent": ({"acl": "127.0.0.0/8 :ignore\n"}, "failed", "blocklist-ip-failed"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("subject", [SENDER, OTHER], ids=["listed", "unlisted"])
def test_a_heavy_list_at_fault_leaves_the_ip_unknown(rbldnsd: Rbldnsd, fault: str, subject: str) -> None:
    """The subject is on the list or not: with this fault nobody can tell, so nobody may say."""
    fields, state, finding = FAULTS[fault]
    fields = fields if "instead" in fields else {**fields, "ip4": SENDER}
    ran = asked(rbldnsd(world(spamhaus_zen=fields)), subject, "--timeout", "0.5")
    assert states(ran, ("spamhaus-zen",)) == {"spamhaus-zen": state}
    assert {name for name, each in states(ran).items() if each != "not_listed"} == {"spamhaus-zen"}
    assert {finding, "blocklist-ip-heavy-unknown"} <= said(ran)
    assert not said(ran) & (CLEAN | LISTED)
    assert (ran.code, outcome(ran)) == (3, "unknown")


@pytest.mark.parametrize("fault", FAULTS)
def test_every_list_at_fault_yields_no_word_about_the_ip(rbldnsd: Rbldnsd, fault: str) -> None:
    fields, state, finding = FAULTS[fault]
    names = [name.replace("-", "_") for name, held in LISTS.items() if "ip4" in held.kinds]
    ran = asked(rbldnsd(world(**dict.fromkeys(names, fields))), SENDER, "--timeout", "0.3", "--deadline", "20")
    assert set(states(ran).values()).isdisjoint(KNOWN)
    assert {finding, "blocklist-ip-heavy-unknown"} <= said(ran)
    assert not said(ran) & (CLEAN | LISTED)
    # Only where not one question was answered nothing could be checked at all.
    assert ran.code == (4 if state == "failed" else 3)
    assert state in states(ran).values()


def test_a_small_list_at_fault_is_named_and_the_rest_counts(rbldnsd: Rbldnsd) -> None:
    server = rbldnsd(world(psbl={"instead": EVERYTHING}, spamcop={"ip4": SENDER}))
    ran = asked(server, SENDER)
    assert states(ran, ("psbl", "spamcop", "spamhaus-zen")) == {
        "psbl": "not_known",
        "spamcop": "listed",
        "spamhaus-zen": "not_listed",
    }
    assert {"blocklist-ip-list-broken", "blocklist-ip-listed"} <= said(ran)
    assert not said(ran) & (CLEAN | {"blocklist-ip-heavy-unknown"})


def test_the_refused_resolver_is_named(rbldnsd: Rbldnsd) -> None:
    acl = "127.0.0.0/8 :127.255.255.254:Error: open resolver; https://check.example/returnc/pub/198.51.100.53\n"
    ran = asked(rbldnsd(world(spamhaus_zen={"acl": acl}, spamhaus_dbl={"acl": acl})), SENDER)
    assert rows(ran)["spamhaus-zen"]["resolver"] == "198.51.100.53"
    assert "blocklist-ip-resolver" in said(ran)


@pytest.mark.parametrize("fault", ["refused by a code", "refused by the server", "empty by access list", "silent"])
def test_a_heavy_list_of_domains_at_fault(rbldnsd: Rbldnsd, fault: str) -> None:
    fields, state, _ = FAULTS[fault]
    served = world(spamhaus_dbl={**fields, "domains": "bad.example\n"})
    ran = asked(rbldnsd(served), "bad.example", "--timeout", "0.5")
    assert states(ran, ("spamhaus-dbl",)) == {"spamhaus-dbl": state}
    assert "blocklist-domain-heavy-unknown" in said(ran)
    assert not said(ran) & (CLEAN | LISTED)
    assert ran.code == 3


def test_text_says_neither_clean_nor_listed_of_an_open_question(rbldnsd: Rbldnsd) -> None:
    server = rbldnsd(world(spamhaus_zen={"acl": REFUSED}))
    for words in ((), ("--all",)):
        ran = command("blocklists", SENDER, "-n", server, *words)
        assert ran.code == 3
        assert "clean" not in ran.out.lower()
        assert "✓ pass" not in ran.out


def test_ipv6_addresses(rbldnsd: Rbldnsd) -> None:
    entries = "2001:db8:1:2::/64 :127.0.0.3:snowshoe $\n"
    server = rbldnsd(world(spamhaus_zen={"ip6": entries}))
    for ip, finding, expected in (
        ("2001:db8:1:2::99", "blocklist-ip-listed", Outcome.FAIL),
        ("2001:db8:1:3::99", "blocklist-ip-clean", Outcome.PASS),
    ):
        found = audited(server, "shop.example", checks=("ip-blocklists",), ips=(ip,))
        assert outcomes(found.checks) == {"ip-blocklists": expected}
        assert finding in ids(found.checks)
        facts: BlocklistFacts = found.checks[0].facts.subjects[0]
        # Lists of IPv4 alone are not asked, and that is said.
        assert {r.list for r in facts.rows if r.state == "not_asked"} >= {"spamcop", "psbl"}


def test_through_a_resolver_nothing_changes(rbldnsd: Rbldnsd, knot: Knot, unbound: StartUnbound) -> None:
    """The way of a real set-up: a recursive resolver in front of the lists and of the domain's own zone."""
    lists = world(spamhaus_zen={"ip4": "192.0.2.10 :127.0.0.2:spam source $\n"}, psbl={"acl": REFUSED})
    domain = {"shop.example": '@ TXT "v=spf1 ip4:192.0.2.10 -all"'}
    running = unbound({**dict.fromkeys(lists, rbldnsd(lists)), "shop.example": knot(domain)})
    words = ("audit", "shop.example", "-n", running.address, "--checks", "ip-blocklists,domain-blocklists")
    ran = command(*words, "-f", "json")
    (only,) = ran.json["audits"]
    assert {check["check"]: check["outcome"] for check in only["checks"]} == {
        "ip-blocklists": "fail",
        "domain-blocklists": "pass",
    }
    assert ran.code == 1
    assert {"blocklist-ip-listed", "blocklist-ip-spamhaus-sbl", "blocklist-domain-clean"} <= finding_ids(only["checks"])
    # A refusal code that PSBL does not document is no listing either.
    psbl = next(row for row in only["checks"][0]["facts"]["subjects"][0]["rows"] if row["list"] == "psbl")
    assert psbl["state"] not in KNOWN


def test_a_rebinding_filter_leaves_nothing_known(rbldnsd: Rbldnsd, dnsmasq: Dnsmasq) -> None:
    authority = rbldnsd(world(spamhaus_zen={"ip4": SENDER}, spamcop={"ip4": SENDER}))
    filtered = asked(dnsmasq(authority, "--stop-dns-rebind"), SENDER)
    # An answer without an address is a swallowed one, and no proof that the list is empty.
    assert set(states(filtered).values()) == {"failed"}
    assert (filtered.code, outcome(filtered)) == (3, "unknown")
    assert not said(filtered) & (CLEAN | LISTED)
    assert {name for name, state in states(asked(authority, SENDER)).items() if state == "listed"} == {
        "spamhaus-zen",
        "spamcop",
    }


@pytest.mark.parametrize("kind", ["nowhere", "silent_server"])
@pytest.mark.parametrize("subject", [SENDER, "shop.example"])
def test_a_dead_resolver_says_nothing_of_any_list(kind: str, subject: str, request: pytest.FixtureRequest) -> None:
    ran = asked(request.getfixturevalue(kind), subject, "-t", "0.3", "--deadline", "5")
    assert set(states(ran).values()) == {"failed"}
    assert (ran.code, outcome(ran)) == (4, "unknown")
    assert not said(ran) & (CLEAN | LISTED)
    assert not {finding for finding in said(ran) if "broken" in finding or "refused" in finding}


def test_a_recording_of_lists_replays_to_the_same_rows(rbldnsd: Rbldnsd, tmp_path: object) -> None:
    file = f"{tmp_path}/lists.json"
    server = rbldnsd(world(spamhaus_zen={"acl": REFUSED}, spamcop={"ip4": SENDER}))
    live = asked(server, SENDER, "--record", file)
    replayed = command("blocklists", SENDER, "-f", "json", "--replay", file)
    assert live.code == replayed.code == 1
    assert rows(live) == rows(replayed)
