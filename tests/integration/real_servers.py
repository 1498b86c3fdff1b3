"""Starting real name servers on loopback: what the fixtures in ``conftest.py`` are made of, and their types."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGES = {"knotd": "knot", "nsd": "nsd", "rbldnsd": "rbldnsd", "dnsmasq": "dnsmasq-base", "unbound": "unbound"}
"""Debian's package for each program."""
START_WITHIN = 10.0
"""Seconds; the slowest needs 0.1 on an idle machine."""


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


Knot = Callable[[Mapping[str, str]], str]
Nsd = Callable[[Mapping[str, str | None]], str]
DataSets = Mapping[str, Sequence[tuple[str, str]]]
Rbldnsd = Callable[[DataSets], str]
Dnsmasq = Callable[..., str]
StartUnbound = Callable[..., Unbound]
