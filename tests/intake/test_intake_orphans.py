"""Processes that read for a run end with it, also where it is killed and cannot tell them."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest

OWNER = """
import os, sys, time
from deliverkit.bounces.files import chunks
from deliverkit.intake.crew import LocalCrew
from deliverkit.intake.filters import only
from deliverkit.intake.work import Job

def main():
    job = Job(rules=(), only=only([]), delivered=False, encoding=None, keep=False, spill=None, hold=1 << 20)
    chunk = next(chunks([sys.argv[1]]))
    crew = LocalCrew(1)
    crew.submit(job, chunk).result()
    os.write(1, b"%d\\n" % next(iter(crew._pool._processes)))
    os.kill(os.getpid(), 9)

if __name__ == "__main__":
    main()
"""


@pytest.mark.skipif("forkserver" not in multiprocessing.get_all_start_methods(), reason="POSIX")
def test_who_reads_for_a_killed_run_ends_with_it(tmp_path: Path) -> None:
    (tmp_path / "owner.py").write_text(OWNER)
    (tmp_path / "mail.log").write_text(
        "Nov 22 07:00:02 mail postfix/smtp[4]: AAAA111122: to=<a@one.example>, relay=none, delay=1, "
        "delays=0/0/0/1, dsn=5.4.4, status=bounced (Host not found)\n"
    )
    # Whoever is left over holds the writing end of this pipe, which would then never come to its end.
    ran = subprocess.run(
        [sys.executable, str(tmp_path / "owner.py"), str(tmp_path / "mail.log")],
        stdout=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    assert ran.returncode == -9
    assert int(ran.stdout)
