"""``python -m deliverkit.knowledge``: validate and compile everything, say how much there is."""

from __future__ import annotations

import sys

from deliverkit.errors import KnowledgeError
from deliverkit.knowledge.compiling import compile_all


def main() -> int:
    """Print one line a part; 2 and the place of the mistake when one is malformed."""
    try:
        counts = compile_all()
    except KnowledgeError as error:
        sys.stderr.write(f"{error}\n{error.advice}\n")
        return error.exit_code
    for part, count in counts.items():
        sys.stdout.write(f"{count:6}  {part}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
