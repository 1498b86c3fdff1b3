"""The verdict as a banner: category and reason, what is proven, what to do with message and address, who acts."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from deliverkit.language import _
from deliverkit.model import Confidence, Diagnosis, MessageAction, Outcome, Proof
from deliverkit.report.sentences import Sentences
from deliverkit_tui.words import ROLES, SYMBOLS, line, row, text


def mark_of(diagnosis: Diagnosis) -> Outcome:
    """The outcome whose symbol and role stand for a verdict."""
    verdict = diagnosis.verdict
    if verdict.confidence is Confidence.NONE:
        return Outcome.UNKNOWN
    if verdict.message_action is None:
        return Outcome.NOT_APPLICABLE
    return Outcome.WARN if verdict.message_action is MessageAction.RETRY else Outcome.FAIL


class Banner(Vertical):
    """Bordered; the title is the verdict, the lower border who said it and how sure that is."""

    DEFAULT_CSS = """
    Banner { height: auto; padding: 0 1; border: round $border-blurred; }
    Banner.-fail { border: round $error; }
    Banner.-mended { border: round $success; }
    Banner.-warn { border: round $warning; }
    Banner.-unknown { border: round $accent; }
    Banner Static { height: auto; max-height: 3; }
    """

    def compose(self) -> ComposeResult:
        """Three lines of text."""
        yield Static(id="sentence")
        yield Static(id="proof")
        yield Static(id="actions")

    def show(self, diagnosis: Diagnosis, say: Sentences, *, asking: bool, mended: bool = False, done: str = "") -> None:
        """Put a diagnosis in.

        ``asking``: checks are still on their way. ``mended``: what was proven is gone at a fresh look. ``done``: how
        far the checklist is.
        """
        verdict, reply = diagnosis.verdict, diagnosis.bounce.reply
        mark = mark_of(diagnosis)
        for outcome in (Outcome.FAIL, Outcome.WARN, Outcome.UNKNOWN):
            self.set_class(outcome is mark and not mended, f"-{outcome.value}")
        self.set_class(mended, "-mended")
        title = f"{SYMBOLS[mark]} {say.category(verdict.category)} · {say.reason(verdict.reason)}"
        self.border_title = line(title, ROLES[mark])
        codes = " ".join(str(code) for code in (reply.code, reply.enhanced_code) if code)
        said = (say.provider(verdict.provider), codes, say.word(verdict.confidence), done)
        self.border_subtitle = line(" · ".join(part for part in said if part), "dim")
        sender = say.provider(verdict.provider) or _("The receiving server")
        self.query_one("#sentence", Static).update(text(say.reason(verdict.reason, "sentence", provider=sender)))
        self.query_one("#proof", Static).update(_proof(diagnosis, say, asking, mended))
        self.query_one("#actions", Static).update(_actions(diagnosis, say))


def _proof(diagnosis: Diagnosis, say: Sentences, asking: bool, mended: bool) -> Content:
    proven = [cause for cause in diagnosis.causes if cause.proof is Proof.PROVEN]
    if proven:
        more = sum(len(cause.findings) for cause in proven) - 1
        told = say.finding(proven[0].findings[0])
        tail = "  " + _("(and {more} more)").format(more=more) if more > 0 else ""
        return row((f"{say.word(Proof.PROVEN).upper()}  ", "bad"), text(told, "strong"), (tail, "dim"))
    if mended:
        told = _("What DNS proved against this mail is gone. Resend one message, then the rest slowly.")
        return row((_("✓ MENDED") + "  ", "good"), (told, "strong"))
    if asking:
        return row(("…  ", "dim"), (_("Asking DNS for proof."), "dim"))
    if not diagnosis.checks:
        return row((_("Said by the reply alone; nothing was asked."), "dim"))
    proof = diagnosis.causes[0].proof
    role = "good" if proof is Proof.CONTRADICTED else "dim"
    return row((f"{say.word(proof).upper()}  ", role), (say.word(proof, "sentence"), ""))


def _actions(diagnosis: Diagnosis, say: Sentences) -> Content:
    verdict = diagnosis.verdict
    parts: list[Content] = []
    pairs = (
        (_("message"), say.word(verdict.message_action) if verdict.message_action else ""),
        (_("address"), say.word(verdict.address_action)),
        (_("who acts"), say.word(verdict.owner)),
    )
    for label, word in pairs:
        if word:
            parts.append(row((f"{label} ", "dim"), (word, "strong")))
    return Content("   ").join(parts)
