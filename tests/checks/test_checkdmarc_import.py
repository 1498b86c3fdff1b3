"""The library is imported in part, and stays whole for everybody else in the process."""

from __future__ import annotations

import subprocess
import sys

import pytest

READ = """
from deliverkit.checks import _checkdmarc
from deliverkit.checks.dmarc_record import parse_record
reading = _checkdmarc.read_record(parse_record("shop.example", "v=DMARC1; p=none"))
assert reading.syntax
"""
PARTS = 'import sys; assert "checkdmarc.dmarc" in sys.modules and "checkdmarc.bimi" not in sys.modules\n'
WHOLE = """
import checkdmarc, checkdmarc.dmarc, checkdmarc.bimi
from checkdmarc import check_domains
assert checkdmarc.__version__ and checkdmarc.dmarc.parse_dmarc_record and checkdmarc.bimi.check_bimi
assert type(checkdmarc) is type(checkdmarc.dmarc)
assert checkdmarc.dmarc is _checkdmarc._dmarc()
try:
    checkdmarc.no_such_name
except AttributeError:
    print("done")
"""


@pytest.mark.parametrize("script", [READ + PARTS + WHOLE, "import checkdmarc\n" + READ + WHOLE])
def test_only_what_is_used_is_imported(script: str) -> None:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("done\n", "")
