"""The catalogue is complete in itself: codes have sentences, dead zones are refused, defaults can be proved."""

from __future__ import annotations

import ipaddress
import re

import pytest
from blocklist_world import catalogue

from deliverkit.checks.blocklist_choice import Kind, choose, dead_zone, points, provable
from deliverkit.knowledge import load
from deliverkit.knowledge.schema_dns import Blocklist, CodeStyle, ListCode, Weight

STATUSES = {
    "active", "key_required", "registration_required", "unreliable", "unconfirmed", "superseded", "dead", "no_dns",
}  # fmt: skip


def all_codes(blocklist: Blocklist) -> list[ListCode]:
    span = [blocklist.code_range.code] if blocklist.code_range else []
    return [*blocklist.codes, *span]


def test_every_meaning_and_every_way_out_has_its_sentence() -> None:
    texts = load().text("blocklists")
    used = {f"meaning.{c.meaning}" for b in catalogue().values() for c in all_codes(b)}
    assert used <= texts.keys()
    assert {key for key in texts if key.startswith("meaning.")} == used
    about_lists = {key.partition(".")[2] for key in texts if key.startswith(("removal.", "note."))}
    assert about_lists <= catalogue().keys()
    ways = {b.id for b in catalogue().values() if b.removal not in ("unknown", "none")}
    assert {f"removal.{name}" for name in ways} <= texts.keys()


@pytest.mark.parametrize("blocklist", catalogue().values(), ids=lambda b: b.id)
def test_an_entry_fits_together(blocklist: Blocklist) -> None:
    lists = catalogue()
    assert blocklist.status in STATUSES
    assert set(blocklist.kinds) <= {"ip4", "ip6", "domain"}
    for reference in (blocklist.component_of, blocklist.superseded_by, blocklist.stands_for):
        assert reference is None or reference in lists
    for code in blocklist.codes:
        if code.a.startswith("bit:"):
            assert blocklist.code_style is CodeStyle.BITMASK
            assert int(code.a[4:]) in {1 << i for i in range(8)}
        else:
            assert ipaddress.ip_address(code.a) in ipaddress.ip_network("127.0.0.0/8")
    if blocklist.query_with_key:
        assert blocklist.key
        assert {"{q}", "{key}"} <= set(re.findall(r"\{\w+\}", blocklist.query_with_key))
        assert blocklist.query_with_key.endswith("." + blocklist.zone)
    assert (blocklist.status == "dead") == (blocklist.death is not None)
    assert blocklist.status in ("dead", "superseded", "no_dns", "key_required") or blocklist.zone


def test_lists_asked_by_default_are_public_alive_and_can_be_proved() -> None:
    asked = [b for b in catalogue().values() if b.asked_by_default]
    assert asked
    for blocklist in asked:
        assert blocklist.status == "active"
        assert blocklist.codes
        assert blocklist.component_of is None
        assert any(provable(blocklist, Kind(kind)) for kind in blocklist.kinds)
        assert blocklist.type != "info"


def test_only_spamhaus_is_known_to_weigh() -> None:
    assert all(
        b.id.startswith("spamhaus") or b.id == "cbl-abuseat" for b in catalogue().values() if b.weight is Weight.HIGH
    )
    assert {b.id for b in catalogue().values() if b.weight is Weight.MEDIUM} == {"barracuda", "spamcop"}


@pytest.mark.parametrize("kind", Kind)
def test_a_heavy_list_is_asked_for_every_kind(kind: Kind) -> None:
    asked = [c.blocklist for c in choose(catalogue(), kind) if c.why is None]
    assert any(b.weight is Weight.HIGH for b in asked)
    assert all(kind in b.kinds for b in asked)


def test_dead_zones_are_known_by_name_alias_and_suffix_and_living_ones_are_not() -> None:
    lists = catalogue()
    for zone in ("dnsbl.sorbs.net", "DUL.dnsbl.sorbs.net.", "new.sorbs.net", "ix.dnsbl.manitu.net", "x.db.wpbl.info"):
        assert dead_zone(zone, lists) is not None
    living = [b for b in lists.values() if b.status != "dead" and b.zone]
    assert not [b.id for b in living if dead_zone(b.zone, lists)]
    assert dead_zone("notsorbs.net", lists) is None


def test_test_points_come_from_the_catalogue_and_fit_the_subject() -> None:
    lists = catalogue()
    assert points(lists["spamhaus-dbl"], Kind.DOMAIN) == ("dbltest.com", "example.com")
    assert points(lists["nordspam-bl"], Kind.IP6) == ("::ffff:7f00:2", "::ffff:7f00:1")
    assert points(lists["nordspam-bl"], Kind.IP4) == ("127.0.0.2", "127.0.0.1")
    assert points(lists["spamhaus-zen"], Kind.IP6) == ("127.0.0.2", "127.0.0.1")
    assert points(lists["spamhaus-zen"], Kind.DOMAIN) == (None, None)
    assert points(lists["hostkarma"], Kind.IP4) == ("127.0.0.2", None)
