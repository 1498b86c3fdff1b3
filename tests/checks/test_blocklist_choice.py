"""Which lists are asked, and why others are not."""

from __future__ import annotations

import dataclasses

import pytest
from blocklist_world import catalogue

from deliverkit.checks.blocklist_answer import Why
from deliverkit.checks.blocklist_choice import Kind, asked_as, choose, inside_only, kind_of
from deliverkit.knowledge.schema_dns import Blocklist

KEY = "abcdefghijkl0123456789"


def chosen(kind: Kind, keys: dict[str, str] | None = None, also: tuple[str, ...] = ()) -> dict[str, Why | None]:
    return {c.blocklist.id: c.why for c in choose(catalogue(), kind, keys=keys, also=also)}


def test_dead_lists_are_never_asked_whatever_the_user_says() -> None:
    dead = tuple(b.id for b in catalogue().values() if b.status == "dead")
    for kind in Kind:
        assert not set(dead) & chosen(kind).keys()
        assert {chosen(kind, also=dead)[name] for name in dead} == {Why.DEAD}


def test_a_list_of_the_user_in_a_dead_zone_is_refused() -> None:
    own = Blocklist("mine", "Mine", "fresh.dnsbl.sorbs.net", "me", ("ip4",), "active", asked_by_default=True)
    choices = choose({"mine": own}, Kind.IP4, graveyard=catalogue())
    assert [(c.blocklist.id, c.why) for c in choices] == [("mine", Why.DEAD)]
    alive = dataclasses.replace(own, zone="bl.example.net")
    assert choose({"mine": alive}, Kind.IP4, graveyard=catalogue())[0].why is None


def test_superseded_lists_and_parts_of_an_asked_list_are_not_asked_twice() -> None:
    found = chosen(Kind.IP4, also=("cbl-abuseat", "spamhaus-pbl", "mailspike-z"))
    assert found["cbl-abuseat"] is Why.SUPERSEDED
    assert found["spamhaus-pbl"] is Why.COMPONENT
    assert found["mailspike-z"] is Why.COMPONENT


def test_lists_that_need_a_key_or_registration_say_so() -> None:
    found = chosen(Kind.IP4)
    assert found["barracuda"] is Why.NEEDS_REGISTRATION
    assert found["abusix-combined"] is Why.NEEDS_KEY
    assert "spamhaus-dqs-zen" not in found
    assert chosen(Kind.IP4, also=("barracuda",))["barracuda"] is None


def test_a_key_turns_its_lists_on_and_the_public_twin_off() -> None:
    found = chosen(Kind.IP4, {"spamhaus-dqs": KEY})
    assert found["spamhaus-dqs-zen"] is None
    assert "spamhaus-zen" not in found
    assert chosen(Kind.DOMAIN, {"spamhaus-dqs": KEY})["spamhaus-dqs-dbl"] is None
    rats = chosen(Kind.IP4, {"spamrats": KEY})
    assert rats["spamrats-all"] is None
    assert "spamrats-dyna" not in rats


@pytest.mark.parametrize("key", ["short", "with.dots.in.it", "white space", "x" * 64, "{q}{key}{q}{key}"])
def test_what_is_no_dns_label_is_no_key(key: str) -> None:
    assert chosen(Kind.IP4, {"abusix": key})["abusix-combined"] is Why.BAD_KEY


def test_ipv6_goes_only_to_lists_that_take_it() -> None:
    found = chosen(Kind.IP6)
    assert found["spamcop"] is Why.NO_IPV6
    assert found["spamhaus-zen"] is None
    assert all("ip6" in catalogue()[name].kinds for name, why in found.items() if why is None)


def test_reputations_without_dns_have_nothing_to_ask() -> None:
    assert "microsoft" not in chosen(Kind.IP4)
    assert chosen(Kind.IP4, also=("microsoft",))["microsoft"] is Why.NO_DNS


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("192.0.2.10", (Kind.IP4, "192.0.2.10")),
        ("::ffff:192.0.2.10", (Kind.IP4, "192.0.2.10")),
        ("2001:DB8::1", (Kind.IP6, "2001:db8::1")),
        ("Shop.Example.", (Kind.DOMAIN, "shop.example")),
    ],
)
def test_a_subject_is_written_as_lists_take_it(subject: str, expected: tuple[Kind, str]) -> None:
    assert kind_of(subject) == expected


def test_only_the_registrable_domain_is_asked_where_the_list_holds_nothing_else() -> None:
    uribl, dbl = catalogue()["uribl-multi"], catalogue()["spamhaus-dbl"]
    assert asked_as("news.shop.co.uk", uribl, Kind.DOMAIN) == "shop.co.uk"
    assert asked_as("news.shop.co.uk", dbl, Kind.DOMAIN) == "news.shop.co.uk"


def test_names_of_one_network_are_known() -> None:
    assert inside_only("mail.corp.local")
    assert inside_only("printer.home.arpa")
    assert not inside_only("local.example")
