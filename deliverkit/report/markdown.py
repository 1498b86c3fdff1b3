"""Results as Markdown, for a ticket or a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from deliverkit.language import _
from deliverkit.model import Audit, CheckResult, Diagnosis, RequirementState, Step
from deliverkit.report.clean import clean, one_line
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.layout import SYMBOLS


def bounce_markdown(diagnosis: Diagnosis, say: Sentences) -> str:
    """A diagnosis or explanation as a Markdown section."""
    verdict = diagnosis.verdict
    lines = [f"## {say.category(verdict.category)}: {say.reason(verdict.reason)}", ""]
    lines += [
        say.reason(verdict.reason, "sentence", provider=say.provider(verdict.provider) or _("The receiving server")),
        "",
    ]
    lines += fenced(diagnosis.bounce.reply.text)
    lines += [
        _item(_("Reason"), f"`{verdict.reason}` ({say.word(verdict.confidence)})"),
        _item(_("This address"), say.word(verdict.address_action, "sentence")),
        _item(_("Who acts"), say.word(verdict.owner, "sentence")),
    ]
    if verdict.message_action:
        lines.insert(-2, _item(_("This message"), say.word(verdict.message_action, "sentence")))
    for cause in diagnosis.causes if diagnosis.checks else ():
        told = "; ".join(literal(say.finding(f)) for f in cause.findings) or say.reason(cause.reason)
        lines.append(_item(say.word(cause.proof), told))
    lines += _checks(diagnosis.checks, say) + _steps(diagnosis.steps, say)
    return "\n".join(lines)


def _item(label: str, text: str) -> str:
    return f"- **{label}:** {text}"


def audit_markdown(audit: Audit, say: Sentences) -> str:
    """An audit as a Markdown section."""
    lines = [f"## {SYMBOLS[audit.outcome]} {audit.domain}: {say.word(audit.outcome)}"]
    return "\n".join(lines + _checks(audit.checks, say) + _unmet(audit, say) + _steps(audit.steps, say))


def _unmet(audit: Audit, say: Sentences) -> list[str]:
    """The demands of mailbox providers that are not met."""
    from deliverkit.report.requirements import markdown_table

    return markdown_table([r for r in audit.requirements if r.state is RequirementState.NOT_MET], say)


def platforms_markdown(audit: Audit, say: Sentences) -> str:
    """The platforms of one domain as a Markdown section: a table a platform, then the steps."""
    from deliverkit.report.text.platforms import part_word, standing, state_text

    lines = [f"## {SYMBOLS[audit.outcome]} {audit.domain}: {say.word(audit.outcome)}"]
    for each in (each for check in audit.checks for each in getattr(check.facts, "found", ())):
        lines += ["", f"### {literal(each.name)}: {standing(each)}", ""]
        if each.parts:
            lines += ["| part | record | state |", "|---|---|---|"]
        for part in each.parts:
            name = f"{literal(part.name)} {part.rdtype}"
            lines.append(f"| {part_word(part)} | {name} | {literal(state_text(part))} |")
    return "\n".join(lines + _checks(audit.checks, say) + _steps(audit.steps, say))


def _checks(results: Sequence[CheckResult], say: Sentences) -> list[str]:
    if not results:
        return []
    lines = ["", "| " + " | ".join((_("check"), _("outcome"), _("finding"))) + " |", "|---|---|---|"]
    for result in results:
        told = "<br>".join(literal(say.finding(f)) for f in result.findings) or literal(result.subject)
        lines.append(f"| {result.check} | {SYMBOLS[result.outcome]} {say.word(result.outcome)} | {told} |")
    return lines


def _steps(steps: Iterable[Step], say: Sentences) -> list[str]:
    lines: list[str] = []
    for number, step in enumerate(steps, 1):
        lines += [
            "",
            f"{number}. **{literal(say.step(step))}** ({say.word(step.owner)})",
            "",
            f"   {literal(say.step(step, 'why'))}",
        ]
        if step.record:
            record = step.record
            shown = [f"{_('now')}: {now}" for now in record.now]
            shown.append(f"{_('publish')}: {record.name} {record.rdtype} {record.value}")
            lines += ["", *(f"   {line}" for line in fenced("\n".join(shown)))]
        for text in (step.command, step.url, step.verify):
            if text:
                lines += ["", *(f"   {line}" for line in fenced(text))]
    return ["", f"### {_('Steps')}", *lines] if lines else []


def fenced(text: str) -> list[str]:
    """A code block that its own content cannot end."""
    safe = clean(text)
    fence = "```"
    while fence in safe:
        fence += "`"
    return [fence, *safe.splitlines(), fence, ""]


def literal(text: str) -> str:
    """Text that Markdown and HTML leave as it is."""
    safe = one_line(text)
    for mark in "\\`*_{}[]<>|#":
        safe = safe.replace(mark, "\\" + mark)
    return safe
