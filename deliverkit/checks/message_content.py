"""The check ``message-content``: size, parts and wording. Providers publish no rules for wording, so it earns hints
only, never a failure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from deliverkit.checks import Notes, Target, World
from deliverkit.checks.message_unsubscribe import bulk_hints
from deliverkit.message.links import Content, read_content
from deliverkit.message.mail import Message
from deliverkit.message.parts import Parts, read_parts
from deliverkit.model import CheckResult, Outcome

GMAIL_CLIPS = 102 * 1024
"""Bytes of HTML behind which Gmail cuts a message and hides the rest, unsubscribe link included."""
LARGE = 10_000_000
"""Bytes above which many receivers refuse."""
TOO_LARGE = 25_000_000
"""Bytes above which Gmail and most others refuse."""
FEW_WORDS = 100
"""Characters of text below which pictures are all that there is."""
_LETTERS = re.compile(r"[^\W\d_]")
_MARKS = re.compile(r"[!?$€£¥]{3,}|!.*!.*!")
_FALSE_REPLY = re.compile(r"^(?:re|fwd?|aw|wg|bls|balas)\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ContentFacts:
    """What was measured."""

    size: int
    html_bytes: int
    text_chars: int
    """Characters of visible text: of the HTML, or of the plain text where there is none."""
    images: int
    links: int
    attachments: tuple[str, ...]
    plain_part: bool
    html_part: bool
    cut: bool
    """More is in the message than was looked at."""


async def run(target: Target, world: World) -> CheckResult:
    """Measure ``target.message``; asks nothing."""
    message = target.message
    notes = Notes("message-content", target.domain or "", world.knowledge)
    if message is None:
        return notes.result(outcome=Outcome.NOT_APPLICABLE)
    parts = read_parts(message)
    content = read_content(parts)
    facts = _facts(message, parts, content)
    _size(notes, facts)
    _parts(notes, facts, content, world)
    _subject(notes, message, world)
    phrases = world.knowledge.word_lists["spam-phrases"].words
    text = f"{content.plain_text} {content.html_text}"[:100_000].lower()
    found = [phrase for phrase in phrases if phrase in text]
    if found:
        notes.add("message-content-phrases", phrases=", ".join(found[:5]), count=len(found))
    if bulk_hints(message) and facts.text_chars and not _way_out(content, world):
        notes.add("message-content-no-way-out")
    if not notes.findings:
        notes.add("message-content-ok", size=facts.size)
    return notes.result(facts)


def _facts(message: Message, parts: Parts, content: Content) -> ContentFacts:
    html = bool(parts.texts("text/html"))
    return ContentFacts(
        message.size,
        content.html_bytes,
        len(content.html_text if html else content.plain_text.strip()),
        content.images,
        len(content.links),
        tuple(part.file_name[:200] for part in parts.leaves if part.file_name)[:50],
        bool(parts.texts("text/plain")),
        html,
        content.cut,
    )


def _size(notes: Notes, facts: ContentFacts) -> None:
    if facts.size > TOO_LARGE:
        notes.add("message-size-refused", size=facts.size)
    elif facts.size > LARGE:
        notes.add("message-size-large", size=facts.size)
    if facts.html_bytes > GMAIL_CLIPS:
        notes.add("message-html-clipped", size=facts.html_bytes)


def _parts(notes: Notes, facts: ContentFacts, content: Content, world: World) -> None:
    if facts.html_part and not facts.plain_part:
        notes.add("message-plain-missing")
    if facts.images and facts.text_chars < FEW_WORDS:
        notes.add("message-images-only", images=facts.images, chars=facts.text_chars)
    if content.scripts or content.forms:
        notes.add("message-html-active", scripts=content.scripts, forms=content.forms)
    if content.hidden > 2:
        notes.add("message-html-hidden", count=content.hidden)
    endings = world.knowledge.word_lists["risky-attachments"].words
    for name in facts.attachments:
        if name.lower().rstrip(". ").endswith(endings):
            notes.add("message-attachment-risky", name=name[-100:])
            break


def _subject(notes: Notes, message: Message, world: World) -> None:
    field = message.first("subject")
    subject = field.words[:500] if field else ""
    letters = _LETTERS.findall(subject)
    if len(letters) >= 8 and sum(c.isupper() for c in letters) > 0.7 * len(letters):
        notes.add("message-subject-capitals", subject=subject[:100])
    if _MARKS.search(subject):
        notes.add("message-subject-marks", subject=subject[:100])
    words = world.knowledge.word_lists["spam-subjects"].words
    found = next((word for word in words if re.search(rf"\b{re.escape(word)}\b", subject, re.IGNORECASE)), None)
    if found:
        notes.add("message-subject-words", word=found)
    answered = message.first("in-reply-to") or message.first("references")
    if _FALSE_REPLY.match(subject) and not answered:
        notes.add("message-subject-false-reply", subject=subject[:100])


def _way_out(content: Content, world: World) -> bool:
    """Whether the text itself offers a way to unsubscribe."""
    words = world.knowledge.word_lists["unsubscribe-words"].words
    text = " ".join([content.plain_text, content.html_text, *(link.url for link in content.links)]).lower()
    return any(word in text for word in words)
