"""One record a recipient: the fields, and their form as JSON lines and as CSV.

Records are made by many processes. A piece of a log does not know how many lines stand before it, so the number of a
record stands between two NULs until ``placed`` has added them; NUL itself occurs in neither form.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from deliverkit.bounces.classify import Classifier
from deliverkit.bounces.judged import Judged
from deliverkit.bounces.matcher import compile_pattern
from deliverkit.errors import InputError
from deliverkit.knowledge import Knowledge
from deliverkit.language import _
from deliverkit.model import Basis, Verdict
from deliverkit.report.clean import one_line

SCHEMA = "deliverkit.bounce/1"
FIELDS = (
    "schema", "path", "number", "source", "kind", "recipient", "original_recipient", "sender", "sending_domain", "mx",
    "ip", "phase", "at", "reply_code", "enhanced_code", "reply_text", "provider", "category", "reason", "confidence",
    "bounce_type", "message_action", "address_action", "owner", "basis", "rule", "matched", "theirs", "last_reason",
    "last_reply", "message_id", "queue_id", "feedback_type", "incident", "steps", "word",
)  # fmt: skip
"""The columns of a table, in their order. In JSON ``reply`` and ``evidence`` are objects, as ``explain`` has them."""
WHOLE_NUMBERS = frozenset({"number", "reply_code"})
_MAX_MATCHED = 500
_NUMBER = re.compile(rb"\0(\d+)\0")

Word = Callable[[Verdict], str | None]


class Encoder(Protocol):
    """Makes records of one form; one for a process."""

    def one(self, judged: Judged, incident: str | None) -> Any:
        """One record."""
        ...

    def pack(self, records: list[Any]) -> bytes:
        """Many records, with numbers that ``placed`` makes final."""
        ...


@dataclass(frozen=True, slots=True)
class Encoding:
    """Which form, and what is in it. Picklable: it is made once and goes to every process."""

    fmt: str
    """``jsonl``, ``csv`` or ``parquet``."""
    columns: tuple[str, ...] = FIELDS
    """Of a table: which, in which order."""
    vocabulary: str | None = None
    """Whose word stands in ``word``."""

    def header(self) -> bytes:
        """What stands before the first record."""
        return (",".join(self.columns) + "\r\n").encode() if self.fmt == "csv" else b""

    def encoder(self, classifier: Classifier, knowledge: Knowledge) -> Encoder:
        """The encoder for this process."""
        facts = Facts(classifier, knowledge, _words(self.vocabulary, knowledge))
        if self.fmt == "csv":
            return CsvEncoder(facts, self.columns)
        if self.fmt == "parquet":
            from deliverkit.report.bounce_parquet import ParquetEncoder

            return ParquetEncoder(facts, self.columns)
        return JsonEncoder(facts)


def chosen_columns(text: str | None) -> tuple[str, ...]:
    """``--fields recipient,reason``; all of them for None. Raises InputError for a name that is none."""
    if text is None:
        return FIELDS
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in FIELDS]
    if unknown or not names:
        raise InputError(
            _("--fields: there is no field '{name}'").format(name=", ".join(unknown)),
            advice=_("Known: {names}.").format(names=", ".join(FIELDS)),
        )
    return names


class Told(NamedTuple):
    """What follows from a verdict alone."""

    steps: tuple[str, ...]
    word: str | None


class Facts:
    """What a record needs besides the event and its verdict, each worked out once."""

    def __init__(self, classifier: Classifier, knowledge: Knowledge, word: Word | None) -> None:
        self._classifier = classifier
        self._knowledge = knowledge
        self._word = word
        # Kept here: the library forgets all but the last few patterns, and a log has replies of many.
        self._searches: dict[str, Callable[[bytes], Any]] = {}
        self._told: dict[tuple[str, str | None, str | None], Told] = {}

    def matched(self, judged: Judged) -> str:
        """The words that decided, else the code that did."""
        verdict, reply = judged.verdict, judged.event.bounce.reply
        if verdict.rule is None:
            if verdict.basis is Basis.ENHANCED_CODE:
                return reply.enhanced_code or ""
            return str(reply.code or "") if verdict.basis is Basis.REPLY_CODE else ""
        search = self._searches.get(verdict.rule)
        if search is None:
            rule = self._classifier.rule(verdict.rule)
            search = self._searches[verdict.rule] = compile_pattern(rule.pattern if rule else "").search
        match = search(reply.text.encode("utf-8", "replace"))
        return match.group(0)[:_MAX_MATCHED].decode("utf-8", "ignore").strip() if match else ""

    def told(self, verdict: Verdict) -> Told:
        """Fixes in their order, and the word of the vocabulary that was asked for."""
        key = verdict.reason, verdict.rule, verdict.message_action
        found = self._told.get(key)
        if found is None:
            info = self._knowledge.rule_info.get(verdict.rule or "")
            fixes = (*(info.fixes if info else ()), *self._knowledge.reasons[verdict.reason].fixes)
            word = self._word(verdict) if self._word else None
            found = self._told[key] = Told(tuple(dict.fromkeys(fixes)), word)
        return found


def _words(vocabulary: str | None, knowledge: Knowledge) -> Word | None:
    if vocabulary is None:
        return None
    from deliverkit.bounces.vocabulary import word

    return lambda verdict: word(vocabulary, verdict)


def flat(judged: Judged, incident: str | None, facts: Facts) -> dict[str, Any]:
    """A record as columns, all of ``FIELDS``."""
    event, verdict, cause = judged
    bounce, told = event.bounce, facts.told(verdict)
    reply, sender = bounce.reply, bounce.sender
    return {
        "schema": SCHEMA,
        "path": event.path,
        "number": event.number,
        "source": bounce.source,
        "kind": event.kind,
        "recipient": bounce.recipient,
        "original_recipient": bounce.original_recipient,
        "sender": sender,
        "sending_domain": (sender.rpartition("@")[2].lower() or None) if sender else None,
        "mx": bounce.mx,
        "ip": bounce.ip,
        "phase": bounce.phase,
        "at": bounce.at,
        "reply_code": reply.code,
        "enhanced_code": reply.enhanced_code,
        "reply_text": reply.text,
        "provider": judged.provider,
        "category": verdict.category,
        "reason": verdict.reason,
        "confidence": verdict.confidence,
        "bounce_type": verdict.bounce_type,
        "message_action": verdict.message_action,
        "address_action": verdict.address_action,
        "owner": verdict.owner,
        "basis": verdict.basis,
        "rule": verdict.rule,
        "matched": facts.matched(judged),
        "theirs": event.theirs,
        "last_reason": cause.reason if cause else None,
        "last_reply": event.last.text if event.last else None,
        "message_id": event.message_id,
        "queue_id": event.queue_id,
        "feedback_type": event.feedback_type,
        "incident": incident,
        "steps": told.steps,
        "word": told.word,
    }


def nested(record: dict[str, Any]) -> dict[str, Any]:
    """A flat record as JSON has it: ``reply`` and ``evidence`` are objects. Takes ``record`` over."""
    take = record.pop
    record["reply"] = {
        "code": take("reply_code"),
        "enhanced_code": take("enhanced_code"),
        "text": take("reply_text"),
    }
    record["evidence"] = {"basis": take("basis"), "rule": take("rule"), "matched": take("matched")}
    if record["word"] is None:
        del record["word"]
    return record


class JsonEncoder:
    """One JSON object a line."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._dumps = json.JSONEncoder(ensure_ascii=False).encode

    def one(self, judged: Judged, incident: str | None) -> str:
        """One line, without its end."""
        record = nested(flat(judged, incident, self._facts))
        head = f'{{"schema": "{record.pop("schema")}", "path": {self._dumps(record.pop("path"))}'
        return f'{head}, "number": \0{record.pop("number")}\0, {self._dumps(record)[1:]}'

    def pack(self, records: list[str]) -> bytes:
        """Lines."""
        # A lone surrogate becomes the escape that JSON has for it.
        return "".join(f"{record}\n" for record in records).encode("utf-8", "backslashreplace")


