"""The steps as a checklist: each opens to why, the record to publish, the command; ``v`` verifies, ``c`` copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from deliverkit.language import _
from deliverkit.model import Step
from deliverkit.report.clean import clean, one_line
from deliverkit.report.sentences import Sentences
from deliverkit_tui.casefile import Mark, Standing, duration
from deliverkit_tui.widgets.recordbox import RecordBox
from deliverkit_tui.words import line, row, text

_LOOK = {
    Mark.TODO: ("○", "dim", ""),
    Mark.ASKING: ("…", "dim", _("asking afresh")),
    Mark.VERIFIED: ("✓", "good", _("verified")),
    Mark.STILL_SEEN: ("✗", "bad", _("still seen")),
    Mark.PUBLISHED: ("◷", "warn", _("published")),
    Mark.UNSURE: ("?", "unknown", _("not known")),
    Mark.DONE: ("✓", "good", _("done")),
}


class StepRow(Vertical, can_focus=True):
    """One step: a line, and what it opens to."""

    HELP = _("""
# Steps

In the order to act; the proven cause comes first. `Enter` opens a step: why, the record to publish, the command.

* `c` copies the record, or the command where there is none.
* `v` **verifies**: it asks DNS afresh and turns the step to *verified*, or says what is still seen and for how long
  caches may keep the old answer.
