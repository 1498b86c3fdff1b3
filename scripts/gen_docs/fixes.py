"""fixes/<id>.md and its index."""

from __future__ import annotations

from collections.abc import Iterator

from deliverkit.knowledge.schema import FixSpec, StepSpec
from deliverkit.language import _
from scripts.gen_docs.book import Book, Pages
from scripts.gen_docs.markdown import block, bullets, code, page, section, table, text, url


def pages(book: Book) -> Pages:
    """All pages of this kind."""
    yield "fixes/index.md", _index(book)
    for fix in book.knowledge.fixes.values():
        yield f"fixes/{fix.id}.md", _page(book, fix)


def _index(book: Book) -> str:
    rows = [
        (
            book.link("fixes", f.id, text(book.say.fix(f.id))),
            code(f.id),
            text(book.say.word(f.owner)),
            str(len(f.steps)),
        )
        for f in book.knowledge.fixes.values()
    ]
    intro = _(
        "Ordered steps against one cause. deliverkit fills in your names and computes the record to publish from "
        "what is published now; here the blanks stand open."
    )
    return page(_("Fixes"), intro, table([_("fix"), _("id"), _("who acts"), _("steps")], rows), description=intro)


def _page(book: Book, fix: FixSpec) -> str:
    return page(
        book.fix_title(fix.id),
        f"{code(fix.id)} · {text(book.say.word(fix.owner, 'sentence'))}",
        block(f"deliverkit fix {fix.id}"),
        *_steps(book, fix),
        _wanted(book, fix),
        section(_("References"), bullets(text(reference) for reference in fix.references)),
        description=_("How to mend it, step by step: {title}").format(
            title=book.words("fixes", fix.id).get("title", fix.id)
        ),
    )


def _steps(book: Book, fix: FixSpec) -> Iterator[str]:
    """Steps for everybody are numbered; a variant says for whom it is."""
    number = 0
    for step in fix.steps:
        if step.platform is None and step.provider is None:
            number += 1
            yield _step(book, fix, step, f"{number}. ")
        else:
            yield _step(book, fix, step, "")


def _step(book: Book, fix: FixSpec, step: StepSpec, label: str) -> str:
    words = book.words("fixes", fix.id).get("steps", {}).get(step.id, {})
    blocks = [f"## {label}{text(str(words.get('title', step.id)))} {{#{step.id}}}"]
    if step.platform:
        name = text(book.say.platform(step.platform))
        blocks.append(
            _("*Only for senders on {platform}.*").format(platform=book.link("platforms", step.platform, name))
        )
    if step.provider:
        name = text(book.say.provider(step.provider))
        blocks.append(
            _("*Only for replies of {provider}.*").format(provider=book.link("providers", step.provider, name))
        )
    if step.owner and step.owner is not fix.owner:
        blocks.append(_("Who acts: {owner}").format(owner=text(book.say.word(step.owner, "sentence"))))
    if words.get("why"):
        blocks.append(text(str(words["why"])))
    return "\n\n".join([*blocks, *_to_do(step)])


def _to_do(step: StepSpec) -> list[str]:
    blocks = []
    if step.record_value == "{computed}":
        blocks.append(
            _("Publish, as {type} at {name}: deliverkit computes the value from what is there now.").format(
                type=step.record_type, name=code(step.record_name or "")
            )
        )
    elif step.record_value:
        blocks += [
            _("Publish, as {type} at {name}:").format(type=step.record_type, name=code(step.record_name or "")),
            block(step.record_value),
        ]
    if step.command:
        blocks += [_("Run:"), block(step.command)]
    if step.url:
        blocks.append(_("Page: {url}").format(url=url(step.url)))
    if step.verify:
        blocks += [_("Verify:"), block(step.verify)]
    return blocks


def _wanted(book: Book, fix: FixSpec) -> str:
    rules = book.rules_by_fix[fix.id]
    return section(
        _("Asked for by"),
        bullets(
            [
                *(book.reason(reason) for reason in book.reasons_by_fix[fix.id]),
                *(book.finding(finding) for finding in book.findings_by_fix[fix.id]),
                *(_("the reply {rule}").format(rule=book.rule_link(rule)) for rule in rules),
            ]
        ),
    )
