"""reasons/<id>.md and its index."""

from __future__ import annotations

from deliverkit.knowledge.schema import Reason
from deliverkit.language import _
from deliverkit.model import AddressAction, MessageAction
from scripts.gen_docs.book import Book, Pages
from scripts.gen_docs.markdown import block, bullets, code, facts, page, section, table, text

VOCABULARIES = {
    "sisimai": "Sisimai (reason)",
    "kumomta": "KumoMTA (class)",
    "sparkpost": "SparkPost (classification code)",
    "ses": "Amazon SES (type/subtype)",
    "sendgrid": "SendGrid (classification)",
    "postmark": "Postmark (type)",
    "powermta": "PowerMTA (bounce category)",
    "zonemta": "ZoneMTA (category)",
}


def pages(book: Book) -> Pages:
    """All pages of this kind."""
    yield "reasons/index.md", _index(book)
    for reason in book.knowledge.reasons.values():
        yield f"reasons/{reason.id}.md", _page(book, reason)


def _index(book: Book) -> str:
    groups: dict[str, list[Reason]] = {}
    for reason in book.knowledge.reasons.values():
        groups.setdefault(reason.category, []).append(reason)
    sections = [
        section(
            text(book.say.category(category)),
            text(str(book.words("categories", category).get("meaning", ""))),
            table(
                [_("reason"), _("id"), _("who acts"), _("address after a permanent reply")],
                [
                    (
                        book.link("reasons", r.id, text(book.say.reason(r.id))),
                        code(r.id),
                        text(book.say.word(r.owner)),
                        text(book.say.word(r.address_5xx)),
                    )
                    for r in reasons
                ],
            ),
        )
        for category, reasons in groups.items()
    ]
    intro = _(
        "Why a message was refused or delayed: a closed list. Each page says what the reason means, what happens to "
        "the message and to the address, what proves it, and what to do."
    )
    return page(_("Reasons"), intro, *sections, description=intro)


def _page(book: Book, reason: Reason) -> str:
    sentence = book.say.reason(reason.id, "sentence", provider=_("The receiving server"))
    return page(
        text(book.say.reason(reason.id)),
        f"{code(reason.id)} · {text(book.say.category(reason.category))}",
        text(sentence) if sentence != reason.id else "",
        text(str(book.words("reasons", reason.id).get("meaning", ""))),
        _decisions(book, reason),
        section(_("What to do"), bullets(book.fix(fix) for fix in reason.fixes)),
        _proof(book, reason),
        section(_("Codes that suggest it"), book.links("codes", book.codes_by_reason[reason.id])),
        _replies(book, reason),
        _vocabularies(reason),
        description=sentence,
    )


def _decisions(book: Book, reason: Reason) -> str:
    def row(label: str, message: MessageAction | None, address: AddressAction) -> tuple[str, str, str]:
        said = text(book.say.word(message, "sentence")) if message else _("not a bounce")
        return label, said, text(book.say.word(address, "sentence"))

    return "\n\n".join(
        [
            facts(
                [
                    (_("who acts"), text(book.say.word(reason.owner, "sentence"))),
                    (_("name in the guides"), text(reason.guide or "")),
                    (_("live checks"), ", ".join(code(c) for c in reason.checks) or _("none can prove it")),
                ]
            ),
            table(
                [_("reply"), _("this message"), _("this address")],
                [
                    row(_("after a temporary reply (4xx)"), reason.on_4xx, reason.address_4xx),
                    row(_("after a permanent reply (5xx)"), reason.on_5xx, reason.address_5xx),
                ],
            ),
        ]
    )


def _proof(book: Book, reason: Reason) -> str:
    found = book.findings_by_reason[reason.id]
    if not found:
        return ""
    ask = [name for name in reason.checks if name != "recipient-domain"]
    command = block(f"deliverkit audit example.com --checks {','.join(ask)}") if ask else ""
    return section(_("Findings that prove it"), bullets(book.finding(f) for f in found), command)


def _replies(book: Book, reason: Reason) -> str:
    groups: dict[str, list[str]] = {}
    for rule in book.rules_by_reason[reason.id]:
        groups.setdefault(rule.provider, []).append(book.rule_link(rule))
    rows = [
        (book.link("providers", provider, text(book.say.provider(provider))), ", ".join(rules))
        for provider, rules in groups.items()
    ]
    return section(_("Replies that say it"), table([_("provider"), _("rules")], rows))


def _vocabularies(reason: Reason) -> str:
    rows = [
        (VOCABULARIES.get(system, system), ", ".join(code(word) for word in words))
        for system, words in reason.vocabularies.items()
    ]
    return section(
        _("In other vocabularies"),
        _("The nearest words of other systems; few are one to one."),
        table([_("system"), _("words")], rows),
        text(reason.mapping_note),
    )
