"""How long an audit takes, from nothing to its last line, behind a name server that answers after 20 ms.

The server is a real one (Knot) with a healthy domain and the blocklists that are asked by default; a proxy in front
of it keeps every answer back. Beside it, on the same server and in turn with it, runs checkdmarc's own command, which
does about a third of the work. Best and middle of several runs, in milliseconds.

    python benchmarks/audit.py [--questions] [--runs N]
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from delay_proxy import Log, delay_proxy

from deliverkit.session import DEMO

DELAY = 0.02
"""Seconds from question to answer."""
TARGET = 0.75
"""Seconds for the whole process."""
DOMAIN = "bakery.example"
CHECKDMARC = """
import sys, dns.nameserver
dns.nameserver.Do53Nameserver.__init__.__defaults__ = (PORT,)
from checkdmarc._cli import _main
sys.argv = ["checkdmarc", "DOMAIN", "-n", "127.0.0.1"]
_main()
"""
"""Its command takes no port for a plain name server, so the port that dnspython takes for granted is another."""


@contextmanager
def name_server() -> Iterator[str]:
    """A Knot that serves the demo's world as one zone; its ``host:port``."""
    knotd = shutil.which("knotd", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if knotd is None:
        print("knotd is not installed (apt-get install knot): nothing measured")
        sys.exit(0)
    with tempfile.TemporaryDirectory() as folder, socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        sock.close()
        Path(folder, "root.zone").write_text(zone())
        conf = Path(folder, "knot.conf")
        conf.write_text(
            f"server:\n  listen: 127.0.0.1@{port}\n  rundir: {folder}\n  udp-workers: 1\n  tcp-workers: 1\n"
            f"  background-workers: 1\ndatabase:\n  storage: {folder}\n"
            f'zone:\n  - domain: "."\n    storage: {folder}\n    file: root.zone\n    zonefile-sync: -1\n'
            "    journal-content: none\n"
        )
        with Path(folder, "log").open("wb") as log:
            process = subprocess.Popen([knotd, "-c", str(conf)], stdout=log, stderr=log)
        try:
            _await(port)
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def _await(port: int) -> None:
    question = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x06\x00\x01"
    for _ in range(200):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.05)
            sock.connect(("127.0.0.1", port))
            try:
                sock.send(question)
                if sock.recv(4096)[3] & 15 == 0:
                    return
            except OSError:
                time.sleep(0.02)
    sys.exit("knotd did not start")


def zone() -> str:
    """The demo's world as a root zone. Without its NS records: each would be a delegation to nobody."""
    import tomllib

    lines = [". 300 SOA ns. hostmaster. 1 3600 600 604800 60", ". 300 NS ns.", "ns. 300 A 127.0.0.1"]
    for origin, names in tomllib.loads((DEMO / "world.toml").read_text()).get("zone", {}).items():
        for owner, sets in names.items():
            name = f"{origin}." if owner == "@" else f"{owner}.{origin}."
            if isinstance(sets, dict):
                lines += [line for rdtype, held in sets.items() for line in _records(name, rdtype, held)]
    return "\n".join(lines) + "\n"


def _records(name: str, rdtype: str, held: object) -> Iterator[str]:
    if rdtype not in ("A", "AAAA", "CNAME", "MX", "PTR", "TXT"):
        return
    for record in [held] if isinstance(held, str) else held if isinstance(held, list) else []:
        if rdtype == "TXT":
            pieces = " ".join(f'"{record[i : i + 200]}"' for i in range(0, max(len(record), 1), 200))
            yield f"{name} 300 TXT {pieces}"
        elif rdtype in ("CNAME", "MX", "PTR"):
            yield f"{name} 300 {rdtype} {record}".rstrip(".") + "."
        else:
            yield f"{name} 300 {rdtype} {record}"


def run(command: list[str], log: Log) -> tuple[float, subprocess.CompletedProcess[str]]:
    """Seconds of one run, and what it said."""
    log.clear()
    start = log.started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return time.perf_counter() - start, done


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--questions", action="store_true", help="when each question of the last run was asked")
    options = parser.parse_args()
    with name_server() as upstream, delay_proxy(upstream, DELAY) as (address, log):
        commands = {
            "deliverkit audit": [
                *(sys.executable, "-m", "deliverkit", "audit", DOMAIN),
                *("--nameserver", address, "--format", "json"),
            ],
            "checkdmarc": [
                *(sys.executable, "-c"),
                CHECKDMARC.replace("PORT", address.rpartition(":")[2]).replace("DOMAIN", DOMAIN),
            ],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        asked: dict[str, tuple[int, int]] = {}
        timeline: list[str] = []
        for _ in range(options.runs):
            for name, command in commands.items():
                seconds, done = run(command, log)
                times[name].append(seconds)
                asked[name] = len(log.passed), log.round_trips
                if name == "deliverkit audit":
                    _healthy(done)
                    timeline = _timeline(log, seconds)
    for name, taken in times.items():
        questions, trips = asked[name]
        print(
            f"{name:18} best {min(taken) * 1000:5.0f} ms, middle {median(taken) * 1000:5.0f} ms,"
            f" {questions} questions, at most {trips} of them in a row"
        )
    ours, theirs = (min(taken) for taken in times.values())
    verdict = "met" if ours <= TARGET else "MISSED"
    print(f"audit / checkdmarc {ours / theirs:.2f}; target {TARGET * 1000:.0f} ms: {verdict}")
    if options.questions:
        print("\n".join(timeline))


def _healthy(done: subprocess.CompletedProcess[str]) -> None:
    """The run counts only when everything was asked and answered."""
    if done.returncode not in (0, 1):
        sys.exit(f"the audit ended with {done.returncode}:\n{done.stderr}{done.stdout[-2000:]}")
    outcomes = {check["check"]: check["outcome"] for check in json.loads(done.stdout)["audits"][0]["checks"]}
    if set(outcomes.values()) - {"pass", "warn"}:
        sys.exit(f"the domain is not healthy: {outcomes}")


def _timeline(log: Log, seconds: float) -> list[str]:
    """When each question was asked and answered, in milliseconds after the start of the process."""
    rows = []
    for each in sorted(log.passed, key=lambda p: p.asked):
        asked, answered = ((moment - log.started) * 1000 for moment in (each.asked, each.answered))
        rows.append(f"{asked:6.0f} {answered:6.0f} {'TCP' if each.tcp else '   '} {each.question}")
    return [*rows, f"{seconds * 1000:6.0f} the end"]


if __name__ == "__main__":
    main()
