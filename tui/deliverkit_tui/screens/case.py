"""Case: the verdict, the checks as they arrive, the evidence, and the steps as a checklist that can be verified."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.widgets import OptionList

from deliverkit.errors import InputError
from deliverkit.language import _
from deliverkit_tui.casefile import CaseFile, Given, Mark, Standing
from deliverkit_tui.messages import CheckArrived, Failed, Finished, LeftOut
from deliverkit_tui.screens.case_panels import CaseChecks
from deliverkit_tui.screens.case_steps import OWNERS, VERIFY, CaseSteps
from deliverkit_tui.screens.place import PaletteAction, source_of
from deliverkit_tui.widgets.banner import Banner
from deliverkit_tui.widgets.evidence import Evidence
from deliverkit_tui.widgets.given import GivenRow
from deliverkit_tui.widgets.panes import PaneSwitch
from deliverkit_tui.widgets.steps import Steps
from deliverkit_tui.words import complaint

if TYPE_CHECKING:
    from deliverkit.bounces.classify import Classifier
    from deliverkit.model import Bounce
    from deliverkit.session import Network
    from deliverkit_tui.history import Kept


class CaseScreen(CaseSteps):
    """One bounce, from the reply to the verified fix."""

    TITLE_TEXT = _("Case")
    CSS_PATH = "case.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (22, "-tall"), (30, "-high")]  # noqa: RUF012 as Textual declares it
    HELP = _("""
# A case

On top the **verdict**: what kind of refusal it is, what is *proven* by DNS, what to do with this message and with this
address, and who has to act. On the left the **checks**, on the right (or behind `2`) the **steps**.

Work through the steps from the top. Publish what stands in the box, then press `v` on the step: DNS is asked afresh,
and the step turns to *verified* when what was wrong is gone.

