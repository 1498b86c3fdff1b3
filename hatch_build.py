"""Build hook: ships the knowledge compiled to JSON and the messages compiled to ``.mo``, so that no start of an
installed program parses their sources.

``deliverkit.knowledge`` needs the standard library alone, the messages Babel.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileKnowledge(BuildHookInterface[Any]):
    """Validate and compile every part before the files are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile messages, and knowledge but for an editable install: there the loader compiles it by itself."""
        _compile_messages(Path(self.root))
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        try:
            from deliverkit.knowledge.compiling import compile_all

            counts = compile_all()
        finally:
            sys.path.remove(self.root)
        self.app.display_info(f"knowledge compiled: {len(counts)} parts")


def _compile_messages(root: Path) -> None:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for source in root.glob("deliverkit/locale/*/LC_MESSAGES/*.po"):
        with source.open("rb") as po, source.with_suffix(".mo").open("wb") as mo:
            write_mo(mo, read_po(po))
