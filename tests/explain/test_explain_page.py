"""The page that explains a reply in the browser judges as the program does: the same replies, the same verdicts."""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deliverkit.bounces.classify import default_classifier
from deliverkit.bounces.pasted import read_bounces
from deliverkit.knowledge import Knowledge, load
from scripts.gen_docs import explain_page
from scripts.gen_docs.book import Book

HERE = Path(__file__).parent
ASSETS = next((HERE.parent.parent / "docs").rglob("assets/explain/page.js")).parent

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def in_the_page(texts: list[str]) -> list[list[list[object]]]:
    """Code, enhanced code, text, reason, confidence, rule, provider, both actions and the words, of each reply."""
    found: list[list[list[object]]] = json.loads(
        subprocess.run(
            ["node", str(HERE / "judge.mjs"), str(ASSETS)],
            input=json.dumps(texts), capture_output=True, text=True, check=True, timeout=60,
        ).stdout
    )  # fmt: skip
    return found


def in_the_program(text: str) -> list[list[object]]:
    classifier = default_classifier()
    found: list[list[object]] = []
    for bounce in read_bounces(text):
        verdict, reply = classifier.classify(bounce), bounce.reply
        found.append(
            [
                *(reply.code, reply.enhanced_code, reply.text),
                *(verdict.reason, verdict.confidence.value, verdict.rule, verdict.provider),
                *(verdict.message_action.value if verdict.message_action else None, verdict.address_action.value),
                classifier.evidence(bounce, verdict).matched,
            ]
        )
    return found


def test_the_rules_of_the_page_are_those_of_the_program() -> None:
    [(path, content)] = explain_page.rules(Book.of())
    assert (ASSETS / Path(path).name).read_text(encoding="utf-8") == content, "run: make docs-write"


def test_every_example_of_every_rule_and_every_bare_code(knowledge: Knowledge) -> None:
    texts = [example for info in knowledge.rule_info.values() for example in info.examples]
    codes = [code[1:] for code in knowledge.enhanced_codes]
    texts += [*knowledge.basic_codes, *(f"5{c}" for c in codes), *(f"421 4{c} no words we know" for c in codes)]
    assert len(texts) > 1_000
    told = in_the_page(texts)
    differ = [text for text, found in zip(texts, told, strict=True) if found != in_the_program(text)]
    assert differ == []


POSTFIX = (
    "Oct  3 10:11:12 mx postfix/smtp[12]: 4Kq7Tz1mXw: to=<ann@example.com>, "
    "relay=gmail-smtp-in.l.google.com[192.0.2.1]:25, delay=1, dsn=5.1.1, status=bounced "
    "(host gmail-smtp-in.l.google.com[192.0.2.1] said: 550-5.1.1 The email account that you tried to reach does not "
    "exist. (in reply to RCPT TO command))"
)
LOGS = [
    POSTFIX,
    "<<< 550 5.7.1 Service unavailable; client [192.0.2.7] blocked using zen.spamhaus.org",
    ">>> RCPT TO:<bob@example.net>\n<<< 550 5.1.1 <bob@example.net>: user unknown\n>>> DATA\n<<< 554 no recipients",
    "421 4.7.0 [TSS04] Messages from 192.0.2.9 temporarily deferred\n\n452 4.2.2 mailbox full\n250 ok",
    '{"reason": "552 5.2.2 &lt;x@example.org&gt; over quota\\r\\nplease try later"}',
    "(550, b'5.1.1 User unknown')",
    "Удалённый сервер ответил: 550 5.1.1 Почтовый ящик не найден",
    "\x1b[31m550\x1b[0m 5.7.26 \u202eunauthenticated\u200b mail",
    r"550 5.1.1 Bo\303\256te inconnue \377\377",
    "550-5.7.26 fails to pass\n550-5.7.26 checks 550 5.7.26 and so on 550 bytes",
    "550-5.1.1 The account that 550-5.1.1 you tried 550 5.1.1 does not exist",
    "550-5.7.26 fails to5.7.26 pass",
    "",
    "no code at all, the mailbox is full",
]


def test_logs_transcripts_events_and_hostile_text() -> None:
    for text, found in zip(LOGS, in_the_page(LOGS), strict=True):
        assert found == in_the_program(text), text


@cache
def _words() -> list[str]:
    examples = [example for info in load().rule_info.values() for example in info.examples]
    return sorted({word for example in examples[::7] for word in example.split()})


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_words_thrown_together(data: st.DataObject) -> None:
    # Many in one go: starting node takes longer than a thousand verdicts.
    lines = st.lists(st.sampled_from([*_words(), "550", "5.1.1", "421-4.7.0", "\n", "550-5.7.1"]), max_size=12)
    texts = data.draw(st.lists(lines.map(" ".join), min_size=150, max_size=150))
    for text, found in zip(texts, in_the_page(texts), strict=True):
        assert found == in_the_program(text), text