`+` adds the sending domain, IP or selector; the case goes on from there. `a` runs every check there is. The case is
kept in the history by itself.
""")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "export", _("Export"), id="case.export"),
        Binding("a", "all_checks", _("Run every check"), show=False, id="case.all-checks"),
        Binding("r", "again", _("Ask everything afresh"), show=False, id="case.again"),
        Binding("1", "pane('checks')", _("Show the checks"), show=False, id="case.checks"),
        Binding("2", "pane('steps')", _("Show the steps"), show=False, id="case.steps"),
        Binding("tab", "next_panel(1)", _("Next panel"), show=False, id="case.next-panel"),
        Binding("shift+tab", "next_panel(-1)", _("Panel before"), show=False, id="case.previous-panel"),
        Binding("right_square_bracket", "reply(1)", _("Next reply of the paste"), show=False, id="case.next-reply"),
        Binding("left_square_bracket", "reply(-1)", _("Reply before"), show=False, id="case.previous-reply"),
        Binding("plus", "add", "Add", show=False, id="case.add-anywhere"),
    ]

    def __init__(
        self,
        text: str,
        given: Given | None = None,
        *,
        bounces: Sequence[Bounce] = (),
        classifier: Classifier | None = None,
        network: Network | None = None,
        kept: Kept | None = None,
    ) -> None:
        """``bounces``: what the text was read as, judged by ``classifier``.

        ``network``: whom to ask, if not the app's; ``kept``: reopened.
        """
        super().__init__()
        self._text = text
        self.index = kept.place if kept else 0
        self._given = given or Given()
        self._bounces = tuple(bounces)
        self._classifier = classifier
        self._own_network = network
        self._kept = kept
        self.running = False
        self.waiting: list[str] = []
        """Ids of steps to verify as soon as the first look is over."""

    # ------------------------------------------------------------------ set up

    @property
    def network(self) -> Network:
        """The demo and reopened cases have a world of their own."""
        return self._own_network or self.kit.network

    def source(self) -> str:
        """Where this case's answers come from."""
        return source_of(self.network)

    def compose_body(self) -> ComposeResult:
        """Banner, fields, checks and evidence beside steps."""
        yield Banner(id="banner")
        yield GivenRow(self._given)
        yield PaneSwitch(id="panes")
        with Container(id="body"):
            with Vertical(id="left"):
                yield CaseChecks()
                yield Evidence()
            with Vertical(id="right"):
                yield Steps()

    def on_mount(self) -> None:
        """Explain at once; ask right after the first paint."""
        self._open(self._bounces, self._given)
        self.query_one(CaseChecks).focus()
        self.call_after_refresh(self._ask)

    def _open(self, bounces: Sequence[Bounce], given: Given) -> None:
        from deliverkit.bounces.classify import default_classifier
        from deliverkit.bounces.given import bounces_in
        from deliverkit.bounces.pasted import read_bounces

        knowledge = self.kit.say.knowledge
        classifier = self._classifier or default_classifier()
        if not bounces:
            read = bounces_in(self._text, classifier, knowledge)
            bounces, self._classifier = read.bounces or read_bounces(self._text), read.classifier
        self._bounces = tuple(bounces)
        self.index = min(self.index, len(self._bounces) - 1)
        bounce = self._bounces[self.index]
        judge = self._classifier or classifier
        self.case = CaseFile.open(self._text, bounce, given, self.network, judge, knowledge)
        if self._kept is not None:
            self._kept.restore(self.case)
        panel = self.query_one("#given", GivenRow)
        panel.display = bool(self.case.missing)
        self.query_one(CaseChecks).prepare(self.case.names, self.case.runnable, self.case.bounce.reply.text)
        self.show_evidence("reply")
        self.show_banner(asking=bool(self.case.runnable))
        self._show_steps()

    # ------------------------------------------------------------------ running

    def _ask(self, *, fresh: bool = False) -> None:
        from deliverkit_tui import jobs

        names = self.case.runnable
        if not names:
            self.show_banner(asking=False)
            self.keep()
            return
        self.running = True
        self.show_banner(asking=True)
        kept = self._kept.recording if self._kept is not None and not fresh else None
        job = jobs.checks(names, self.case.target, self.case.also_lists, whole=self.case.whole)
        self.core.run(jobs.replayed(job, kept) if kept else job, fresh=fresh)

    @on(CheckArrived)
    def _check_arrived(self, message: CheckArrived) -> None:
        if not self.core.is_current(message):
            return
        if message.group.startswith(VERIFY):
            self.verified(message)
            return
        if message.group.startswith(OWNERS):
            self.seen_at_owners(message)
            return
        self.case.take(message.result)
        self.query_one(CaseChecks).show(message.result, self.kit.say)
        self.show_banner(asking=self.running)
        if self.evidence_of == message.result.check:
            self.show_evidence(message.result.check)

    @on(LeftOut)
    def _left_out(self, message: LeftOut) -> None:
        if self.core.is_current(message):
            self.case.leave_out(message.names)
            self.query_one(CaseChecks).prepare(self.case.names, self.case.runnable, self.case.bounce.reply.text)

    @on(Finished)
    def _finished(self, message: Finished) -> None:
        if not self.core.is_current(message) or message.group != "run":
            return
        self.running = False
        self._kept = None if self._kept is None else self._kept.without_recording()
        self.case.settle()
        self.show_banner(asking=False)
        self._show_steps(open_first=True)
        waiting, self.waiting = self.waiting, []
        for step in self.case.plan:
            if step.id in waiting:
                self.verify(step)
        self.keep()

    @on(Failed)
    def _failed(self, message: Failed) -> None:
        self.running = False
        self.show_banner(asking=False)
        for step_id, standing in list(self.case.standings.items()):
            if standing.mark is Mark.ASKING:
                self.stand(step_id, Standing())
        self.notify(f"{message.message}\n{message.advice}", severity="error", timeout=10, markup=False)

    # ------------------------------------------------------------------ showing

    def subject(self) -> str:
        """The domain or IP, and which reply of several."""
        many = (
            "   " + _("reply {index} of {count}, ] and [ turn").format(index=self.index + 1, count=len(self._bounces))
            if len(self._bounces) > 1
            else ""
        )
        return f"{self.case.subject}{many}" if hasattr(self, "case") else ""

    def command_line(self) -> str:
        """``deliverkit diagnose …``."""
        from deliverkit_tui.commands import case_command

        if not hasattr(self, "case"):
            return ""
        case = self.case
        return case_command(case.bounce.reply.text, case.given, asked=bool(case.runnable), network=self.network)

    def palette_actions(self) -> Iterable[PaletteAction]:
        """Adding what is missing, and verifying each open step by name."""
        yield _("Add the sending domain, IP or DKIM selector"), _("the case goes on from there"), self.action_add
        for step in self.case.plan:
            if step.verify_check and not self.case.standing(step).mark.finished:
                yield (
                    _("Verify: {step}").format(step=self.kit.say.step(step)),
                    _("asks DNS afresh"),
                    partial(self.verify, step),
                )

    def show_banner(self, *, asking: bool) -> None:
        """Show the verdict anew; ``asking``: checks are still on their way."""
        total = len(self.case.plan)
        done = _("{done} of {total} steps done").format(done=self.case.done, total=total) if self.case.done else ""
        self.query_one(Banner).show(
            self.case.diagnosis, self.kit.say, asking=asking, mended=self.case.mended, done=done
        )

    def _show_steps(self, *, open_first: bool = False) -> None:
        self.query_one(Steps).show(self.case.plan, self.case.standings, self.kit.say, open_first=open_first)
        self.query_one(PaneSwitch).show(self.case.done, len(self.case.plan))

    def show_evidence(self, name: str) -> None:
        """Show what is behind a check, or the reply."""
        from deliverkit_tui.proof import proof_of, reply_of

        self.evidence_of = name
        result = self.case.results.get(name)
        if name == "reply":
            blocks = reply_of(self.case.diagnosis, self.kit.say)
        else:
            blocks = proof_of(result, self.kit.say) if result else []
        self.query_one(Evidence).show(name if blocks else _("{name} · waiting for an answer").format(name=name), blocks)

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option.id and event.option.id != self.evidence_of:
            self.show_evidence(event.option.id)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        if event.option.id:
            self.show_evidence(event.option.id)
        self.add_class("-detail")
        self.query_one(Evidence).focus()

    @on(Evidence.Copy)
    def _copy_evidence(self, message: Evidence.Copy) -> None:
        self.kit.copy(message.text, _("the commands"))

    # ------------------------------------------------------------------ more

    def action_add(self) -> None:
        """Show the fields and put the cursor where something is missing."""
        fields = self.query_one("#given", GivenRow)
        fields.display = True
        missing = self.case.missing
        fields.focus_on(missing[0] if missing else "domain")

    @on(GivenRow.Submitted)
    def _given_submitted(self) -> None:
        fields = self.query_one("#given", GivenRow)
        try:
            self.case.add(fields.given, self.network)
        except InputError as error:
            self.notify(complaint(error), severity="error", timeout=8, markup=False)
            return
        self._kept = None
        fields.display = bool(self.case.missing)
        self._restart()
        self.query_one(CaseChecks).focus()

    def _restart(self, *, fresh: bool = False) -> None:
        self.case.results.clear()
        self.case.settle()
        self.query_one(CaseChecks).prepare(self.case.names, self.case.runnable, self.case.bounce.reply.text)
        self.refresh_frame()
        self._ask(fresh=fresh)

    def action_all_checks(self) -> None:
        """Every check there is."""
        self.case.ask_all()
        self._restart()

    def action_again(self) -> None:
        """Everything anew, past all caches."""
        self._kept = None
        self._restart(fresh=True)

    def action_reply(self, by: int) -> None:
        """Another reply of the same paste."""
        if len(self._bounces) < 2:
            return
        self.core.cancel()
        self.index = (self.index + by) % len(self._bounces)
        self._open(self._bounces, self.case.given)
        self.refresh_frame()
        self._ask()

    def action_export(self) -> None:
        """Markdown, JSON or the recording."""
        from deliverkit_tui.screens.case_export import CaseExportScreen

        self.app.push_screen(CaseExportScreen(self.case.diagnosis, self.case.subject, self.core.answers()))

    def keep(self) -> None:
        """Put the case into the history as it is now."""
        self.kit.keep(self.case, self.network, self.core.answers(), self.index)
