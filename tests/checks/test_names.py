import ipaddress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deliverkit.checks.names import (
    Scope,
    domain_name,
    ip_address,
    is_host_name,
    is_ip,
    reaches,
    reverse_name,
    reversed_labels,
    same_ip,
    scope,
)
from deliverkit.errors import InputError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("example.com", "example.com"),
        ("  Example.COM.\n", "example.com"),
        ("user@Example.com", "example.com"),
        ('"Some One" <someone@mail.example.com>', "mail.example.com"),
        ("<someone@example.com>", "example.com"),
        ("'example.com'", "example.com"),
        ("mailto:someone@example.com?subject=x", "example.com"),
        ("@example.com", "example.com"),
        ("https://www.example.com/path?q=1#here", "www.example.com"),
        ("https://user:secret@www.example.com:8443/", "www.example.com"),
        ("example.com/path", "example.com"),
        ("mail.example.com:25", "mail.example.com"),
        ("_dmarc.example.com", "_dmarc.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("info@例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("ｅｘａｍｐｌｅ。ｃｏｍ", "example.com"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("r3---sn-4g5e.example.com", "r3---sn-4g5e.example.com"),
        ("a" * 63 + ".example", "a" * 63 + ".example"),
    ],
)
def test_a_domain_is_read_as_people_write_it(text, expected):
    assert domain_name(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        ".",
        "@",
        "localhost",
        "com.",
        "192.0.2.1",
        "[192.0.2.1]",
        "2001:db8::1",
        "user@[IPv6:2001:db8::1]",
        "https://192.0.2.1/",
        "two words.example",
        "example..com",
        ".example.com",
        "-example.com",
        "example-.com",
        "exam_ple.com",
        "exam!ple.com",
        "example.com\x1b[31m",
        "a" * 64 + ".example",
        ".".join(["a" * 60] * 5),
        "ü" * 63 + ".example",
        "1.2.3.456",
        "example.123",
        "☃.example",
        "a\u200db.example",
        "x" * 5000,
        "example.com,example.net",
    ],
)
def test_what_is_no_domain_is_refused_with_advice(text):
    with pytest.raises(InputError) as caught:
        domain_name(text)
    assert caught.value.advice
    assert str(caught.value).isprintable()


@given(st.text() | st.text(alphabet="aé.-_@:/[]<>0123456789 \x00ｘ。", max_size=120))
@example("\ud800.example")
@example("xn--.example")
@example("\u0345.example")
def test_a_domain_is_a_name_or_an_input_error(text):
    try:
        name = domain_name(text)
    except InputError:
        return
    assert name.isascii()
    assert name == name.lower()
    assert len(name) <= 253
    assert domain_name(name) == name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8.8.8.8", "8.8.8.8"),
        (" 8.8.8.8\n", "8.8.8.8"),
        ("[8.8.8.8]", "8.8.8.8"),
        ("::ffff:8.8.8.8", "8.8.8.8"),
        ("::FFFF:808:808", "8.8.8.8"),
        ("2606:4700:0:0::1111", "2606:4700::1111"),
        ("[IPv6:2606:4700::1111]", "2606:4700::1111"),
    ],
)
def test_an_ip_comes_out_in_its_canonical_form(text, expected):
    assert ip_address(text) == expected


@pytest.mark.parametrize("text", ["192.0.2.1", "198.51.100.9", "203.0.113.7", "2001:db8::1", "3fff::1"])
def test_addresses_for_examples_pass_only_where_they_are_allowed(text):
    assert ip_address(text, allow_documentation=True) == text
    assert reaches(text)
    with pytest.raises(InputError):
        ip_address(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.1", Scope.PRIVATE),
        ("172.31.255.255", Scope.PRIVATE),
        ("192.168.1.1", Scope.PRIVATE),
        ("fd00::1", Scope.PRIVATE),
        ("fec0::1", Scope.PRIVATE),
        ("100.64.0.1", Scope.SHARED),
        ("127.0.0.1", Scope.LOOPBACK),
        ("::1", Scope.LOOPBACK),
        ("169.254.1.1", Scope.LINK_LOCAL),
        ("fe80::1", Scope.LINK_LOCAL),
        ("224.0.0.1", Scope.MULTICAST),
        ("ff02::1", Scope.MULTICAST),
        ("0.0.0.0", Scope.UNSPECIFIED),
        ("::", Scope.UNSPECIFIED),
        ("240.0.0.1", Scope.RESERVED),
        ("255.255.255.255", Scope.RESERVED),
        ("0.1.2.3", Scope.RESERVED),
        ("::ffff:10.0.0.1", Scope.PRIVATE),
    ],
)
def test_addresses_that_nobody_outside_sees_are_refused(text, expected):
    assert scope(text) is expected
    assert not reaches(text)
    for allow in (True, False):
        with pytest.raises(InputError) as caught:
            ip_address(text, allow_documentation=allow)
        assert caught.value.advice


