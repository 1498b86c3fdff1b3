"""Copying: by the terminal (OSC 52), and by the desktop where pyperclip is installed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from textual.app import App


def copy(app: App[Any], text: str) -> None:
    """Copy ``text`` both ways. Whether a terminal took it cannot be told, so the text always stays visible as well."""
    app.copy_to_clipboard(text)
    if app.is_headless:
        return
    try:
        import_module("pyperclip").copy(text)
    except Exception:  # not installed, or there is no desktop: the terminal's way has been tried
        return
