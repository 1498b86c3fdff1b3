"""One audited domain: its checks and its fixes as rows, and all that is known about the row of the cursor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from deliverkit.audit import conclude, worst
from deliverkit.checks import Target
from deliverkit.checks.run import in_order
from deliverkit.language import _, plural
from deliverkit.model import Audit, CheckResult, Outcome, Step
from deliverkit.report.clean import one_line
from deliverkit.report.text.requirements import requirements_text
from deliverkit_tui import jobs
from deliverkit_tui.commands import command
from deliverkit_tui.domain_pages import check_page, copies, demand_cells, fix_page
from deliverkit_tui.grid_layout import Column
from deliverkit_tui.messages import CheckArrived, Failed, Finished
from deliverkit_tui.pages import mark
from deliverkit_tui.screens.place import PaletteAction, Place
from deliverkit_tui.widgets.page_view import PageView
from deliverkit_tui.widgets.row_grid import Cell, RowGrid
from deliverkit_tui.widgets.split import Split
from deliverkit_tui.words import ASKING, ROLES, SYMBOLS, row
from deliverkit_tui.worker import Core

_COLUMNS = (
    Column("state", "", 10, 10),
    Column("name", "", 17, 13, shrink=2),
    Column("what", "", 20, 12, flex=1),
)


_DEMANDS = "demands:all"
"""Key of the row that holds the domain against what mailbox providers demand."""


class DomainScreen(Place):
    """The drill-down of the audit."""

    TITLE_TEXT = _("Domain")
    CSS_PATH = "domain.tcss"
    HELP = _(
        "The checks of the domain, what mailbox providers demand, then what mends it, most urgent first. `Enter` reads "
        "the row of the cursor: the findings with their evidence, or the steps with the record to publish. In the "
        "text, `Up` and `Down` go from link to link and `Enter` opens the link in the catalogue.\n\n"
        "`v` asks afresh: on a check that check, on a fix the checks that prove it. `c` copies the record, command "
        "or address of a fix."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "verify", _("Verify"), id="domain.verify"),
        Binding("c", "copy_fix", _("Copy"), id="domain.copy"),
        Binding("e", "export", _("Export"), id="domain.export"),
        Binding("r", "again", _("Ask everything afresh"), show=False, id="domain.again"),
        Binding("b", "blocklists", _("Look the domain up on the blocklists"), show=False, id="domain.blocklists"),
    ]

    def __init__(self, audit: Audit, checks: Sequence[str], asked_by: Core | None = None) -> None:
        super().__init__()
        self.audit = audit
        self._asked_by = asked_by
        self._checks = tuple(checks)
        self._results = {result.check: result for result in audit.checks}
        self._asking: set[str] = set()
        self._fixes: dict[str, list[Step]] = {}
        self._group_fixes()

    @property
    def results(self) -> tuple[CheckResult, ...]:
        """What the checks came to, as last asked."""
        return in_order(self._results.values())

    def compose_body(self) -> ComposeResult:
        """A line that sums up, the rows, and the page of the row."""
        yield Static(id="verdict")
        grid = RowGrid(_COLUMNS, self._cells, id="parts")
        view = PageView(target=self._target, id="part")
        yield Split(grid, view, beside=104, id="panes")

    def on_mount(self) -> None:
        """Fill in."""
        if self._asked_by is not None:
            self.core.share(self._asked_by)
        self._update()
        self.query_one(RowGrid).focus()
        missing = [name for name in self._checks if name not in self._results]
        if missing:
            self._ask(missing, fresh=False)

    def subject(self) -> str:
        """The domain."""
        return self.audit.domain

    def command_line(self) -> str:
        """``deliverkit audit DOMAIN --evidence``."""
        return command("audit", self.audit.domain, "--evidence", network=self.kit.network)

    # ------------------------------------------------------------------ rows

    def _group_fixes(self) -> None:
        self._fixes = {}
        for step in self.audit.steps:
            self._fixes.setdefault(step.id.partition(".")[0], []).append(step)

    def _update(self) -> None:
        say = self.kit.say
        outcome = worst(r.outcome for r in self.results)
        counts = Counter(r.outcome for r in self.results)
        told = [f"{counts[o]} {say.word(o)}" for o in Outcome if counts[o]]
        told += [_("{count} being asked").format(count=len(self._asking))] if self._asking else []
        sending = ", ".join(say.platform(p) for p in self.audit.platforms)
        self.query_one("#verdict", Static).update(
            row(
                (f"{SYMBOLS[outcome]} {self.audit.domain} · {say.word(outcome)}", ROLES[outcome]),
                ("   " + " · ".join(told), "dim"),
                ("   " + _("sends with {sending}").format(sending=sending) if sending else "", "dim"),
            )
        )
        demands = [_DEMANDS] if self.audit.requirements else []
        checks = [f"check:{check}" for check in self._checks]
        self.query_one(RowGrid).set_rows([*checks, *demands, *(f"fix:{fix}" for fix in self._fixes)])
        self._show(keep=True)

    def _cells(self, key: str) -> list[Cell]:
        kind, _sep, ident = key.partition(":")
        say = self.kit.say
        if kind == "fix":
            number = list(self._fixes).index(ident) + 1 if ident in self._fixes else 0
            steps = self._fixes.get(ident, [])
            count = plural("{count} step", "{count} steps", len(steps)).format(count=len(steps))
            return [
                (_("fix {number}").format(number=number), "strong"),
                (count, "dim"),
                (say.fix(ident, steps[0].args) if steps else ident, "strong"),
            ]
        if key == _DEMANDS:
            return demand_cells(self.audit, say)
        result = self._results.get(ident)
        if ident in self._asking or result is None:
            return [(f"{ASKING} {_('asking')}", "unknown"), (ident, ""), ("", "")]
        state = (f"{SYMBOLS[result.outcome]} {say.word(result.outcome)}", ROLES[result.outcome])
        return [state, (ident, ""), (self._telling(result), "")]

    def _telling(self, result: CheckResult) -> str:
        specs, say = self.kit.say.knowledge.findings, self.kit.say
        same = [f for f in result.findings if specs[f.id].outcome is result.outcome]
        found = (same or list(result.findings))[:1]
        return say.finding(found[0], "title") if found else say.word(result.outcome, "sentence")

    # ------------------------------------------------------------------ the page of a row

    @on(RowGrid.Highlighted)
    def _moved(self) -> None:
        self._show()

    @on(RowGrid.Selected)
    def _read(self, _event: RowGrid.Selected) -> None:
        self.query_one(Split).read()

    def _show(self, *, keep: bool = False) -> None:
        key = self.query_one(RowGrid).cursor_key
        if key:
            self.query_one(PageView).show(lambda width: self._page(key, width), keep=keep)

    def _page(self, key: str, width: int) -> str:
        kind, _sep, ident = key.partition(":")
        if kind == "fix":
            return fix_page(ident, self._fixes.get(ident, []), self.kit.say, width)
        if key == _DEMANDS:
            return requirements_text(self.audit, self.audit.requirements, self.kit.say, width=width, paint=mark)
        result = self._results.get(ident)
        return (
            check_page(result, self.kit.say, width)
            if result
            else mark(_("{ident} is being asked.").format(ident=ident), "dim")
        )

    def _target(self, word: str) -> str | None:
        known = self.kit.say.knowledge
        return word if word in known.findings or word in known.fixes or word in known.reasons else None

    @on(PageView.Followed)
    def _follow(self, event: PageView.Followed) -> None:
        self.kit.open_catalogue(event.link)

    # ------------------------------------------------------------------ asking again

    def action_verify(self) -> None:
        """Ask afresh what the row of the cursor stands on."""
        kind, _sep, ident = (self.query_one(RowGrid).cursor_key or "").partition(":")
        if kind == "check":
            self._ask([ident], fresh=True)
        elif kind == "fix":
            named = {step.verify_check for step in self._fixes.get(ident, [])} & set(self._checks)
            if named:
                self._ask([check for check in self._checks if check in named], fresh=True)
            else:
                self.notify(_("No check can see this; the text says how to tell."), timeout=4)
        else:
            self.action_again()

    def action_again(self) -> None:
        """Ask everything afresh."""
        self._ask(list(self._checks), fresh=True)

    def _ask(self, checks: list[str], *, fresh: bool) -> None:
        self._asking = set(checks)
        self.core.run(jobs.checks(checks, Target(domain=self.audit.domain)), fresh=fresh)
        self._update()

    def on_check_arrived(self, message: CheckArrived) -> None:
        """A check has its new result."""
        if message.run == self.core.current():
            self._results[message.result.check] = message.result
            self._asking.discard(message.result.check)
            self.audit = conclude(Target(domain=self.audit.domain), self.results, self.kit.say.knowledge)
            before = list(self._fixes)
            self._group_fixes()
            self._update()
            for fix in before:
                if fix not in self._fixes:
                    self.notify(
                        _("✓ Not needed any more: {fix}").format(fix=self.kit.say.fix(fix)), timeout=5, markup=False
                    )

    def on_finished(self, message: Finished) -> None:
        """Nothing is asked any more."""
        if message.run == self.core.current():
            self._asking.clear()
            self._update()

    def on_failed(self, message: Failed) -> None:
        """It could not be asked."""
        self._asking.clear()
        self._update()
        self.notify(f"{message.message} {message.advice}".strip(), severity="error", timeout=10, markup=False)

    # ------------------------------------------------------------------ ways out

    def action_copy_fix(self) -> None:
        """Copy what the fix of the row publishes or runs; the palette has the rest of it."""
        if found := self._copies():
            self.kit.copy(*found[0])
        else:
            self.notify(_("Nothing to copy here: take a fix that has a record or a command."), timeout=4)

    def palette_actions(self) -> Iterable[PaletteAction]:
        """Everything of the fix that can be copied."""
        for text, what in self._copies():
            yield _("Copy {what}").format(what=what), one_line(text, 200), partial(self.kit.copy, text, what)

    def _copies(self) -> list[tuple[str, str]]:
        kind, _sep, ident = (self.query_one(RowGrid).cursor_key or "").partition(":")
        return copies(self._fixes.get(ident, [])) if kind == "fix" else []

    def action_export(self) -> None:
        """Write this domain's audit to a file."""
        from deliverkit_tui.audit_table import AuditTable
        from deliverkit_tui.screens.audit_export import AuditExportScreen

        table = AuditTable(self.kit.say, self._checks)
        table.add([self.audit.domain])
        for result in self.results:
            table.take(self.audit.domain, result)
        self.app.push_screen(AuditExportScreen([self.audit.domain], table))

    def action_blocklists(self) -> None:
        """The domain against every list."""
        self.kit.open_blocklists(self.audit.domain)

    def action_back(self) -> None:
        """From the text to the rows, then to the table."""
        split = self.query_one(Split)
        if split.reading:
            split.leave()
        else:
            super().action_back()
