"""How far the reading of a file is, as one line."""

from __future__ import annotations

from textual.content import Content

from deliverkit.language import _
from deliverkit_tui.messages import Figures
from deliverkit_tui.words import row

_CELLS = 16
_UNITS = ("B", "kB", "MB", "GB", "TB")


def progress(told: Figures, *, stops: str = "") -> Content:
    """A bar, bytes of bytes, and the rate; ``stops`` says how to stop it."""
    full = min(_CELLS, round(_CELLS * told.read / told.total)) if told.total else 0
    said = _("{read} of {total}").format(read=size(told.read), total=size(told.total))
    if told.read and told.elapsed > 0.5:
        said += " · " + _("{rate} a second").format(rate=size(told.read / told.elapsed))
    stops = stops or _("x stops")
    return row(("━" * full, "good"), ("─" * (_CELLS - full), "dim"), (f" {said} · {stops}", "dim"))


def size(count: float) -> str:
    """Bytes in words: ``3.2 MB``."""
    for unit in _UNITS:
        if count < 1000 or unit == _UNITS[-1]:
            break
        count /= 1000
    return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
