"""The panels of a case: which one is shown where not all fit, and how the keys go from one to the next."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from deliverkit_tui.casefile import CaseFile
from deliverkit_tui.screens.place import Place
from deliverkit_tui.widgets.checks import CheckList
from deliverkit_tui.widgets.evidence import Evidence
from deliverkit_tui.widgets.given import GivenRow
from deliverkit_tui.widgets.panes import PaneSwitch
from deliverkit_tui.widgets.steps import StepRow, Steps


class CaseChecks(CheckList):
    """The checks of a case, where what is missing can be added."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "plus", "screen.add", "Add", key_display="+", tooltip="the sending domain, IP or selector", id="case.add"
        ),
    ]


class CasePanels(Place):
    """Checks, evidence, steps and the three fields, and the ways between them."""

    case: CaseFile

    def action_back(self) -> None:
        """Close what is open first: the evidence, the fields; then leave."""
        if self.has_class("-detail"):
            self.remove_class("-detail")
            self.query_one(CaseChecks).focus()
        elif isinstance(self.focused, StepRow) and self.has_class("-show-steps") and not self.has_class("-wide"):
            self.action_pane("checks")
        elif self.query_one("#given").has_focus_within:
            self.query_one("#given").display = bool(self.case.missing)
            self.query_one(CaseChecks).focus()
        else:
            super().action_back()

    def action_pane(self, pane: str) -> None:
        """Show and focus the checks or the steps."""
        self.set_class(pane == "steps", "-show-steps")
        self.query_one(PaneSwitch).choose(pane)
        if pane == "steps":
            self.query_one(Steps).focus_first()
        else:
            self.query_one(CaseChecks).focus()

    @on(PaneSwitch.Chosen)
    def _pane_chosen(self, message: PaneSwitch.Chosen) -> None:
        self.action_pane(message.pane)

    def action_next_panel(self, by: int) -> None:
        """From panel to panel, whether or not both fit on the screen."""
        panels = ["checks", "evidence", "steps"]
        if self.query_one("#given").display:
            panels.append("given")
        if not self.query_one(Evidence).display or self.query_one(Evidence).size.height == 0:
            panels.remove("evidence")
        here = next((p for p in panels if self.query_one(f"#{p}").has_focus_within), "checks")
        if here == "given":
            fields = list(self.query_one("#given").query("Input"))
            at = fields.index(self.focused) + by if self.focused in fields else 0
            if 0 <= at < len(fields):
                fields[at].focus()
                return
        there = panels[(panels.index(here) + by) % len(panels)]
        if there == "steps":
            self.action_pane("steps")
        elif there == "given":
            self.query_one("#given", GivenRow).focus_on("domain" if by > 0 else "selector")
        else:
            self.action_pane("checks")
            self.query_one(f"#{there}").focus()
