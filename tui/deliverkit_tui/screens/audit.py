"""Audit: one or many domains in a table that fills as answers arrive."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import Static

from deliverkit.checks import Target
from deliverkit.language import _, plural
from deliverkit_tui import audit_table, jobs
from deliverkit_tui.audit_table import GIVEN, OPEN, ORDERS, AuditTable, chips, columns, read_domains
from deliverkit_tui.commands import command
from deliverkit_tui.messages import CheckArrived, Failed, Finished, LeftOut
from deliverkit_tui.pages import mark
from deliverkit_tui.screens.filtered import FilteredPlace
from deliverkit_tui.screens.place import PaletteAction
from deliverkit_tui.widgets.chips import Chips
from deliverkit_tui.widgets.domain_input import DomainInput
from deliverkit_tui.widgets.filter_input import FilterInput
from deliverkit_tui.widgets.page_view import PageView
from deliverkit_tui.widgets.row_grid import RowGrid
from deliverkit_tui.widgets.split import Split
from deliverkit_tui.words import row

TOGETHER = 4
"""Domains audited at the same time."""
_NAMED = 5
"""Domains that the command line names; a longer list is read from a file."""
_EMPTY = _("No domain yet. Type one above, or paste a list: one a line, or with commas.")
_SOON = 0.05
"""Seconds in which changes are gathered before the table is put in order again."""
_REST = 0.04
"""Seconds that the cursor rests on a row before the preview follows."""
_METER = 24
"""Cells of the progress bar."""


class AuditScreen(FilteredPlace):
    """Many domains against all checks."""

    TITLE_TEXT = _("Audit")
    CSS_PATH = "audit.tcss"
    HELP = _(
        "Type a domain and press `Enter`, or paste a list: one a line, or with commas. E-mail and web addresses will "
        "do. Four domains are asked at a time; each cell turns from `·` to a result as answers arrive.\n\n"
        "`Enter` on a row opens the domain: findings, evidence and the steps that mend it. `/` filters by words "
        "(a domain, or the id of a finding), `f` by outcome, `s` and a click on a column change the order."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", _("Filter"), key_display="/", id="audit.filter"),
        Binding("f", "cycle(1)", _("Outcome"), id="audit.outcome"),
        Binding("e", "export", _("Export"), id="audit.export"),
        Binding("F", "cycle(-1)", _("Outcome before"), show=False, id="audit.outcome-back"),
        Binding("s", "order", _("Change the order"), show=False, id="audit.order"),
        Binding("plus,i", "add", _("Add domains"), show=False, key_display="+", id="audit.add"),
        Binding("x", "stop", _("Stop asking"), show=False, id="audit.stop"),
        Binding("r", "again", _("Ask this domain afresh"), show=False, id="audit.again"),
        Binding("R", "resume", _("Ask what is still open"), show=False, id="audit.resume"),
    ]

    def __init__(self, domains: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._given = domains
        self._table: AuditTable | None = None
        self._queue: deque[tuple[str, bool]] = deque()
        self._busy: dict[str, str] = {}
        self._order = GIVEN
        self._left_out: list[audit_table.LeftOut] = []
        self._due = False
        self._following: Timer | None = None

    @property
    def table(self) -> AuditTable:
        """The results."""
        if self._table is None:
            self._table = AuditTable(self.kit.say)
        return self._table

    @property
    def has_rows(self) -> bool:
        """There are domains."""
        return bool(len(self.table))

    @property
    def running(self) -> bool:
        """Something is being asked."""
        return bool(self._busy)

    # ------------------------------------------------------------------ frame

    def compose_body(self) -> ComposeResult:
        """Input, what was left out, filters, rows and what the row of the cursor says."""
        yield DomainInput(
            placeholder=_("Type a domain, or paste a whole list · Enter adds"), id="domains", classes="panel"
        )
        yield Static(id="left-out")
        yield from self.filter_bar(chips(self.kit.say))
        yield Split(
            RowGrid(columns(self.table.checks), self.table.cells, empty=_EMPTY, id="rows"),
            PageView(id="preview"),
            beside=190,
            id="panes",
        )
        yield Static(id="meter")

    def on_mount(self) -> None:
        """Begin with the domains that were given."""
        self.query_one(DomainInput).border_title = _("Domains")
        if self._given:
            self._take("\n".join(self._given))
        else:
            self.query_one(DomainInput).focus()

    async def on_unmount(self) -> None:
        """What was kept goes; see ``AuditTable.take``."""
        gc.unfreeze()

    def subject(self) -> str:
        """How far it is."""
        if not self._table or not len(self._table):
            return ""
        count = len(self.table)
        said = plural("{done} of {count} domain done", "{done} of {count} domains done", count)
        return said.format(done=self.table.done(), count=count)

    def command_line(self) -> str:
        """``deliverkit audit …``."""
        if self._table is None or not len(self._table):
            return ""
        domains = self.table.domains
        words = domains if len(domains) <= _NAMED else ["-i", "domains.txt"]
        return command("audit", *words, network=self.kit.network)

    def palette_actions(self) -> Iterable[PaletteAction]:
        """What has no key."""
        if self._left_out:
            yield _("Copy the inputs that were left out"), _("With the reason for each"), self._copy_left_out

    # ------------------------------------------------------------------ domains in

    @on(DomainInput.Given)
    def _given_more(self, event: DomainInput.Given) -> None:
        self._take(event.text)

    def _take(self, text: str) -> None:
        domains, self._left_out = read_domains(text)
        new = self.table.add(domains)
        self._queue.extend((domain, False) for domain in new)
        known = len(domains) - len(new)
        told = [_("{new} added").format(new=len(new))] if domains else []
        told += [_("{known} there already").format(known=known)] if known else []
        self.query_one(DomainInput).border_subtitle = " · ".join(told)
        self._tell_left_out()
        self._fill()
        self.reorder(cursor=new[0] if len(new) == 1 else None)
        if domains:
            self.query_one("#rows", RowGrid).focus()

    def _tell_left_out(self) -> None:
        line = self.query_one("#left-out", Static)
        line.display = bool(self._left_out)
        if not self._left_out:
            return
        first = self._left_out[0]
        names = ", ".join(f"“{left.text}”" for left in self._left_out[:_NAMED])
        more = (
            " " + _("and {count} more").format(count=len(self._left_out) - _NAMED)
            if len(self._left_out) > _NAMED
            else ""
        )
        line.update(
            row(
                (_("! {count} left out:").format(count=len(self._left_out)) + " ", "warn"),
                (f"{names}{more}. {first.why}", "dim"),
            )
        )
        line.tooltip = row(
            (
                "\n".join(
                    _("line {line}: {text}").format(line=left.line, text=left.text) for left in self._left_out[:20]
                ),
                "",
            )
        )

    def _copy_left_out(self) -> None:
        told = "\n".join(
            _("line {line}: {text}: {why}").format(line=left.line, text=left.text, why=left.why)
            for left in self._left_out
        )
        self.kit.copy(told, _("what was left out"))

    # ------------------------------------------------------------------ asking

    def _fill(self) -> None:
        """Give every free slot a domain. Each domain is a run of its own, with the whole deadline for itself."""
        for number in range(TOGETHER):
            slot = f"slot {number}"
            if slot not in self._busy and self._queue:
                domain, fresh = self._queue.popleft()
                self._busy[slot] = domain
                self.table.begin(domain)
                self.core.run(
                    jobs.checks(self.table.checks, Target(domain=domain), whole=True), fresh=fresh, group=slot
                )

    def on_left_out(self, message: LeftOut) -> None:
        """What this world does not ask has no column."""
        if set(message.names) & set(self.table.checks):
            self.table.leave_out(message.names)
            self.query_one("#rows", RowGrid).columns = columns(self.table.checks)

    def on_check_arrived(self, message: CheckArrived) -> None:
        """A cell turns to its result."""
        if message.run != self.core.current(message.group):
            return
        self.table.take(message.domain, message.result)
        self._soon()

    def on_finished(self, message: Finished) -> None:
        """A domain is done: the next one."""
        if message.run != self.core.current(message.group) or message.group not in self._busy:
            return
        self.table.stop(self._busy.pop(message.group))
        self._fill()
        if self.running:
            self._soon()
        else:
            self._update()

    def on_failed(self, message: Failed) -> None:
        """Nothing can be asked at all."""
        self.action_stop()
        self.notify(f"{message.message} {message.advice}".strip(), severity="error", timeout=10, markup=False)

    def action_stop(self) -> None:
        """Stop asking; what is there stays."""
        for slot, domain in self._busy.items():
            self.core.cancel(slot)
            self.table.stop(domain)
        for domain, _fresh in self._queue:
            self.table.stop(domain)
        self._busy.clear()
        self._queue.clear()
        self._update()

    def action_again(self) -> None:
        """Ask the domain of the cursor afresh."""
        domain = self.query_one("#rows", RowGrid).cursor_key
        if domain and domain not in self._busy.values():
            self._queue.appendleft((domain, True))
            self._fill()
            self._update()

    def action_resume(self) -> None:
        """Ask what is open and not waiting already."""
        waiting = {domain for domain, _fresh in self._queue} | set(self._busy.values())
        self._queue.extend((domain, False) for domain in self.table.keys(OPEN) if domain not in waiting)
        self._fill()
        self._update()

    # ------------------------------------------------------------------ showing

    def _soon(self) -> None:
        """Gather what arrives in a moment: ten thousand answers are not ten thousand tables."""
        if not self._due:
            self._due = True
            self.set_timer(_SOON, self._update)

    def _update(self) -> None:
        self._due = False
        self.reorder()
        self._preview(keep=True)

    def reorder(self, cursor: str | None = None) -> None:
        """Show the domains that the filters leave, in the order chosen."""
        grid = self.query_one("#rows", RowGrid)
        state, words = self.query_one(Chips).chosen, self.query_one(FilterInput).value
        grid.empty = _("Nothing here: f shows other outcomes, / takes other words.")
        grid.sorted_by = "" if self._order == GIVEN else self._order
        grid.set_rows(self.table.keys(state, words, self._order), cursor=cursor)
        self.query_one(Chips).count(self.table.counts())
        self.query_one("#filters").display = len(self.table) > 1
        self._share()
        self._tell_meter()
        self.refresh_frame()

    def _share(self) -> None:
        """A short table leaves its room to the preview; filtering it moves nothing."""
        panes, grid = self.query_one(Split), self.query_one("#rows", RowGrid)
        panes.set_class(not len(self.table), "-empty")
        under = panes.has_class("-under") and not panes.reading
        grid.styles.height = (
            min(len(self.table) + 1, panes.size.height * 6 // 10) if under and len(self.table) else "1fr"
        )

    def on_resize(self) -> None:
        """Share the room anew."""
        self.call_after_refresh(self._share)

    def _tell_meter(self) -> None:
        meter = self.query_one("#meter", Static)
        meter.display = self.running
        if self.running:
            done, everything = self.table.done(), len(self.table)
            full = round(_METER * done / everything)
            waiting = " " + _("· {count} waiting").format(count=len(self._queue)) if self._queue else ""
            bar = (("━" * full, "good"), ("─" * (_METER - full), "dim"))
            meter.update(
                row(
                    *bar,
                    (
                        " "
                        + _("{done} of {everything}{waiting} · x stops").format(
                            done=done, everything=everything, waiting=waiting
                        ),
                        "dim",
                    ),
                )
            )

    def _preview(self, *, keep: bool = False) -> None:
        view = self.query_one(PageView)
        domain = self.query_one("#rows", RowGrid).cursor_key
        if not view.display or domain is None or domain not in self.table:
            view.show(None)
            return
        view.show(lambda width: self._page(domain, width), keep=keep)

    def _page(self, domain: str, width: int) -> str:
        from deliverkit.report.text.audit import audit_text

        if not self.table[domain].results:
            return mark(_("{domain} is waiting for its answers.").format(domain=domain), "dim")
        return audit_text(self.table.audit(domain), self.kit.say, width=width, paint=mark)

    # ------------------------------------------------------------------ filters, order, ways out

    @on(RowGrid.Highlighted)
    def _moved(self) -> None:
        """The preview follows when the cursor rests: a key held down scrolls rows, not pages."""
        if self._following is not None:
            self._following.stop()
        self._following = self.set_timer(_REST, self._preview)

    def action_add(self) -> None:
        """To the input."""
        self.query_one(DomainInput).focus()

    def action_order(self) -> None:
        """As given, worst first, by name."""
        here = ORDERS.index(self._order) if self._order in ORDERS else -1
        self._set_order(ORDERS[(here + 1) % len(ORDERS)])

    @on(RowGrid.HeaderClicked)
    def _header(self, event: RowGrid.HeaderClicked) -> None:
        if event.key and event.key != "finding":
            self._set_order(GIVEN if event.key == self._order else event.key)

    def _set_order(self, order: str) -> None:
        self._order = order
        self.reorder()

    @on(RowGrid.Selected)
    def _open(self, event: RowGrid.Selected) -> None:
        if event.key:
            from deliverkit_tui.screens.domain import DomainScreen

            self.kit.go(DomainScreen(self.table.audit(event.key), self.table.checks, self.core))

    def action_export(self) -> None:
        """Write the rows that are shown to a file."""
        from deliverkit_tui.screens.audit_export import AuditExportScreen

        domains = [d for d in self.query_one("#rows", RowGrid).keys if self.table[d].results]
        if not domains:
            self.notify(_("There is no result to export yet."), severity="warning", timeout=4)
            return
        self.app.push_screen(AuditExportScreen(domains, self.table))
