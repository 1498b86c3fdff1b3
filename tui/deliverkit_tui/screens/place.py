"""``Place``: what every screen has. See the package's docstring for the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from deliverkit.language import _
from deliverkit_tui.widgets.bars import CommandBar, TitleBar

if TYPE_CHECKING:
    from deliverkit.session import Network
    from deliverkit_tui.app import DeliverkitApp
    from deliverkit_tui.worker import Core

PaletteAction = tuple[str, str, Callable[[], object]]


class Place(Screen[None]):
    """A screen with title, body, command bar and footer; Escape goes back, ``?`` helps, ``y`` copies the command."""

    TITLE_TEXT: ClassVar[str] = ""
    FOOTER_LATER: ClassVar[bool] = False
    """The place mounts its footer itself, after the first paint."""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-medium"), (110, "-wide")]  # noqa: RUF012 as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-short"), (22, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", _("Back"), id="place.back"),
        Binding("question_mark,f1", "help", _("Help"), key_display="?", id="place.help"),
        Binding("q", "app.quit", _("Quit"), show=False, id="place.quit"),
        Binding("y", "copy_command", _("Copy the command that prints this"), show=False, id="place.copy-command"),
    ]
    _core: Core | None = None

    @property
    def kit(self) -> DeliverkitApp:
        """The app, typed."""
        return cast("DeliverkitApp", self.app)

    @property
    def core(self) -> Core:
        """The worker of this screen."""
        if self._core is None:
            from deliverkit_tui.worker import Core

            self._core = Core(self, self.network, self.kit.crash)
        return self._core

    @property
    def network(self) -> Network:
        """Whom to ask: the app's choice, unless a place has its own world."""
        return self.kit.network

    def source(self) -> str:
        """Where answers come from, for the title line; empty for the live network."""
        return self.kit.source

    def subject(self) -> str:
        """What the place is about, for the title line."""
        return ""

    def command_line(self) -> str:
        """The CLI command that prints the same; empty for none."""
        return ""

    def palette_actions(self) -> Iterable[PaletteAction]:
        """Actions for the palette besides the bindings: title, help, what to call."""
        return ()

    def compose_body(self) -> ComposeResult:
        """What stands between title and command bar."""
        yield from ()

    def compose(self) -> ComposeResult:
        """The frame around the body."""
        self._fit()
        yield TitleBar(id="title")
        yield from self.compose_body()
        yield CommandBar(id="command")
        if not self.FOOTER_LATER:
            from textual.widgets import Footer

            yield Footer(compact=True)

    def _fit(self) -> None:
        """Set the classes of the size before the first layout, which would else be made twice."""
        width, height = self.app.size
        for value, points in ((width, self.HORIZONTAL_BREAKPOINTS), (height, self.VERTICAL_BREAKPOINTS)):
            fitting = [name for least, name in sorted(points or []) if value >= least]
            self.add_class(*fitting[-1:])

    def on_mount(self) -> None:
        """Fill the frame."""
        self.refresh_frame()

    def refresh_frame(self) -> None:
        """Show title, subject and command anew."""
        self.query_one("#title", TitleBar).show(self.TITLE_TEXT, self.subject(), self.source())
        self.refresh_command()

    def refresh_command(self) -> None:
        """Show the command anew."""
        self.query_one("#command", CommandBar).show(self.command_line())

    async def on_unmount(self) -> None:
        """Leaving cancels the work."""
        if self._core is not None:
            self.kit.recorded += self._core.answers()
            await self._core.aclose()

    def action_back(self) -> None:
        """One place back; on the last one nothing happens."""
        if len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    def action_help(self) -> None:
        """Help for the focused widget, then for the place."""
        self.kit.open_help(self)

    def action_copy_command(self) -> None:
        """Copy the command that prints the same."""
        if command := self.command_line():
            self.kit.copy(command, _("the command"))


def source_of(network: Network) -> str:
    """Where answers come from, when that is not the live network."""
    replay = network.replay
    return (
        ""
        if not replay
        else _("the demo's recorded world")
        if replay == "demo"
        else _("replayed from {replay}").format(replay=replay)
    )
