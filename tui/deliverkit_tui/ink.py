"""The colours of roles for widgets that draw their own lines."""

from __future__ import annotations

from rich.style import Style
from textual.widget import Widget

ROLES = ("good", "bad", "warn", "unknown", "dim", "strong", "code")


def ink(widget: Widget, component: str) -> Style:
    """Colour and weight of a component class, blended with the widget's background but without it: what is written
    on the row of the mouse keeps that row's."""
    full = widget.get_component_rich_style(component)
    return Style(color=full.color, bold=full.bold, underline=full.underline, dim=full.dim, italic=full.italic)
