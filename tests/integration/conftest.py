"""Real name servers on loopback, started for a test and ended with it.

Each fixture is a function that starts a server and returns its ``127.0.0.1:port`` once it answers; call it as
often as needed. A test that asks for a server which is not installed is skipped and says so.

    def test_x(knot, dnsmasq):
        authority = knot({"shop.example": '@ TXT "v=spf1 -all"'})
        forwarder = dnsmasq(authority)

Types for annotations are in ``real_servers.py``.
"""

from __future__ import annotations

import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from real_servers import (
    DataSets,
    Dnsmasq,
    Knot,
    Nsd,
    Rbldnsd,
    Servers,
    StartUnbound,
    Unbound,
    free_port,
    program,
    zone_file,
)

# The certificate maker belongs to the unit tests; pytest puts their folder on the path only when it collects them.
sys.path.append(str(Path(__file__).parents[1] / "net"))

from loopback_tls import self_signed


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder needs real servers."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.integration)


@pytest.fixture
def servers() -> Iterator[Servers]:
    """Every server of one test. (Its folder is not ``tmp_path``: that is closed to other users.)"""
    root = Path(tempfile.mkdtemp(prefix="deliverkit-servers-"))
    root.chmod(0o755)
    started = Servers(root)
    yield started
    started.end()
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def knot(servers: Servers) -> Knot:
    """``knot({"shop.example": records})``: an authoritative server that answers over UDP and TCP."""

    def start(zones: Mapping[str, str]) -> str:
        folder, port = servers.folder(), free_port()
        conf = f"""
server:
    listen: 127.0.0.1@{port}
    rundir: {folder}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {folder}
log:
  - target: stderr
    any: warning
template:
  - id: default
    storage: {folder}
    zonefile-sync: -1
    journal-content: none
zone:
"""
        for number, (origin, records) in enumerate(zones.items()):
            (folder / f"{number}.zone").write_text(zone_file(origin, records))
            conf += f'  - domain: "{origin}"\n    file: {number}.zone\n'
        (folder / "knot.conf").write_text(conf)
        return servers.start([program("knotd"), "-c", folder / "knot.conf"], folder, port)

    return start


@pytest.fixture
def nsd(servers: Servers) -> Nsd:
    """``nsd({"shop.example": records, "broken.example": None})``: a zone without records is SERVFAIL."""

    def start(zones: Mapping[str, str | None]) -> str:
        folder, port = servers.folder(), free_port()
        conf = f"""
server:
  ip-address: 127.0.0.1@{port}
  do-ip6: no
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: ""
  xfrdfile: ""
  zonelistfile: "{folder}/nsd.list"
  server-count: 1
remote-control:
  control-enable: no
"""
        for number, (origin, records) in enumerate(zones.items()):
            if records is not None:
                (folder / f"{number}.zone").write_text(zone_file(origin, records))
            conf += f'zone:\n  name: "{origin}"\n  zonefile: "{number}.zone"\n'
        (folder / "nsd.conf").write_text(conf)
        return servers.start([program("nsd"), "-d", "-c", folder / "nsd.conf"], folder, port)

    return start


@pytest.fixture
def rbldnsd(servers: Servers) -> Rbldnsd:
    """``rbldnsd({"bl.example": [("ip4trie", data), ("acl", data)]})``: blocklists, over UDP only."""

    def start(zones: DataSets) -> str:
        folder, port = servers.folder(), free_port()
        words: list[str] = []
        for zone, sets in zones.items():
            for kind, data in sets:
                name = f"{len(words)}.zone"
                (folder / name).write_text(data)
                words.append(f"{zone}:{kind}:{name}")
        command = [program("rbldnsd"), "-n", "-q", "-w", folder, "-b", f"127.0.0.1/{port}", *words]
        # It refuses to run as root.
        return servers.start(command, folder, port, as_nobody=True)

    return start


@pytest.fixture
def dnsmasq(servers: Servers) -> Dnsmasq:
    """``dnsmasq(authority, "--stop-dns-rebind")``: a forwarder, as in a home router."""

    def start(upstream: str, *options: str) -> str:
        folder, port = servers.folder(), free_port()
        host, _, upstream_port = upstream.rpartition(":")
        fixed = "--no-daemon --conf-file=/dev/null --no-resolv --no-hosts --pid-file= --user= --bind-interfaces"
        command = [program("dnsmasq"), *fixed.split(), "--listen-address=127.0.0.1", f"--port={port}"]
        return servers.start([*command, f"--server={host}#{upstream_port}", *options], folder, port)

    return start


@pytest.fixture
def unbound(servers: Servers) -> StartUnbound:
    """``unbound({"shop.example": authority}, "private-address: 127.0.0.0/8")``: a recursive resolver.

    It asks the given server for each zone, and refuses everything else. Further arguments are lines of its
    ``server:`` section.
    """

    def start(stubs: Mapping[str, str], *lines: str) -> Unbound:
        folder = servers.folder()
        port, tls, https = free_port(), free_port(), free_port()
        cert_file, key_file = self_signed(folder)
        conf = f"""
server:
  interface: 127.0.0.1@{port}
  interface: 127.0.0.1@{tls}
  interface: 127.0.0.1@{https}
  port: {port}
  tls-port: {tls}
  https-port: {https}
  tls-service-pem: "{cert_file}"
  tls-service-key: "{key_file}"
  http-endpoint: "/dns-query"
  do-ip6: no
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  num-threads: 1
  do-not-query-localhost: no
  module-config: "iterator"
  local-zone: "." refuse
"""
        conf += "".join(f'  local-zone: "{zone}." transparent\n' for zone in stubs)
        conf += "".join(f"  {line}\n" for line in lines)
        conf += "remote-control:\n  control-enable: no\n"
        for zone, server in stubs.items():
            conf += f'stub-zone:\n  name: "{zone}"\n  stub-addr: {server.replace(":", "@")}\n'
        (folder / "unbound.conf").write_text(conf)
        address = servers.start([program("unbound"), "-d", "-c", folder / "unbound.conf"], folder, port)
        return Unbound(address, f"tls://127.0.0.1:{tls}", f"https://127.0.0.1:{https}/dns-query", cert_file)

    return start


@pytest.fixture
def nowhere() -> str:
    """An address where nobody listens."""
    return f"127.0.0.1:{free_port()}"


@pytest.fixture
def silent_server() -> Iterator[str]:
    """A name server that takes every question and never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{sock.getsockname()[1]}"
