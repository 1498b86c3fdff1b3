"""The command palette: every action that the current screen and the focused widget have, found by typing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from deliverkit.language import _
from deliverkit_tui.screens.place import Place

Entry = tuple[str, str, Callable[[], object]]

_TONGUES = {"en": "Language: English", "id": "Bahasa: Indonesia", "pt": "Idioma: Português"}
"""Each in its own words, for those who cannot read the language that is shown."""

_HIDDEN = (
    "command_palette",
    "app.focus_next",
    "app.focus_previous",
    "screen.copy_text",
    "help_quit",
    "dismiss",
    "quit",
    "app.quit",
)


_MOVING = ("grid", "page", "filter")
"""Places whose keys move about: they come last, everybody knows them."""


def _is_moving(binding: Binding) -> bool:
    return (binding.id or "").partition(".")[0] in _MOVING


class Actions(Provider):
    """Bindings of the screen, the focused widget and the app, then what the place adds."""

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for title, about, call in self.entries():
            yield DiscoveryHit(Content(title), call, text=title, help=about)

    async def search(self, query: str) -> Hits:
        """Those that match."""
        matcher = self.matcher(query)
        for title, about, call in self.entries():
            if (score := matcher.match(title)) > 0:
                yield Hit(score, matcher.highlight(title), call, text=title, help=about)

    def entries(self) -> Iterable[Entry]:
        """Title, help and call of every action, none twice."""
        seen: set[str] = set()
        bound = self.screen.active_bindings.values()
        for node, binding, enabled, tooltip in sorted(bound, key=lambda active: _is_moving(active.binding)):
            if not enabled or not binding.description or binding.action in _HIDDEN or binding.id is None:
                continue
            if binding.description not in seen:
                seen.add(binding.description)
                key = self.app.get_key_display(binding)
                call = partial(self.app.run_action, binding.action, node)
                yield binding.description, tooltip or _("key {key}").format(key=key), call
        if isinstance(self.screen, Place):
            yield from self.screen.palette_actions()
            app = self.screen.kit
            for lang, name in _TONGUES.items():
                if lang != app.lang:
                    yield name, _("start anew in this language"), partial(app.speak, lang)
