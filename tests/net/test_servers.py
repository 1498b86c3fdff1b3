"""Name servers as people write them, and dig lines that ask the same."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.errors import ResolverError
from deliverkit.net import open_resolver
from deliverkit.net.live import LiveResolver
from deliverkit.net.resolver import Answer, Status, canonical_name, dig_line
from deliverkit.net.servers import Scheme, Server, parse_server, system_servers


@pytest.mark.parametrize(
    ("text", "server", "shown"),
    [
        ("192.0.2.53", Server(Scheme.UDP, "192.0.2.53", 53), "192.0.2.53"),
        (" 192.0.2.53:53 ", Server(Scheme.UDP, "192.0.2.53", 53), "192.0.2.53"),
        ("192.0.2.53:5353", Server(Scheme.UDP, "192.0.2.53", 5353), "192.0.2.53:5353"),
        ("2001:DB8::53", Server(Scheme.UDP, "2001:db8::53", 53), "2001:db8::53"),
        ("[2001:db8::53]", Server(Scheme.UDP, "2001:db8::53", 53), "2001:db8::53"),
        ("[2001:db8::53]:5353", Server(Scheme.UDP, "2001:db8::53", 5353), "[2001:db8::53]:5353"),
        ("fe80::1%eth0", Server(Scheme.UDP, "fe80::1%eth0", 53), "fe80::1%eth0"),
        ("tls://192.0.2.53", Server(Scheme.TLS, "192.0.2.53", 853), "tls://192.0.2.53"),
        ("TLS://DNS.example.net.:8853", Server(Scheme.TLS, "dns.example.net", 8853), "tls://dns.example.net:8853"),
        ("tls://[2001:db8::53]", Server(Scheme.TLS, "2001:db8::53", 853), "tls://[2001:db8::53]"),
        ("https://dns.example.net", Server(Scheme.HTTPS, "dns.example.net", 443, "/dns-query"), None),
        ("https://dns.example.net/", Server(Scheme.HTTPS, "dns.example.net", 443, "/dns-query"), None),
        (
            "https://[2001:db8::53]:8443/q",
            Server(Scheme.HTTPS, "2001:db8::53", 8443, "/q"),
            "https://[2001:db8::53]:8443/q",
        ),
    ],
)
def test_a_server_is_read_and_shown(text: str, server: Server, shown: str | None) -> None:
    assert parse_server(text) == server
    assert parse_server(server.text) == server
    if shown is not None:
        assert server.text == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "192.0.2",
        "192.0.2.256",
        "ns1.example.net",
        "192.0.2.53:",
        "192.0.2.53:dns",
        "192.0.2.53:0",
        "192.0.2.53:65536",
        "[2001:db8::53",
        "[2001:db8::53]x",
        "2001:db8::zz",
        "udp://192.0.2.53",
        "http://dns.example.net/dns-query",
        "tls://",
        "tls://-bad-",
        "tls://user@dns.example.net",
        "https:///dns-query",
        "https://dns.example.net/dns query",
        "https://dns.example.net/q#x",
        "-x",
        "192.0.2.53;id",
    ],
)
def test_what_is_no_server_is_refused_with_advice(text: str) -> None:
    with pytest.raises(ResolverError) as caught:
        LiveResolver([text])
    assert caught.value.advice
    with pytest.raises(ResolverError):
        open_resolver([text])


@given(st.text(max_size=40))
def test_any_text_is_a_server_or_refused(text: str) -> None:
    try:
        server = parse_server(text)
    except ResolverError:
        return
    assert parse_server(server.text) == server


def test_the_systems_servers(tmp_path: Path) -> None:
    conf = tmp_path / "resolv.conf"
    conf.write_text("# nameserver 192.0.2.1\nsearch example.net\nnameserver 192.0.2.2\nnameserver\nnameserver bad\n")
    assert system_servers(conf) == (Server(Scheme.UDP, "192.0.2.2", 53),)
    conf.write_text("search example.net\n")
    with pytest.raises(ResolverError) as caught:
        system_servers(conf)
    assert caught.value.advice


@pytest.mark.parametrize(
    ("name", "server", "line"),
    [
        ("shop.example", "", "dig TXT shop.example"),
        ("shop.example", "replay", "dig TXT shop.example"),
        ("shop.example", "192.0.2.53", "dig TXT shop.example @192.0.2.53"),
        ("shop.example", "127.0.0.1:5353", "dig TXT shop.example @127.0.0.1 -p 5353"),
        ("shop.example", "2001:db8::53", "dig TXT shop.example @2001:db8::53"),
        ("shop.example", "[2001:db8::53]:5353", "dig TXT shop.example @2001:db8::53 -p 5353"),
        ("shop.example", "tls://dns.example.net", "dig TXT shop.example @dns.example.net +tls"),
        ("shop.example", "tls://192.0.2.53:8853", "dig TXT shop.example @192.0.2.53 -p 8853 +tls"),
        ("shop.example", "https://192.0.2.53/dns-query", "dig TXT shop.example @192.0.2.53 +https=/dns-query"),
        ("shop.example", "https://[2001:db8::53]:8443/q", "dig TXT shop.example @2001:db8::53 -p 8443 +https=/q"),
        ("mx", "", "dig -t TXT -q mx"),
        (".", "", "dig TXT ."),
        ("-x.example", "", "dig -t TXT -q -x.example"),
        ("$(id).example", "", "dig TXT '$(id).example'"),
    ],
)
def test_the_dig_line_asks_the_same(name: str, server: str, line: str) -> None:
    assert dig_line(name, "TXT", server) == line
    assert Answer(name, "TXT", Status.NOERROR, server=server).dig == line


@given(st.text(min_size=1))
def test_a_name_is_always_one_word_of_the_dig_line(name: str) -> None:
    assert name in shlex.split(dig_line(name, "TXT"))


@pytest.mark.parametrize(("name", "canonical"), [("A.Example.", "a.example"), (".", "."), ("", ""), ("a", "a")])
def test_names_are_compared_in_one_form(name: str, canonical: str) -> None:
    assert canonical_name(name) == canonical