class CsvEncoder:
    """RFC 4180, UTF-8. A spreadsheet never takes a cell for a formula."""

    def __init__(self, facts: Facts, columns: Sequence[str]) -> None:
        self._facts = facts
        self._columns = columns

    def one(self, judged: Judged, incident: str | None) -> list[str]:
        """One row."""
        record = flat(judged, incident, self._facts)
        record["number"] = None
        cells = [cell(record[name]) for name in self._columns]
        if "number" in self._columns:
            cells[self._columns.index("number")] = f"\0{judged.event.number}\0"
        return cells

    def pack(self, records: list[list[str]]) -> bytes:
        """Rows."""
        out = io.StringIO()
        csv.writer(out).writerows(records)
        return out.getvalue().encode("utf-8", "backslashreplace")


def cell(value: object) -> str:
    """A value in a table: on one line, without control characters, and never a formula."""
    if value is None:
        return ""
    text = " ".join(value) if isinstance(value, tuple) else str(value)
    if not text.isprintable():
        text = one_line(text)
    return f"'{text}" if text[:1] in _FORMULA and text else text


_FORMULA = "=+-@\t\r\uff1d\uff0b\uff0d\uff20"


def placed(data: bytes, before: int) -> bytes:
    """Packed records with their final numbers: ``before`` lines, mails or records of the file stand before them."""
    if before:
        return _NUMBER.sub(lambda match: b"%d" % (int(match[1]) + before), data)
    return data.replace(b"\0", b"")
