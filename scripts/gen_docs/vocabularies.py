"""reference/vocabularies.md: every reason in the words of other systems."""

from __future__ import annotations

from deliverkit.knowledge.schema import Vocabulary
from deliverkit.language import _, marked
from scripts.gen_docs.book import Book, Pages
from scripts.gen_docs.markdown import block, bullets, code, page, section, table, text, url

INTRO = marked(
    "Other programs and platforms sort bounces into classes of their own. `--vocabulary` writes the word that one of "
    "them would use beside each record, so that figures of both can be laid side by side."
)
RULE = marked(
    "Few words are one to one: several reasons share a class, and the last paragraph of a reason's page says what is "
    "lost. Where a cell holds two words, the first stands for a message that is over, the second for one that is tried "
    "again (`message_action` is `retry`); equal verdicts always get equal words. Where a system has no word at all, "
    "its own for what it does not know is written."
)
IMPORTED = marked(
    "A rule file of KumoMTA's is taken as it is (`--rules FILE.toml`). Its classes become these reasons; a class of "
    "your own is named after a reason."
)


def pages(book: Book) -> Pages:
    """The one page of this kind."""
    known = list(book.knowledge.vocabularies.values())
    rows = [
        (book.link("reasons", reason, code(reason)), *(_cell(vocabulary, reason) for vocabulary in known))
        for reason in book.knowledge.reasons
    ]
    classes = book.knowledge.vocabularies["kumomta"].classes
    imported = [(code(c), book.link("reasons", r, code(r))) for c, r in classes.items()]
    yield (
        "reference/vocabularies.md",
        page(
            _("Words of other systems"),
            _(INTRO),
            _(RULE),
            section(_("The systems"), bullets(_system(vocabulary) for vocabulary in known)),
            section(_("The words"), table([_("reason"), *(vocabulary.id for vocabulary in known)], rows)),
            section(
                _("KumoMTA's classes as reasons") + " {#kumomtas-classes-as-reasons}",
                _(IMPORTED),
                table([_("class"), _("reason")], imported),
                block("deliverkit rules check kumomta-rules.toml", "sh"),
            ),
            description=_(INTRO).replace("`", ""),
        ),
    )


def _system(vocabulary: Vocabulary) -> str:
    none = _("for what it does not know: {word}").format(word=code(vocabulary.none))
    return f"{code(vocabulary.id)}: {text(vocabulary.name)}, {url(vocabulary.reference)} ({vocabulary.as_of}); {none}"


def _cell(vocabulary: Vocabulary, reason: str) -> str:
    return " / ".join(code(word) for word in vocabulary.words.get(reason, (vocabulary.none,)))
