"""findings/<id>.md and its index."""

from __future__ import annotations

from deliverkit.checks import MODULES
from deliverkit.knowledge.schema import FindingSpec
from deliverkit.language import _
from scripts.gen_docs.book import Book, Pages
from scripts.gen_docs.markdown import bullets, code, facts, page, section, table, text


def pages(book: Book) -> Pages:
    """All pages of this kind."""
    yield "findings/index.md", _index(book)
    for finding in book.knowledge.findings.values():
        yield f"findings/{finding.id}.md", _page(book, finding)


def _index(book: Book) -> str:
    sections = []
    for check in MODULES:
        found = [f for f in book.knowledge.findings.values() if f.check == check]
        rows = [
            (
                book.link("findings", f.id, text(str(book.words("findings", f.id).get("title", f.id)))),
                code(f.id),
                text(book.say.word(f.severity)),
                text(book.say.word(f.outcome)),
            )
            for f in found
        ]
        sections.append(section(code(check), table([_("finding"), _("id"), _("severity"), _("outcome")], rows)))
    intro = _("What the checks can notice. Ids are never renamed or reused.")
    return page(_("Findings"), intro, *sections, description=intro)


def _page(book: Book, finding: FindingSpec) -> str:
    words = book.words("findings", finding.id)
    summary = str(words.get("summary", ""))
    return page(
        text(str(words.get("title", finding.id))),
        _("{id} · noticed by the check {check}").format(id=code(finding.id), check=code(finding.check)),
        facts(
            [
                (_("severity"), text(book.say.word(finding.severity))),
                (_("outcome of the check"), text(book.say.word(finding.outcome))),
                (_("since"), finding.since),
                (_("arguments"), ", ".join(code(a) for a in finding.args)),
            ]
        ),
        section(_("What it says"), text(summary)),
        section(_("Why it matters"), text(str(words.get("why", "")))),
        section(_("When it is not a problem"), text(str(words.get("harmless", "")))),
        section(_("What to do"), bullets(book.fix(fix) for fix in finding.fixes)),
        section(_("Refusals it explains"), bullets(book.reason(reason) for reason in finding.explains)),
        section(_("References"), bullets(text(reference) for reference in finding.references)),
        description=summary,
    )
