"""``python -m scripts.languages update|compile|check [LANG]|stamp LANG [FILE]…``."""

from __future__ import annotations

import sys

from scripts.languages import messages, sentences

USAGE = """\
python -m scripts.languages update              new messages into the .po files, old ones out
python -m scripts.languages compile             write the .mo files that the program reads
python -m scripts.languages check [LANG]        what is missing, stale or broken
python -m scripts.languages stamp LANG [FILE]…  these sentences were made from the English ones of today"""


def main(argv: list[str]) -> int:
    """Run one of the four; exit code 1 for faults, 2 for wrong usage."""
    match argv:
        case ["update"]:
            messages.update()
            messages.compile_all()
        case ["compile"]:
            messages.compile_all()
        case ["check", *langs]:
            found = [f for lang in langs or messages.TRANSLATED for f in messages.faults(lang) + sentences.faults(lang)]
            print("\n".join(found))
            return 1 if found else 0
        case ["stamp", lang, *files]:
            sentences.stamp(lang, files)
        case _:
            print(USAGE, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
