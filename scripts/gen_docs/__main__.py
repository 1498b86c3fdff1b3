"""``python -m scripts.gen_docs --write | --check``."""

from __future__ import annotations

import argparse
import sys

from scripts.gen_docs import drift, pages, write


def main() -> int:
    """0 when the pages are as they should be (or were written), 1 when --check found drift."""
    parser = argparse.ArgumentParser(prog="python -m scripts.gen_docs", description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true", help="write what changed, remove what is gone")
    action.add_argument("--check", action="store_true", help="write nothing; name what differs and exit with 1")
    args = parser.parse_args()
    wanted = pages()
    if args.write:
        changed = write(wanted)
        print(f"{len(wanted)} pages, {len(changed)} written")
        return 0
    changed = drift(wanted)
    for path in changed:
        print(f"docs/{path} is not what the knowledge says")
    if changed:
        print("run: make docs-write", file=sys.stderr)
    return 1 if changed else 0


if __name__ == "__main__":
    raise SystemExit(main())