@pytest.mark.parametrize(
    "text", ["", "example.com", "192.0.2", "192.0.2.256", "192.0.2.0/24", "fe80::1%eth0", "192.0.02.1", "1" * 5000]
)
def test_what_is_no_ip_is_refused_with_advice(text):
    with pytest.raises(InputError) as caught:
        ip_address(text)
    assert caught.value.advice
    assert not reaches(text)
    assert not is_ip(text)


@given(st.text() | st.text(alphabet="0123456789abcdef.:[]%/", max_size=60) | st.ip_addresses().map(str))
@example("\u0661.2.3.4")
def test_an_ip_is_an_address_or_an_input_error(text):
    try:
        ip = ip_address(text, allow_documentation=True)
    except InputError:
        return
    assert str(ipaddress.ip_address(ip)) == ip
    assert ip_address(ip, allow_documentation=True) == ip


@given(st.ip_addresses())
def test_every_address_has_a_scope_and_a_reverse_name(ip):
    assert isinstance(scope(str(ip)), Scope)
    assert reverse_name(str(ip)).endswith(".arpa")
    assert reverse_name(str(ip)).startswith(reversed_labels(str(ip)) + ".")


def test_reverse_names_are_those_of_the_rfcs():
    assert reverse_name("192.0.2.1") == "1.2.0.192.in-addr.arpa"
    assert reverse_name("::ffff:192.0.2.1") == "1.2.0.192.in-addr.arpa"
    nibbles = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
    assert reverse_name("2001:db8::1") == nibbles + ".ip6.arpa"
    assert reversed_labels("127.0.0.2") == "2.0.0.127"
    assert reversed_labels("2001:db8::1") == nibbles


def test_the_same_address_is_known_in_any_writing():
    assert same_ip("2001:db8::1", "2001:0db8:0:0:0:0:0:1")
    assert same_ip("::ffff:192.0.2.1", "192.0.2.1")
    assert not same_ip("192.0.2.1", "192.0.2.2")
    assert not same_ip("nothing", "nothing")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mail.example.com", True),
        ("MAIL.example.com", True),
        ("localhost", False),
        ("192.0.2.1", False),
        ("mail_1.example.com", False),
        ("_mail.example.com", False),
        ("mail .example.com", False),
        ("", False),
        ("a" * 64 + ".example.com", False),
        (".".join(["a" * 60] * 5), False),
        ("mail\x1b.example.com", False),
    ],
)
def test_host_names_are_letters_digits_and_hyphens(name, expected):
    assert is_host_name(name) is expected


def test_the_limits_of_names_are_those_of_dns():
    longest = ".".join(["a" * 62] * 3 + ["a" * 63, "a"])[-253:]
    assert len(longest) == 253
    assert domain_name(longest) == longest
    assert is_host_name(longest)
    with pytest.raises(InputError):
        domain_name("a" + longest)
    assert is_host_name("a" * 63 + ".example.com")
    assert is_host_name("1.example.com")
    assert not is_host_name("example.1")


def test_schemes_and_half_open_brackets_are_read_as_people_mean_them():
    assert domain_name("MAILTO:someone@example.com") == "example.com"
    with pytest.raises(InputError):
        domain_name("someone@example.com>")
    with pytest.raises(InputError):
        domain_name("example.com:port")
