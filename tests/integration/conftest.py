"""Real name servers on loopback, started for a test and ended with it.

Each fixture is a function that starts a server and returns its ``127.0.0.1:port`` once it answers; call it as
often as needed. A test that asks for a server which is not installed is skipped and says so.

    def test_x(knot, dnsmasq):
        authority = knot({"shop.example": '@ TXT "v=spf1 -all"'})
        forwarder = dnsmasq(authority)
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

# The certificate maker belongs to the unit tests; pytest puts their folder on the path only when it collects them.
sys.path.append(str(Path(__file__).parents[1] / "net"))

from loopback_tls import self_signed

PACKAGES = {"knotd": "knot", "nsd": "nsd", "rbldnsd": "rbldnsd", "dnsmasq": "dnsmasq-base", "unbound": "unbound"}
"""Debian's package for each program."""
START_WITHIN = 10.0
"""Seconds; the slowest needs 0.1 on an idle machine."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder needs real servers."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.integration)


def program(name: str) -> str:
    """Path of a server, which Debian keeps out of an ordinary user's PATH; skips the test without it."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed (apt-get install {PACKAGES.get(name, name)})")
    return found


def zone_file(origin: str, records: str) -> str:
    """A zone file: ``records`` after a SOA (negative TTL 60) and an NS, unless they bring their own SOA."""
    head = f"$ORIGIN {origin}.\n$TTL 300\n"
    if " SOA " not in records:
        head += "@ SOA ns hostmaster 1 600 300 86400 60\n@ NS ns\nns A 127.0.0.1\n"
    return head + "\n".join(line.strip() for line in records.splitlines()) + "\n"


def free_port() -> int:
    """A port that is free for UDP and TCP on 127.0.0.1."""
    while True:
        with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port: int = tcp.getsockname()[1]
            with suppress(OSError):
                udp.bind(("127.0.0.1", port))
                return port


class Servers:
    """Starts servers in a folder of their own, and ends them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._running: list[subprocess.Popen[bytes]] = []

    def folder(self) -> Path:
        """A new folder that the server may write in, whoever it runs as."""
        folder = Path(tempfile.mkdtemp(dir=self._root))
        folder.chmod(0o777)
        return folder

    def start(self, command: Sequence[str | Path], folder: Path, port: int, *, as_nobody: bool = False) -> str:
        """Run a server until the test ends; its address, once it answers any question."""
        who = pwd.getpwnam("nobody") if as_nobody and os.geteuid() == 0 else None
        log = folder / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(word) for word in command],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=who.pw_uid if who else None,
                group=who.pw_gid if who else None,
                extra_groups=[] if who else None,
            )
        self._running.append(process)
        ends = time.monotonic() + START_WITHIN
        while not answers(port):
            if process.poll() is not None or time.monotonic() > ends:
                pytest.fail(f"{command[0]} did not start:\n{log.read_text(errors='replace')[-2000:]}")
        return f"127.0.0.1:{port}"

    def end(self) -> None:
        """End all of them."""
        for process in self._running:
            process.kill()
        for process in self._running:
            process.wait()


def answers(port: int) -> bool:
    """Whether somebody at the port answers a question, waiting at most 20 ms."""
    question = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x06\x00\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.02)
        sock.connect(("127.0.0.1", port))
        try:
            sock.send(question)
            return sock.recv(4096).startswith(question[:2])
        except TimeoutError:
            return False
        except OSError:
            # Nobody listens yet, which is known at once; without a pause this would spin.
            time.sleep(0.002)
            return False


@pytest.fixture
def servers() -> Iterator[Servers]:
    """Every server of one test. (Its folder is not ``tmp_path``: that is closed to other users.)"""
    root = Path(tempfile.mkdtemp(prefix="deliverkit-servers-"))
    root.chmod(0o755)
    started = Servers(root)
    yield started
    started.end()
    shutil.rmtree(root, ignore_errors=True)


Knot = Callable[[Mapping[str, str]], str]


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


Nsd = Callable[[Mapping[str, str | None]], str]


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


DataSets = Mapping[str, Sequence[tuple[str, str]]]
Rbldnsd = Callable[[DataSets], str]


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


Dnsmasq = Callable[..., str]


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


@dataclass(frozen=True)
class Unbound:
    """A running unbound, asked in any of three ways."""

    address: str
    tls: str
    """``tls://127.0.0.1:port``."""
    https: str
    """``https://127.0.0.1:port/dns-query``."""
    ca_file: Path
    """What vouches for its certificate."""


StartUnbound = Callable[..., Unbound]


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
