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
from textual.widgets import Static

from deliverkit.model import Step
from deliverkit.report.clean import clean, one_line
from deliverkit.report.sentences import Sentences
from deliverkit_tui.casefile import Mark, Standing, duration
from deliverkit_tui.widgets.recordbox import RecordBox
from deliverkit_tui.words import line, row, text

_LOOK = {
    Mark.TODO: ("○", "dim", ""),
    Mark.ASKING: ("…", "dim", "asking afresh"),
    Mark.VERIFIED: ("✓", "good", "verified"),
    Mark.STILL_SEEN: ("✗", "bad", "still seen"),
    Mark.UNSURE: ("?", "unknown", "not known"),
    Mark.DONE: ("✓", "good", "done"),
}


class StepRow(Vertical, can_focus=True):
    """One step: a line, and what it opens to."""

    HELP = """
# Steps

In the order to act; the proven cause comes first. `Enter` opens a step: why, the record to publish, the command.

* `c` copies the record, or the command where there is none.
* `v` **verifies**: it asks DNS afresh and turns the step to *verified*, or says what is still seen and for how long
  caches may keep the old answer.
* `x` marks a step as done where only you can tell.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "verify", "Verify", id="steps.verify"),
        Binding("c", "copy", "Copy", id="steps.copy"),
        Binding("enter,space", "open_close", "Open or close the step", show=False, id="steps.toggle"),
        Binding("x", "done", "Mark the step as done", show=False, id="steps.done"),
        Binding("up,k", "move(-1)", "Step above", show=False, id="steps.up"),
        Binding("down,j", "move(1)", "Step below", show=False, id="steps.down"),
        Binding("home", "move(-999)", "First step", show=False, id="steps.first"),
        Binding("end", "move(999)", "Last step", show=False, id="steps.last"),
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

    def __init__(self, number: int, step: Step, say: Sentences, standing: Standing, *, opened: bool) -> None:
        super().__init__(classes="step")
        self.number = number
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

    def show(self, standing: Standing) -> None:
        """Another standing."""
        self.standing = standing
        if self.is_mounted:
            if standing.mark in (Mark.STILL_SEEN, Mark.UNSURE, Mark.VERIFIED):
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
            (step.record.value if step.record else None, "the record"),
            (step.command, "the command"),
            (step.url, "the address"),
            (step.verify, "the command that verifies"),
        ):
            if value:
                self.post_message(self.Asked("copy", step, f"{what}\n{value}"))
                return
        self.notify("There is nothing to copy in this step.", timeout=3)

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
        self.query_one(".mark", Static).update(self._mark())
        self.query_one(".title", Static).update(self._title())
        self.query(".body").remove()
        if self.opened:
            self.mount(self._body())
            if self.has_focus:
                self.call_after_refresh(self.scroll_visible, animate=False, top=True)

    def _mark(self) -> Content:
        symbol, role, _ = _LOOK[self.standing.mark]
        return row((f"{symbol} ", role), ("▾ " if self.opened else "▸ ", "dim"))

    def _title(self) -> Content:
        _, role, word = _LOOK[self.standing.mark]
        title = line(self._say.step(self.step), "dim" if self.standing.mark.finished else "")
        return row(title, (f"  {word}" if word else "", role))

    def _body(self) -> Vertical:
        step, say = self.step, self._say
        parts: list[Static | RecordBox] = [Static(c, classes="told") for c in self._told()]
        if why := say.step(step, "why"):
            parts.append(Static(text(why, "dim")))
        parts.append(Static(row(("who acts  ", "dim"), line(say.word(step.owner)))))
        if step.record:
            parts.append(RecordBox(step.record))
        for label, value in (("run", step.command), ("open", step.url), ("verify", step.verify)):
            if value and not (label == "verify" and value == step.command):
                parts.append(Static(row((f"{label:<7} ", "dim"), text(clean(value), "code")), classes="command"))
        if step.verify_check and not self.standing.mark.finished:
            parts.append(Static(row(("v ", "strong"), (f"asks {step.verify_check} afresh", "dim"))))
        return Vertical(*parts, classes="body")

    def _told(self) -> list[Content]:
        standing = self.standing
        kept = duration(standing.ttl) if standing.ttl else ""
        match standing.mark:
            case Mark.VERIFIED:
                tail = f" Receivers may keep the old answer for up to {kept} (its TTL)." if kept else ""
                return [row(("✓ Asked afresh: this is right now.", "good"), (tail, ""))]
            case Mark.STILL_SEEN:
                tail = f" A cache may keep the old answer for up to {kept} (its TTL)." if kept else ""
                return [row(("✗ Still seen: ", "bad"), text(standing.told), (tail, "dim"))]
            case Mark.UNSURE:
                told = one_line(standing.told) or "the answer does not tell."
                return [row(("? Not known: ", "unknown"), (told, ""))]
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
        self.border_title = "Steps"
        self.ids: tuple[str, ...] = ()

    def show(
        self, plan: Sequence[Step], standings: Mapping[str, Standing], say: Sentences, *, open_first: bool = False
    ) -> None:
        """Put a checklist in. What is open stays open, and the cursor stays on its step.

        ``open_first``: where nothing is open, the first step with a record opens: the one thing to do is in sight.
        """
        rows = {step_row.step.id: step_row for step_row in self.query(StepRow)}
        self.retitle(plan, standings)
        steps = {step.id: step for step in plan}
        if tuple(steps) == self.ids and all(rows[i].step == s for i, s in steps.items() if i in rows) and rows:
            for step_id, step_row in rows.items():
                if step_row.standing != (now := standings.get(step_id, Standing())):
                    step_row.show(now)
            return
        opened = {step_id for step_id, step_row in rows.items() if step_row.opened}
        if open_first and not opened:
            todo = (s.id for s in plan if s.record and not standings.get(s.id, Standing()).mark.finished)
            opened.update(list(todo)[:1])
        focused = next((step_id for step_id, step_row in rows.items() if step_row.has_focus), None)
        self.ids = tuple(steps)
        fresh = self._rows(plan, standings, say, opened)
        with self.app.batch_update():
            self.remove_children()
            self.mount_all(fresh)
        found = next((w for w in fresh if isinstance(w, StepRow) and w.step.id == focused), None)
        if focused is not None:
            first = next((w for w in fresh if isinstance(w, StepRow)), None)
            if (target := found or first) is not None:
                target.focus()

    def retitle(self, plan: Sequence[Step], standings: Mapping[str, Standing]) -> None:
        """``Steps · 1 of 4 done``."""
        done = sum(standings.get(step.id, Standing()).mark.finished for step in plan)
        self.border_title = f"Steps · {done} of {len(plan)} done" if plan else "Steps"

    def show_one(self, step: Step, standing: Standing) -> None:
        """One step has another standing."""
        for step_row in self.query(StepRow):
            if step_row.step.id == step.id:
                step_row.show(standing)

    def focus_first(self) -> None:
        """To the first step that is not finished, else to the first."""
        rows = list(self.query(StepRow))
        todo = [r for r in rows if not r.standing.mark.finished]
        if rows:
            (todo or rows)[0].focus()

    def _rows(
        self, plan: Sequence[Step], standings: Mapping[str, Standing], say: Sentences, opened: set[str]
    ) -> list[Static | StepRow]:
        made: list[Static | StepRow] = []
        fix, number = "", 0
        for step in plan:
            if step.id.partition(".")[0] != fix:
                fix = step.id.partition(".")[0]
                number += 1
                title = row((f"{number}  ", "dim"), line(say.fix(fix, step.args)))
                made.append(Static(title, classes="fix -first" if number == 1 else "fix"))
            standing = standings.get(step.id, Standing())
            made.append(StepRow(number, step, say, standing, opened=step.id in opened))
        if not made:
            made.append(Static(row(("There is nothing to do here.", "dim")), classes="fix -first"))
        return made
