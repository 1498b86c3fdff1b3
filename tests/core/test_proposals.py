"""Records are proposed from what is published: one SPF record, no jump to reject, nothing guessed."""

from __future__ import annotations

from deliverkit.audit import audit
from deliverkit.model import Audit, Record
from deliverkit.session import Network, in_world, target

DEMO = Network(replay="demo")


def _audit(domain: str, **known: object) -> Audit:
    given = target(DEMO, domain=domain, **known)  # type: ignore[arg-type]
    return in_world(DEMO, lambda world: audit(given, world))


def _record(result: Audit, fix: str) -> Record:
    [record] = [s.record for s in result.steps if s.id.startswith(f"{fix}.") and s.record]
    return record


def test_a_missing_sender_is_added_to_the_one_record() -> None:
    record = _record(_audit("shop.example", ips=["192.0.2.10"]), "spf-add-sender")
    assert record == Record(
        "shop.example",
        "TXT",
        "v=spf1 ip4:192.0.2.10 include:_spf.google.com -all",
        ("v=spf1 include:_spf.google.com -all",),
    )


def test_two_records_become_one() -> None:
    record = _record(_audit("twospf.example"), "spf-merge-records")
    assert record.value.split() == ["v=spf1", "include:_spf.google.com", "ip4:192.0.2.31", "~all"]
    assert len(record.now) == 2


def test_a_first_record_never_refuses() -> None:
    record = _record(_audit("nospf.example", ips=["192.0.2.30"]), "spf-publish")
    assert record.value == "v=spf1 ip4:192.0.2.30 ~all"


def test_nothing_is_proposed_where_no_sender_is_known() -> None:
    result = _audit("nospf.example")
    assert [s.record for s in result.steps if s.id.startswith("spf-publish.") and s.record] == []


def test_a_first_dmarc_record_changes_nothing_for_the_mail() -> None:
    record = _record(_audit("nospf.example"), "dmarc-publish")
    assert record.name == "_dmarc.nospf.example"
    assert "p=none" in record.value


def test_a_policy_is_tightened_by_one_level_only() -> None:
    record = _record(_audit("twospf.example"), "dmarc-tighten")
    assert "p=quarantine" in record.value
    assert "reject" not in record.value


def test_nothing_is_proposed_for_a_domain_that_nobody_answered_for() -> None:
    assert [s.record for s in _audit("silent.example").steps if s.record] == []
