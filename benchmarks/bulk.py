"""Domains a second of ``deliverkit audit -i LIST``, behind a name server that answers after 20 ms.

The server is a real one (Knot) with as many domains as are asked for, the demo's blocklists and two platforms that
all of them include; dnsdist keeps every answer back by 20 ms. Beside it, on the same server, runs checkdmarc's own
command on some of the same domains.

    python benchmarks/bulk.py same        # what checkdmarc checks: target 70 times its domains a second, same verdicts
    python benchmarks/bulk.py everything  # all DNS checks, 40 selectors, 30 blocklists: target 25 domains a second
    python benchmarks/bulk.py growth      # time and memory from 500 to 50,000 domains
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import audit as single
from delay_proxy import delay_proxy

DELAY = 20
"""Milliseconds from question to answer."""
THEIRS = 12
"""Domains that checkdmarc is given: at its pace more would only take time."""
SAME = ("spf", "dmarc", "mx", "mta-sts", "tls-rpt")
THEIR_KEYS = {"spf": "spf", "dmarc": "dmarc", "mta-sts": "mta_sts", "tls-rpt": "smtp_tls_reporting"}
CHECKDMARC = """
import sys, dns.nameserver
dns.nameserver.Do53Nameserver.__init__.__defaults__ = (PORT,)
from checkdmarc._cli import _main
sys.argv = ["checkdmarc", *sys.argv[1:], "-n", "127.0.0.1", "--skip-tls", "-f", "json"]
_main()
"""
KEY = (
    "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAz1H9Jd5mQzqv1wL2nVbR8s3kTtYpXcFhA9eUoGiWnKjDlMxB4S"
    "vN7fQyZ0RgPtLhEwCuJaOqI6bXkV8dT3rYmH1sN5zUxWpGcKfLiBoEjA2vQ9nRtSyD4hMgPlZeXuTqOwCkVbFjIa6rNs7mYd8xHp3KtLzQf1GvB5cW"
    "oEuRiJnAhSgDyTkMxPlVqCbZwFrOaUeX9sNtYdKp2HjLmGf6IzQv4RcBoE1WnSuJiAhTgDyVkMxPlCqZbFrOwUeX7aNtYdKp3HjLmGf5IzQv8RcBoQ"
    "IDAQAB"
)


def domains(count: int) -> Iterator[str]:
    """Their names."""
    return (f"d{number}.bulk.example" for number in range(count))


def zone(count: int) -> str:
    """The domains as lines of a root zone: most of them sound, some with the faults that are met."""
    lines = [
        'spf.hoster.example. 300 TXT "v=spf1 include:a.hoster.example include:b.hoster.example ~all"',
        'a.hoster.example. 300 TXT "v=spf1 ip4:192.0.2.0/25 ~all"',
        'b.hoster.example. 300 TXT "v=spf1 ip4:198.51.100.0/25 ~all"',
        'spf.sender.example. 300 TXT "v=spf1 ip4:203.0.113.0/25 ~all"',
        "mx.hoster.example. 300 A 192.0.2.25",
        '*._report._dmarc.hoster.example. 300 TXT "v=DMARC1"',
        "hoster.example. 300 MX 10 mx.hoster.example.",
    ]
    for number, name in enumerate(domains(count)):
        lines += _one(name, number)
    return "\n".join(lines) + "\n"


def _one(name: str, number: int) -> Iterator[str]:
    kind = number % 20
    ip = f"192.0.2.{number % 120 + 130}"
    spf = f"v=spf1 ip4:{ip} mx include:spf.hoster.example include:spf.sender.example -all"
    if kind == 1:
        spf = "v=spf1 include:gone.hoster.example -all"
    if kind == 2:
        spf = "v=spf1 ip4:192.0.2.300 -all"
    if kind != 3:
        yield f'{name}. 300 TXT "{spf}"'
    if kind == 4:
        yield f'{name}. 300 TXT "v=spf1 -all"'
    policy = "v=DMARC1; p=banana" if kind == 5 else f"v=DMARC1; p=reject; rua=mailto:reports@{name}"
    if kind != 6:
        yield f'_dmarc.{name}. 300 TXT "{policy}"'
    if kind != 7:
        yield f"{name}. 300 MX 10 {'gone.' if kind == 8 else 'mail.'}{name}."
    yield f"mail.{name}. 300 A {ip}"
    yield f'_smtp._tls.{name}. 300 TXT "v=TLSRPTv1; rua=mailto:tls@{name}"'
    yield f'_mta-sts.{name}. 300 TXT "v=STSv1; id=20260101000000"'
    pieces = " ".join(f'"{KEY[i : i + 200]}"' for i in range(0, len(KEY), 200))
    yield f"s1._domainkey.{name}. 300 TXT {pieces}"


@contextmanager
def servers(count: int) -> Iterator[str]:
    """``127.0.0.1:port`` of a name server at a distance."""
    plain = single.zone

    def extended() -> str:
        return plain() + zone(count)

    single.zone = extended
    try:
        with single.name_server() as upstream, _delayed(upstream) as address:
            yield address
    finally:
        single.zone = plain


@contextmanager
def _delayed(upstream: str) -> Iterator[str]:
    dnsdist = shutil.which("dnsdist", path="/usr/bin:/usr/sbin:/usr/local/bin")
    if dnsdist is None:
        print("dnsdist is not installed (apt-get install dnsdist): a slower proxy in Python stands in")
        with delay_proxy(upstream, DELAY / 1000) as (address, _):
            yield address
        return
    with tempfile.TemporaryDirectory() as folder, socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        sock.close()
        conf = Path(folder, "dnsdist.conf")
        conf.write_text(
            f"setLocal('127.0.0.1:{port}', {{tcpFastOpenQueueSize=0}})\n"
            f"newServer({{address='{upstream}', healthCheckMode='up', sockets=4}})\n"
            f"addAction(AllRule(), DelayAction({DELAY}))\n"
            "setMaxUDPOutstanding(65535)\n"
        )
        with Path(folder, "log").open("wb") as log:
            process = subprocess.Popen([dnsdist, "-C", str(conf), "--supervised"], stdout=log, stderr=log)
        try:
            single._await(port)
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def ours(address: str, count: int, *options: str) -> tuple[float, float, list[dict[str, object]], int]:
    """Seconds, the largest memory of one process in MB, the results, and the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        source, result = Path(folder, "list.txt"), Path(folder, "out.jsonl")
        source.write_text("\n".join(domains(count)))
        command = [sys.executable, "-m", "deliverkit", "audit", "-i", str(source), "--nameserver", address]
        command += ["-f", "jsonl", "-o", str(result), "-q", *options]
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        most = 0.0
        while process.poll() is None:
            most = max(most, _memory(process.pid))
            time.sleep(0.2)
        seconds = time.perf_counter() - start
        if process.returncode not in (0, 1, 3):
            sys.exit(f"the audit ended with {process.returncode}: {process.stderr and process.stderr.read()!r}")
        with result.open() as lines:
            found = [_short(json.loads(line)) for line in lines]
        return seconds, most, found, process.returncode


