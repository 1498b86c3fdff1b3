"""Start: one input that takes anything; below it what was done lately and what else there is."""

from __future__ import annotations

from deliverkit_tui.screens.place import Place


class StartScreen(Place):
    """The first screen."""

    TITLE_TEXT = ""
