"""An input that holds only what can be seen."""

from __future__ import annotations

from textual.widgets import Input


class PlainInput(Input):
    """An Input that leaves out control, bidirectional and invisible characters: a paste can bring them, and an input
    draws what it holds."""

    def validate_value(self, value: str) -> str:
        """The printable part of what is typed, pasted or set."""
        return "".join(char for char in value if char.isprintable())
