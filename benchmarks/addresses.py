"""How fast a list of addresses is cleaned, beside email-validator alone on the same list, in the same run.

1,000,000 addresses without DNS, 100,000 with 1,000 domains in a replayed world; addresses a second, the ratio to
email-validator, and the most memory that the command took.

    python benchmarks/addresses.py [--count N]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROBE = """
import resource, sys
from deliverkit.cli.main import run
code = run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)
"""
ANSWERS = ('{ MX = ["10 mx.example.net"] }', '{ MX = ["0 ."] }', '{ A = ["192.0.2.1"] }', '{ TXT = ["x"] }')


def measured(*argv: str) -> tuple[float, int]:
    """Seconds and megabytes of one run of the command."""
    began = time.perf_counter()
    ran = subprocess.run([sys.executable, "-c", PROBE, *argv], capture_output=True, text=True, check=True)
    return time.perf_counter() - began, int(ran.stderr.split()[-1])


def peer(path: Path) -> float:
    """Seconds that email-validator takes for the syntax alone."""
    from email_validator import EmailNotValidError, validate_email

    began = time.perf_counter()
    with path.open() as handle:
        for line in handle:
            try:
                validate_email(line.strip(), check_deliverability=False)
            except EmailNotValidError:
                continue
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1_000_000)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as folder:
        plain, few, world, out = (Path(folder) / name for name in ("list.txt", "few.txt", "world.toml", "out.csv"))
        # Line by line: a child starts out with the memory that its parent once had.
        with plain.open("w") as out_plain, few.open("w") as out_few:
            out_plain.writelines(f"user.{i}@company{i % 5000}.example\n" for i in range(count))
            out_few.writelines(f"user.{i}@d{i % 1000}.example\n" for i in range(count // 10))
        zones = (f'[zone."d{i}.example"]\n"@" = {ANSWERS[i % len(ANSWERS)]}\n' for i in range(1000))
        world.write_text('[root]\ndefault = "nxdomain"\n' + "".join(zones))
        to = ("--format", "csv", "-o", str(out), "--quiet", "--fail-on", "never")
        seconds, memory = measured("addresses", str(plain), "--no-dns", *to)
        theirs = peer(plain)
        print(f"{count:,} without DNS: {count / seconds:,.0f}/s, {memory} MB; {theirs / seconds:.2f} x email-validator")
        seconds, memory = measured("addresses", str(few), "--replay", str(world), *to)
        print(f"{count // 10:,} with 1,000 domains: {count / 10 / seconds:,.0f}/s, {memory} MB")


if __name__ == "__main__":
    main()
