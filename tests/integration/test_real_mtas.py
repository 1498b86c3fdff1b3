"""Every example of the reply rules, said by our server to real Postfix, Exim and OpenSMTPD.

What they make of it, as a report and as log lines, must name the same recipient and come to the same reason as the
bare reply. ``-s`` shows the figures.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from mail_servers import SERVERS
from real_servers import free_port
from refusing_server import PHASES, SENDER_DOMAIN, SENDER_IP, Refusal, RefusingServer, submit

from deliverkit.bounces.classify import Classifier, default_classifier
from deliverkit.bounces.event import Event, Kind
from deliverkit.bounces.files import Chunk, chunks, read
from deliverkit.bounces.message import Message, judge, read_message
from deliverkit.bounces.pasted import read_bounces
from deliverkit.knowledge import Knowledge

pytestmark = pytest.mark.integration
_FIELDS = re.compile(
    rb"\n--([^\n]+)\n(?:Content-Description: [^\n]+\n)?Content-[Tt]ype: message/delivery-status\n.*?(?=\n--\1)",
    re.DOTALL,
)
_REPLY = re.compile(r"[45]\d\d[ -]")
PATIENCE = 30.0
"""Seconds without a further report, after which no more are waited for."""


@dataclass
class Made:
    """What one server made of its refusals."""

    refusals: Sequence[Refusal]
    reports: dict[str, list[bytes]]
    log: Path
    seconds: float = 0
    wrong: list[str] = field(default_factory=list)


def refusals_for(name: str, knowledge: Knowledge) -> list[Refusal]:
    """Each example at RCPT as it stands, and at the other commands in short lines."""
    examples = [e for rule in knowledge.rules for e in knowledge.rule_info[rule.id].examples if _REPLY.match(e)]
    if name == "opensmtpd":
        # Slower, for it reports some twenty a second. It quotes no greeting, and writes the lines of a reply without a
        # blank between them ("mailboxunavailable"), which nobody can undo: only one in nine comes in short lines.
        return [Refusal(n, text, PHASES[1 + n % 4], n % 9 == 0) for n, text in enumerate(examples)]
    others = [phase for phase in PHASES if phase != "rcpt"]
    more = [Refusal(n, text, others[n % 4], True) for n, text in enumerate(examples, len(examples))]
    return [Refusal(n, text, "rcpt") for n, text in enumerate(examples)] + more


def awaited(name: str, refusal: Refusal) -> int:
    """Reports on one refusal: OpenSMTPD tells the cause of a delay when it begins, and nothing of it at the end."""
    return 2 if name == "opensmtpd" and refusal.is_temporary else 1


async def run(name: str, refusals: Sequence[Refusal], folder: Path, together: int = 1) -> Made:
    """Send to all of them, ``together`` in a message, and wait for the reports."""
    groups = [refusals[start : start + together] for start in range(0, len(refusals), together)]
    async with RefusingServer(refusals) as ours:
        started = time.monotonic()
        routes = {refusal.domain: refusal.ip for refusal in refusals} | {SENDER_DOMAIN: SENDER_IP}
        server = await asyncio.to_thread(SERVERS[name], folder / "root", free_port(), ours.port, routes)
        try:
            await submit(server.port, groups)
            due = {group[0].sender: max(awaited(name, refusal) for refusal in group) for group in groups}
            await asyncio.wait_for(_all_reports(ours, due), 300)
        finally:
            await asyncio.to_thread(server.stop)
    log = folder / f"{name}.log"
    log.write_bytes(server.log())
    for number, data in enumerate(data for reports in ours.reports.values() for data in reports):
        (folder / f"{number}.eml").write_bytes(data)
    return Made(refusals, ours.reports, log, time.monotonic() - started)


async def _all_reports(ours: RefusingServer, due: dict[str, int]) -> None:
    count, since = -1, time.monotonic()
    while any(len(ours.reports.get(sender, ())) < number for sender, number in due.items()):
        now = sum(map(len, ours.reports.values()))
        if now != count:
            count, since = now, time.monotonic()
        elif time.monotonic() - since > PATIENCE:
            return
        await asyncio.sleep(0.1)


def words_alone(data: bytes) -> bytes:
    """A report without its status fields, as older servers write them."""
    text, count = _FIELDS.subn(b"", data.replace(b"\r\n", b"\n"))
    assert count == 1
    return text


def reasons_of_report(message: Message, classifier: Classifier) -> str | None:
    """What one report comes to: of a delay, the reason that is told beside it."""
    [(_, verdict)] = judge(message, classifier)
    if message.kind is Kind.DELAYED:
        return verdict.also_possible[0].reason if verdict.also_possible else "unknown.unclassified"
    return verdict.reason


def reason_of_event(event: Event, classifier: Classifier) -> str:
    return classifier.classify(event.last or event.bounce).reason


@pytest.fixture(scope="module")
def bare(knowledge: Knowledge) -> dict[str, str]:
    """Reason of each example by itself, as ``explain`` says it."""
    classifier = default_classifier()
    examples = [e for info in knowledge.rule_info.values() for e in info.examples]
    return {text: classifier.classify(read_bounces(text)[0]).reason for text in examples}


@pytest.mark.parametrize("name", SERVERS)
async def test_every_example_wrapped_by_a_real_server(
    name: str, knowledge: Knowledge, bare: dict[str, str], tmp_path: Path
) -> None:
    refusals = refusals_for(name, knowledge)
    made = await run(name, refusals, tmp_path)
    reports = check_reports(name, made, bare)
    lines = check_log(name, made, bare)
    print(f"\n{name}: {len(refusals)} refusals in {made.seconds:.0f} s; reports {reports}; log {lines}")
    print("\n".join(made.wrong[:40]))
    for counted in (reports, lines):
        assert counted["seen"] == len(refusals)
        assert counted["recipient"] == counted["seen"]
        assert counted["reason"] >= 0.99 * counted["seen"]
    assert reports["words"] >= 0.99 * reports["seen"]


@pytest.mark.parametrize("name", SERVERS)
async def test_many_recipients_of_one_message(
    name: str, knowledge: Knowledge, bare: dict[str, str], tmp_path: Path
) -> None:
    refusals = [r for r in refusals_for(name, knowledge) if not (r.is_temporary or r.folded or r.phase == "connect")][
        ::4
    ]
    refusals = refusals[: len(refusals) // 8 * 8]
    made = await run(name, refusals, tmp_path, together=8)
    classifier = default_classifier()
    found: dict[str | None, str] = {}
    for data in (data for reports in made.reports.values() for data in reports):
        message = read_message(data)
        assert message.kind is Kind.BOUNCE
        for bounce, verdict in judge(message, classifier):
            assert bounce.recipient not in found
            found[bounce.recipient] = verdict.reason
    assert set(found) == {refusal.recipient for refusal in refusals}
    wrong = [(r.text, found[r.recipient]) for r in refusals if found[r.recipient] != bare[r.text]]
    print(f"\n{name}: {len(refusals)} recipients, 8 a message: {len(wrong)} with another reason", *wrong, sep="\n")
    assert len(wrong) <= 0.01 * len(refusals)


def check_reports(name: str, made: Made, bare: dict[str, str]) -> Counter[str]:
    """How many refusals were reported, with the right recipient, with the right reason."""
    classifier, counted = default_classifier(), Counter[str]()
    for refusal in made.refusals:
        messages = [read_message(data) for data in made.reports.get(refusal.sender, ())]
        counted["seen"] += len(messages) == awaited(name, refusal)
        counted["recipient"] += bool(messages) and all(
            [bounce.recipient for bounce in message.bounces] == [refusal.recipient] for message in messages
        )
        found = [reasons_of_report(message, classifier) for message in messages if len(message.bounces) == 1]
        kinds = {message.kind for message in messages}
        alone = [read_message(words_alone(data)) for data in made.reports.get(refusal.sender, ())]
        counted["words"] += all(len(one.bounces) == 1 for one in alone) and (
            [(one.kind, one.bounces[0].recipient, reasons_of_report(one, classifier)) for one in alone]
            == [(one.kind, refusal.recipient, reason) for one, reason in zip(messages, found, strict=True)]
        )
        if awaited(name, refusal) == 2:
            # One says why, the other only that it is over; they are sent side by side.
            right = set(found) == {bare[refusal.text], "recipient_error.expired"}
            right = right and kinds == {Kind.DELAYED, Kind.BOUNCE}
        else:
            right = found == [bare[refusal.text]] and kinds == {Kind.BOUNCE}
        counted["reason"] += right
        if not right:
            made.wrong.append(f"report, {refusal.phase}: {refusal.text!r}: {bare[refusal.text]}, found {found} {kinds}")
    return counted


def check_log(name: str, made: Made, bare: dict[str, str]) -> Counter[str]:
    """The same for the lines of the log."""
    classifier, counted = default_classifier(), Counter[str]()
    events: dict[str | None, list[Event]] = defaultdict(list)
    for chunk in chunks([str(made.log)]):
        assert isinstance(chunk, Chunk)
        assert chunk.source == name
        for item in read(chunk):
            assert isinstance(item, Event), item
            events[item.bounce.recipient].append(item)
    for refusal in made.refusals:
        found = events.pop(refusal.recipient, [])
        counted["seen"] += bool(found)
        counted["recipient"] += bool(found) and {event.bounce.sender for event in found} == {refusal.sender}
        reasons = {reason_of_event(event, classifier) for event in found}
        right = reasons == {bare[refusal.text]} and {event.kind for event in found} == {Kind.BOUNCE}
        # A greeting that refuses is to Postfix a server that may do better next time.
        may_wait = refusal.is_temporary or refusal.phase == "connect"
        right = right and not any(event.last for event in found if not may_wait)
        right = right and any(event.last for event in found if refusal.is_temporary) == refusal.is_temporary
        counted["reason"] += right
        if not right:
            words = {event.bounce.reply.text for event in found}
            made.wrong.append(f"log, {refusal.phase}: {refusal.text!r}: {bare[refusal.text]}, found {reasons} {words}")
    # Whoever is left got a report from us, and nobody else stands in the log.
    assert set(events) <= {refusal.sender for refusal in made.refusals}
    return counted