* `x` marks a step as done where only you can tell.
""")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "verify", _("Verify"), id="steps.verify"),
        Binding("c", "copy", _("Copy"), id="steps.copy"),
        Binding("enter,space", "open_close", _("Open or close the step"), show=False, id="steps.toggle"),
        Binding("x", "done", _("Mark the step as done"), show=False, id="steps.done"),
        Binding("up,k", "move(-1)", _("Step above"), show=False, id="steps.up"),
        Binding("down,j", "move(1)", _("Step below"), show=False, id="steps.down"),
        Binding("home", "move(-999)", _("First step"), show=False, id="steps.first"),
        Binding("end", "move(999)", _("Last step"), show=False, id="steps.last"),
    ]
    DEFAULT_CSS = """
    StepRow { height: auto; padding: 0 1; }
    StepRow > .head { height: auto; layout: horizontal; }
    StepRow > .head > .mark { width: 4; height: auto; }
    StepRow > .head > .title { width: 1fr; height: auto; }
    StepRow:focus > .head { background: $primary-muted; text-style: bold; }
    StepRow > .body { height: auto; padding: 0 0 0 4; margin: 0 0 1 0; }
    StepRow > .body > Static { height: auto; }
    StepRow > .body > .command { margin: 0; }
    """

    class Asked(Message):
        """Something is wanted for a step: ``verify``, ``copy`` or ``done``."""

        def __init__(self, action: str, step: Step, text: str = "") -> None:
            super().__init__()
            self.action = action
            self.step = step
            self.text = text

    def __init__(self, step: Step, say: Sentences, standing: Standing, *, opened: bool) -> None:
        super().__init__(classes="step")
        self.step = step
        self.standing = standing
        self.opened = opened
        self._say = say

    def compose(self) -> ComposeResult:
        """The line; the body comes when the step is opened."""
        with Horizontal(classes="head"):
            yield Static(self._mark(), classes="mark")
            yield Static(self._title(), classes="title")
        if self.opened:
            yield self._body()

    def renew(self, step: Step, standing: Standing, *, opened: bool) -> None:
        """The same step as it is now planned; drawn anew only where something is different."""
        if (step, standing, opened) != (self.step, self.standing, self.opened):
            self.step, self.standing, self.opened = step, standing, opened
            self._rebuild()

    def show(self, standing: Standing) -> None:
        """Another standing."""
        self.standing = standing
        if standing.mark in (Mark.STILL_SEEN, Mark.PUBLISHED, Mark.UNSURE, Mark.VERIFIED):
            self.opened = True
        self._rebuild()

    def action_open_close(self) -> None:
        """Open or close."""
        self.opened = not self.opened
        self._rebuild()

    def action_verify(self) -> None:
        """Ask for a fresh look."""
        self.post_message(self.Asked("verify", self.step))

    def action_done(self) -> None:
        """By hand."""
        self.post_message(self.Asked("done", self.step))

    def action_copy(self) -> None:
        """The record, else the command, else the address."""
        step = self.step
        for value, what in (
            (step.record.value if step.record else None, _("the record")),
            (step.command, _("the command")),
            (step.url, _("the address")),
            (step.verify, _("the command that verifies")),
        ):
            if value:
                self.post_message(self.Asked("copy", step, f"{what}\n{value}"))
                return
        self.notify(_("There is nothing to copy in this step."), timeout=3)

    def action_move(self, by: int) -> None:
        """To another step."""
        rows = list(self.screen.query(StepRow))
        target = rows[max(0, min(len(rows) - 1, rows.index(self) + by))]
        target.focus()

    def on_click(self, event: events.Click) -> None:
        """A click on the line opens or closes; a click on the body leaves it."""
        if self.query_one(".head").region.contains_point(event.screen_offset):
            self.action_open_close()

    def _rebuild(self) -> None:
        if not self.is_mounted:
            return
        self.query_one(".mark", Static).update(self._mark())
        self.query_one(".title", Static).update(self._title())
        self.query(".body").remove()
        if self.opened:
            self.mount(self._body())
            if self.has_focus:
                self.call_after_refresh(self.scroll_visible, animate=False, top=True)

    def _mark(self) -> Content:
        symbol, role, _word = _LOOK[self.standing.mark]
        return row((f"{symbol} ", role), ("▾ " if self.opened else "▸ ", "dim"))

    def _title(self) -> Content:
        _symbol, role, word = _LOOK[self.standing.mark]
        title = line(self._say.step(self.step), "dim" if self.standing.mark.finished else "")
        return row(title, (f"  {word}" if word else "", role))

    def _body(self) -> Vertical:
        step, say = self.step, self._say
        parts: list[Static | RecordBox] = [Static(c, classes="told") for c in self._told()]
        if why := say.step(step, "why"):
            parts.append(Static(text(why, "dim")))
        parts.append(Static(row((f"{_('who acts')}  ", "dim"), line(say.word(step.owner)))))
        if step.record:
            parts.append(RecordBox(step.record))
        verify = step.verify if step.verify != step.command else None
        for label, value in ((_("run"), step.command), (_("open"), step.url), (_("verify"), verify)):
            if value:
                parts.append(Static(row((f"{label:<7} ", "dim"), text(clean(value), "code")), classes="command"))
        if step.verify_check and not self.standing.mark.finished:
            parts.append(
                Static(
                    row(
                        ("v ", "strong"),
                        (_("asks {verify_check} afresh").format(verify_check=step.verify_check), "dim"),
                    )
                )
            )
        return Vertical(*parts, classes="body")

    def _told(self) -> list[Content]:
        standing = self.standing
        kept = duration(standing.ttl) if standing.ttl else ""
        match standing.mark:
            case Mark.VERIFIED:
                tail = (
                    " " + _("Receivers may keep the old answer for up to {kept} (its TTL).").format(kept=kept)
                    if kept
                    else ""
                )
                return [row((_("✓ Asked afresh: this is right now."), "good"), (tail, ""))]
            case Mark.STILL_SEEN:
                tail = (
                    " " + _("A cache may keep the old answer for up to {kept} (its TTL).").format(kept=kept)
                    if kept
                    else ""
                )
                return [row((_("✗ Still seen:") + " ", "bad"), text(standing.told), (tail, "dim"))]
            case Mark.PUBLISHED:
                tail = (
                    _("Published already: your name servers have it. Caches may keep the old answer for up to {kept}.")
                    if kept
                    else _("Published already: your name servers have it. Caches may still keep the old answer.")
                )
                return [row(("◷ ", "warn"), (tail.format(kept=kept), ""))]
            case Mark.UNSURE:
                told = one_line(standing.told) or _("the answer does not tell.")
                return [row((_("? Not known:") + " ", "unknown"), (told, ""))]
            case _:
                return []


class Steps(VerticalScroll, can_focus=False):
    """All steps, grouped by their fix."""

    DEFAULT_CSS = """
    Steps { height: 1fr; scrollbar-size-vertical: 1; }
    Steps > .fix { height: auto; margin: 1 1 0 1; color: $text; text-style: bold; }
    Steps > .fix.-first { margin: 0 1 0 1; }
    """

    def __init__(self, *, id: str = "steps") -> None:  # noqa: A002 as Textual names it
        super().__init__(id=id, classes="panel")
        self.border_title = _("Steps")
        self._rows: dict[str, StepRow] = {}

    def show(
        self, plan: Sequence[Step], standings: Mapping[str, Standing], say: Sentences, *, open_first: bool = False
    ) -> None:
        """Put a checklist in. Steps that stay keep their widget, so that focus and what is open stay with them.

        ``open_first``: where nothing is open, the first step with a record opens: the one thing to do is in sight.
        """
        self.retitle(plan, standings)
        first = None
        if open_first and not any(step_row.opened for step_row in self._rows.values()):
            first = next((s.id for s in plan if s.record and s.id not in _finished(standings)), None)
        before, self._rows = self._rows, {}
        fresh: list[Widget] = []
        order: dict[Widget, int] = {}
        fix, number = "", 0
        for step in plan:
            if step.id.partition(".")[0] != fix:
                fix = step.id.partition(".")[0]
                number += 1
                title = row((f"{number}  ", "dim"), line(say.fix(fix, step.args)))
                fresh.append(Static(title, classes="fix -first" if number == 1 else "fix"))
                order[fresh[-1]] = len(order)
            standing = standings.get(step.id, Standing())
            step_row = before.pop(step.id, None)
            if step_row is None:
                step_row = StepRow(step, say, standing, opened=step.id == first)
                fresh.append(step_row)
            else:
                step_row.renew(step, standing, opened=step_row.opened or step.id == first)
            self._rows[step.id] = step_row
            order[step_row] = len(order)
        if not plan:
            fresh.append(Static(row((_("There is nothing to do here."), "dim")), classes="fix -first"))
        self._exchange(fresh, [*before.values(), *self.query(".fix")], order)

    def _exchange(self, fresh: Sequence[Widget], stale: Sequence[Widget], order: Mapping[Widget, int]) -> None:
        lost = any(widget.has_focus for widget in stale)
        with self.app.batch_update():
            for widget in stale:
                widget.remove()
            self.mount_all(fresh)
            self.sort_children(key=lambda widget: order.get(widget, -1))
        if lost:
            self.call_after_refresh(self.focus_first)

    def retitle(self, plan: Sequence[Step], standings: Mapping[str, Standing]) -> None:
        """``Steps · 1 of 4 done``."""
        done = len(_finished(standings) & {step.id for step in plan})
        self.border_title = _("Steps · {done} of {plan} done").format(done=done, plan=len(plan)) if plan else _("Steps")

    def show_one(self, step: Step, standing: Standing) -> None:
        """One step has another standing."""
        if step.id in self._rows:
            self._rows[step.id].show(standing)

    def focus_first(self) -> None:
        """To the first step that is not finished, else to the first."""
        rows = list(self._rows.values())
        todo = [r for r in rows if not r.standing.mark.finished]
        if rows:
            (todo or rows)[0].focus()


def _finished(standings: Mapping[str, Standing]) -> set[str]:
    return {step_id for step_id, standing in standings.items() if standing.mark.finished}
