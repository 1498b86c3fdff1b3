import sys
from pathlib import Path

# Keys and zones are made with the same helpers as in the tests of the checks.
sys.path.insert(0, str(Path(__file__).parent.parent / "checks"))
