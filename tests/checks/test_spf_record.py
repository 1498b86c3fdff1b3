"""The SPF grammar (RFC 7208 section 12) and its macros (section 7)."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.checks.spf_macro import MacroContext, MacroError, expand, expand_name, known_name, parse_macros
from deliverkit.checks.spf_record import Fault, Mechanism, Qualifier, SpfSyntaxError, parse, read, select

CONTEXT = MacroContext(
    ip=ipaddress.ip_address("192.0.2.3"),
    sender="strong-bad@email.example.com",
    domain="email.example.com",
    helo="mx.example.org",
)


@pytest.mark.parametrize(
    ("macro", "value"),
    [
        ("%{s}", "strong-bad@email.example.com"),
        ("%{o}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l-}", "strong.bad"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{L}%%%_%-", "strong-bad% %20"),
        ("%{S}", "strong-bad%40email.example.com"),
        ("%{d" + "9" * 6000 + "}", "email.example.com"),
    ],
)
def test_macros_expand_as_in_section_7_4(macro: str, value: str) -> None:
    assert expand(parse_macros(macro), CONTEXT) == value


@pytest.mark.parametrize("macro", ["%", "%a", "%{", "%{}", "%{x}", "%{d0}", "%{d!}", "%{c}", "%(d)", "%{dr2}"])
def test_what_is_no_macro_is_refused(macro: str) -> None:
    with pytest.raises(MacroError):
        parse_macros(macro)


def test_long_names_lose_labels_on_the_left() -> None:
    name = expand_name(parse_macros(".".join(["%{d}"] * 20)), CONTEXT)
    assert len(name) <= 253
    assert name.endswith("example.com")
    assert not name.startswith(".")


@pytest.mark.parametrize(
    ("spec", "name"),
    [("%{d}", "sub.example.com"), ("_spf.%{o}", "_spf.example.com"), ("%{i}.example.com", None), ("a..b", None)],
)
def test_known_names_need_no_message(spec: str, name: str | None) -> None:
    assert known_name(parse_macros(spec), "sub.example.com", "example.com") == name


def test_selects_only_the_exact_version() -> None:
    records = ["v=spf1", "V=SPF1 -all", "v=spf10 -all", "v=spf1; -all", " v=spf1 -all", "v=spf1\t-all", "spf1 -all"]
    assert select(records) == ["v=spf1", "V=SPF1 -all"]


def test_reads_terms_with_qualifier_prefix_and_position() -> None:
    record = parse("v=spf1 a:mail.example.com/24//64 ~mx ?ip4:192.0.2.77/24 redirect=_spf.example.com")
    a, mx, ip4 = record.mechanisms
    assert (a.prefix4, a.prefix6, a.position) == (24, 64, 7)
    assert mx.qualifier is Qualifier.SOFTFAIL
    assert ip4.network == ipaddress.ip_network("192.0.2.0/24")
    assert record.redirect is not None
    assert record.redirect.value.text == "_spf.example.com"
    assert record.all is None


def test_terms_after_all_are_not_evaluated() -> None:
    record = parse("v=spf1 a ALL mx")
    assert [m.name for m in record.evaluated] == ["a", "all"]


@pytest.mark.parametrize(
    ("term", "fault"),
    [
        ("ipv4:192.0.2.1", Fault.UNKNOWN_MECHANISM),
        ("192.0.2.1", Fault.UNKNOWN_MECHANISM),
        ("redirect:example.com", Fault.UNKNOWN_MECHANISM),
        ("abc", Fault.UNKNOWN_MECHANISM),
        ("=x", Fault.UNKNOWN_MECHANISM),
        ("-all;", Fault.ARGUMENT_UNEXPECTED),
        ("all.", Fault.UNKNOWN_MECHANISM),
        ("ptr/24", Fault.ARGUMENT_UNEXPECTED),
        ("include", Fault.ARGUMENT_MISSING),
        ("exists", Fault.ARGUMENT_MISSING),
        ("ip4", Fault.ARGUMENT_MISSING),
        ("ip6:", Fault.ADDRESS),
        ("include:", Fault.DOMAIN),
        ("a:museum.", Fault.DOMAIN),
        ("a:192.0.2.1", Fault.DOMAIN),
        ("mx:example.-com", Fault.DOMAIN),
        ("a:example.com:8080", Fault.DOMAIN),
        ("include:example.com/24", Fault.DOMAIN),
        ("redirect=", Fault.DOMAIN),
        ("exp=-all", Fault.DOMAIN),
        ("ip4:192.0.2", Fault.ADDRESS),
        ("ip4:192.0.2.01", Fault.ADDRESS),
        ("ip4:2001:db8::1", Fault.ADDRESS),
        ("ip6:192.0.2.1", Fault.ADDRESS),
        ("ip6:fe80::1%eth0", Fault.ADDRESS),
        ("ip4:192.0.2.1/33", Fault.PREFIX),
        ("ip4:192.0.2.1/024", Fault.PREFIX),
        ("ip6:2001:db8::/129", Fault.PREFIX),
        ("a/33", Fault.PREFIX),
        ("a/24/64", Fault.PREFIX),
        ("a//129", Fault.PREFIX),
        ("a:%{x}.example.com", Fault.MACRO),
        ("foo=%abc", Fault.MACRO),
        ("–all", Fault.CHARACTER),
        ("a\x00", Fault.CHARACTER),
        ("\\x96all", Fault.CHARACTER),
        ("a\tmx", Fault.CHARACTER),
    ],
)
def test_faults_are_named_with_term_and_position(term: str, fault: Fault) -> None:
    with pytest.raises(SpfSyntaxError) as caught:
        parse(f"v=spf1 mx {term} -all")
    assert (caught.value.fault, caught.value.term, caught.value.position) == (fault, term, 10)


def test_a_modifier_may_stand_once() -> None:
    with pytest.raises(SpfSyntaxError) as caught:
        parse("v=spf1 exp=a.example.com exp=b.example.com")
    assert caught.value.fault is Fault.REPEATED_MODIFIER


def test_read_gives_every_error_and_the_rest() -> None:
    record, errors = read("v=spf1 ipv4:192.0.2.1 a ip4:x mx -all")
    assert [e.term for e in errors] == ["ipv4:192.0.2.1", "ip4:x"]
    assert [m.name for m in record.mechanisms] == ["a", "mx", "all"]


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(text: str) -> None:
    record, errors = read("v=spf1 " + text)
    assert len(record.terms) + len(errors) == len([t for t in text.split(" ") if t])


@given(st.lists(st.sampled_from(["a", "mx", "%{d}", "%{ir-}", "/24", "//64", ":", "=", "%", "x.y", "all", "-"])))
def test_near_records_are_read_or_refused(parts: list[str]) -> None:
    record, errors = read("v=spf1 " + "".join(parts))
    assert len(record.terms) + len(errors) <= 1


@pytest.mark.parametrize(
    "term",
    [
        "a:" + "/1" * 30_000,
        "a:" + "1" * 60_000,
        "a:x." + "1-" * 30_000,
        "a:x." + "a" * 60_000 + "_",
        "a:%{" * 16_000,
        "a:" + "%{d}" * 16_000,
        "x" * 64_000,
        "-" * 64_000,
        "ip4:" + "1." * 32_000,
        "ip6:" + ":" * 64_000,
    ],
)
def test_giant_terms_are_linear(term: str) -> None:
    record, errors = read("v=spf1 " + term)
    assert len(record.terms) + len(errors) == 1


def test_thousands_of_terms_are_read() -> None:
    record, errors = read("v=spf1 " + "a:%{d1r}.x.example " * 3_000)
    assert len(record.terms) == 3_000
    assert not errors
    assert all(isinstance(term, Mechanism) for term in record.terms)
