"""The steps of a case: verified afresh, asked of the domain's own name servers, marked by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from deliverkit.language import _
from deliverkit_tui.casefile import Mark, Standing
from deliverkit_tui.messages import CheckArrived
from deliverkit_tui.screens.case_panels import CaseChecks, CasePanels
from deliverkit_tui.widgets.panes import PaneSwitch
from deliverkit_tui.widgets.steps import StepRow, Steps

if TYPE_CHECKING:
    from deliverkit.model import Step

VERIFY = "verify "
"""Group of the runs that ask afresh; the id of the step follows."""
OWNERS = "owners "
"""Group of the runs that ask the domain's own name servers."""


class CaseSteps(CasePanels):
    """What is done with a step."""

    running = False
    waiting: list[str]
    """Ids of steps to verify as soon as the first look is over."""
    evidence_of: str | None = None
    """The check whose evidence is shown."""

    def show_banner(self, *, asking: bool) -> None:
        """Show the verdict anew."""
        raise NotImplementedError

    def show_evidence(self, name: str) -> None:
        """Show what is behind a check."""
        raise NotImplementedError

    def keep(self) -> None:
        """Put the case into the history."""
        raise NotImplementedError

    @on(StepRow.Asked)
    def _step_asked(self, message: StepRow.Asked) -> None:
        if message.action == "copy":
            what, _sep, value = message.text.partition("\n")
            self.kit.copy(value, what)
        elif message.action == "done":
            before = self.case.standing(message.step).mark
            self.stand(message.step.id, Standing(Mark.TODO if before.finished else Mark.DONE))
            self.keep()
        else:
            self.verify(message.step)

    def verify(self, step: Step) -> None:
        """Ask afresh what proves a step, as soon as the first look is over."""
        from deliverkit.checks.run import can_run
        from deliverkit_tui import jobs

        check = step.verify_check
        if check is None:
            self.notify(_("DNS cannot tell for this step. x marks it as done."), timeout=5)
            return
        if not can_run(check, self.case.target):
            self.notify(
                _("{check} needs more: + adds the domain, IP or selector.").format(check=check),
                severity="warning",
                timeout=5,
            )
            return
        self.stand(step.id, Standing(Mark.ASKING))
        if self.running:  # the first look is not over: what it finds makes the steps
            self.waiting.append(step.id)
            return
        self.query_one(CaseChecks).ask_again(check)
        job = jobs.checks([check], self.case.target, self.case.also_lists)
        self.core.run(job, fresh=True, group=VERIFY + step.id)

    def verified(self, message: CheckArrived) -> None:
        """The fresh look is there."""
        step_id = message.group.removeprefix(VERIFY)
        step = next((s for s in self.case.plan if s.id == step_id), None)
        if step is None:
            return
        say = self.kit.say
        told = {f.id: say.finding(f) for f in message.result.findings}
        self.stand(step_id, self.case.judge(step, message.result, self.core.answers(), told))
        checks = self.query_one(CaseChecks)
        if message.result.check in self.case.names:
            checks.show(message.result, say)
        if self.evidence_of == message.result.check:
            self.show_evidence(message.result.check)
        self.show_banner(asking=False)
        self.keep()

        standing = self.case.standing(step)
        if standing.mark is Mark.STILL_SEEN and self.case.can_ask_owners(message.result.check):
            from deliverkit_tui import jobs

            self.core.run(jobs.at_owners(message.result.check, self.case.target), fresh=True, group=OWNERS + step_id)

    def seen_at_owners(self, message: CheckArrived) -> None:
        """The resolver still had the old answer; the domain's own name servers may have the new one."""
        step = next((s for s in self.case.plan if s.id == message.group.removeprefix(OWNERS)), None)
        if step is not None:
            self.stand(step.id, self.case.judge_at_owners(step, message.result))
            self.keep()

    def stand(self, step_id: str, standing: Standing) -> None:
        """Show how a step stands now."""
        self.case.standings[step_id] = standing
        step = next((s for s in self.case.plan if s.id == step_id), None)
        if step is not None:
            panel = self.query_one(Steps)
            panel.show_one(step, standing)
            panel.retitle(self.case.plan, self.case.standings)
            self.query_one(PaneSwitch).show(self.case.done, len(self.case.plan))