def _short(audit: dict[str, object]) -> dict[str, object]:
    checks = audit["checks"]
    assert isinstance(checks, list)
    return {"domain": audit["domain"], "checks": {c["check"]: c["outcome"] for c in checks}}


def _memory(pid: int) -> float:
    """The largest of a process and its children, in MB."""
    found = [0.0]
    children = Path(f"/proc/{pid}/task/{pid}/children")
    for each in [str(pid), *(children.read_text().split() if children.exists() else [])]:
        status = Path(f"/proc/{each}/status")
        if status.exists() and (match := re.search(r"VmRSS:\s+(\d+)", status.read_text())):
            found.append(int(match[1]) / 1024)
    return max(found)


def theirs(address: str, count: int) -> tuple[float, list[dict[str, object]]]:
    """Seconds of checkdmarc for so many domains, and its results."""
    code = CHECKDMARC.replace("PORT", address.rpartition(":")[2])
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code, *domains(count)], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"checkdmarc ended with {done.returncode}: {done.stderr[-2000:]}")
    return seconds, json.loads(done.stdout)


def same(count: int) -> None:
    """What checkdmarc does, by both."""
    from deliverkit.checks import MODULES

    checks = [name for name in SAME if name in MODULES]
    with servers(count) as address:
        seconds, memory, found, _ = ours(address, count, "--checks", ",".join(checks), "--no-http")
        their_seconds, their = theirs(address, min(THEIRS, count))
    rate, their_rate = count / seconds, len(their) / their_seconds
    print(f"deliverkit  {count} domains, {rate:6.1f} domains/s, {memory:.0f} MB ({', '.join(checks)})")
    print(f"checkdmarc  {len(their)} domains, {their_rate:6.2f} domains/s")
    factor = rate / their_rate
    print(f"{factor:.0f} times; target 70: {'met' if factor >= 70 else 'MISSED'}")
    differ(found, their)


def differ(found: list[dict[str, object]], their: list[dict[str, object]]) -> None:
    """Each verdict that is not the same.

    ``mta-sts`` differs by design: without HTTPS the policy is unknown to us. checkdmarc tries to fetch it, and calls a
    host that it cannot reach from here an invalid record.
    """
    by_name = {each["domain"]: each["checks"] for each in found}
    for each in their:
        checks = by_name[each["domain"]]
        assert isinstance(checks, dict)
        for name, key in (
            ("spf", "spf"),
            ("dmarc", "dmarc"),
            ("mta-sts", "mta_sts"),
            ("tls-rpt", "smtp_tls_reporting"),
        ):
            valid = each[key]["valid"]  # type: ignore[index]
            if name in checks and (checks[name] != "fail") != valid:
                print(f"  {each['domain']} {name}: {checks[name]}, checkdmarc: {valid} {each[key].get('error', '')}")  # type: ignore[attr-defined]


def everything(count: int) -> None:
    """All checks that only ask DNS."""
    with servers(count) as address:
        seconds, memory, found, _ = ours(address, count, "--no-http")
    rate = count / seconds
    print(f"{count} domains, {rate:.1f} domains/s, {memory:.0f} MB; target 25: {'met' if rate >= 25 else 'MISSED'}")
    checks = Counter((n, o) for each in found for n, o in each["checks"].items())  # type: ignore[attr-defined]
    print(", ".join(f"{name} {outcome} {number}" for (name, outcome), number in sorted(checks.items())))


def growth(largest: int) -> None:
    """Time and memory by number of domains."""
    from deliverkit.checks import MODULES

    checks = ",".join(name for name in SAME if name in MODULES)
    with servers(largest) as address:
        for count in (500, 5_000, 50_000):
            if count <= largest:
                seconds, memory, found, _ = ours(address, count, "--checks", checks, "--no-http")
                assert len(found) == count
                print(f"{count:6} domains: {seconds:6.1f} s, {count / seconds:6.1f} domains/s, {memory:.0f} MB")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("same", "everything", "growth"))
    parser.add_argument("--count", type=int, default=0)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, answers after {DELAY} ms, load {os.getloadavg()[0]:.1f}")
    if options.what == "same":
        same(options.count or 500)
    elif options.what == "everything":
        everything(options.count or 500)
    else:
        growth(options.count or 50_000)


if __name__ == "__main__":
    main()
