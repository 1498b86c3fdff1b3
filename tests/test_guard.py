"""The guard of conftest.py does guard."""

import os
import socket

import pytest


def test_nothing_connects_beyond_this_machine() -> None:
    with socket.socket() as sock, pytest.raises(pytest.fail.Exception):
        sock.connect(("192.0.2.1", 25))


def test_no_datagram_leaves_this_machine() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock, pytest.raises(pytest.fail.Exception):
        sock.sendto(b"?", ("2001:db8::53", 53))


def test_the_systems_resolver_is_not_asked() -> None:
    with pytest.raises(pytest.fail.Exception):
        socket.getaddrinfo("example.com", 25)


def test_loopback_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername()[0] == "127.0.0.1"


def test_environment_is_clean() -> None:
    assert not [name for name in os.environ if name.startswith("DELIVERKIT_") or name == "NO_COLOR"]
