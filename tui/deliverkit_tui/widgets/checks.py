"""The checks as rows: all there from the start, turning to a result one by one; the cursor stays where it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from deliverkit.language import _
from deliverkit.model import CheckResult, Finding, Outcome, Severity
from deliverkit.report.sentences import Sentences
from deliverkit_tui.words import ASKING, ROLES, SYMBOLS, WAITING, row

LOUD = (Outcome.FAIL, Outcome.WARN, Outcome.UNKNOWN)
_WORST_FIRST = [Outcome.FAIL, Outcome.UNKNOWN, Outcome.WARN, Outcome.PASS, Outcome.NOT_APPLICABLE]


def telling(result: CheckResult, say: Sentences) -> list[Finding]:
    """Findings, worst first; what is fine is told only where all is."""
    order = list(Severity)
    specs = say.knowledge.findings
    ranked = sorted(result.findings, key=lambda f: (_WORST_FIRST.index(specs[f.id].outcome), order.index(f.severity)))
    return [f for f in ranked if specs[f.id].outcome in LOUD] or ranked


def result_row(result: CheckResult, say: Sentences) -> Content:
    """``✗ fail     spf                SPF does not allow the server``"""
    found = telling(result, say)
    told = say.finding(found[0], "title") if found else result.subject
    return _row(SYMBOLS[result.outcome], say.word(result.outcome), ROLES[result.outcome], result.check, told)


def _row(symbol: str, word: str, role: str, name: str, told: str, told_role: str = "dim") -> Content:
    return row((f"{symbol} {word:<7} ", role), (f"{name:<18}", ""), (told, told_role))


class CheckList(OptionList):
    """Rows by check name, and one for the reply where there is one."""

    HELP = _("""
# Checks

What DNS says about the cause. Every row stands from the start and turns into a result when the answer is there.
`✓ pass`, `! warn`, `✗ fail`; `? unknown` means that it could not be asked, which is neither good nor bad.

`Enter` shows the evidence: the records, the SPF tree with its look-ups, the keys, the blocklists, and the `dig`
lines that ask the same.
""")
    DEFAULT_CSS = """
    CheckList { height: auto; text-wrap: nowrap; text-overflow: ellipsis; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", _("Evidence"), id="checks.evidence")]

    def __init__(self, *, id: str = "checks") -> None:  # noqa: A002 as Textual names it
        super().__init__(id=id, classes="panel", markup=False)
        self.border_title = _("Checks")

    def prepare(self, names: Iterable[str], asking: Iterable[str], reply: str = "") -> None:
        """All rows, waiting; those that have nothing to ask say so. The highlighted row stays highlighted."""
        before = self.current
        asked = set(asking)
        self.clear_options()
        options = [Option(_row("“", _("said"), "dim", "reply", reply), id="reply")] if reply else []
        for name in names:
            said = (
                (ASKING, _("asking"), "dim", name, "")
                if name in asked
                else (WAITING, _("waiting"), "dim", name, _NEEDS)
            )
            options.append(Option(_row(*said), id=name))
        self.add_options(options)
        ids = [option.id for option in options]
        if options:
            self.highlighted = ids.index(before) if before in ids else 0

    def show(self, result: CheckResult, say: Sentences) -> None:
        """Turn a row into its result."""
        self.replace_option_prompt(result.check, result_row(result, say))

    def ask_again(self, name: str) -> None:
        """A row is being asked afresh."""
        if any(option.id == name for option in self.options):
            self.replace_option_prompt(name, _row(ASKING, _("asking"), "dim", name, _("afresh")))

    @property
    def current(self) -> str | None:
        """Name of the highlighted row."""
        return self.highlighted_option.id if self.highlighted_option else None


_NEEDS = _("needs more: + adds domain, IP or selector")
