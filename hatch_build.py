"""Build hook: ships the knowledge compiled to JSON, so that no start of an installed program parses TOML.

Runs with the standard library alone; ``deliverkit.knowledge`` needs nothing else.
"""

from __future__ import annotations

import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileKnowledge(BuildHookInterface[Any]):
    """Validate and compile every part before the files are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, except for an editable install: there the sources stand beside the loader, which compiles them."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        try:
            from deliverkit.knowledge.compiling import compile_all

            counts = compile_all()
        finally:
            sys.path.remove(self.root)
        self.app.display_info(f"knowledge compiled: {len(counts)} parts")
